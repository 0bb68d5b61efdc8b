//! One worker process: started, greeted, listened to, ended.

use crate::memory;
use crate::options::Options;
use crate::outbox::{self, Outbox};
use crate::stderr::Tail;
use protocol::{
    AppError, DraftChoice, EngineFacts, FromWorker, MAX_LINE, PromptForm, WORKER_PROTOCOL,
    WorkerEvent, WorkerRequest, failure,
};
use std::collections::HashMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// How long a worker whose input or output has ended may take to be gone.
const LEAVE: Duration = Duration::from_secs(1);
/// What lowers the kernels of a worker.
const KERNELS: &str = "PARLEY_KERNELS";
/// Events that wait to be read before the worker has to wait.
const WAITING_EVENTS: usize = 256;

/// A running worker. Dropping it kills the process.
pub(crate) struct Worker {
    child: Mutex<Child>,
    /// The way to it.
    pub outbox: Arc<Outbox>,
    routes: Arc<Routes>,
    /// How it is.
    pub pulse: Arc<Pulse>,
    /// What computes in it.
    pub engine: EngineFacts,
    /// What a person chose in place of its model's own template when it was loaded.
    pub form: Option<PromptForm>,
    /// What they chose of models that propose tokens for it.
    pub draft: DraftChoice,
    tail: Tail,
    kills_before: Option<u64>,
    options: Options,
}

/// How a worker is, also for those who do not hold it.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    ended: AtomicBool,
    memory: AtomicU64,
    pid: u32,
}

impl Pulse {
    /// Whether its output has not ended.
    pub fn is_alive(&self) -> bool {
        !self.ended.load(Ordering::Acquire)
    }

    /// Bytes that it holds, as it last said; 0 before.
    pub fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.pid
    }
}

/// What a worker tells unasked.
#[derive(Debug)]
pub(crate) enum News {
    /// Its memory changed, or it has ended.
    Changed,
    /// It put what was read on the disk.
    Saved {
        /// Bytes of it.
        bytes: u64,
        /// Why it went no further, where it did not.
        failed: Option<String>,
    },
}

/// Why a request had no good end.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The worker says so and lives.
    Failed(AppError),
    /// The worker has ended.
    Ended,
    /// The worker is silent.
    Silent,
    /// The worker did not stop when it was told to.
    Deaf,
}

