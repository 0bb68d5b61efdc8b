//! `parley inspect`: what a model's files hold, without loading them.

use crate::{
    list::short_count,
    output::{self, Ending, Terminal},
    template,
};
use chat::messages::size;
use formats::{Description, Told};
use hub::{Hub, Places, Prompt};
use protocol::{Arg, failure};
use std::path::Path;

/// Describes the model in words or as one JSON object.
pub(crate) fn run(
    file: &Path,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let description = formats::describe(file)?;
    let prompt = chosen(file, places);
    let memory = description.memory_bytes(description.given_context());
    if json {
        let mut value = serde_json::to_value(&description)
            .map_err(|error| failure::internal().detail(error))?;
        if let Some(object) = value.as_object_mut() {
            object.insert("memory_bytes".into(), memory.into());
        }
        return output::line(&value.to_string());
    }
    for (key, value) in facts(&description, prompt.as_ref(), memory, terminal) {
        output::line(&terminal.say(
            "inspect-line",
            &[("what", terminal.say(key, &[]).into()), ("value", value)],
        ))?;
    }
    Ok(())
}

/// What the person chose for this model, where it is in the library. Looking makes no library.
fn chosen(file: &Path, places: &Places) -> Option<Prompt> {
    if !places.library_index().exists() {
        return None;
    }
    let path = std::fs::canonicalize(file).ok()?;
    let hub = Hub::open(places).ok()?;
    let models = hub.models();
    let model = models.iter().find(|model| Path::new(&model.path) == path)?;
    hub.prompt(&model.id)
}

fn facts(
    it: &Description,
    prompt: Option<&Prompt>,
    memory: u64,
    terminal: &Terminal,
) -> Vec<(&'static str, Arg)> {
    let unsaid = || terminal.say("inspect-unsaid", &[]);
    let text = |value: &Option<String>| Arg::from(value.clone().unwrap_or_else(unsaid));
    let count = |number: u32| {
        if number == 0 {
            Arg::from(unsaid())
        } else {
            Arg::from(number)
        }
    };
    let types: Vec<_> = it
        .types
        .iter()
        .map(|(name, count)| format!("{name} × {count}"))
        .collect();
    let heads = [
        ("heads", Arg::from(it.heads)),
        ("kv", Arg::from(it.kv_heads)),
        ("width", Arg::from(it.head_dim)),
    ];
    let reach = window(it, terminal);
    let template = template::said(it, prompt, terminal);
    let mut facts = vec![
        ("inspect-name", Arg::from(&it.name)),
        ("inspect-format", Arg::from(&it.format)),
        ("inspect-architecture", Arg::from(&it.architecture)),
        ("inspect-parameters", Arg::from(short_count(it.parameters))),
        ("inspect-quantisation", Arg::from(&it.quantisation)),
        ("inspect-context", count(it.context)),
        ("inspect-window", Arg::from(reach)),
        ("inspect-layers", count(it.layers)),
        ("inspect-hidden", count(it.hidden)),
        (
            "inspect-heads",
            Arg::from(terminal.say("inspect-heads-value", &heads)),
        ),
        ("inspect-vocabulary", count(it.vocabulary)),
        ("inspect-tokenizer", text(&it.tokenizer)),
        ("inspect-pre-tokenizer", text(&it.pre_tokenizer)),
        ("inspect-template", Arg::from(template)),
        ("inspect-types", Arg::from(types.join(", "))),
        ("inspect-tensors", Arg::from(it.tensors)),
        ("inspect-files", Arg::from(it.files)),
        ("inspect-disk", Arg::from(size(it.bytes as f64))),
        ("inspect-memory", Arg::from(size(memory as f64))),
        ("inspect-licence", text(&it.licence)),
    ];
    if it.experts > 0 {
        facts.insert(10, ("inspect-experts", Arg::from(it.experts)));
    }
    facts
}

/// How far back attention will reach, and who says so.
fn window(it: &Description, terminal: &Terminal) -> String {
    let from = match it.window_from {
        Told::File => "inspect-window-file",
        Told::Catalogue => "inspect-window-catalogue",
        Told::Nobody => "inspect-window-nobody",
    };
    let from = terminal.say(from, &[]);
    match it.window {
        Some(size) => terminal.say(
            "inspect-window-some",
            &[("tokens", Arg::from(size)), ("from", from.into())],
        ),
        None => terminal.say("inspect-window-all", &[("from", from.into())]),
    }
}
