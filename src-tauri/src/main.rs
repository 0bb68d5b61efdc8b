//! `parley-desktop`: Parley's window. A thin shell over `chat`, and the only crate that knows Tauri.
//!
//! Ends with 0 when the window is closed, or when one that is open already has taken the files;
//! with 2 where the command line was not understood, with [`NO_DISPLAY`] where no window can be
//! opened, and with 1 on any other failure. It never loads weights: that is the workers' part.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod chat_core;
mod closing;
mod commands;
mod environment;
mod feed;
mod frame;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(test)]
mod tests;
mod window;

use arguments::Wish;
use chat::messages;
use chat_core::{ChatCore, language};
use frame::Frame;
use hub::Places;
use protocol::{AppError, Arg, WindowEvent};
use std::{io::Write, path::PathBuf, process::ExitCode, sync::Arc};
use tauri::{AppHandle, Builder, Manager, RunEvent, Runtime, WebviewWindow};

/// The exit code where there is no display: `cargo xtask run` then opens the terminal chat.
const NO_DISPLAY: u8 = 69; // EX_UNAVAILABLE of sysexits.h
/// The exit code where the command line was not understood.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    environment::prepare();
    let places = Places::from_environment();
    let folder = std::env::current_dir().unwrap_or_default();
    let say = |key: &str, args: &[(&str, Arg)]| messages::text(language(&places), key, args);
    let print = |text: String| {
        let _ = writeln!(std::io::stdout(), "{text}"); // the reader may have gone
        ExitCode::SUCCESS
    };
    match arguments::read(std::env::args_os().skip(1), &folder) {
        Wish::Open(files) => {
            let _ = places.as_ref().map(chat::log::begin);
            open(places, &files)
        }
        Wish::Version => print(format!("parley-desktop {}", env!("CARGO_PKG_VERSION"))),
        Wish::Help => print(say("help-desktop", &[])),
        Wish::Unknown(word) => {
            eprintln!("{}", say("usage-unknown", &[("about", word.into())]));
            ExitCode::from(USAGE)
        }
    }
}

/// Says a failure, for an end with `code`.
fn fail(
    error: &AppError,
    places: &Result<Places, AppError>,
    code: impl Into<ExitCode>,
) -> ExitCode {
    chat::log::failed("window", error);
    eprintln!("{}", messages::sentence(error, language(places)));
    code.into()
}

#[cfg(target_os = "linux")]
fn open(places: Result<Places, AppError>, files: &[PathBuf]) -> ExitCode {
    use linux::{Remembered, Restart, instance};

    let token = ["XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    let wish = instance::Handover::new(files, token);
    let instance = match places.as_ref().map(|places| instance::claim(places, &wish)) {
        Ok(Ok(instance::Claim::First(instance))) => Some(instance),
        Ok(Ok(instance::Claim::HandedOver)) => return ExitCode::SUCCESS,
        Ok(Err(error)) => return fail(&error, &places, ExitCode::FAILURE),
        Err(_) => None, // no home folder: the page says so
    };
    if let Err(error) = linux::open_display() {
        let error = protocol::failure::no_display().detail(error);
        return fail(&error, &places, NO_DISPLAY);
    }
    let remembered = places
        .as_ref()
        .ok()
        .map(|places| Remembered::read(places.window()));
    let frame = remembered.as_ref().and_then(Remembered::frame);
    let tongue = language(&places);
    let awake = move |app: &chat::App| linux::keep_awake_while(app.answering(), tongue);
    run(
        move |app| {
            app.manage(Restart::default());
            let window = start(app, places, wish.files, frame, awake)?;
            linux::end_when_told(app);
            linux::watch_over(&window, remembered)?;
            if let Some(instance) = instance {
                linux::listen(instance, &window);
            }
            Ok(())
        },
        |app| app.state::<Restart>().happen(),
    )
}

#[cfg(not(target_os = "linux"))]
fn open(places: Result<Places, AppError>, files: &[PathBuf]) -> ExitCode {
    let files = files.iter().map(|file| file.to_string_lossy().into_owned());
    let files = files.collect();
    run(
        |app| start(app, places, files, None, |_| ()).map(|_| ()),
        |_| (),
    )
}

/// Runs from `begin` until the window is closed; `end` comes last of all.
fn run(
    begin: impl FnOnce(&AppHandle) -> tauri::Result<()> + Send + 'static,
    end: impl Fn(&AppHandle) + 'static,
) -> ExitCode {
    let built = shell(Builder::default())
        .setup(|app| {
            let begun = begin(app.handle());
            begun.map_err(|error| {
                chat::log::failed("window", &protocol::failure::internal().detail(&error));
                error.into()
            })
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(move |app, event| {
                if let RunEvent::Exit = event {
                    app.state::<Arc<ChatCore>>().close();
                    end(app);
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            let error = protocol::failure::internal().detail(error);
            fail(&error, &Places::from_environment(), ExitCode::FAILURE)
        }
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
            commands::pick_model
        ])
}

/// Begins to open the chat core (`then` is told when it is open), and opens the window without
/// waiting for it. `files` are for the page to open.
fn start<R: Runtime>(
    app: &AppHandle<R>,
    places: Result<Places, AppError>,
    files: Vec<String>,
    frame: Option<Frame>,
    then: impl Fn(&chat::App) + Send + Sync + 'static,
) -> tauri::Result<WebviewWindow<R>> {
    if let Ok(version) = tauri::webview_version() {
        let name = match cfg!(target_os = "linux") {
            true => "WebKitGTK",
            false => "Web view",
        };
        chat::diagnostics::add_fact(name, &version);
    }
    let web_data = places.as_ref().ok().and_then(web_data);
    let feed = feed::Feed::default();
    if !files.is_empty() {
        feed.tell(WindowEvent::FilesOpened { paths: files });
    }
    app.manage(feed);
    app.manage(closing::Closing::default());
    app.manage(ChatCore::open(places, then));
    window::open(app, web_data, frame)
}

/// The folder for what the page remembers by itself (its text size, the folded list). None where
/// nothing can be written: the window opens all the same, and the chat core says what is wrong.
fn web_data(places: &Places) -> Option<PathBuf> {
    let folder = places.data().join("window");
    places.create_data().ok()?;
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder)
}
