//! One answer, from the request to its receipt.

use crate::engine::GenerationSink;
use crate::memory::milliseconds;
use crate::process::{Trouble, Worker};
use crate::seat::Seat;
use crate::shared::Shared;
use protocol::{
    Answered, AppError, GenerateRequest, GenerationEvent, ModelEntry, ModelState, Receipt,
    ReceiptModel, Times, WorkerAnswered, WorkerEvent, WorkerRequest, WorkerStage, failure,
};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::MutexGuard;

/// Failures after which the worker's state is not to be relied on.
const FATAL: [&str; 4] = [
    "internal",
    "model-gone",
    "model-changed",
    "logits-not-finite",
];

/// When what happened, from the request on.
struct Clock {
    asked: Instant,
    queued_ms: f64,
    load_ms: f64,
    first_text_ms: Option<f64>,
}

impl Clock {
    /// Words have come, of the answer or of reasoning.
    fn see_words(&mut self) {
        let now = milliseconds(self.asked.elapsed());
        self.first_text_ms.get_or_insert(now);
    }
}

impl Shared {
    /// Makes one answer and tells the sink everything but the end.
    pub async fn answer(
        self: &Arc<Self>,
        mut request: GenerateRequest,
        sink: &GenerationSink,
    ) -> Result<Answered, AppError> {
        let mut clock = Clock {
            asked: Instant::now(),
            queued_ms: 0.0,
            load_ms: 0.0,
            first_text_ms: None,
        };
        sink.send(GenerationEvent::Queued);
        request.sampling.seed = request.sampling.seed.or_else(|| Some(draw_seed()));
        let entry = self.hub.resolve(&request.model)?;
        if let ModelState::Unusable { error } = entry.state {
            return Err(error);
        }
        let seat = self.seat(&entry.id);
        let mut slot = self.turn(&seat, &entry, sink).await?;
        clock.queued_ms = milliseconds(clock.asked.elapsed());
        let progress = |fraction| sink.send(GenerationEvent::Loading { fraction });
        clock.load_ms = self
            .load(&seat, &mut slot, &entry, || sink.stopped(), progress)
            .await?;
        let Some(worker) = &mut *slot else {
            return Err(failure::internal().detail("a loaded model without a worker"));
        };
        seat.update(|holding| holding.used = Instant::now());
        let quantised = seat.holding().and_then(|holding| holding.quantised);
        let share = self.cores.enter(&worker.outbox);
        let answered = generate(worker, &request, sink, &mut clock).await;
        drop(share);
        seat.update(|holding| holding.used = Instant::now());
        let answered = match answered {
            Ok(answered) => {
                // Whoever waits for this memory may have it as soon as the seat is let go.
                drop(slot);
                self.tell_freed();
                answered
            }
            Err(trouble) => return Err(self.after(trouble, &seat, slot, &entry).await),
        };
        // The identity may have been found while the answer was made.
        let mut entry = self.hub.resolve(&entry.id).unwrap_or(entry);
        if let Some(kind) = quantised {
            entry.quantisation = kind.name().to_owned();
        }
        Ok(Answered {
            reason: answered.reason,
            receipt: receipt(entry, request, answered, &clock),
        })
    }

