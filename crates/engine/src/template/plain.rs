//! Keeps what people wrote from becoming commands.
//!
//! A prompt is one text; in it, `<|im_end|>` of the template ends a turn, while `<|im_end|>` of
//! a person are six words. To tell the two apart, the prompt is rendered a second time with the
//! first character of every such passage of a message replaced by a character that occurs
//! nowhere: where that character comes out, no command begins.

use super::Template;
use crate::Tokenizer;
use protocol::{AppError, TemplateInput};
use serde_json::Value;
use std::collections::BTreeMap;

/// A prompt, and where in it no command begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    /// The template's exact output.
    pub text: String,
    /// Byte positions of the text, ascending.
    pub plain: Vec<usize>,
}

pub(super) fn render(
    template: &Template,
    conversation: &TemplateInput,
    tokenizer: &Tokenizer,
) -> Result<Marked, AppError> {
    let text = template.render(conversation)?;
    let commands: Vec<&str> = tokenizer.control_texts().collect();
    let mut said = Vec::new();
    words(&conversation.messages, &mut said);
    words(&conversation.tools, &mut said);
    let said_one = |words: &&String| commands.iter().any(|command| words.contains(command));
    if !said.iter().any(said_one) {
        let plain = Vec::new();
        return Ok(Marked { text, plain });
    }
    let unused = ('\u{e000}'..='\u{f8ff}').filter(|letter| {
        !text.contains(*letter) && !said.iter().any(|words| words.contains(*letter))
    });
    let mut stand_ins = StandIns {
        commands: &commands,
        unused: unused.collect::<Vec<_>>().into_iter(),
        of: BTreeMap::new(),
    };
    let mut marked = conversation.clone();
    for value in marked.messages.iter_mut().chain(&mut marked.tools) {
        stand_ins.mark(value);
    }
    let originals: BTreeMap<char, char> = stand_ins.of.iter().map(|(a, b)| (*b, *a)).collect();
    let mut restored = String::with_capacity(text.len());
    let mut plain = Vec::new();
    // A template that refuses the stand-ins looked into the words too.
    for letter in template.render(&marked).unwrap_or_default().chars() {
        if let Some(original) = originals.get(&letter) {
            plain.push(restored.len());
            restored.push(*original);
        } else {
            restored.push(letter);
        }
    }
    if restored != text {
        // The template looked into the words and did another thing: then every such passage
        // that stands in the prompt as a whole text does is plain.
        plain = passages(&text, conversation, &commands);
    }
    Ok(Marked { text, plain })
}

/// Every text and key in values, in their order.
fn words<'a>(values: impl IntoIterator<Item = &'a Value>, into: &mut Vec<&'a String>) {
    for value in values {
        match value {
            Value::String(text) => into.push(text),
            Value::Array(items) => words(items, into),
            Value::Object(entries) => {
                for (key, value) in entries {
                    into.push(key);
                    words([value], into);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// One stand-in for each character that begins a command: few, since most are `<` or `[`.
struct StandIns<'a> {
    commands: &'a [&'a str],
    unused: std::vec::IntoIter<char>,
    of: BTreeMap<char, char>,
}

impl StandIns<'_> {
    /// Puts them into every text and key of a value.
    fn mark(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.mark_text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mark(item)),
            Value::Object(entries) => {
                *entries = std::mem::take(entries)
                    .into_iter()
                    .map(|(mut key, mut value)| {
                        self.mark_text(&mut key);
                        self.mark(&mut value);
                        (key, value)
                    })
                    .collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn mark_text(&mut self, text: &mut String) {
        let starts = command_starts(text, self.commands);
        if starts.is_empty() {
            return;
        }
        let mut marked = String::with_capacity(text.len() + 2 * starts.len());
        for (at, letter) in text.char_indices() {
            if starts.binary_search(&at).is_err() {
                marked.push(letter);
                continue;
            }
            let stand_in = match self.of.get(&letter) {
                Some(stand_in) => Some(*stand_in),
                None => self.unused.next(),
            };
            // 6,400 stand-ins are enough for any vocabulary but a made-up one.
            let stand_in = stand_in.unwrap_or(letter);
            self.of.insert(letter, stand_in);
            marked.push(stand_in);
        }
        *text = marked;
    }
}

/// Where commands begin in a text, ascending.
fn command_starts(text: &str, commands: &[&str]) -> Vec<usize> {
    let mut starts: Vec<usize> = commands
        .iter()
        .flat_map(|command| overlapping(text, command))
        .collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Every place where `command` stands in `text`, also inside of itself.
fn overlapping<'a>(text: &'a str, command: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + text.get(from..)?.find(command)?;
        from = at + command.chars().next()?.len_utf8();
        Some(at)
    })
}

/// The places of commands inside of the words that were said: those of messages in the order of the
/// prompt, others wherever they stand.
fn passages(text: &str, conversation: &TemplateInput, commands: &[&str]) -> Vec<usize> {
    let mut plain = Vec::new();
    let mut from = 0;
    for message in &conversation.messages {
        let words = message["content"].as_str().unwrap_or_default().trim();
        let starts = command_starts(words, commands);
        match text.get(from..).and_then(|rest| rest.find(words)) {
            Some(at) => {
                plain.extend(starts.iter().map(|start| from + at + start));
                from += at + words.len();
            }
            None => everywhere(text, words, commands, &mut plain),
        }
    }
    let mut others = Vec::new();
    words(&conversation.tools, &mut others);
    for message in conversation.messages.iter().filter_map(Value::as_object) {
        let beside = message
            .iter()
            .filter(|(key, value)| *key != "content" || !value.is_string());
        words(beside.map(|(_, value)| value), &mut others);
    }
    for words in others {
        everywhere(text, words, commands, &mut plain);
    }
    plain.sort_unstable();
    plain.dedup();
    plain
}

/// The places of commands in words, wherever these stand; where they do not stand as they were
/// written, in doubt, every place of those commands.
fn everywhere(text: &str, words: &str, commands: &[&str], plain: &mut Vec<usize>) {
    let starts = command_starts(words, commands);
    if starts.is_empty() {
        return;
    }
    let before = plain.len();
    for at in overlapping(text, words) {
        plain.extend(starts.iter().map(|start| at + start));
    }
    if plain.len() == before {
        for command in commands.iter().filter(|command| words.contains(**command)) {
            plain.extend(overlapping(text, command));
        }
    }
}
