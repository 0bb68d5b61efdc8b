//! What the window needs of the desktop. Looked for, never linked: this program needs none of it.

use super::{Check, Finding, State};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// The library with which the window shows its page.
const WEB_VIEW: &str = "libwebkit2gtk-4.1.so.0";
/// Where libraries lie, beside what the system's own list names.
const FOLDERS: &[&str] = &[
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
];

pub(super) fn display(check: &Check<'_>) -> Finding {
    match has_display() {
        true => check.ok("doctor-display-ok", &[]),
        false => check.attention("doctor-display-none", &[]),
    }
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || set("WAYLAND_DISPLAY") || set("DISPLAY")
}

/// A trouble only where a window could be opened at all.
pub(super) fn web_view(check: &Check<'_>) -> Finding {
    let there = cfg!(not(target_os = "linux"))
        || FOLDERS
            .iter()
            .any(|folder| Path::new(folder).join(WEB_VIEW).exists())
        || listed("/sbin/ldconfig", &["-p"]).is_some_and(|list| list.contains(WEB_VIEW));
    match there {
        true => check.ok("doctor-web-view-ok", &[]),
        false => {
            let state = match has_display() {
                true => State::Trouble,
                false => State::Attention,
            };
            check.found(state, "doctor-web-view-missing", &[])
        }
    }
}

pub(super) fn fonts(check: &Check<'_>) -> Finding {
    if cfg!(not(target_os = "linux")) {
        return check.ok("doctor-fonts-ok", &[]);
    }
    match listed("fc-list", &[":lang=zh", "family"]) {
        None => check.attention("doctor-fonts-unknown", &[]),
        Some(list) if list.trim().is_empty() => check.attention("doctor-fonts-missing", &[]),
        Some(_) => check.ok("doctor-fonts-ok", &[]),
    }
}

/// What a program writes; None where it cannot be run or fails.
fn listed(program: &str, words: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command
        .args(words)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
