//! A disk without room and a folder that cannot be written: real ones, in a namespace of mounts.

use super::{
    Soak, TURNS,
    recorder::Recorder,
    thread::{End, Thread},
};
use crate::{
    apart::{is_apart, run},
    computer::Home,
    harness::{Window, soon},
    page::*,
};
use fantoccini::key::Key;
use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

/// Whoever is root may write everywhere: without these it has to keep to what folders permit.
const AS_OTHERS: &[&str] = &[
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
];
/// Parley's files and what WebKit keeps beside them, and room for some answers.
const SIZE: &str = "size=16m,mode=700";

/// What is told above the composer.
const ALERT: &str = "main .notice [role=alert]";

/// Parley's data folder as a disk of its own.
struct Disk(PathBuf);

impl Disk {
    fn under(home: &Home) -> Disk {
        let folder = home.parley_home().join("data");
        fs::create_dir_all(&folder).expect("a folder");
        let at = folder.to_str().expect("Unicode");
        run("mount", &["-t", "tmpfs", "-o", SIZE, "parley", at]);
        Disk(folder)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = fs::File::create(self.filler()).expect("a file");
        let mut block = vec![1; 1 << 20];
        while !block.is_empty() {
            match filler.write(&block) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => {
                    block.truncate(block.len() / 2);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn clear(&self) {
        fs::remove_file(self.filler()).expect("it was filled");
    }

    /// No write comes through, whoever asks. Nobody may hold a file of it open.
    async fn freeze(&self) {
        let began = Instant::now();
        let freeze = || {
            let mut mount = Command::new("mount");
            mount.args(["-o", "remount,ro"]).arg(&self.0);
            mount.output().expect("mount")
        };
        // What a killed window had started ends a moment after it.
        loop {
            let output = freeze();
            if output.status.success() {
                return;
            }
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(began.elapsed() < Duration::from_secs(20), "{errors}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn thaw(&self) {
        run(
            "mount",
            &["-o", "remount,rw", self.0.to_str().expect("Unicode")],
        );
    }

    /// Whether files may be made in its folders and removed.
    fn permit(&self, yes: bool) {
        let mode = if yes { 0o700 } else { 0o500 };
        for folder in [self.0.join("runs"), self.0.clone()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("ours");
        }
    }
}

/// The first sentence of a failure, as people read it.
fn sentence(key: &str) -> String {
    let path = format!(
        "{}/../assets/messages/en/errors.ftl",
        env!("CARGO_MANIFEST_DIR")
    );
    let catalogue = fs::read_to_string(path).expect("a catalogue");
    let prefix = format!("{key} = ");
    let found = catalogue
        .lines()
        .find_map(|line| line.strip_prefix(&prefix));
    found.expect("a sentence").to_owned()
}

impl Window {
    async fn says(&self, sentence: &str) -> bool {
        let told = self.texts(TROUBLE).await;
        told.iter().any(|one| one.contains(sentence))
    }

    async fn presses_enter(&self) {
        let composer = self.find(COMPOSER).await;
        soon("sending", composer.send_keys(&Key::Enter.to_string())).await;
    }

    /// Waits until nothing is made any more, or ends it after a while.
    async fn comes_to_rest(&self) {
        let began = Instant::now();
        while self.shows(STOP).await && began.elapsed() < Duration::from_secs(4) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.stop().await;
    }

    /// It stands there and says why it cannot begin; when `mend` is done, the person tries again.
    async fn begins_again(&self, said: &str, mend: impl FnOnce()) {
        let told = self.texts(TROUBLE).await;
        assert!(self.says(said).await, "{told:?}");
        mend();
        self.press(TROUBLE_ACT, 0).await;
        self.until("it begins", || self.shows(COMPOSER)).await;
    }
}

/// Ends the window in good order or not, as it happens.
async fn end(soak: &mut Soak, home: &Home, window: Window) {
    match soak.chance.below(2) {
        0 => home.end("parley-desktop"),
        _ => home.kill("parley-desktop"),
    }
    home.until_gone("parley-desktop").await;
    home.until_gone("parley-worker").await;
    drop(window);
}

/// The disk is full in mid-answer, and a while later; then there is room again.
async fn full_in_mid_answer(
    soak: &mut Soak,
    window: &Window,
    disk: &Disk,
    thread: &mut Thread,
    round: usize,
) {
    let full = sentence("disk-full");
    let question = format!("Write a very long story about {round} trees.");
    window.send(&question).await;
    let recorder = Recorder::begin(window);
    soak.any_moment(round, &recorder, thread).await;
    disk.fill();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let shown = recorder.end().await;
    window.comes_to_rest().await;
    soak.count(match window.says(&full).await {
        true => "interrupted by it",
        false => "with room enough in its files",
    });

    let before = window.texts(OWN).await.len();
    let next = format!("Are you still there? {round}");
    window.send(&next).await;
    let said = || async { window.texts(OWN).await.len() > before };
    let refused = || async {
        let told = window.text(ALERT).await;
        told.contains(&full) && window.draft().await == next
    };
    window
        .until("it is refused, or taken", || async {
            said().await || refused().await
        })
        .await;
    let refused = !said().await;
    disk.clear();
    if refused {
        soak.count("refused the next question, and kept it");
        window.presses_enter().await;
        window.until("it is said", said).await;
    }
    window.comes_to_rest().await;
    let last = format!("Go on. {round}");
    window.say(&last).await;
    window.answered(before + 2, 1).await;
    window.stop().await;
    let end = thread
        .holds(window, &[&question, &next, &last], &shown)
        .await;
    assert_eq!(end, End::Whole, "it goes on");
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_disk_is_full_again_and_again() {
    let name = "soak::disk::the_disk_is_full_again_and_again";
    if !is_apart(name, &["--mount"], &[]) {
        return;
    }
    let mut soak = Soak::begin("the disk is full", 2, 20);
    let home = Home::new();
    let disk = Disk::under(&home);
    let mut window = home.open().await;
    let mut threads: Vec<Thread> = Vec::new();
    for round in 0..soak.rounds {
        if round % (TURNS / 2) == 0 {
            threads.push(Thread::begin(&window, threads.len()).await);
        }
        let thread = threads.last_mut().expect("one was begun");
        if round % 3 != 1 {
            full_in_mid_answer(&mut soak, &window, &disk, thread, round).await;
        }
        end(&mut soak, &home, window).await;
        if round % 3 == 1 {
            disk.fill();
            window = home.open().await;
            if window.shows(COMPOSER).await {
                // A kill left it the files that it needs, and there is room enough in them.
                thread.is_as_before(&window, 0).await;
                disk.clear();
                soak.count("began all the same");
            } else {
                let full = sentence("disk-full");
                window.begins_again(&full, || disk.clear()).await;
                soak.count("met it at the start");
            }
        } else {
            window = home.open_again().await;
        }
        thread.is_as_before(&window, 0).await;
        soak.done(round);
    }
    soak.all_is_there(&home, window, &threads, "interrupted by it")
        .await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_folder_is_read_only_again_and_again() {
    let name = "soak::disk::the_folder_is_read_only_again_and_again";
    if !is_apart(name, &["--mount"], AS_OTHERS) {
        return;
    }
    let mut soak = Soak::begin("the folder is read-only", 2, 20);
    let home = Home::new();
    let disk = Disk::under(&home);
    let mut window = home.open().await;
    let mut threads: Vec<Thread> = Vec::new();
    let refused = sentence("history-read-only");
    for round in 0..soak.rounds {
        if round % TURNS == 0 {
            threads.push(Thread::begin(&window, threads.len()).await);
        }
        let thread = threads.last_mut().expect("one was begun");
        let question = format!("Write a very long story about {round} stones.");
        window.send(&question).await;
        let recorder = Recorder::begin(&window);
        soak.any_moment(round, &recorder, thread).await;
        let shown = if round % 2 == 0 {
            home.kill("parley-desktop");
            let shown = recorder.end().await;
            home.until_gone("parley-desktop").await;
            home.until_gone("parley-worker").await;
            drop(window);
            disk.freeze().await;
            window = home.open().await;
            window.begins_again(&refused, || disk.thaw()).await;
            soak.count("the whole disk, from a kill on");
            shown
        } else {
            // What is open stays open: the answer goes on, and the next start says it.
            disk.permit(false);
            tokio::time::sleep(Duration::from_secs(1)).await;
            let shown = recorder.end().await;
            end(&mut soak, &home, window).await;
            window = home.open().await;
            window.begins_again(&refused, || disk.permit(true)).await;
            soak.count("the folders, in mid-answer");
            shown
        };
        thread.open(&window, 0).await;
        thread.holds(&window, &[&question], &shown).await;
        soak.done(round);
    }
    let met = "the whole disk, from a kill on";
    soak.all_is_there(&home, window, &threads, met).await;
}
