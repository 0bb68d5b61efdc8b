//! What the window asks of the desktop's session, and hears from it, on a bus of the test's own.

use crate::{bus::Bus, computer::Home, page::*};
use gtk::{
    gio::{UnixFDList, prelude::*},
    glib::Variant,
};
use std::{
    io::{PipeReader, Read, pipe},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

const LONG: &str = "Write a very long story about a train through the mountains.";

const LOGIND: &str = r#"<node><interface name="org.freedesktop.login1.Manager">
    <method name="Inhibit">
        <arg type="s" direction="in"/><arg type="s" direction="in"/>
        <arg type="s" direction="in"/><arg type="s" direction="in"/>
        <arg type="h" direction="out"/>
    </method></interface></node>"#;

const PORTAL: &str = r#"<node><interface name="org.freedesktop.portal.Settings">
    <method name="Read">
        <arg type="s" direction="in"/><arg type="s" direction="in"/>
        <arg type="v" direction="out"/>
    </method>
    <signal name="SettingChanged"><arg type="s"/><arg type="s"/><arg type="v"/></signal>
    </interface></node>"#;

/// Returns once nobody holds the other end.
fn released(mut lock: PipeReader) -> mpsc::Receiver<()> {
    let (told, tells) = mpsc::channel();
    thread::spawn(move || {
        let _ = lock.read(&mut [0]);
        let _ = told.send(());
    });
    tells
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_machine_stays_awake_exactly_while_an_answer_is_made() {
    let home = Home::new();
    let bus = Bus::new(&home);
    let (asked, asks) = mpsc::channel();
    let name = "org.freedesktop.login1";
    bus.serve(
        name,
        "/org/freedesktop/login1",
        LOGIND,
        move |_, how, call| {
            let (reader, writer) = pipe().expect("a pipe");
            let list = UnixFDList::from_array([writer]);
            call.return_value_with_unix_fd_list(Some(&handle_of_first()), Some(&list));
            let how: (String, String, String, String) = how.get().expect("four texts");
            asked.send((how, reader)).expect("the test waits");
        },
    );
    let environment = [("DBUS_SYSTEM_BUS_ADDRESS", bus.address.as_str())];
    let window = home.open_with(&environment).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(asks.try_recv().is_err(), "nothing is asked before");

    for answer in 1..=2 {
        window.say(LONG).await;
        window.answered(answer, 20).await;
        let soon = asks.recv_timeout(Duration::from_secs(5));
        let ((what, who, why, mode), lock) = soon.expect("it is asked");
        assert_eq!([&*what, &*who, &*mode], ["sleep:idle", "Parley", "block"]);
        assert_eq!(why, word("en", "awake-why"));
        let released = released(lock);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(window.shows(STOP).await, "it still writes");
        assert!(released.try_recv().is_err(), "and the lock is held");
        window.stop().await;
        let soon = released.recv_timeout(Duration::from_secs(5));
        soon.expect("it is let go");
        assert!(asks.try_recv().is_err(), "asked once");
    }
}

/// `(h)`: the first of the file descriptors beside the message.
fn handle_of_first() -> Variant {
    let handle = gtk::glib::variant::Handle(0);
    Variant::tuple_from_iter([handle.to_variant()])
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_systems_theme_is_followed_live() {
    static SCHEME: AtomicU32 = AtomicU32::new(1);
    let home = Home::new();
    let bus = Bus::new(&home);
    let object = "/org/freedesktop/portal/desktop";
    let portal = bus.serve(
        "org.freedesktop.portal.Desktop",
        object,
        PORTAL,
        |_, _, call| {
            let scheme = SCHEME.load(Ordering::SeqCst).to_variant();
            let twice = scheme.to_variant().to_variant(); // as this old method does
            call.return_value(Some(&Variant::tuple_from_iter([twice])));
        },
    );
    let environment = [("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str())];
    let window = home.open_with(&environment).await;
    window.script("window.stillThere = true", vec![]).await;
    let dark = || async {
        let scheme = "return matchMedia('(prefers-color-scheme: dark)').matches";
        window.script(scheme, vec![]).await == true
    };
    let paper = "return getComputedStyle(document.body).backgroundColor";
    assert!(dark().await, "as the system is from the start");
    let night = window.script(paper, vec![]).await;

    for (scheme, expected) in [(2u32, false), (1, true), (0, false)] {
        SCHEME.store(scheme, Ordering::SeqCst);
        let value = scheme.to_variant();
        let told = ("org.freedesktop.appearance", "color-scheme", value);
        portal
            .emit_signal(
                None,
                object,
                "org.freedesktop.portal.Settings",
                "SettingChanged",
                Some(&told.to_variant()),
            )
            .expect("it is told");
        let follows = || async { dark().await == expected };
        window.until("it follows", follows).await;
        let now = window.script(paper, vec![]).await;
        assert_eq!(now == night, expected, "{scheme}: {now}");
    }
    assert_eq!(
        window.script("return window.stillThere", vec![]).await,
        true
    );
}
