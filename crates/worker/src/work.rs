//! What the worker does: one request after the other, but for answers (`answers.rs`).

use crate::answers::{Asked, Inbox};
use crate::heart::Heart;
use crate::input::Desk;
use crate::keeping::Keeping;
use crate::memory;
use crate::panics;
use crate::voice::Voice;
use engine::{Cancel, KvKind, LoadOptions, Model, Sequence, Speculates, Template, Tokenizer};
use protocol::{
    AppError, Benched, KvType, MOST_PIECE, ToWorker, WorkerEvent, WorkerRequest, WorkerStage,
    failure,
};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// The thread that computes.
pub(crate) struct Work {
    pub desk: Arc<Desk>,
    pub voice: Arc<Voice>,
    pub heart: Arc<Heart>,
    /// Of the loaded model: what of the last conversation need not be read again.
    pub sequence: Option<Sequence>,
    /// What of the others need not be.
    pub keeping: Keeping,
}

impl Work {
    pub fn new(desk: Arc<Desk>, voice: Arc<Voice>, heart: Arc<Heart>) -> Work {
        Work {
            keeping: Keeping::new(voice.clone()),
            desk,
            voice,
            heart,
            sequence: None,
        }
    }

    /// Serves one request to its end; an answer beside others that are asked for meanwhile. Breaks
    /// where a panic left the model in doubt.
    pub fn serve(&mut self, asked: Asked, inbox: &Inbox) -> ControlFlow<()> {
        let Some((ToWorker { id, request }, cancel)) = self.arrange(asked, &mut []) else {
            return ControlFlow::Continue(());
        };
        if matches!(request, WorkerRequest::Generate { .. }) {
            return self.answer((ToWorker { id, request }, cancel), inbox);
        }
        let only_reads = matches!(
            request,
            WorkerRequest::Tokenize { .. }
                | WorkerRequest::Detokenize { .. }
                | WorkerRequest::Render { .. }
        );
        let stage = match request {
            WorkerRequest::Load { .. } => WorkerStage::Load,
            _ => WorkerStage::Prefill,
        };
        let computes = matches!(request, WorkerRequest::Load { .. });
        self.heart.begin(id, stage);
        let done = catch_unwind(AssertUnwindSafe(|| self.compute(id, request, &cancel)));
        self.heart.end(id);
        self.desk.close(id);
        match done {
            Ok(Ok(event)) => self.voice.tell(id, event),
            Ok(Err(error)) => self.voice.fail(id, error),
            Err(_) => {
                let error = failure::internal().detail(panics::last());
                self.voice.fail(id, error);
                if !only_reads {
                    return ControlFlow::Break(());
                }
            }
        }
        if computes {
            self.tell_memory();
        }
        ControlFlow::Continue(())
    }

    /// Tells what the process holds now.
    pub fn tell_memory(&self) {
        let bytes = memory::resident();
        self.voice.tell(0, WorkerEvent::Memory { bytes });
    }

    /// The last event of a request; those before it are told on the way.
    fn compute(
        &mut self,
        id: u64,
        request: WorkerRequest,
        cancel: &Cancel,
    ) -> Result<WorkerEvent, AppError> {
        if cancel.is_cancelled() {
            return Err(failure::cancelled());
        }
        match request {
            WorkerRequest::Load {
                path,
                context,
                threads,
                quantise,
                form,
                speculates,
                kv,
                kv_type,
            } => {
                let options = LoadOptions {
                    context,
                    threads: threads.max(1),
                    quantise,
                    kv: match kv_type {
                        KvType::F16 => KvKind::F16,
                        KvType::Q8_0 => KvKind::Q8_0,
                    },
                    ..LoadOptions::default()
                };
                let model = self.load(id, &path, &options, cancel)?;
                let model = match speculates {
                    true => model,
                    false => model.speculating(Speculates::Never),
                };
                let model = match &form {
                    Some(form) => model.with_template(form),
                    None => model,
                };
                self.keeping.begin(model.store(kv.as_ref()));
                let facts = model.facts();
                self.desk.place(Arc::new(model));
                Ok(WorkerEvent::Loaded(facts))
            }
            WorkerRequest::Tokenize {
                path,
                text,
                special,
            } => {
                let tokenizer = Tokenizer::open(Path::new(&path))?;
                for ids in tokenizer.encode(&text, special)?.chunks(MOST_PIECE) {
                    let ids = ids.to_vec();
                    self.voice.tell(id, WorkerEvent::Tokens { ids });
                }
                Ok(WorkerEvent::Done)
            }
            WorkerRequest::Detokenize { path, ids, special } => {
                let tokenizer = Tokenizer::open(Path::new(&path))?;
                for bytes in tokenizer.bytes(&ids, special)?.chunks(MOST_PIECE) {
                    let bytes = bytes.to_vec();
                    self.voice.tell(id, WorkerEvent::Bytes { bytes });
                }
                Ok(WorkerEvent::Done)
            }
            WorkerRequest::Render {
                path,
                conversation,
                form,
            } => {
                let mut template = Template::open(Path::new(&path))?;
                if let Some(form) = &form {
                    template = template.instead(form);
                }
                let text = template.render(&conversation)?;
                Ok(WorkerEvent::Rendered { text })
            }
            WorkerRequest::Logits { ids, top } => {
                let model = self.unchanged_model()?;
                engine::logits(&model, &ids, top, cancel, &mut |position, top| {
                    self.voice.tell(id, WorkerEvent::Logits { position, top });
                })?;
                Ok(WorkerEvent::Done)
            }
            WorkerRequest::Bench { prefill, decode } => {
                let model = self.unchanged_model()?;
                let heart = &self.heart;
                let mut on = |done, total| heart.progress(id, done, total);
                let timed = engine::bench(&model, prefill, &decode, cancel, &mut on)?;
                Ok(WorkerEvent::Benched(Benched {
                    prefill_ms: timed.prefill_ms,
                    decode_ms: timed.decode_ms,
                    resident_memory_bytes: memory::resident(),
                    peak_memory_bytes: memory::peak(),
                    cost: model.cost().cloned(),
                    engine: model.engine(),
                }))
            }
            WorkerRequest::Ceilings { threads } => {
                Ok(WorkerEvent::Ceilings(engine::ceilings(threads)))
            }
            WorkerRequest::Save => {
                self.keeping.save(cancel);
                Ok(WorkerEvent::Done)
            }
            // Served before, or where they are read.
            WorkerRequest::Keep { .. }
            | WorkerRequest::Forget { .. }
            | WorkerRequest::Draft { .. }
            | WorkerRequest::Cancel { .. }
            | WorkerRequest::Threads { .. }
            | WorkerRequest::Generate { .. } => Ok(WorkerEvent::Done),
        }
    }

    fn load(
        &mut self,
        id: u64,
        path: &str,
        options: &LoadOptions,
        cancel: &Cancel,
    ) -> Result<Model, AppError> {
        if self.desk.model().is_some() {
            return Err(failure::internal().detail("this worker has a model already"));
        }
        self.desk.set_threads(options.threads);
        let heart = &self.heart;
        Model::load(Path::new(path), options, cancel, &mut |done, total| {
            heart.progress(id, done, total);
        })
    }

    /// The loaded model, if its file is still what was loaded.
    pub fn unchanged_model(&self) -> Result<Arc<Model>, AppError> {
        let model = self.desk.model();
        let model = model.ok_or_else(|| failure::internal().detail("no model is loaded"))?;
        model.check_unchanged()?;
        Ok(model)
    }
}
