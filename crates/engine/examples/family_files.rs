//! Writes the tiny models of `tests/golden/families` as GGUF files of every type that llama.cpp
//! answers for (`greedy.mjs` there): `cargo run -p engine --example family_files FOLDER`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a tool of the tests: what fails, panics

#[path = "../tests/common/mod.rs"]
mod common;

use common::family::{KINDS, Row, names};
use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("a folder"));
    for name in names() {
        let row = Row::read(&name);
        if row.gguf.is_none() {
            continue;
        }
        let tensors = row.tensors();
        for kind in KINDS {
            let file = row.gguf_in(&tensors, kind);
            std::fs::write(folder.join(format!("{name}.{kind}.gguf")), file).unwrap();
        }
    }
}
