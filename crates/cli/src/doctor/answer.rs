//! Whether the starter model answers: one token, which goes through everything but the window.

use super::{Check, Finding, State};
use protocol::{
    AppError, GenerateRequest, GenerationEvent, Limits, ModelEntry, PromptMessage, Role, Sampling,
    failure,
};
use runtime::{Engine, Runtime};
use std::time::Instant;
use tokio_stream::StreamExt;

pub(super) async fn starter(
    check: &Check<'_>,
    engine: &Runtime,
    starter: Option<ModelEntry>,
) -> Finding {
    let Some(starter) = starter else {
        return check.failed(State::Attention, &failure::starter_missing());
    };
    let began = Instant::now();
    match one_token(engine, &starter).await {
        Ok(()) => check.ok(
            "doctor-answer-ok",
            &[
                ("name", (&starter.name).into()),
                (
                    "seconds",
                    format!("{:.1}", began.elapsed().as_secs_f64()).into(),
                ),
            ],
        ),
        Err(error) => check.failed(State::Trouble, &error),
    }
}

async fn one_token(engine: &Runtime, model: &ModelEntry) -> Result<(), AppError> {
    let mut answer = engine.generate(GenerateRequest {
        model: model.id.clone(),
        messages: vec![PromptMessage::new(Role::User, "Hello")],
        continued: Vec::new(),
        sampling: Sampling::default(),
        limits: Limits {
            max_tokens: Some(1),
        },
        owner: None,
    });
    while let Some(event) = answer.next().await {
        if let GenerationEvent::Stopped(answered) = event? {
            return match answered.receipt.answer_tokens {
                0 => Err(failure::internal().detail("the model answered nothing")),
                _ => Ok(()),
            };
        }
    }
    Err(failure::internal().detail("the engine's stream ended early"))
}
