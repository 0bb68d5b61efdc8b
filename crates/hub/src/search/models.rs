//! Which models the files of a repository make.

use crate::download::{Listed, check_path, choose, part_of};
use protocol::HubFile;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a folder's tokenizer may be called.
const TOKENIZERS: &[&str] = &[
    "tokenizer.json",
    "tokenizer.model",
    "tekken.json",
    "vocab.json",
    "vocab.txt",
];

/// A file of a listing.
#[derive(Deserialize)]
pub(super) struct Entry {
    pub r#type: String,
    pub path: String,
    #[serde(default)]
    pub size: u64,
    #[serde(default)]
    pub lfs: Option<Lfs>,
}

/// What is said of a large file.
#[derive(Deserialize)]
pub(super) struct Lfs {
    /// Its sha256 in hex.
    #[serde(default, alias = "sha256")]
    pub oid: String,
}

/// The models: the folder of safetensors, then the GGUF models, the smallest first. `kind` is that
/// of the safetensors.
pub(super) fn models(entries: &[Entry], kind: Option<String>) -> Vec<HubFile> {
    let files: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.r#type == "file" && check_path(&entry.path).is_ok())
        .collect();
    let mut groups: BTreeMap<(String, u32), Vec<&Entry>> = BTreeMap::new();
    for file in &files {
        if let Some((stem, parts)) = gguf(&file.path) {
            groups.entry((stem, parts)).or_default().push(file);
        }
    }
    let mut models: Vec<HubFile> = groups
        .into_iter()
        .filter(|((_, parts), files)| files.len() == *parts as usize)
        .map(|((stem, _), mut files)| {
            files.sort_by(|a, b| a.path.cmp(&b.path));
            HubFile {
                kind: file_kind(&stem),
                bytes: sum(&files),
                sha256: match files[..] {
                    [one] => sha256(one),
                    _ => None,
                },
                files: files.into_iter().map(|file| file.path.clone()).collect(),
                layers: None,
                context: None,
                fit: None,
            }
        })
        .collect();
    models.sort_by_key(|model| model.bytes);
    if let Some(bytes) = folder(&files) {
        let folder = HubFile {
            files: Vec::new(),
            kind,
            bytes,
            sha256: None,
            layers: None,
            context: None,
            fit: None,
        };
        models.insert(0, folder);
    }
    models
}

/// Of a GGUF model its name without the number of its part, and how many parts it has. What sees
/// (`mmproj`) or was measured (`imatrix`) is no model by itself.
fn gguf(path: &str) -> Option<(String, u32)> {
    let stem = path.strip_suffix(".gguf")?;
    let name = stem.rsplit('/').next()?.to_lowercase();
    if name.contains("mmproj") || name.contains("imatrix") {
        return None;
    }
    let split = part_of(path).map(|(name, parts)| (name.to_owned(), parts));
    Some(split.unwrap_or_else(|| (stem.to_owned(), 1)))
}

/// Bytes of all that is fetched of the folder of safetensors, where there is one.
fn folder(files: &[&Entry]) -> Option<u64> {
    let has = |name: &&str| files.iter().any(|file| file.path == *name);
    if !TOKENIZERS.iter().any(has) {
        return None;
    }
    let listed: Vec<Listed> = files
        .iter()
        .map(|file| Listed {
            path: file.path.clone(),
            bytes: file.size,
            etag: None,
        })
        .collect();
    let chosen = choose("", &[], &listed).ok()?;
    Some(
        chosen
            .iter()
            .fold(0, |all, file| all.saturating_add(file.bytes)),
    )
}

fn sum(files: &[&Entry]) -> u64 {
    files
        .iter()
        .fold(0, |all, file| all.saturating_add(file.size))
}

fn sha256(file: &Entry) -> Option<String> {
    let oid = &file.lfs.as_ref()?.oid;
    let hex = oid.len() == 64 && oid.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| oid.to_lowercase())
}

/// The kind that a file's name says, such as `Q4_K_M`: the last word of it that is one.
fn file_kind(stem: &str) -> Option<String> {
    let upper = stem.rsplit('/').next()?.to_uppercase();
    let words: Vec<&str> = upper.split(['-', '.', ' ']).collect();
    words.iter().rev().find_map(|word| {
        // Such as `model_q4_0`: a word may begin with another.
        let starts = std::iter::once(0).chain(word.match_indices('_').map(|(at, _)| at + 1));
        starts
            .map(|at| &word[at..])
            .find(|rest| is_kind(rest))
            .map(|kind| match kind {
                "FP16" => "F16".to_owned(),
                "FP32" => "F32".to_owned(),
                kind => kind.to_owned(),
            })
    })
}

