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

/// How far something is, drawn: as wide at any time.
pub(crate) fn bar(done: u64, total: u64) -> String {
    const WIDTH: usize = 24;
    let full = match total {
        0 => 0,
        _ => (done.min(total) as f64 / total as f64 * WIDTH as f64) as usize,
    };
    format!("[{}{}]", "#".repeat(full), "-".repeat(WIDTH - full))
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

#[cfg(test)]
mod tests {
    #[test]
    fn a_bar_is_as_full_as_the_work_is_done() {
        let check = |done: u64, total: u64, full: usize| {
            let bar = super::bar(done, total);
            assert_eq!(bar.len(), 26);
            assert_eq!(bar.matches('#').count(), full, "{done}/{total}");
        };
        check(0, 0, 0);
        check(0, 10, 0);
        check(5, 10, 12);
        check(9_999, 10_000, 23);
        check(10, 10, 24);
        check(11, 10, 24);
        check(u64::MAX, u64::MAX, 24);
    }
}
