//! The log: what happened, for whoever looks for the cause of a trouble. Never what was said, no
//! token, nothing that Parley itself would read again, and never a reason to fail.

mod failures;
mod file;
mod redact;

pub use failures::failed;
pub(crate) use failures::last as last_failures;
pub(crate) use redact::Redaction;

use file::LogFile;
use hub::Places;
use std::{
    fmt::Write as _,
    io::{self, Write as _},
    panic,
};
use tracing::{Event, Level, Metadata, Subscriber, field::Field};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

/// The crates whose events are written. Others could say anything.
const OURS: &[&str] = &["chat", "hub", "runtime", "parley", "parley_desktop"];
/// Fields with words of others, which may quote what they were given.
const QUOTING: &[&str] = &["detail", "words"];
/// Bytes of the longest line.
const LONGEST: usize = 12_000;

/// From here on what happens in this process is written to the log in `places`, panics too. Where
/// that cannot be written, nothing is. To be called once; a second call changes nothing.
pub fn begin(places: &Places) {
    let lines = Lines {
        file: LogFile::new(places.logs()),
        redaction: Redaction::of_this_person(),
    };
    let subscriber = tracing_subscriber::registry().with(lines);
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        return;
    }
    panic::set_hook(Box::new(|panic| {
        // Words that were put together may hold what was said.
        let constant = panic.payload().downcast_ref::<&'static str>();
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, words = constant, "panic");
        // A desktop's session keeps in a journal what is written there.
        let (place, words) = (place.unwrap_or_default(), constant.unwrap_or(&""));
        let _ = writeln!(io::stderr(), "panic at {place}: {words}");
    }));
}

/// A process of the window's page has ended; `reason` is the system's word for why.
pub fn page_died(reason: &str) {
    tracing::error!(reason, "the page's process ended");
}

/// The last lines of the log in `places`, the oldest first.
pub(crate) fn last_lines(places: &Places, most: usize) -> Vec<String> {
    LogFile::new(places.logs()).last_lines(most)
}

/// Turns events into lines.
struct Lines {
    file: LogFile,
    redaction: Redaction,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let origin = metadata.target().split("::").next().unwrap_or_default();
        metadata.is_event() && *metadata.level() <= Level::INFO && OURS.contains(&origin)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        let line = format!(
            "{} {:5} [{}] {}{}",
            now(),
            event.metadata().level(),
            std::process::id(),
            words.message,
            words.fields
        );
        let mut line = self.redaction.apply(&line);
        if line.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|at| line.is_char_boundary(*at));
            line.truncate(end.unwrap_or(0));
            line.push('…');
        }
        self.file.append(&line);
    }
}

/// An event's message, and its fields as ` name=value`.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Words {
    fn add(&mut self, field: &Field, value: &str) {
        let value = match QUOTING.contains(&field.name()) {
            true => protocol::failure::without_quotes(value),
            false => value.to_owned(),
        };
        let _ = match field.name() {
            "message" => write!(self.message, "{}", one_line(&value)),
            name if value.contains(char::is_whitespace) => {
                write!(self.fields, " {name}=[{}]", one_line(&value))
            }
            name => write!(self.fields, " {name}={}", one_line(&value)),
        };
    }
}

impl tracing::field::Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

/// Control characters would end the line, or move the cursor of whoever reads it.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' => '⏎',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect()
}

/// Such as `2026-11-22T12:34:56.789Z`.
pub(crate) fn now() -> String {
    moment(std::time::SystemTime::now())
}

/// The same of another moment.
pub(crate) fn moment(at: std::time::SystemTime) -> String {
    let at = time::OffsetDateTime::from(at);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )
}
