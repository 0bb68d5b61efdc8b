//! The engine's part of the page: each figure beside llama.cpp's, what the machine allows, and the
//! aim.

use super::conversation;
use serde_json::Value;

/// Tokens of context from which reading and writing have the aims of long contexts.
const LONG: u64 = 4096;

/// The part, or nothing where nothing was measured.
pub(super) fn of(engine: &Value) -> String {
    let Some(rows) = engine["rows"].as_array().filter(|rows| !rows.is_empty()) else {
        return String::new();
    };
    let mut page = head(engine, rows);
    page += "\n### Reading a prompt\n\nTokens read a second, from an empty context.\n\n";
    page += &table(rows, "prefill");
    page += "\n### Writing\n\nTokens made a second, one after another, behind so many others.\n\n";
    page += &table(rows, "decode");
    page += "\n### From nothing to the first token\n\nThe file is in the page cache. Ours begins with a process that is not started yet, llama.cpp’s with its\n\
             library loaded.\n\n";
    page += &table(rows, "first_token");
    page += "\n### Memory\n\nMost that the process has held (`VmHWM`), the mapped file included; *keys and values* are those of the longest run.\n\n";
    page += &memory(rows);
    page += &conversation::tables(engine);
    page += EXACTLY;
    page
}

fn head(engine: &Value, rows: &[Value]) -> String {
    let machine = &engine["machine"];
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let first = &rows[0];
    let ceiling = |name: &str| {
        let values = rows.iter().filter_map(|row| row["ceilings"][name].as_f64());
        values.fold(0.0, f64::max)
    };
    format!(
        "\n## How fast models run, beside llama.cpp\n\n\
         Written by `cargo xtask bench engine` (`--shapes` and `--types` measure a part, `--help` tells the rest). Each row is one run of `parley bench FILE --against llama.cpp`\n\
         with the release build: {runs} runs of ours and of llama.cpp (npm node-llama-cpp {peer}) in turn, on the same file, with {threads} threads and the same sizes; medians. *Of the limit* is the least\n\
         time that this machine allows, over ours. *starter* and *second* are the real models of the tests, the others files with exact shapes and random weights; of a *folder* with safetensors llama.cpp runs the same in an f16 GGUF file.\n\n\
         {processor}, {cores} cores, {memory} GB of memory; kernels {kernels}, executor `{executor}`. The best measured in these runs: {read:.1} GB/s read, {integer:.2} × 10¹² multiply-adds of bytes and\n\
         {float:.2} × 10¹² of f32 a second. Measured {dates}, commit {commits}; load average at each start at most {load} (above {cores} others were at work, and times are longer than they need be).\n",
        dates = range(rows, "date"),
        commits = range(rows, "commit"),
        load = rows.iter().filter_map(load).fold(0.0, f64::max),
        runs = first["runs"],
        peer = text(&first["against"]["version"]),
        threads = first["threads"],
        processor = text(&machine["processor"]),
        cores = machine["cores"],
        memory = machine["memory_gb"],
        kernels = text(&first["kernels"]),
        executor = text(&first["executor"]),
        read = ceiling("read_bytes") / 1e9,
        integer = ceiling("integer") / 1e12,
        float = ceiling("float") / 1e12,
    )
}

/// The first and the last, where they differ.
fn range(rows: &[Value], name: &str) -> String {
    let mut values: Vec<&str> = rows.iter().filter_map(|row| row[name].as_str()).collect();
    if name == "date" {
        values.sort_unstable();
    }
    values.dedup();
    match values[..] {
        [] => "?".to_owned(),
        [one] => one.to_owned(),
        [first, .., last] => format!("{first} to {last}"),
    }
}

/// Of the minute before a row was measured.
fn load(row: &Value) -> Option<f64> {
    row["load"].as_str()?.split(' ').next()?.parse().ok()
}

/// All measures of a kind, of every model.
fn table(rows: &[Value], what: &str) -> String {
    let mut page = String::from(
        "| model | type | tokens | ours | range | of the limit | llama.cpp | ours/theirs | aim | |\n|---|---|---:|---:|---:|---:|---:|---:|---|---|\n",
    );
    for row in rows {
        let measures = row["measures"].as_array().into_iter().flatten();
        for one in measures.filter(|one| one["what"] == what) {
            page += &line(row, one);
        }
    }
    page
}

