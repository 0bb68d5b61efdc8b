//! `parley search`: the catalogue first, which needs no network, then the hub.

use crate::{
    list::short_count,
    machine,
    output::{self, Ending, Terminal},
};
use hub::{Catalogue, Network, Places, Room, could_fit, fit_catalogue};
use protocol::{
    AppError, CatalogueFilter, CatalogueModel, CatalogueOrder, Fits, HubFormat, HubFound,
    HubRepository, HubSearch, failure,
};
use serde::Serialize;

/// What is found where.
#[derive(Serialize)]
struct Found {
    /// Of the catalogue that comes with Parley.
    catalogue: Vec<CatalogueModel>,
    /// Of the hub.
    #[serde(flatten)]
    hub: HubFound,
    /// Why the hub was not searched.
    error: Option<AppError>,
}

/// What is looked for.
pub(crate) struct Wanted {
    pub(crate) words: Vec<String>,
    /// BCP 47.
    pub(crate) language: Option<String>,
    /// As the hub names it, such as `apache-2.0`.
    pub(crate) licence: Option<String>,
    pub(crate) format: Option<HubFormat>,
    /// Only what fits this machine; of what the hub has, what can be told to.
    pub(crate) fits: bool,
}

/// Searches both. Where the hub cannot be asked, what the catalogue has is shown still.
pub(crate) async fn run(
    wanted: Wanted,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let room = machine::room(places);
    let catalogue = in_catalogue(&wanted, &room, terminal);
    let fits = wanted.fits;
    let network = Network::new(places, ::chat::stored_settings(places).network);
    let search = HubSearch {
        text: wanted.words.join(" "),
        language: wanted.language,
        licence: wanted.licence,
        format: wanted.format,
        ..HubSearch::default()
    };
    let (hub, error) = match network.search(&search).await {
        Ok(mut found) => {
            let may = |it: &HubRepository| !fits || could_fit(it, &room) == Some(true);
            found.repositories.retain(may);
            (found, None)
        }
        Err(error) if catalogue.is_empty() => return Err(error.into()),
        Err(error) => (HubFound::default(), Some(error)),
    };
    let found = Found {
        catalogue,
        hub,
        error,
    };
    if json {
        let text = serde_json::to_string(&found);
        return output::line(&text.map_err(|error| failure::internal().detail(error))?);
    }
    show(&found, terminal)
}

fn in_catalogue(wanted: &Wanted, room: &Room, terminal: &Terminal) -> Vec<CatalogueModel> {
    let filter = CatalogueFilter {
        text: wanted.words.join(" "),
        languages: wanted.language.clone().into_iter().collect(),
        licence: wanted.licence.clone(),
        fits: wanted.fits,
        ..CatalogueFilter::default()
    };
    let standing = |model: &CatalogueModel| hub::Standing {
        fits: model
            .files
            .first()
            .and_then(|file| fit_catalogue(model, file, room))
            .map(|fit| fit.fits != Fits::No),
        ..hub::Standing::default()
    };
    let shipped = Catalogue::shipped();
    let models = shipped.filtered(terminal.language, &filter, CatalogueOrder::Date, &standing);
    // The catalogue's files are GGUF; its models' own repositories are folders.
    let gguf = wanted.format == Some(HubFormat::Gguf);
    let has = |model: &CatalogueModel| !gguf || !model.files.is_empty();
    models.into_iter().filter(has).collect()
}

fn show(found: &Found, terminal: &Terminal) -> Result<(), Ending> {
    if found.catalogue.is_empty() && found.hub.repositories.is_empty() {
        terminal.note(&terminal.say("search-none", &[]));
    }
    if !found.catalogue.is_empty() {
        output::line(&terminal.say("search-catalogue", &[]))?;
    }
    for model in &found.catalogue {
        let licence = model.licence.spdx.as_ref().unwrap_or(&model.licence.name);
        let parameters = short_count(model.parameters);
        output::line(&format!(
            "  {} · {parameters} · {licence} · {}",
            model.name, model.id
        ))?;
    }
    if let Some(error) = &found.error {
        terminal.fail(error);
    }
    if !found.hub.repositories.is_empty() {
        output::line(&terminal.say("search-hub", &[]))?;
    }
    for repository in &found.hub.repositories {
        let formats = repository.formats.iter().map(|format| match format {
            HubFormat::Gguf => "GGUF",
            HubFormat::Safetensors => "safetensors",
        });
        let formats: Vec<_> = formats.collect();
        let licence = repository.licence.as_deref().unwrap_or("?");
        output::line(&format!(
            "  {} · {} · {licence}",
            repository.repository,
            formats.join(", ")
        ))?;
    }
    Ok(())
}