fn is_kind(word: &str) -> bool {
    if matches!(
        word,
        "BF16" | "F16" | "FP16" | "F32" | "FP32" | "MXFP4" | "MXFP4_MOE"
    ) {
        return true;
    }
    let rest = word.strip_prefix("IQ").or(word.strip_prefix("TQ"));
    let Some(rest) = rest.or(word.strip_prefix('Q')) else {
        return false;
    };
    let mut parts = rest.split('_');
    let bits = parts
        .next()
        .is_some_and(|bits| matches!(bits.parse(), Ok(1..=8_u8)));
    let known = |part: &str| {
        matches!(
            part,
            "0" | "1" | "4" | "8" | "K" | "NL" | "XXS" | "XS" | "S" | "M" | "L" | "XL"
        )
    };
    let parts: Vec<&str> = parts.collect();
    bits && (1..=3).contains(&parts.len()) && parts.iter().all(|part| known(part))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_kind() {
        let check =
            |stem: &str, kind: Option<&str>| assert_eq!(file_kind(stem).as_deref(), kind, "{stem}");
        check("Llama-3.2-1B-Instruct-Q4_K_M", Some("Q4_K_M"));
        check("mistral-7b-instruct-v0.1.Q4_0", Some("Q4_0"));
        check("qwen2.5-coder-0.5b-instruct-q4_k_m", Some("Q4_K_M"));
        check("gemma-3-4b-it-UD-Q4_K_XL", Some("Q4_K_XL"));
        check("ggml-model-IQ3_XXS", Some("IQ3_XXS"));
        check("BitNet-TQ1_0", Some("TQ1_0"));
        check("model_q8_0", Some("Q8_0"));
        check("x-fp16", Some("F16"));
        check("x.BF16", Some("BF16"));
        check("Q4_K_M/x-Q5_K_M", Some("Q5_K_M"));
        check("x-Q4_0_4_4", Some("Q4_0_4_4"));
        check("gpt-oss-20b-MXFP4", Some("MXFP4"));
        check("Qwen2-0.5B", None);
        check("model", None);
        check("x-Q9_0", None);
        check("x-Q4_", None);
        check("x-Q4_K_FORGED", None);
        check("", None);
    }

    #[test]
    fn files_make_models() {
        let check = |paths: &[&str], made: &[(&[&str], u64)]| {
            let entries: Vec<Entry> = paths
                .iter()
                .map(|path| Entry {
                    r#type: "file".into(),
                    path: (*path).into(),
                    size: 10,
                    lfs: None,
                })
                .collect();
            let found = models(&entries, None);
            let found: Vec<(Vec<&str>, u64)> = found
                .iter()
                .map(|m| (m.files.iter().map(String::as_str).collect(), m.bytes))
                .collect();
            let made: Vec<(Vec<&str>, u64)> = made.iter().map(|(f, b)| (f.to_vec(), *b)).collect();
            assert_eq!(found, made, "{paths:?}");
        };
        check(
            &["a.gguf", "mmproj-a.gguf", "imatrix.gguf", "README.md"],
            &[(&["a.gguf"], 10)],
        );
        let (one, two) = ("q/a-00001-of-00002.gguf", "q/a-00002-of-00002.gguf");
        check(
            &[two, one, "b.gguf"],
            &[(&["b.gguf"], 10), (&[one, two], 20)],
        );
        check(&[two], &[]);
        check(
            &["a-00003-of-00002.gguf"],
            &[(&["a-00003-of-00002.gguf"], 10)],
        );
        let folder = ["config.json", "tokenizer.json", "model.safetensors"];
        check(&folder, &[(&[], 30)]);
        check(&folder[1..], &[]);
        check(&["config.json", "model.safetensors"], &[]);
        let both = [
            "model-00001-of-00001.safetensors",
            "model.safetensors.index.json",
        ];
        check(&[&folder[..], &both].concat(), &[(&[], 40)]);
        check(
            &[
                "../a.gguf",
                "/a.gguf",
                "a/../b.gguf",
                "a\\b.gguf",
                "a\nb.gguf",
                "C:a.gguf",
            ],
            &[],
        );
    }

    #[test]
    fn absurd_sizes_do_no_harm() {
        let one = |path: &str| Entry {
            r#type: "file".into(),
            path: path.into(),
            size: u64::MAX,
            lfs: None,
        };
        let found = models(
            &[one("a-00001-of-00002.gguf"), one("a-00002-of-00002.gguf")],
            None,
        );
        assert_eq!(found[0].bytes, u64::MAX);
    }
}
