//! What a model thinks before it answers: on standard error, dimmed in a terminal, so that
//! standard output has the answer alone.

use std::io::{self, IsTerminal, Write};

/// Shows reasoning, where anybody wants it.
pub(super) struct Thoughts {
    is_shown: bool,
    is_dim: bool,
    /// Something was shown, and no line ended behind it.
    is_open: bool,
}

impl Thoughts {
    /// `asked`: also where standard error or standard output is no terminal.
    pub(super) fn new(asked: bool) -> Thoughts {
        let is_dim = io::stderr().is_terminal();
        Thoughts {
            is_shown: asked || (is_dim && io::stdout().is_terminal()),
            is_dim,
            is_open: false,
        }
    }

    /// More of it, as it comes.
    pub(super) fn more(&mut self, text: &str) {
        if !self.is_shown || text.is_empty() {
            return;
        }
        self.is_open = true;
        self.write(&match self.is_dim {
            true => format!("\x1b[2m{text}\x1b[22m"),
            false => text.to_owned(),
        });
    }

    /// The answer comes, or nothing more.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.write("\n\n");
        }
    }

    /// Standard error is written to where it is heard.
    fn write(&self, text: &str) {
        let mut out = io::stderr().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}
