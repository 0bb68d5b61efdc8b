//! One answer, from the request to its receipt.

use crate::engine::GenerationSink;
use crate::memory::milliseconds;
use crate::process::{Trouble, Worker};
use crate::seat::{Beside, Seat};
use crate::shared::Shared;
use protocol::{
    Answered, AppError, GenerateRequest, GenerationEvent, ModelEntry, ModelState, Receipt,
    ReceiptModel, Times, WorkerAnswered, WorkerEvent, WorkerRequest, WorkerStage, failure,
};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard, SemaphorePermit};

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
        let turn = self.turn(&seat, &entry, sink, &mut clock).await?;
        let Turn {
            slot,
            beside,
            place,
        } = turn;
        let Some(worker) = &*slot else {
            return Err(failure::internal().detail("a loaded model without a worker"));
        };
        seat.update(|holding| holding.used = Instant::now());
        let quantised = seat.holding().and_then(|holding| holding.quantised);
        let share = self.cores.enter(&worker.outbox);
        let answered = generate(worker, &request, sink, &mut clock).await;
        drop((share, beside, place));
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

    /// Waits for a place at the model and loads it where it is not there; tells how far that is,
    /// also where another request loads it.
    async fn turn<'a>(
        self: &Arc<Self>,
        seat: &'a Arc<Seat>,
        entry: &ModelEntry,
        sink: &GenerationSink,
        clock: &mut Clock,
    ) -> Result<Turn<'a>, AppError> {
        let queue = async {
            // The semaphore is never closed.
            let place = seat.places.acquire().await.ok();
            let door = seat.door.lock().await;
            let slot = seat.worker.read().await;
            if self.is_ready(slot.as_ref(), entry)
                && let Some(beside) = self.make_beside(seat).await
            {
                return Waited::Shared(Turn {
                    slot,
                    beside,
                    place,
                });
            }
            drop(slot);
            Waited::Alone(place, door, seat.worker.write().await)
        };
        let waited = tokio::select! {
            biased;
            () = sink.stopped() => return Err(failure::cancelled()),
            waited = queue => waited,
            () = self.tell_loading(entry, sink) => return Err(failure::internal()),
        };
        clock.queued_ms = milliseconds(clock.asked.elapsed());
        let (place, door, mut slot) = match waited {
            Waited::Shared(turn) => return Ok(turn),
            Waited::Alone(place, door, slot) => (place, door, slot),
        };
        let progress = |fraction| sink.send(GenerationEvent::Loading { fraction });
        clock.load_ms = self
            .load(seat, &mut slot, entry, || sink.stopped(), progress)
            .await?;
        drop(door);
        Ok(Turn {
            slot: slot.downgrade(),
            beside: seat.beside(),
            place,
        })
    }

    /// Tells how far the model is while another request loads it; never ends.
    async fn tell_loading(&self, entry: &ModelEntry, sink: &GenerationSink) {
        let mut residents = self.residents.subscribe();
        loop {
            let fraction = residents
                .borrow_and_update()
                .iter()
                .find_map(|resident| match resident.state {
                    ModelState::Loading { fraction } if resident.model == entry.id => {
                        Some(fraction)
                    }
                    _ => None,
                });
            if let Some(fraction) = fraction {
                sink.send(GenerationEvent::Loading { fraction });
            }
            if residents.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Clears up after trouble: the worker stays only where it is sure to be sound.
    async fn after(
        &self,
        trouble: Trouble,
        seat: &Seat,
        slot: RwLockReadGuard<'_, Option<Worker>>,
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
        let pulse = slot.as_ref().map(|worker| worker.pulse.clone());
        if let Some(worker) = slot.as_ref()
            && !ended
        {
            // Who else is answered by it must not wait for an end that does not come.
            worker.kill();
        }
        drop(slot);
        let mut slot = seat.worker.write().await;
        let is_same = |worker: &mut Worker| {
            let pulse = pulse.as_ref();
            pulse.is_some_and(|pulse| Arc::ptr_eq(pulse, &worker.pulse))
        };
        let error = match slot.take_if(is_same) {
            Some(worker) => {
                let error = worker.bury(trouble, &entry.name).await;
                self.vacate(seat, &mut slot).await;
                error
            }
            // Another answer of the same worker was here first.
            None => match trouble {
                Trouble::Failed(error) => error,
                _ => failure::worker_died(&entry.name),
            },
        };
        drop(slot);
        // Reading what was cut from a mapped file ends a process: then that is the cause.
        match self.hub.path(&entry.id) {
            Err(cause) if ended => cause.detail(error),
            _ => error,
        }
    }
}

/// A worker to ask, with the right to it.
struct Turn<'a> {
    slot: RwLockReadGuard<'a, Option<Worker>>,
    beside: Beside<'a>,
    place: Option<SemaphorePermit<'a>>,
}

/// What came of waiting.
enum Waited<'a> {
    /// The model is there and has room for one more.
    Shared(Turn<'a>),
    /// It is to be loaded, or is free.
    Alone(
        Option<SemaphorePermit<'a>>,
        MutexGuard<'a, ()>,
        RwLockWriteGuard<'a, Option<Worker>>,
    ),
}

/// Follows a `Generate` to its end.
async fn generate(
    worker: &Worker,
    request: &GenerateRequest,
    sink: &GenerationSink,
    clock: &mut Clock,
) -> Result<WorkerAnswered, Trouble> {
    let generate = WorkerRequest::Generate {
        messages: request.messages.clone(),
        continued: request.continued.clone(),
        sampling: request.sampling.clone(),
        limits: request.limits.clone(),
        owner: request.owner.clone(),
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
        draft: answered.draft,
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
