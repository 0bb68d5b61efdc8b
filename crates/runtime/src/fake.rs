//! A scripted engine for tests: it says what it was told to say, and nothing else.

use crate::{Engine, GenerationStream, KvWish, Loading, Resident, Telling};
use protocol::{
    Answered, AppError, EngineFacts, GenerateRequest, GenerationEvent, KvUse, Machine, MemoryUse,
    ModelId, ModelState, Receipt, ReceiptModel, Source, StopReason, Times, failure,
};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// One step of a script.
#[derive(Clone, Debug)]
pub enum Step {
    /// Tells an event as it is.
    Event(GenerationEvent),
    /// Tells `Stopped` with this reason and a receipt made from the request and the text so far.
    Stop(StopReason),
    /// Ends with a failure.
    Fail(AppError),
    /// Waits.
    Wait(Duration),
    /// Waits until [`Fake::release`] was called once more.
    Hold,
}

/// Says what it was told. Cheap to clone: all clones share one script.
#[derive(Clone)]
pub struct Fake {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    gate: Semaphore,
    residents: watch::Sender<Vec<Resident>>,
    handle: tokio::runtime::Handle,
}

#[derive(Default)]
struct State {
    scripts: VecDeque<Vec<Step>>,
    requests: Vec<GenerateRequest>,
    stopped: usize,
    memory: MemoryUse,
    /// Whose reading would be on the disk.
    kept: Vec<String>,
    /// What it may take there.
    kept_most: Option<u64>,
}

