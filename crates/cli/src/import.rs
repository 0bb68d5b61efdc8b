//! `parley import`: adds model files where they lie.

use crate::{
    list, machine,
    output::{self, Ending, Terminal},
};
use hub::Places;
use protocol::{FoundModel, ModelEntry, failure};
use std::path::Path;

/// Adds the file and shows it.
pub(crate) fn run(
    path: &Path,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    show(&machine::library(places)?.import(path)?, json, terminal)
}

/// Adds what other programs have on this disk (`parley list --elsewhere`): those of these numbers
/// or names, or where none is named all of them. One that cannot be added is told, and the others
/// are added still.
pub(crate) fn found(
    wanted: &[String],
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = machine::library(places)?;
    let found = hub.elsewhere();
    let mut chosen: Vec<&FoundModel> = Vec::new();
    for word in wanted {
        let one = named(&found, word).ok_or_else(|| failure::model_unknown(word))?;
        chosen.push(one);
    }
    if wanted.is_empty() {
        chosen = found.iter().collect();
    }
    if found.is_empty() && !json {
        terminal.note(&terminal.say("elsewhere-none", &[]));
    }
    let mut all_well = true;
    for model in chosen {
        match hub.import(Path::new(&model.path)) {
            Ok(entry) => show(&entry, json, terminal)?,
            Err(error) => {
                all_well = false;
                terminal.fail(&error);
            }
        }
    }
    match all_well {
        true => Ok(()),
        false => Err(Ending::Said),
    }
}

/// By its number in the list, from 1, its name, or its path.
fn named<'a>(found: &'a [FoundModel], word: &str) -> Option<&'a FoundModel> {
    let by_name = found
        .iter()
        .find(|model| model.path == word || model.name.eq_ignore_ascii_case(word));
    let number = || word.parse::<usize>().ok()?.checked_sub(1);
    by_name.or_else(|| found.get(number()?))
}

fn show(model: &ModelEntry, json: bool, terminal: &Terminal) -> Result<(), Ending> {
    if json {
        let text = serde_json::to_string(model);
        return output::line(&text.map_err(|error| failure::internal().detail(error))?);
    }
    list::show(model, terminal)
}
