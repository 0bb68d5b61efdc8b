//! On what was measured, and when.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::shell;

/// Processor, memory, system, versions, and how busy the machine is now.
pub(super) fn facts() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, word: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(word))
            .map(|rest| {
                rest.trim_start_matches([' ', '\t', ':'])
                    .trim_matches('"')
                    .to_owned()
            })
    };
    let memory = after(&read("/proc/meminfo"), "MemTotal:")
        .and_then(|total| total.trim_end_matches(" kB").parse::<f64>().ok())
        .map(|kilobytes| (kilobytes / 1_048_576.0 * 10.0).round() / 10.0);
    let said = |program: &str, arguments: &[&str]| {
        shell::output(Command::new(program).args(arguments))
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    json!({
        "date": said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        "processor": after(&read("/proc/cpuinfo"), "model name"),
        "cores": cores,
        "memory_gb": memory,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "system": after(&read("/etc/os-release"), "PRETTY_NAME="),
        "webkitgtk": said("pkg-config", &["--modversion", "webkit2gtk-4.1"]),
        "rust": said("rustc", &["--version"]),
        "parley": env!("CARGO_PKG_VERSION"),
        "commit": said("git", &["describe", "--always", "--dirty"]),
        "load": read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
    })
}
