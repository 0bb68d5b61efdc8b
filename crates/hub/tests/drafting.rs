//! Which models may propose tokens for which.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod support;

use hub::Hub;
use protocol::{DraftChoice, ModelEntry, ModelId};
use serde_json::json;
use std::path::{Path, PathBuf};
use support::{Desk, eventually};

/// A model with these tokens, of about so many bytes.
struct Made {
    tokens: &'static [&'static str],
    /// Of the last tokens, how many only fill up the table.
    filling: usize,
    eos: u32,
    bytes: u64,
}

const WORDS: &[&str] = &["<s>", "</s>", "a", "b", "ab"];

const LARGE: Made = Made {
    tokens: WORDS,
    filling: 0,
    eos: 1,
    bytes: 40_000,
};

const SMALL: Made = Made {
    bytes: 8_000,
    ..LARGE
};

impl Made {
    fn write(&self, path: &Path) {
        let mut bytes = Vec::new();
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        };
        let array = |bytes: &mut Vec<u8>, key: &str, kind: u32, count: usize| {
            text(bytes, key);
            bytes.extend(9u32.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend((count as u64).to_le_bytes());
        };
        bytes.extend(b"GGUF");
        bytes.extend(3u32.to_le_bytes());
        bytes.extend(1u64.to_le_bytes());
        bytes.extend(5u64.to_le_bytes());
        let name = path.file_stem().unwrap().to_str().unwrap();
        for (key, value) in [("general.architecture", "llama"), ("general.name", name)] {
            text(&mut bytes, key);
            bytes.extend(8u32.to_le_bytes());
            text(&mut bytes, value);
        }
        array(&mut bytes, "tokenizer.ggml.tokens", 8, self.tokens.len());
        self.tokens.iter().for_each(|token| text(&mut bytes, token));
        array(
            &mut bytes,
            "tokenizer.ggml.token_type",
            5,
            self.tokens.len(),
        );
        for at in 0..self.tokens.len() {
            let is_filling = at + self.filling >= self.tokens.len();
            bytes.extend(if is_filling { 5i32 } else { 1 }.to_le_bytes());
        }
        text(&mut bytes, "tokenizer.ggml.eos_token_id");
        bytes.extend(4u32.to_le_bytes());
        bytes.extend(self.eos.to_le_bytes());
        text(&mut bytes, "output.weight");
        bytes.extend(1u32.to_le_bytes());
        bytes.extend((self.bytes / 4).to_le_bytes());
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(0u64.to_le_bytes());
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.resize(bytes.len() + self.bytes as usize, 7);
        std::fs::write(path, bytes).unwrap();
    }
}

/// A library with the large model, and `draft` beside it.
fn both(desk: &Desk, draft: &Made) -> (Hub, ModelEntry, PathBuf) {
    let hub = desk.hub();
    let paths = ["large", "draft"].map(|name| desk.path(&format!("{name}.gguf")));
    LARGE.write(&paths[0]);
    draft.write(&paths[1]);
    let large = hub.import(&paths[0]).unwrap();
    hub.import(&paths[1]).unwrap();
    let [_, draft] = paths;
    (hub, large, draft)
}

fn names(drafts: &[ModelEntry]) -> Vec<&str> {
    drafts.iter().map(|draft| draft.name.as_str()).collect()
}

#[track_caller]
fn check(draft: Made, may: bool) {
    let desk = Desk::new();
    let (hub, large, _) = both(&desk, &draft);
    let expected: &[&str] = if may { &["draft"] } else { &[] };
    assert_eq!(names(&hub.drafts(&large.id)), expected);
}

#[test]
fn a_small_model_of_the_same_vocabulary_may_propose() {
    check(SMALL, true);
}

#[test]
fn one_of_other_tokens_may_not() {
    let others: [&[&str]; 5] = [
        // In another order; one more; one less; another; the same letters, cut otherwise.
        &["<s>", "</s>", "b", "a", "ab"],
        &["<s>", "</s>", "a", "b", "ab", "ba"],
        &["<s>", "</s>", "a", "b"],
        &["<s>", "</s>", "a", "b", "aB"],
        &["<s>", "</s>", "a", "ba", "b"],
    ];
    for tokens in others {
        check(Made { tokens, ..SMALL }, false);
    }
    check(Made { eos: 2, ..SMALL }, false);
}

#[test]
fn a_table_that_is_filled_up_farther_is_no_other_vocabulary() {
    let tokens = &["<s>", "</s>", "a", "b", "ab", "[PAD5]", "[PAD6]"];
    let filling = 2;
    check(
        Made {
            tokens,
            filling,
            ..SMALL
        },
        true,
    );
    check(
        Made {
            tokens,
            filling: 1,
            ..SMALL
        },
        false,
    );
}

#[test]
fn one_of_more_than_a_quarter_of_the_bytes_may_not() {
    check(
        Made {
            bytes: 12_000,
            ..LARGE
        },
        false,
    );
    check(LARGE, false);
}

