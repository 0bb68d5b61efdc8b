//! What a person does outside of the page: the system's file dialog, answered by keyboard; the
//! window itself, by way of a window manager; and starts of the program.

use crate::computer::{Home, program};
use std::{
    path::Path,
    process::{Child, Command},
    time::Duration,
};

/// A start of the window's program without a driver. Ended with the test.
pub struct Start(pub Child);

impl Drop for Start {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// The window manager of a display; it ends with its test.
pub struct Desk(Child);

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

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

    /// The program's command, started as from a menu or a terminal.
    pub fn start_of(&self, files: &[&Path]) -> Command {
        let mut start = self.command(&program());
        start.args(files);
        start
    }

    /// Starts the program, and waits until its window can be seen. Returns the window's number.
    pub async fn start(&self, files: &[&Path]) -> (Start, String) {
        let mut start = self.start_of(files);
        let start = start.stdout(self.log()).stderr(self.log()).spawn();
        let start = Start(start.expect("it starts"));
        self.wait("the window", || self.window().is_some()).await;
        let window = self.window().expect("it stands");
        (start, window)
    }

    /// The number of the window that can be seen, if there is just one.
    pub fn window(&self) -> Option<String> {
        let find = ["search", "--onlyvisible", "--name", "^Parley$"];
        let found = self.display.xdotool(&find)?;
        (found.lines().count() == 1).then_some(found)
    }

    /// A window manager, where windows have frames, can be put away, and ask before they close.
    pub async fn desk(&self) -> Desk {
        let mut manager = self.command(Path::new("blackbox"));
        let manager = manager.stdout(self.log()).stderr(self.log()).spawn();
        let desk = Desk(manager.expect("blackbox starts (Debian: blackbox)"));
        let stands = || self.display.wmctrl(&["-m"]).is_some();
        self.wait("the window manager", stands).await;
        desk
    }

    /// Closes the window as its frame's button does.
    pub fn press_close(&self) {
        self.display
            .wmctrl(&["-F", "-c", "Parley"])
            .expect("it is asked");
    }
}
