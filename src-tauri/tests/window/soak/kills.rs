//! SIGKILL, to the window and to the worker.

use super::{
    Soak, assert_history_is_whole,
    recorder::Recorder,
    thread::{End, Thread},
};
use crate::{computer::Home, harness::Window};
use std::time::Duration;

/// Turns of one conversation, before another is begun.
const TURNS: usize = 8;

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

    /// A new window shows all of it, SQLite finds the file whole, and one can go on.
    async fn all_is_there(&self, home: &Home, window: Window, threads: &[Thread]) {
        home.end("parley-desktop"); // in good order; the driver would kill it
        home.until_gone("parley-desktop").await;
        drop(window);
        assert_history_is_whole(home);
        let window = home.open_again().await;
        for (at, thread) in threads.iter().rev().enumerate() {
            thread.is_as_before(&window, at).await;
        }
        Thread::begin(&window, threads.len()).await;
        window.close(home).await;
        assert!(
            3 * self.counted("in mid-answer") >= self.rounds,
            "too few of the kills met an answer: {:?}",
            self.counted
        );
        self.end();
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
    soak.all_is_there(&home, window, &threads).await;
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
    soak.all_is_there(&home, window, &threads).await;
}
