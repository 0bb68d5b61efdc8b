//! What a person does outside of the page: the system's file dialog, answered by keyboard.

use crate::computer::Home;
use std::{path::Path, time::Duration};

impl Home {
    /// Waits for the file dialog called `title`, and has it open `file`.
    pub async fn open_by_dialog(&self, title: &str, file: &Path) {
        let named = format!("^{title}$");
        let find = || {
            self.display
                .xdotool(&["search", "--onlyvisible", "--name", &named])
        };
        self.wait(title, || find().is_some()).await;
        let dialog = find().expect("it stands");
        let does = |arguments: &[&str]| self.display.xdotool(arguments).expect("it does");
        // No window manager gives it the keyboard. A slash opens its field for a path, and keys
        // pressed meanwhile are lost: so the field is filled once it stands.
        does(&["windowfocus", "--sync", &dialog]);
        does(&["key", "slash"]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        does(&["key", "ctrl+a"]);
        does(&["type", "--delay", "20", file.to_str().expect("Unicode")]);
        tokio::time::sleep(Duration::from_millis(500)).await; // it lists what fits meanwhile
        does(&["key", "Return"]);
    }
}
