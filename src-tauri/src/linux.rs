//! What a window does on a Linux desktop beyond what Tauri does on all of them.

mod awake;
pub mod instance;
mod page_process;
mod remembered;
mod restart;

pub use awake::keep_while as keep_awake_while;
pub use remembered::Remembered;
pub use restart::Restart;

use gtk::prelude::*;
use instance::{Handover, Instance};
use protocol::WindowEvent;
use std::{sync::mpsc, time::Duration};
use tauri::{AppHandle, Manager, Runtime, WebviewWindow};

/// The window as it is called on a Linux desktop: its class for X11, its application id for
/// Wayland, and the name of the desktop entry.
const NAME: &str = "parley-desktop";
/// How long the main thread may take to do what a second start wants. A window that hangs does
/// not do it at all.
const DOING: Duration = Duration::from_secs(8);

/// Opens the display. Before it, nothing else of GTK may be called.
pub fn open_display() -> Result<(), gtk::glib::BoolError> {
    gtk::glib::set_prgname(Some(NAME));
    gtk::init()
}

/// Ends the program when the session ends, or by Ctrl-C in a terminal. Nobody is asked.
pub fn end_when_told<R: Runtime>(app: &AppHandle<R>) {
    const SIGNALS: [i32; 3] = [1, 2, 15]; // SIGHUP, SIGINT, SIGTERM
    for signal in SIGNALS {
        let app = app.clone();
        gtk::glib::unix_signal_add_once(signal, move || app.exit(0));
    }
}

/// Watches over the window: its page's process, and where it stands.
pub fn watch_over<R: Runtime>(
    window: &WebviewWindow<R>,
    remembered: Option<Remembered>,
) -> tauri::Result<()> {
    page_process::watch(window)?;
    let Some(remembered) = remembered else {
        return Ok(());
    };
    remembered.follow(&window.gtk_window()?);
    let closing = window.clone();
    window.on_window_event(move |event| {
        if let tauri::WindowEvent::CloseRequested { .. } = event
            && let Ok(window) = closing.gtk_window()
        {
            remembered.remember(&window);
        }
    });
    Ok(())
}

/// Does what further starts want, as long as the process lives.
pub fn listen<R: Runtime>(instance: Instance, window: &WebviewWindow<R>) {
    let window = window.clone();
    instance.listen(move |wish| {
        let (done, is_done) = mpsc::channel();
        let told = window.clone();
        let asked = window.run_on_main_thread(move || {
            take(&told, wish);
            let _ = done.send(()); // who asked may have gone
        });
        asked.is_ok() && is_done.recv_timeout(DOING).is_ok()
    });
}

fn take<R: Runtime>(window: &WebviewWindow<R>, wish: Handover) {
    come_forward(window, wish.token.as_deref());
    if !wish.files.is_empty() {
        let paths = wish.files;
        let feed = window.state::<crate::feed::Feed>();
        feed.tell(WindowEvent::FilesOpened { paths });
    }
}

/// Brings the window before the person, wherever it is. `token` is what the desktop gave to the
/// start that asked for it. On the main thread.
fn come_forward<R: Runtime>(window: &WebviewWindow<R>, token: Option<&str>) {
    let Ok(window) = window.gtk_window() else {
        return; // it is being closed
    };
    if let Some(token) = token {
        window.set_startup_id(token);
    }
    window.deiconify();
    // Without a time of now, desktops hold it for a window that steals the keyboard.
    let now = window
        .window()
        .and_then(|surface| surface.downcast::<gdkx11::X11Window>().ok())
        .map_or(0, |surface| {
            gdkx11::functions::x11_get_server_time(&surface)
        });
    window.present_with_time(now);
}