fn line(row: &Value, one: &Value) -> String {
    let number = |value: &Value| value.as_f64().map_or("?".to_owned(), short);
    let unit = if one["unit"] == "ms" { " ms" } else { "" };
    let share = match (one["share"].as_f64(), one["limit"].as_str()) {
        (Some(share), Some(limit)) => format!("{:.0}% of {limit}", share * 100.0),
        _ => String::new(),
    };
    let depth = one["depth"].as_u64().unwrap_or(0);
    let tokens = match one["what"].as_str() {
        Some("decode") => format!("{} after {depth}", one["tokens"]),
        _ => one["tokens"].to_string(),
    };
    let ratio = one["ratio"].as_f64();
    let (aim, verdict) = match aim(row, one) {
        Some(aim) => (
            aim.to_string(),
            ratio.map_or("", |ratio| aim.verdict(ratio, one)),
        ),
        None => (String::new(), ""),
    };
    format!(
        "| {} | {tokens} | {}{unit} | {} to {} | {share} | {}{unit} | {} | {aim} | {verdict} |\n",
        names(row),
        number(&one["median"]),
        number(&one["least"]),
        number(&one["most"]),
        number(&one["peer"]["median"]),
        ratio.map_or("?".to_owned(), |ratio| format!("{ratio:.2}×")),
    )
}

/// The first two columns.
pub(super) fn names(row: &Value) -> String {
    let text = |name: &str| row[name].as_str().unwrap_or("?");
    let amx = if row["amx"] == false { ", no AMX" } else { "" };
    format!("{} | {}{amx}", text("model"), text("type"))
}

/// What was hoped for.
#[derive(Debug, PartialEq)]
enum Aim {
    /// So many times llama.cpp's speed.
    Faster(f64),
    /// That, and such a share of the limit.
    FasterAndNear(f64, f64),
    /// At most such a part of llama.cpp's time.
    Under(f64),
}

impl std::fmt::Display for Aim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Aim::Faster(least) => write!(f, "{least}×"),
            Aim::FasterAndNear(least, share) => write!(f, "{least}× and {:.0}%", share * 100.0),
            Aim::Under(most) => write!(f, "under {most}×"),
        }
    }
}

impl Aim {
    fn verdict(&self, ratio: f64, one: &Value) -> &'static str {
        let met = match *self {
            Aim::Faster(least) => ratio >= least,
            Aim::FasterAndNear(least, share) => {
                ratio >= least && one["share"].as_f64().is_some_and(|is| is >= share)
            }
            Aim::Under(most) => ratio <= most,
        };
        verdict(met)
    }
}

fn aim(row: &Value, one: &Value) -> Option<Aim> {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let long = one["depth"].as_u64().max(one["tokens"].as_u64()) >= Some(LONG);
    Some(match one["what"].as_str()? {
        "prefill" => Aim::Faster(1.5),
        "decode" if long => Aim::Faster(1.5),
        "decode" if text("type").contains("f16") => Aim::Faster(1.1),
        "decode" if text("model") == "starter" => Aim::Faster(1.4),
        "decode" => Aim::FasterAndNear(1.15, 0.9),
        "first_token" if text("model").contains("-7b") => Aim::Under(0.5),
        _ => return None,
    })
}

fn memory(rows: &[Value]) -> String {
    let mut page = String::from(
        "| model | type | file | keys and values | ours, at most | over file + keys and values | llama.cpp, at most | aim | |\n|---|---|---:|---:|---:|---:|---:|---|---|\n",
    );
    for row in rows {
        let megabytes = |value: &Value| value.as_f64().unwrap_or(0.0) / 1e6;
        let (file, kept) = (megabytes(&row["file_bytes"]), megabytes(&row["kv_bytes"]));
        let held = megabytes(&row["peak_memory_bytes"]);
        let over = (held / (file + kept).max(1.0) - 1.0) * 100.0;
        // The aim is of large files: a program has its own tens of megabytes.
        let judged = row["model"]
            .as_str()
            .is_some_and(|model| model.contains("-7b"));
        let (aim, verdict) = match judged {
            true => ("at most 10%", verdict(over <= 10.0)),
            false => ("", ""),
        };
        page += &format!(
            "| {} | {file:.0} MB | {kept:.0} MB | {held:.0} MB | {over:+.0}% | {:.0} MB | {aim} | {verdict} |\n",
            names(row),
            megabytes(&row["against"]["peak_memory_bytes"]),
        );
    }
    page
}

