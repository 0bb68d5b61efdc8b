//! How the hub is reached: by real connections on loopback.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod failures;
mod holding;
mod requests;
mod search;
mod secrets;
mod tls;
mod web;
