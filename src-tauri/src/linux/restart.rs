//! Parley started anew in the place of this process, with simple drawing.

use std::sync::atomic::{AtomicBool, Ordering};
use tauri::{AppHandle, Runtime};

/// Whether the end of this process is the start of another.
#[derive(Default)]
pub struct Restart(AtomicBool);

impl Restart {
    /// Ends the program in good order, to be started anew.
    pub fn ask<R: Runtime>(&self, app: &AppHandle<R>) {
        self.0.store(true, Ordering::Release);
        app.exit(0);
    }

    /// Becomes the new program, where that was asked for. Call it last: what this process still
    /// holds goes with it.
    pub fn happen(&self) {
        if self.0.load(Ordering::Acquire)
            && let Ok(program) = std::env::current_exe()
        {
            use std::os::unix::process::CommandExt;
            let mut anew = std::process::Command::new(program);
            let failed = anew.env("PARLEY_DMABUF", "off").exec();
            chat::log::failed("restart", &protocol::failure::internal().detail(failed));
        }
    }
}
