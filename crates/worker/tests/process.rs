//! The worker as a process of its own, with real weights.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use protocol::{
    FromWorker, KvOwner, KvPlace, Limits, PromptMessage, Role, Sampling, ToWorker, WorkerEvent,
    WorkerRequest,
};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    told: mpsc::Receiver<FromWorker>,
}

impl Worker {
    fn start() -> Worker {
        let mut child = Command::new(env!("CARGO_BIN_EXE_parley-worker"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                let event = serde_json::from_str(&line.unwrap()).unwrap();
                if tell.send(event).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Worker { child, input, told }
    }

    fn ask(&mut self, id: u64, request: WorkerRequest) {
        let mut line = serde_json::to_vec(&ToWorker { id, request }).unwrap();
        line.push(b'\n');
        self.input.as_mut().unwrap().write_all(&line).unwrap();
    }

    /// Reads events until one is as wanted.
    fn until(&mut self, so: impl Fn(&WorkerEvent) -> bool) -> WorkerEvent {
        loop {
            let told = self.told.recv_timeout(Duration::from_secs(60)).unwrap();
            if so(&told.event) {
                return told.event;
            }
        }
    }

    fn load(&mut self, file: &str) {
        self.load_kept(file, None);
    }

    fn load_kept(&mut self, file: &str, kv: Option<KvPlace>) {
        let path = model_path(file).to_str().unwrap().to_owned();
        let (context, threads) = (None, 2);
        self.ask(
            1,
            WorkerRequest::Load {
                path,
                context,
                threads,
                quantise: None,
                form: None,
                speculates: true,
                kv_type: protocol::KvType::F16,
                kv,
            },
        );
        self.until(|event| matches!(event, WorkerEvent::Loaded(_)));
    }

    fn wait(&mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        let status = self.child.wait().unwrap();
        (status.code(), began.elapsed())
    }
}

fn model_path(file: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    let folder = std::env::var_os("PARLEY_MODELS").map(PathBuf::from);
    folder
        .unwrap_or_else(|| cache.unwrap().join("parley-models"))
        .join(file)
}

fn story() -> WorkerRequest {
    WorkerRequest::Generate {
        messages: vec![PromptMessage::new(
            Role::User,
            "Write a very long story about a lighthouse.",
        )],
        continued: Vec::new(),
        sampling: Sampling {
            seed: Some(7),
            ..Sampling::default()
        },
        limits: Limits::default(),
        owner: None,
    }
}

const SMOLLM2: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

#[test]
fn it_says_hello_and_is_the_first_to_be_killed() {
    let mut worker = Worker::start();
    worker.until(|event| matches!(event, WorkerEvent::Hello { .. }));
    let score = format!("/proc/{}/oom_score_adj", worker.child.id());
    let mut text = String::new();
    std::fs::File::open(score)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text.trim(), "500");
    drop(worker.input.take());
    assert_eq!(worker.wait().0, Some(0));
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn the_end_of_its_input_ends_it_while_it_computes() {
    let mut worker = Worker::start();
    worker.load(SMOLLM2);
    worker.ask(2, story());
    worker.until(|event| matches!(event, WorkerEvent::Text { .. }));
    drop(worker.input.take());
    let (code, took) = worker.wait();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn it_hears_while_it_computes_and_makes_answers_together() {
    let mut worker = Worker::start();
    worker.load(SMOLLM2);
    worker.until(|event| matches!(event, WorkerEvent::Memory { bytes } if *bytes > 90 << 20));
    for id in [2, 3, 4, 5, 6] {
        worker.ask(id, story());
    }
    worker.ask(
        7,
        WorkerRequest::Bench {
            prefill: 8,
            decode: vec![2, 1],
        },
    );
    // Four at once; the fifth waits for a place.
    let mut telling = [false; 7];
    while !telling[2..=5].iter().all(|tells| *tells) {
        let told = worker.told.recv_timeout(Duration::from_secs(60)).unwrap();
        telling[told.id as usize] |= matches!(told.event, WorkerEvent::Text { .. });
    }
    assert!(!telling[6]);
    worker.ask(8, WorkerRequest::Threads { threads: 1 });
    let mut ends = Vec::new();
    for (ask, target) in [(9, 3), (10, 5), (11, 6), (12, 4), (13, 2)] {
        worker.ask(ask, WorkerRequest::Cancel { target });
        let is_end = |told: &FromWorker| {
            matches!(
                told.event,
                WorkerEvent::Answered(_) | WorkerEvent::Failed { .. }
            )
        };
        let end = worker.told.iter().find(is_end).unwrap();
        assert_eq!(end.id, target);
        ends.push(end.event);
    }
    let WorkerEvent::Answered(answered) = &ends[0] else {
        panic!("{ends:?}");
    };
    assert_eq!(answered.reason, protocol::StopReason::Cancelled);
    assert_eq!(answered.engine.threads, 1);
    ends.push(worker.until(|event| matches!(event, WorkerEvent::Benched(_))));
    let WorkerEvent::Benched(benched) = &ends[5] else {
        panic!("{ends:?}");
    };
    assert!(benched.prefill_ms > 0.0 && benched.decode_ms.iter().all(|time| *time > 0.0));
    assert_eq!(benched.decode_ms.len(), 2);
    assert!(benched.peak_memory_bytes > 90 << 20);
}

/// The next answer waited behind the deletion of another conversation, silent, until the first had
/// ended; and what is deleted while it is being answered was to be kept nowhere.
#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn a_deletion_or_a_quota_asked_for_beside_an_answer_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let place = KvPlace {
        folder: folder.path().to_str().unwrap().into(),
        model: "model".into(),
        most: 1 << 30,
    };
    let of = |name: &str| {
        let mut story = story();
        if let WorkerRequest::Generate { owner, limits, .. } = &mut story {
            *owner = Some(KvOwner {
                conversation: name.into(),
                on_disk: true,
            });
            limits.max_tokens = (name == "short").then_some(80);
        }
        story
    };
    let forget = |name: &str| WorkerRequest::Forget {
        conversation: Some(name.into()),
    };
    let mut worker = Worker::start();
    worker.load_kept(SMOLLM2, Some(place.clone()));
    worker.ask(2, of("long"));
    worker.until(|event| matches!(event, WorkerEvent::Text { .. }));
    worker.ask(3, forget("another"));
    worker.ask(4, WorkerRequest::Keep { place: Some(place) });
    worker.ask(5, of("short"));
    let is_end = |told: &FromWorker| matches!(told.event, WorkerEvent::Answered(_));
    assert_eq!(worker.told.iter().find(is_end).unwrap().id, 5);
    worker.ask(6, forget("long"));
    worker.ask(7, WorkerRequest::Cancel { target: 2 });
    assert_eq!(worker.told.iter().find(is_end).unwrap().id, 2);
    worker.ask(8, WorkerRequest::Save);
    worker.until(|event| matches!(event, WorkerEvent::Done));
    let kept: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    let kept: Vec<_> = kept
        .into_iter()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(kept, ["short"]);
}
