//! The worker of the measurements speaks the protocol, keeps its rate, and obeys.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails panics"
)]

use protocol::{FromWorker, StopReason, WORKER_PROTOCOL, WorkerAnswered, WorkerEvent};
use serde_json::json;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

struct Steady {
    child: Child,
    input: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
}

impl Steady {
    fn start() -> Steady {
        // Cargo names no example's program, but puts it beside the others.
        let beside = Path::new(env!("CARGO_BIN_EXE_parley-worker")).parent();
        let mut child = Command::new(beside.unwrap().join("examples/steady"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo build --workspace --examples");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let told = BufReader::new(output).lines();
        Steady { child, input, told }
    }

    fn ask(&mut self, request: serde_json::Value) {
        writeln!(self.input, "{request}").unwrap();
    }

    fn generate(&mut self, id: u64, wish: &str) {
        let messages = json!([{ "role": "user", "content": wish }]);
        let (sampling, limits) = (
            json!(protocol::Sampling::default()),
            json!(protocol::Limits::default()),
        );
        self.ask(json!({ "id": id, "op": "generate", "messages": messages, "sampling": sampling, "limits": limits }));
    }

    fn hear(&mut self) -> FromWorker {
        serde_json::from_str(&self.told.next().unwrap().unwrap()).unwrap()
    }

    /// Pieces of text until the end, and the end.
    fn answered(&mut self, id: u64) -> (u32, WorkerAnswered) {
        let mut pieces = 0;
        loop {
            match self.hear() {
                FromWorker {
                    id: of,
                    event: WorkerEvent::Text { text },
                } if of == id && !text.is_empty() => pieces += 1,
                FromWorker {
                    event: WorkerEvent::Answered(answered),
                    ..
                } => return (pieces, answered),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn it_keeps_the_rate_it_is_asked_for() {
    let mut steady = Steady::start();
    let hello = steady.hear().event;
    assert!(matches!(hello, WorkerEvent::Hello { protocol, .. } if protocol == WORKER_PROTOCOL));
    steady.ask(json!({ "id": 1, "op": "load", "path": "any", "context": null, "threads": 1, "speculates": true }));
    assert!(matches!(steady.hear().event, WorkerEvent::Loaded(_)));

    let began = Instant::now();
    steady.generate(2, "100 tokens, 200 a second");
    let (pieces, answered) = steady.answered(2);
    let took = began.elapsed();
    assert_eq!((pieces, answered.answer_tokens), (100, 100));
    assert_eq!(answered.reason, StopReason::EndOfTurn);
    // Never faster than asked; how late is the machine's affair.
    assert!(took >= Duration::from_millis(490), "{took:?}");

    steady.generate(3, "100000 tokens, 200 a second");
    steady.hear();
    steady.ask(json!({ "id": 4, "op": "cancel", "target": 3 }));
    let (pieces, answered) = steady.answered(3);
    assert_eq!(answered.reason, StopReason::Cancelled);
    assert!(pieces < 2000, "{pieces} after the cancel");

    steady.generate(5, "anything");
    assert_eq!(steady.answered(5).0, 40);

    drop(steady.input);
    assert!(steady.child.wait().unwrap().success());
}
