//! The templates that a model brings: in the metadata of a GGUF file, or in the files of a folder.

use crate::{Checkpoint, Folder, Header};
use protocol::{AppError, failure};
use serde_json::Value;

/// Most bytes of a file that holds a template, and of one that holds a tokenizer's settings.
const MOST: u64 = 16 << 20;

/// A model's own chat templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// For any conversation.
    pub usual: Option<String>,
    /// For conversations with tools, where that is another one.
    pub for_tools: Option<String>,
}

impl Templates {
    /// Reads them. An empty template is none.
    ///
    /// Errors: those of [`Folder::read`].
    pub fn of(checkpoint: &Checkpoint) -> Result<Templates, AppError> {
        let own = match &checkpoint.header {
            Header::Gguf(gguf) => {
                let text = |key: &str| gguf.metadata.text(key).map(str::to_owned);
                Templates {
                    usual: text("tokenizer.chat_template"),
                    for_tools: text("tokenizer.chat_template.tool_use"),
                }
            }
            Header::Folder(folder) => of_folder(folder)?,
        };
        let written = |source: &String| !source.trim().is_empty();
        let usual = own.usual.filter(written);
        let for_tools = own.for_tools.filter(written);
        Ok(Templates {
            usual: usual.or_else(|| for_tools.clone()),
            for_tools,
        })
    }
}

/// As transformers looks for them: a file of its own wins over the tokenizer's settings.
fn of_folder(folder: &Folder) -> Result<Templates, AppError> {
    let mut own = Templates::default();
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
        own = Templates {
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
fn in_settings(value: Option<&Value>) -> Templates {
    match value {
        Some(Value::String(usual)) => Templates {
            usual: Some(usual.clone()),
            for_tools: None,
        },
        Some(Value::Array(list)) => {
            let named = |name: &str| {
                let mut all = list.iter();
                let found = all.find(|item| item.get("name").and_then(Value::as_str) == Some(name));
                found?.get("template")?.as_str().map(str::to_owned)
            };
            Templates {
                usual: named("default"),
                for_tools: named("tool_use"),
            }
        }
        _ => Templates::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folders_templates_are_found_as_transformers_finds_them() {
        let check = |files: &[(&str, &str)], usual: Option<&str>, for_tools: Option<&str>| {
            let place = tempfile::tempdir().unwrap();
            fs::create_dir(place.path().join("additional_chat_templates")).unwrap();
            fs::write(place.path().join("config.json"), "{}").unwrap();
            for (name, words) in files {
                fs::write(place.path().join(name), words).unwrap();
            }
            let found = of_folder(&Folder::open(place.path()).unwrap()).unwrap();
            let expected = Templates {
                usual: usual.map(str::to_owned),
                for_tools: for_tools.map(str::to_owned),
            };
            assert_eq!(found, expected, "{files:?}");
        };
        const SETTINGS: &str = "tokenizer_config.json";
        let named = r#"{"chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]}"#;
        check(&[], None, None);
        check(&[(SETTINGS, r#"{"chat_template": "A"}"#)], Some("A"), None);
        check(&[(SETTINGS, r#"{"chat_template": null}"#)], None, None);
        check(&[(SETTINGS, named)], Some("D"), Some("T"));
        check(
            &[("chat_template.json", r#"{"chat_template": "J"}"#)],
            Some("J"),
            None,
        );
        let file = ("chat_template.jinja", "F");
        check(&[(SETTINGS, named), file], Some("F"), None);
        let tools = ("additional_chat_templates/tool_use.jinja", "X");
        check(&[file, tools], Some("F"), Some("X"));
    }
}
