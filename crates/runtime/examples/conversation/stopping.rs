//! How long it takes until an answer has ended that is stopped while its prompt is read.

use crate::asking::{Asked, Desk, long, median, milliseconds, said};
use protocol::{GenerationEvent, StopReason};
use runtime::Engine;
use serde_json::{Value, json};
use std::time::Instant;
use tokio_stream::StreamExt;

/// The places where it is stopped: at so many parts of the prompt, the last of them the slowest.
const PLACES: u32 = 8;

pub async fn measure(asked: &Asked) -> Result<Value, Box<dyn std::error::Error>> {
    let desk = Desk::new(asked)?;
    let runtime = desk.runtime();
    let prompt = long(&runtime, asked).await?;
    let (mut took, mut tokens) = (Vec::new(), 0);
    for _ in 0..asked.runs {
        for place in 1..PLACES {
            // What was read before it was stopped is read no more: the next one goes on from there.
            let mut told = runtime.generate(desk.request(vec![prompt.clone()], 4));
            while let Some(event) = told.next().await {
                if let GenerationEvent::Prefill { read, total } = event? {
                    tokens = total;
                    if u64::from(read) * u64::from(PLACES) >= u64::from(total) * u64::from(place) {
                        break;
                    }
                }
            }
            let begun = Instant::now();
            told.stop();
            let ended = said(told).await?;
            if ended.answered.reason == StopReason::Cancelled {
                took.push(milliseconds(begun));
            }
        }
    }
    runtime.close().await;
    let most = took.iter().copied().fold(f64::NAN, f64::max);
    Ok(json!({
        "tokens": tokens,
        "stops": took.len(),
        "median_ms": median(took),
        "most_ms": most,
    }))
}
