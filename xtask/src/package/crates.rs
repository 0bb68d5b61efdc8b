//! The Rust crates that are linked into the programs, and Rust's standard library, with their licences.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::notices::{Work, known_text, rusts_documents, texts_in};
use super::read;
use crate::{Outcome, shell};

/// Every crate of others that a program of ours is linked to; not those that only took part in building.
pub(super) fn works() -> Outcome<Vec<Work>> {
    let host = host()?;
    let metadata = [
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        &host,
    ];
    let metadata =
        shell::output(&mut shell::cargo(&metadata)).ok_or("Cargo cannot tell the crates.")?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let linked = linked(&host)?;
    let packages = metadata["packages"].as_array();
    let packages: Vec<&Value> = packages
        .into_iter()
        .flatten()
        .filter(|package| !package["source"].is_null())
        .filter(|package| linked.contains(&named(package)))
        .collect();
    // Some crates of a family come without a text; the others of the same repository have it.
    let mut texts = BTreeMap::new();
    let mut of_repository: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in &packages {
        let manifest = Path::new(word(package, "manifest_path"));
        let found = texts_in(manifest.parent().unwrap_or(manifest))?;
        if !found.is_empty() {
            of_repository.insert(repository(package), found.clone());
        }
        texts.insert(named(package), found);
    }
    let mut works = Vec::new();
    for package in packages {
        let (name, licence) = (named(package), word(package, "license").to_owned());
        let authors = authors(package);
        let mut own = texts.remove(&name).unwrap_or_default();
        if own.is_empty() {
            own = of_repository
                .get(repository(package))
                .cloned()
                .unwrap_or_default();
        }
        if own.is_empty() {
            own = known_text(&licence, &authors)?;
        }
        works.push(Work {
            origin: format!("{authors}, {}", repository(package)),
            texts: own,
            name,
            licence,
        });
    }
    match works.len() == linked.len() {
        true => Ok(works),
        false => Err("Cargo's two lists of crates differ.".to_owned()),
    }
}

/// Rust's standard library and what is inside it, from the page that the toolchain brings.
pub(super) fn standard_library() -> Outcome<Vec<Work>> {
    let documents = rusts_documents()?;
    let page = read(&documents.join("COPYRIGHT-library.html"))?;
    let mut works = in_page(&page);
    if works.is_empty() {
        return Err("Rust's page of licences has another form than is known.".to_owned());
    }
    let mut own = Vec::new();
    for name in ["Apache-2.0", "MIT", "Unicode-3.0", "BSD-2-Clause"] {
        own.extend(known_text(name, "The Rust Project Developers")?);
    }
    works.push(Work {
        name: "Rust's standard library".to_owned(),
        licence: "Apache-2.0 OR MIT, with parts under Unicode-3.0 and BSD-2-Clause".to_owned(),
        origin: "The Rust Project Developers, https://www.rust-lang.org".to_owned(),
        texts: own,
    });
    Ok(works)
}

/// The crates of a page such as `COPYRIGHT-library.html`: a heading each, facts, and texts.
fn in_page(page: &str) -> Vec<Work> {
    let between = |text: &str, begin: &str, end: &str| -> String {
        let after = text.split_once(begin).map_or("", |(_, after)| after);
        plain(after.split_once(end).map_or(after, |(inner, _)| inner))
    };
    let sections = page.split("<h3>").skip(1);
    let works = sections.map(|section| Work {
        name: format!(
            "{} (in Rust's standard library)",
            section
                .split("</h3>")
                .next()
                .unwrap_or_default()
                .trim_start_matches(|c: char| !c.is_ascii())
                .trim()
        ),
        licence: between(section, "<b>License:</b>", "</p>"),
        origin: between(section, "<b>Authors:</b>", "</p>"),
        texts: section
            .split("<pre>")
            .skip(1)
            .map(|text| between(text, "", "</pre>"))
            .collect(),
    });
    // A crate without texts is under those of the library itself.
    works.filter(|work| !work.texts.is_empty()).collect()
}

/// A piece of a page without its tags' characters written as names or numbers.
fn plain(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
        .trim_matches('\n')
        .trim_end()
        .to_owned()
}

/// The names with versions, as [`named`], of the crates that are linked on this kind of machine.
fn linked(host: &str) -> Outcome<BTreeSet<String>> {
    let arguments = [
        "tree",
        "--locked",
        "--workspace",
        "--exclude",
        "xtask",
        "--target",
        host,
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let tree =
        shell::output(&mut shell::cargo(&arguments)).ok_or("Cargo cannot tell what is linked.")?;
    // `name v1.2.3`; one of ours has its folder after it.
    let foreign = tree.lines().filter(|line| !line.contains('/'));
    Ok(foreign
        .map(|line| line.trim_end_matches(" (*)").replacen(" v", " ", 1))
        .filter(|line| !line.is_empty())
        .collect())
}

/// Such as `x86_64-unknown-linux-gnu`.
fn host() -> Outcome<String> {
    let said = shell::output(&mut shell::command("rustc", &["--version", "--verbose"]));
    let said = said.unwrap_or_default();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "rustc does not tell its host.".to_owned())
}

fn named(package: &Value) -> String {
    format!("{} {}", word(package, "name"), word(package, "version"))
}

fn repository(package: &Value) -> &str {
    // Of a folder in a repository the repository.
    let repository = word(package, "repository")
        .trim_end_matches(['/'])
        .trim_end_matches(".git");
    repository.split("/tree/").next().unwrap_or(repository)
}

fn authors(package: &Value) -> String {
    let authors = package["authors"].as_array().into_iter().flatten();
    let authors: Vec<&str> = authors.filter_map(Value::as_str).collect();
    match authors.as_slice() {
        [] => format!("The authors of {}", word(package, "name")),
        _ => authors.join(", "),
    }
}

fn word<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_read_from_rusts_page() {
        let page = "<h2>x</h2><h3>📦 cc-1.2.0</h3><p><b>Authors:</b> A &#60;a@b&#62;</p><p><b>License:</b> MIT</p>\
            <details><pre>\nText &#34;one&#34;\n</pre></details><h3>📦 none-1.0</h3><p>no texts</p>";
        let works = in_page(page);
        assert_eq!(works.len(), 1);
        assert_eq!(works[0].name, "cc-1.2.0 (in Rust's standard library)");
        assert_eq!(works[0].origin.trim(), "A <a@b>");
        assert_eq!(works[0].licence.trim(), "MIT");
        assert_eq!(works[0].texts, ["Text \"one\""]);
    }
}
