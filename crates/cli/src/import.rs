//! `parley import`: adds a model file where it lies.

use crate::{
    list,
    output::{self, Ending, Terminal},
};
use hub::{Hub, Places};
use protocol::failure;
use std::path::Path;

/// Adds the file and shows it.
pub(crate) fn run(
    path: &Path,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let model = Hub::open(places)?.import(path)?;
    if json {
        let text =
            serde_json::to_string(&model).map_err(|error| failure::internal().detail(error))?;
        return output::line(&text);
    }
    list::show(&model, terminal)
}
