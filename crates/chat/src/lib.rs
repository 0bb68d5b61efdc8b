//! The application core: conversations (each a tree of messages), turns, settings and the one
//! command table, on a history that several processes may share. Temporary conversations are in
//! memory only.
//!
//! [`App`] is what a window or the command line holds. Every change is committed before anyone
//! is told of it; what is told are numbered events, so that a window can be rebuilt at any
//! moment from a snapshot and the events after it.

mod answering;
mod app;
mod branches;
mod catalogue;
mod commands;
mod continuing;
mod conversations;
pub mod diagnostics;
mod downloads;
mod drafting;
mod histories;
mod library;
mod library_work;
pub mod log;
mod making;
pub mod messages;
mod models;
mod network;
mod prompt;
mod reading;
mod state;
mod store;
mod title;
mod turns;
mod upkeep;
mod watching;
mod words;

pub use app::App;
pub use commands::typescript;
pub use library::{add_chosen, installed_used};
pub use store::look::HistoryFacts;
pub use turns::Say;

/// The settings of the history in `places`, for programs that need nothing else of it: nothing
/// is written, and where there is no history, or it cannot be read, they are the defaults.
pub fn stored_settings(places: &hub::Places) -> protocol::Settings {
    store::settings_of(&places.history())
}

/// Notes in the history in `places` where models that are fetched are put from now on. Errors: those of
/// opening the history.
pub fn set_library(
    places: &hub::Places,
    folder: &std::path::Path,
) -> Result<(), protocol::AppError> {
    let mut store = store::Store::open(&places.history(), &places.runs())?;
    let mut settings = store.read(store::setting::read)?;
    settings.library = Some(folder.display().to_string());
    store.write(|writing| {
        store::setting::write(writing, &settings)?;
        store::setting::write_moving(writing, None)
    })
}

/// Notes in the history in `places` that the library is being moved there, for whoever has to go
/// on with it after a kill; None: that has ended. Errors: those of opening the history.
pub fn note_move(
    places: &hub::Places,
    folder: Option<&std::path::Path>,
) -> Result<(), protocol::AppError> {
    let mut store = store::Store::open(&places.history(), &places.runs())?;
    let to = folder.map(|folder| Some(folder.display().to_string()));
    store.write(|writing| store::setting::write_moving(writing, to.as_ref()))
}

/// How the history in `places` stands, without changing it; None where there is none. Where
/// `whole` is asked for, all of it is read and checked. Errors: `history-damaged`,
/// `history-newer`, `history-busy`, `history-read-only`.
pub fn history_facts(
    places: &hub::Places,
    whole: bool,
) -> Result<Option<HistoryFacts>, protocol::AppError> {
    store::look::look(&places.history(), whole)
}

#[cfg(test)]
mod tests;
