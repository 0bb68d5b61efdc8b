//! How long the first token takes on coming back to a conversation: `cargo run --release -p runtime
//! --example returning -- FILE TOKENS THREADS RUNS` prints one JSON object. The programs are started
//! anew each time: once as they are, once without what was kept of the conversation.

use hub::{Hub, Places};
use protocol::{
    AppError, GenerateRequest, GenerationEvent, KvOwner, Limits, ModelEntry, PromptMessage, Role,
    Sampling, failure,
};
use runtime::{Engine, Options, Runtime};
use std::path::Path;
use std::time::Instant;
use tokio_stream::StreamExt;

/// Tokens of the template and of the turns after the long message, about.
const REST: usize = 60;

/// The first token after so many milliseconds, what was said, tokens of the prompt and of it those
/// that were not read again.
struct Said {
    ms: f64,
    text: String,
    tokens: u32,
    reused: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [file, tokens, threads, runs] = &words[..] else {
        return Err("returning FILE TOKENS THREADS RUNS".into());
    };
    let (tokens, threads) = (tokens.parse()?, threads.parse()?);
    let (mut returned, mut afresh, mut last) = (Vec::new(), Vec::new(), None);
    for _ in 0..runs.parse::<u32>()?.max(1) {
        let folder = tempfile::tempdir()?;
        let hub = Hub::open(&Places::under(folder.path()))?;
        let model = hub.import(Path::new(file))?;
        let options = Options {
            threads: Some(threads),
            ..Options::from_environment()
        };
        let runtime = Runtime::with(hub.clone(), options.clone());
        let long = long(&runtime, Path::new(file), tokens).await?;
        let first = request(&model, vec![PromptMessage::new(Role::User, &*long)]);
        said(&runtime, first.clone()).await?;
        runtime.close().await;
        drop(runtime);

        let mut messages = first.messages;
        messages.push(PromptMessage::new(Role::Assistant, "A fine house."));
        messages.push(PromptMessage::new(Role::User, "Which room has none?"));
        let runtime = Runtime::with(hub.clone(), options.clone());
        let back = said(&runtime, request(&model, messages.clone())).await?;
        runtime.close().await;
        drop(runtime);

        let forgetful = Options {
            keep: false,
            ..options
        };
        let runtime = Runtime::with(hub, forgetful);
        let new = said(&runtime, request(&model, messages)).await?;
        runtime.close().await;
        if back.text != new.text || new.reused != 0 {
            return Err("what was kept changed the answer".into());
        }
        returned.push(back.ms);
        afresh.push(new.ms);
        last = Some(back);
    }
    let last = last.ok_or("nothing was run")?;
    let report = serde_json::json!({
        "tokens": last.tokens,
        "reused": last.reused,
        "returned_ms": median(returned),
        "afresh_ms": median(afresh),
    });
    println!("{report}");
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A message that makes a prompt of so many tokens, about.
async fn long(runtime: &Runtime, file: &Path, tokens: usize) -> Result<String, AppError> {
    let sentence = |number: usize| {
        let chairs = number * 7 % 31;
        format!("Room {number} of the old house holds {chairs} chairs. ")
    };
    // As many as will be needed, about: the numbers grow longer.
    let sample = tokens / 16 + 1;
    let some: String = (0..sample).map(sentence).collect();
    let each = runtime.tokenize(file, some, false).await?.len();
    let sentences = tokens.saturating_sub(REST) * sample / each.max(1);
    Ok((0..sentences).map(sentence).collect())
}

fn request(model: &ModelEntry, messages: Vec<PromptMessage>) -> GenerateRequest {
    GenerateRequest {
        model: model.id.clone(),
        messages,
        continued: Vec::new(),
        sampling: Sampling {
            temperature: 0.0,
            seed: Some(1),
            ..Sampling::default()
        },
        limits: Limits {
            max_tokens: Some(4),
        },
        owner: Some(KvOwner {
            conversation: "returning".to_owned(),
            on_disk: true,
        }),
    }
}

async fn said(runtime: &Runtime, request: GenerateRequest) -> Result<Said, AppError> {
    let begun = Instant::now();
    let mut told = runtime.generate(request);
    let (mut first, mut text) = (None, String::new());
    while let Some(event) = told.next().await {
        let event = event?;
        let since = begun.elapsed().as_secs_f64() * 1000.0;
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
                    tokens: answered.receipt.prompt_tokens,
                    reused: answered.receipt.reused_tokens,
                });
            }
            _ => {}
        }
    }
    Err(failure::internal().detail("the answer has no end"))
}
