//! `parley-desktop`: Parley's window. A thin shell over `chat`, and the only crate that knows Tauri.
//!
//! Ends with 0 when the window is closed, with [`NO_DISPLAY`] where none can be opened, and with
//! 1 on any other failure. It never loads weights: that is the workers' part.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod chat_core;
mod commands;
mod environment;
mod feed;
#[cfg(test)]
mod tests;
mod window;

use hub::Places;
use protocol::AppError;
use std::{path::PathBuf, process::ExitCode, sync::Arc};
use tauri::{AppHandle, Builder, Manager, RunEvent, Runtime};

/// The exit code where there is no display: `cargo xtask run` then opens the terminal chat.
const NO_DISPLAY: u8 = 69; // EX_UNAVAILABLE of sysexits.h

fn main() -> ExitCode {
    environment::prepare();
    #[cfg(target_os = "linux")]
    if let Err(error) = gtk::init() {
        let error = protocol::failure::no_display().detail(error);
        eprintln!(
            "{}",
            chat::messages::sentence(&error, chat::messages::system())
        );
        return ExitCode::from(NO_DISPLAY);
    }
    let built = shell(Builder::default())
        .setup(|app| {
            #[cfg(target_os = "linux")]
            end_when_told(app.handle());
            Ok(start(app.handle(), Places::from_environment())?)
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(|app, event| {
                if let RunEvent::Exit = event {
                    app.state::<Arc<chat_core::ChatCore>>().close();
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("parley-desktop: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes the end of the session, or Ctrl-C in a terminal, as if the window were closed.
#[cfg(target_os = "linux")]
fn end_when_told(app: &AppHandle) {
    const SIGNALS: [i32; 3] = [1, 2, 15]; // SIGHUP, SIGINT, SIGTERM
    for signal in SIGNALS {
        let app = app.clone();
        gtk::glib::unix_signal_add_once(signal, move || app.exit(0));
    }
}

/// The commands, and the plugin behind one of them.
fn shell<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    builder
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(tauri::generate_handler![
            commands::call,
            commands::subscribe,
            commands::close_window,
            commands::pick_model_file
        ])
}

/// Begins to open the chat core, and opens the window without waiting for it.
fn start<R: Runtime>(app: &AppHandle<R>, places: Result<Places, AppError>) -> tauri::Result<()> {
    let web_data = places.as_ref().ok().and_then(web_data);
    app.manage(feed::Feed::default());
    app.manage(chat_core::ChatCore::open(places));
    window::open(app, web_data)
}

/// The folder for what the page remembers by itself (its text size, the folded list). None where
/// nothing can be written: the window opens all the same, and the chat core says what is wrong.
fn web_data(places: &Places) -> Option<PathBuf> {
    let folder = places.data().join("window");
    places.create_data().ok()?;
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder)
}
