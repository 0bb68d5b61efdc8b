//! The figures as a page for people: each beside its aim, met or not.

use serde_json::Value;

/// A row of the table.
struct Row {
    what: &'static str,
    /// Its name among the figures, without the unit.
    name: &'static str,
    unit: &'static str,
    aim: Aim,
}

/// What was hoped for.
enum Aim {
    /// Nothing: it explains others.
    None,
    /// Less than so much.
    Under(f64),
    /// Less than so much more than another figure.
    UnderMoreThan(f64, &'static str),
    /// Less than such a part of another figure.
    UnderPartOf(f64, &'static str),
}

const ROWS: &[Row] = &[
    row(
        "Start to typing, warm",
        "start_warm",
        "ms",
        Aim::Under(1000.0),
    ),
    row(
        "Start to the first paint, warm",
        "start_painted",
        "ms",
        Aim::None,
    ),
    row(
        "Start to typing, page cache dropped",
        "start_cold",
        "ms",
        Aim::None,
    ),
    row(
        "Memory of window, page and network process",
        "memory_parley",
        "MB",
        Aim::UnderMoreThan(60.0, "memory_empty"),
    ),
    row("— of the window", "memory_parley_window", "MB", Aim::None),
    row(
        "— of the page (WebKitWebProcess)",
        "memory_parley_web",
        "MB",
        Aim::None,
    ),
    row(
        "— of WebKitNetworkProcess",
        "memory_parley_network",
        "MB",
        Aim::None,
    ),
    row(
        "The same of a window with nothing in it",
        "memory_empty",
        "MB",
        Aim::None,
    ),
    row("— of the window", "memory_empty_window", "MB", Aim::None),
    row("— of the page", "memory_empty_web", "MB", Aim::None),
    row(
        "— of WebKitNetworkProcess",
        "memory_empty_network",
        "MB",
        Aim::None,
    ),
    row(
        "Worker's peak memory, starter model, after 20 turns",
        "worker_peak",
        "MB",
        Aim::None,
    ),
    row(
        "First token of turn 20, the conversation kept",
        "turn_reused",
        "ms",
        Aim::UnderPartOf(0.2, "turn_afresh"),
    ),
    row(
        "First token of turn 20, all of it read anew",
        "turn_afresh",
        "ms",
        Aim::None,
    ),
    row(
        "Time between animation frames: 99th percentile",
        "frame_p99",
        "ms",
        Aim::Under(20.0),
    ),
    row("— median", "frame_p50", "ms", Aim::None),
    row("— longest", "frame_longest", "ms", Aim::None),
];

const fn row(what: &'static str, name: &'static str, unit: &'static str, aim: Aim) -> Row {
    Row {
        what,
        name,
        unit,
        aim,
    }
}

/// Median, least and most of a figure's values.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
    count: usize,
}

impl Spread {
    fn of(figures: &Value, name: &str, unit: &str) -> Option<Spread> {
        let key = format!("{name}_{}", unit.to_lowercase());
        let mut values: Vec<f64> = figures
            .get(key)?
            .as_array()?
            .iter()
            .filter_map(Value::as_f64)
            .collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => (values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0,
            _ => *values.get(middle)?,
        };
        Some(Spread {
            median,
            least: *values.first()?,
            most: *values.last()?,
            count: values.len(),
        })
    }
}

/// The page.
pub(super) fn of(whole: &Value) -> String {
    let (machine, figures) = (&whole["machine"], &whole["figures"]);
    let fact = |name: &str| match &machine[name] {
        Value::String(text) => text.clone(),
        Value::Null => "?".to_owned(),
        other => other.to_string(),
    };
    let mut page = format!(
        "# Performance\n\nWritten by `cargo xtask bench`, which measures the release build and writes this page and `performance.json`; figures \
         are of this machine.\nThose of the window (`cargo xtask bench window`) are of {date}, commit {commit}, Parley {parley}; below them stands how fast models run.\n\n\
         {processor}, {cores} cores, {memory} GB of memory; {system}, Linux {kernel}, WebKitGTK {webkit}; {rust}. Load average at the start: {load}\n\
         (1, 5 and 15 minutes): above {cores} others were at work, and times are longer than they need be.\n\n\
         | what | median | range | measured | aim | |\n|---|---:|---:|---:|---|---|\n",
        date = fact("date"),
        commit = fact("commit"),
        parley = fact("parley"),
        processor = fact("processor"),
        cores = fact("cores"),
        memory = fact("memory_gb"),
        system = fact("system"),
        kernel = fact("kernel"),
        webkit = fact("webkitgtk"),
        rust = fact("rust"),
        load = fact("load"),
    );
    for row in ROWS {
        page += &line(row, figures);
    }
    let named = |name: &str| {
        let values = figures[name].as_array();
        let first = values
            .and_then(|values| values.first())
            .and_then(Value::as_f64);
        first.map_or("?".to_owned(), |value| format!("{value:.0}"))
    };
    page += &format!(
        "\n## What is measured, exactly\n\n\
         - **Start to typing**: from the start of the process (as the kernel notes it, to 10 ms) until the page hears the first key as input of the\n  \
         composer. A key is pressed every 10 ms from before the start on, by an X client; the window stands on Xvfb, driven by WebKitWebDriver, whose own work is\n  \
         in the figure. The history and the library are there from an earlier start. The first paint is the page's `first-contentful-paint`. *Page cache dropped*:\n  \
         after `sync` and `echo 3 > /proc/sys/vm/drop_caches`, which needs root; without it these starts are left out.\n\
         - **Memory**: PSS from `/proc/*/smaps_rollup`, in MB of 2^20 bytes, ten seconds after the start with an empty conversation and a new home folder,\n  \
         without a driver. The other window is `src-tauri/tests/bench/empty`: the same Tauri, the same size, an empty page, started the same way.\n\
         - **Worker's peak memory**: `VmHWM`, the mapped weights included, after a fixed conversation of 20 turns, answers of at most 48 tokens, temperature 0.\n\
         - **First token of turn 20**: from the worker's receipt of the request to the first text; the prompt has {tokens} tokens. *Read anew*: the same\n  \
         messages, answered by a worker just started with the model loaded. Both answers are checked to be the same text.\n\
         - **Animation frames**: time between calls of `requestAnimationFrame`, by `performance.now()` (whole milliseconds in WebKit), for 25 seconds while a child process\n  \
         that speaks the worker's protocol (`crates/worker/examples/steady.rs`) writes 200 tokens of markdown a second into a conversation of 2,000 messages. Xvfb\n  \
         has no vertical sync: WebKit draws by a timer, 60 times a second.\n",
        tokens = named("turn_prompt_tokens"),
    );
    page
}

fn line(row: &Row, figures: &Value) -> String {
    let Some(spread) = Spread::of(figures, row.name, row.unit) else {
        return format!("| {} | not measured | | | | |\n", row.what);
    };
    let other = |name: &str| Spread::of(figures, name, row.unit).map_or(f64::NAN, |one| one.median);
    let (aim, met) = match row.aim {
        Aim::None => (String::new(), None),
        Aim::Under(most) => (
            format!("under {most:.0} {}", row.unit),
            Some(spread.median < most),
        ),
        Aim::UnderMoreThan(most, name) => {
            let more = spread.median - other(name);
            (
                format!(
                    "under {most:.0} {} more than nothing: {more:.0} more",
                    row.unit
                ),
                Some(more < most),
            )
        }
        Aim::UnderPartOf(part, name) => {
            let is = spread.median / other(name);
            (
                format!("under {part} of reading anew: {is:.2} of it"),
                Some(is < part),
            )
        }
    };
    let verdict = match met {
        None => "",
        Some(true) => "met",
        Some(false) => "**missed**",
    };
    format!(
        "| {} | {:.0} {} | {:.0} to {:.0} | {}× | {aim} | {verdict} |\n",
        row.what, spread.median, row.unit, spread.least, spread.most, spread.count
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(name: &str, figures: &Value, expected: &str) {
        let row = ROWS.iter().find(|row| row.name == name).expect("a row");
        assert_eq!(line(row, figures), expected);
    }

    #[test]
    fn aims_stand_beside_what_was_measured() {
        let figures = json!({
            "start_warm_ms": [1100.0, 900.0, 950.0],
            "memory_parley_mb": [270.0, 271.0],
            "memory_empty_mb": [200.0],
            "turn_reused_ms": [10.0],
            "turn_afresh_ms": [100.0],
        });
        check(
            "start_warm",
            &figures,
            "| Start to typing, warm | 950 ms | 900 to 1100 | 3× | under 1000 ms | met |\n",
        );
        check(
            "memory_parley",
            &figures,
            "| Memory of window, page and network process | 270 MB | 270 to 271 | 2× | under 60 MB more than nothing: 70 more | **missed** |\n",
        );
        check(
            "turn_reused",
            &figures,
            "| First token of turn 20, the conversation kept | 10 ms | 10 to 10 | 1× | under 0.2 of reading anew: 0.10 of it | met |\n",
        );
        check(
            "start_cold",
            &figures,
            "| Start to typing, page cache dropped | not measured | | | | |\n",
        );
    }
}
