//! What a person does outside of the page: the system's file dialog, answered by keyboard.

use crate::harness::Home;
use std::{path::Path, process::Command, time::Duration};

/// Runs xdotool; its output where it did what was asked.
fn xdotool(arguments: &[&str]) -> Option<String> {
    let output = Command::new("xdotool")
        .args(arguments)
        .output()
        .expect("xdotool");
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(said)
}

impl Home {
    /// The windows on the display that belong to this computer: id and title.
    fn windows(&self) -> Vec<(String, String)> {
        let [process] = self.processes("parley-desktop")[..] else {
            return Vec::new();
        };
        let found = xdotool(&["search", "--onlyvisible", "--pid", &process.to_string()]);
        let titled = |id: &str| Some((id.to_owned(), xdotool(&["getwindowname", id])?));
        found
            .unwrap_or_default()
            .lines()
            .filter_map(titled)
            .collect()
    }

    /// Waits for the file dialog called `title`, and has it open `file`.
    pub async fn open_by_dialog(&self, title: &str, file: &Path) {
        let is_up = || self.windows().into_iter().find(|(_, one)| one == title);
        self.wait(title, || is_up().is_some()).await;
        let (dialog, _) = is_up().expect("it stands");
        // No window manager gives it the keyboard. A slash opens its field for a path.
        xdotool(&["windowfocus", "--sync", &dialog]).expect("it takes the keyboard");
        xdotool(&["type", "--delay", "20", file.to_str().expect("Unicode")]).expect("typed");
        tokio::time::sleep(Duration::from_millis(300)).await; // it lists what fits meanwhile
        xdotool(&["key", "Return"]).expect("pressed");
    }
}
