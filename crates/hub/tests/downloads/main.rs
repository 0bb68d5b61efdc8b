//! Fetching models from a hub of our own: what comes is whole and right whatever happens on the
//! way, and lies where Python's huggingface_hub has it.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod disk;
mod fails;
mod hf_hub;
#[path = "../hub_server/mod.rs"]
mod hub_server;
mod kills;
mod leaks;
mod lies;
mod queue;
mod scene;
mod speed;
#[path = "../support/mod.rs"]
mod support;
mod updates;