impl Fake {
    /// An engine without a script, inside a tokio runtime. A request without a script fails.
    pub fn new() -> Fake {
        Fake {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                gate: Semaphore::new(0),
                residents: watch::Sender::new(Vec::new()),
                handle: tokio::runtime::Handle::current(),
            }),
        }
    }

    /// The script of the next request that has none.
    pub fn script(&self, steps: impl IntoIterator<Item = Step>) -> &Fake {
        let steps = steps.into_iter().collect();
        self.state().scripts.push_back(steps);
        self
    }

    /// A script that answers at once with these pieces of text, and ends by itself.
    pub fn answer(&self, pieces: &[&str]) -> &Fake {
        let begin = [
            GenerationEvent::Queued,
            GenerationEvent::Prefill { read: 7, total: 7 },
        ];
        let texts = pieces.iter().map(|text| GenerationEvent::Text {
            text: (*text).to_owned(),
        });
        let events = begin.into_iter().chain(texts).map(Step::Event);
        self.script(events.chain([Step::Stop(StopReason::EndOfTurn)]))
    }

    /// Lets one [`Step::Hold`] go on, now or when it is reached.
    pub fn release(&self) {
        self.shared.gate.add_permits(1);
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<GenerateRequest> {
        self.state().requests.clone()
    }

    /// How many answers were stopped or dropped before the end of their script.
    pub fn stopped(&self) -> usize {
        self.state().stopped
    }

    /// What [`Engine::memory`] tells from now on.
    pub fn set_memory(&self, memory: MemoryUse) {
        self.state().memory = memory;
    }

    /// The conversations of which something would be kept on the disk: a megabyte each.
    pub fn kept_conversations(&self) -> Vec<String> {
        self.state().kept.clone()
    }

    /// What [`Engine::residents`] tells from now on.
    pub fn set_residents(&self, residents: Vec<Resident>) {
        self.shared.residents.send_replace(residents);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Fake {
    fn default() -> Self {
        Fake::new()
    }
}

impl Engine for Fake {
    fn generate(&self, request: GenerateRequest) -> GenerationStream {
        let (sink, stream) = GenerationStream::channel();
        let mut state = self.state();
        let steps = state.scripts.pop_front();
        state.requests.push(request.clone());
        if let Some(owner) = request.owner.clone().filter(|owner| owner.on_disk)
            && !state.kept.contains(&owner.conversation)
        {
            state.kept.push(owner.conversation);
        }
        drop(state);
        let fake = self.clone();
        self.shared.handle.spawn(async move {
            let mut pieces = 0;
            let Some(steps) = steps else {
                return sink.fail(failure::internal().detail("the fake engine has no script"));
            };
            for step in steps {
                match step {
                    Step::Event(event) => {
                        pieces += u32::from(matches!(
                            event,
                            GenerationEvent::Text { .. } | GenerationEvent::Reasoning { .. }
                        ));
                        sink.send(event);
                    }
                    Step::Stop(reason) => {
                        return sink.send(stopped(&request, pieces, reason));
                    }
                    Step::Fail(error) => return sink.fail(error),
                    Step::Wait(time) => tokio::select! {
                        () = tokio::time::sleep(time) => {}
                        () = sink.stopped() => {}
                    },
                    Step::Hold => tokio::select! {
                        permit = fake.shared.gate.acquire() => {
                            if let Ok(permit) = permit { permit.forget() }
                        }
                        () = sink.stopped() => {}
                    },
                }
                if sink.is_stopped() {
                    fake.state().stopped += 1;
                    return sink.send(stopped(&request, pieces, StopReason::Cancelled));
                }
            }
        });
        stream
    }

    fn preload(&self, model: ModelId) -> Loading {
        let state = ModelState::Loaded { memory: 0 };
        self.unload(&model);
        let resident = Resident { model, state };
        self.shared.residents.send_modify(|all| all.push(resident));
        Box::pin(async { Ok(()) })
    }

    fn unload(&self, model: &ModelId) {
        self.shared
            .residents
            .send_modify(|all| all.retain(|resident| resident.model != *model));
    }

    fn residents(&self) -> watch::Receiver<Vec<Resident>> {
        self.shared.residents.subscribe()
    }

    fn memory(&self) -> MemoryUse {
        self.state().memory
    }

    fn machine(&self) -> Machine {
        Machine::default()
    }

    fn bandwidth(&self) -> Telling<u64> {
        Box::pin(async { Some(40_000_000_000) })
    }

    fn kept(&self, wish: KvWish) -> Telling<KvUse> {
        let mut state = self.state();
        let mut allowed = state.kept_most;
        match wish {
            KvWish::Look | KvWish::Type(_) => {}
            KvWish::Weigh(most) => allowed = most,
            KvWish::Most(most) => (state.kept_most, allowed) = (most, most),
            KvWish::Forget(conversation) => state.kept.retain(|kept| *kept != conversation),
            KvWish::Retain(is_there) => state.kept.retain(|kept| is_there(kept)),
            KvWish::Clear => state.kept.clear(),
        }
        let usual = 16_000_000_000;
        let now = KvUse {
            bytes: state.kept.len() as u64 * 1_000_000,
            most: allowed.unwrap_or(usual),
            usual,
        };
        Box::pin(async move { Some(now) })
    }

    fn close(&self) -> Telling<()> {
        Box::pin(async { Some(()) })
    }

    fn facts(&self) -> Pin<Box<dyn Future<Output = Result<EngineFacts, AppError>> + Send>> {
        Box::pin(async { Ok(facts()) })
    }
}

fn facts() -> EngineFacts {
    EngineFacts {
        version: env!("CARGO_PKG_VERSION").into(),
        executor: "fake".into(),
        kernels: "none".into(),
        device: "none".into(),
        threads: 1,
    }
}

/// The end of an answer of `pieces` pieces of text.
pub fn stopped(request: &GenerateRequest, pieces: u32, reason: StopReason) -> GenerationEvent {
    let receipt = Receipt {
        version: 1,
        model: ReceiptModel {
            id: request.model.clone(),
            name: "Fake".into(),
            source: Source::Bundled,
            architecture: "fake".into(),
            quantisation: "F32".into(),
        },
        template_sha256: "0".repeat(64),
        prompt_sha256: "1".repeat(64),
        messages: Vec::new(),
        sampling: request.sampling.clone(),
        limits: request.limits.clone(),
        prompt_tokens: 7,
        reused_tokens: 0,
        cut_messages: 0,
        cut_tokens: 0,
        answer_tokens: pieces,
        reasoning_tokens: 0,
        drafted_tokens: 0,
        accepted_tokens: 0,
        draft: None,
        continued_bytes: protocol::bytes_of(&request.continued),
        context: 8192,
        stop: Some(reason),
        engine: facts(),
        times: Times {
            first_token_ms: 10.0,
            decode_ms: 50.0,
            ..Times::default()
        },
    };
    GenerationEvent::Stopped(Box::new(Answered { reason, receipt }))
}
