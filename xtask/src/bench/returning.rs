//! The first token on coming back to a long conversation after a restart of the program.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Outcome;

/// Tokens of the conversation.
pub(super) const TOKENS: u64 = 4096;

/// As the runtime's example `returning` measures it with the real worker: from what was kept, and
/// all of it read again. llama.cpp's time is that to load and to read it, as `row` has measured.
pub(super) fn measure(file: &Path, programs: &Path, runs: &str, row: &Value) -> Outcome<Value> {
    let mut command = Command::new(programs.join("examples/returning"));
    command
        .arg(file)
        .args([&TOKENS.to_string(), &row["threads"].to_string(), runs])
        .env("PARLEY_WORKER", programs.join("parley-worker"))
        .stderr(Stdio::inherit());
    let trouble = |why: &str| format!("Coming back could not be measured: {why}.");
    let output = command
        .output()
        .map_err(|error| trouble(&error.to_string()))?;
    if !output.status.success() {
        return Err(trouble(&output.status.to_string()));
    }
    let mut told: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| trouble(&error.to_string()))?;
    told["peer_ms"] = peer(row, told["tokens"].as_f64()).into();
    for name in ["model", "type", "amx", "date", "commit"] {
        told[name] = row[name].clone();
    }
    Ok(told)
}

/// Milliseconds in which llama.cpp loads the model and reads so many tokens.
fn peer(row: &Value, tokens: Option<f64>) -> Option<f64> {
    let median = |what: &str, tokens: u64| {
        let mut measures = row["measures"].as_array()?.iter();
        let same = |one: &&Value| one["what"] == what && one["tokens"] == tokens;
        measures.find(same)?["peer"]["median"].as_f64()
    };
    Some(median("load", 0)? + tokens? * 1000.0 / median("prefill", TOKENS)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_peer_loads_and_reads_all_of_it_again() {
        let row = json!({"measures": [
            {"what": "load", "tokens": 0, "peer": {"median": 500.0}},
            {"what": "prefill", "tokens": 512, "peer": {"median": 1.0}},
            {"what": "prefill", "tokens": 4096, "peer": {"median": 400.0}},
        ]});
        assert_eq!(super::peer(&row, Some(4000.0)), Some(10_500.0));
        assert_eq!(super::peer(&json!({}), Some(4000.0)), None);
    }
}
