//! Tokenizers of folders beside the crate `tokenizers`, which wrote tokenizer.json: the same text is
//! the same tokens, and comes back the same.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

use engine::Tokenizer;
use std::path::{Path, PathBuf};

/// The small tokenizers of the families' tiny models.
fn folders() -> Vec<PathBuf> {
    let golden = "../../tests/golden/families/tokenizers";
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(golden);
    let folders = std::fs::read_dir(root).unwrap();
    let mut folders: Vec<PathBuf> = folders.map(|folder| folder.unwrap().path()).collect();
    folders.retain(|folder| folder.join("tokenizer.json").exists());
    folders.sort();
    folders
}

/// Texts of letters that tokenizers stumble over, without a pattern.
fn texts(count: usize) -> Vec<String> {
    const PIECES: &[&str] = &[
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "a",
        "The",
        "don't",
        "'LL",
        "123",
        "4567",
        "…",
        "é",
        "e\u{301}",
        "ß",
        "日本",
        "。",
        "한",
        "🙂",
        "👩\u{200d}👩",
        "\u{a0}",
        "\u{3000}",
        "_",
        "==",
        "x²",
        "٣",
        "\u{feff}",
        "ﬁ",
        "Ⅷ",
        "i̇",
        ".",
        ",",
        "-",
        "\"",
        "hello",
        "WORLD",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    (0..count)
        .map(|_| (0..=next(24)).map(|_| PIECES[next(PIECES.len())]).collect())
        .collect()
}

fn check(folder: &Path) {
    let ours = Tokenizer::open(folder).unwrap();
    let theirs = tokenizers::Tokenizer::from_file(folder.join("tokenizer.json")).unwrap();
    for text in texts(400) {
        let expected = theirs.encode(text.as_str(), false).unwrap();
        let ids = ours.encode(&text, false).unwrap();
        assert_eq!(ids, expected.get_ids(), "{} {text:?}", folder.display());
    }
}

#[test]
fn folders_give_the_tokens_that_the_crate_tokenizers_gives() {
    let folders = folders();
    assert!(folders.len() > 8, "{folders:?}");
    folders.iter().for_each(|folder| check(folder));
}
