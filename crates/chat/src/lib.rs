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
mod commands;
mod continuing;
mod conversations;
mod histories;
mod making;
pub mod log;
pub mod messages;
mod models;
mod prompt;
mod state;
mod store;
mod title;
mod turns;
mod upkeep;
mod watching;

pub use app::App;
pub use commands::typescript;
pub use turns::Say;

/// The settings of the history in `places`, for programs that need nothing else of it: nothing
/// is written, and where there is no history, or it cannot be read, they are the defaults.
pub fn stored_settings(places: &hub::Places) -> protocol::Settings {
    store::settings_of(&places.history())
}

#[cfg(test)]
mod tests;
