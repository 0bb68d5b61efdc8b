//! What a person types, line by line: with editing in a terminal, plainly from a pipe.

use rustyline::{DefaultEditor, error::ReadlineError};
use std::{
    io::{BufRead, IsTerminal},
    thread,
};
use tokio::sync::mpsc;

/// What came.
pub(super) enum Line {
    Said(String),
    /// Ctrl-C at the prompt.
    Interrupted,
    /// Bytes that are not text; they are passed over.
    NotText(usize),
    End,
}

/// Reads lines on a thread of its own, since reading blocks; one for each time it is asked.
pub(super) struct Lines {
    ask: std::sync::mpsc::Sender<()>,
    lines: mpsc::UnboundedReceiver<Line>,
}

impl Lines {
    pub(super) fn new() -> Lines {
        let (ask, asked) = std::sync::mpsc::channel();
        let (tell, lines) = mpsc::unbounded_channel();
        thread::spawn(move || {
            let mut read = reader();
            while asked.recv().is_ok() {
                let line = read();
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Lines { ask, lines }
    }

    /// The next line.
    pub(super) async fn next(&mut self) -> Line {
        match self.ask.send(()) {
            Ok(()) => self.lines.recv().await.unwrap_or(Line::End),
            Err(_) => Line::End,
        }
    }
}

fn reader() -> Box<dyn FnMut() -> Line> {
    if std::io::stdin().is_terminal()
        && let Ok(editor) = DefaultEditor::new()
    {
        return edited(editor);
    }
    let mut place = 0;
    Box::new(move || {
        let mut bytes = Vec::new();
        match std::io::stdin().lock().read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return Line::End,
            Ok(_) => {}
        }
        let start = place;
        place += bytes.len();
        match String::from_utf8(bytes) {
            Ok(line) => Line::Said(line),
            Err(error) => Line::NotText(start + error.utf8_error().valid_up_to()),
        }
    })
}

fn edited(mut editor: DefaultEditor) -> Box<dyn FnMut() -> Line> {
    Box::new(move || match editor.readline("> ") {
        Ok(line) => {
            // Only for the arrow keys: what was said is in the history of conversations.
            let _ = editor.add_history_entry(&line);
            Line::Said(line)
        }
        Err(ReadlineError::Interrupted) => Line::Interrupted,
        Err(_) => Line::End,
    })
}
