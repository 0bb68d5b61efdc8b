//! Starts of the program: one window, however often it is started, and files from outside.

use crate::{
    computer::{Home, PATIENCE, SECOND, model, signal},
    page::*,
};
use std::{fs, path::Path, time::Instant};

/// Whether the library has a model of this file.
fn knows(home: &Home, file: &Path) -> bool {
    home.parley(&["list", "--json"])
        .contains(file.to_str().expect("Unicode"))
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_second_start_hands_its_file_to_the_first_and_brings_it_forward() {
    let home = Home::new();
    let _desk = home.desk().await;
    let window = home.open().await;
    let ours = home.window().expect("one window");
    let does = |arguments: &[&str]| home.display.xdotool(arguments).expect("it does");
    does(&["windowminimize", &ours]);
    home.wait("it is put away", || home.window().is_none())
        .await;

    // Named as in a terminal, from the folder it lies in.
    let folder = home.path().join("models");
    fs::create_dir(&folder).expect("a folder");
    std::os::unix::fs::symlink(model(SECOND), folder.join("模型 b.gguf")).expect("a link");
    let began = Instant::now();
    let second = home
        .start_of(&[Path::new("模型 b.gguf")])
        .current_dir(&folder)
        .output()
        .expect("it starts");
    assert!(second.status.success(), "{second:?}");
    println!("a second start took {:?}", began.elapsed());

    assert_eq!(home.processes("parley-desktop").len(), 1);
    home.wait("it is back", || home.window().as_ref() == Some(&ours))
        .await;
    assert_eq!(does(&["getactivewindow"]), ours);
    home.wait("the file is in the library", || {
        knows(&home, &folder.join("模型 b.gguf")) || knows(&home, &model(SECOND))
    })
    .await;
    let chosen = || async { window.text(CHOSEN).await.contains("Qwen2.5") };
    window.until("it is chosen", chosen).await;
    window.assert_nothing_refused().await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_first_start_opens_its_files_too() {
    let home = Home::new();
    let (_start, _) = home.start(&[&model(SECOND)]).await;
    home.wait("the library has it", || knows(&home, &model(SECOND)))
        .await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn of_two_starts_at_the_same_moment_one_stays() {
    let home = Home::new();
    let mut starts = [(); 2].map(|()| {
        let mut start = home.start_of(&[&model(SECOND)]);
        let start = start.stdout(home.log()).stderr(home.log()).spawn();
        crate::desktop::Start(start.expect("it starts"))
    });
    let mut ended = None;
    home.wait("one of them ends", || {
        let mut ends = starts.iter_mut().map(|start| start.0.try_wait());
        ended = ends.find_map(|end| end.expect("a child"));
        ended.is_some()
    })
    .await;
    assert!(ended.is_some_and(|end| end.success()), "{ended:?}");
    home.wait("the window", || home.window().is_some()).await;
    assert_eq!(home.processes("parley-desktop").len(), 1);
    home.wait("the library has it", || knows(&home, &model(SECOND)))
        .await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_window_that_hangs_does_not_hang_the_next_start() {
    let home = Home::new();
    let (start, _) = home.start(&[]).await;
    let id = start.0.id().to_string();
    signal("STOP", &id);
    let began = Instant::now();
    let second = home.start_of(&[]).output().expect("it starts");
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.starts_with("Parley is open already"), "{said}");
    assert!(began.elapsed() < PATIENCE / 4, "{:?}", began.elapsed());
    signal("CONT", &id);
    let third = home.start_of(&[]).output().expect("it starts");
    assert!(third.status.success(), "{third:?}");
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_start_without_a_display_says_what_works_there() {
    let home = Home::new();
    for (question, answer) in [("--version", env!("CARGO_PKG_VERSION")), ("--help", "FILE")] {
        let mut asked = home.start_of(&[Path::new(question)]);
        let asked = asked.env_remove("DISPLAY").output().expect("it starts");
        let said = String::from_utf8_lossy(&asked.stdout);
        assert!(asked.status.success() && said.contains(answer), "{said}");
    }
    assert!(!home.parley_home().exists(), "nothing is left behind");
    let start = home.start_of(&[]).env_remove("DISPLAY").output();
    let start = start.expect("it starts");
    let said = String::from_utf8_lossy(&start.stderr);
    assert_eq!(start.status.code(), Some(69), "{said}");
    assert!(said.contains("parley chat"), "{said}");
}
