//! The machine does not fall asleep while an answer is being made: a lock of logind's, held for
//! exactly as long. Where there is no logind, nothing is asked.

use chat::messages;
use gtk::{
    gio::{self, UnixFDList, prelude::*},
    glib::{self, VariantTy},
};
use protocol::Language;
use tokio::sync::watch;

/// How long logind may take, in milliseconds.
const PATIENCE: i32 = 2000;

/// Keeps the machine awake whenever `answering` is true, for as long as it is told.
/// The reason is given in `language`.
pub fn keep_while(mut answering: watch::Receiver<bool>, language: Language) {
    glib::MainContext::default().invoke(move || {
        glib::MainContext::default().spawn_local(async move {
            while answering.wait_for(|making| *making).await.is_ok() {
                let lock = lock(language).await;
                let ended = answering.wait_for(|making| !making).await.is_ok();
                drop(lock);
                if !ended {
                    return;
                }
            }
        });
    });
}

/// The lock: it is held as long as its file descriptor is open, and the list closes it.
async fn lock(language: Language) -> Option<UnixFDList> {
    let bus = gio::bus_get_future(gio::BusType::System).await.ok()?;
    let why = messages::text(language, "awake-why", &[]);
    let asked = ("sleep:idle", "Parley", why, "block");
    let answered = bus.call_with_unix_fd_list_future(
        Some("org.freedesktop.login1"),
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
        "Inhibit",
        Some(&asked.to_variant()),
        VariantTy::new("(h)").ok(),
        gio::DBusCallFlags::NO_AUTO_START,
        PATIENCE,
        UnixFDList::NONE,
    );
    let (_, lock) = answered.await.ok()?;
    Some(lock)
}
