//! `parley render`: the exact output of a model file's chat template.

use crate::{
    arguments::Render,
    input,
    output::{self, Ending},
};
use protocol::{PromptMessage, failure};
use runtime::Runtime;

/// Renders the messages; nothing is added at the end.
pub(crate) async fn run(options: Render, engine: &Runtime) -> Result<(), Ending> {
    let json = input::json(&options.messages)?;
    let messages: Vec<PromptMessage> = serde_json::from_slice(&json)
        .map_err(|error| failure::bad_json(&options.messages).detail(error))?;
    let text = engine
        .render(&options.file, messages, !options.no_generation_prompt)
        .await?;
    output::write(&text)
}
