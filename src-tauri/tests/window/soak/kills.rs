//! SIGKILL, to the window and to the worker.

use super::{
    Soak, TURNS,
    recorder::Recorder,
    thread::{End, Thread},
};
use crate::computer::Home;
use std::time::Duration;

fn question(round: usize) -> String {
    format!("Write a very long story about {round} ships and the sea.")
}

impl Soak {
    fn count_end(&mut self, end: End) {
        self.count(match end {
            End::Unsaid => "before the question was stored",
            End::Wordless => "before the first word",
            End::Cut => "in mid-answer",
            End::Whole => "beside the answer",
        });
    }
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_window_is_killed_again_and_again() {
    let mut soak = Soak::begin("the window is killed", 3, 100);
    let home = Home::new();
    let mut window = home.open().await;
    let mut threads: Vec<Thread> = Vec::new();
    for round in 0..soak.rounds {
        if round % TURNS == 0 {
            threads.push(Thread::begin(&window, threads.len()).await);
        }
        let thread = threads.last_mut().expect("one was begun");
        let question = question(round);
        window.send(&question).await;
        let recorder = Recorder::begin(&window);
        soak.any_moment(round, &recorder, thread).await;
        home.kill("parley-desktop");
        let shown = recorder.end().await;
        home.until_gone("parley-desktop").await;
        home.until_gone("parley-worker").await; // by itself: its standard input has ended
        drop(window);

        window = home.open_again().await;
        thread.open(&window, 0).await;
        let end = thread.holds(&window, &[&question], &shown).await;
        soak.count_end(end);
        soak.done(round);
    }
    soak.all_is_there(&home, window, &threads, "in mid-answer")
        .await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn the_worker_is_killed_again_and_again() {
    let mut soak = Soak::begin("the worker is killed", 3, 100);
    let home = Home::new();
    let window = home.open().await;
    let mut threads: Vec<Thread> = Vec::new();
    for round in 0..soak.rounds {
        if round % TURNS == 0 {
            threads.push(Thread::begin(&window, threads.len()).await);
        }
        let thread = threads.last_mut().expect("one was begun");
        let question = question(round);
        window.send(&question).await;
        let recorder = Recorder::begin(&window);
        soak.any_moment(round, &recorder, thread).await;
        home.wait("a worker", || !home.processes("parley-worker").is_empty())
            .await;
        home.kill("parley-worker");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let shown = recorder.end().await;
        window.stop().await; // where the answer is another worker's
        let end = thread.holds(&window, &[&question], &shown).await;
        soak.count_end(end);
        soak.done(round);
    }
    soak.all_is_there(&home, window, &threads, "in mid-answer")
        .await;
}
