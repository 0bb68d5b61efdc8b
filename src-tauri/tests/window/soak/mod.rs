//! The long form of the deaths: again and again, at random moments of one long session. A few
//! rounds here, `cargo xtask soak` for hundreds.

mod disk;
mod kills;
mod recorder;
mod thread;

use crate::{
    computer::{Home, PATIENCE},
    harness::Window,
};
use recorder::Recorder;
use std::{
    io::Write,
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use thread::Thread;

/// Turns of one conversation, before another is begun: all of them stand on one page.
const TURNS: usize = 8;

/// What one soak does how often, and what came of it.
struct Soak {
    name: &'static str,
    rounds: usize,
    seed: u64,
    chance: Chance,
    /// How often what happened, in the order in which it first did.
    counted: Vec<(&'static str, usize)>,
}

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let value = std::env::var(variable).ok()?;
    let number = value.parse().ok();
    assert!(number.is_some(), "{variable} is no number: {value}");
    number
}

fn any_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_millis() as u64
}

/// The numbers of one seed: SplitMix64.
struct Chance(u64);

impl Chance {
    /// The next number, under `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// A line on standard output, also of a test that passes.
fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

impl Soak {
    /// `few` rounds, or `share` percent of as many as `$PARLEY_SOAK_ROUNDS` says.
    fn begin(name: &'static str, few: usize, share: usize) -> Soak {
        let rounds = number::<usize>("PARLEY_SOAK_ROUNDS");
        let rounds = rounds.map_or(few, |rounds| (rounds * share).div_ceil(100));
        let seed = number("PARLEY_SOAK_SEED").unwrap_or_else(any_seed);
        tell(&format!("soak: {name}: {rounds} rounds, seed {seed}"));
        Soak {
            name,
            rounds,
            seed,
            chance: Chance(seed),
            counted: Vec::new(),
        }
    }

    /// Notes that this happened once more.
    fn count(&mut self, what: &'static str) {
        match self.counted.iter_mut().find(|(one, _)| *one == what) {
            Some((_, times)) => *times += 1,
            None => self.counted.push((what, 1)),
        }
    }

    fn counted(&self, what: &str) -> usize {
        let found = self.counted.iter().find(|(one, _)| *one == what);
        found.map_or(0, |(_, times)| *times)
    }

    /// Says how far it is, now and then.
    fn done(&self, round: usize) {
        if (round + 1).is_multiple_of(10) && round + 1 < self.rounds {
            tell(&format!("soak: {}: {} done", self.name, round + 1));
        }
    }

    /// The one line of summary.
    fn end(&self) {
        let counted = self.counted.iter();
        let counted = counted.map(|(what, times)| format!("{times} {what}"));
        tell(&format!(
            "soak: {}: {} rounds, nothing lost ({}; seed {})",
            self.name,
            self.rounds,
            counted.collect::<Vec<_>>().join(", "),
            self.seed
        ));
    }

    /// Waits for a moment of chance: in one round of three at any time from the question on, while
    /// the model is loaded or reads; else while the answer is written.
    async fn any_moment(&mut self, round: usize, recorder: &Recorder, thread: &Thread) {
        let longest = if round % 3 == 1 {
            1500
        } else {
            let (began, turns) = (Instant::now(), thread.before.own.len());
            while !recorder.has_words(turns) && began.elapsed() < PATIENCE {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            2000
        };
        let pause = self.chance.below(longest);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

impl Soak {
    /// A new window shows all of it, SQLite finds the file whole, and one can go on. What was to
    /// be met was `met` in one of three rounds at least, where these are enough to say so.
    async fn all_is_there(&self, home: &Home, window: Window, threads: &[Thread], met: &str) {
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
            self.rounds < 10 || 3 * self.counted(met) >= self.rounds,
            "too few were {met}: {:?}",
            self.counted
        );
        self.end();
    }
}

/// Asks SQLite itself: the file is whole, no row names another that is not there, nothing is left
/// in the making. To be asked when no window is open.
fn assert_history_is_whole(home: &Home) {
    const ASK: &str = "import sqlite3, sys
history = sqlite3.connect(sys.argv[1])
for asked in (
    'PRAGMA integrity_check',
    'PRAGMA foreign_key_check',
    \"SELECT id FROM message WHERE status = 'streaming'\",
    'SELECT m.id FROM message m JOIN message p ON p.id = m.parent WHERE m.conversation != p.conversation',
    'SELECT id FROM conversation WHERE leaf IS NOT NULL AND leaf NOT IN (SELECT id FROM message)',
):
    print(*history.execute(asked).fetchall())";
    let data = home.parley_home().join("data");
    let said = Command::new("python3")
        .args(["-c", ASK])
        .arg(data.join("history.db"))
        .output()
        .expect("python3");
    let (said, errors) = (
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr),
    );
    assert_eq!(said, "('ok',)\n\n\n\n\n", "{errors}");
    let runs = std::fs::read_dir(data.join("runs")).expect("the runs");
    assert_eq!(runs.count(), 0, "every run has ended");
}
