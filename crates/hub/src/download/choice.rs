//! Which files of a repository make one model.

use super::remote::Listed;
use protocol::{AppError, failure};

/// What belongs to a folder of safetensors besides the weights.
const BESIDE: &[&str] = &[
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "model.safetensors.index.json",
    "special_tokens_map.json",
    "tekken.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];
/// How a licence's name begins.
const LICENCES: &[&str] = &["LICENSE", "LICENCE", "USE_POLICY", "NOTICE"];

/// The files to fetch, in the order to fetch them: those that are wanted, with the other parts of
/// a split one; where none is wanted, the folder of safetensors, the small ones first.
/// Errors: `hub-file-missing`.
pub fn choose(
    repository: &str,
    wanted: &[String],
    files: &[Listed],
) -> Result<Vec<Listed>, AppError> {
    if wanted.is_empty() {
        return folder(repository, files);
    }
    let mut chosen: Vec<Listed> = Vec::new();
    for path in wanted.iter().flat_map(|path| parts(path)) {
        let file = files.iter().find(|file| file.path == path);
        let file = file.ok_or_else(|| failure::hub_file_missing(repository, path))?;
        if !chosen.contains(file) {
            chosen.push(file.clone());
        }
    }
    Ok(chosen)
}

fn folder(repository: &str, files: &[Listed]) -> Result<Vec<Listed>, AppError> {
    let missing = |what: &str| failure::hub_file_missing(repository, what);
    let weights = |file: &&Listed| {
        let path = file.path.as_str();
        path.ends_with(".safetensors") && path.starts_with("model") && !path.contains('/')
    };
    let beside = |file: &&Listed| {
        let path = file.path.as_str();
        BESIDE.contains(&path)
            || LICENCES.iter().any(|name| path.starts_with(name)) && !path.contains('/')
    };
    let mut chosen: Vec<Listed> = files.iter().filter(beside).cloned().collect();
    let mut found: Vec<Listed> = files.iter().filter(weights).cloned().collect();
    // A repository that has both has the same weights twice.
    let split = chosen
        .iter()
        .any(|file| file.path == "model.safetensors.index.json");
    if split && found.len() > 1 {
        found.retain(|file| file.path != "model.safetensors");
    }
    if found.is_empty() {
        return Err(missing("model.safetensors"));
    }
    if !chosen.iter().any(|file| file.path == "config.json") {
        return Err(missing("config.json"));
    }
    chosen.extend(found);
    Ok(chosen)
}

/// All parts of a split GGUF file by the name of one: `name-00001-of-00003.gguf`. Of another
/// file only itself.
fn parts(path: &str) -> Vec<String> {
    split(path).unwrap_or_else(|| vec![path.to_owned()])
}

fn split(path: &str) -> Option<Vec<String>> {
    let (name, count) = part_of(path)?;
    let part = |at: u32| format!("{name}-{at:05}-of-{count:05}.gguf");
    Some((1..=count).map(part).collect())
}

/// Of a part of a split GGUF file the name before its number, and of how many it is one.
pub fn part_of(path: &str) -> Option<(&str, u32)> {
    let stem = path.strip_suffix(".gguf")?;
    let (rest, count) = stem.rsplit_once("-of-")?;
    let (name, at) = rest.rsplit_once('-')?;
    let digits = |text: &str| text.len() == 5 && text.bytes().all(|c| c.is_ascii_digit());
    let (at, count): (u32, u32) = match digits(at) && digits(count) {
        true => (at.parse().ok()?, count.parse().ok()?),
        false => return None,
    };
    ((1..=1000).contains(&count) && (1..=count).contains(&at)).then_some((name, count))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_model_is_fetched_and_no_more() {
        let check = |wanted: &[&str], files: &[&str], chosen: Option<&[&str]>| {
            let wanted: Vec<String> = wanted.iter().map(|path| (*path).to_owned()).collect();
            let files: Vec<Listed> = files
                .iter()
                .map(|path| Listed {
                    path: (*path).to_owned(),
                    bytes: 1,
                    etag: None,
                })
                .collect();
            let found = choose("a/b", &wanted, &files).ok();
            let found: Option<Vec<&str>> = found
                .as_ref()
                .map(|found| found.iter().map(|file| file.path.as_str()).collect());
            assert_eq!(found.as_deref(), chosen, "{wanted:?} of {files:?}");
        };
        let gguf = [
            "README.md",
            "a-Q4.gguf",
            "a-Q8.gguf",
            "x-00001-of-00002.gguf",
            "x-00002-of-00002.gguf",
        ];
        check(&["a-Q4.gguf"], &gguf, Some(&["a-Q4.gguf"]));
        let both = ["x-00001-of-00002.gguf", "x-00002-of-00002.gguf"];
        check(&["x-00002-of-00002.gguf"], &gguf, Some(&both));
        check(&both, &gguf, Some(&both));
        check(&["a-Q5.gguf"], &gguf, None);
        check(&["y-00001-of-00002.gguf"], &["y-00001-of-00002.gguf"], None);
        check(&[], &gguf, None);
        check(
            &[],
            &[
                ".gitattributes",
                "LICENSE.txt",
                "README.md",
                "config.json",
                "consolidated.safetensors",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
                "model.safetensors",
                "model.safetensors.index.json",
                "onnx/model.onnx",
                "original/model.safetensors",
                "pytorch_model.bin",
                "tokenizer.json",
            ],
            Some(&[
                "LICENSE.txt",
                "config.json",
                "model.safetensors.index.json",
                "tokenizer.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
            ]),
        );
        check(
            &[],
            &["config.json", "model.safetensors"],
            Some(&["config.json", "model.safetensors"]),
        );
        check(&[], &["model.safetensors"], None);
        check(&[], &["config.json", "pytorch_model.bin"], None);
    }
}
