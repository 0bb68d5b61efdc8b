//! The report as a table that a person reads.

use super::report::{Limit, Measure, Report, Spread, Unit, What};
use crate::output::Terminal;
use chat::messages::size;
use protocol::Arg;
use std::path::Path;

/// Between two columns.
const GAP: &str = "   ";

/// The whole text.
pub(crate) fn of(report: &Report, terminal: &Terminal) -> String {
    let words = Words(terminal);
    let mut rows = vec![words.heading(report)];
    rows.extend(report.measures.iter().map(|one| words.row(one, report)));
    let mut text = words.above(report);
    text += "\n";
    text += &columns(&rows);
    text += "\n";
    for line in words.below(report) {
        text += &line;
        text += "\n";
    }
    text
}

struct Words<'a>(&'a Terminal);

impl Words<'_> {
    fn say(&self, key: &str, args: &[(&str, Arg)]) -> String {
        self.0.say(key, args)
    }

    fn above(&self, report: &Report) -> String {
        let engine = &report.engine;
        let file = Path::new(&report.file).file_name();
        let name = file.map_or(report.file.clone(), |file| {
            file.to_string_lossy().into_owned()
        });
        let model = [
            ("name", Arg::from(name)),
            ("size", Arg::from(size(report.file_bytes as f64))),
            ("executor", Arg::from(&engine.executor)),
            ("kernels", Arg::from(&engine.kernels)),
            ("device", Arg::from(&engine.device)),
            ("threads", engine.threads.into()),
            ("runs", report.runs.into()),
        ];
        let machine = [
            ("read", Arg::from(billions(report.ceilings.read_bytes))),
            ("integer", Arg::from(billions(report.ceilings.integer))),
            ("float", Arg::from(billions(report.ceilings.float))),
        ];
        let mut text = format!(
            "{}\n{}\n",
            self.say("bench-model", &model),
            self.say("bench-machine", &machine)
        );
        if let Some(peer) = &report.against {
            let args = [
                ("name", Arg::from(peer.engine)),
                ("version", Arg::from(&peer.version)),
            ];
            text += &self.say("bench-against", &args);
            text += "\n";
        }
        text
    }

    fn heading(&self, report: &Report) -> Vec<String> {
        let mut row = vec![String::new()];
        row.extend(["bench-median", "bench-range", "bench-share"].map(|key| self.say(key, &[])));
        if let Some(peer) = &report.against {
            row.push(peer.engine.to_owned());
            row.push(self.say("bench-ratio", &[]));
        }
        row
    }

    fn row(&self, one: &Measure, report: &Report) -> Vec<String> {
        let args = [("tokens", one.tokens.into()), ("depth", one.depth.into())];
        let key = match one.what {
            What::Load => "bench-load",
            What::FirstToken => "bench-first",
            What::Prefill => "bench-prefill",
            What::Decode => "bench-decode",
        };
        let value = |value: f64| {
            let key = match one.unit {
                Unit::Milliseconds => "bench-ms",
                Unit::Speed => "bench-speed",
            };
            self.say(key, &[("value", short(value).into())])
        };
        let Spread {
            median,
            least,
            most,
        } = one.ours;
        let range = [("least", short(least).into()), ("most", short(most).into())];
        let mut row = vec![
            self.say(key, &args),
            value(median),
            self.say("bench-from-to", &range),
            match (one.share, one.limit) {
                (Some(share), Some(limit)) => {
                    let percent = format!("{:.0}", share * 100.0);
                    self.say(of_limit(limit), &[("percent", percent.into())])
                }
                _ => String::new(),
            },
        ];
        if report.against.is_some() {
            row.push(one.peer.map_or(String::new(), |peer| value(peer.median)));
            row.push(
                one.ratio
                    .map_or(String::new(), |ratio| format!("{ratio:.2}×")),
            );
        }
        row
    }

    /// The memory, and what limits each figure.
    fn below(&self, report: &Report) -> Vec<String> {
        let bytes = |bytes: f64| Arg::from(size(bytes));
        let memory = [
            ("resident", bytes(report.resident_memory_bytes as f64)),
            ("peak", bytes(report.peak_memory_bytes as f64)),
            ("file", bytes(report.file_bytes as f64)),
            ("kept", bytes(report.kv_bytes.unwrap_or(0.0))),
        ];
        let mut lines = vec![self.say("bench-memory", &memory)];
        if let Some(peer) = report
            .against
            .as_ref()
            .filter(|peer| peer.peak_memory_bytes > 0)
        {
            let args = [
                ("name", Arg::from(peer.engine)),
                ("peak", bytes(peer.peak_memory_bytes as f64)),
            ];
            lines.push(self.say("bench-peer-memory", &args));
        }
        lines.push(self.say("bench-why-load", &[]));
        let Some(cost) = &report.cost else {
            return lines;
        };
        let multiply_adds = cost.integer + cost.float;
        let args = [
            ("bytes", bytes(cost.weight_bytes)),
            ("work", billions(multiply_adds).into()),
        ];
        let mut said = Vec::new();
        for one in &report.measures {
            let key = match (one.what, one.limit) {
                (What::Prefill, Some(Limit::Memory)) => "bench-why-prefill-memory",
                (What::Prefill, Some(Limit::Integer)) => "bench-why-prefill-integer",
                (What::Prefill, Some(Limit::Float)) => "bench-why-prefill-float",
                (What::Decode, Some(Limit::Memory)) => "bench-why-decode-memory",
                (What::Decode, Some(_)) => "bench-why-decode-arithmetic",
                _ => continue,
            };
            if !said.contains(&key) {
                said.push(key);
                lines.push(self.say(key, &args));
            }
        }
        lines
    }
}

fn of_limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Memory => "bench-of-memory",
        Limit::Integer => "bench-of-integer",
        Limit::Float => "bench-of-float",
    }
}

/// With as many digits as say something.
fn short(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn billions(value: f64) -> String {
    short(value / 1e9)
}

/// Rows under each other: the first column begins at the left, the others end at the right.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(widest).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, (cell, wide)) in row.iter().zip(&widths).enumerate() {
            let space = " ".repeat(wide.saturating_sub(width(cell)));
            match at {
                0 => line += &format!("{cell}{space}"),
                _ => line += &format!("{GAP}{space}{cell}"),
            }
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}

/// Columns of a terminal that a text takes: Chinese characters and their marks take two.
fn width(text: &str) -> usize {
    let wide = |letter: char| matches!(letter, '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}');
    text.chars()
        .map(|letter| 1 + usize::from(wide(letter)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_in_chinese_too() {
        let rows = [["", "中位数"], ["载入", "12 ms"], ["ab", "1 ms"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            columns(&rows),
            "       中位数\n载入    12 ms\nab       1 ms\n"
        );
    }
}
