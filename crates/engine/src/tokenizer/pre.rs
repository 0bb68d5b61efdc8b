//! How a text is cut into words before the words are cut into tokens.
//!
//! Each vocabulary was trained with one way of cutting; another gives other ids, so one that is
//! not known is refused. Each takes time that grows with the text's length only.

mod digits;
mod names;
mod pattern;

pub(super) use names::Named;
pub(super) use pattern::Pattern;

use super::bytes::LETTERS;
use protocol::AppError;
use std::borrow::Cow;

/// GPT-2's words.
pub(super) const GPT2: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// Mistral's words, as its `tekken.json` has them.
pub(super) const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A piece of a text on its way to tokens.
pub(super) type Piece<'a> = Cow<'a, str>;

/// Where a piece stands, which decides about a space in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At the beginning of the text.
    Start,
    /// After a command.
    AfterControl,
    /// After another token that was recognised as a whole.
    AfterUser,
    /// Behind what is read already, or in the middle of a piece.
    On,
}

/// One step on the way from a text to words.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Cuts each piece.
    Cut {
        pattern: Pattern,
        behaviour: Behaviour,
        /// What lies between the matches is the match.
        invert: bool,
    },
    /// Puts a space in front of a piece that has none.
    Space,
    /// Writes each byte as the letter that stands for it.
    Letters,
    /// Writes spaces as `▁`, and puts one in front.
    Meta {
        replacement: char,
        prepend: Prepend,
        /// Cuts before each of them.
        split: bool,
    },
}

/// Before which pieces a space is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prepend {
    Never,
    /// The text's beginning.
    First,
    /// The beginning, and what follows a command.
    Control,
    /// The beginning, and what follows any token that was recognised.
    Always,
}

impl Prepend {
    pub fn at(self, place: Place) -> bool {
        match self {
            Prepend::Never => false,
            Prepend::First => place == Place::Start,
            Prepend::Control => matches!(place, Place::Start | Place::AfterControl),
            Prepend::Always => place != Place::On,
        }
    }
}

/// What becomes of matches; the names are those of `tokenizer.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

impl Step {
    /// Matches and what lies between them become pieces.
    ///
    /// Errors: `tokenizer-damaged`.
    pub fn isolated(expression: &str) -> Result<Step, AppError> {
        Ok(Step::Cut {
            pattern: Pattern::of(expression)?,
            behaviour: Behaviour::Isolated,
            invert: false,
        })
    }

    /// Errors: `tokenizer-damaged`, where an expression gives up on this text.
    fn apply<'a>(
        &self,
        piece: Piece<'a>,
        place: Place,
        pieces: &mut Vec<Piece<'a>>,
    ) -> Result<(), AppError> {
        match self {
            Step::Cut {
                pattern,
                behaviour,
                invert,
            } => {
                let spans = spans(&piece, pattern, *behaviour, *invert)?;
                match piece {
                    Cow::Borrowed(text) => {
                        pieces.extend(spans.into_iter().map(|(from, to)| text[from..to].into()));
                    }
                    Cow::Owned(text) if spans == [(0, text.len())] => pieces.push(text.into()),
                    Cow::Owned(text) => {
                        let cut = |(from, to)| Cow::Owned(String::from(&text[from..to]));
                        pieces.extend(spans.into_iter().map(cut));
                    }
                }
            }
            Step::Space if piece.starts_with(' ') || place == Place::On => pieces.push(piece),
            Step::Space => pieces.push(format!(" {piece}").into()),
            Step::Letters => {
                let letters = piece.bytes().map(|byte| LETTERS[usize::from(byte)]);
                pieces.push(letters.collect::<String>().into());
            }
            Step::Meta {
                replacement,
                prepend,
                split,
            } => {
                let mut text = piece.replace(' ', replacement.encode_utf8(&mut [0; 4]));
                if prepend.at(place) && !text.starts_with(*replacement) {
                    text.insert(0, *replacement);
                }
                if !split {
                    pieces.push(text.into());
                    return Ok(());
                }
                let pattern = Pattern::Text(replacement.to_string());
                for (from, to) in spans(&text, &pattern, Behaviour::MergedWithNext, false)? {
                    pieces.push(text[from..to].to_owned().into());
                }
            }
        }
        Ok(())
    }
}

/// The words of a text, in order.
///
/// Errors: `tokenizer-damaged`, where an expression gives up on this text.
pub(super) fn words<'a>(
    steps: &[Step],
    text: Piece<'a>,
    place: Place,
) -> Result<Vec<Piece<'a>>, AppError> {
    let mut words = vec![text];
    words.retain(|text| !text.is_empty());
    for step in steps {
        let mut next = Vec::with_capacity(words.len() * 2);
        for (number, word) in words.into_iter().enumerate() {
            // "Always" means every piece, "first" only the one where the text begins.
            let place = match place {
                Place::Start if number > 0 => Place::AfterUser,
                place => place,
            };
            step.apply(word, place, &mut next)?;
        }
        words = next;
    }
    Ok(words)
}

/// The pieces of a text, none of them empty.
fn spans(
    text: &str,
    pattern: &Pattern,
    behaviour: Behaviour,
    invert: bool,
) -> Result<Vec<(usize, usize)>, AppError> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut before = None; // whether the last piece was a match
    let mut add = |from: usize, to: usize, matched: bool| {
        let matched = matched != invert;
        let joins = match behaviour {
            Behaviour::Removed | Behaviour::Isolated => false,
            Behaviour::MergedWithPrevious => matched && before == Some(false),
            Behaviour::MergedWithNext => !matched && before == Some(true),
            Behaviour::Contiguous => before == Some(matched),
        };
        before = Some(matched);
        match spans.last_mut().filter(|_| joins) {
            Some(last) => last.1 = to,
            None if matched && behaviour == Behaviour::Removed => {}
            None if from < to => spans.push((from, to)),
            None => {}
        }
    };
    let mut end = 0;
    for (from, to) in pattern.matches(text)? {
        if from > end {
            add(end, from, false);
        }
        add(from, to, true);
        end = to;
    }
    if end < text.len() {
        add(end, text.len(), false);
    }
    Ok(spans)
}

#[cfg(test)]
mod tests;
