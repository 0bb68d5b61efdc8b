//! What has been said, in pieces: reasoning and answer, without the white space around marks.

/// White space as models put it around marks; the wide space that begins a Chinese paragraph is
/// none of it.
pub(super) const SPACE: [char; 4] = [' ', '\n', '\r', '\t'];

/// A piece of what a model says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// More reasoning; with `ended` it comes to its end, and the text may be empty.
    Reasoning { text: String, ended: bool },
    /// More of the answer, never empty.
    Text(String),
}

/// Gathers pieces.
#[derive(Debug, Default)]
pub(super) struct Said {
    pieces: Vec<Piece>,
    /// White space behind reasoning: told once more follows.
    space: String,
    /// Something of the present passage of reasoning was told.
    begun: bool,
    /// Something of any was.
    thought: bool,
    /// White space in front of the answer is the mark's, not the answer's.
    trims: bool,
}

impl Said {
    /// The pieces since the last time.
    pub fn take(&mut self) -> Vec<Piece> {
        std::mem::take(&mut self.pieces)
    }

    pub fn reason(&mut self, text: &str) {
        let text = match self.begun {
            true => text,
            false => text.trim_start_matches(SPACE),
        };
        let end = text.trim_end_matches(SPACE).len();
        if end > 0 {
            let mut more = std::mem::take(&mut self.space);
            if self.thought && !self.begun {
                more.push_str("\n\n"); // passages of one answer are paragraphs
            }
            more.push_str(&text[..end]);
            (self.begun, self.thought) = (true, true);
            match self.pieces.last_mut() {
                Some(Piece::Reasoning { text, ended: false }) => text.push_str(&more),
                _ => self.pieces.push(Piece::Reasoning {
                    text: more,
                    ended: false,
                }),
            }
        }
        if self.begun {
            self.space.push_str(&text[end..]);
        }
    }

    /// The passage of reasoning is at its end; one in which nothing was said is none.
    pub fn end(&mut self) {
        self.space.clear();
        self.trims = true;
        if !std::mem::take(&mut self.begun) {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Reasoning { ended, .. }) => *ended = true,
            _ => self.pieces.push(Piece::Reasoning {
                text: String::new(),
                ended: true,
            }),
        }
    }

    pub fn answer(&mut self, text: &str) {
        let text = match self.trims {
            true => text.trim_start_matches(SPACE),
            false => text,
        };
        if text.is_empty() {
            return;
        }
        self.trims = false;
        match self.pieces.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}
