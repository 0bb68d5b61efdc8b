//! A loaded model.

use crate::cost;
use crate::exec::{Capabilities, Executor};
use crate::families::{self, Described};
use crate::kept;
use crate::kv::{self, KvStore};
use crate::reasoning::Forms;
use crate::sequence::{Pace, Sequence};
use crate::speculation::{Costs, Drafter, Odds, Speculates};
use crate::threads::Threads;
use crate::weights::Weights;
use crate::{Cancel, Template, Tokenizer};
use formats::Checkpoint;
use kernels::KvKind;
use protocol::{
    AppError, DEFAULT_CONTEXT, EngineFacts, KvPlace, LoadedFacts, PromptForm, Quantise, TokenCost,
    WeightType, failure,
};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

/// How to load a model.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Tokens of context; None: what the model was made for, at most [`DEFAULT_CONTEXT`].
    pub context: Option<u32>,
    /// Threads that compute.
    pub threads: u32,
    /// What the weights of a folder are made smaller to; None: they stay as they are.
    pub quantise: Option<Quantise>,
    /// What computes, where the family is one that we describe; candle-transformers computes the
    /// others.
    pub executor: ExecutorKind,
    /// How [`ExecutorKind::Cpu`] stores keys and values; of layers whose heads are no whole blocks
    /// of [`KvKind::Q8_0`], in half-floats where that is asked for.
    pub kv: KvKind,
}

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecutorKind {
    /// Our own, for the processor.
    #[default]
    Cpu,
    /// The plain reference on candle's tensors.
    Candle,
}

impl Default for LoadOptions {
    /// What a person gets who chose nothing, on one thread.
    fn default() -> LoadOptions {
        LoadOptions {
            context: None,
            threads: 1,
            quantise: None,
            executor: ExecutorKind::Cpu,
            kv: KvKind::F16,
        }
    }
}

/// A model that proposes tokens, and what is left of answers that have ended.
struct Draft {
    /// For people.
    name: String,
    model: Box<Model>,
    /// What it has read.
    idle: Mutex<Vec<Sequence>>,
    /// How often it was right, in the answer that ended last.
    odds: Mutex<Odds>,
}

/// Most sequences of a draft model that are kept for the next answer.
const IDLE: usize = 4;

/// An architecture with its weights, tokenizer and template. Everything that changes is in a
/// [`Sequence`].
pub struct Model {
    pub(crate) executor: Executor,
    described: Described,
    pub(crate) threads: Arc<Threads>,
    /// How fast it reads, as measured.
    pub(crate) pace: Pace,
    /// What its steps cost, as measured.
    pub(crate) costs: Costs,
    speculates: Speculates,
    draft: OnceLock<Draft>,
    /// Logits of an earlier step, whose memory the next uses.
    used_logits: Mutex<Vec<f32>>,
    weights: Arc<Weights>,
    /// For people.
    name: String,
    tokenizer: Tokenizer,
    template: Template,
    reasoning: Forms,
    context: u32,
    load_ms: f64,
    quantised: Option<WeightType>,
    cost: Option<TokenCost>,
    identity: kv::Identity,
}

