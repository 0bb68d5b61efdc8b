//! What the window's processes hold, beside those of a window with nothing in it.

use crate::{
    Effort,
    computer::{Home, program, signal},
    figures::Figures,
};
use std::{fs, os::unix::process::CommandExt, path::PathBuf};

pub async fn measure(effort: &Effort, figures: &mut Figures) {
    for _ in 0..effort.memories {
        // Built by `cargo xtask bench` alone.
        let empty = std::env::var_os("PARLEY_EMPTY").map(PathBuf::from);
        let empty = empty.map(|program| ("empty", program, "empty-window"));
        let parley = ("parley", program(), "parley-desktop");
        for (what, program, name) in empty.into_iter().chain([parley]) {
            let home = Home::new();
            let mut started = home
                .command(&program)
                // As Parley sets it where there is no graphics card; both windows alike.
                .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
                .stdout(home.log())
                .stderr(home.log())
                .process_group(0)
                .spawn()
                .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
            home.wait("the page's process", || {
                !of(&home, "WebKitWebProces").is_empty()
            })
            .await;
            tokio::time::sleep(effort.settling).await;
            let mut all = 0.0;
            for (part, name) in [
                ("window", name),
                ("web", "WebKitWebProces"),
                ("network", "WebKitNetworkPr"),
            ] {
                let held: f64 = of(&home, name).into_iter().map(held).sum();
                assert!(held > 0.0, "{name} holds nothing");
                figures.note(&format!("memory_{what}_{part}_mb"), held);
                all += held;
            }
            figures.note(&format!("memory_{what}_mb"), all);
            signal("KILL", &format!("-{}", started.id()));
            started.wait().expect("its end");
        }
    }
}

fn of(home: &Home, name: &str) -> Vec<u32> {
    home.processes(name)
}

/// Megabytes (2^20) of a process, what it shares with others divided among them.
fn held(id: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    kilobytes(&rollup, "Pss:") / 1024.0
}

/// The number of kB after a word in what the kernel says of a process.
pub fn kilobytes(text: &str, word: &str) -> f64 {
    text.lines()
        .find_map(|line| line.strip_prefix(word)?.trim().strip_suffix(" kB"))
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or(0.0)
}
