//! `parley rm`, `parley verify`, `parley mv`: keeping the library.

use crate::output::{self, Ending, Terminal};
use ::chat::messages::{self, size};
use hub::{Hub, Places};
use protocol::{Arg, Deletion, ModelEntry, ModelId, failure};
use serde::Serialize;
use std::{
    io::{self, BufRead, IsTerminal},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Between two lines that tell how far a work is.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// Deletes a model, after showing what goes and, on a terminal, asking.
pub(crate) fn remove(
    model: &str,
    keep_files: bool,
    yes: bool,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = Hub::open(places)?;
    let entry = known(&hub, model)?;
    let mut look = hub.deletion(&entry.id)?;
    ::chat::add_chosen(places, &hub, &mut look);
    let freed = if keep_files { 0 } else { look.freed_bytes };
    let facts = [
        ("name", Arg::from(&entry.name)),
        ("freed", Arg::from(size(freed as f64))),
    ];
    terminal.note(&terminal.say("rm-look", &facts));
    if !keep_files {
        look.files
            .iter()
            .for_each(|path| terminal.note(&format!("  {path}")));
    }
    if look.conversations > 0 {
        let n = [("n", Arg::from(look.conversations))];
        terminal.note(&terminal.say("rm-breaks", &n));
    }
    if look.in_use {
        terminal.note(&terminal.say("rm-in-use", &[]));
    }
    if !yes && !agreed(terminal)? {
        return Err(Ending::Said);
    }
    let deletion = Deletion {
        conversations: look.conversations,
        ..hub.delete(&entry.id, !keep_files)?
    };
    if json {
        let text = serde_json::to_string(&deletion);
        return output::line(&text.map_err(|error| failure::internal().detail(error))?);
    }
    let Deletion { freed_bytes, .. } = deletion;
    let facts = [
        ("name", Arg::from(&entry.name)),
        ("freed", Arg::from(size(freed_bytes as f64))),
    ];
    output::line(&terminal.say("rm-done", &facts))
}

/// Whether the person says yes; who is not at a terminal has to say so beforehand.
fn agreed(terminal: &Terminal) -> Result<bool, Ending> {
    if !io::stdin().is_terminal() {
        terminal.note(&terminal.say("rm-needs-yes", &[]));
        return Ok(false);
    }
    terminal.note(&terminal.say("rm-ask", &[]));
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| failure::file_not_readable("stdin").detail(error))?;
    let answer = line.trim().to_lowercase();
    Ok(["y", "yes", "是", "好"].contains(&answer.as_str()))
}

/// What checking found of one model.
#[derive(Serialize)]
struct Checked {
    /// `done`: lines that tell how far it is say `running`.
    state: &'static str,
    model: ModelEntry,
    error: Option<protocol::AppError>,
}

/// Reads every byte of the models again; none named: of all.
pub(crate) async fn verify(
    names: Vec<String>,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = Hub::open(places)?;
    let models = match names.is_empty() {
        true => hub.models(),
        false => names
            .iter()
            .map(|name| known(&hub, name))
            .collect::<Result<_, _>>()?,
    };
    let mut all_well = true;
    for model in models {
        let (library, id) = (hub.clone(), model.id.clone());
        let told = Some(model.id.clone()).filter(|_| json);
        let result = working(*terminal, json, told, move |tell, go_on| {
            library.verify(&id, tell, go_on)
        })
        .await;
        let error = match result {
            Ok(()) => None,
            Err(Ending::Failed(error)) => Some(*error),
            Err(other) => return Err(other),
        };
        all_well &= error.is_none();
        if json {
            let model = hub.resolve(&model.id)?;
            let checked = Checked {
                state: "done",
                model,
                error,
            };
            let text = serde_json::to_string(&checked);
            output::line(&text.map_err(|error| failure::internal().detail(error))?)?;
            continue;
        }
        let said = match &error {
            None => terminal.say("verify-well", &[("name", Arg::from(&model.name))]),
            Some(error) => messages::sentence(error, terminal.language),
        };
        output::line(&said)?;
    }
    match all_well {
        true => Ok(()),
        false => Err(Ending::Said),
    }
}

/// Moves the library to another folder, where later models are put too.
pub(crate) async fn relocate(
    folder: &Path,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = Hub::open(places)?;
    let to = std::path::absolute(folder)
        .map_err(|error| failure::file_not_found(folder).detail(error))?;
    let from = ::chat::stored_settings(places)
        .library
        .map(std::path::PathBuf::from);
    let (library, target) = (hub.clone(), to.clone());
    // Whoever comes after a kill goes on with it.
    ::chat::note_move(places, Some(&to))?;
    let moved = working(*terminal, json, None, move |tell, go_on| {
        library.move_library(from.as_deref(), &target, tell, go_on)
    })
    .await;
    if moved.is_err() {
        ::chat::note_move(places, None)?;
    }
    moved?;
    ::chat::set_library(places, &to)?;
    if json {
        let done = serde_json::json!({ "state": "done", "path": to.display().to_string() });
        return output::line(&done.to_string());
    }
    output::line(&terminal.say("mv-done", &[("path", Arg::from(&to))]))
}

/// The model of the library that is meant; one that is not in it is not added for that.
pub(crate) fn known(hub: &Hub, name: &str) -> Result<ModelEntry, Ending> {
    let models = hub.models();
    let path = std::path::absolute(name).unwrap_or_else(|_| name.into());
    let is_path = models.iter().find(|model| Path::new(&model.path) == path);
    if let Some(model) = is_path {
        return Ok(model.clone());
    }
    // A path would be imported by that.
    match Path::new(name).exists() {
        true => Err(failure::model_unknown(name).into()),
        false => Ok(hub.find(name)?),
    }
}

/// Runs something long, of a model where there is one, shows how far it is (as JSON for programs),
/// and ends it with Ctrl-C.
async fn working(
    terminal: Terminal,
    json: bool,
    model: Option<ModelId>,
    run: impl FnOnce(hub::Told, hub::GoOn) -> Result<(), protocol::AppError> + Send + 'static,
) -> Result<(), Ending> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = stopped.clone();
    let mut work = tokio::task::spawn_blocking(move || {
        let mut told: Option<Instant> = None;
        let mut tell = |done: u64, total: u64| {
            if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                told = Some(Instant::now());
                let facts = [
                    ("done", Arg::from(size(done as f64))),
                    ("total", Arg::from(size(total as f64))),
                ];
                if json {
                    let mut now = serde_json::json!({
                        "state": "running", "bytes_done": done, "bytes_total": total,
                    });
                    if let Some(model) = &model {
                        now["model"] = model.0.as_str().into();
                    }
                    // Whoever does not read any more still wants the work done.
                    let _ = output::line(&now.to_string());
                    return;
                }
                let bar = output::bar(done, total);
                let said = terminal.say("work-progress", &facts);
                terminal.passing(&format!("{bar} {said}"));
            }
        };
        run(&mut tell, &|| !flag.load(Ordering::Relaxed))
    });
    let result = tokio::select! {
        result = &mut work => result,
        _ = tokio::signal::ctrl_c() => {
            stopped.store(true, Ordering::Relaxed);
            work.await
        }
    };
    terminal.passing("");
    if stopped.load(Ordering::Relaxed) {
        return Err(Ending::Interrupted);
    }
    result.map_err(|error| failure::internal().detail(error))??;
    Ok(())
}
