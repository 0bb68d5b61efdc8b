//! What `parley pull` is asked for: a repository of the hub, one of its files, or a model of the
//! catalogue by its name.

use hub::{Catalogue, Network, Room, fit_catalogue};
use protocol::{AppError, DownloadWish, Fits, HubFile, Language, RepositoryRef, failure};
use std::collections::BTreeSet;

/// Most names that are said to be nearly what was asked for.
const NEAREST: usize = 3;
/// Letters of a word that are compared.
const LONGEST_WORD: usize = 40;

/// What is meant; a kind such as `Q4_K_M` is looked up among the repository's files. No file is
/// the folder of safetensors, or the only GGUF file where there is no such folder.
pub(crate) async fn wish(
    what: &str,
    room: &Room,
    network: &Network,
) -> Result<DownloadWish, AppError> {
    if !what.contains('/') {
        return by_name(what, room);
    }
    let (what, revision) = match what.rsplit_once('@') {
        Some((what, revision)) => (what, Some(revision.to_owned())),
        None => (what, None),
    };
    let (repository, file) = match what.split_once(':') {
        Some((repository, file)) => (repository, Some(file.to_owned())),
        None => (what, None),
    };
    let mut wish = DownloadWish {
        repository: repository.to_owned(),
        revision,
        files: Vec::new(),
        name: None,
    };
    match file {
        Some(file) if file.ends_with(".gguf") => wish.files = vec![file],
        Some(kind) => {
            let details = network.details(&asked(&wish)).await?;
            let is_meant = |of: &String| of.eq_ignore_ascii_case(&kind);
            let mut all = details.files.iter();
            let found = all.find(|file| file.kind.as_ref().is_some_and(is_meant));
            let missing = || match names(&details.files) {
                names if names.is_empty() => failure::hub_file_missing(&wish.repository, &kind),
                names => failure::pull_which(&wish.repository, names.join(", ")),
            };
            wish.files.clone_from(&found.ok_or_else(missing)?.files);
        }
        // Trouble that passes is met again, and told, by what fetches.
        None => {
            if let Ok(details) = network.details(&asked(&wish)).await
                && details.files.iter().all(is_gguf)
            {
                match &details.files[..] {
                    [] => {}
                    [one] => wish.files.clone_from(&one.files),
                    all => {
                        let names = names(all).join(", ");
                        return Err(failure::pull_which(&wish.repository, names));
                    }
                }
            }
        }
    }
    Ok(wish)
}

/// What is meant by what is no `owner/name`: a model of the catalogue. Errors: `pull-unknown`,
/// or `pull-unlike` with what is named nearly so.
fn by_name(what: &str, room: &Room) -> Result<DownloadWish, AppError> {
    of_catalogue(what, room).ok_or_else(|| match nearest(what) {
        names if names.is_empty() => failure::pull_unknown(what),
        names => failure::pull_unlike(what, names.join(", ")),
    })
}

/// The names by which a repository's GGUF files are told apart: their kinds where each has another.
fn names(files: &[HubFile]) -> Vec<&str> {
    let files = || files.iter().filter(|file| is_gguf(file));
    let kinds: Option<Vec<&str>> = files().map(|file| file.kind.as_deref()).collect();
    let differ = |kinds: &Vec<&str>| BTreeSet::from_iter(kinds).len() == kinds.len();
    kinds.filter(differ).unwrap_or_else(|| {
        let first = files().filter_map(|file| file.files.first());
        first.map(String::as_str).collect()
    })
}

/// Whether it is no folder, which has no files.
fn is_gguf(file: &HubFile) -> bool {
    !file.files.is_empty() && file.files.iter().all(|path| path.ends_with(".gguf"))
}

/// Names of the catalogue that are most alike, where any is: those with the most words in common,
/// else those with the fewest letters otherwise.
fn nearest(what: &str) -> Vec<String> {
    let words = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric() && c != '.');
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let asked = words(what);
    let models = Catalogue::shipped().models(Language::En).into_iter();
    let mut ranked: Vec<(usize, String)> = models
        .filter_map(|model| {
            let has = words(&format!("{} {}", model.name, model.id));
            let alike = |word: &&String| {
                let nearly = |other: &String| {
                    other.starts_with(*word) || distance(word, other) * 4 <= word.chars().count()
                };
                word.chars().count() > 1 && has.iter().any(nearly)
            };
            let common = asked.iter().filter(alike).count();
            (common > 0).then_some((common, model.name))
        })
        .collect();
    ranked.sort_by(|(one, a), (other, b)| (other, a).cmp(&(one, b)));
    let most = ranked.first().map_or(0, |(common, _)| *common);
    let best = ranked.into_iter().filter(|(common, _)| *common == most);
    best.map(|(_, name)| name).take(NEAREST).collect()
}

