//! What the command line asks of a model file, in the library or not: tokens, templates, logits.
//! Each has a worker of its own, which ends with it.

use crate::discovery;
use crate::load::load_weights;
use crate::process::{Trouble, Worker};
use crate::runtime::Runtime;
use crate::shared::Shared;
use protocol::{
    AppError, LoadedFacts, PromptForm, TemplateInput, WorkerEvent, WorkerRequest, failure,
};
use serde::Serialize;
use std::future::pending;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio_stream::Stream;

/// Rows that wait to be read before the worker has to wait.
const WAITING_ROWS: usize = 16;

/// The likeliest next tokens after one position.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogitsRow {
    /// From 0: what comes after `ids[position]`.
    pub position: u32,
    /// Token id and logit, likeliest first.
    pub top: Vec<(u32, f32)>,
}

/// Results as they come; an error is the last. Dropping it ends the work.
#[derive(Debug)]
pub struct Rows<T>(pub(crate) mpsc::Receiver<Result<T, AppError>>);

impl<T> Stream for Rows<T> {
    type Item = Result<T, AppError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

impl Runtime {
    /// The ids of a text. With `special`, BOS is added and control tokens in it are recognised.
    /// Errors: of the file and its tokenizer, of the worker, `message-too-large`.
    pub async fn tokenize(
        &self,
        path: &Path,
        text: String,
        special: bool,
    ) -> Result<Vec<u32>, AppError> {
        let path = text_of(path)?;
        let tokenize = WorkerRequest::Tokenize {
            path: path.clone(),
            text,
            special,
        };
        let mut all = Vec::new();
        for event in self.shared.ask_once(&path, tokenize).await? {
            match event {
                WorkerEvent::Tokens { ids } => all.extend(ids),
                WorkerEvent::Done => {}
                other => return Err(unexpected(&other)),
            }
        }
        Ok(all)
    }

    /// The bytes that ids stand for, which need not be whole characters; with `special`, control
    /// tokens are written out. Errors as [`Runtime::tokenize`], and `token-out-of-range`.
    pub async fn detokenize(
        &self,
        path: &Path,
        ids: Vec<u32>,
        special: bool,
    ) -> Result<Vec<u8>, AppError> {
        let path = text_of(path)?;
        let detokenize = WorkerRequest::Detokenize {
            path: path.clone(),
            ids,
            special,
        };
        let mut all = Vec::new();
        for event in self.shared.ask_once(&path, detokenize).await? {
            match event {
                WorkerEvent::Bytes { bytes } => all.extend(bytes),
                WorkerEvent::Done => {}
                other => return Err(unexpected(&other)),
            }
        }
        Ok(all)
    }

    /// The exact output of the model's template, or of another in its place. Errors: of the file, its template, the worker.
    pub async fn render(
        &self,
        path: &Path,
        conversation: TemplateInput,
        form: Option<PromptForm>,
    ) -> Result<String, AppError> {
        let path = text_of(path)?;
        let render = WorkerRequest::Render {
            path: path.clone(),
            conversation,
            form,
        };
        match self.shared.ask_once(&path, render).await?.pop() {
            Some(WorkerEvent::Rendered { text }) => Ok(text),
            other => Err(unexpected(&other)),
        }
    }

    /// The `top` likeliest next tokens after each of `ids`.
    pub fn logits(&self, path: &Path, ids: Vec<u32>, top: u32) -> Rows<LogitsRow> {
        let (rows, stream) = mpsc::channel(WAITING_ROWS);
        let (shared, path) = (self.shared.clone(), path.to_owned());
        self.shared.spawn(async move {
            let work = shared.send_logits(&path, ids, top, &rows);
            let result = tokio::select! {
                result = work => result,
                () = rows.closed() => return,
            };
            if let Err(error) = result {
                let _ = rows.send(Err(error)).await;
            }
        });
        Rows(stream)
    }
}

impl Shared {
    async fn send_logits(
        &self,
        path: &Path,
        ids: Vec<u32>,
        top: u32,
        rows: &mpsc::Sender<Result<LogitsRow, AppError>>,
    ) -> Result<(), AppError> {
        // No more than is read: some families' positions depend on how far they must reach.
        let context = Some(u32::try_from(ids.len()).unwrap_or(u32::MAX).max(1));
        let (worker, name, _) = self
            .loaded(path, context, self.cores.total(), |_| {})
            .await?;
        let mut asked = worker.ask(WorkerRequest::Logits { ids, top }, pending())?;
        let trouble = loop {
            match asked.next().await {
                Ok(WorkerEvent::Logits { position, top }) => {
                    let _ = rows.send(Ok(LogitsRow { position, top })).await;
                }
                Ok(WorkerEvent::Done) => {
                    worker.end().await;
                    return Ok(());
                }
                Ok(_) => {}
                Err(trouble) => break trouble,
            }
        };
        Err(worker.bury(trouble, &name).await)
    }

