//! A peer that is run in turn with ours: llama.cpp, as the npm package node-llama-cpp has it,
//! where it is installed.

use crate::output::Ending;
use protocol::failure;
use runtime::{BenchPlan, Timing};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// What `--against` names.
pub(crate) const NAME: &str = "llama.cpp";
/// What node runs.
const SCRIPT: &str = include_str!("../../../../tests/bench/peer.mjs");
/// Its end where the package is not there.
const MISSING: i32 = 3;
/// The peer's kernels with AMX.
const AMX: &str = "libggml-cpu-sapphirerapids.so";
/// Most of what it says that a report keeps.
const SAID: usize = 2000;

/// A timed run of the peer's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct PeerRun {
    pub version: String,
    pub kernels: String,
    pub load_ms: f64,
    pub first_token_ms: f64,
    #[serde(deserialize_with = "timings")]
    pub prefill: Vec<Timing>,
    #[serde(deserialize_with = "timings")]
    pub decode: Vec<Timing>,
    #[serde(default)]
    pub peak_memory_bytes: u64,
}

fn timings<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Timing>, D::Error> {
    #[derive(Deserialize)]
    struct One {
        tokens: u32,
        depth: u32,
        ms: f64,
    }
    let all = Vec::<One>::deserialize(from)?;
    let timing = |One { tokens, depth, ms }| Timing { tokens, depth, ms };
    Ok(all.into_iter().map(timing).collect())
}

/// Where the package may be.
pub(crate) fn folders(asked: Option<PathBuf>) -> Vec<PathBuf> {
    let set = std::env::var_os("PARLEY_PEER").filter(|path| !path.is_empty());
    let here = std::env::current_dir().ok();
    let all = asked.into_iter().chain(set.map(PathBuf::from)).chain(here);
    all.filter_map(|folder| std::path::absolute(folder).ok())
        .collect()
}

/// One timed run in a process of its own, which ends where this is dropped.
///
/// Errors: `peer-missing`, `peer-failed`.
pub(crate) async fn run(
    file: &Path,
    plan: &BenchPlan,
    folders: &[PathBuf],
    without_amx: bool,
) -> Result<PeerRun, Ending> {
    let failed = |why: String| failure::peer_failed(NAME).detail(why);
    let file = std::path::absolute(file).map_err(|error| failed(error.to_string()))?;
    let copy = match without_amx {
        true => Some(Copy::make().map_err(|error| failed(error.to_string()))?),
        false => None,
    };
    let asked = serde_json::json!({
        "file": file,
        "folders": folders,
        "threads": plan.threads,
        "first": plan.first,
        "prefill": plan.prefill,
        "decode": plan.decode,
        "depth": plan.depth,
        "passOver": copy.as_ref().map(|_| AMX),
        "copy": copy.as_ref().map(|copy| &copy.0),
    });
    let mut node = Command::new("node")
        .args(["--input-type=module", "-", &asked.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failure::peer_missing(NAME).detail(error))?;
    if let Some(mut input) = node.stdin.take() {
        // One that ends before it has read all says why.
        let _ = input.write_all(SCRIPT.as_bytes()).await;
    }
    let told = node.wait_with_output().await;
    let told = told.map_err(|error| failed(error.to_string()))?;
    if told.status.code() == Some(MISSING) {
        return Err(failure::peer_missing(NAME).into());
    }
    let said = String::from_utf8_lossy(&told.stdout);
    let last = said.lines().last().unwrap_or_default();
    if !told.status.success() {
        return Err(failed(ending(&String::from_utf8_lossy(&told.stderr))).into());
    }
    serde_json::from_str(last).map_err(|error| failed(format!("{error}: {}", ending(last))).into())
}

/// The last of a long text.
fn ending(text: &str) -> String {
    let text = text.trim();
    let from = text.ceil_char_boundary(text.len().saturating_sub(SAID));
    text[from..].to_owned()
}

/// A folder for a copy of the package, removed when it is not needed any more.
struct Copy(PathBuf);

impl Copy {
    fn make() -> Result<Copy, std::io::Error> {
        let folder = std::env::temp_dir().join(format!("parley-peer-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        Ok(Copy(folder))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
