//! The beginning of an answer as its model would have written it: marks, reasoning and answer.

use super::forms::{Forms, Opening, Tag};
use crate::{Cancel, Tokenizer};
use protocol::{AppError, Part, reasoning_of, text_of};

/// Ids, and words that are not yet cut into ids.
struct Ink<'a> {
    tokenizer: &'a Tokenizer,
    cancel: &'a Cancel,
    ids: Vec<u32>,
    words: String,
}

impl Ink<'_> {
    /// Writes out the words; what is in them is never a control token.
    ///
    /// Errors: those of [`Tokenizer::encode`]; `cancelled`.
    fn dry(&mut self) -> Result<(), AppError> {
        let words = std::mem::take(&mut self.words);
        let ids = self.tokenizer.encode_on(&words, self.cancel)?;
        self.ids.extend(ids);
        Ok(())
    }

    fn mark(&mut self, text: &str, id: Option<u32>) -> Result<(), AppError> {
        match id {
            Some(id) => {
                self.dry()?;
                self.ids.push(id);
            }
            None => self.words.push_str(text),
        }
        Ok(())
    }
}

impl Forms {
    /// The ids of `parts` behind a prompt that ends as `opening` says; none of no parts.
    ///
    /// Errors: those of [`Tokenizer::encode`]; `cancelled`.
    pub fn written(
        &self,
        parts: &[Part],
        opening: Opening,
        tokenizer: &Tokenizer,
        cancel: &Cancel,
    ) -> Result<Vec<u32>, AppError> {
        let (reasoning, text) = (reasoning_of(parts), text_of(parts));
        if reasoning.is_empty() && text.is_empty() {
            return Ok(Vec::new());
        }
        let ended = has_ended(parts);
        let mut ink = Ink {
            tokenizer,
            cancel,
            ids: Vec::new(),
            words: String::new(),
        };
        match self {
            Forms::Tags(tags) => write_tags(tags, opening, [&reasoning, &text], ended, &mut ink)?,
            Forms::Channels(ids) => {
                let in_words = matches!(opening, Opening::Words { .. });
                if !reasoning.is_empty() {
                    if !in_words {
                        ink.ids.push(ids.channel);
                        ink.words.push_str("analysis");
                        ink.dry()?;
                        ink.ids.push(ids.message);
                    }
                    ink.words.push_str(&reasoning);
                    ink.dry()?;
                }
                let goes_over = match opening {
                    Opening::Words { reasoning } => reasoning,
                    _ => !reasoning.is_empty(),
                };
                if ended && goes_over {
                    ink.ids.extend([ids.end, ids.start]);
                    ink.words.push_str("assistant");
                    ink.dry()?;
                }
                if ended && (goes_over || !in_words) {
                    ink.ids.push(ids.channel);
                    ink.words.push_str("final");
                    ink.dry()?;
                    ink.ids.push(ids.message);
                }
            }
        }
        ink.words.push_str(&text);
        ink.dry()?;
        Ok(ink.ids)
    }
}

/// Whether the answer itself has begun, or is to begin next.
pub(crate) fn has_ended(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Reasoning { ended, .. } => *ended,
        Part::Text { text } => !text.is_empty(),
    })
}

fn write_tags(
    tags: &[Tag],
    opening: Opening,
    [reasoning, text]: [&str; 2],
    ended: bool,
    ink: &mut Ink<'_>,
) -> Result<(), AppError> {
    let opened = match opening {
        Opening::Tag { at, spaced } => tags.get(at).map(|tag| (tag, spaced)),
        _ => None,
    };
    let Some(tag) = opened.map(|(tag, _)| tag).or(tags.first()) else {
        return Ok(());
    };
    if opened.is_none() && reasoning.is_empty() {
        return Ok(()); // it did not think
    }
    if opened.is_none() {
        ink.mark(tag.form.open, tag.open_id)?;
    }
    if !opened.is_some_and(|(_, spaced)| spaced) {
        ink.words.push_str(tag.form.after_open);
    }
    ink.words.push_str(reasoning);
    if ended || !text.is_empty() {
        ink.words.push_str(tag.form.before_close);
        ink.mark(tag.form.close, tag.close_id)?;
        ink.words.push_str(tag.form.after_close);
    }
    Ok(())
}
