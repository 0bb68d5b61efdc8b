//! The display of one computer: a window that lies under another's gets no pictures, and keys go
//! to whichever has the keyboard, so that computers cannot share one.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// An X server that shows nobody anything.
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
                "-noreset", // else it begins anew, and refuses all, whenever its last client leaves
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts (Debian: xvfb)");
        let mut number = String::new();
        let stdout = server.stdout.take().expect("it says its number");
        BufReader::new(stdout)
            .read_line(&mut number)
            .expect("a line");
        let name = format!(":{}", number.trim());
        Display { server, name }
    }

    /// Runs xdotool; its output where it did what was asked.
    pub fn xdotool(&self, arguments: &[&str]) -> Option<String> {
        self.tool("xdotool", arguments)
    }

    /// Asks the window manager for something; its answer where it did it.
    pub fn wmctrl(&self, arguments: &[&str]) -> Option<String> {
        self.tool("wmctrl", arguments)
    }

    /// Reads properties of the window with this number.
    pub fn xprop(&self, window: &str, names: &[&str]) -> String {
        let arguments = [&["-id", window], names].concat();
        self.tool("xprop", &arguments).expect("the window is there")
    }

    fn tool(&self, name: &str, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new(name);
        command.args(arguments).env("DISPLAY", &self.name);
        let output = command.output().expect(name);
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(said)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill().and_then(|()| self.server.wait());
    }
}
