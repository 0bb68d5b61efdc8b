//! The words everyone shares: messages, model identity, requests and events, failures.
//!
//! Plain data with public fields. A type lives here when two crates, or a crate and the
//! window, say it to each other; what outlives a release (rows, settings files) has private
//! structs beside the code that reads it.

mod bench;
mod catalogue;
mod command;
mod conversation;
mod event;
pub mod failure;
mod generate;
mod hex;
mod identity;
mod kv;
mod message;
mod receipt;
mod settings;
mod weight_type;
mod window;
mod worker;

pub use bench::*;
pub use catalogue::*;
pub use command::*;
pub use conversation::*;
pub use event::*;
pub use failure::{AppError, Arg, FAILURES};
pub use generate::*;
pub use identity::*;
pub use kv::*;
pub use message::*;
pub use receipt::*;
pub use settings::*;
pub use weight_type::*;
pub use window::*;
pub use worker::*;
