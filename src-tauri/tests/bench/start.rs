//! From the start of the process to a typed key in the composer.
//!
//! An X client presses a key every ten milliseconds from before the start on, as an impatient
//! person would. What counts is when the page hears of the first one as input of the composer.

use crate::{Effort, computer::Home, figures::Figures, harness::Window, page::COMPOSER};
use serde_json::json;
use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

/// Waits in the page, from before there is a composer, for its first input: when that came, when
/// something was first painted; nothing where keys had come before anybody listened.
const LISTEN: &str = "const [composer, done] = arguments;
    const now = () => performance.timeOrigin + performance.now();
    const paint = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
    if (document.querySelector(composer)?.value) done({});
    else window.addEventListener('input', (event) => {
        const [typed, painted] = [now(), paint()];
        // A key may come before the paint is noted.
        done({ typed, painted: painted === undefined ? typed : performance.timeOrigin + painted });
    }, { capture: true, once: true });";

/// Takes the keys out of the composer, so that no draft is kept of them.
const CLEAR: &str = "const composer = document.querySelector(arguments[0]);
    composer.value = '';
    composer.dispatchEvent(new Event('input', { bubbles: true }))";

pub async fn measure(effort: &Effort, figures: &mut Figures) {
    let home = Home::new();
    let _ = one(&home).await; // the first ever, which makes folders and the history
    for _ in 0..effort.starts {
        let (typed, painted) = one(&home).await;
        figures.note("start_warm_ms", typed);
        figures.note("start_painted_ms", painted);
    }
    for _ in 0..effort.cold_starts {
        if !drop_caches() {
            eprintln!("the page cache cannot be dropped: no cold starts");
            break;
        }
        figures.note("start_cold_ms", one(&home).await.0);
    }
}

/// Milliseconds from the start of the process to the first key, and to the first paint.
async fn one(home: &Home) -> (f64, f64) {
    for _ in 0..5 {
        if let Some(times) = heard(home).await {
            return times;
        }
    }
    panic!("five times keys came before anybody could listen");
}

/// The same of one start; None where keys came before anybody listened.
async fn heard(home: &Home) -> Option<(f64, f64)> {
    let mut keys = Keys::press(home);
    let window = home.connect(&[]).await;
    let heard = loop {
        let listen = vec![json!(COMPOSER)];
        // While the page is being loaded there is nobody to ask.
        let heard = window.client.execute_async(LISTEN, listen).await;
        if let Ok(heard) = heard {
            break heard;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    keys.end();
    let id = home.processes("parley-desktop")[0];
    let began = began_at(id);
    end(home, window).await;
    let since = |name: &str| Some(heard[name].as_f64()? - began);
    since("typed").zip(since("painted"))
}

async fn end(home: &Home, window: Window) {
    tokio::time::sleep(Duration::from_millis(300)).await; // keys on their way
    window.script(CLEAR, vec![json!(COMPOSER)]).await;
    tokio::time::sleep(Duration::from_millis(700)).await; // the draft is forgotten
    window.close(home).await;
}

/// When a process began, in milliseconds since 1970; the kernel counts in hundredths of a second.
fn began_at(id: u32) -> f64 {
    let read = |path: &str| fs::read_to_string(path).expect("/proc");
    let stat = read(&format!("/proc/{id}/stat"));
    let (_, fields) = stat.rsplit_once(')').expect("its name in brackets");
    let ticks = fields.split_whitespace().nth(19).expect("its start");
    let ticks: f64 = ticks.parse().expect("a number");
    let up = read("/proc/uptime");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let up: f64 = up
        .split_whitespace()
        .next()
        .and_then(|seconds| seconds.parse().ok())
        .expect("a number");
    now.expect("after 1970").as_secs_f64() * 1e3 - up * 1e3 + ticks * 10.0
}

/// Empties the page cache, where we may.
fn drop_caches() -> bool {
    let _ = Command::new("sync").status();
    fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

/// A finger on the keyboard.
struct Keys(Child);

impl Keys {
    fn press(home: &Home) -> Keys {
        let keys = "x".repeat(3000);
        let pressing = Command::new("xdotool")
            .args(["type", "--delay", "10", &keys])
            .env("DISPLAY", &home.display.name)
            .stdout(Stdio::null())
            .spawn();
        Keys(pressing.expect("xdotool"))
    }

    fn end(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.end();
    }
}
