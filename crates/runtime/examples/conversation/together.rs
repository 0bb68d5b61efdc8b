//! What two answers made at once take of the time of one after the other.

use crate::asking::{Asked, Desk, median, milliseconds, said};
use protocol::{PromptMessage, Role};
use runtime::Engine;
use serde_json::{Value, json};
use std::time::Instant;

const QUESTIONS: [&str; 2] = ["Tell me a story about a lighthouse.", "What do foxes eat?"];

pub async fn measure(asked: &Asked) -> Result<Value, Box<dyn std::error::Error>> {
    let desk = Desk::new(asked)?;
    let runtime = desk.runtime();
    let most = u32::try_from(asked.tokens)?;
    let ask = |text: &str| {
        let mut request = desk.request(vec![PromptMessage::new(Role::User, text)], most);
        request.sampling.temperature = 0.9;
        said(runtime.generate(request))
    };
    // Loads the model.
    let warm = desk.request(vec![PromptMessage::new(Role::User, "Hello")], 8);
    said(runtime.generate(warm)).await?;
    let (mut apart, mut at_once, mut tokens) = (Vec::new(), Vec::new(), 0);
    for _ in 0..asked.runs {
        let mut texts = Vec::new();
        let mut took = 0.0;
        tokens = 0;
        for text in QUESTIONS {
            let begun = Instant::now();
            let one = ask(text).await?;
            took += milliseconds(begun);
            tokens += one.answered.receipt.answer_tokens;
            texts.push(one.text);
        }
        apart.push(took);
        let begun = Instant::now();
        let [first, second] = QUESTIONS.map(ask);
        let (first, second) = tokio::join!(first, second);
        at_once.push(milliseconds(begun));
        if texts != [first?.text, second?.text] {
            return Err("answers made at once are others than those made apart".into());
        }
    }
    runtime.close().await;
    Ok(json!({
        "tokens": tokens,
        "apart_ms": median(apart),
        "at_once_ms": median(at_once),
    }))
}
