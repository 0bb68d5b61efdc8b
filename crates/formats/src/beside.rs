//! What lies beside the weights in a folder, as far as a description needs it.

use crate::folder::Folder;
use crate::line::one_line;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::PathBuf;

/// Most bytes of tokenizer.json; that of Gemma 3 has 33 MB.
const MOST_TOKENIZER: u64 = 128 << 20;
/// Most bytes of README.md.
const MOST_README: u64 = 4 << 20;

/// Files that tokenizers are made of, the kind that each is, in the order they are looked for.
const TOKENIZERS: [(&str, &str); 6] = [
    ("tokenizer.json", ""),
    ("tokenizer.model", "SentencePiece"),
    ("tokenizer.model.v3", "SentencePiece"),
    ("tekken.json", "tekken"),
    ("vocab.json", "BPE"),
    ("vocab.txt", "WordPiece"),
];

/// What the engine reads beside the weights; a model with another of these is another model.
const FILES: [&str; 15] = [
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "additional_chat_templates/tool_use.jinja",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer.model.v3",
    "tekken.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
];

/// Those files that are there.
pub(crate) fn files(folder: &Folder) -> impl Iterator<Item = PathBuf> {
    let paths = FILES.iter().map(|file| folder.path.join(file));
    paths.filter(|path| path.is_file())
}

#[derive(Deserialize)]
struct TokenizerFile {
    model: TokenizerModel,
}

#[derive(Deserialize)]
struct TokenizerModel {
    #[serde(rename = "type")]
    kind: Option<String>,
    merges: Option<IgnoredAny>,
}

/// The kind of the tokenizer, by the first of its files that is there.
pub(crate) fn tokenizer(folder: &Folder) -> Option<String> {
    TOKENIZERS.iter().find_map(|(file, kind)| {
        if !folder.path.join(file).exists() {
            return None;
        }
        if !kind.is_empty() {
            return Some((*kind).to_owned());
        }
        let bytes = folder.read(file, MOST_TOKENIZER).ok()??;
        let model = serde_json::from_slice::<TokenizerFile>(&bytes).ok()?.model;
        // Files before 2020 do not name it.
        let unnamed = || model.merges.map(|_| "BPE".to_owned());
        model.kind.map(|kind| one_line(&kind)).or_else(unnamed)
    })
}

/// Bytes of the tokenizer's file.
pub(crate) fn bytes(folder: &Folder) -> u64 {
    let mut files = TOKENIZERS.iter().map(|(file, _)| folder.path.join(file));
    files
        .find_map(|path| std::fs::metadata(path).ok())
        .map_or(0, |file| file.len())
}

/// `license:` of README.md's front matter.
pub(crate) fn licence(folder: &Folder) -> Option<String> {
    let bytes = folder.read("README.md", MOST_README).ok()??;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    if lines.next()?.trim_end() != "---" {
        return None;
    }
    let front = lines.take_while(|line| line.trim_end() != "---");
    let licence = front
        .filter_map(|line| line.strip_prefix("license:"))
        .next()?;
    let licence = one_line(licence.trim().trim_matches(['"', '\'']));
    Some(licence).filter(|licence| !licence.is_empty())
}
