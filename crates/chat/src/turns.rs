//! Turns: what a person says, and the answers asked for.

use crate::{
    App, answering,
    making::Making,
    prompt,
    state::{Core, State, now},
    store::{
        Fault, Store,
        conversation::{self, ConversationRow},
        message::{self, MessageRow},
        tree,
    },
};
use protocol::*;
use std::sync::Arc;
use tokio::sync::watch;

/// What a program may say beyond what the window's command carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Say {
    /// The words, and where they go.
    pub send: MessageSend,
    /// Standing instructions of a new conversation; others keep theirs.
    pub system: String,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// How far the answer may go.
    pub limits: Limits,
}

/// An answer that has been begun in the history and now is to be made.
pub(crate) struct Turn {
    pub(crate) answering: Answering,
    pub(crate) request: GenerateRequest,
    pub(crate) prompt: prompt::Prompt,
    pub(crate) stop: watch::Receiver<bool>,
}

impl App {
    /// Says something and asks for an answer, which comes as events. What was said is on the
    /// disk when this returns. Errors: `message-empty`, `already-answering`,
    /// `conversation-unknown`, `message-unknown`, those of finding a model, and the history's.
    pub async fn message_send(&self, request: MessageSend) -> Result<Answering, AppError> {
        let (system, sampling, limits) = Default::default();
        self.say(Say {
            send: request,
            system,
            sampling,
            limits,
        })
        .await
    }

    /// As [`App::message_send`], with sampling and limits of one's own.
    pub async fn say(&self, say: Say) -> Result<Answering, AppError> {
        self.with(move |core, state| {
            if say.send.text.trim().is_empty() {
                return Err(failure::message_empty());
            }
            let old = state.idle(say.send.conversation.as_deref())?;
            let model = state.model_for(say.send.model.as_ref(), old.as_ref())?;
            let id = old.as_ref().map_or_else(new_id, |row| row.id.clone());
            if old.is_none() && say.send.temporary {
                state.histories.begin_temporary(&id);
            }
            begin(
                core,
                state,
                &id,
                &model,
                (say.sampling, say.limits),
                |writing| {
                    if old.is_none() {
                        new_conversation(writing, &id, &model, &say.system)?;
                    }
                    let parent = match say.send.parent {
                        None => conversation::get(writing, &id)?.leaf,
                        Some(parent) if parent.is_empty() => None,
                        Some(parent) => Some(message::get(writing, &id, &parent)?.id),
                    };
                    let said = MessageRow {
                        id: new_id(),
                        conversation: id.clone(),
                        parent,
                        role: Role::User,
                        parts: vec![Part::Text {
                            text: say.send.text,
                        }],
                        author: None,
                        status: MessageStatus::Complete,
                        error: None,
                        receipt: None,
                        run: None,
                        created: now(),
                    };
                    message::insert(writing, &said)?;
                    Ok(said)
                },
            )
        })
        .await
    }

    /// Asks for another answer beside one that is there, or for one to a person's message.
    /// Errors: as [`App::message_send`].
    pub async fn answer_again(&self, request: AnswerAgain) -> Result<Answering, AppError> {
        self.with(move |core, state| {
            let row = state.idle(Some(&request.conversation))?;
            let model = state.model_for(request.model.as_ref(), row.as_ref())?;
            let id = &request.conversation;
            begin(core, state, id, &model, Default::default(), |writing| {
                let named = message::get(writing, id, &request.message)?;
                match (named.role, &named.parent) {
                    (Role::Assistant, Some(parent)) => message::get(writing, id, parent),
                    (Role::User, _) => Ok(named),
                    _ => Err(failure::message_unknown(&request.message).into()),
                }
            })
        })
        .await
    }
}