/// Letters that are to be put in, left out or replaced to make one word the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(LONGEST_WORD).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().take(LONGEST_WORD).enumerate() {
        let mut before = std::mem::replace(&mut row[0], at + 1);
        for (to, other) in other.iter().enumerate() {
            let replaced = before + usize::from(letter != *other);
            before = row[to + 1];
            row[to + 1] = replaced.min(before + 1).min(row[to] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The largest file of the catalogue's model of that name that fits this machine well; where none
/// does, or that cannot be told, the one that the catalogue recommends; where it has none, the
/// folder of the model's own repository.
fn of_catalogue(name: &str, room: &Room) -> Option<DownloadWish> {
    let models = Catalogue::shipped().models(Language::En).into_iter();
    let model = models
        .filter(|model| model.name.eq_ignore_ascii_case(name))
        .max_by_key(|model| !model.files.is_empty())?;
    let fitting = model.files.iter().filter_map(|file| {
        let fit = fit_catalogue(&model, file, room)?;
        (fit.fits == Fits::Well).then_some((fit.weight_bytes, file))
    });
    let largest = fitting.max_by_key(|(bytes, _)| *bytes);
    let file = largest.map(|(_, file)| file).or(model.files.first());
    Some(match file.cloned() {
        Some(file) => DownloadWish {
            repository: file.repository,
            revision: file.revision,
            files: vec![file.file],
            name: None,
        },
        None => DownloadWish {
            repository: model.id,
            revision: None,
            files: Vec::new(),
            name: None,
        },
    })
}

fn asked(wish: &DownloadWish) -> RepositoryRef {
    RepositoryRef {
        repository: wish.repository.clone(),
        revision: wish.revision.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::KvType;

    #[test]
    fn what_is_nearly_a_name_leads_to_it() {
        let check = |what: &str, first: Option<&str>| {
            let names = nearest(what);
            assert!(names.len() <= NEAREST);
            let first = first.map(str::to_owned);
            assert_eq!(names.first().cloned(), first, "{what}: {names:?}");
        };
        check("smollm2 360m instrct", Some("SmolLM2 360M Instruct"));
        check("nonsense", None);
        check("", None);
        check("/", None);
        assert!(nearest("qwen").iter().all(|name| name.contains("Qwen")));
        assert_eq!(nearest("qwen").len(), NEAREST);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "ab"), 2);
        assert_eq!(distance("ab", "ab"), 0);
    }

    #[test]
    fn a_model_of_the_catalogue_without_files_was_said_not_to_be_in_it() {
        let models = Catalogue::shipped().models(Language::En);
        assert!(models.iter().any(|model| model.files.is_empty()));
        for model in models {
            let room = Room {
                memory_bytes: 1 << 34,
                bandwidth: None,
                kv_type: KvType::F16,
            };
            let wish = by_name(&model.name, &room).unwrap();
            assert_eq!(wish.files.is_empty(), wish.repository == model.id);
        }
    }

    #[test]
    fn by_name_the_largest_file_that_fits_well_is_meant() {
        let check = |memory_bytes: u64, kv_type, kind: &str| {
            let room = Room {
                memory_bytes,
                bandwidth: None,
                kv_type,
            };
            let wish = by_name("OLMo 2 1B Instruct", &room).unwrap();
            assert!(wish.files[0].contains(kind), "{memory_bytes} {wish:?}");
        };
        check(64 << 30, KvType::F16, "Q8_0");
        check(2 << 30, KvType::F16, "Q4_K_M");
        check(1 << 20, KvType::F16, "Q4_K_M");
        // Where what was read takes less, there is room for more.
        check(2_600_000_000, KvType::F16, "Q4_K_M");
        check(2_600_000_000, KvType::Q8_0, "Q8_0");
    }

    #[test]
    fn files_are_told_apart_by_kind_or_else_by_name() {
        let check = |files: &[(Option<&str>, &str)], told: &[&str]| {
            let file = |(kind, path): &(Option<&str>, &str)| HubFile {
                kind: kind.map(str::to_owned),
                files: (!path.is_empty())
                    .then(|| (*path).to_owned())
                    .into_iter()
                    .collect(),
                bytes: 1,
                sha256: None,
                layers: None,
                context: None,
                fit: None,
            };
            let files: Vec<HubFile> = files.iter().map(file).collect();
            assert_eq!(names(&files), told);
        };
        let two = [(Some("Q4_0"), "a-q4_0.gguf"), (Some("Q8_0"), "a-q8_0.gguf")];
        check(&two, &["Q4_0", "Q8_0"]);
        let same = [(Some("Q4_0"), "a.gguf"), (Some("Q4_0"), "b.gguf")];
        check(&same, &["a.gguf", "b.gguf"]);
        check(&[(None, "a.gguf"), two[0]], &["a.gguf", "a-q4_0.gguf"]);
        check(&[(Some("BF16"), ""), two[0]], &["Q4_0"]);
        check(&[], &[]);
    }
}