impl Draft {
    fn idle(&self) -> MutexGuard<'_, Vec<Sequence>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn odds(&self) -> MutexGuard<'_, Odds> {
        self.odds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Model {
    /// Loads a model from its file or folder. `progress` is told bytes done and in all.
    ///
    /// Errors: those of [`Checkpoint::open`] and [`Tokenizer::of`]; where the weights are made
    /// smaller, `quantise-gguf`, `disk-full` and `file-not-written`; `unknown-architecture`,
    /// `metadata-missing`, `tokenizer-too-large`, `tensor-missing`, `tensor-shape`, `unknown-type`; `model-gone` and
    /// `model-changed` (meanwhile); `cancelled`.
    pub fn load(
        path: &Path,
        options: &LoadOptions,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Model, AppError> {
        let threads = Arc::new(Threads::new(options.threads));
        Model::load_on(threads, path, options, cancel, progress)
    }

    /// Loads another, smaller model that proposes tokens for this one, on the same threads; also
    /// while answers are made, which it proposes for from then on. `name` is its own for people.
    ///
    /// Errors: those of [`Model::load`]; `draft-differs`, where its vocabulary is another or one of
    /// them would read all again for each proposal; `internal`, where there is one already.
    pub fn add_draft(&self, name: &str, path: &Path, cancel: &Cancel) -> Result<(), AppError> {
        let differs = || failure::draft_differs(&self.name, path);
        // Before it takes any memory: nothing would ever be proposed.
        if !self.capabilities().speculates() {
            return Err(differs());
        }
        let options = LoadOptions {
            context: Some(self.context),
            ..LoadOptions::default()
        };
        let model = Model::load_on(self.threads.clone(), path, &options, cancel, &mut |_, _| {})?;
        if !self.tokenizer.is_alike(&model.tokenizer) || !model.capabilities().truncate {
            return Err(differs());
        }
        let draft = Draft {
            name: name.to_owned(),
            model: Box::new(model),
            idle: Mutex::default(),
            odds: Mutex::new(Odds::of_a_model()),
        };
        let taken = self.draft.set(draft);
        taken.map_err(|_| failure::internal().detail("a model already proposes for this one"))
    }

    fn load_on(
        threads: Arc<Threads>,
        path: &Path,
        options: &LoadOptions,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Model, AppError> {
        let begun = Instant::now();
        let checkpoint = Checkpoint::open(path)?;
        // Cheapest first: what cannot be run is said before anything long begins.
        let described = families::describe(&checkpoint)?;
        let tokenizer = Tokenizer::of(&checkpoint)?;
        let (tokens, rows) = (tokenizer.len(), described.vocabulary());
        if tokens > rows {
            return Err(failure::tokenizer_too_large(tokens, rows));
        }
        cancel.check()?;
        let template = Template::of(&checkpoint, &tokenizer)?;
        let smaller = |wanted: &&Quantise| !checkpoint.quantisable(wanted.kind).is_empty();
        let quantised = options.quantise.as_ref().filter(smaller).map(|q| q.kind);
        // Making weights smaller comes before reading them: one progress for both.
        let mut made = 0;
        let checkpoint = match &options.quantise {
            Some(quantise) => {
                let read_later = checkpoint.quantised_bytes(quantise.kind);
                let mut progress = |done, total| {
                    made = total;
                    progress(done, total + read_later);
                };
                kept::quantised(checkpoint, quantise, &threads, cancel, &mut progress)?
            }
            None => checkpoint,
        };
        let weights = Arc::new(Weights::map(&checkpoint)?);
        let most = u32::try_from(described.context()).unwrap_or(u32::MAX);
        let context = options.context.unwrap_or(DEFAULT_CONTEXT).clamp(1, most);
        let mut progress = |done, total| progress(made + done, made + total);
        let executor = Executor::load(
            &described,
            options,
            context as usize,
            &checkpoint,
            &weights,
            &threads,
            cancel,
            &mut progress,
        )?;
        let shapes = executor.empty().shapes();
        let cost = cost::of(&described, &checkpoint, &shapes);
        let facts = format!(
            "{described:?} {context} {} {}",
            executor.name(),
            kernels::probe().name()
        );
        let identity = kv::identity(&checkpoint, &weights, &shapes, &facts)?;
        Ok(Model {
            name: checkpoint.name(),
            cost,
            threads,
            pace: Pace::default(),
            costs: Costs::default(),
            speculates: Speculates::default(),
            draft: OnceLock::new(),
            used_logits: Mutex::default(),
            executor,
            described,
            weights,
            reasoning: Forms::of(&tokenizer, &template),
            tokenizer,
            template,
            context,
            quantised,
            identity,
            load_ms: begun.elapsed().as_secs_f64() * 1000.0,
        })
    }

    /// The same model with another chat template.
    pub fn with_template(self, form: &PromptForm) -> Model {
        let template = self.template.instead(form);
        Model {
            reasoning: Forms::of(&self.tokenizer, &template),
            template,
            ..self
        }
    }

    /// The same model, which proposes tokens otherwise: for measuring.
    pub fn speculating(self, speculates: Speculates) -> Model {
        Model { speculates, ..self }
    }

    /// The model that proposes, with what it has read before.
    pub(crate) fn drafter(&self) -> Option<Drafter<'_>> {
        let draft = self.draft.get()?;
        draft.model.check_unchanged().ok()?;
        let idle = draft.idle().pop();
        let sequence = idle.unwrap_or_else(|| draft.model.sequence());
        let (odds, tokens) = (*draft.odds(), self.tokenizer.len());
        Some(Drafter::new(&draft.model, sequence, odds, tokens))
    }

    /// The name of the model that proposes.
    pub(crate) fn draft_name(&self) -> Option<&str> {
        self.draft.get().map(|draft| draft.name.as_str())
    }

    /// Keeps how often the model that proposes was right, and what it has read, where that may be
    /// kept.
    pub(crate) fn give_back(&self, drafter: Drafter<'_>, is_kept: bool) {
        if let Some(draft) = self.draft.get() {
            *draft.odds() = drafter.odds;
            if is_kept {
                let mut idle = draft.idle();
                idle.push(drafter.sequence);
                idle.truncate(IDLE);
            }
        }
    }

    /// The memory of logits that are used up.
    pub(crate) fn used_logits(&self) -> Vec<f32> {
        let used = self.used_logits.lock();
        std::mem::take(&mut used.unwrap_or_else(PoisonError::into_inner))
    }

    /// Logits are used up.
    pub(crate) fn use_up(&self, logits: Vec<f32>) {
        let used = self.used_logits.lock();
        *used.unwrap_or_else(PoisonError::into_inner) = logits;
    }

    /// Lets go of all that the model that proposes has read: what it was of is to be forgotten.
    /// Gives how many sequences that were.
    pub fn forget_drafts(&self) -> usize {
        let idle = self.draft.get().map(|draft| draft.idle().split_off(0));
        idle.map_or(0, |idle| idle.len())
    }

    /// When tokens are proposed: never where forgetting them costs, or would change an answer.
    pub(crate) fn speculates(&self) -> Speculates {
        if self.capabilities().speculates() {
            self.speculates
        } else {
            Speculates::Never
        }
    }

    /// What is known of it now.
    pub fn facts(&self) -> LoadedFacts {
        LoadedFacts {
            architecture: self.described.name().to_owned(),
            context: self.context,
            vocabulary: self.described.vocabulary() as u32,
            load_ms: self.load_ms,
            template_sha256: self.template.sha256().to_owned(),
            quantised: self.quantised,
        }
    }

    /// What computes it, with how many threads.
    pub fn engine(&self) -> EngineFacts {
        EngineFacts {
            executor: self.executor.name().to_owned(),
            ..crate::facts(self.threads())
        }
    }

    /// What it asks of a machine for each token; None where that is not known.
    pub fn cost(&self) -> Option<&TokenCost> {
        self.cost.as_ref()
    }

    /// Its tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Its chat template.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// How it marks its reasoning.
    pub(crate) fn reasoning(&self) -> &Forms {
        &self.reasoning
    }

    /// What computes it can do.
    pub fn capabilities(&self) -> Capabilities {
        self.executor.capabilities()
    }

    /// Longest sequence in tokens.
    pub fn context(&self) -> u32 {
        self.context
    }

    /// Threads that compute, from the next step on.
    pub fn set_threads(&self, threads: u32) {
        self.threads.set(threads);
    }

    /// Threads that compute.
    pub fn threads(&self) -> u32 {
        self.threads.count()
    }

    /// Whether the file is still what was loaded.
    ///
    /// Errors: `model-gone`, `model-changed`.
    pub fn check_unchanged(&self) -> Result<(), AppError> {
        self.weights.check_unchanged()
    }

    /// A store of what its sequences read, on the disk too where a place is given; None where what computes it cannot go on from that.
    pub fn store(&self, place: Option<&KvPlace>) -> Option<KvStore> {
        let (shapes, context) = (self.executor.empty().shapes(), self.context as usize);
        let has_pages = !shapes.is_empty();
        has_pages.then(|| KvStore::new(self.identity, shapes, context, place))
    }

    /// An empty sequence.
    pub fn sequence(&self) -> Sequence {
        Sequence::new(self.executor.empty())
    }

    /// Rows of the embedding: at least the tokenizer's tokens.
    pub(crate) fn vocabulary(&self) -> usize {
        self.described.vocabulary()
    }

    /// Errors: `token-out-of-range`.
    pub(crate) fn check_ids(&self, ids: &[u32]) -> Result<(), AppError> {
        let size = self.vocabulary();
        match ids.iter().find(|id| **id as usize >= size) {
            Some(id) => Err(failure::token_out_of_range(*id, size)),
            None => Ok(()),
        }
    }
}
