//! What others made and Parley's packages carry: each work with its licence, and every text of a licence once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{crates, pages, read, wrapped};
use crate::node::Node;
use crate::{Outcome, models, place, shell};

/// How the names of files begin that hold a licence or what it asks to be handed on.
const NAMES: &[&str] = &[
    "licen",
    "copying",
    "copyright",
    "notice",
    "unlicense",
    "ofl",
];
/// No licence is longer; what is longer is something else.
const LONGEST: u64 = 200_000;

/// Something made by others that is inside.
#[derive(Debug)]
pub(super) struct Work {
    /// For people, with the version.
    pub name: String,
    /// As its author names it.
    pub licence: String,
    /// Who made it, and where it can be had.
    pub origin: String,
    /// The texts that come with it.
    pub texts: Vec<String>,
}

/// The whole file.
pub(super) fn notices(node: &Node) -> Outcome<String> {
    let apache = read(&place::root().join("LICENSE"))?;
    let mut works = crates::works()?;
    works.extend(crates::standard_library()?);
    works.extend(pages::works(node)?);
    works.push(Work {
        name: format!("{}, the model SmolLM2 135M Instruct", models::STARTER.file),
        licence: "Apache-2.0".to_owned(),
        origin: "Hugging Face, https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct"
            .to_owned(),
        texts: vec![apache],
    });
    works.sort_by_key(|work| work.name.to_lowercase());
    told(&works)
}

/// The works and then the texts. Error: a work without any text.
fn told(works: &[Work]) -> Outcome<String> {
    let mut told = String::from(
        "What others made and Parley contains\n\
         ====================================\n\n\
         Parley itself is licensed under the Apache License 2.0. It contains the works below. No fonts are among them; the\n\
         icons of the window are Lucide's. What the catalogue says of the openness of models rests for many on the index Opening up ChatGPT and the\n\
         European Open Source AI Index (Liesenfeld, Lopez, Dingemanse; https://osai-index.eu, doi:10.5281/zenodo.15386042), retold, under\n\
         CC BY 4.0, https://creativecommons.org/licenses/by/4.0/. The list of Rust's standard library is its authors' own, for every system. The texts of the licences follow the list, each with the works that it came with.\n\n",
    );
    // By the words alone: many copies differ in line breaks only.
    let mut texts: BTreeMap<String, (&str, Vec<&str>)> = BTreeMap::new();
    for work in works {
        if work.texts.is_empty() {
            return Err(format!(
                "{} ({}) comes without the text of its licence, and none is known to fit.",
                work.name, work.licence
            ));
        }
        told += &format!("{}\n    {}\n    {}\n", work.name, work.licence, work.origin);
        for text in &work.texts {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let (_, owners) = texts.entry(words).or_insert((text, Vec::new()));
            if owners.last() != Some(&work.name.as_str()) {
                owners.push(&work.name);
            }
        }
    }
    let mut texts: Vec<_> = texts.into_values().collect();
    texts.sort_by_key(|(_, owners)| std::cmp::Reverse(owners.len()));
    for (text, owners) in texts {
        let line = "-".repeat(120);
        let owners = format!("{}:", owners.join(", "));
        told += &format!("\n{line}\n{}\n", wrapped("Of ", &owners, 120, ""));
        for line in text.trim_matches(['\n', '\r']).lines() {
            told += line.trim_end();
            told.push('\n');
        }
    }
    Ok(told)
}

/// The texts in a package's folder, and in those below it that are named after licences.
pub(super) fn texts_in(folder: &Path) -> Outcome<Vec<String>> {
    let mut found: Vec<PathBuf> = Vec::new();
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("{} could not be read: {error}.", folder.display()))?;
    for entry in entries.flatten() {
        let (name, path) = (
            entry.file_name().to_string_lossy().to_lowercase(),
            entry.path(),
        );
        if !NAMES.iter().any(|begin| name.starts_with(begin)) {
            continue;
        }
        match path.is_dir() {
            true => found.extend(
                fs::read_dir(&path)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|one| one.path()),
            ),
            false => found.push(path),
        }
    }
    found.retain(|path| {
        path.metadata()
            .is_ok_and(|it| it.is_file() && it.len() < LONGEST)
    });
    found.sort();
    found.iter().map(|path| read(path)).collect()
}

/// The text of the first licence of an expression of SPDX that Rust's own toolchain carries, with the authors in it.
pub(super) fn known_text(licence: &str, authors: &str) -> Outcome<Vec<String>> {
    let folder = rusts_documents()?.join("licenses");
    let mut names = licence.split([' ', '/', '(', ')']);
    let path = names.find_map(|name| {
        let path = folder.join(format!("{name}.txt"));
        (!name.is_empty() && path.is_file()).then_some(path)
    });
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let text = read(&path)?;
    Ok(vec![
        text.replace("<year> <copyright holders>", authors)
            .replace("<year> <owner>", authors),
    ])
}

/// Where the toolchain keeps the licences of what it links into every program.
pub(super) fn rusts_documents() -> Outcome<PathBuf> {
    let root = shell::output(&mut shell::command("rustc", &["--print", "sysroot"]));
    let folder = Path::new(root.unwrap_or_default().trim()).join("share/doc/rust");
    match folder.is_dir() {
        true => Ok(folder),
        false => Err(format!(
            "Rust's licences are not at {}: they come with rustup.",
            folder.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(name: &str, texts: &[&str]) -> Work {
        Work {
            name: name.to_owned(),
            licence: "MIT".to_owned(),
            origin: "someone".to_owned(),
            texts: texts.iter().map(|&text| text.to_owned()).collect(),
        }
    }

    #[test]
    fn a_text_stands_once_with_all_its_works() {
        let works = [
            work("a 1", &["One\ntext"]),
            work("b 1", &["One text\n", "Other"]),
        ];
        let told = told(&works).expect("complete");
        assert_eq!(told.matches("One").count(), 1, "{told}");
        assert!(told.contains("Of a 1, b 1:\n\nOne\ntext\n"), "{told}");
        assert!(told.contains("Of b 1:\n\nOther\n"), "{told}");
    }

    #[test]
    fn a_work_without_a_text_is_an_error() {
        let lacking = told(&[work("a 1", &[])]);
        assert!(lacking.is_err_and(|sentence| sentence.contains("a 1")));
    }
}
