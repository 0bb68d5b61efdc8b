//! What the tasks of one process share, under one lock: the histories, the numbers of events, and
//! the answers in the making. What is read and the number it is read at come from one moment.

use crate::{
    histories::Histories,
    library_work::LibraryWorking,
    making::Answers,
    store::{
        Store, conversation,
        message::{self, Ending, MessageRow},
        setting, tree,
    },
    words::Words,
};
use hub::{Hub, Places};
use protocol::{
    Answering, AppError, Conversation, ConversationSummary, Event, EventKind, Message,
    MessageStatus, Settings,
};
use runtime::Engine;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::{broadcast, watch};

/// What an [`crate::App`] and its tasks hold.
pub(crate) struct Core {
    pub(crate) places: Places,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) hub: Hub,
    pub(crate) library: LibraryWorking,
    /// The one way out of this machine.
    pub(crate) network: hub::Network,
    /// While the downloads are run here.
    pub(crate) fetching: Mutex<Option<hub::Fetching>>,
    /// True once the app is closing.
    pub(crate) closing: Arc<watch::Sender<bool>>,
    pub(crate) state: Mutex<State>,
}

impl Core {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // After a panic the history is as of its last commit, and the rest follows from it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state. See the module.
pub(crate) struct State {
    pub(crate) histories: Histories,
    pub(crate) hub: Hub,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) seq: u64,
    /// As last told.
    pub(crate) settings: Settings,
    pub(crate) answers: Answers,
    /// What a person should know of, for windows that open later.
    pub(crate) troubles: Vec<AppError>,
    /// Ends that could not be written (a full disk): written as soon as that is possible.
    pub(crate) unsettled: Vec<(String, String, Ending)>,
}

impl State {
    pub(crate) fn new(
        store: Store,
        hub: Hub,
        events: broadcast::Sender<Event>,
    ) -> Result<State, AppError> {
        Ok(State {
            settings: store.read(setting::read)?,
            histories: Histories::new(store)?,
            troubles: hub.damage().into_iter().collect(),
            hub,
            events,
            seq: 0,
            answers: Answers::default(),
            unsettled: Vec::new(),
        })
    }

    /// Tells of something that a person should know of, now and in later snapshots.
    pub(crate) fn trouble(&mut self, error: AppError) {
        crate::log::failed("upkeep", &error);
        self.troubles.push(error.clone());
        self.tell(EventKind::Trouble { error });
    }

    /// Tells every listener.
    pub(crate) fn tell(&mut self, what: EventKind) {
        self.seq += 1;
        // Nobody may be listening.
        let _ = self.events.send(Event {
            seq: self.seq,
            what,
        });
    }

    /// Tells how a conversation stands in the list.
    pub(crate) fn tell_conversation(&mut self, id: &str) -> Result<(), AppError> {
        let conversation = self.summary(id)?;
        self.tell(EventKind::ConversationChanged { conversation });
        Ok(())
    }

    /// Tells how a message stands, where it is on the active path.
    pub(crate) fn tell_message(&mut self, conversation: &str, id: &str) -> Result<(), AppError> {
        if let Some(message) = self.active_message(conversation, id)? {
            self.tell(EventKind::MessageChanged {
                message: Box::new(message),
            });
        }
        Ok(())
    }

    /// The message, where it is on the active path.
    pub(crate) fn active_message(
        &self,
        conversation: &str,
        id: &str,
    ) -> Result<Option<Message>, AppError> {
        self.histories.of(conversation).read(|c| {
            let row = message::get(c, conversation, id)?;
            let leaf = conversation::get(c, conversation)?.leaf;
            if !tree::leads_to(c, id, leaf.as_deref())? {
                return Ok(None);
            }
            let siblings = message::siblings(c, conversation, row.parent.as_deref())?;
            Ok(Some(self.shown(row, siblings)))
        })
    }

    /// A conversation as the list shows it. Errors: `conversation-unknown`.
    pub(crate) fn summary(&self, id: &str) -> Result<ConversationSummary, AppError> {
        Ok(self.settled(self.histories.summary(id)?))
    }

    /// All conversations as the list shows them, last used first.
    pub(crate) fn conversations(&self) -> Result<Vec<ConversationSummary>, AppError> {
        let all = self.histories.conversations()?;
        Ok(all.into_iter().map(|each| self.settled(each)).collect())
    }

