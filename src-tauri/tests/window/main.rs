//! Parley as a person meets it: the real window, the real worker, real models.
//!
//! Needs Xvfb, WebKitWebDriver, xdotool, a window manager and the test models; `cargo xtask test` brings all of them
//! and runs these with `--include-ignored`.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used)] // all of it is tests, also what is called by them

mod apart;
mod bus;
mod computer;
mod deaths;
mod desktop;
mod display;
mod drops;
mod harness;
#[path = "../../../crates/hub/tests/hub_server/mod.rs"]
mod hub_server;
mod installed;
mod library;
mod manners;
mod network;
mod page;
mod policy;
mod readers;
mod screens;
mod session;
mod soak;
mod starts;
mod switching;
mod talking;
