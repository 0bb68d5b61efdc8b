//! `parley list --downloads`: what is being fetched, or waits for it, in its order.

use crate::{
    output::{self, Ending, Terminal},
    pull,
};
use ::chat::messages;
use hub::{Hub, Places};
use protocol::{Arg, Download, DownloadState, failure};

/// Shows the queue. Asks nobody, and fetches nothing.
pub(crate) fn run(json: bool, places: &Places, terminal: &Terminal) -> Result<(), Ending> {
    let downloads = Hub::open(places)?.downloads().downloads;
    if json {
        let text = serde_json::to_string(&downloads);
        return output::line(&text.map_err(|error| failure::internal().detail(error))?);
    }
    if downloads.is_empty() {
        terminal.note(&terminal.say("downloads-none", &[]));
    }
    for download in &downloads {
        output::line(&download.name)?;
        let files = download.files.join(", ");
        let (repository, revision) = (&download.repository, &download.revision);
        let from = format!("{repository}@{revision} {files}");
        output::line(&format!("  {}", from.trim_end()))?;
        output::line(&format!("  {}", pull::progress(download, terminal)))?;
        output::line(&format!("  {}", state(download, terminal)))?;
    }
    Ok(())
}

/// How it stands, in words.
fn state(download: &Download, terminal: &Terminal) -> String {
    let sentence = |error| messages::sentence(error, terminal.language);
    let said = |key: &str| terminal.say(key, &[]);
    let words = match &download.state {
        DownloadState::Waiting => said("download-waiting"),
        DownloadState::Asking => said("download-asking"),
        DownloadState::Running => said("download-running"),
        DownloadState::Retrying { error, .. } => sentence(error),
        DownloadState::Paused { error: Some(error) } => sentence(error),
        DownloadState::Paused { error: None } => said("download-paused"),
        DownloadState::Checking => said("download-checking"),
        DownloadState::Elsewhere => said("download-elsewhere"),
        DownloadState::Done { .. } => said("download-done"),
        DownloadState::Failed { error } => sentence(error),
    };
    match &download.updates {
        Some(_) => {
            let name = Arg::from(&download.name);
            format!(
                "{words} · {}",
                terminal.say("download-updates", &[("name", name)])
            )
        }
        None => words,
    }
}
