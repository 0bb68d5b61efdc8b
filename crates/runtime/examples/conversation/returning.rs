//! How long the first token takes on coming back to a conversation. The programs are started anew
//! each time: once as they are, once without what was kept of the conversation.

use crate::asking::{Asked, Desk, Said, long, median, said};
use protocol::{AppError, KvOwner, PromptMessage, Role};
use runtime::{Engine, Options, Runtime};
use serde_json::{Value, json};

pub async fn measure(asked: &Asked) -> Result<Value, Box<dyn std::error::Error>> {
    let (mut returned, mut afresh, mut last) = (Vec::new(), Vec::new(), None);
    for _ in 0..asked.runs {
        let mut desk = Desk::new(asked)?;
        let runtime = desk.runtime();
        let mut messages = vec![long(&runtime, asked).await?];
        answer(&desk, runtime, &messages).await?;

        messages.push(PromptMessage::new(Role::Assistant, "A fine house."));
        messages.push(PromptMessage::new(Role::User, "Which room has none?"));
        let back = answer(&desk, desk.runtime(), &messages).await?;

        desk.options = Options {
            keep: false,
            ..desk.options
        };
        let new = answer(&desk, desk.runtime(), &messages).await?;
        if back.text != new.text || new.answered.receipt.reused_tokens != 0 {
            return Err("what was kept changed the answer".into());
        }
        returned.push(back.ms);
        afresh.push(new.ms);
        last = Some(back.answered.receipt);
    }
    let last = last.ok_or("nothing was run")?;
    Ok(json!({
        "tokens": last.prompt_tokens,
        "reused": last.reused_tokens,
        "returned_ms": median(returned),
        "afresh_ms": median(afresh),
    }))
}

/// The answer of programs that are then ended.
async fn answer(
    desk: &Desk,
    runtime: Runtime,
    messages: &[PromptMessage],
) -> Result<Said, AppError> {
    let mut request = desk.request(messages.to_vec(), 4);
    request.owner = Some(KvOwner {
        conversation: "returning".to_owned(),
        on_disk: true,
    });
    let said = said(runtime.generate(request)).await;
    runtime.close().await;
    said
}
