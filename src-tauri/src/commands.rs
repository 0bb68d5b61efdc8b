//! What the page may ask for: the command table, the events, and the system's file dialog.

use crate::{chat_core::ChatCore, feed::Feed};
use chat::messages;
use protocol::{AppError, Nothing, Pushed, failure};
use serde_json::Value;
use std::sync::Arc;
use tauri::{Runtime, State, WebviewWindow, ipc::Channel};
use tauri_plugin_dialog::{DialogExt, FilePath};
use tokio::sync::oneshot;

/// Any command of the chat core's table, by name.
#[tauri::command]
pub async fn call(
    core: State<'_, Arc<ChatCore>>,
    name: String,
    request: Value,
) -> Result<Value, AppError> {
    core.dispatch(&name, request).await
}

/// All further events. A page subscribes first and takes its snapshot then, so that nothing is missed.
#[tauri::command]
pub async fn subscribe(
    core: State<'_, Arc<ChatCore>>,
    feed: State<'_, Feed>,
    channel: Channel<Pushed>,
) -> Result<(), AppError> {
    feed.begin(core.app().await?.subscribe(), channel);
    Ok(())
}

/// Closes the window for good: the person means it, though an answer is being made.
#[tauri::command]
pub fn close_window<R: Runtime>(window: WebviewWindow<R>) -> Result<(), AppError> {
    let closed = window.destroy();
    closed.map_err(|error| failure::internal().detail(error))
}

/// Lets the person choose a model: a file, or a `folder`. Absolute path; None where they chose
/// none.
#[tauri::command]
pub async fn pick_model<R: Runtime>(
    window: WebviewWindow<R>,
    core: State<'_, Arc<ChatCore>>,
    folder: bool,
) -> Result<Option<String>, AppError> {
    let settings = core.app().await?.snapshot(Nothing {}).await?.settings;
    let title = match folder {
        true => "model-folder-open",
        false => "model-file-open",
    };
    let title = messages::text(messages::chosen(&settings), title, &[]);
    let (answer, answered) = oneshot::channel();
    let dialog = window.dialog().file().set_parent(&window).set_title(title);
    let chosen = move |path| {
        let _ = answer.send(path); // nobody waits when the page is gone
    };
    match folder {
        true => dialog.pick_folder(chosen),
        false => dialog
            .add_filter("GGUF", &["gguf", "GGUF"])
            .add_filter("safetensors", &["safetensors"])
            .pick_file(chosen),
    }
    let Ok(Some(file)) = answered.await else {
        return Ok(None);
    };
    let path = FilePath::into_path(file).map_err(|error| failure::internal().detail(error))?;
    match path.to_str() {
        Some(path) => Ok(Some(path.to_owned())),
        None => Err(failure::file_not_readable(&path).detail("the path is not Unicode")),
    }
}
