//! The window's manners on a desk: where it stands, how it closes, what it is called, and what it
//! does when its page keeps dying.

use crate::{computer::Home, page::*};
use std::{fs, time::Duration};

const LONG: &str = "Write a very long story about a harbour and a storm.";

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_window_stands_where_it_stood() {
    let home = Home::new();
    let _desk = home.desk().await;
    let asks = |arguments: &[&str]| home.display.wmctrl(arguments).expect("it does");
    // Number, desktop, x, y, width, height of the window's inside.
    let stands = || -> Vec<i32> {
        let listed = home.display.wmctrl(&["-lG"]).unwrap_or_default();
        let numbers = listed.split_whitespace().skip(2).take(4);
        numbers.filter_map(|word| word.parse().ok()).collect()
    };
    let remembered =
        || fs::read_to_string(home.parley_home().join("config/window.json")).unwrap_or_default();

    let (start, window) = home.start(&[]).await;
    let class = home.display.xprop(&window, &["WM_CLASS"]);
    assert!(class.contains("\"parley-desktop\""), "{class}");
    asks(&["-r", "Parley", "-e", "0,200,150,900,600"]);
    home.wait("it is remembered", || remembered().contains("900"))
        .await;
    home.press_close();
    home.until_gone("parley-desktop").await;
    drop(start);

    let (start, _) = home.start(&[]).await;
    home.wait("it stands there", || stands() == [200, 150, 900, 600])
        .await;
    asks(&["-r", "Parley", "-b", "add,maximized_vert,maximized_horz"]);
    home.wait("it is remembered", || remembered().contains("true"))
        .await;
    home.end("parley-desktop");
    home.until_gone("parley-desktop").await;
    drop(start);

    let (start, window) = home.start(&[]).await;
    let maximised = || {
        let state = home.display.xprop(&window, &["_NET_WM_STATE"]);
        state.contains("MAXIMIZED_VERT")
    };
    home.wait("it is maximised", maximised).await;
    home.wait("it stands as before", || {
        asks(&["-r", "Parley", "-b", "remove,maximized_vert,maximized_horz"]);
        stands() == [200, 150, 900, 600]
    })
    .await;
    home.press_close();
    home.until_gone("parley-desktop").await;
    drop(start);

    // On a monitor that is not there any more, and in a file that nobody wrote.
    for text in [
        r#"{"width":5000,"height":600,"place":[9000,0],"maximised":false}"#,
        "{",
    ] {
        fs::write(home.parley_home().join("config/window.json"), text).expect("written");
        let (start, _) = home.start(&[]).await;
        home.wait(
            "it can be seen",
            || matches!(stands()[..], [x, y, width, _] if x >= 0 && y >= 0 && x + width <= 1280),
        )
        .await;
        drop(start);
        home.until_gone("parley-desktop").await;
    }
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn closing_during_an_answer_asks_once() {
    let home = Home::new();
    let _desk = home.desk().await;
    let window = home.open().await;
    window.say(LONG).await;
    window.answered(1, 20).await;
    home.press_close();
    window.until("it asks", || window.shows(DIALOG)).await;
    window.press(DIALOG_ACT, 1).await;
    window
        .until("it stays", || async { !window.shows(DIALOG).await })
        .await;
    assert!(window.shows(STOP).await, "and goes on writing");
    home.press_close();
    home.until_gone("parley-desktop").await; // not asked again
    drop(window);

    // Asked, and meant; and where nothing is being written, closed at once.
    let window = home.open_again().await;
    window.say(LONG).await;
    window.answered(2, 20).await;
    home.press_close();
    window.until("it asks", || window.shows(DIALOG)).await;
    let press = format!("document.querySelector({DIALOG_ACT:?}).click()");
    let _ = window.client.execute(&press, vec![]).await; // the answer goes with the page
    home.until_gone("parley-desktop").await;
    home.until_gone("parley-worker").await;
    drop(window);
    let (_start, _) = home.start(&[]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    home.press_close();
    home.until_gone("parley-desktop").await;
}

/// Has the page die until that is told of.
async fn the_page_keeps_dying(home: &Home) {
    let page = || home.processes("WebKitWebProces");
    for _ in 0..3 {
        home.wait("a page", || page().len() == 1).await;
        // One that dies before it has said its number takes WebKit's part in the window along.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let dying = page();
        home.kill("WebKitWebProces");
        home.wait("its end", || page() != dying).await;
    }
    home.wait("the dialog", || windows(home) == 2).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(page().is_empty(), "it is not loaded again");
}

/// How many windows there are.
fn windows(home: &Home) -> usize {
    let listed = home.display.wmctrl(&["-l"]).unwrap_or_default();
    listed.lines().count()
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_page_that_keeps_dying_is_told_of_and_started_again_with_simple_drawing() {
    let home = Home::new();
    let _desk = home.desk().await;
    let (start, _) = home.start(&[]).await;
    the_page_keeps_dying(&home).await;
    home.display.xdotool(&["key", "Return"]).expect("a key");

    let id = start.0.id();
    home.wait("the new start", || {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|one| one == b"PARLEY_DMABUF=off")
    })
    .await;
    home.wait("its page", || {
        home.processes("WebKitWebProces").len() == 1 && home.window().is_some()
    })
    .await;
    assert_eq!(home.processes("parley-desktop"), [id]);
}

/// The dialog's closing was an answer too, which ended the program.
#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn to_load_a_dying_page_again_is_not_to_close_the_window() {
    let home = Home::new();
    let _desk = home.desk().await;
    let (start, _) = home.start(&[]).await;
    the_page_keeps_dying(&home).await;
    let keys = ["key", "shift+Tab", "Return"];
    home.display.xdotool(&keys).expect("keys");
    let page = || home.processes("WebKitWebProces").len();
    home.wait("its page", || page() == 1 && windows(&home) == 1)
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(home.processes("parley-desktop"), [start.0.id()]);
    assert_eq!(page(), 1);
}
