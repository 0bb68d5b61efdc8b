//! What a screen reader is told: the tree of the real window, on an accessibility bus of the
//! test's own, names every control.

use crate::{
    bus::{Bus, connect},
    computer::{Home, PATIENCE},
    harness::Window,
    page::*,
};
use gtk::{
    gio::{self, DBusCallFlags, DBusConnection},
    glib::{ToVariant, Variant, VariantTy},
};
use std::{path::Path, process::Command, time::Instant};

const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
/// Of the first word of states: it can have the keyboard.
const FOCUSABLE: u32 = 1 << 11;
/// What can have the keyboard and is no control, by numbers of AT-SPI: frame, panel, filler, web
/// document, document frame, section, scroll pane.
const WHOLE: &[u32] = &[23, 39, 20, 95, 82, 85, 49];

/// Something in the tree.
#[derive(Debug)]
struct Thing {
    /// A number of AT-SPI: WebKit has no names for them.
    role: u32,
    name: String,
    focusable: bool,
}

/// The tree, by way of its bus.
struct Tree(DBusConnection);

impl Tree {
    fn of(session: &Bus) -> Tree {
        let none = Variant::tuple_from_iter([] as [Variant; 0]);
        let bus = session.connect();
        let (name, path) = ("org.a11y.Bus", "/org/a11y/bus");
        let address = ask(&bus, name, path, name, "GetAddress", &none);
        let address: (String,) = address.and_then(|one| one.get()).expect("an address");
        Tree(connect(&address.0))
    }

    /// Everything in the window's program. What goes away meanwhile is left out.
    fn things(&self) -> Vec<Thing> {
        let root = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root");
        let mut left = vec![(root.0.to_owned(), root.1.to_owned())];
        let mut things = Vec::new();
        while let Some((owner, path)) = left.pop() {
            things.extend(self.thing(&owner, &path));
            assert!(things.len() < 10_000, "a tree without an end");
            left.extend(self.children(&owner, &path));
        }
        things
    }

    /// Those in it. The place of the page is empty when asked for all, and has the page when asked
    /// for the first.
    fn children(&self, owner: &str, path: &str) -> Vec<(String, String)> {
        let none = Variant::tuple_from_iter([] as [Variant; 0]);
        let all = ask(&self.0, owner, path, ACCESSIBLE, "GetChildren", &none);
        let all = all.map(|one| one.child_value(0));
        let mut found: Vec<Variant> = all.iter().flat_map(Variant::iter).collect();
        if found.is_empty() {
            let first = (0i32,).to_variant();
            let first = ask(&self.0, owner, path, ACCESSIBLE, "GetChildAtIndex", &first);
            found.extend(first.map(|one| one.child_value(0)));
        }
        let named = found.iter().filter_map(|child| {
            let owner: String = child.child_value(0).get()?;
            Some((owner, child.child_value(1).str()?.to_owned()))
        });
        named
            .filter(|(_, path)| path != "/org/a11y/atspi/null")
            .collect()
    }

    fn thing(&self, owner: &str, path: &str) -> Option<Thing> {
        let none = Variant::tuple_from_iter([] as [Variant; 0]);
        let of = |method| ask(&self.0, owner, path, ACCESSIBLE, method, &none);
        let (role,): (u32,) = of("GetRole")?.get()?;
        let (states,): (Vec<u32>,) = of("GetState")?.get()?;
        let wanted = (ACCESSIBLE, "Name").to_variant();
        let properties = "org.freedesktop.DBus.Properties";
        let name = ask(&self.0, owner, path, properties, "Get", &wanted)?;
        let name = name.child_value(0).as_variant()?.get()?;
        let focusable = states.first().is_some_and(|word| word & FOCUSABLE != 0);
        Some(Thing {
            role,
            name,
            focusable,
        })
    }
}

fn ask(
    bus: &DBusConnection,
    owner: &str,
    path: &str,
    interface: &str,
    method: &str,
    with: &Variant,
) -> Option<Variant> {
    let answered = bus.call_sync(
        Some(owner),
        path,
        interface,
        method,
        Some(with),
        None::<&VariantTy>,
        DBusCallFlags::NONE,
        5000,
        gio::Cancellable::NONE,
    );
    answered.ok()
}

/// Waits until the tree has each of these (a role, and the beginning of a name), and holds every
/// control in it to having a name.
async fn check(tree: &Tree, view: &str, expected: &[(&[u32], String)]) {
    let began = Instant::now();
    loop {
        let things = tree.things();
        let has = |(roles, name): &(&[u32], String)| {
            let fits = |one: &&Thing| roles.contains(&one.role) && one.name.starts_with(name);
            things.iter().any(|one| fits(&one))
        };
        let missing: Vec<_> = expected.iter().filter(|one| !has(one)).collect();
        let nameless: Vec<_> = things
            .iter()
            .filter(|one| {
                let controls = [BUTTON, ENTRY, CHOICE, RADIO, LINK].concat();
                controls.contains(&one.role) || one.focusable && !WHOLE.contains(&one.role)
            })
            .filter(|one| one.name.trim().is_empty())
            .collect();
        if missing.is_empty() && nameless.is_empty() {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE / 6,
            "{view}: missing {missing:?}, nameless {nameless:?}, of {things:?}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

/// Push button, toggle button, button with a menu.
const BUTTON: &[u32] = &[43, 62, 129];
const ENTRY: &[u32] = &[79];
/// Combo box, button with a menu.
const CHOICE: &[u32] = &[11, 129];
const RADIO: &[u32] = &[44];
const LINK: &[u32] = &[88];

async fn opens(home: &Home) -> (Bus, Tree, Window) {
    let mut daemon: Command = home.command(Path::new("dbus-daemon"));
    let session = Bus::by(daemon.arg("--session"));
    let environment = [
        ("DBUS_SESSION_BUS_ADDRESS", session.address.as_str()),
        ("NO_AT_BRIDGE", "0"),
    ];
    let tree = Tree::of(&session);
    let window = home.open_with(&environment).await;
    (session, tree, window)
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_screen_reader_is_told_the_name_of_every_control() {
    let home = Home::new();
    let (_session, tree, window) = opens(&home).await;
    window.say("Say hello.").await;
    window.answered(1, 1).await;
    window.ended_within(30).await;

    let words = |key| word("en", key);
    let conversation = [
        (ENTRY, words("composer")),
        (BUTTON, words("settings")),
        (BUTTON, words("chat")),
        (CHOICE, "loaded SmolLM2 135M Instruct".to_owned()),
    ];
    check(&tree, "a conversation", &conversation).await;

    window.press(CHIP, 0).await;
    window.until("the picker", || window.shows(PICKER)).await;
    let file = (BUTTON, words("model-file-open"));
    check(&tree, "the picker", &[file]).await;
    window.press(CHIP, 0).await;

    window.press(VIEW, 1).await;
    window.until("cards", || window.shows(CARD)).await;
    let library = [
        (ENTRY, words("library-search")),
        (BUTTON, words("choose-help")),
    ];
    check(&tree, "the library", &library).await;

    window.press(VIEW, 2).await;
    let settings = [
        (CHOICE, words("settings-language")),
        (RADIO, words("theme-dark")),
    ];
    check(&tree, "the settings", &settings).await;
}
