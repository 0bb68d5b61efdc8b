//! What goes to the terminal, and how a command ends.

use chat::messages;
use protocol::{AppError, Arg, Language};
use std::io::{self, IsTerminal, Write};

/// How a command ended, other than well.
#[derive(Debug)]
pub(crate) enum Ending {
    /// With a sentence.
    Failed(Box<AppError>),
    /// With what standard output has said already.
    Said,
    /// The reader of standard output has closed it: nobody wants more.
    ReaderGone,
    /// By Ctrl-C.
    Interrupted,
}

impl From<AppError> for Ending {
    fn from(error: AppError) -> Self {
        Ending::Failed(Box::new(error))
    }
}

/// Whom the command speaks with.
#[derive(Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) language: Language,
}

impl Terminal {
    /// A message of the catalogue.
    pub(crate) fn say(&self, key: &str, args: &[(&str, Arg)]) -> String {
        messages::text(self.language, key, args)
    }

    /// A line on standard error, where that is heard.
    pub(crate) fn note(&self, line: &str) {
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// The sentence of a failure.
    pub(crate) fn fail(&self, error: &AppError) {
        self.note(&messages::sentence(error, self.language));
    }

    /// A line that the next one replaces, where standard error is a terminal.
    pub(crate) fn passing(&self, line: &str) {
        if io::stderr().is_terminal() {
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
            let _ = io::stderr().flush();
        }
    }
}

/// Writes to standard output at once.
pub(crate) fn write(bytes: impl AsRef<[u8]>) -> Result<(), Ending> {
    let mut out = io::stdout().lock();
    out.write_all(bytes.as_ref())
        .and_then(|()| out.flush())
        .map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ending::ReaderGone,
            io::ErrorKind::StorageFull => {
                protocol::failure::disk_full("stdout").detail(error).into()
            }
            _ => protocol::failure::file_not_written("stdout")
                .detail(error)
                .into(),
        })
}

/// Writes a line to standard output at once.
pub(crate) fn line(text: &str) -> Result<(), Ending> {
    write(format!("{text}\n"))
}
