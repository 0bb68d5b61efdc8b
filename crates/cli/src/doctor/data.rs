//! What lies on the disk: the folders, the history, the library and its files.

use super::{Check, Finding, State};
use hub::{Hub, Places};
use protocol::{AppError, Arg, ModelEntry, ModelState, failure};
use runtime::{Engine, KvWish, Runtime};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// With less than this nothing can be kept.
const DISK_NEEDED: u64 = 50_000_000;
/// With less than this there is no room for another model.
const DISK_WANTED: u64 = 2_000_000_000;

pub(super) fn folder(check: &Check<'_>, places: &Places) -> Finding {
    let data = places.data();
    match writable(data) {
        Ok(()) => check.ok("doctor-folder-ok", &[("path", data.into())]),
        Err(error) => {
            let mut found = check.found(
                State::Trouble,
                "doctor-folder-read-only",
                &[("path", data.into())],
            );
            if error.kind() == io::ErrorKind::StorageFull {
                found = check.failed(State::Trouble, &failure::disk_full(data));
            }
            found
        }
    }
}

pub(super) fn disk(check: &Check<'_>, places: &Places) -> Finding {
    let Some(free) = runtime::disk_free(places.data()) else {
        return check.attention("doctor-disk-unknown", &[]);
    };
    let (state, key) = match free {
        free if free < DISK_NEEDED => (State::Trouble, "doctor-disk-full"),
        free if free < DISK_WANTED => (State::Attention, "doctor-disk-little"),
        _ => (State::Ok, "doctor-disk-ok"),
    };
    check.found(state, key, &[("free_bytes", free.into())])
}

/// What is kept of what models have read.
pub(super) async fn kept(check: &Check<'_>, places: &Places, engine: &Runtime) -> Finding {
    let most = chat::stored_settings(places).kept_bytes;
    let now = engine.kept(KvWish::Weigh(most)).await.unwrap_or_default();
    match (most, now.most) {
        (Some(0), _) => check.ok("doctor-kept-off", &[]),
        (_, 0) => check.attention("doctor-kept-no-room", &[]),
        (_, most) => check.ok(
            "doctor-kept-ok",
            &[
                ("used_bytes", now.bytes.into()),
                ("most_bytes", most.into()),
            ],
        ),
    }
}

pub(super) fn logs(check: &Check<'_>, places: &Places) -> Finding {
    let logs = places.logs();
    let args: [(&str, Arg); 1] = [("path", (&logs).into())];
    match writable(&logs) {
        Ok(()) => check.ok("doctor-logs-ok", &args),
        Err(_) => check.attention("doctor-logs-read-only", &args),
    }
}

pub(super) async fn history(check: &Check<'_>, places: &Places) -> Finding {
    let places = places.clone();
    let looking = tokio::task::spawn_blocking(move || chat::history_facts(&places, true));
    let facts = looking
        .await
        .unwrap_or_else(|error| Err(failure::internal().detail(error)));
    match facts {
        Ok(None) => check.ok("doctor-history-none", &[]),
        Ok(Some(facts)) => check.ok(
            "doctor-history-ok",
            &[
                ("conversations", facts.conversations.into()),
                ("messages", facts.messages.into()),
                ("size_bytes", facts.bytes.into()),
            ],
        ),
        Err(error) => check.failed(State::Trouble, &error),
    }
}

pub(super) fn library(check: &Check<'_>, hub: &Result<Hub, AppError>) -> Finding {
    match hub {
        Err(error) => check.failed(State::Trouble, error),
        Ok(hub) => match (hub.damage(), hub.models().len()) {
            (Some(damage), _) => check.failed(State::Attention, &damage),
            (None, 0) => check.failed(State::Trouble, &failure::starter_missing()),
            (None, models) => check.ok("doctor-library-ok", &[("models", models.into())]),
        },
    }
}

/// A line for each model; one that cannot be used is a trouble only where no other can.
pub(super) fn models(check: &Check<'_>, models: &[ModelEntry]) -> Vec<Finding> {
    let usable = |model: &ModelEntry| !matches!(model.state, ModelState::Unusable { .. });
    let any = models.iter().any(usable);
    let of = |model: &ModelEntry| match &model.state {
        ModelState::Unusable { error } if any => check.failed(State::Attention, error),
        ModelState::Unusable { error } => check.failed(State::Trouble, error),
        _ => check.ok(
            "doctor-model-ok",
            &[
                ("name", (&model.name).into()),
                ("size_bytes", model.bytes.into()),
            ],
        ),
    };
    models.iter().map(of).collect()
}

/// Whether files can be made in the folder, or, where it is not there yet, the folder itself.
fn writable(folder: &Path) -> io::Result<()> {
    let Some(there) = folder.ancestors().find(|folder| folder.exists()) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let probe: PathBuf = there.join(format!(".parley-doctor-{}", std::process::id()));
    let written = fs::write(&probe, "written by parley doctor, to be removed at once");
    let removed = fs::remove_file(&probe);
    written.and(removed)
}
