//! Parley as a person meets it: the real window, the real worker, real models.
//!
//! Needs Xvfb, WebKitWebDriver, xdotool and the test models; `cargo xtask test` brings all of them
//! and runs these with `--include-ignored`.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used)] // all of it is tests, also what is called by them

mod apart;
mod computer;
mod deaths;
mod desktop;
mod display;
mod harness;
mod installed;
mod network;
mod page;
mod policy;
mod screens;
mod soak;
mod switching;
mod talking;