#[test]
fn one_that_was_changed_or_cut_short_or_is_gone_may_not() {
    let harms: [fn(&Path); 3] = [
        |path| std::fs::write(path, b"GGUF").unwrap(),
        |path| {
            let bytes = std::fs::read(path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() - 100]).unwrap();
        },
        |path| std::fs::remove_file(path).unwrap(),
    ];
    for harm in harms {
        let desk = Desk::new();
        let (hub, large, draft) = both(&desk, &SMALL);
        assert_eq!(hub.drafts(&large.id).len(), 1);
        harm(&draft);
        assert_eq!(hub.drafts(&large.id), []);
        assert_eq!(hub.draft_for(&large.id, &DraftChoice::Automatic), None);
    }
}

#[test]
fn the_smallest_is_taken_and_the_person_may_take_another_or_none() {
    let desk = Desk::new();
    let (hub, large, _) = both(&desk, &SMALL);
    let smaller = desk.path("smaller.gguf");
    Made {
        bytes: 4_000,
        ..LARGE
    }
    .write(&smaller);
    hub.import(&smaller).unwrap();
    let drafts = hub.drafts(&large.id);
    assert_eq!(names(&drafts), ["smaller", "draft"]);
    assert_eq!(hub.draft_choice(&large.id), DraftChoice::Automatic);
    let model = |id: &ModelId| DraftChoice::Model { id: id.clone() };
    let cases = [
        (DraftChoice::Automatic, Some("smaller")),
        (DraftChoice::Never, None),
        (model(&drafts[1].id), Some("draft")),
        // One that may not, or is not there: none, rather than another than the person wants.
        (model(&large.id), None),
        (model(&ModelId("sha256:gone".into())), None),
    ];
    for (choice, expected) in cases {
        hub.choose_draft(&large.id, choice.clone()).unwrap();
        // Another process knows it too.
        let hub = desk.hub();
        assert_eq!(hub.draft_choice(&large.id), choice);
        let draft = hub.draft_for(&large.id, &choice);
        assert_eq!(draft.as_ref().map(|draft| draft.name.as_str()), expected);
    }
    let unknown = hub.choose_draft(&ModelId("sha256:none".into()), DraftChoice::Never);
    assert_eq!(unknown.unwrap_err().key, "model-unknown");
}

#[test]
fn the_choice_is_of_the_model_also_when_its_hash_is_known() {
    let desk = Desk::new();
    let (hub, large, _) = both(&desk, &SMALL);
    let draft = hub.drafts(&large.id).remove(0).id;
    hub.choose_draft(&large.id, DraftChoice::Model { id: draft.clone() })
        .unwrap();
    eventually("both hashed", || {
        hub.models().iter().all(|model| !model.id.is_provisional())
    });
    let now = hub.current_id(&draft);
    assert_ne!(now, draft);
    let choice = hub.draft_choice(&hub.current_id(&large.id));
    assert_eq!(choice, DraftChoice::Model { id: now });
    assert!(hub.draft_for(&large.id, &choice).is_some());
}

#[test]
fn an_index_from_before_vocabularies_were_kept_is_looked_through() {
    let desk = Desk::new();
    let (hub, large, _) = both(&desk, &SMALL);
    drop(hub);
    let path = desk.places().library_index();
    let mut index: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for model in index["models"].as_array_mut().unwrap() {
        assert!(
            model
                .as_object_mut()
                .unwrap()
                .remove("vocabulary")
                .is_some()
        );
    }
    std::fs::write(&path, index.to_string()).unwrap();
    let hub = desk.hub();
    eventually("it is looked through", || hub.drafts(&large.id).len() == 1);
}

#[test]
fn a_folder_is_told_by_its_tokenizer_too() {
    let desk = Desk::new();
    let hub = desk.hub();
    let vocab = json!({"<s>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 4});
    let other = json!({"<s>": 0, "</s>": 1, "a": 2, "b": 3, "ba": 4});
    let hole = json!({"<s>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 5});
    for (name, vocab) in [("same", &vocab), ("other", &other), ("hole", &hole)] {
        let folder = desk.path(name);
        std::fs::create_dir(&folder).unwrap();
        let tokenizer = json!({"model": {"type": "BPE", "vocab": vocab, "merges": []}}).to_string();
        for (file, bytes) in [
            ("model.safetensors", support::shard("a", 1)),
            (
                "config.json",
                br#"{"model_type": "llama", "eos_token_id": 1}"#.to_vec(),
            ),
            ("tokenizer.json", tokenizer.into_bytes()),
        ] {
            std::fs::write(folder.join(file), bytes).unwrap();
        }
        hub.import(&folder).unwrap();
    }
    let path = desk.path("large.gguf");
    LARGE.write(&path);
    let large = hub.import(&path).unwrap();
    assert_eq!(names(&hub.drafts(&large.id)), ["same"]);
}
