//! The words everyone shares: messages, model identity, requests and events, failures.
//!
//! Plain data with public fields. A type lives here when two crates, or a crate and the
//! window, say it to each other; what outlives a release (rows, settings files) has private
//! structs beside the code that reads it.

mod bench;
mod catalogue;
mod command;
mod conversation;
mod download;
mod drafting;
mod event;
pub mod failure;
mod fit;
mod generate;
mod hex;
mod hub;
mod identity;
mod keeping;
mod kv;
mod message;
mod network;
mod receipt;
mod settings;
mod weight_type;
mod window;
mod worker;

pub use bench::*;
pub use catalogue::*;
pub use command::*;
pub use conversation::*;
pub use download::*;
pub use drafting::*;
pub use event::*;
pub use failure::{AppError, Arg, FAILURES};
pub use fit::*;
pub use generate::*;
pub use hub::*;
pub use identity::*;
pub use keeping::*;
pub use kv::*;
pub use message::*;
pub use network::*;
pub use receipt::*;
pub use settings::*;
pub use weight_type::*;
pub use window::*;
pub use worker::*;