    /// Where only the end of an answer could not be written, none is being made.
    fn settled(&self, mut summary: ConversationSummary) -> ConversationSummary {
        summary.answering &= !self.unsettled.iter().any(|(id, ..)| *id == summary.id);
        summary
    }

    /// A message as the window sees it. Its author is named by the model's id of today: an answer
    /// given before the file was hashed is by the same model.
    fn shown(&self, row: MessageRow, siblings: Vec<String>) -> Message {
        let mut message = row.shown(siblings);
        if let Some((.., ending)) = self.unsettled.iter().find(|(_, id, _)| *id == message.id) {
            message.status = ending.status;
            message.error = ending.error.clone();
        }
        if let Some(author) = message.author.as_mut().filter(|a| a.model.is_provisional()) {
            author.model = self.hub.current_id(&author.model);
        }
        message
    }

    /// A conversation as it is opened.
    pub(crate) fn conversation(&self, id: &str) -> Result<Conversation, AppError> {
        let summary = self.summary(id)?;
        self.histories.of(id).read(|c| {
            let row = conversation::get(c, id)?;
            let mut children = message::children(c, id)?;
            let messages = tree::path(c, row.leaf.as_deref())?
                .into_iter()
                // On a path no two messages have the same parent.
                .map(|message| {
                    let siblings = children.remove(&message.parent).unwrap_or_default();
                    self.shown(message, siblings)
                })
                .collect();
            Ok(Conversation {
                summary,
                system: row.system,
                messages,
                seq: self.seq,
            })
        })
    }

    /// Tries again to write what could not be written. Errors: why that fails still.
    pub(crate) fn settle(&mut self) -> Result<(), AppError> {
        let mut settled = Ok(());
        for (conversation, message, ending) in std::mem::take(&mut self.unsettled) {
            let store = self.histories.of_mut(&conversation);
            let run = store.run().to_owned();
            let written = store.write(|writing| {
                writing.touch(&conversation);
                message::end(writing, &message, &run, &ending)
            });
            match written {
                Ok(_) => {
                    let _ = self.tell_conversation(&conversation);
                }
                Err(error) => {
                    self.unsettled.push((conversation, message, ending));
                    settled = Err(error);
                }
            }
        }
        settled
    }

    /// The answer is not being made any more. Another one may be, where the conversation was
    /// stopped by another process and asked again.
    pub(crate) fn let_go(&mut self, conversation: &str, message: &str) {
        if self
            .answers
            .get(conversation)
            .is_some_and(|making| making.message == message)
        {
            self.answers.remove(conversation);
        }
    }

    /// Writes how an answer ended, with the words that were not yet written, and tells. Where
    /// that cannot be written, it ends as interrupted with the reason.
    pub(crate) fn end_answer(&mut self, answering: &Answering, words: &Words, mut ending: Ending) {
        let Answering {
            conversation,
            message,
        } = answering;
        let news = words.news(answering);
        self.let_go(conversation, message);
        let store = self.histories.of_mut(conversation);
        let run = store.run().to_owned();
        let whole = store.write(|writing| {
            writing.touch(conversation);
            if !news.is_empty() {
                message::set_parts(writing, message, &run, &words.parts())?;
            }
            let ended = message::end(writing, message, &run, &ending)?;
            conversation::set_updated(writing, conversation, now())?;
            Ok(ended)
        });
        if matches!(whole, Ok(true)) {
            news.into_iter().for_each(|what| self.tell(what));
        }
        let ended = whole.or_else(|error| {
            // What was shown is written already; the end alone may find room.
            ending.status = MessageStatus::Interrupted;
            ending.error.get_or_insert(error);
            self.histories.of_mut(conversation).write(|writing| {
                writing.touch(conversation);
                message::end(writing, message, &run, &ending)
            })
        });
        match ended {
            Ok(false) => return, // deleted, or stopped by another process
            Ok(true) => {}
            Err(_) => self
                .unsettled
                .push((conversation.to_owned(), message.to_owned(), ending)),
        }
        let _ = self.tell_message(conversation, message);
        let _ = self.tell_conversation(conversation);
    }
}

/// Waits until a flag is raised, or nobody is left to raise it.
pub(crate) async fn becomes_true(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|raised| *raised).await;
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
