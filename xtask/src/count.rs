//! Reading how many tests passed from what the test runners print.

use std::ops::AddAssign;

/// Tests by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Ran and held.
    pub passed: u64,
    /// Ran and did not hold.
    pub failed: u64,
    /// Did not run.
    pub skipped: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// What one line of output adds. Two summaries are known:
/// `test result: ok. 3 passed; 0 failed; 1 ignored; ...` (cargo) and `Tests  1 failed | 11 passed (12)` (Vitest, and our pages).
pub(crate) fn of_line(line: &str) -> Count {
    let plain = without_colours(line);
    let plain = plain.trim();
    let summary = match plain.strip_prefix("test result: ") {
        Some(rest) => rest.split_once(". ").map_or("", |(_, counts)| counts),
        None => plain.strip_prefix("Tests  ").unwrap_or_default(),
    };
    let mut count = Count::default();
    for piece in summary.split([';', '|']) {
        let mut words = piece.split_whitespace();
        let (Some(Ok(number)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
        else {
            continue;
        };
        match what {
            "passed" => count.passed += number,
            "failed" => count.failed += number,
            "ignored" | "skipped" | "todo" => count.skipped += number,
            _ => {}
        }
    }
    count
}

/// The text without terminal colours (`ESC [ ... m`).
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut pieces = line.split('\u{1b}');
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, passed: u64, failed: u64, skipped: u64) {
        assert_eq!(
            of_line(line),
            Count {
                passed,
                failed,
                skipped
            },
            "{line:?}"
        );
    }

    #[test]
    fn summaries_of_the_runners_are_read() {
        check(
            "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 2 filtered out; finished in 0.10s",
            12,
            0,
            3,
        );
        check(
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            1,
            2,
            0,
        );
        check("      Tests  11 passed (11)", 11, 0, 0);
        check(
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[31m1 failed\u{1b}[39m\u{1b}[22m\u{1b}[2m | \u{1b}[22m\u{1b}[32m11 passed\u{1b}[39m | 2 skipped (14)",
            11,
            1,
            2,
        );
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "12 passed",
            "test a ... ok",
            " Test Files  3 passed (3)",
            "\u{1b}",
            "test result:",
            "Tests  many passed",
        ] {
            check(line, 0, 0, 0);
        }
    }
}
