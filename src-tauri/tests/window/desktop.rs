//! What a person does outside of the page: the system's file dialog, answered by keyboard.

use crate::computer::Home;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A display of its own: keys go to the window that has the keyboard, and windows of other tests
/// would take it.
pub struct Display {
    server: Child,
    /// Such as `:7`.
    pub name: String,
}

impl Display {
    /// An empty one.
    pub fn new() -> Display {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1280x900x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut number = String::new();
        let stdout = server.stdout.take().expect("it says its number");
        BufReader::new(stdout)
            .read_line(&mut number)
            .expect("a line");
        Display {
            server,
            name: format!(":{}", number.trim()),
        }
    }

    /// Runs xdotool; its output where it did what was asked.
    fn xdotool(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new("xdotool");
        let output = command
            .args(arguments)
            .env("DISPLAY", &self.name)
            .output()
            .expect("xdotool");
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(said)
    }

    /// Waits for the file dialog called `title`, and has it open `file`.
    pub async fn open_by_dialog(&self, home: &Home, title: &str, file: &Path) {
        let find = || self.xdotool(&["search", "--onlyvisible", "--name", &format!("^{title}$")]);
        home.wait(title, || find().is_some()).await;
        let dialog = find().expect("it stands");
        // No window manager gives it the keyboard. A slash opens its field for a path.
        self.xdotool(&["windowfocus", "--sync", &dialog])
            .expect("it takes the keyboard");
        let path = file.to_str().expect("Unicode");
        self.xdotool(&["type", "--delay", "20", path])
            .expect("typed");
        tokio::time::sleep(Duration::from_millis(500)).await; // it lists what fits meanwhile
        self.xdotool(&["key", "Return"]).expect("pressed");
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill().and_then(|()| self.server.wait());
    }
}
