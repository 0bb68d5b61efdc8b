//! Answers that are made at the same time: in each round one step of the model serves all of them.

use crate::keeping::Keeping;
use crate::panics;
use crate::work::Work;
use engine::{Answer, Cancel, Generated, Model, round};
use protocol::{TOGETHER, ToWorker, WorkerEvent, WorkerRequest, WorkerStage, failure};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};

/// A request, and what stops it.
pub(crate) type Asked = (ToWorker, Cancel);

/// What is asked, in the order it came.
pub(crate) struct Inbox {
    asked: mpsc::Receiver<Asked>,
    /// What came while answers were made, and waits for their end.
    waiting: std::cell::RefCell<VecDeque<Asked>>,
}

impl Inbox {
    /// What comes from there.
    pub fn new(asked: mpsc::Receiver<Asked>) -> Inbox {
        Inbox {
            asked,
            waiting: std::cell::RefCell::default(),
        }
    }

    /// What is next; None when nobody asks any more. While nothing is asked, what was read is put
    /// on the disk, a block at a time, so that whoever asks does not wait.
    pub fn next(&self, keeping: &mut Keeping) -> Option<Asked> {
        let waiting = self.waiting.borrow_mut().pop_front();
        if waiting.is_some() {
            return waiting;
        }
        loop {
            let Some(wait) = keeping.due() else {
                return self.asked.recv().ok();
            };
            match self.asked.recv_timeout(wait) {
                Ok(asked) => return Some(asked),
                Err(RecvTimeoutError::Timeout) => {
                    keeping.save_one();
                }
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// What is next, where it is asked for already and can be done beside answers: one more, where
    /// there is `room`, a model that proposes for them, or what only touches the store.
    fn next_beside(&self, room: bool) -> Option<Asked> {
        let mut waiting = self.waiting.borrow_mut();
        waiting.extend(self.asked.try_iter());
        waiting.pop_front_if(|(request, _)| match request.request {
            WorkerRequest::Generate { .. } => room,
            WorkerRequest::Keep { .. }
            | WorkerRequest::Forget { .. }
            | WorkerRequest::Draft { .. } => true,
            _ => false,
        })
    }
}

impl Work {
    /// Makes an answer, and those that are asked for before it has ended. Breaks where a panic
    /// left the model in doubt.
    pub fn answer(&mut self, first: Asked, asked: &Inbox) -> ControlFlow<()> {
        let model = match self.unchanged_model() {
            Ok(model) => model,
            Err(error) => {
                self.desk.close(first.0.id);
                self.voice.fail(first.0.id, error);
                return ControlFlow::Continue(());
            }
        };
        let mut ids = Vec::new();
        let mut answers: Vec<Answer<'_>> = Vec::new();
        let mut next = Some(first);
        loop {
            let done = catch_unwind(AssertUnwindSafe(|| {
                let room = answers.len() < TOGETHER;
                while let Some(asked) = next.take().or_else(|| asked.next_beside(room)) {
                    let Some(asked) = self.arrange(asked, &mut answers) else {
                        continue;
                    };
                    let id = asked.0.id;
                    ids.push(id);
                    match self.begin(&model, asked) {
                        Some(answer) => answers.push(answer),
                        None => drop(ids.pop()),
                    }
                    // One a round: who is there goes on between two that come.
                    break;
                }
                let tell = &mut |index: usize, event| self.tell(ids[index], event);
                round(&mut answers, tell);
                if let Some(store) = self.keeping.store() {
                    store.beside(&answers);
                }
            }));
            if done.is_err() {
                for id in ids {
                    let error = failure::internal().detail(panics::last());
                    self.desk.close(id);
                    self.voice.fail(id, error);
                }
                return ControlFlow::Break(());
            }
            while let Some(index) = answers.iter().position(Answer::has_ended) {
                let id = ids.remove(index);
                let (answered, sequence) = answers.remove(index).end();
                self.sequence = (!sequence.is_forgotten()).then_some(sequence);
                self.heart.end(id);
                self.desk.close(id);
                match answered {
                    Ok(answered) => self.voice.tell(id, WorkerEvent::Answered(answered)),
                    Err(error) => self.voice.fail(id, error),
                }
                self.tell_memory();
            }
            if answers.is_empty() {
                return ControlFlow::Continue(());
            }
        }
    }

    /// Does at once what only touches the store, and has a model that proposes loaded, also beside
    /// answers, so that nothing but an answer ever waits for others. Gives back what is anything else.
    pub fn arrange(&mut self, asked: Asked, answers: &mut [Answer<'_>]) -> Option<Asked> {
        match &asked.0.request {
            WorkerRequest::Keep { place } => self.keeping.keep(place.as_ref()),
            WorkerRequest::Forget { conversation } => {
                let conversation = conversation.as_deref();
                for answer in answers {
                    answer.forget(conversation);
                }
                self.sequence.take_if(|last| last.is_of(conversation));
                self.keeping.forget(conversation);
                if let Some(model) = self.desk.model() {
                    model.forget_drafts();
                }
            }
            _ => match asked {
                (
                    ToWorker {
                        id,
                        request: WorkerRequest::Draft { name, path },
                    },
                    cancel,
                ) => {
                    self.draft(id, name, path, cancel);
                    return None;
                }
                other => return Some(other),
            },
        }
        self.desk.close(asked.0.id);
        None
    }

    /// Begins an answer of the model.
    fn begin<'a>(&mut self, model: &'a Model, asked: Asked) -> Option<Answer<'a>> {
        let (ToWorker { id, request }, cancel) = asked;
        let WorkerRequest::Generate {
            messages,
            continued,
            sampling,
            limits,
            owner,
        } = request
        else {
            return None;
        };
        if cancel.is_cancelled() {
            self.desk.close(id);
            self.voice.fail(id, failure::cancelled());
            return None;
        }
        self.heart.begin(id, WorkerStage::Prefill);
        let sequence = self.sequence.take().unwrap_or_else(|| model.sequence());
        let mut sequence = sequence.kept_in(self.keeping.store());
        sequence.set_owner(owner);
        let asked = engine::Asked {
            messages: &messages,
            continued: &continued,
            sampling: &sampling,
            limits: &limits,
        };
        Some(Answer::begin(model, sequence, asked, cancel))
    }

    fn tell(&self, id: u64, event: Generated) {
        match event {
            Generated::Prefill { read, total } => {
                self.heart.progress(id, read.into(), total.into());
            }
            Generated::Reasoning { text, ended } => {
                self.voice.tell(id, WorkerEvent::Reasoning { text, ended });
            }
            Generated::Text(text) => self.voice.tell(id, WorkerEvent::Text { text }),
        }
    }
}
