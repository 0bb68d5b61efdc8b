//! The command layer without a display: Tauri's stand-in for a window system, everything else real.

use crate::{shell, start};
use hub::Places;
use protocol::AppError;
use serde_json::{Value, json};
use tauri::{
    App, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder},
    webview::InvokeRequest,
};
use tempfile::TempDir;

const OURS: &str = "tauri://localhost";

fn open(places: Result<Places, AppError>) -> (App<MockRuntime>, WebviewWindow<MockRuntime>) {
    let app = shell(mock_builder())
        .build(tauri::generate_context!(test = true))
        .expect("the shell is built");
    start(app.handle(), places, vec![], None, |_| ()).expect("the window opens");
    let window = app.get_webview_window("main").expect("it is called main");
    (app, window)
}

/// What the page at `address` is answered.
fn ask(
    window: &WebviewWindow<MockRuntime>,
    address: &str,
    command: &str,
    body: Value,
) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.to_owned(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: address.parse().expect("an address"),
        body: InvokeBody::Json(body),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|reply| reply.deserialize().expect("JSON"))
}

fn home() -> (TempDir, Places) {
    let folder = tempfile::tempdir().expect("a folder");
    let places = Places::under(folder.path());
    (folder, places)
}

#[test]
fn the_page_is_answered_by_the_chat_core() {
    let (_folder, places) = home();
    let (_app, window) = open(Ok(places));

    let snapshot = ask(
        &window,
        OURS,
        "call",
        json!({ "name": "snapshot", "request": {} }),
    )
    .expect("an answer");
    assert_eq!(snapshot["conversations"], json!([]));
    assert_eq!(snapshot["version"], env!("CARGO_PKG_VERSION"));

    let settings = json!({
        "language": "zh-Hant", "theme": "dark", "model": null, "kept_bytes": null,
        "kv_type": "q8_0", "library": null,
        "network": {
            "offline": false, "endpoint": null, "proxy": null, "certificates": null,
            "bytes_per_second": null,
        },
    });
    let changed = ask(
        &window,
        OURS,
        "call",
        json!({ "name": "settings_change", "request": settings }),
    );
    assert_eq!(changed.expect("an answer"), settings);
}

#[test]
fn failures_reach_the_page_as_they_are() {
    let (folder, places) = home();
    let (_app, window) = open(Ok(places));
    let check = |name: &str, request: Value, key: &str| {
        let refused = ask(
            &window,
            OURS,
            "call",
            json!({ "name": name, "request": request }),
        );
        assert_eq!(refused.expect_err(name)["key"], key, "{name}");
    };
    check("no_such_command", json!({}), "bad-command");
    check("conversation_open", json!({ "id": 7 }), "bad-command");
    check(
        "conversation_open",
        json!({ "id": "unknown" }),
        "conversation-unknown",
    );
    check(
        "model_import",
        json!({ "path": folder.path().join("none.gguf") }),
        "file-not-found",
    );
}

#[test]
fn a_history_that_cannot_be_opened_is_told_to_the_page_and_tried_again() {
    let (_folder, places) = home();
    places.create_data().expect("a data folder");
    let history = places.history();
    std::fs::write(&history, "not a database ".repeat(1000)).expect("written");
    let (_app, window) = open(Ok(places));
    let ask = || {
        ask(
            &window,
            OURS,
            "call",
            json!({ "name": "snapshot", "request": {} }),
        )
    };
    assert_eq!(ask().expect_err("damaged")["key"], "history-damaged");
    assert_eq!(ask().expect_err("still")["key"], "history-damaged");
    std::fs::remove_file(history).expect("moved away");
    ask().expect("a new history");
}

/// It was refused like every other command, just when one needs it.
#[test]
fn a_report_is_given_where_the_history_cannot_be_opened() {
    let (_folder, places) = home();
    places.create_data().expect("a data folder");
    std::fs::write(places.history(), "not a database ".repeat(1000)).expect("written");
    let (_app, window) = open(Ok(places));
    let body = json!({ "name": "diagnostics", "request": {} });
    let report = ask(&window, OURS, "call", body).expect("a report");
    let text = report["text"].as_str().expect("a text");
    let web_view = match cfg!(target_os = "linux") {
        true => "\nWebKitGTK: ",
        false => "\nWeb view: ",
    };
    for part in [
        web_view,
        "open: history-damaged",
        "History: history-damaged",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(!text.contains("Library: could not be opened"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_home_that_cannot_be_written_is_told_to_the_page() {
    let (folder, _) = home();
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let (_app, window) = open(Ok(Places::under(&file)));
    let body = json!({ "name": "snapshot", "request": {} });
    let refused = ask(&window, OURS, "call", body).expect_err("nothing can be kept");
    assert!(refused["args"]["path"].is_string(), "{refused}");
}

#[test]
fn only_the_own_page_in_the_own_window_may_ask_and_only_for_what_is_used() {
    let (_folder, places) = home();
    let (app, window) = open(Ok(places));
    let other = WebviewWindowBuilder::new(&app, "other", WebviewUrl::default())
        .build()
        .expect("a window");
    let snapshot = json!({ "name": "snapshot", "request": {} });
    let check = |window: &WebviewWindow<MockRuntime>, address: &str, command: &str| {
        let refused = ask(window, address, command, snapshot.clone());
        let words = refused.expect_err(command).to_string();
        assert!(
            words.contains("not allowed"),
            "{command} from {address}: {words}"
        );
    };
    check(&other, OURS, "call");
    check(&window, "https://example.org", "call");
    for command in [
        "plugin:dialog|open",
        "plugin:event|listen",
        "plugin:window|set_title",
        "plugin:webview|create_webview_window",
        "plugin:path|resolve_directory",
        "plugin:app|version",
        "plugin:resources|close",
    ] {
        check(&window, OURS, command);
    }
    ask(&window, OURS, "call", snapshot.clone()).expect("the control: this one is allowed");
}