    /// A worker with the file loaded, with room for so many tokens (None: as usual), the name for people, and what
    /// was loaded.
    pub async fn loaded(
        &self,
        path: &Path,
        context: Option<u32>,
        threads: u32,
        progress: impl Fn(f32),
    ) -> Result<(Worker, String, LoadedFacts), AppError> {
        let text = text_of(path)?;
        let free = self.memory().free;
        let plan = self.plan(path, context, free)?;
        let name = name_of(&text);
        if plan.memory > free {
            return Err(match self.compact(path, context, free) {
                Some(compact) => failure::memory_compact(name, plan.memory, free, compact),
                None => failure::memory_short(name, plan.memory, free, "none"),
            });
        }
        let worker = self.worker().await?;
        let load = WorkerRequest::Load {
            path: text,
            context,
            threads,
            quantise: self.quantise(plan),
            form: None,
            speculates: true,
            kv: None,
            kv_type: plan.kv,
        };
        match load_weights(&worker, load, pending(), progress).await {
            Ok(facts) => Ok((worker, name, facts)),
            Err(trouble) => Err(worker.bury(trouble, &name).await),
        }
    }

    pub async fn worker(&self) -> Result<Worker, AppError> {
        let options = &self.options;
        let executable = std::env::current_exe().ok();
        let program = discovery::worker(options.worker.as_deref(), executable.as_deref())?;
        Worker::start(&program, options, |_| {}).await
    }

    /// One question to a worker of its own: all of its answer, in order.
    async fn ask_once(
        &self,
        path: &str,
        request: WorkerRequest,
    ) -> Result<Vec<WorkerEvent>, AppError> {
        let worker = self.worker().await?;
        let trouble = {
            let mut asked = worker.ask(request, pending())?;
            let mut told = Vec::new();
            loop {
                match asked.next().await {
                    Ok(WorkerEvent::Progress { .. }) => {}
                    Ok(event) => {
                        use WorkerEvent::{Bytes, Tokens};
                        let more = matches!(event, Tokens { .. } | Bytes { .. });
                        told.push(event);
                        if !more {
                            break Ok(told);
                        }
                    }
                    Err(trouble) => break Err(trouble),
                }
            }
        };
        match trouble {
            Ok(told) => {
                worker.end().await;
                Ok(told)
            }
            Err(Trouble::Failed(error)) => Err(error),
            Err(trouble) => Err(worker.bury(trouble, &name_of(path)).await),
        }
    }
}

/// The absolute path as text. Errors: `file-not-readable` where it is not UTF-8.
fn text_of(path: &Path) -> Result<String, AppError> {
    let absolute =
        std::path::absolute(path).map_err(|e| failure::file_not_readable(path).detail(e))?;
    let text = absolute.to_str().map(str::to_owned);
    text.ok_or_else(|| failure::file_not_readable(path).detail("the path is not UTF-8"))
}

fn name_of(path: &str) -> String {
    let path = Path::new(path);
    // In a folder's name what follows a dot is no ending: `Mistral-7B-v0.1`.
    let name = match path.is_dir() {
        true => path.file_name(),
        false => path.file_stem(),
    };
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Names the event without its text.
fn unexpected(event: &impl std::fmt::Debug) -> AppError {
    let said = failure::without_quotes(&format!("{event:?}"));
    failure::internal().detail(format!("the worker told {said}"))
}
