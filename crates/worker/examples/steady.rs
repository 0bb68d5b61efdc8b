//! A worker that says prepared words at a steady rate: what `cargo xtask bench` puts in the place
//! of `parley-worker` where the window is measured and not the engine.
//!
//! It speaks the real protocol. Asked `300 tokens, 200 a second` it answers with so many pieces of
//! markdown at that rate; with `0 a second`, at once. Whatever else it is asked, it says 40 at once.

use protocol::{
    EngineFacts, FromWorker, LoadedFacts, PromptMessage, StopReason, Times, ToWorker,
    WORKER_PROTOCOL, WorkerAnswered, WorkerEvent, WorkerRequest, failure,
};
use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What it says, over and over: every kind of block that answers are made of.
const WORDS: &str = "## On lighthouses\n\nA lighthouse is a tower with a **bright light** at the top, \
placed at an *important or dangerous* place along the coast. It tells ships where they are, and \
what to keep away from; see `light_list.csv` for more.\n\n- The oldest known one stood in \
Alexandria.\n- Most of them are run by machines today.\n- Some have become small hotels.\n\n\
```rust\nfn flashes(seconds: u32) -> impl Iterator<Item = bool> {\n    (0..seconds).map(|second| second % 5 == 0)\n}\n```\n\n\
| colour | means |\n|---|---|\n| red | port |\n| green | starboard |\n\n灯塔在夜里给船指路。燈塔在夜裡為船指路。\n\n";

/// What cancels each request that is being answered.
type Cancels = Arc<Mutex<HashMap<u64, Arc<AtomicBool>>>>;

fn main() {
    tell(
        0,
        WorkerEvent::Hello {
            protocol: WORKER_PROTOCOL,
            engine: engine_facts(),
        },
    );
    let cancels = Cancels::default();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let Ok(ToWorker { id, request }) = serde_json::from_str(&line) else {
            tell(0, failed("a line that is no request"));
            continue;
        };
        match request {
            WorkerRequest::Load { context, .. } => tell(id, loaded(context)),
            WorkerRequest::Generate { messages, .. } => {
                let cancelled = Arc::new(AtomicBool::new(false));
                let mut all = cancels.lock().unwrap_or_else(PoisonError::into_inner);
                all.insert(id, cancelled.clone());
                thread::spawn(move || answer(id, &messages, &cancelled));
            }
            WorkerRequest::Cancel { target } => {
                let all = cancels.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(cancelled) = all.get(&target) {
                    cancelled.store(true, Ordering::Relaxed);
                }
            }
            WorkerRequest::Threads { .. } => {}
            _ => tell(id, failed("this worker only answers")),
        }
    }
}

/// Pieces of about four letters, as tokens are.
fn tokens() -> impl Iterator<Item = String> {
    let letters: Vec<char> = WORDS.chars().collect();
    let tokens: Vec<String> = letters.chunks(4).map(String::from_iter).collect();
    tokens.into_iter().cycle()
}

fn answer(id: u64, messages: &[PromptMessage], cancelled: &AtomicBool) {
    let asked = messages.last().map_or("", |message| &message.content);
    let (count, rate) = wish(asked).unwrap_or((40, 0));
    let began = Instant::now();
    let mut said = 0;
    for (number, text) in (0..count).zip(tokens()) {
        if rate > 0 {
            // By the clock, so that a late token does not make all later ones late.
            let due = Duration::from_secs_f64(f64::from(number) / f64::from(rate));
            thread::sleep(due.saturating_sub(began.elapsed()));
        }
        if cancelled.load(Ordering::Relaxed) {
            break;
        }
        tell(id, WorkerEvent::Text { text });
        said += 1;
    }
    let reason = match said == count {
        true => StopReason::EndOfTurn,
        false => StopReason::Cancelled,
    };
    let answered = WorkerAnswered {
        reason,
        template_sha256: String::new(),
        prompt_sha256: String::new(),
        prompt_tokens: 1,
        reused_tokens: 0,
        cut_messages: 0,
        cut_tokens: 0,
        answer_tokens: said,
        reasoning_tokens: 0,
        drafted_tokens: 0,
        accepted_tokens: 0,
        draft: None,
        context: protocol::DEFAULT_CONTEXT,
        engine: engine_facts(),
        times: Times {
            decode_ms: began.elapsed().as_secs_f64() * 1e3,
            ..Times::default()
        },
    };
    tell(id, WorkerEvent::Answered(answered));
}

/// How many tokens, and how many a second, in `300 tokens, 200 a second`.
fn wish(asked: &str) -> Option<(u32, u32)> {
    let (count, rate) = asked.split_once(" tokens, ")?;
    let rate = rate.strip_suffix(" a second")?;
    Some((count.parse().ok()?, rate.parse().ok()?))
}

fn tell(id: u64, event: WorkerEvent) {
    let mut out = std::io::stdout().lock();
    let written = serde_json::to_writer(&mut out, &FromWorker { id, event })
        .map_err(std::io::Error::from)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    if written.is_err() {
        std::process::exit(2); // nobody listens
    }
}

fn failed(why: &str) -> WorkerEvent {
    let error = failure::internal().detail(why);
    WorkerEvent::Failed { error }
}

fn loaded(context: Option<u32>) -> WorkerEvent {
    WorkerEvent::Loaded(LoadedFacts {
        architecture: "steady".to_owned(),
        context: context.unwrap_or(protocol::DEFAULT_CONTEXT),
        vocabulary: 1,
        load_ms: 0.0,
        template_sha256: String::new(),
        quantised: None,
    })
}

fn engine_facts() -> EngineFacts {
    EngineFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        executor: "steady".to_owned(),
        kernels: "none".to_owned(),
        device: "none".to_owned(),
        threads: 1,
    }
}
