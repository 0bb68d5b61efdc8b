//! A file dragged onto the window, from another program's window, by mouse.

use crate::{computer::*, desktop::Start, page::*};
use std::time::Duration;

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_dropped_file_is_added_and_chosen_and_the_page_stays() {
    let home = Home::new();
    let _desk = home.desk().await;
    let window = home.open().await;
    let began = window.client.current_url().await.expect("an address");
    let tests = std::env::current_exe().expect("we run");
    let beside = tests.parent().and_then(std::path::Path::parent);
    let mut files = home.command(&beside.expect("a folder").join("examples/files"));
    let files = files.arg(model(SECOND)).spawn();
    let _files = Start(files.expect("built with the tests"));
    let there = || {
        let shown = home.display.wmctrl(&["-l"]).unwrap_or_default();
        shown.contains("Files")
    };
    home.wait("the other program", there).await;
    let asks = |arguments: &[&str]| home.display.wmctrl(arguments).expect("it does");
    asks(&["-r", "Files", "-e", "0,0,0,160,80"]);
    asks(&["-r", "Parley", "-e", "0,0,150,1200,740"]);
    let does = |arguments: &[&str]| home.display.xdotool(arguments).expect("it does");
    let pause = || tokio::time::sleep(Duration::from_millis(250));

    pause().await;
    does(&["mousemove", "60", "50"]);
    pause().await;
    does(&["mousedown", "1"]);
    // A drag begins with a small movement, and crosses what lies between.
    for [x, y] in [["70", "60"], ["90", "100"], ["300", "350"], ["500", "500"]] {
        pause().await;
        does(&["mousemove", x, y]);
    }
    let mut step = 0;
    let hint = || {
        step += 1;
        let near = (500 + step % 20).to_string();
        does(&["mousemove", &near, &near]); // a mouse that stands still tells nothing
        window.shows(DROP_HERE)
    };
    window.until("it says that it takes files", hint).await;
    does(&["mouseup", "1"]);
    let chosen = || async { window.text(CHOSEN).await.contains("Qwen2.5") };
    window.until("it is added and chosen", chosen).await;
    assert!(!window.shows(DROP_HERE).await);
    let stands = window.client.current_url().await.expect("an address");
    assert_eq!(stands, began);
}
