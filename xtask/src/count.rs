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

/// What one line of output adds. Two kinds count: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`, by cargo for each
/// crate, and `3 passed, 0 failed, 1 skipped`, by the pages' runner at its end.
pub(crate) fn of_line(line: &str) -> Count {
    let line = line.trim();
    let summary = match line.strip_prefix("test result: ") {
        Some(rest) => rest.split_once(". ").map_or("", |(_, counts)| counts),
        None if line.ends_with(" skipped") => line,
        None => "",
    };
    let mut count = Count::default();
    for piece in summary.split([';', ',']) {
        let mut words = piece.split_whitespace();
        if let (Some(Ok(number)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
        {
            match what {
                "passed" => count.passed += number,
                "failed" => count.failed += number,
                "ignored" | "skipped" => count.skipped += number,
                _ => {}
            }
        }
    }
    count
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
        check("68 passed, 1 failed, 2 skipped\n", 68, 1, 2);
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "12 passed",
            "test a ... ok",
            " Test Files  3 passed (3)",
            "      Tests  11 passed (11)",
            "test result:",
            "it was skipped",
        ] {
            check(line, 0, 0, 0);
        }
    }
}
