//! What models have read, on the disk: how much that may be, and what has to go. The files are
//! the workers' (`engine/src/kv/`); here they are only counted and removed.

use protocol::{KV_BLOCK, KvPlace, KvUse, kv_folder};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Most that is kept where the person chose nothing, and of what is free, the how manieth part.
const USUAL: u64 = 16_000_000_000;
const USUAL_PART: u64 = 10;
/// Bytes of the disk that are left free whatever the person chose.
const LEFT_FREE: u64 = 1_000_000_000;
/// How old a file that is being written may be.
const STALE: Duration = Duration::from_secs(600);

/// The folder with one for each conversation.
pub(crate) struct Kv {
    folder: PathBuf,
    /// False: nothing is ever kept on the disk.
    on_disk: bool,
    /// What the person chose, in bytes.
    chosen: Mutex<Option<u64>>,
    /// As last counted.
    bytes: AtomicU64,
}

/// A file of it.
struct Kept {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Kept {
    fn is_block(&self) -> bool {
        let ending = self.path.extension();
        ending.is_some_and(|ending| ending == KV_BLOCK)
    }
}

impl Kv {
    pub fn new(folder: PathBuf, on_disk: bool) -> Kv {
        Kv {
            folder,
            on_disk,
            chosen: Mutex::default(),
            bytes: AtomicU64::new(0),
        }
    }

    /// Bytes that may be kept; None: by what the disk has free.
    pub fn choose(&self, most: Option<u64>) {
        *self.chosen() = most;
    }

    /// Bytes that each of so many workers may write; None where nothing is kept. Together they
    /// write no more than may be kept: else each would write again what had to go for the others.
    pub fn share(&self, workers: usize) -> Option<u64> {
        let all = self.limits(self.bytes.load(Ordering::Relaxed)).most;
        let most = all / workers.max(1) as u64;
        (most > 0 && self.on_disk).then_some(most)
    }

    /// What the worker of a model is told, of which the library says by what it knows it.
    pub fn place(&self, model: String, most: u64) -> KvPlace {
        let folder = self.folder.to_string_lossy().into_owned();
        KvPlace {
            folder,
            model,
            most,
        }
    }

    /// What is kept now.
    pub fn look(&self) -> KvUse {
        self.limits(self.bytes_now())
    }

    /// What is kept now, and what might be, had the person chosen so.
    pub fn weigh(&self, chosen: Option<u64>) -> KvUse {
        self.limits_of(self.bytes_now(), chosen)
    }

    /// Removes what was used longest ago until the rest is within the quota.
    pub fn trim(&self) -> KvUse {
        self.remove_stale();
        let mut files = self.files();
        let now = self.limits(files.iter().map(|file| file.bytes).sum());
        let mut bytes = now.bytes;
        files.sort_by_key(|file| file.used);
        for file in files {
            if bytes <= now.most {
                break;
            }
            if fs::remove_file(&file.path).is_ok() {
                bytes -= file.bytes;
                self.remove_empty(&file.path);
            }
        }
        self.limits(bytes)
    }

    /// Removes what is kept of a conversation.
    pub fn forget(&self, conversation: &str) {
        if let Some(folder) = kv_folder(&self.folder, conversation) {
            let _ = fs::remove_dir_all(folder);
        }
    }

    /// Removes all of it.
    pub fn clear(&self) {
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// The conversations of which something is kept.
    pub fn conversations(&self) -> Vec<String> {
        let folders = names(&self.folder).into_iter();
        folders
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect()
    }

    fn bytes_now(&self) -> u64 {
        self.files().iter().map(|file| file.bytes).sum()
    }

    fn limits(&self, bytes: u64) -> KvUse {
        self.bytes.store(bytes, Ordering::Relaxed);
        self.limits_of(bytes, *self.chosen())
    }

    fn limits_of(&self, bytes: u64, chosen: Option<u64>) -> KvUse {
        let free = crate::disk_free(&self.folder).unwrap_or(0);
        // Of what would be free without it, so that it does not hang on how much it is.
        let all = free.saturating_add(bytes);
        let usual = (all / USUAL_PART).min(USUAL);
        let most = chosen.unwrap_or(usual);
        KvUse {
            bytes,
            most: most.min(all.saturating_sub(LEFT_FREE)),
            usual,
        }
    }

    /// All blocks' files.
    fn files(&self) -> Vec<Kept> {
        let mut files = self.all();
        files.retain(Kept::is_block);
        files
    }

    /// Removes what was never finished.
    fn remove_stale(&self) {
        for file in self.all() {
            if !file.is_block() && file.used.elapsed().is_ok_and(|age| age > STALE) {
                let _ = fs::remove_file(&file.path);
            }
        }
    }

    /// All files, those that are on their way too.
    fn all(&self) -> Vec<Kept> {
        let models = names(&self.folder).into_iter().flat_map(|c| names(&c));
        let kept = |path: PathBuf| {
            let file = fs::symlink_metadata(&path).ok()?;
            Some(Kept {
                path,
                bytes: file.len(),
                used: file.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            })
        };
        models
            .flat_map(|model| names(&model))
            .filter_map(kept)
            .collect()
    }

    /// Removes the folders of a file that is gone, where it was the last.
    fn remove_empty(&self, file: &Path) {
        let mut folders = file.ancestors().skip(1);
        let inside = folders.by_ref().take_while(|folder| *folder != self.folder);
        for folder in inside {
            if fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }

    fn chosen(&self) -> MutexGuard<'_, Option<u64>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is in a folder; nothing where it cannot be read. Links are not followed.
fn names(folder: &Path) -> Vec<PathBuf> {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|folder| folder.is_dir());
    let entries = is_folder.then(|| fs::read_dir(folder).ok()).flatten();
    let entries = entries.into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    fn kept(folder: &Path, block: &str, bytes: usize) -> PathBuf {
        let model = folder.join("conversation/model");
        fs::create_dir_all(&model).unwrap();
        let path = model.join(block);
        fs::write(&path, vec![0; bytes]).unwrap();
        path
    }

    #[test]
    fn two_workers_each_wrote_as_much_as_all_may_and_again_what_had_to_go_for_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let kv = Kv::new(folder.path().into(), true);
        kv.choose(Some(1000));
        let most = |workers| kv.share(workers);
        assert_eq!([0, 1, 2, 3].map(most), [1000, 1000, 500, 333].map(Some));
        kv.choose(Some(0));
        assert_eq!(most(1), None);
    }

    #[test]
    fn the_doctor_removed_what_it_only_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let kv = Kv::new(folder.path().into(), true);
        let block = kept(folder.path(), "a.kv", 100);
        let left = kept(folder.path(), "b.1.part", 100);
        let old = SystemTime::now() - 2 * STALE;
        let file = fs::File::options().write(true).open(&left).unwrap();
        file.set_modified(old).unwrap();
        let now = kv.weigh(Some(10));
        assert_eq!((now.bytes, now.most), (100, 10));
        assert_eq!((kv.look().bytes, kv.weigh(None).bytes), (100, 100));
        assert!(block.exists() && left.exists());
        // Who minds the quota does remove it.
        kv.choose(Some(10));
        assert_eq!(kv.trim().bytes, 0);
        assert!(!block.exists() && !left.exists());
    }
}
