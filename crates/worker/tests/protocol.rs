//! The worker's side of the protocol, line by line, without a model.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use protocol::{FromWorker, MAX_LINE, ToWorker, WORKER_PROTOCOL, WorkerEvent, WorkerRequest};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::time::{Duration, Instant};
use worker::Ending;

/// A worker in this process.
struct Worker {
    input: PipeWriter,
    output: BufReader<PipeReader>,
    thread: std::thread::JoinHandle<Ending>,
}

impl Worker {
    /// Started, and its hello heard.
    fn start() -> Worker {
        let (from_us, input) = std::io::pipe().unwrap();
        let (output, to_us) = std::io::pipe().unwrap();
        let thread = std::thread::spawn(move || worker::serve(from_us, to_us));
        let output = BufReader::new(output);
        let mut worker = Worker {
            input,
            output,
            thread,
        };
        match worker.hear() {
            FromWorker {
                id: 0,
                event: WorkerEvent::Hello { protocol, engine },
            } => {
                assert_eq!(protocol, WORKER_PROTOCOL);
                assert!(!engine.version.is_empty() && !engine.kernels.is_empty());
            }
            other => panic!("{other:?}"),
        }
        worker
    }

    fn say(&mut self, line: impl AsRef<[u8]>) {
        self.input.write_all(line.as_ref()).unwrap();
        self.input.write_all(b"\n").unwrap();
    }

    fn ask(&mut self, id: u64, request: WorkerRequest) {
        let line = serde_json::to_vec(&ToWorker { id, request }).unwrap();
        self.say(line);
    }

    fn hear(&mut self) -> FromWorker {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The next event but signs of life: who failed, and of what.
    fn failure(&mut self) -> (u64, String) {
        loop {
            match self.hear() {
                FromWorker {
                    id,
                    event: WorkerEvent::Failed { error },
                } => return (id, error.key),
                FromWorker {
                    event: WorkerEvent::Memory { .. } | WorkerEvent::Progress { .. },
                    ..
                } => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn what_cannot_be_understood_fails_and_the_next_is_served() {
    let mut worker = Worker::start();
    let lines: [(&[u8], u64, &str); 7] = [
        (b"", 0, "bad-command"),
        (b"hello", 0, "bad-command"),
        (b"\xff\xfe\x00", 0, "bad-command"),
        (br#"{"id": 7, "op": "dance"}"#, 7, "bad-command"),
        (br#"{"id": 8, "op": "tokenize"}"#, 8, "bad-command"),
        (br#"{"id": -1, "op": "cancel", "target": 0}"#, 0, "bad-command"),
        (
            br#"{"id": 9, "op": "tokenize", "path": "/nowhere.gguf", "text": "", "special": false}"#,
            9,
            "file-not-found",
        ),
    ];
    for (line, id, key) in lines {
        worker.say(line);
        let expected = (id, key.to_owned());
        assert_eq!(worker.failure(), expected, "{}", line.escape_ascii());
    }
    worker.say("[".repeat(100_000));
    assert_eq!(worker.failure(), (0, "bad-command".to_owned()));
}

#[test]
fn a_line_without_end_is_not_kept() {
    let mut worker = Worker::start();
    let piece = vec![b' '; 1 << 20];
    for _ in 0..=(MAX_LINE >> 20) {
        worker.input.write_all(&piece).unwrap();
    }
    worker.say("");
    assert_eq!(worker.failure(), (0, "message-too-large".to_owned()));
    worker.ask(
        3,
        WorkerRequest::Bench {
            prefill: 1,
            decode: vec![1],
        },
    );
    assert_eq!(worker.failure(), (3, "internal".to_owned()));
}

#[test]
fn nothing_is_computed_without_a_model() {
    let mut worker = Worker::start();
    let requests = [
        WorkerRequest::Generate {
            messages: vec![],
            continued: Vec::new(),
            sampling: protocol::Sampling::default(),
            limits: protocol::Limits::default(),
            owner: None,
        },
        WorkerRequest::Logits {
            ids: vec![1],
            top: 1,
        },
        WorkerRequest::Bench {
            prefill: 1,
            decode: vec![1],
        },
    ];
    for (id, request) in (1..).zip(requests) {
        worker.ask(id, request);
        assert_eq!(worker.failure(), (id, "internal".to_owned()));
    }
    let path = "/nowhere.gguf".to_owned();
    worker.ask(
        9,
        WorkerRequest::Load {
            path,
            context: None,
            threads: 0,
            quantise: None,
            form: None,
            speculates: true,
            kv_type: protocol::KvType::F16,
            kv: None,
        },
    );
    assert_eq!(worker.failure(), (9, "file-not-found".to_owned()));
}

#[test]
fn the_end_of_the_input_ends_the_service() {
    let worker = Worker::start();
    drop(worker.input);
    assert_eq!(worker.thread.join().unwrap(), Ending::InputEnded);
}

#[test]
fn nobody_listening_ends_the_service() {
    let mut worker = Worker::start();
    let Worker { input, thread, .. } = {
        worker.say("?");
        worker
    };
    let mut input = input;
    let began = Instant::now();
    // The reader of its output is gone: the next thing told finds that out.
    while !thread.is_finished() {
        let _ = input.write_all(b"?\n");
        std::thread::sleep(Duration::from_millis(10));
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(thread.join().unwrap(), Ending::OutputClosed);
}
