//! What a person waits for in a conversation: coming back to a long one after a restart, two answers
//! at once, and stopping while a long prompt is read.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::speed::{names, verdict};
use crate::Outcome;

/// Tokens of a long conversation.
pub(super) const LONG: u64 = 4096;
/// Tokens of each of two answers.
const ANSWER: u64 = 64;

/// One of them, as the runtime's example `conversation` measures it with the real worker.
pub(super) struct Wait {
    /// What the example calls it, and where its rows are.
    pub what: &'static str,
    tokens: u64,
    /// Whether it is measured only where long prompts are.
    pub long: bool,
}

pub(super) const WAITS: [Wait; 3] = [
    Wait {
        what: "returning",
        tokens: LONG,
        long: true,
    },
    Wait {
        what: "together",
        tokens: ANSWER,
        long: false,
    },
    Wait {
        what: "stopping",
        tokens: LONG,
        long: true,
    },
];

impl Wait {
    /// Of the same file as `row`. llama.cpp's time to come back is that to load and to read all of
    /// it, as the row has measured.
    pub(super) fn measure(
        &self,
        file: &Path,
        programs: &Path,
        runs: &str,
        row: &Value,
    ) -> Outcome<Value> {
        let mut command = Command::new(programs.join("examples/conversation"));
        command
            .arg(self.what)
            .arg(file)
            .args([&self.tokens.to_string(), &row["threads"].to_string(), runs])
            .env("PARLEY_WORKER", programs.join("parley-worker"))
            .stderr(Stdio::inherit());
        let trouble = |why: &str| format!("{} could not be measured: {why}.", self.what);
        let output = command
            .output()
            .map_err(|error| trouble(&error.to_string()))?;
        if !output.status.success() {
            return Err(trouble(&output.status.to_string()));
        }
        let mut told: Value =
            serde_json::from_slice(&output.stdout).map_err(|error| trouble(&error.to_string()))?;
        if self.what == "returning" {
            told["peer_ms"] = peer(row, told["tokens"].as_f64()).into();
        }
        for name in ["model", "type", "amx", "date", "commit"] {
            told[name] = row[name].clone();
        }
        Ok(told)
    }
}

/// Milliseconds in which llama.cpp loads the model and reads so many tokens.
fn peer(row: &Value, tokens: Option<f64>) -> Option<f64> {
    let median = |what: &str, tokens: u64| {
        let mut measures = row["measures"].as_array()?.iter();
        let same = |one: &&Value| one["what"] == what && one["tokens"] == tokens;
        measures.find(same)?["peer"]["median"].as_f64()
    };
    Some(median("load", 0)? + tokens? * 1000.0 / median("prefill", LONG)?)
}

/// The tables of the page.
pub(super) fn tables(engine: &Value) -> String {
    returning(engine) + &together(engine) + &stopping(engine)
}

/// The first token on coming back to a conversation.
fn returning(engine: &Value) -> String {
    let columns = "tokens | ours, from what was kept | ours, read again | of it | llama.cpp | theirs/ours | aim | |\n|---|---|---:|---:|---:|---:|---:|---:|---|---|";
    waits(
        &engine["returning"],
        "Coming back to a conversation",
        "The first token after a restart of the program, the model loaded anew; llama.cpp loads the model and reads all of it again.",
        columns,
        |number| {
            let (kept, again, peer) = (
                number("returned_ms"),
                number("afresh_ms"),
                number("peer_ms"),
            );
            let (part, times) = (kept / again, peer / kept);
            format!(
                "{kept:.0} ms | {again:.0} ms | {:.1}% | {peer:.0} ms | {times:.1}× | under 10%, and 10× | {}",
                part * 100.0,
                verdict(part < 0.1 && times >= 10.0)
            )
        },
    )
}

/// Two answers at once.
fn together(engine: &Value) -> String {
    let columns = "tokens of both | one after the other | at once | at once, of one | aim | |\n|---|---|---:|---:|---:|---:|---|---|";
    waits(
        &engine["together"],
        "Two answers at once",
        "To different questions, by one model; each is the same text as when it is made alone. *Of one*: of the time that one of them takes, on average.",
        columns,
        |number| {
            let (apart, at_once) = (number("apart_ms"), number("at_once_ms"));
            let of_one = 2.0 * at_once / apart;
            format!(
                "{apart:.0} ms | {at_once:.0} ms | {of_one:.2}× | well under 2× | {}",
                verdict(of_one < 1.6)
            )
        },
    )
}

/// Stopping while a long prompt is read.
fn stopping(engine: &Value) -> String {
    let columns =
        "tokens | stopped | median | most | aim | |\n|---|---|---:|---:|---:|---:|---|---|";
    waits(
        &engine["stopping"],
        "Stopping while a prompt is read",
        "From the wish to the answer's end, at places all along the prompt.",
        columns,
        |number| {
            let most = number("most_ms");
            format!(
                "{}× | {:.0} ms | {most:.0} ms | under 100 ms | {}",
                number("stops"),
                number("median_ms"),
                verdict(most < 100.0)
            )
        },
    )
}

/// A table of what a person waits for; nothing where nothing was measured.
fn waits(
    rows: &Value,
    title: &str,
    what: &str,
    columns: &str,
    cells: impl Fn(&dyn Fn(&str) -> f64) -> String,
) -> String {
    let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) else {
        return String::new();
    };
    let mut page = format!("\n### {title}\n\n{what}\n\n| model | type | {columns}\n");
    for row in rows {
        let number = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
        page += &format!(
            "| {} | {} | {} |\n",
            names(row),
            row["tokens"],
            cells(&number)
        );
    }
    page
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

    #[test]
    fn what_was_measured_is_shown_beside_its_aim() {
        let row = |name: &str, value: f64, other: &str, second: f64| json!([{"model": "starter", "type": "q4_1", "tokens": 8, name: value, other: second, "stops": 7}]);
        let cases = [
            (
                json!({"together": row("apart_ms", 200.0, "at_once_ms", 130.0)}),
                "| starter | q4_1 | 8 | 200 ms | 130 ms | 1.30× | well under 2× | met |",
            ),
            (
                json!({"together": row("apart_ms", 200.0, "at_once_ms", 190.0)}),
                "| starter | q4_1 | 8 | 200 ms | 190 ms | 1.90× | well under 2× | **missed** |",
            ),
            (
                json!({"stopping": row("median_ms", 3.0, "most_ms", 120.0)}),
                "| starter | q4_1 | 8 | 7× | 3 ms | 120 ms | under 100 ms | **missed** |",
            ),
        ];
        for (engine, line) in cases {
            let page = super::tables(&engine);
            assert!(page.lines().any(|found| found == line), "{page}");
        }
        assert_eq!(super::tables(&json!({})), "");
    }
}
