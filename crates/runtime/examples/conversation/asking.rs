//! A library with one model, what is asked of it, and what is heard.

use hub::{Hub, Places};
use protocol::{
    Answered, AppError, GenerateRequest, GenerationEvent, Limits, ModelEntry, PromptMessage, Role,
    Sampling, failure,
};
use runtime::{GenerationStream, Options, Runtime};
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;
use tokio_stream::StreamExt;

/// Tokens of the template and of the turns after the long message, about.
const REST: usize = 60;

/// What the command line asks for.
pub struct Asked {
    pub file: PathBuf,
    pub tokens: usize,
    pub threads: u32,
    pub runs: usize,
}

/// A library of its own, gone with it.
pub struct Desk {
    _folder: TempDir,
    pub hub: Hub,
    pub model: ModelEntry,
    pub options: Options,
}

impl Desk {
    pub fn new(asked: &Asked) -> Result<Desk, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let hub = Hub::open(&Places::under(folder.path()))?;
        let model = hub.import(&asked.file)?;
        let options = Options {
            threads: Some(asked.threads),
            ..Options::from_environment()
        };
        Ok(Desk {
            _folder: folder,
            hub,
            model,
            options,
        })
    }

    pub fn runtime(&self) -> Runtime {
        Runtime::with(self.hub.clone(), self.options.clone())
    }

    /// Asks for so many tokens, always the same ones.
    pub fn request(&self, messages: Vec<PromptMessage>, most: u32) -> GenerateRequest {
        GenerateRequest {
            model: self.model.id.clone(),
            messages,
            continued: Vec::new(),
            sampling: Sampling {
                temperature: 0.0,
                seed: Some(1),
                ..Sampling::default()
            },
            limits: Limits {
                max_tokens: Some(most),
            },
            owner: None,
        }
    }
}

/// A message that makes a prompt of so many tokens, about.
pub async fn long(runtime: &Runtime, asked: &Asked) -> Result<PromptMessage, AppError> {
    let sentence = |number: usize| {
        let chairs = number * 7 % 31;
        format!("Room {number} of the old house holds {chairs} chairs. ")
    };
    // As many as will be needed, about: the numbers grow longer.
    let sample = asked.tokens / 16 + 1;
    let some: String = (0..sample).map(sentence).collect();
    let each = runtime.tokenize(&asked.file, some, false).await?.len();
    let sentences = asked.tokens.saturating_sub(REST) * sample / each.max(1);
    let text: String = (0..sentences).map(sentence).collect();
    Ok(PromptMessage::new(Role::User, &*text))
}

/// An answer: its first token after so many milliseconds, its text, and its receipt.
pub struct Said {
    pub ms: f64,
    pub text: String,
    pub answered: Answered,
}

pub async fn said(mut told: GenerationStream) -> Result<Said, AppError> {
    let begun = Instant::now();
    let (mut first, mut text) = (None, String::new());
    while let Some(event) = told.next().await {
        let event = event?;
        let since = milliseconds(begun);
        match event {
            GenerationEvent::Text { text: more } => {
                first.get_or_insert(since);
                text += &more;
            }
            GenerationEvent::Reasoning { .. } => {
                first.get_or_insert(since);
            }
            GenerationEvent::Stopped(answered) => {
                return Ok(Said {
                    ms: first.unwrap_or(since),
                    text,
                    answered: *answered,
                });
            }
            _ => {}
        }
    }
    Err(failure::internal().detail("the answer has no end"))
}

pub fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