impl Worker {
    /// Starts a worker and waits for its hello. `news` is told what it tells unasked. Errors: `worker-not-started`, `worker-version`.
    pub async fn start(
        program: &Path,
        options: &Options,
        news: impl Fn(News) + Send + 'static,
    ) -> Result<Worker, AppError> {
        let not_started = |why: String| failure::worker_not_started(program).detail(why);
        let mut command = Command::new(program);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // What a person says already is lower, or theirs to say.
        if let Some(kernels) = &options.kernels
            && std::env::var_os(KERNELS).is_none()
        {
            command.env(KERNELS, kernels);
        }
        // Ctrl-C in a terminal is for the one who talks with the person, not for the worker.
        #[cfg(unix)]
        command.process_group(0);
        let kills_before = memory::kills();
        let mut child = command.spawn().map_err(|e| not_started(e.to_string()))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(not_started("its input and output are not ours".into()));
        };
        let pulse = Arc::new(Pulse {
            pid: child.id().unwrap_or(0),
            ..Pulse::default()
        });
        let tail = Tail::default();
        tail.fill_from(stderr);
        let mut stdout = BufReader::new(stdout);
        let hello = timeout(options.hello, line(&mut stdout)).await;
        let engine = match hello {
            Ok(Some(line)) => greet(&line).map_err(|e| e.detail(tail.text()))?,
            Ok(None) => {
                let status = timeout(LEAVE, child.wait()).await;
                let status = status.map_or_else(|_| "no end".into(), |s| ending(s.ok()));
                let words = tail.last_words().await;
                return Err(not_started(format!("{status}; {words}")));
            }
            Err(_) => return Err(not_started(format!("it said nothing; {}", tail.text()))),
        };
        tracing::info!(
            pid = pulse.pid,
            kernels = engine.kernels,
            device = engine.device,
            "worker started"
        );
        let (outbox, lines) = Outbox::new();
        tokio::spawn(outbox::write(lines, stdin));
        let routes = Arc::new(Routes::default());
        tokio::spawn(listen(
            stdout,
            routes.clone(),
            pulse.clone(),
            tail.clone(),
            news,
        ));
        Ok(Worker {
            form: None,
            draft: DraftChoice::Automatic,
            child: Mutex::new(child),
            outbox: Arc::new(outbox),
            routes,
            pulse,
            engine,
            tail,
            kills_before,
            options: options.clone(),
        })
    }

    /// Asks something, also while it is busy with something else; when `stop` completes, the
    /// worker is told to stop it. Errors: `message-too-large`.
    pub fn ask<S: Future<Output = ()>>(
        &self,
        request: WorkerRequest,
        stop: S,
    ) -> Result<Asked<S>, AppError> {
        let id = self.outbox.id();
        let asked = Asked {
            events: self.routes.open(id),
            routes: self.routes.clone(),
            outbox: Arc::downgrade(&self.outbox),
            patience: self.options.silence,
            grace: self.options.stop,
            id,
            stop: Box::pin(stop),
            deadline: None,
        };
        self.outbox.send(id, request)?;
        Ok(asked)
    }

    /// Ends the process at once, with all that it is asked.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.start_kill();
    }

    /// How long it may take to put what it has read on the disk.
    pub fn save_patience(&self) -> Duration {
        self.options.save
    }

    /// Ends the process by closing its input; kills it where that does not help.
    pub async fn end(self) {
        let mut child = self
            .child
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        drop(self.outbox);
        if timeout(LEAVE, child.wait()).await.is_err() {
            let _ = child.kill().await;
        }
    }

    /// Ends the process after trouble, and says what happened; `name` is the model's.
    pub async fn bury(self, trouble: Trouble, name: &str) -> AppError {
        let mut child = self
            .child
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        // One that lives ends with its input.
        drop(self.outbox);
        if matches!(trouble, Trouble::Silent | Trouble::Deaf) {
            let _ = child.start_kill();
        }
        let status = match timeout(LEAVE, child.wait()).await {
            Ok(status) => status.ok(),
            Err(_) => {
                let _ = child.kill().await;
                None
            }
        };
        if !matches!(trouble, Trouble::Failed(_)) {
            let words = self.tail.last_words().await;
            tracing::warn!(
                pid = self.pulse.pid,
                model = name,
                status = ending(status),
                cause = ?trouble,
                words,
                "worker ended"
            );
        }
        match trouble {
            Trouble::Failed(error) => error,
            Trouble::Silent => failure::worker_hung(name).detail(self.tail.text()),
            Trouble::Deaf => failure::cancelled().detail("the worker had to be killed"),
            Trouble::Ended => {
                let report = format!("{}; {}", ending(status), self.tail.last_words().await);
                if killed_for_memory(status, self.kills_before) {
                    failure::worker_out_of_memory(name).detail(report)
                } else {
                    failure::worker_died(name).detail(report)
                }
            }
        }
    }
}

/// Whether the kernel killed a process for want of memory: it was killed, and the kernel counts
/// more such kills than before it was started.
fn killed_for_memory(status: Option<ExitStatus>, before: Option<u64>) -> bool {
    #[cfg(unix)]
    let killed = status.and_then(|s| std::os::unix::process::ExitStatusExt::signal(&s));
    #[cfg(not(unix))]
    let killed: Option<i32> = status.and(None);
    killed == Some(9) && matches!((before, memory::kills()), (Some(a), Some(b)) if b > a)
}

/// A request that a worker is busy with.
pub(crate) struct Asked<S> {
    routes: Arc<Routes>,
    /// Gone with the worker.
    outbox: Weak<Outbox>,
    /// How long the worker may be silent, and how long it may take to stop.
    patience: Duration,
    grace: Duration,
    id: u64,
    events: mpsc::Receiver<WorkerEvent>,
    stop: std::pin::Pin<Box<S>>,
    deadline: Option<Instant>,
}

