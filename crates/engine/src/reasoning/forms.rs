//! The marks that open models put around their reasoning, and which of them a model has.

use crate::{Template, Tokenizer};

/// Marks, and the white space that their model writes around them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub open: &'static str,
    pub close: &'static str,
    /// Behind the opening mark.
    pub after_open: &'static str,
    /// In front of the closing mark.
    pub before_close: &'static str,
    /// Between it and the answer.
    pub after_close: &'static str,
}

const fn form(open: &'static str, close: &'static str, space: [&'static str; 3]) -> Form {
    Form {
        open,
        close,
        after_open: space[0],
        before_close: space[1],
        after_close: space[2],
    }
}

/// Each as its models' own chat templates write it.
pub(super) const FORMS: &[Form] = &[
    // Qwen3, QwQ, DeepSeek-R1 and its distills, SmolLM3, OLMo-3-Think, GLM, MiniMax and many more.
    form("<think>", "</think>", ["\n", "\n", "\n\n"]),
    // Magistral, Ministral-Reasoning.
    form("[THINK]", "[/THINK]", ["", "", ""]),
    // Cohere Command-R7B, Command A Reasoning.
    form("<|START_THINKING|>", "<|END_THINKING|>", ["", "", ""]),
    // ByteDance Seed-OSS.
    form("<seed:think>", "</seed:think>", ["", "", "\n"]),
    // ServiceNow Apriel.
    form("<thinking>", "</thinking>", ["\n", "\n", "\n\n"]),
    // Swiss AI Apertus.
    form("<|inner_prefix|>", "<|inner_suffix|>", ["", "", ""]),
];

/// Marks of a form in a vocabulary; without an id a mark is known by its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(super) form: &'static Form,
    pub(super) open_id: Option<u32>,
    pub(super) close_id: Option<u32>,
}

/// The control tokens of harmony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChannelIds {
    pub(super) start: u32,
    pub(super) channel: u32,
    pub(super) message: u32,
    pub(super) end: u32,
}

/// How a model marks its reasoning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Forms {
    /// Between two marks, that of the template first; by none, where this is empty.
    Tags(Vec<Tag>),
    /// In channels.
    Channels(ChannelIds),
}

/// How a prompt leaves the answer that comes behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// With nothing said of it.
    Plain,
    /// In reasoning that its last mark opened; `spaced` where white space follows the mark.
    Tag { at: usize, spaced: bool },
    /// In the words of a channel.
    Words { reasoning: bool },
}

impl Forms {
    /// Those of a model: its vocabulary or its template says which.
    pub fn of(tokenizer: &Tokenizer, template: &Template) -> Forms {
        let id = |text: &str| tokenizer.id(text);
        if let (Some(start), Some(channel), Some(message), Some(end)) = (
            id("<|start|>"),
            id("<|channel|>"),
            id("<|message|>"),
            id("<|end|>"),
        ) {
            return Forms::Channels(ChannelIds {
                start,
                channel,
                message,
                end,
            });
        }
        let mentions = |form: &Form| template.mentions(form.open) || template.mentions(form.close);
        let mut tags: Vec<Tag> = FORMS
            .iter()
            .map(|form| Tag {
                form,
                open_id: id(form.open),
                close_id: id(form.close),
            })
            .filter(|tag| mentions(tag.form) || (tag.open_id.is_some() && tag.close_id.is_some()))
            .collect();
        tags.sort_by_key(|tag| !mentions(tag.form));
        Forms::Tags(tags)
    }

    /// How a rendered prompt ends.
    pub fn opening(&self, prompt: &str) -> Opening {
        match self {
            Forms::Tags(tags) => {
                let end = prompt.trim_end();
                let opened = |tag: &Tag| end.ends_with(tag.form.open);
                match tags.iter().position(opened) {
                    Some(at) => Opening::Tag {
                        at,
                        spaced: end.len() < prompt.len(),
                    },
                    None => Opening::Plain,
                }
            }
            Forms::Channels(_) => {
                let head = prompt.rsplit("<|start|>").next().unwrap_or_default();
                let words = head.split_once("<|message|>");
                match words.filter(|(_, words)| !words.contains("<|end|>")) {
                    Some((head, _)) => {
                        let channel = head.split_once("<|channel|>").map(|(_, name)| name.trim());
                        let reasoning = channel.is_some_and(|name| name != "final");
                        Opening::Words { reasoning }
                    }
                    None => Opening::Plain,
                }
            }
        }
    }
}
