//! Every family against transformers and llama.cpp, on the tiny models of
//! `tests/golden/families`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::family::{Row, golden, weights};

#[test]
fn prompts_are_the_generators() {
    for name in names() {
        let row = Row::read(&name);
        let size = row.config["vocab_size"].as_u64().unwrap().min(384);
        let cases = [
            ("first", &row.first),
            ("second", &row.second),
            ("long", &row.long),
        ];
        for (case, ids) in cases {
            assert_eq!(
                weights::ids(&format!("{name} {case}"), ids.len(), size),
                *ids
            );
        }
    }
}

#[test]
fn files_are_the_converters() {
    for name in names() {
        let row = Row::read(&name);
        if row.gguf.is_some() {
            row.gguf(&row.tensors());
        }
    }
}

/// All rows.
fn names() -> Vec<String> {
    let files = std::fs::read_dir(golden().join("rows")).unwrap();
    let name = |file: std::io::Result<std::fs::DirEntry>| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json").map(str::to_owned)
    };
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    names
}

/// Types whose files llama.cpp has answered for.
const KINDS: [&str; 7] = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"];

#[test]
#[ignore = "writes the files for greedy.mjs into $PARLEY_FAMILIES"]
fn write_files() {
    let folder = std::path::PathBuf::from(std::env::var_os("PARLEY_FAMILIES").unwrap());
    for name in names() {
        let row = Row::read(&name);
        if row.gguf.is_some() {
            let tensors = row.tensors();
            for kind in KINDS {
                let file = row.gguf_in(&tensors, kind);
                std::fs::write(folder.join(format!("{name}.{kind}.gguf")), file).unwrap();
            }
        }
    }
}