impl<S: Future<Output = ()>> Asked<S> {
    /// What the worker tells next of this request.
    pub async fn next(&mut self) -> Result<WorkerEvent, Trouble> {
        loop {
            let patience = match self.deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => self.patience,
            };
            let told = tokio::select! {
                biased;
                () = &mut self.stop, if self.deadline.is_none() => {
                    self.deadline = Some(Instant::now() + self.grace);
                    if let Some(outbox) = self.outbox.upgrade() {
                        let _ = outbox.tell(WorkerRequest::Cancel { target: self.id });
                    }
                    continue;
                }
                told = timeout(patience, self.events.recv()) => told,
            };
            match told {
                Ok(Some(WorkerEvent::Failed { error })) => return Err(Trouble::Failed(error)),
                Ok(Some(event)) => return Ok(event),
                Ok(None) => return Err(Trouble::Ended),
                Err(_) if self.deadline.is_some() => return Err(Trouble::Deaf),
                Err(_) => return Err(Trouble::Silent),
            }
        }
    }
}

impl<S> Drop for Asked<S> {
    fn drop(&mut self) {
        self.routes.close(self.id);
    }
}

/// Who waits for which events; None once the worker has ended.
struct Routes(Mutex<Option<HashMap<u64, mpsc::Sender<WorkerEvent>>>>);

impl Default for Routes {
    fn default() -> Routes {
        Routes(Mutex::new(Some(HashMap::new())))
    }
}

impl Routes {
    fn open(&self, id: u64) -> mpsc::Receiver<WorkerEvent> {
        let (sender, events) = mpsc::channel(WAITING_EVENTS);
        if let Some(routes) = &mut *self.lock() {
            routes.insert(id, sender);
        }
        events
    }

    fn close(&self, id: u64) {
        if let Some(routes) = &mut *self.lock() {
            routes.remove(&id);
        }
    }

    fn end(&self) {
        *self.lock() = None;
    }

    /// Tells who waits for it; where nobody does any more, nothing happens.
    async fn tell(&self, told: FromWorker) {
        let route = self
            .lock()
            .as_ref()
            .and_then(|routes| routes.get(&told.id).cloned());
        if let Some(route) = route {
            let _ = route.send(told.event).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u64, mpsc::Sender<WorkerEvent>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the worker's lines until they end.
async fn listen(
    mut stdout: BufReader<ChildStdout>,
    routes: Arc<Routes>,
    pulse: Arc<Pulse>,
    tail: Tail,
    news: impl Fn(News),
) {
    while let Some(line) = line(&mut stdout).await {
        match serde_json::from_slice::<FromWorker>(&line) {
            Ok(FromWorker {
                event: WorkerEvent::Memory { bytes },
                ..
            }) => {
                pulse.memory.store(bytes, Ordering::Relaxed);
                news(News::Changed);
            }
            Ok(FromWorker {
                event: WorkerEvent::Saved { bytes, failed },
                ..
            }) => news(News::Saved { bytes, failed }),
            Ok(told) => routes.tell(told).await,
            Err(e) => {
                let why = failure::without_quotes(&e.to_string());
                tail.add(format!("a line that cannot be understood: {why}\n").as_bytes());
                break;
            }
        }
    }
    pulse.ended.store(true, Ordering::Release);
    routes.end();
    news(News::Changed);
}

/// The next line, without an unbounded wait for memory; None at the end and where a line is
/// longer than the protocol allows.
async fn line(reader: &mut BufReader<ChildStdout>) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut bounded = reader.take(MAX_LINE as u64);
    bounded.read_until(b'\n', &mut line).await.ok()?;
    (line.pop() == Some(b'\n')).then_some(line)
}

/// Understands a hello, also one of another version of the protocol.
fn greet(line: &[u8]) -> Result<EngineFacts, AppError> {
    let hello: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
    let version = hello.get("protocol").and_then(serde_json::Value::as_u64);
    let is_hello = hello.get("event").and_then(|event| event.as_str()) == Some("hello");
    match version.filter(|_| is_hello) {
        Some(version) if version == u64::from(WORKER_PROTOCOL) => {
            match serde_json::from_value::<FromWorker>(hello) {
                Ok(FromWorker {
                    event: WorkerEvent::Hello { engine, .. },
                    ..
                }) => Ok(engine),
                _ => Err(failure::worker_version(version, WORKER_PROTOCOL)),
            }
        }
        Some(version) => Err(failure::worker_version(version, WORKER_PROTOCOL)),
        None => Err(failure::worker_version("?", WORKER_PROTOCOL)),
    }
}

/// How a process ended, for reports.
fn ending(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "no exit status".into(), |status| status.to_string())
}
