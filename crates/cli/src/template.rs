//! `parley template`: how a model's conversations are written down, and a person's choice of it.

use crate::{
    arguments::Template,
    input,
    output::{self, Ending, Terminal},
};
use formats::forms::Form;
use formats::{Checkpoint, Description, Templates};
use hub::{Hub, Places, Prompt};
use protocol::{
    AppError, Arg, ModelEntry, PromptForm, PromptMessage, Role, TemplateInput, failure,
};
use runtime::Runtime;
use std::path::Path;

/// Chooses where that is asked for, then says what is used.
pub(crate) async fn run(
    options: Template,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = Hub::open(places)?;
    let model = hub.find(&options.model)?;
    let chosen = match (&options.set, options.form) {
        (Some(file), _) => Some(Prompt::Template {
            source: input::template(file)?,
        }),
        (None, Some(name)) => Some(Prompt::Form { name }),
        (None, None) => None,
    };
    if let Some(form) = chosen.as_ref().and_then(Prompt::form) {
        check(&model, form, &Runtime::start(hub.clone())).await?;
    }
    if chosen.is_some() || options.clear {
        hub.set_prompt(&model.id, chosen)?;
    }
    let prompt = hub.prompt(&model.id);
    if options.show {
        return output::write(&source(&model, prompt.as_ref())?);
    }
    let description = formats::describe(Path::new(&model.path))?;
    let said = said(&description, prompt.as_ref(), terminal);
    let line = [("name", Arg::from(model.name)), ("said", said.into())];
    output::line(&terminal.say("prompt-line", &line))
}

/// Tries a template with the shortest conversation.
async fn check(model: &ModelEntry, form: PromptForm, engine: &Runtime) -> Result<(), AppError> {
    let hello = PromptMessage::new(Role::User, "Hello");
    let input = TemplateInput::of(&[hello], true);
    let tried = engine.render(Path::new(&model.path), input, Some(form));
    tried
        .await
        .map(drop)
        .map_err(|error| match error.args.get("reason") {
            Some(reason) if error.key == "template-failed" => {
                failure::template_refused(reason.clone())
            }
            _ => error,
        })
}

/// The template in use.
fn source(model: &ModelEntry, prompt: Option<&Prompt>) -> Result<String, AppError> {
    if let Some(form) = prompt.and_then(Prompt::form) {
        return Ok(form.source);
    }
    let checkpoint = Checkpoint::open(Path::new(&model.path))?;
    let own = Templates::of(&checkpoint)?.usual;
    let form = Form::of(&formats::forms::Origin::of(&checkpoint)).unwrap_or(Form::text());
    Ok(own.unwrap_or_else(|| form.template.to_owned()))
}

/// How a model's conversations are written down, in words.
pub(crate) fn said(it: &Description, prompt: Option<&Prompt>, terminal: &Terminal) -> String {
    match prompt {
        Some(Prompt::Form { name }) => {
            return terminal.say("prompt-chosen-form", &[("form", Arg::from(name))]);
        }
        Some(Prompt::Template { .. }) => return terminal.say("prompt-chosen", &[]),
        None => {}
    }
    match it.prompt_form.as_deref().and_then(Form::named) {
        None => terminal.say("prompt-own", &[]),
        Some(form) if form == Form::text() => terminal.say("prompt-text", &[]),
        Some(form) => {
            let words = [("form", form.name.into()), ("source", form.source.into())];
            terminal.say("prompt-form", &words)
        }
    }
}
