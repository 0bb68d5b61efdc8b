//! `parley chat`: a conversation in the terminal, in the same history as the window's, or in none.

mod answer;
mod interactive;
mod lines;
mod once;
mod thoughts;

use crate::{
    arguments,
    output::{Ending, Terminal},
};
use chat::{App, Say};
use hub::{Hub, Places};
use protocol::{AppError, DraftChoice, Limits, MessageSend, ModelId, Sampling};
use runtime::Runtime;
use std::sync::Arc;

/// A conversation in the terminal.
struct Session {
    app: App,
    hub: Hub,
    terminal: Terminal,
    system: String,
    sampling: Sampling,
    limits: Limits,
    /// Whether conversations are kept in memory only.
    temporary: bool,
    /// Whether reasoning is shown where there is no terminal too.
    reasoning: bool,
    /// None before anything was said.
    conversation: Option<String>,
    /// The model for a new conversation; None: the one last chosen.
    model: Option<ModelId>,
}

/// Answers once, or as long as the person goes on.
pub(crate) async fn run(
    options: arguments::Chat,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = Hub::open(places)?;
    let draft = options.draft.as_deref().map(|draft| drafting(&hub, draft));
    let engine = runtime::Options {
        speculates: !options.no_speculation,
        draft: draft.transpose()?,
        // A single question is not come back to from here.
        keep: options.once.is_none(),
        kv: options.kv,
        ..crate::options(options.quantise)
    };
    let app = App::open(
        places.clone(),
        Arc::new(Runtime::with(hub.clone(), engine)),
        hub.clone(),
    )?;
    let defaults = Sampling::default();
    let mut session = Session {
        app: app.clone(),
        hub,
        terminal: *terminal,
        system: options.system,
        sampling: Sampling {
            temperature: options.temperature.unwrap_or(defaults.temperature),
            seed: options.seed,
            ..defaults
        },
        limits: Limits {
            max_tokens: options.max_tokens,
        },
        temporary: options.temporary,
        reasoning: options.reasoning,
        conversation: None,
        model: None,
    };
    let result = async {
        match &options.once {
            Some(text) => {
                once::run(&mut session, text, options.model.as_deref(), options.json).await
            }
            None => interactive::run(&mut session, options.model.as_deref()).await,
        }
    };
    let result = result.await;
    app.close().await;
    result
}

/// Which model is to propose words: `auto`, `none`, or one that the person means.
/// Errors: those of [`Hub::find`].
fn drafting(hub: &Hub, text: &str) -> Result<DraftChoice, AppError> {
    Ok(match text {
        "auto" => DraftChoice::Automatic,
        "none" => DraftChoice::Never,
        model => DraftChoice::Model {
            id: hub.find(model)?.id,
        },
    })
}

impl Session {
    /// Takes the model that a person means for what comes next.
    fn take_model(&mut self, wanted: Option<&str>) -> Result<(), AppError> {
        if let Some(wanted) = wanted {
            self.model = Some(self.hub.find(wanted)?.id);
        }
        Ok(())
    }

    fn say(&self, text: String) -> Say {
        // A conversation keeps its own model; one that begins takes ours.
        let model = self.model.clone().filter(|_| self.conversation.is_none());
        Say {
            send: MessageSend {
                conversation: self.conversation.clone(),
                parent: None,
                text,
                model,
                temporary: self.temporary,
            },
            system: self.system.clone(),
            sampling: self.sampling.clone(),
            limits: self.limits.clone(),
        }
    }
}
