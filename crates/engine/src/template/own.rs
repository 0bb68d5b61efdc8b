//! The templates that a model brings: in the metadata of a GGUF file, or in the files of a folder.

use formats::{Checkpoint, Folder, Header};
use protocol::{AppError, failure};
use serde_json::Value;

/// Most bytes of a file that holds a template, and of one that holds a tokenizer's settings.
const MOST: u64 = 16 << 20;

/// A model's own templates.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// For any conversation.
    pub usual: Option<String>,
    /// For conversations with tools, where that is another one.
    pub for_tools: Option<String>,
}

/// Reads them. An empty template is none.
///
/// Errors: those of [`Folder::read`].
pub(super) fn of(checkpoint: &Checkpoint) -> Result<Own, AppError> {
    let own = match &checkpoint.header {
        Header::Gguf(gguf) => {
            let text = |key: &str| gguf.metadata.text(key).map(str::to_owned);
            Own {
                usual: text("tokenizer.chat_template"),
                for_tools: text("tokenizer.chat_template.tool_use"),
            }
        }
        Header::Folder(folder) => of_folder(folder)?,
    };
    let written = |source: &String| !source.trim().is_empty();
    let usual = own.usual.filter(written);
    let for_tools = own.for_tools.filter(written);
    Ok(Own {
        usual: usual.or_else(|| for_tools.clone()),
        for_tools,
    })
}

/// As transformers looks for them: a file of its own wins over the tokenizer's settings.
fn of_folder(folder: &Folder) -> Result<Own, AppError> {
    let mut own = Own::default();
    for name in ["tokenizer_config.json", "chat_template.json"] {
        if let Some(settings) = folder.json(name, MOST)? {
            let named = in_settings(settings.get("chat_template"));
            own.usual = named.usual.or(own.usual);
            own.for_tools = named.for_tools.or(own.for_tools);
        }
    }
    let text = |name: &str| -> Result<Option<String>, AppError> {
        let Some(bytes) = folder.read(name, MOST)? else {
            return Ok(None);
        };
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| failure::metadata_damaged(&folder.path.join(name)))
    };
    if let Some(usual) = text("chat_template.jinja")? {
        own = Own {
            usual: Some(usual),
            for_tools: None,
        };
    }
    if let Some(tools) = text("additional_chat_templates/tool_use.jinja")? {
        own.for_tools = Some(tools);
    }
    Ok(own)
}

/// One template, or a list of named ones.
fn in_settings(value: Option<&Value>) -> Own {
    match value {
        Some(Value::String(usual)) => Own {
            usual: Some(usual.clone()),
            for_tools: None,
        },
        Some(Value::Array(list)) => {
            let named = |name: &str| {
                let mut all = list.iter();
                let found = all.find(|item| item.get("name").and_then(Value::as_str) == Some(name));
                found?.get("template")?.as_str().map(str::to_owned)
            };
            Own {
                usual: named("default"),
                for_tools: named("tool_use"),
            }
        }
        _ => Own::default(),
    }
}
