//! The core as a window uses it, on a scripted engine and a real history.

mod catalogue;
mod continuing;
mod crashes;
mod events;
mod frozen;
#[path = "../../../hub/tests/hub_server/mod.rs"]
mod hub_server;
mod library;
mod processes;
mod property;
mod reading;
mod reasoning;
mod temporary;
mod troubles;
mod turns;
mod updates;

use crate::App;
use hub::{Hub, Places};
use protocol::*;
use runtime::fake::Fake;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::broadcast;

/// A person's folder, with models that are headers only.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        Home {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn places(&self) -> Places {
        Places::under(self.folder.path())
    }

    fn hub(&self) -> Hub {
        Hub::open(&self.places()).unwrap()
    }

    /// The core on a new scripted engine, with two models in the library: `Alpha` and `Beta`.
    async fn open(&self) -> Window {
        let window = self.open_empty().await;
        for name in ["Alpha", "Beta"] {
            let path = self.model(name).display().to_string();
            window.app.model_import(ModelImport { path }).await.unwrap();
        }
        window
    }

    async fn open_empty(&self) -> Window {
        let fake = Fake::new();
        let app = App::open(self.places(), Arc::new(fake.clone()), self.hub()).unwrap();
        Window {
            events: app.subscribe(),
            app,
            fake,
        }
    }

    /// A model file of that name: a header without tensors.
    fn model(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{name}.gguf"));
        let mut file = b"GGUF\x03\0\0\0".to_vec();
        file.extend(0u64.to_le_bytes());
        file.extend(2u64.to_le_bytes());
        for (key, value) in [("general.architecture", "llama"), ("general.name", name)] {
            file.extend((key.len() as u64).to_le_bytes());
            file.extend(key.as_bytes());
            file.extend(8u32.to_le_bytes());
            file.extend((value.len() as u64).to_le_bytes());
            file.extend(value.as_bytes());
        }
        file.resize(file.len().next_multiple_of(32), 0);
        std::fs::write(&path, file).unwrap();
        path
    }
}

/// A core, the engine below it, and the events above it.
struct Window {
    app: App,
    fake: Fake,
    events: broadcast::Receiver<Event>,
}

impl Window {
    /// Says something in a conversation (None: a new one).
    async fn say(&self, conversation: Option<&str>, text: &str) -> Result<Answering, AppError> {
        self.send(conversation, None, text).await
    }

    async fn send(
        &self,
        conversation: Option<&str>,
        parent: Option<&str>,
        text: &str,
    ) -> Result<Answering, AppError> {
        let request = MessageSend {
            conversation: conversation.map(str::to_owned),
            parent: parent.map(str::to_owned),
            text: text.to_owned(),
            model: None,
            temporary: false,
        };
        self.app.message_send(request).await
    }

    /// The next event for which `wanted` says something, within five seconds.
    async fn next<T>(&mut self, mut wanted: impl FnMut(EventKind) -> Option<T>) -> T {
        let searching = async {
            loop {
                if let Some(found) = wanted(self.events.recv().await.unwrap().what) {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), searching)
            .await
            .expect("the event did not come")
    }

    /// The message when its answer has ended.
    async fn ended(&mut self, answering: &Answering) -> Message {
        let id = answering.message.clone();
        self.next(|what| match what {
            EventKind::MessageChanged { message }
                if message.id == id && message.status != MessageStatus::Streaming =>
            {
                Some(*message)
            }
            _ => None,
        })
        .await
    }

    /// Says something and waits for `answer`.
    async fn turn(&mut self, conversation: Option<&str>, text: &str, answer: &str) -> Message {
        self.fake.answer(&[answer]);
        let answering = self.say(conversation, text).await.unwrap();
        self.ended(&answering).await
    }

    async fn open(&self, id: &str) -> Conversation {
        self.app
            .conversation_open(ConversationRef { id: id.to_owned() })
            .await
            .unwrap()
    }

    async fn stop(&self, id: &str) {
        self.app
            .answer_stop(ConversationRef { id: id.to_owned() })
            .await
            .unwrap();
    }

    async fn snapshot(&self) -> Snapshot {
        self.app.snapshot(Nothing {}).await.unwrap()
    }

    async fn model(&self, name: &str) -> ModelId {
        let models = self.app.models(Nothing {}).await.unwrap().models;
        models
            .into_iter()
            .find(|model| model.name == name)
            .unwrap()
            .id
    }

    /// What was asked of the engine last, as `speaker: words`.
    fn asked(&self) -> Vec<String> {
        let requests = self.fake.requests();
        let last = requests.last().unwrap();
        last.messages
            .iter()
            .map(|m| format!("{}: {}", m.role.as_str(), m.content))
            .collect()
    }
}

/// The path as its texts.
fn texts(conversation: &Conversation) -> Vec<String> {
    conversation
        .messages
        .iter()
        .map(|message| text_of(&message.parts))
        .collect()
}

fn text_event(text: &str) -> runtime::fake::Step {
    runtime::fake::Step::Event(GenerationEvent::Text {
        text: text.to_owned(),
    })
}
