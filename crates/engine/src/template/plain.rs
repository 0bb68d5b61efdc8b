//! Keeps what people wrote from becoming commands.
//!
//! A prompt is one text; in it, `<|im_end|>` of the template ends a turn, while `<|im_end|>` of
//! a person are six words. To tell the two apart, the prompt is rendered a second time with the
//! first character of every such passage of a message replaced by a character that occurs
//! nowhere: where that character comes out, no command begins.

use super::Template;
use crate::Tokenizer;
use protocol::{AppError, PromptMessage};
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
    messages: &[PromptMessage],
    tokenizer: &Tokenizer,
) -> Result<Marked, AppError> {
    let text = template.render(messages, true)?;
    let commands: Vec<&str> = tokenizer.control_texts().collect();
    let mut starts: Vec<Vec<usize>> = Vec::with_capacity(messages.len());
    for words in messages.iter().flat_map(words) {
        starts.push(command_starts(words, &commands));
    }
    if starts.iter().all(Vec::is_empty) {
        let plain = Vec::new();
        return Ok(Marked { text, plain });
    }
    let mut unused = ('\u{e000}'..='\u{f8ff}').filter(|letter| {
        let mut said = messages.iter().flat_map(words);
        !text.contains(*letter) && !said.any(|words| words.contains(*letter))
    });
    // One stand-in for each character that begins a command: few, since most are `<` or `[`.
    let mut stand_ins: BTreeMap<char, char> = BTreeMap::new();
    let mut marked = messages.to_vec();
    let all = marked.iter_mut().flat_map(|message| {
        let PromptMessage {
            content, reasoning, ..
        } = message;
        std::iter::once(content).chain(reasoning)
    });
    for (words, starts) in all.zip(&starts) {
        let mut plain = String::with_capacity(words.len() + 2 * starts.len());
        for (at, letter) in words.char_indices() {
            if starts.binary_search(&at).is_err() {
                plain.push(letter);
                continue;
            }
            let stand_in = match stand_ins.get(&letter) {
                Some(stand_in) => Some(*stand_in),
                None => unused.next(),
            };
            // 6,400 stand-ins are enough for any vocabulary but a made-up one.
            let stand_in = stand_in.unwrap_or(letter);
            stand_ins.insert(letter, stand_in);
            plain.push(stand_in);
        }
        *words = plain;
    }
    let originals: BTreeMap<char, char> = stand_ins.iter().map(|(a, b)| (*b, *a)).collect();
    let mut restored = String::with_capacity(text.len());
    let mut plain = Vec::new();
    for letter in template.render(&marked, true)?.chars() {
        if let Some(original) = originals.get(&letter) {
            plain.push(restored.len());
            restored.push(*original);
        } else {
            restored.push(letter);
        }
    }
    if restored != text {
        // The template looked into the words and did another thing: then every such passage
        // that stands in the prompt as a whole message does is plain.
        plain = passages(&text, messages, &commands);
    }
    Ok(Marked { text, plain })
}

/// What was said and thought in a message: words, none of them commands.
fn words(message: &PromptMessage) -> impl Iterator<Item = &str> {
    std::iter::once(message.content.as_str()).chain(message.reasoning.as_deref())
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

/// The places of commands inside of the messages' words, found in the order of the prompt.
fn passages(text: &str, messages: &[PromptMessage], commands: &[&str]) -> Vec<usize> {
    let mut plain = Vec::new();
    let mut from = 0;
    for words in messages.iter().flat_map(words) {
        let words = words.trim();
        let Some(at) = text.get(from..).and_then(|rest| rest.find(words)) else {
            // Not there as it was written: in doubt, its commands are plain everywhere.
            for command in commands.iter().filter(|command| words.contains(**command)) {
                plain.extend(overlapping(text, command));
            }
            continue;
        };
        plain.extend(
            command_starts(words, commands)
                .iter()
                .map(|start| from + at + start),
        );
        from += at + words.len();
    }
    plain.sort_unstable();
    plain.dedup();
    plain
}
