//! Which of the catalogue's models an installed one is.

use super::Catalogue;
use protocol::{CatalogueModel, Language};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A name says so only where the weights are as many, by this part of them: makers count
/// differently, a size more or less differs by far more.
const COUNT: f64 = 0.1;

/// What is known of an installed model.
pub(crate) struct Traits<'a> {
    /// `owner/name` on the hub and the path inside, where it came from there.
    pub origin: Option<(&'a str, &'a str)>,
    /// Sixty-four hexadecimal digits of its file, where it was hashed.
    pub sha256: Option<&'a str>,
    /// Its own name, and its file's without the ending.
    pub names: [&'a str; 2],
    /// Such as `Q4_K_M`, which names end with.
    pub quantisation: &'a str,
    /// Number of weights.
    pub parameters: u64,
}

/// Where to look, made once.
struct Known {
    /// By file: repository in small letters and path.
    files: HashMap<(String, String), String>,
    /// By repository, in small letters.
    repositories: HashMap<String, String>,
    hashes: HashMap<String, String>,
    /// By letters and digits of its name, with its weights.
    names: HashMap<String, (String, u64)>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let models = Catalogue::shipped().models(Language::En);
    let mut known = Known {
        files: HashMap::new(),
        repositories: HashMap::new(),
        hashes: HashMap::new(),
        names: HashMap::new(),
    };
    models.iter().for_each(|model| known.add(model));
    known
});

impl Known {
    fn add(&mut self, model: &CatalogueModel) {
        for file in &model.files {
            let repository = file.repository.to_lowercase();
            let id = || model.id.clone();
            self.files
                .insert((repository.clone(), file.file.clone()), id());
            self.repositories.entry(repository).or_insert_with(id);
            if let Some(sha256) = &file.sha256 {
                self.hashes.insert(sha256.to_lowercase(), id());
            }
        }
        // Its own repository is its own, whatever else is fetched from there.
        self.repositories
            .insert(model.id.to_lowercase(), model.id.clone());
        let last = model.id.rsplit('/').next().unwrap_or_default();
        for name in [plain(&model.name), plain(last)] {
            self.names
                .insert(name, (model.id.clone(), model.parameters));
        }
    }
}

/// Letters and digits, the letters small: spaces, dots and dashes differ from maker to maker.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// The catalogue's model that a repository holds, or a file of.
pub(crate) fn of_repository(repository: &str) -> Option<String> {
    KNOWN.repositories.get(&repository.to_lowercase()).cloned()
}

/// The catalogue's model that an installed one is: by where it came from, else by its bytes, else
/// by its name and size.
pub(crate) fn recognised(it: &Traits) -> Option<String> {
    let by_file = it.origin.and_then(|(repository, file)| {
        let place = (repository.to_lowercase(), file.replace('\\', "/"));
        KNOWN.files.get(&place).cloned()
    });
    by_file
        .or_else(|| KNOWN.hashes.get(&it.sha256?.to_lowercase()).cloned())
        .or_else(|| of_repository(it.origin?.0))
        .or_else(|| it.names.iter().find_map(|name| by_name(name, it)))
}

fn by_name(name: &str, it: &Traits) -> Option<String> {
    let name = plain(name);
    let kind = plain(it.quantisation);
    let base = name.strip_suffix(&kind).unwrap_or(&name);
    let (id, parameters) = KNOWN.names.get(base)?;
    let apart = it.parameters.abs_diff(*parameters) as f64;
    (apart <= *parameters as f64 * COUNT).then(|| id.clone())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    const QWEN: &str = "Qwen/Qwen2.5-0.5B-Instruct";

    #[test]
    fn an_installed_model_is_recognised() {
        let nothing = || Traits {
            origin: None,
            sha256: None,
            names: ["", ""],
            quantisation: "Q4_K_M",
            parameters: 494_032_768,
        };
        let check = |what: &str, it: Traits, found: Option<&str>| {
            assert_eq!(recognised(&it).as_deref(), found, "{what}");
        };
        let with = |origin| Traits {
            origin: Some(origin),
            ..nothing()
        };
        check("nothing", nothing(), None);
        check("its own repository", with((QWEN, "")), Some(QWEN));
        let small = QWEN.to_lowercase();
        check("in small letters", with((&small, "x")), Some(QWEN));
        check("another repository", with(("somebody/else", "")), None);
        let models = Catalogue::shipped().models(Language::En);
        for model in &models {
            for file in &model.files {
                let origin = (file.repository.as_str(), file.file.as_str());
                let found = recognised(&with(origin)).unwrap();
                let found = models.iter().find(|model| model.id == found).unwrap();
                assert!(found.files.contains(file), "{origin:?}");
            }
        }
        let qwen = models.iter().find(|model| model.id == QWEN).unwrap();
        let sha256 = qwen.files.iter().find_map(|file| file.sha256.as_deref());
        assert!(sha256.is_some());
        let hashed = Traits {
            sha256,
            ..nothing()
        };
        check("its bytes", hashed, Some(QWEN));
        let named = |name, parameters| Traits {
            names: [name, "some-file"],
            parameters,
            ..nothing()
        };
        let many = qwen.parameters;
        check("a name", named("Qwen2.5 0.5B Instruct", many), Some(QWEN));
        let file = "qwen2.5-0.5b-instruct-q4_k_m";
        check("a file's name", named(file, many), Some(QWEN));
        check("of another size", named(file, many * 2), None);
        check(
            "another name",
            named("Qwen2.5 0.5B Instruct Mine", many),
            None,
        );
    }
}
