//! Reasoning between two marks: `<think>…</think>` and its likes.

use super::forms::{Opening, Tag};
use super::said::{SPACE, Said};

/// Looks for the marks of one answer.
pub(super) struct Tags<'a> {
    tags: &'a [Tag],
    place: Place,
    /// Text that may yet turn out to be a mark, or white space in front of one.
    held: String,
}

/// Where in an answer. The numbers are indices of `tags`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing of the answer has been said: a mark may open reasoning.
    Lead,
    /// Nothing has been said since a mark was opened: the same mark once more means nothing.
    Opened(usize),
    Thinking(usize),
    Answer,
}

impl<'a> Tags<'a> {
    pub fn new(tags: &'a [Tag], opening: Opening) -> Tags<'a> {
        let place = match opening {
            Opening::Tag { at, .. } if at < tags.len() => Place::Opened(at),
            _ if tags.is_empty() => Place::Answer,
            _ => Place::Lead,
        };
        Tags {
            tags,
            place,
            held: String::new(),
        }
    }

    pub fn is_mark(&self, id: u32) -> bool {
        let id = Some(id);
        let mut tags = self.tags.iter();
        tags.any(|tag| tag.open_id == id || tag.close_id == id)
    }

    pub fn is_reasoning(&self) -> bool {
        matches!(self.place, Place::Opened(_) | Place::Thinking(_))
    }

    /// Takes a token, where it is a mark here; says whether it did.
    pub fn token(&mut self, id: u32, said: &mut Said) -> bool {
        let id = Some(id);
        match self.place {
            Place::Answer => return false,
            Place::Lead => {
                if let Some(at) = self.tags.iter().position(|tag| tag.open_id == id)
                    && self.held.trim_start_matches(SPACE).is_empty()
                {
                    self.held.clear();
                    self.place = Place::Opened(at);
                    return true;
                }
            }
            Place::Opened(at) | Place::Thinking(at) => {
                let tag = &self.tags[at];
                if tag.close_id == id {
                    said.reason(&std::mem::take(&mut self.held));
                    said.end();
                    self.place = Place::Lead;
                    return true;
                }
                let again = self.place == Place::Opened(at) && tag.open_id == id;
                if again && self.held.trim_start_matches(SPACE).is_empty() {
                    return true;
                }
            }
        }
        false
    }

    pub fn text(&mut self, text: &str, said: &mut Said) {
        self.held.push_str(text);
        loop {
            match self.place {
                Place::Answer => return said.answer(&std::mem::take(&mut self.held)),
                Place::Lead => match self.opens(0..self.tags.len()) {
                    Opens::Perhaps => return,
                    Opens::Yes(at) => self.place = Place::Opened(at),
                    Opens::No => self.place = Place::Answer,
                },
                Place::Opened(at) => match self.opens(at..at + 1) {
                    Opens::Perhaps => return,
                    Opens::Yes(_) => {}
                    Opens::No => self.place = Place::Thinking(at),
                },
                Place::Thinking(at) => {
                    let Tag { form, close_id, .. } = self.tags[at];
                    if close_id.is_some() {
                        return said.reason(&std::mem::take(&mut self.held));
                    }
                    if let Some(end) = self.held.find(form.close) {
                        said.reason(&self.held[..end]);
                        said.end();
                        self.held.drain(..end + form.close.len());
                        self.place = Place::Lead;
                        continue;
                    }
                    let keep = (1..form.close.len())
                        .rev()
                        .find(|length| self.held.ends_with(&form.close[..*length]))
                        .unwrap_or(0);
                    let tell = self.held.len() - keep;
                    said.reason(&self.held[..tell]);
                    self.held.drain(..tell);
                    return;
                }
            }
        }
    }

    /// The model has ended its turn: what was held was no mark.
    pub fn finish(&mut self, said: &mut Said) {
        let held = std::mem::take(&mut self.held);
        match self.place {
            Place::Lead | Place::Answer => said.answer(&held),
            Place::Opened(_) | Place::Thinking(_) => {
                said.reason(&held);
                said.end();
            }
        }
    }

    /// Whether the held text is an opening mark in letters; one that is, is taken out.
    fn opens(&mut self, among: std::ops::Range<usize>) -> Opens {
        let begun = self.held.trim_start_matches(SPACE);
        if begun.is_empty() {
            return Opens::Perhaps;
        }
        let mut perhaps = false;
        for at in among {
            let Tag { form, open_id, .. } = self.tags[at];
            if open_id.is_some() {
                continue;
            }
            if let Some(rest) = begun.strip_prefix(form.open) {
                self.held = rest.to_owned();
                return Opens::Yes(at);
            }
            perhaps |= form.open.starts_with(begun);
        }
        match perhaps {
            true => Opens::Perhaps,
            false => Opens::No,
        }
    }
}

enum Opens {
    Yes(usize),
    /// More text is needed to tell.
    Perhaps,
    No,
}
