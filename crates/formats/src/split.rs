//! A GGUF model in several files, as llama.cpp's `gguf-split` makes them: the first has all
//! metadata, each says which it is (`split.no`, from 0), of how many (`split.count`), and how many
//! tensors they have together (`split.tensors.count`).

use crate::checkpoint::Checkpoint;
use crate::gguf::{Gguf, MOST_TENSORS, Metadata};
use crate::line::one_line;
use crate::parts::{self, MOST_PARTS, Numbered};
use protocol::{AppError, failure};
use std::path::Path;

const NUMBER: &str = "split.no";
const COUNT: &str = "split.count";
const TENSORS: &str = "split.tensors.count";

/// The model that a GGUF file is, or is any part of.
///
/// Errors: those of [`Gguf::open`] for each part; `weights-missing`, `part-foreign`,
/// `part-misnamed`, `model-damaged`.
pub(crate) fn open(gguf: Gguf) -> Result<Checkpoint, AppError> {
    let Some(count) = gguf.metadata.number(COUNT).filter(|count| *count > 1) else {
        return Checkpoint::of_gguf(gguf);
    };
    if count > MOST_PARTS {
        return Err(failure::model_damaged(&gguf.path, COUNT));
    }
    let number = gguf
        .metadata
        .number(NUMBER)
        .filter(|number| *number < count);
    let number = number.ok_or_else(|| failure::model_damaged(&gguf.path, NUMBER))?;
    let Some(named) = Numbered::of(&gguf.path) else {
        let expected = parts::example(&gguf.path, number + 1, count);
        return Err(failure::part_misnamed(&gguf.path, one_line(&expected)));
    };
    // Its own word against its name's: another file was given this name.
    if (named.number, named.count) != (number + 1, count) {
        let other = if number == 0 { 2 } else { 1 };
        return Err(failure::part_foreign(&gguf.path, name(&named.part(other))));
    }
    if let Some(missing) = named.all().find(|part| !part.exists()) {
        let folder = gguf.path.parent().unwrap_or(Path::new(""));
        return Err(failure::weights_missing(folder, name(&missing)));
    }
    let mut parts: Vec<Gguf> = Vec::new();
    let mut tensors = 0;
    for path in named.all() {
        let mut part = Gguf::open(&path)?;
        let first = parts.first().unwrap_or(&part);
        let belongs = part.metadata.number(NUMBER) == Some(parts.len() as u64)
            && part.metadata.number(COUNT) == Some(count)
            && part.metadata.number(TENSORS) == first.metadata.number(TENSORS)
            && part.version == first.version
            && same_model(&part, first);
        if !belongs {
            let other = if parts.is_empty() { &gguf } else { first };
            return Err(failure::part_foreign(&path, name(&other.path)));
        }
        tensors += part.tensors.len() as u64;
        if tensors > MOST_TENSORS {
            return Err(failure::model_damaged(&path, TENSORS));
        }
        if !parts.is_empty() {
            // Nothing of it counts, and it may be large.
            part.metadata = Metadata::default();
        }
        parts.push(part);
    }
    let promised = parts
        .first()
        .and_then(|first| first.metadata.number(TENSORS));
    if promised.is_some_and(|promised| promised != tensors) {
        let what = format!("{TENSORS}: {tensors}");
        return Err(failure::model_damaged(&named.part(1), what));
    }
    let first = parts.remove(0);
    Checkpoint::of_parts(first, &parts)
}

/// Whether what a later part says of the model, mostly nothing, is what the first says.
fn same_model(part: &Gguf, first: &Gguf) -> bool {
    ["general.architecture", "general.name", "general.file_type"]
        .iter()
        .all(|key| {
            let said = part.metadata.get(key);
            said.is_none() || said == first.metadata.get(key)
        })
}

fn name(path: &Path) -> String {
    one_line(&path.file_name().unwrap_or_default().to_string_lossy())
}
