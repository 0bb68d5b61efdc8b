//! `parley pull`: fetching models of the hub.

use crate::{
    list,
    output::{self, Ending, Terminal},
};
use ::chat::messages::size;
use hub::{Catalogue, Hub, Network, Places, Room, fit_catalogue};
use protocol::{
    AppError, Arg, CatalogueFile, Download, DownloadState, DownloadWish, Fits, KvType, Language,
    RepositoryRef, failure,
};
use std::time::Duration;

/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Tries in a row without a byte more after which a pull ends: about 5 seconds where nothing came
/// yet, which is a wrong address or no network at all; a minute and a half of one under way.
const TRIES: (u32, u32) = (4, 8);
/// The longest that a pull waits because the hub asks for it.
const LONGEST_REST: u32 = 120;
/// Most names that are said to be nearly what was asked for.
const NEAREST: usize = 3;
/// Letters of a word that are compared.
const LONGEST_WORD: usize = 40;

/// Fetches a model of the catalogue by its name, or `owner/name` of the hub, or with `:file` one of its files; `@revision` at the end names another
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
    let model = loop {
        let download = hub.download(id)?;
        if let Some(error) = patience.ends(&download) {
            terminal.passing("");
            return Err(error.into());
        }
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
    let done = hub.download(id)?;
    hub.download_dismiss(id)?;
    if json {
        let text = serde_json::to_string(&done);
        return output::line(&text.map_err(|error| failure::internal().detail(error))?);
    }
    list::show(&hub.resolve(&model)?, terminal)
}

/// What is meant by what is no `owner/name`: a model of the catalogue. Errors: `pull-unknown`,
/// with what is named nearly so.
fn by_name(what: &str) -> Result<CatalogueFile, AppError> {
    of_catalogue(what).ok_or_else(|| match nearest(what) {
        names if names.is_empty() => failure::pull_unknown(what),
        names => failure::pull_unlike(what, names.join(", ")),
    })
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
    let fetched = models.filter(|model| !model.files.is_empty());
    let mut ranked: Vec<(usize, String)> = fetched
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
/// does, or that cannot be told, the one that the catalogue recommends.
fn of_catalogue(name: &str) -> Option<CatalogueFile> {
    let models = Catalogue::shipped().models(Language::En).into_iter();
    let model = models
        .filter(|model| model.name.eq_ignore_ascii_case(name))
        .find(|model| !model.files.is_empty())?;
    let memory = runtime::Options::from_environment().memory;
    let room = Room {
        memory_bytes: memory.unwrap_or_else(|| runtime::system().memory_bytes),
        bandwidth: None,
        kv_type: KvType::default(),
    };
    let fitting = model.files.iter().filter_map(|file| {
        let fit = fit_catalogue(&model, file, &room)?;
        (fit.fits == Fits::Well).then_some((fit.weight_bytes, file))
    });
    let largest = fitting.max_by_key(|(bytes, _)| *bytes);
    largest
        .map(|(_, file)| file)
        .or(model.files.first())
        .cloned()
}

fn asked(wish: &DownloadWish) -> RepositoryRef {
    RepositoryRef {
        repository: wish.repository.clone(),
        revision: wish.revision.clone(),
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

/// What is meant; a kind such as `Q4_K_M` is looked up among the repository's files. No file is
/// the folder of safetensors, or the only GGUF file where there is no such folder.
async fn wish(what: &str, network: &Network) -> Result<DownloadWish, AppError> {
    if !what.contains('/') {
        let file = by_name(what)?;
        return Ok(DownloadWish {
            repository: file.repository,
            revision: file.revision,
            files: vec![file.file],
            name: None,
        });
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
            let mut all = details.files.into_iter();
            let found = all.find(|file| file.kind.as_ref().is_some_and(is_meant));
            let missing = || failure::hub_file_missing(&wish.repository, &kind);
            wish.files = found.ok_or_else(missing)?.files;
        }
        // Trouble that passes is met again, and told, by what fetches.
        None => {
            if let Ok(details) = network.details(&asked(&wish)).await
                && let [file] = &details.files[..]
                && file.files.iter().all(|path| path.ends_with(".gguf"))
            {
                wish.files.clone_from(&file.files);
            }
        }
    }
    Ok(wish)
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
