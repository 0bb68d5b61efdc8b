//! A conversation with the real worker on the starter model: its memory, and what it saves by
//! keeping what it has read.

use crate::{
    Effort,
    computer::{STARTER, beside, model},
    figures::Figures,
    memory::kilobytes,
};
use protocol::{
    FromWorker, Limits, PromptMessage, Role, Sampling, ToWorker, WorkerAnswered, WorkerEvent,
    WorkerRequest,
};
use std::{
    fs,
    io::{BufRead, BufReader, Lines, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

/// What is asked, over and over.
const QUESTIONS: [&str; 5] = [
    "What is a lighthouse for?",
    "Who lived in lighthouses, and what did they do all day?",
    "Name three things that one can see from the top of one.",
    "How far does the light reach, and what decides that?",
    "Tell me a short story about a keeper and a storm.",
];
/// Tokens of each answer at most.
const ANSWER: u32 = 48;

pub fn measure(effort: &Effort, figures: &mut Figures) {
    for _ in 0..effort.conversations {
        let mut worker = Worker::start();
        let mut messages = Vec::new();
        for turn in 1.. {
            messages.push(message(Role::User, QUESTIONS[turn % QUESTIONS.len()]));
            let (text, answered) = worker.answer(&messages);
            if turn < effort.turns {
                messages.push(message(Role::Assistant, &text));
                continue;
            }
            let (same, afresh) = Worker::start().answer(&messages);
            assert_eq!(text, same, "what is kept never changes an answer");
            assert_eq!(afresh.reused_tokens, 0);
            assert!(answered.reused_tokens > answered.prompt_tokens / 2);
            figures.note("turn_prompt_tokens", answered.prompt_tokens.into());
            figures.note("turn_reused_ms", answered.times.first_token_ms);
            figures.note("turn_afresh_ms", afresh.times.first_token_ms);
            figures.note("worker_peak_mb", worker.peak());
            break;
        }
    }
}

fn message(role: Role, content: &str) -> PromptMessage {
    let content = content.to_owned();
    PromptMessage::new(role, content)
}

struct Worker {
    child: Child,
    input: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
    asked: u64,
}

impl Worker {
    /// With the starter model loaded, all cores to compute with.
    fn start() -> Worker {
        let mut child = Command::new(beside("PARLEY_WORKER", "parley-worker"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the worker starts");
        let input = child.stdin.take().expect("its stdin");
        let output = child.stdout.take().expect("its stdout");
        let told = BufReader::new(output).lines();
        let mut worker = Worker {
            child,
            input,
            told,
            asked: 0,
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let path = model(STARTER).to_str().expect("Unicode").to_owned();
        worker.ask(WorkerRequest::Load {
            path,
            context: None,
            threads: threads as u32,
            quantise: None,
            form: None,
            speculates: true,
            kv_type: protocol::KvType::F16,
            kv: None,
        });
        while !matches!(worker.hear(), WorkerEvent::Loaded(_)) {}
        worker
    }

    fn ask(&mut self, request: WorkerRequest) {
        self.asked += 1;
        let id = self.asked;
        let line = serde_json::to_string(&ToWorker { id, request }).expect("JSON");
        writeln!(self.input, "{line}").expect("it listens");
    }

    fn hear(&mut self) -> WorkerEvent {
        let line = self.told.next().expect("it speaks").expect("a line");
        let told: FromWorker = serde_json::from_str(&line).expect("the protocol");
        match told.event {
            WorkerEvent::Failed { error } => panic!("{error:?}"),
            event => event,
        }
    }

    /// The likeliest answer, and what is known of it.
    fn answer(&mut self, messages: &[PromptMessage]) -> (String, WorkerAnswered) {
        self.ask(WorkerRequest::Generate {
            messages: messages.to_vec(),
            continued: Vec::new(),
            sampling: Sampling {
                temperature: 0.0,
                seed: Some(1),
                ..Sampling::default()
            },
            limits: Limits {
                max_tokens: Some(ANSWER),
            },
            owner: None,
        });
        let mut text = String::new();
        loop {
            match self.hear() {
                WorkerEvent::Text { text: more } => text += &more,
                WorkerEvent::Answered(answered) => return (text, answered),
                _ => {}
            }
        }
    }

    /// Most megabytes (2^20) that it has held at once, the mapped weights included.
    fn peak(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        kilobytes(&status.expect("it runs"), "VmHWM:") / 1024.0
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}
