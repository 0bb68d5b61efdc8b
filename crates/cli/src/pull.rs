//! `parley pull` and `parley search`: fetching models of the hub, and looking for them.

use crate::{
    list,
    output::{self, Ending, Terminal},
};
use ::chat::messages::size;
use hub::{Hub, Network, Places};
use protocol::{
    AppError, Arg, Download, DownloadState, DownloadWish, HubSearch, RepositoryRef, failure,
};
use std::time::Duration;

/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Fetches `owner/name`, or with `:file` one of its files; `@revision` at the end names another
/// than the newest. Ctrl-C leaves what came for the next time.
pub(crate) async fn pull(
    what: &str,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let settings = ::chat::stored_settings(places);
    let hub = Hub::open(places)?;
    let folder = settings.library.map(std::path::PathBuf::from);
    hub.set_download_folder(folder.unwrap_or_else(|| places.hub_cache().to_owned()));
    let network = Network::new(places, settings.network);
    let id = hub.download_start(&wish(what, &network).await?)?.id;
    // One that was paused, or has failed before, is asked for again.
    hub.download_resume(&id)?;
    let fetching = hub.fetch(&network, Some(&id));
    let model = loop {
        let download = hub.download(&id)?;
        match &download.state {
            DownloadState::Done { model } => break model.clone(),
            DownloadState::Failed { error } | DownloadState::Paused { error: Some(error) } => {
                terminal.passing("");
                return Err(error.clone().into());
            }
            DownloadState::Paused { error: None } => return Err(failure::cancelled().into()),
            _ => {}
        }
        if json {
            let text = serde_json::to_string(&download);
            output::line(&text.map_err(|error| failure::internal().detail(error))?)?;
        } else {
            terminal.passing(&progress(&download, terminal));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = tokio::signal::ctrl_c() => {
                terminal.passing("");
                return Err(Ending::Interrupted);
            }
        }
    };
    drop(fetching);
    terminal.passing("");
    let done = hub.download(&id)?;
    hub.download_dismiss(&id)?;
    if json {
        let text = serde_json::to_string(&done);
        return output::line(&text.map_err(|error| failure::internal().detail(error))?);
    }
    list::show(&hub.resolve(&model)?, terminal)
}

/// Searches the hub.
pub(crate) async fn search(
    words: &[String],
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let network = Network::new(places, ::chat::stored_settings(places).network);
    let search: HubSearch = serde_json::from_value(serde_json::json!({ "text": words.join(" ") }))
        .map_err(|error| failure::internal().detail(error))?;
    let found = network.search(&search).await?;
    if json {
        let text = serde_json::to_string(&found);
        return output::line(&text.map_err(|error| failure::internal().detail(error))?);
    }
    if found.repositories.is_empty() {
        terminal.note(&terminal.say("search-none", &[]));
    }
    for repository in &found.repositories {
        let formats: Vec<_> = repository
            .formats
            .iter()
            .map(|f| format!("{f:?}"))
            .collect();
        let licence = repository.licence.as_deref().unwrap_or("?");
        let facts = [formats.join(", "), licence.to_owned()];
        output::line(&format!(
            "{} · {}",
            repository.repository,
            facts.join(" · ")
        ))?;
    }
    Ok(())
}

/// What is meant; a kind such as `Q4_K_M` is looked up among the repository's files.
async fn wish(what: &str, network: &Network) -> Result<DownloadWish, AppError> {
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
            let asked = RepositoryRef {
                repository: wish.repository.clone(),
                revision: wish.revision.clone(),
            };
            let details = network.details(&asked).await?;
            let is_meant = |of: &String| of.eq_ignore_ascii_case(&kind);
            let mut all = details.files.into_iter();
            let found = all.find(|file| file.kind.as_ref().is_some_and(is_meant));
            let missing = || failure::hub_file_missing(&wish.repository, &kind);
            wish.files = found.ok_or_else(missing)?.files;
        }
        None => {}
    }
    Ok(wish)
}

fn progress(download: &Download, terminal: &Terminal) -> String {
    let bytes = |bytes: u64| Arg::from(size(bytes as f64));
    let total = download.bytes_total.unwrap_or(download.bytes_done);
    let facts = [
        ("done", bytes(download.bytes_done)),
        ("total", bytes(total)),
    ];
    let progress = terminal.say("work-progress", &facts);
    match download.bytes_per_second {
        Some(speed) => format!("{progress} · {}/s", size(speed as f64)),
        None => progress,
    }
}
