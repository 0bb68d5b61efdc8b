//! docs/models.md: families by formats and types, as a run of the tests found them.

use super::Row;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Its head, and the test that shows it.
#[derive(Clone, Copy)]
pub struct Column(pub &'static str, pub &'static str);

#[derive(Default)]
pub struct Cell {
    /// Whether a test looked at it.
    pub shown: bool,
    /// Why it is not green.
    pub reasons: BTreeSet<String>,
}

const HEAD: &str = "# Models that run

*Written by a run of the tests, never by hand: `PARLEY_DOCS=1 cargo test -p engine --test families`. The plain run fails where this page is not what it finds.*

A ✓ says that the test named in the column's head held for every model of the line (listed below). The models are tiny ones with random weights; what they must give was said by
transformers in F32 (a prompt, a second prompt on the filled cache, a prompt past every window: relative error of the logits' norm under 1e-4) and by llama.cpp (greedy tokens on the
same quantised file, parting only where its two likeliest are closer than 0.2 or three times the RMS difference). Each model is also read token by token, with its cache cut and
refilled, and forked: equal within 1e-5. `tests/golden/families/README.md` says how the results were made.

";

/// The page; `lines` are families with their models and cells.
pub fn page(columns: &[Column], lines: &[(&str, Vec<&Row>, Vec<Cell>)]) -> String {
    let mut out = HEAD.to_owned();
    let mut reasons: Vec<String> = Vec::new();
    let heads: String = columns
        .iter()
        .map(|column| format!(" {} |", column.0))
        .collect();
    let _ = writeln!(
        out,
        "| family |{heads}\n|---|{}",
        "---|".repeat(columns.len())
    );
    for (family, _, cells) in lines {
        let _ = write!(out, "| `{family}` |");
        for cell in cells {
            let text = if !cell.reasons.is_empty() {
                let why = cell.reasons.iter().cloned().collect::<Vec<_>>().join("; ");
                let known = reasons.iter().position(|reason| *reason == why);
                let number = known.unwrap_or_else(|| {
                    reasons.push(why);
                    reasons.len() - 1
                });
                format!("[{}](#reasons)", number + 1)
            } else if cell.shown {
                "✓".to_owned()
            } else {
                "–".to_owned()
            };
            let _ = write!(out, " {text} |");
        }
        out.push('\n');
    }
    out.push_str("\nThe last eleven run from folders only, computed by candle-transformers' own models in 32 bits (`crates/engine/src/families/stock.rs`): – where there is no such file.\n");
    out.push_str("\n## The test of each column\n\nIn `crates/engine/tests/families.rs`:\n\n");
    for column in columns {
        let _ = writeln!(out, "- {}: `{}`", column.0, column.1);
    }
    out.push_str(
        "\nBesides, on folders in F32: `other_spellings_of_a_config_are_the_same_model` and \
         `what_older_programs_left_in_a_folder_changes_nothing`; on GGUF in F32: \
         `files_of_other_programs_are_as_transformers_says` (a window told in the file, a tensor for each \
         expert, split files). Every other type of weights is held against gguf-py in `crates/kernels/tests`.\n",
    );
    out.push_str("\n## The models of each line\n\n`tests/golden/families/rows/`; those in brackets are folders only, since llama.cpp has no file that says what they are.\n\n");
    for (family, rows, _) in lines {
        let names: Vec<String> = rows.iter().map(|row| named(row)).collect();
        let _ = writeln!(out, "- `{family}`: {}", names.join(", "));
    }
    if !reasons.is_empty() {
        out.push_str("\n## Reasons\n\n");
        for (at, reason) in reasons.iter().enumerate() {
            let _ = writeln!(out, "{}. {reason}", at + 1);
        }
    }
    out
}

fn named(row: &Row) -> String {
    match row.gguf {
        Some(_) => row.name.clone(),
        None => format!("({})", row.name),
    }
}
