//! The page's process. WebKit runs the page in a process of its own. Where that one dies (memory,
//! a fault of the graphics driver) the page is loaded again and rebuilds itself from a snapshot.
//! Where it dies again and again, loading it would never end: then the person is told of the
//! known remedy and offered it.

use super::restart::Restart;
use crate::{chat_core::ChatCore, feed::Feed};
use chat::messages;
use gtk::prelude::*;
use protocol::failure;
use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::{Duration, Instant},
};
use tauri::{Manager, Runtime, WebviewWindow};
use webkit2gtk::WebViewExt;

/// Time between a death and the reload, so that a page that dies at once does not spin.
const BREATH: Duration = Duration::from_millis(500);
/// So many deaths within so long are too many.
const TOO_MANY: usize = 3;
const WITHIN: Duration = Duration::from_secs(60);

/// Watches over the process of the window's page.
pub fn watch<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    let reloaded = window.clone();
    let deaths = RefCell::new(Deaths::default());
    window.with_webview(move |view| {
        view.inner()
            .connect_web_process_terminated(move |_, reason| {
                reloaded.state::<Feed>().end();
                let too_many = deaths.borrow_mut().one_more(Instant::now());
                chat::log::page_died(&format!("{reason:?}"));
                if too_many {
                    *deaths.borrow_mut() = Deaths::default();
                    tell(&reloaded);
                } else {
                    reload_soon(&reloaded);
                }
            });
    })
}

fn reload_soon<R: Runtime>(window: &WebviewWindow<R>) {
    let window = window.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(BREATH).await;
        let _ = window.reload(); // fails only once the window is closed
    });
}

/// Says what is wrong, without the page, and does what the person chooses.
fn tell<R: Runtime>(window: &WebviewWindow<R>) {
    let language = window.state::<Arc<ChatCore>>().language();
    let error = failure::page_dies(TOO_MANY);
    chat::log::failed("window", &error);
    let parent = window.gtk_window().ok();
    let dialog = gtk::MessageDialog::builder()
        .modal(true)
        .title("Parley")
        .message_type(gtk::MessageType::Error)
        .text(messages::sentence(&error, language))
        .build();
    dialog.set_transient_for(parent.as_ref());
    let word = |key| messages::text(language, key, &[]);
    dialog.add_button(&word("page-dies-close"), gtk::ResponseType::Close);
    dialog.add_button(&word("page-dies-again"), gtk::ResponseType::No);
    dialog.add_button(&word("page-dies-simple"), gtk::ResponseType::Yes);
    dialog.set_default_response(gtk::ResponseType::Yes);
    let window = window.clone();
    let answered = Cell::new(false);
    dialog.connect_response(move |dialog, answer| {
        // Closing it is told as an answer too: the wish to close Parley.
        if answered.replace(true) {
            return;
        }
        dialog.close();
        match answer {
            gtk::ResponseType::Yes => window.state::<Restart>().ask(window.app_handle()),
            gtk::ResponseType::No => reload_soon(&window),
            _ => window.app_handle().exit(0),
        }
    });
    dialog.show_all();
}

/// When the page's process died.
#[derive(Default)]
struct Deaths(Vec<Instant>);

impl Deaths {
    /// Counts one more. True where that is one too many.
    fn one_more(&mut self, now: Instant) -> bool {
        self.0
            .retain(|death| now.saturating_duration_since(*death) < WITHIN);
        self.0.push(now);
        self.0.len() >= TOO_MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_deaths_within_a_minute_are_too_many() {
        let began = Instant::now();
        let check = |seconds: &[u64], expected: &[bool]| {
            let mut deaths = Deaths::default();
            let found: Vec<bool> = seconds
                .iter()
                .map(|second| deaths.one_more(began + Duration::from_secs(*second)))
                .collect();
            assert_eq!(found, expected, "{seconds:?}");
        };
        check(&[0, 1, 2], &[false, false, true]);
        check(&[0, 30, 61, 89], &[false, false, false, true]);
        check(&[0, 60, 120, 180], &[false; 4]);
    }
}
