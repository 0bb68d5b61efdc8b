//! `parley pull`: fetching models of the hub.

use crate::{
    list, machine,
    output::{self, Ending, Terminal},
    wish,
};
use ::chat::messages::size;
use hub::{Hub, Network, Places};
use protocol::{AppError, Arg, Download, DownloadState, ModelId, Source, failure};
use std::time::Duration;

/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Tries in a row without a byte more after which a pull ends: about 5 seconds where nothing came
/// yet, which is a wrong address or no network at all; a minute and a half of one under way.
const TRIES: (u32, u32) = (4, 8);
/// The longest that a pull waits because the hub asks for it.
const LONGEST_REST: u32 = 120;

/// Fetches a model of the catalogue by its name, or `owner/name` of the hub, or with `:file` one of its files; `@revision` at the end names another
/// than the newest. Ctrl-C leaves what came for the next time.
pub(crate) async fn pull(
    what: &str,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let settings = ::chat::stored_settings(places);
    let hub = machine::library(places)?;
    let folder = settings.library.map(std::path::PathBuf::from);
    hub.set_download_folder(folder.unwrap_or_else(|| places.hub_cache().to_owned()));
    let network = Network::new(places, settings.network);
    let id = hub
        .download_start(&wish::wish(what, &machine::room(places), &network).await?)?
        .id;
    // One that was paused, or has failed before, is asked for again.
    hub.download_resume(&id)?;
    follow(&hub, &network, &id, json, terminal).await
}

