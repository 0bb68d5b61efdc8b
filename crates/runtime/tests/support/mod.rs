//! A library, a runtime on it, and what they tell.

use hub::{Hub, Places};
use protocol::{
    Answered, AppError, GenerateRequest, GenerationEvent, Limits, ModelEntry, PromptMessage, Role,
    Sampling,
};
use runtime::{Engine, GenerationStream, Options, Runtime};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, MutexGuard};
use tokio_stream::StreamExt;

/// A library in a folder of its own.
pub struct Desk {
    folder: tempfile::TempDir,
    pub hub: Hub,
    alone: Option<MutexGuard<'static, ()>>,
}

impl Desk {
    pub fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let hub = Hub::open(&Places::under(&folder.path().join("home"))).unwrap();
        Desk {
            folder,
            hub,
            alone: None,
        }
    }

    /// One whose test has all cores until it is dropped, and all worker processes are its own.
    pub async fn alone() -> Desk {
        static ONE: Mutex<()> = Mutex::const_new(());
        Desk {
            alone: Some(ONE.lock().await),
            ..Desk::new()
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A copy of a test model under another name, so that it can be damaged.
    pub fn copy(&self, model: &Path, name: &str) -> ModelEntry {
        let path = self.path(name);
        std::fs::copy(model, &path).unwrap();
        self.hub.import(&path).unwrap()
    }

    /// A test model with another name inside: another model.
    pub fn another(&self, model: &Path, name: &str) -> ModelEntry {
        let path = self.path(name);
        let mut bytes = std::fs::read(model).unwrap();
        let key = b"general.name";
        let at = bytes.windows(key.len()).position(|at| at == key).unwrap();
        // Behind the key are the value's type and its length.
        bytes[at + key.len() + 4 + 8] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        self.hub.import(&path).unwrap()
    }

    /// A file that the hub takes for a model, with nothing in it.
    pub fn empty_model(&self) -> ModelEntry {
        let path = self.path("empty.gguf");
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(0u64.to_le_bytes());
        bytes.extend(1u64.to_le_bytes());
        for text in ["general.architecture", "llama"] {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
            if text.starts_with("general") {
                bytes.extend(8u32.to_le_bytes());
            }
        }
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        std::fs::write(&path, bytes).unwrap();
        self.hub.import(&path).unwrap()
    }

    /// A runtime that finds its worker as every test's does: beside or above the executable.
    pub fn runtime(&self, options: Options) -> Runtime {
        Runtime::with(self.hub.clone(), options)
    }

    /// A worker that is a shell script. Another program writes it: while one of our threads
    /// starts a process, a file that we have just written may still be "busy".
    #[cfg(unix)]
    pub fn script(&self, name: &str, text: &str) -> Options {
        let path = self.path(name);
        let written = std::process::Command::new("sh")
            .args([
                "-c",
                r#"printf '#!/bin/sh\n%s\n' "$1" >"$2" && chmod 755 "$2""#,
                "sh",
                text,
            ])
            .arg(&path)
            .status();
        assert!(written.unwrap().success());
        Options {
            worker: Some(path),
            ..Options::default()
        }
    }
}

/// [`Desk::alone`], with the small test model and a runtime.
pub async fn small() -> (Desk, ModelEntry, Runtime) {
    let desk = Desk::alone().await;
    let model = desk.hub.import(&test_model(SMOLLM2)).unwrap();
    let runtime = desk.runtime(Options::default());
    (desk, model, runtime)
}

/// The folder of the test models.
pub fn test_model(file: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    let folder = std::env::var_os("PARLEY_MODELS").map(PathBuf::from);
    let path = folder
        .unwrap_or_else(|| cache.unwrap().join("parley-models"))
        .join(file);
    assert!(
        path.is_file(),
        "{} is not there: cargo xtask models",
        path.display()
    );
    path
}

pub const SMOLLM2: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
pub const QWEN: &str = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";

/// A greedy request of one message.
pub fn ask(model: &ModelEntry, text: &str, max_tokens: u32) -> GenerateRequest {
    GenerateRequest {
        model: model.id.clone(),
        messages: vec![PromptMessage::new(Role::User, text)],
        continued: Vec::new(),
        sampling: Sampling {
            temperature: 0.0,
            ..Sampling::default()
        },
        limits: Limits {
            max_tokens: Some(max_tokens),
        },
        owner: None,
    }
}

/// What an answer told.
#[derive(Debug, Default)]
pub struct Told {
    pub kinds: Vec<&'static str>,
    pub text: String,
    pub end: Option<Result<Answered, AppError>>,
}

/// Reads an answer to its end.
pub async fn read(mut stream: GenerationStream) -> Told {
    let mut told = Told::default();
    while let Some(event) = stream.next().await {
        assert!(told.end.is_none(), "something after the end");
        let kind = match event {
            Ok(GenerationEvent::Queued) => "queued",
            Ok(GenerationEvent::Loading { .. }) => "loading",
            Ok(GenerationEvent::Prefill { .. }) => "prefill",
            Ok(GenerationEvent::Reasoning { .. }) => "reasoning",
            Ok(GenerationEvent::Text { text }) => {
                told.text.push_str(&text);
                "text"
            }
            Ok(GenerationEvent::Stopped(answered)) => {
                told.end = Some(Ok(*answered));
                "stopped"
            }
            Err(error) => {
                told.end = Some(Err(error));
                "failed"
            }
        };
        if told.kinds.last() != Some(&kind) {
            told.kinds.push(kind);
        }
    }
    told
}

/// Asks, reads to the end, and expects an answer.
pub async fn answer(runtime: &Runtime, request: GenerateRequest) -> (String, Answered) {
    let told = read(runtime.generate(request)).await;
    match told.end {
        Some(Ok(answered)) => (told.text, answered),
        other => panic!("{other:?}"),
    }
}

/// Asks, reads to the end, and expects a failure.
pub async fn failure(runtime: &Runtime, request: GenerateRequest) -> AppError {
    let told = read(runtime.generate(request)).await;
    match told.end {
        Some(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Reads until the first event of which `so` is true.
pub async fn until(stream: &mut GenerationStream, so: impl Fn(&GenerationEvent) -> bool) {
    loop {
        match stream.next().await {
            Some(Ok(event)) if so(&event) => return,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Reads until the first text, and gives it.
pub async fn first_text(stream: &mut GenerationStream) -> String {
    loop {
        match stream.next().await {
            Some(Ok(GenerationEvent::Text { text })) => return text,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

pub fn is_text(event: &GenerationEvent) -> bool {
    matches!(event, GenerationEvent::Text { .. })
}

pub fn is_prefill(event: &GenerationEvent) -> bool {
    matches!(event, GenerationEvent::Prefill { .. })
}

/// Waits until something is so.
pub async fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The worker processes that this process has started and that still run.
#[cfg(target_os = "linux")]
pub fn workers() -> Vec<u32> {
    let us = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.rsplit_once(") ") else {
            continue;
        };
        let mut fields = rest.split(' ');
        let (state, parent) = (fields.next(), fields.next());
        if name.ends_with("(parley-worker") && state != Some("Z") && parent == Some(&us) {
            found.push(pid);
        }
    }
    found
}

/// Sends a signal by the system's own program.
#[cfg(target_os = "linux")]
pub fn signal(pid: u32, name: &str) {
    let status = std::process::Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}
