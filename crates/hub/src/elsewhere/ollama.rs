//! Ollama's store: `manifests/<host>/<owner>/<model>/<tag>` names the layers of a model by their
//! hashes, and `blobs/sha256-<hash>` are the layers. The form of a manifest:
//! <https://github.com/opencontainers/image-spec/blob/main/manifest.md>.

use super::Candidate;
use super::folders::{json, walk};
use protocol::Keeper;
use std::path::{Path, PathBuf};

/// Bytes of a manifest; they have a few hundred.
const MOST_MANIFEST: u64 = 1 << 18;
/// Host, owner, model, tag.
const DEPTH: usize = 4;
/// The layer that is a GGUF file.
const WEIGHTS: &str = "application/vnd.ollama.image.model";

/// What the manifests name; of several names of a model the shortest, the number rather than
/// `latest`.
pub fn candidates(root: impl AsRef<Path>) -> Vec<Candidate> {
    let root = root.as_ref();
    let manifests = root.join("manifests");
    let mut all: Vec<Candidate> = walk(&manifests, DEPTH)
        .into_iter()
        .filter_map(|path| {
            Some(Candidate {
                name: name(path.strip_prefix(&manifests).ok()?)?,
                path: weights(root, &path)?,
                keeper: Keeper::Ollama,
            })
        })
        .collect();
    all.sort_by_cached_key(|one| {
        let latest = one.name.ends_with(":latest");
        (latest, one.name.len(), one.name.clone())
    });
    all
}

/// As one says to Ollama: `llama3.2:3b`, `owner/model:tag`, `hf.co/owner/model:tag`.
fn name(manifest: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = manifest.iter().map(|part| part.to_str()).collect();
    let [host, owner, model, tag] = parts?[..] else {
        return None;
    };
    Some(match (host, owner) {
        ("registry.ollama.ai", "library") => format!("{model}:{tag}"),
        ("registry.ollama.ai", _) => format!("{owner}/{model}:{tag}"),
        _ => format!("{host}/{owner}/{model}:{tag}"),
    })
}

/// The file with the weights; one only.
fn weights(root: &Path, manifest: &Path) -> Option<PathBuf> {
    let manifest = json(manifest, MOST_MANIFEST)?;
    let layers = manifest.get("layers")?.as_array()?.iter();
    let mut weights = layers.filter(|layer| layer["mediaType"] == WEIGHTS);
    let digest = weights.next()?.get("digest")?.as_str()?;
    let hash = digest.strip_prefix("sha256:")?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    let blob = root.join("blobs").join(format!("sha256-{hash}"));
    let is_file = std::fs::symlink_metadata(&blob).is_ok_and(|blob| blob.is_file());
    (is_hash && is_file && weights.next().is_none()).then_some(blob)
}