/// Runs a download until its end, shows how far it is, and then the model. Ctrl-C leaves what came
/// for the next time.
pub(crate) async fn follow(
    hub: &Hub,
    network: &Network,
    id: &str,
    json: bool,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let fetching = hub.fetch(network, Some(id));
    let mut patience = Patience::default();
    let mut seen: Option<Download> = None;
    let (done, model) = loop {
        let download = match (hub.download(id), seen.take()) {
            (Ok(download), _) => download,
            // Another program ran it, and has taken it out of the queue already.
            (Err(error), Some(seen)) => match fetched(hub, &seen) {
                Some(model) => break (ended(seen, &model), model),
                None => return Err(error.into()),
            },
            (Err(error), None) => return Err(error.into()),
        };
        if let Some(error) = patience.ends(&download) {
            terminal.passing("");
            return Err(error.into());
        }
        match &download.state {
            DownloadState::Done { model } => {
                let model = model.clone();
                break (download, model);
            }
            DownloadState::Failed { error } | DownloadState::Paused { error: Some(error) } => {
                terminal.passing("");
                if download.bytes_done == 0 {
                    // A name that was mistyped is of no use in the queue.
                    let _ = hub.download_dismiss(id);
                }
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
        seen = Some(download);
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
    match hub.download_dismiss(id) {
        Err(error) if error.key != "download-unknown" => return Err(error.into()),
        _ => {}
    }
    if json {
        let text = serde_json::to_string(&done);
        return output::line(&text.map_err(|error| failure::internal().detail(error))?);
    }
    list::show(&hub.resolve(&model)?, terminal)
}

/// The model that came by a download which is not in the queue any more.
fn fetched(hub: &Hub, seen: &Download) -> Option<ModelId> {
    let is_its = |source: &Source| match source {
        Source::Hub {
            repo,
            revision,
            file,
        } => {
            *repo == seen.repository
                && *revision == seen.revision
                && (file.is_empty() || seen.files.contains(file))
        }
        _ => false,
    };
    let mut models = hub.models().into_iter();
    models.find(|model| is_its(&model.source)).map(|it| it.id)
}

fn ended(seen: Download, model: &ModelId) -> Download {
    Download {
        state: DownloadState::Done {
            model: model.clone(),
        },
        bytes_done: seen.bytes_total.unwrap_or(seen.bytes_done),
        bytes_per_second: None,
        seconds_left: None,
        ..seen
    }
}

/// How often in a row nothing came.
#[derive(Default)]
struct Patience {
    /// Bytes that were there at the first look.
    began: Option<u64>,
    /// Bytes that were there at the last one.
    bytes: u64,
    tries: u32,
    /// Seconds that were left of a rest then.
    rest: Option<u32>,
}

impl Patience {
    /// Looks at a download; the reason why it is not waited for any longer.
    fn ends(&mut self, download: &Download) -> Option<AppError> {
        let began = *self.began.get_or_insert(download.bytes_done);
        if download.bytes_done > self.bytes {
            self.tries = 0;
        }
        self.bytes = download.bytes_done;
        let DownloadState::Retrying { seconds, error } = &download.state else {
            self.rest = None;
            return None;
        };
        // Rests only get shorter until the next one begins.
        self.tries += u32::from(self.rest.is_none_or(|rest| *seconds > rest));
        self.rest = Some(*seconds);
        let most = match self.bytes > began {
            true => TRIES.1,
            false => TRIES.0,
        };
        (self.tries >= most || *seconds > LONGEST_REST).then(|| error.clone())
    }
}

/// How far it is, drawn and in words.
pub(crate) fn progress(download: &Download, terminal: &Terminal) -> String {
    let bytes = |bytes: u64| Arg::from(size(bytes as f64));
    let total = download.bytes_total.unwrap_or(download.bytes_done);
    let facts = [
        ("done", bytes(download.bytes_done)),
        ("total", bytes(total)),
    ];
    let bar = output::bar(download.bytes_done, total);
    let progress = format!("{bar} {}", terminal.say("work-progress", &facts));
    match download.bytes_per_second {
        Some(speed) => format!("{progress} · {}/s", size(speed as f64)),
        None => progress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_without_a_byte_ends_after_some_tries() {
        let retrying = |seconds: u32| DownloadState::Retrying {
            seconds,
            error: failure::download_stalled(),
        };
        // Each look: bytes, and the seconds of a rest; 0: it runs.
        let check = |looks: &[(u64, u32)], ends: Option<usize>| {
            let mut patience = Patience::default();
            let end = looks.iter().position(|(bytes, seconds)| {
                let state = match seconds {
                    0 => DownloadState::Running,
                    seconds => retrying(*seconds),
                };
                let download = Download {
                    id: "1".into(),
                    name: String::new(),
                    repository: String::new(),
                    revision: String::new(),
                    files: Vec::new(),
                    updates: None,
                    state,
                    bytes_done: *bytes,
                    bytes_total: None,
                    bytes_per_second: None,
                    seconds_left: None,
                };
                patience.ends(&download).is_some()
            });
            assert_eq!(end, ends, "{looks:?}");
        };
        // Nothing ever came: the fourth rest is not waited for, seen running between or not.
        check(
            &[(0, 1), (0, 1), (0, 2), (0, 1), (0, 4), (0, 3), (0, 8)],
            Some(6),
        );
        check(
            &[(0, 1), (0, 0), (0, 1), (0, 0), (0, 1), (0, 0), (0, 1)],
            Some(6),
        );
        // What lay there from an earlier pull is not counted as come.
        check(&[(9, 1), (9, 2), (9, 4), (9, 8)], Some(3));
        // Something came: more patience, and from the beginning with every byte.
        check(
            &[
                (0, 0),
                (5, 1),
                (5, 2),
                (5, 4),
                (5, 8),
                (5, 16),
                (5, 32),
                (5, 60),
            ],
            None,
        );
        let tries = [1, 2, 4, 8, 16, 32, 40, 60].map(|seconds| (5, seconds));
        check(&[&[(0, 0)], &tries[..]].concat(), Some(8));
        check(&[&[(0, 0)], &tries[..7], &[(6, 1), (6, 2)]].concat(), None);
        // The hub asks for a long rest.
        check(&[(0, 0), (5, 3600)], Some(1));
    }
}