    /// Waits for the model to be free; tells how far it is where another request loads it.
    async fn turn<'a>(
        &self,
        seat: &'a Seat,
        entry: &ModelEntry,
        sink: &GenerationSink,
    ) -> Result<MutexGuard<'a, Option<Worker>>, AppError> {
        let mut residents = self.residents.subscribe();
        let loading = async {
            loop {
                let fraction = residents.borrow_and_update().iter().find_map(|resident| {
                    match resident.state {
                        ModelState::Loading { fraction } if resident.model == entry.id => {
                            Some(fraction)
                        }
                        _ => None,
                    }
                });
                if let Some(fraction) = fraction {
                    sink.send(GenerationEvent::Loading { fraction });
                }
                if residents.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            biased;
            () = sink.stopped() => Err(failure::cancelled()),
            slot = seat.worker.lock() => Ok(slot),
            () = loading => Err(failure::internal()),
        }
    }

    /// Clears up after trouble: the worker stays only where it is sure to be sound.
    async fn after(
        &self,
        trouble: Trouble,
        seat: &Seat,
        mut slot: MutexGuard<'_, Option<Worker>>,
        entry: &ModelEntry,
    ) -> AppError {
        if let Trouble::Failed(error) = &trouble
            && !FATAL.contains(&error.key.as_str())
        {
            let error = error.clone();
            drop(slot);
            self.tell_freed();
            return error;
        }
        let ended = matches!(trouble, Trouble::Ended);
        let error = match slot.take() {
            Some(worker) => worker.bury(trouble, &entry.name).await,
            None => failure::internal(),
        };
        // Reading what was cut from a mapped file ends a process: then that is the cause.
        let error = match self.hub.path(&entry.id) {
            Err(cause) if ended => cause.detail(error),
            _ => error,
        };
        self.vacate(seat, &mut slot).await;
        error
    }
}

/// Follows a `Generate` to its end.
async fn generate(
    worker: &mut Worker,
    request: &GenerateRequest,
    sink: &GenerationSink,
    clock: &mut Clock,
) -> Result<WorkerAnswered, Trouble> {
    let generate = WorkerRequest::Generate {
        messages: request.messages.clone(),
        continued: request.continued.clone(),
        sampling: request.sampling.clone(),
        limits: request.limits.clone(),
    };
    let asked = worker.ask(generate, sink.stopped());
    let mut asked = asked.map_err(Trouble::Failed)?;
    let mut prefill = None;
    loop {
        match asked.next().await? {
            WorkerEvent::Answered(answered) => return Ok(answered),
            WorkerEvent::Reasoning { text, ended } => {
                clock.see_words();
                sink.send(GenerationEvent::Reasoning { text, ended });
            }
            WorkerEvent::Text { text } => {
                clock.see_words();
                sink.send(GenerationEvent::Text { text });
            }
            // A worker may repeat itself, to show that it lives.
            WorkerEvent::Progress {
                stage: WorkerStage::Prefill,
                done,
                total,
            } if total > 0 && clock.first_text_ms.is_none() && prefill != Some((done, total)) => {
                prefill = Some((done, total));
                let [read, total] = [done, total].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
                sink.send(GenerationEvent::Prefill { read, total });
            }
            _ => {}
        }
    }
}

fn receipt(
    entry: ModelEntry,
    request: GenerateRequest,
    answered: WorkerAnswered,
    clock: &Clock,
) -> Receipt {
    let whole = milliseconds(clock.asked.elapsed());
    Receipt {
        version: 1,
        model: ReceiptModel {
            id: entry.id,
            name: entry.name,
            source: entry.source,
            architecture: entry.architecture,
            quantisation: entry.quantisation,
        },
        template_sha256: answered.template_sha256,
        prompt_sha256: answered.prompt_sha256,
        messages: Vec::new(),
        sampling: request.sampling,
        limits: request.limits,
        prompt_tokens: answered.prompt_tokens,
        reused_tokens: answered.reused_tokens,
        cut_messages: answered.cut_messages,
        cut_tokens: answered.cut_tokens,
        answer_tokens: answered.answer_tokens,
        reasoning_tokens: answered.reasoning_tokens,
        drafted_tokens: answered.drafted_tokens,
        accepted_tokens: answered.accepted_tokens,
        continued_bytes: protocol::bytes_of(&request.continued),
        context: answered.context,
        stop: Some(answered.reason),
        engine: answered.engine,
        times: Times {
            queued_ms: clock.queued_ms,
            load_ms: clock.load_ms,
            first_token_ms: clock.first_text_ms.unwrap_or(whole),
            ..answered.times
        },
    }
}

/// A seed under 2^53. The standard library's hash keys are random; nothing secret hangs on it.
fn draw_seed() -> u64 {
    let state = std::collections::hash_map::RandomState::new();
    state.build_hasher().finish() >> 11
}