impl State {
    /// The conversation, where it is there and no answer is being made in it.
    pub(crate) fn idle(&mut self, id: Option<&str>) -> Result<Option<ConversationRow>, AppError> {
        let settled = self.settle();
        let Some(id) = id else { return Ok(None) };
        let row = self.histories.of(id).read(|c| conversation::get(c, id))?;
        match row.answering {
            true => Err(settled.err().unwrap_or_else(failure::already_answering)),
            false => Ok(Some(row)),
        }
    }
}

/// Writes what was said in the conversation `id` (`said` returns the message to be answered) and
/// the answer's empty place, tells of both, and sets the engine to work.
fn begin(
    core: &Arc<Core>,
    state: &mut State,
    id: &str,
    model: &ModelEntry,
    (sampling, limits): (Sampling, Limits),
    said: impl FnOnce(&crate::store::Writing<'_>) -> Result<MessageRow, Fault>,
) -> Result<Answering, AppError> {
    let store = state.histories.of_mut(id);
    let run = store.run().to_owned();
    let (question, answer, straight, prompt) = store.write(|writing| {
        let question = said(writing)?;
        let before = conversation::get(writing, id)?;
        // Another process may have begun since it was looked at.
        if before.answering {
            return Err(failure::already_answering().into());
        }
        let answer = MessageRow {
            id: new_id(),
            conversation: id.to_owned(),
            parent: Some(question.id.clone()),
            role: Role::Assistant,
            parts: Vec::new(),
            author: Some(Author {
                model: model.id.clone(),
                name: model.name.clone(),
                quantisation: model.quantisation.clone(),
            }),
            status: MessageStatus::Streaming,
            error: None,
            receipt: None,
            run: Some(run),
            created: now(),
        };
        message::insert(writing, &answer)?;
        tree::choose(writing, id, &answer.id)?;
        Store::retitle(writing, id)?;
        conversation::set_updated(writing, id, answer.created)?;
        writing.touch(id);
        let path = tree::path(writing, Some(&question.id))?;
        // Whether the path only grew: then the new messages say all.
        let straight = before.leaf == question.parent || before.leaf.as_ref() == Some(&question.id);
        Ok((
            question,
            answer,
            straight,
            prompt::of(&before.system, &path),
        ))
    })?;
    state.tell_conversation(id)?;
    if straight {
        state.tell_message(id, &question.id)?;
        state.tell_message(id, &answer.id)?;
    } else {
        state.tell(EventKind::PathChanged {
            conversation: id.to_owned(),
        });
    }
    let request = GenerateRequest {
        model: model.id.clone(),
        messages: prompt.messages.clone(),
        continued: Vec::new(),
        sampling,
        limits,
        owner: Some(state.histories.owner(id)),
    };
    let answering = Answering {
        conversation: id.to_owned(),
        message: answer.id,
    };
    Ok(set_to_work(core, state, answering, request, prompt))
}

/// Sets the engine to work on an answer that has been begun.
pub(crate) fn set_to_work(
    core: &Arc<Core>,
    state: &mut State,
    answering: Answering,
    request: GenerateRequest,
    prompt: prompt::Prompt,
) -> Answering {
    let (stop, stopped) = watch::channel(false);
    let message = answering.message.clone();
    let making = Making { message, stop };
    state.answers.insert(answering.conversation.clone(), making);
    let turn = Turn {
        answering: answering.clone(),
        request,
        prompt,
        stop: stopped,
    };
    tokio::spawn(answering::make(core.clone(), turn));
    answering
}

fn new_conversation(
    writing: &crate::store::Writing<'_>,
    id: &str,
    model: &ModelEntry,
    system: &str,
) -> Result<(), Fault> {
    let now = now();
    let row = ConversationRow {
        id: id.to_owned(),
        title: String::new(),
        titled_by_person: false,
        model: Some(model.id.clone()),
        model_name: Some(model.name.clone()),
        system: system.to_owned(),
        leaf: None,
        revision: 0,
        created: now,
        updated: now,
        answering: false,
    };
    conversation::insert(writing, &row)
}

fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
