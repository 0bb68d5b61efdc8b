//! The system's file dialog, answered by keyboard.

use crate::harness::Home;
use std::{path::Path, process::Command};

/// Runs xdotool; its output where it found something.
fn xdotool(arguments: &[&str]) -> Option<String> {
    let output = Command::new("xdotool")
        .args(arguments)
        .output()
        .expect("xdotool");
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl Home {
    /// Waits for the dialog of this computer's window and has it open `file`.
    pub async fn answer_file_dialog(&self, file: &Path) {
        let [process] = self.processes("parley-desktop")[..] else {
            panic!("one window")
        };
        let process = process.to_string();
        let mut dialog = String::new();
        self.wait("the dialog", || {
            let windows =
                xdotool(&["search", "--onlyvisible", "--pid", &process]).unwrap_or_default();
            for window in windows.lines() {
                let title = xdotool(&["getwindowname", window]).unwrap_or_default();
                if !title.starts_with("Parley") && !title.is_empty() && !title.starts_with("parley")
                {
                    dialog = window.to_owned();
                }
            }
            !dialog.is_empty()
        })
        .await;
        // No window manager gives it the keyboard. A slash opens its field for a path.
        let path = file.to_str().expect("Unicode");
        xdotool(&["windowfocus", "--sync", &dialog]).expect("it takes the keyboard");
        xdotool(&["type", "--delay", "20", path]).expect("typed");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        xdotool(&["key", "Return"]).expect("pressed");
    }
}
