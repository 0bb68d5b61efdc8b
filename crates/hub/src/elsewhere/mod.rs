//! Models that other programs keep on this disk: found where those programs put them, and offered
//! to be used in place.
//!
//! What lies there was written by others: every walk is bounded, no link out of a program's folder
//! is followed, and only what opens as a model of text is told.

mod cache;
mod folders;
mod neighbours;
mod ollama;

pub use neighbours::Neighbours;

use crate::library::Hub;
use crate::record::Copy;
use formats::{Checkpoint, Description};
use protocol::{FoundModel, Keeper};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most models that are told.
const MOST_FOUND: usize = 1000;

/// What may be a model: its name for people, where known, and its path.
struct Candidate {
    name: String,
    path: PathBuf,
    keeper: Keeper,
}

impl Hub {
    /// The models of other programs that are not in the library, by program and name. Reads the
    /// headers of their files.
    pub fn elsewhere(&self) -> Vec<FoundModel> {
        self.shared.follow();
        let mut known: BTreeSet<PathBuf> = {
            let state = self.shared.state();
            let copies = state.index.models.iter().flat_map(|record| &record.files);
            let parts = copies.flat_map(Copy::files);
            parts
                .filter_map(|part| std::fs::canonicalize(part.path).ok())
                .collect()
        };
        let mut found: Vec<FoundModel> = Vec::new();
        for candidate in self.neighbours().candidates() {
            if found.len() >= MOST_FOUND {
                break;
            }
            let Some((model, files)) = look(candidate) else {
                continue;
            };
            if files.iter().all(|file| known.contains(file)) {
                continue;
            }
            known.extend(files);
            found.push(model);
        }
        found.sort_by_cached_key(|model| (model.keeper as u8, model.name.to_lowercase()));
        found
    }
}

impl Neighbours {
    /// All that may be models, those first whose name says more.
    fn candidates(&self) -> Vec<Candidate> {
        let mut all = Vec::new();
        for root in self.roots(Keeper::Ollama) {
            all.extend(ollama::candidates(root));
        }
        for keeper in [Keeper::LmStudio, Keeper::Jan, Keeper::Gpt4all] {
            for root in self.roots(keeper) {
                all.extend(folders::candidates(root, keeper));
            }
        }
        for root in self.roots(Keeper::HubCache) {
            all.extend(cache::candidates(root));
        }
        all
    }

    /// What people call the model at a path that names it otherwise: Ollama's blobs have names of
    /// hashes.
    pub fn name(&self, path: &Path) -> Option<String> {
        let path = std::fs::canonicalize(path).ok()?;
        let root = self
            .roots(Keeper::Ollama)
            .find(|root| path.starts_with(root))?;
        let mut candidates = ollama::candidates(root).into_iter();
        let found = candidates.find(|candidate| candidate.path == path)?;
        Some(found.name)
    }
}

/// The model, and its files without links; None of what is no model that answers with text.
fn look(candidate: Candidate) -> Option<(FoundModel, Vec<PathBuf>)> {
    let Candidate { name, path, keeper } = candidate;
    let checkpoint = Checkpoint::open(&path).ok()?;
    Description::of(&checkpoint)
        .ok()
        .filter(|_| answers(&checkpoint))?;
    let copy = Copy::of(&checkpoint).ok()?;
    let files = copy.files().into_iter();
    let files: Option<Vec<PathBuf>> = files
        .map(|part| std::fs::canonicalize(part.path).ok())
        .collect();
    let model = FoundModel {
        name: formats::one_line(&name),
        path: copy.path,
        bytes: copy.bytes,
        keeper,
    };
    Some((model, files?))
}

/// Whether it writes text: no adapter, no projector of pictures, none that only turns text into
/// numbers.
fn answers(checkpoint: &Checkpoint) -> bool {
    let architecture = checkpoint.architecture().unwrap_or_default();
    let encodes = ["bert", "clip", "t5encoder", "whisper", "vae", "siglip"];
    if encodes.iter().any(|of| architecture.contains(of)) || architecture.is_empty() {
        return false;
    }
    let Some(gguf) = checkpoint.gguf() else {
        return true;
    };
    let kind = gguf.metadata.text("general.type").unwrap_or("model");
    let pools = gguf.of_architecture("pooling_type").is_some();
    kind == "model" && !pools
}
