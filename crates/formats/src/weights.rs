//! Which files of a path hold a model's weights.

use crate::line::one_line;
use crate::open::{first_bytes, is_pickle, not_a_model, regular_file};
use crate::parts::Numbered;
use protocol::{AppError, failure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Most names of a folder that are looked at.
const MOST_NAMES: usize = 16_384;
/// Most models that are named where there are several.
const MOST_NAMED: usize = 8;

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// What there is at a path.
pub(crate) enum Found {
    /// A GGUF file, which may be one of several parts.
    Gguf(PathBuf),
    /// Safetensors.
    Safetensors {
        /// What stands for the model.
        model: PathBuf,
        /// Where config.json should be.
        folder: PathBuf,
        /// Those that hold the weights, where there is no list of them.
        files: Vec<PathBuf>,
        /// The list of the shards.
        index: Option<PathBuf>,
    },
}

/// Finds the weights of a folder, or of the model whose file this is.
///
/// Errors: `file-not-found`, `file-not-readable`, `not-a-model`, `unsafe-format`,
/// `pointer-only`, `config-missing`, `weights-missing`, `several-models`, `foreign-layout`.
pub(crate) fn of(path: &Path) -> Result<Found, AppError> {
    if path.is_dir() {
        return of_folder(path);
    }
    let (mut file, _) = regular_file(path)?;
    let start = first_bytes(&mut file, 64)
        .map_err(|error| failure::file_not_readable(path).detail(error))?;
    if start.starts_with(b"GGUF") {
        return Ok(Found::Gguf(path.to_owned()));
    }
    let is_named = path.extension().is_some_and(|end| end == "safetensors");
    // Eight bytes of length, then a JSON object.
    let begins = start.get(8) == Some(&b'{') && (is_named || start[5..8] == [0; 3]);
    let is_cut = is_named && start.len() < 9;
    if (begins || is_cut) && !is_pickle(path) {
        return of_file(path);
    }
    Err(not_a_model(path, &start))
}

/// The model that a safetensors file belongs to: its folder's, or one of its own.
fn of_file(path: &Path) -> Result<Found, AppError> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let path = folder.join(path.file_name().unwrap_or_default());
    if is_consolidated(&name(&path)) {
        return Err(failure::foreign_layout(folder));
    }
    let own = Numbered::of(&path);
    if let Ok(Found::Safetensors {
        model,
        folder,
        files,
        index,
    }) = of_folder(folder)
        && (files.contains(&path) || index.is_some() && own.is_some())
    {
        return Ok(Found::Safetensors {
            model,
            folder,
            files,
            index,
        });
    }
    let files = own
        .as_ref()
        .map_or(vec![path.clone()], |own| own.all().collect());
    if let Some(missing) = files.iter().find(|file| !file.exists()) {
        return Err(failure::weights_missing(folder, one_line(&name(missing))));
    }
    Ok(Found::Safetensors {
        model: own.map_or(path, |own| own.part(1)),
        folder: folder.to_owned(),
        files,
        index: None,
    })
}

fn of_folder(folder: &Path) -> Result<Found, AppError> {
    let names = names(folder)?;
    let found = |files: Vec<PathBuf>, index: Option<PathBuf>| {
        Ok(Found::Safetensors {
            model: folder.to_owned(),
            folder: folder.to_owned(),
            files,
            index,
        })
    };
    // In the order in which transformers looks for them.
    if names.contains(SINGLE) {
        return found(vec![folder.join(SINGLE)], None);
    }
    if names.contains(INDEX) {
        return found(Vec::new(), Some(folder.join(INDEX)));
    }
    let has_config = names.contains("config.json");
    let ends = |ending: &'static str| {
        let of = names.iter().filter(move |name| name.ends_with(ending));
        of.map(|name| folder.join(name))
    };
    let safetensors = models(ends(".safetensors").filter(|path| {
        let name = name(path);
        // What LoRA adds to another model is none.
        !is_consolidated(&name) && !name.starts_with("adapter_")
    }));
    let ggufs = models(ends(".gguf").filter(|path| !name(path).starts_with("mmproj")));
    match (&safetensors[..], &ggufs[..]) {
        ([], []) => Err(nothing(folder, &names)),
        ([], [one]) => Ok(Found::Gguf(one.clone())),
        ([one], []) | ([one], [_]) if has_config => match Numbered::of(one) {
            None => found(vec![one.clone()], None),
            Some(parts) => {
                let files: Vec<PathBuf> = parts.all().collect();
                match files.iter().find(|file| !file.exists()) {
                    None => found(files, None),
                    Some(missing) => {
                        Err(failure::weights_missing(folder, one_line(&name(missing))))
                    }
                }
            }
        },
        ([_], []) => Err(failure::config_missing(folder)),
        (_, [one]) if !has_config => Ok(Found::Gguf(one.clone())),
        (some, others) => {
            let named = some.iter().chain(others).take(MOST_NAMED);
            let named: Vec<String> = named.map(|path| one_line(&name(path))).collect();
            Err(failure::several_models(folder, named.join(", ")))
        }
    }
}

/// Why there are no weights that could be read.
fn nothing(folder: &Path, names: &BTreeSet<String>) -> AppError {
    // What training leaves beside a model.
    let left = [
        "training_args",
        "optimizer",
        "scheduler",
        "rng_state",
        "scaler",
    ];
    let mut pickles = names.iter().filter(|name| {
        let weights = name.strip_suffix(".index.json").unwrap_or(name);
        is_pickle(Path::new(weights)) && !left.iter().any(|left| name.starts_with(left))
    });
    match pickles.next() {
        _ if names
            .iter()
            .any(|name| is_consolidated(name) && name.ends_with(".safetensors")) =>
        {
            failure::foreign_layout(folder)
        }
        Some(pickle) => failure::unsafe_format(&folder.join(pickle)),
        None if names.contains("config.json") => failure::weights_missing(folder, SINGLE),
        None => failure::config_missing(folder),
    }
}

/// One file of each model, the first that is there where it has numbered parts.
fn models(files: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut models = BTreeMap::new();
    for file in files {
        let first = Numbered::of(&file).map_or(file.clone(), |part| part.part(1));
        models.entry(first).or_insert(file);
    }
    models.into_values().collect()
}

fn names(folder: &Path) -> Result<BTreeSet<String>, AppError> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| failure::file_not_readable(folder).detail(error))?;
    let names = entries.flatten().take(MOST_NAMES);
    Ok(names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect())
}

/// Mistral's own files have other names for the same tensors.
fn is_consolidated(name: &str) -> bool {
    name.starts_with("consolidated")
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
