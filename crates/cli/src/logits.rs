//! `parley logits`: the likeliest next tokens after each of some ids.

use crate::{
    input,
    output::{self, Ending},
};
use protocol::failure;
use runtime::Runtime;
use std::path::Path;
use tokio_stream::StreamExt;

/// Writes one JSON object a position: `{position, token, top: [{id, logit}]}`.
pub(crate) async fn run(file: &Path, ids: &Path, top: u32, engine: &Runtime) -> Result<(), Ending> {
    let json = input::json(ids)?;
    let ids: Vec<u32> =
        serde_json::from_slice(&json).map_err(|error| failure::bad_json(ids).detail(error))?;
    let mut rows = engine.logits(file, ids.clone(), top);
    while let Some(row) = rows.next().await {
        let row = row?;
        let token = usize::try_from(row.position)
            .ok()
            .and_then(|position| ids.get(position));
        let top: Vec<_> = row
            .top
            .iter()
            .map(|(id, logit)| serde_json::json!({"id": id, "logit": logit}))
            .collect();
        let object = serde_json::json!({"position": row.position, "token": token, "top": top});
        output::line(&object.to_string())?;
    }
    Ok(())
}
