//! `parley render`: the exact output of a model's chat template.

use crate::{
    arguments::Render,
    input,
    output::{self, Ending},
};
use protocol::{AppError, TemplateInput, failure};
use runtime::Runtime;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::path::Path;

/// Renders the messages; nothing is added at the end.
pub(crate) async fn run(options: Render, engine: &Runtime) -> Result<(), Ending> {
    let given = match read(&options.messages)? {
        Given::Messages(messages) => All {
            messages,
            ..All::default()
        },
        Given::All(all) => all,
    };
    let tools: Option<Vec<Value>> = options.tools.as_deref().map(read).transpose()?;
    let tools = tools.or(given.tools);
    let given_tools = tools.is_some();
    let mut input = TemplateInput {
        messages: given.messages.into_iter().map(Value::Object).collect(),
        tools: tools.unwrap_or_default(),
        variables: given.variables,
        add_generation_prompt: given.add_generation_prompt.unwrap_or(true)
            && !options.no_generation_prompt,
    };
    if input.tools.is_empty() && given_tools {
        // To a template an empty list is not the same as none.
        let tools = Value::Array(Vec::new());
        input.variables.insert("tools".to_owned(), tools);
    }
    if let Some(thinking) = options.thinking {
        input.set_thinking(thinking == "on");
    }
    output::write(&engine.render(&options.file, input, None).await?)
}

/// What MESSAGES.json holds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Messages(Vec<Map<String, Value>>),
    All(All),
}

/// Messages and whatever else a template reads, by the names that it reads it by.
#[derive(Default, Deserialize)]
struct All {
    messages: Vec<Map<String, Value>>,
    tools: Option<Vec<Value>>,
    add_generation_prompt: Option<bool>,
    #[serde(flatten)]
    variables: Map<String, Value>,
}

/// Errors: those of [`input::json`]; `bad-json`.
fn read<T: DeserializeOwned>(path: &Path) -> Result<T, AppError> {
    serde_json::from_slice(&input::json(path)?)
        .map_err(|error| failure::bad_json(path).detail(error))
}
