//! Whether the window stays smooth while an answer streams into a long thread.

use crate::{
    Effort,
    computer::{Home, STARTER, model},
    figures::Figures,
    harness::Window,
    page,
};
use chat::App;
use hub::{Hub, Places};
use protocol::{EventKind, MessageSend, MessageStatus};
use runtime::{Options, Runtime};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Tokens a second.
const RATE: u32 = 200;

/// Notes the time between animation frames, by the clock and not by what the frame says of itself.
const WATCH: &str = "window.frames = [];
    let last = performance.now();
    const next = () => {
        const now = performance.now();
        window.frames.push(now - last);
        last = now;
        requestAnimationFrame(next);
    };
    requestAnimationFrame(next)";

/// The worker that says prepared words: `$PARLEY_STEADY`, else the example as it is built beside us.
fn steady() -> PathBuf {
    let built = || {
        let beside = Path::new(env!("CARGO_BIN_EXE_parley-desktop")).parent();
        beside.expect("a folder").join("examples/steady")
    };
    std::env::var_os("PARLEY_STEADY").map_or_else(built, PathBuf::from)
}

pub async fn measure(effort: &Effort, figures: &mut Figures) {
    let home = Home::new();
    talk(&home, effort.thread / 2).await;
    let worker = steady();
    let worker = worker.to_str().expect("Unicode");
    for _ in 0..effort.streams {
        let window = home.open_with(&[("PARLEY_WORKER", worker)]).await;
        window.press(page::CONVERSATION, 0).await;
        window.until("its words", || window.shows(page::OWN)).await;
        let before = window.conversation().await["messages"]
            .as_array()
            .map(Vec::len);
        assert!(before >= Some(effort.thread), "{before:?}");
        stream(&window, effort, figures).await;
        window.close(&home).await;
    }
}

async fn stream(window: &Window, effort: &Effort, figures: &mut Figures) {
    let seconds = effort.watching.as_secs() as u32 + 10;
    let composer = window.find(page::COMPOSER).await;
    let wish = format!("{} tokens, {RATE} a second\u{e007}", seconds * RATE); // and Enter
    composer.send_keys(&wish).await.expect("typed");
    window
        .until("it streams", || window.shows(page::STOP))
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let before = window.answer().await.chars().count();
    window.script(WATCH, vec![]).await;
    tokio::time::sleep(effort.watching).await;
    let frames = window.script("return window.frames", vec![]).await;
    let after = window.answer().await.chars().count();
    assert!(window.shows(page::STOP).await, "it streams no more");
    // Two letters of a token's four at least are shown: some are markup.
    let least = effort.watching.as_secs() as usize * RATE as usize * 2;
    assert!(after > before + least, "from {before} to {after} letters");
    window.stop().await;

    let mut frames: Vec<f64> = serde_json::from_value(frames).expect("numbers");
    assert!(frames.len() > 10, "{} frames", frames.len());
    frames.sort_by(f64::total_cmp);
    let at = |part: f64| frames[((frames.len() - 1) as f64 * part).round() as usize];
    figures.note("frame_p50_ms", at(0.5));
    figures.note("frame_p99_ms", at(0.99));
    figures.note("frame_longest_ms", at(1.0));
    figures.note("frames", frames.len() as f64);
}

/// One conversation of so many turns, by the chat core itself.
async fn talk(home: &Home, turns: usize) {
    let places = Places::under(&home.parley_home()).with_starter(&model(STARTER));
    let hub = Hub::open(&places).expect("a library");
    let options = Options {
        worker: Some(steady()),
        ..Options::default()
    };
    let engine = Runtime::with(hub.clone(), options);
    let app = App::open(places, Arc::new(engine), hub).expect("a history");
    let mut events = app.subscribe();
    let mut conversation = None;
    for turn in 0..turns {
        let tokens = 40 + 37 * turn % 120;
        let sent: MessageSend = serde_json::from_value(json!({
            "conversation": conversation,
            "text": format!("{tokens} tokens, 0 a second"),
        }))
        .expect("a message");
        let answering = app.message_send(sent).await.expect("an answer");
        conversation = Some(answering.conversation);
        loop {
            // Lagging behind is no harm: the last event is what is waited for.
            let Ok(event) = events.recv().await else {
                continue;
            };
            if let EventKind::MessageChanged { message } = event.what
                && message.id == answering.message
                && message.status != MessageStatus::Streaming
            {
                assert_eq!(
                    message.status,
                    MessageStatus::Complete,
                    "{:?}",
                    message.error
                );
                break;
            }
        }
    }
    app.close().await;
}