pub(super) fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

fn short(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

const EXACTLY: &str = "\n### How the limits are reckoned\n\n\
    - **Ceilings** are measured in the same run, with the same threads and instructions (`crates/kernels/src/ceilings.rs`): bytes read from 256 MB of memory in order, 8-bit multiply-adds into\n  \
    32 bits, fused multiply-adds of f32, each the best of seven attempts.\n\
    - **Writing** a token reads each matrix once (of experts the chosen ones, of the embedding nothing), and the keys and values of every token before; *memory* is those bytes over the bytes read\n  \
    a second.\n\
    - **Reading** a prompt multiplies each weight once for each token (*integer* where weights are whole numbers, *float* where they are f16, and for attention), and the logits' matrix once. Each\n  \
    counts as one multiply-add; ours keeps activations in twice 8 bits, so that answers stay exact, and so makes two of each: half of *integer* is the most it can reach.\n\n\
    ### Why aims are missed\n\n\
    - **Reading with Q4_0**: llama.cpp has a repacked copy of it, and multiplies activations of 8 bits, once. Ours multiplies 16 bits, that is twice as often, and\n  \
    comes out at the same speed. With 8 bits it would be ahead, and the starter model would give wrong answers (ARCHITECTURE.md).\n\
    - **Writing with models of 7B**: both programs stand near what memory gives. The ceiling is the best of seven attempts at 256 MB, of which the last cache holds some; over minutes a shared machine\n  \
    gives less. What is left to gain is in packing: `cargo run --release -p kernels --example products_speed 256 2048` prints how fast one thread multiplies weights that lie in its own cache (Q4_K:\n  \
    23 to 26 GB/s), which two threads bring to hardly more than memory gives, so that packing and waiting do not wholly hide each other.\n\
    - **Writing with f16 and bf16**: both programs read the same 3 GB for each token, and nothing can be packed smaller without another answer; at most what memory gives, which changes from\n  \
    run to run on a shared machine (*range*).\n\
    - **Writing with Q8_0 and Q6_K**: rows are long, and sixteen of them are read at once; the processor follows so many places less well than one.\n";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_figure_stands_beside_its_peer_and_its_aim() {
        let check = |model: &str, kind: &str, one: Value, expected: &str| {
            let row = json!({"model": model, "type": kind, "amx": true});
            assert_eq!(line(&row, &one), expected);
        };
        let decode = |depth: u32, ratio: f64, share: f64| {
            json!({"what": "decode", "tokens": 64, "depth": depth, "unit": "tokens/s", "median": 40.0,
                   "least": 39.0, "most": 141.0, "share": share, "limit": "memory",
                   "peer": {"median": 30.25}, "ratio": ratio})
        };
        check(
            "llama-1b",
            "q8_0",
            decode(512, 1.2, 0.91),
            "| llama-1b | q8_0 | 64 after 512 | 40.0 | 39.0 to 141 | 91% of memory | 30.2 | 1.20× | 1.15× and 90% | met |\n",
        );
        check(
            "llama-1b",
            "q8_0",
            decode(512, 1.2, 0.89),
            "| llama-1b | q8_0 | 64 after 512 | 40.0 | 39.0 to 141 | 89% of memory | 30.2 | 1.20× | 1.15× and 90% | **missed** |\n",
        );
        check(
            "starter",
            "q4_1",
            decode(4096, 1.45, 0.5),
            "| starter | q4_1 | 64 after 4096 | 40.0 | 39.0 to 141 | 50% of memory | 30.2 | 1.45× | 1.5× | **missed** |\n",
        );
        let first = json!({"what": "first_token", "tokens": 16, "depth": 0, "unit": "ms", "median": 900.0,
                           "least": 900.0, "most": 901.0, "share": null, "limit": null,
                           "peer": {"median": 2000.0}, "ratio": 0.45});
        check(
            "mistral-7b",
            "q4_k_m",
            first,
            "| mistral-7b | q4_k_m | 16 | 900 ms | 900 to 901 |  | 2000 ms | 0.45× | under 0.5× | met |\n",
        );
    }

    #[test]
    fn a_page_without_figures_has_no_such_part() {
        assert_eq!(of(&Value::Null), "");
        assert_eq!(of(&json!({"rows": []})), "");
    }
}
