//! The making of one answer: what the engine tells is written, then told.

use crate::{
    app, log,
    state::{Core, becomes_true},
    store::message::{self, Ending},
    turns::Turn,
    words::Words,
};
use protocol::*;
use runtime::GenerationStream;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};
use tokio_stream::StreamExt;

/// Between two commits of an answer's text.
const WRITE_EVERY: Duration = Duration::from_millis(100);
/// Between two tellings of how far an answer without text is.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// How long a stopped engine has to hand in its receipt; the runtime ends a worker after two
/// seconds.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// An answer on its way.
struct Draft {
    core: Arc<Core>,
    turn: Turn,
    words: Words,
    /// True once words have come.
    is_heard: bool,
    /// When the rest is to be written; None: there is no rest.
    due: Option<Instant>,
    last_written: Option<Instant>,
    last_progress: Option<Instant>,
}

/// Makes the answer of a turn, to its end.
pub(crate) async fn make(core: Arc<Core>, turn: Turn) {
    let stream = core.engine.generate(turn.request.clone());
    let mut draft = Draft {
        core,
        words: Words::of(&turn.request.continued),
        is_heard: false,
        turn,
        due: None,
        last_written: None,
        last_progress: None,
    };
    let ending = draft.follow(stream).await;
    if let Some(ending) = &ending {
        log_ending(ending);
    }
    draft.end(ending).await;
}

impl Draft {
    /// Follows the engine to its end. None: the row is not this task's any more.
    async fn follow(&mut self, mut stream: GenerationStream) -> Option<Ending> {
        let mut closing = self.core.closing.subscribe();
        let mut stop = self.turn.stop.clone();
        let mut patience: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                () = becomes_true(&mut closing) => {
                    return Some(self.failed(failure::run_ended()));
                }
                () = becomes_true(&mut stop), if patience.is_none() => {
                    stream.stop();
                    patience = Some(Instant::now() + STOP_PATIENCE);
                }
                () = sleep_until(patience.unwrap_or_else(Instant::now)), if patience.is_some() => {
                    return Some(stopped(None));
                }
                () = sleep_until(self.due.unwrap_or_else(Instant::now)), if self.due.is_some() => {
                    match self.write().await {
                        Ok(true) => {}
                        Ok(false) => return None,
                        Err(error) => return Some(self.failed(error)),
                    }
                }
                event = stream.next() => match event {
                    Some(Ok(GenerationEvent::Reasoning { text, ended })) => {
                        self.words.reason(&text, ended);
                        self.hear();
                    }
                    Some(Ok(GenerationEvent::Text { text })) => {
                        self.words.say(&text);
                        self.hear();
                    }
                    Some(Ok(GenerationEvent::Stopped(answered))) => return Some(self.whole(*answered)),
                    Some(Ok(GenerationEvent::Queued)) => self.progress(AnswerStage::Queued).await,
                    Some(Ok(GenerationEvent::Loading { fraction })) => {
                        self.progress(AnswerStage::Loading { fraction }).await;
                    }
                    Some(Ok(GenerationEvent::Prefill { read, total })) => {
                        self.progress(AnswerStage::Reading { read, total }).await;
                    }
                    Some(Err(error)) if error.key == failure::cancelled().key => return Some(stopped(None)),
                    Some(Err(error)) => return Some(self.failed(error)),
                    None => {
                        return Some(self.failed(failure::internal().detail("the engine's stream ended early")));
                    }
                },
            }
        }
    }

    /// Words have come: they are written soon.
    fn hear(&mut self) {
        self.is_heard = true;
        let next = self.last_written.map(|last| last + WRITE_EVERY);
        self.due.get_or_insert(next.unwrap_or_else(Instant::now));
    }

    fn whole(&self, answered: Answered) -> Ending {
        let mut receipt = answered.receipt;
        receipt.messages = self.turn.prompt.read(receipt.cut_messages);
        match answered.reason {
            StopReason::Cancelled => stopped(Some(receipt)),
            _ => Ending {
                status: MessageStatus::Complete,
                error: None,
                receipt: Some(receipt),
            },
        }
    }

    /// With words it was interrupted, without them failed.
    fn failed(&self, error: AppError) -> Ending {
        let status = match self.words.is_empty() {
            true => MessageStatus::Failed,
            false => MessageStatus::Interrupted,
        };
        Ending {
            status,
            error: Some(error),
            receipt: None,
        }
    }

    /// Tells how far an answer without (more) text is, not too often.
    async fn progress(&mut self, stage: AnswerStage) {
        let now = Instant::now();
        let early = self
            .last_progress
            .is_some_and(|last| now < last + TELL_EVERY);
        let finished = match stage {
            AnswerStage::Loading { fraction } => fraction >= 1.0,
            AnswerStage::Reading { read, total } => read >= total,
            AnswerStage::Queued => true,
        };
        if !self.is_heard && (finished || !early) {
            self.last_progress = Some(now);
            let Answering {
                conversation,
                message,
            } = self.turn.answering.clone();
            // Nothing is lost where it is not told.
            let _ = app::with(&self.core, move |_, state| {
                state.tell(EventKind::AnswerProgress {
                    conversation,
                    message,
                    stage,
                });
                Ok(())
            })
            .await;
        }
    }

    /// Commits the words so far, then tells the new part. False where the row is not this
    /// task's any more: deleted, or stopped by another process.
    async fn write(&mut self) -> Result<bool, AppError> {
        let answering = self.turn.answering.clone();
        let (parts, news) = (self.words.parts(), self.words.news(&answering));
        let mine = app::with(&self.core, move |_, state| {
            let store = state.histories.of_mut(&answering.conversation);
            let run = store.run().to_owned();
            let mine = store.write_soon(|writing| {
                writing.touch(&answering.conversation);
                message::set_parts(writing, &answering.message, &run, &parts)
            })?;
            if mine {
                news.into_iter().for_each(|what| state.tell(what));
            }
            Ok(mine)
        })
        .await?;
        self.words.are_told();
        self.due = None;
        self.last_written = Some(Instant::now());
        Ok(mine)
    }

    /// Writes and tells the end.
    async fn end(self, ending: Option<Ending>) {
        let (words, answering) = (self.words, self.turn.answering);
        // It fails only where the runtime is being shut down; then the row is found at the next start.
        let _ = app::with(&self.core, move |_, state| {
            match ending {
                Some(ending) => {
                    state.end_answer(&answering, &words, ending);
                }
                None => state.let_go(&answering.conversation, &answering.message),
            }
            Ok(())
        })
        .await;
    }
}

/// Figures only.
fn log_ending(ending: &Ending) {
    if let Some(error) = &ending.error {
        log::failed("answer", error);
    }
    if let Some(receipt) = &ending.receipt {
        tracing::info!(
            model = receipt.model.name,
            stop = ?receipt.stop,
            prompt_tokens = receipt.prompt_tokens,
            reused_tokens = receipt.reused_tokens,
            cut_messages = receipt.cut_messages,
            answer_tokens = receipt.answer_tokens,
            queued_ms = receipt.times.queued_ms.round(),
            load_ms = receipt.times.load_ms.round(),
            first_token_ms = receipt.times.first_token_ms.round(),
            decode_ms = receipt.times.decode_ms.round(),
            threads = receipt.engine.threads,
            "answered"
        );
    }
}

fn stopped(receipt: Option<Receipt>) -> Ending {
    Ending {
        status: MessageStatus::Stopped,
        error: None,
        receipt,
    }
}
