//! Moving the library to another folder, safe at any interruption.
//!
//! Model by model: its files are brought to the target under names of their own, flushed, read
//! again and renamed; then the index names the new place and notes the old one as leaving, in one
//! writing; then the old one goes. So each model can be used from one place at every moment, and
//! who moves again after a kill finds what is there already.

mod bring;

use super::place::Place;
use super::removal;
use super::{GoOn, Told};
use crate::library::Hub;
use crate::record::{Copy, Origin};
use crate::shared_file::not_written;
use bring::Bringing;
use formats::Checkpoint;
use protocol::{AppError, failure};
use std::fs;
use std::path::{Path, PathBuf};

/// A copy that moves, and its files.
struct Leaving {
    copy: Copy,
    place: Place,
    files: Vec<PathBuf>,
}

impl Hub {
    /// Moves what Parley fetched, and all that lies in its own folder `from`, to the folder `to`,
    /// in the layout that it has. What other programs put into the hub's cache stays there.
    ///
    /// Errors: `move-short` before anything is done; `library-busy` where a model is checked or
    /// deleted, or the library moved already; `cancelled`; `file-damaged` where a file is not read as it was written; `file-not-readable`,
    /// `disk-full`, `file-not-written`. What was moved until then is moved, the rest is where
    /// it was.
    pub fn move_library(
        &self,
        from: Option<&Path>,
        to: &Path,
        tell: Told,
        go_on: GoOn,
    ) -> Result<(), AppError> {
        self.move_by(from, to, tell, go_on, false)
    }

    /// The same, with all bytes written anew also where names on the same disk would do.
    #[doc(hidden)]
    pub fn move_library_by_copying(
        &self,
        from: Option<&Path>,
        to: &Path,
        tell: Told,
        go_on: GoOn,
    ) -> Result<(), AppError> {
        self.move_by(from, to, tell, go_on, true)
    }

    fn move_by(
        &self,
        from: Option<&Path>,
        to: &Path,
        tell: Told,
        go_on: GoOn,
        always_copy: bool,
    ) -> Result<(), AppError> {
        let to = std::path::absolute(to).map_err(|error| not_written(to, &error))?;
        fs::create_dir_all(&to).map_err(|error| not_written(&to, &error))?;
        let to = fs::canonicalize(&to).map_err(|error| not_written(&to, &error))?;
        let _alone = self.shared.alone()?;
        self.shared.clear_out(go_on)?;
        let leaving = self.leaving(from, &to);
        let lengths = leaving.iter().flat_map(|one| &one.files);
        let total = lengths
            .map(|path| fs::metadata(path).map_or(0, |file| file.len()))
            .sum();
        let mut bringing = Bringing {
            always_copy,
            done: 0,
            total,
            tell,
            go_on,
            made: Vec::new(),
        };
        for one in &leaving {
            bringing.sweep(&one.place.within(&to));
        }
        let files = leaving
            .iter()
            .flat_map(|one| one.files.iter().map(move |path| (one, path)));
        let needed = files
            .map(|(one, path)| bringing.needed(path, &one.place, &to))
            .sum();
        room(&to, needed)?;
        for one in leaving {
            bringing.made.clear();
            if let Err(error) = self.bring(&one, &to, &mut bringing) {
                // What is not whole is of no use there.
                for path in bringing.made.iter().rev() {
                    let _ = fs::remove_file(path);
                }
                one.place.within(&to).tidy();
                return Err(error);
            }
            // From here on it is the new place that is needed. What cannot be removed of the old
            // one is tried again by the next process.
            bringing.step()?;
            if let Err(error) = self.shared.clear_out(go_on) {
                tracing::warn!(%error, "an old copy could not be removed");
            }
        }
        Ok(())
    }

    /// The copies that move.
    fn leaving(&self, from: Option<&Path>, to: &Path) -> Vec<Leaving> {
        let from = from.and_then(|from| fs::canonicalize(from).ok());
        let state = self.shared.state();
        let mut leaving = Vec::new();
        for record in &state.index.models {
            for copy in record.files.iter().filter(|copy| copy.is_as_it_was()) {
                let path = Path::new(&copy.path);
                let Some(place) = Place::of(path).filter(|place| place.cache != to) else {
                    continue;
                };
                let fetched = copy.fetched || matches!(record.source, Origin::Hub { .. });
                if fetched || from.as_ref() == Some(&place.cache) {
                    let files = removal::files(copy, &place);
                    leaving.push(Leaving {
                        copy: copy.clone(),
                        place,
                        files,
                    });
                }
            }
        }
        leaving
    }

    /// Brings one copy and lets the index name it.
    fn bring(&self, one: &Leaving, to: &Path, bringing: &mut Bringing) -> Result<(), AppError> {
        for path in &one.files {
            bringing.file(path, &one.place, to)?;
        }
        bringing.refs(&one.place, to)?;
        let place = one.place.within(to);
        let copy = Copy {
            sha256: one.copy.sha256.clone(),
            damaged: one.copy.damaged,
            fetched: one.copy.fetched,
            ..Copy::of(&Checkpoint::open(&place.path())?)?
        };
        bringing.step()?;
        self.shared.change(|index| {
            let mut copies = index.models.iter_mut().flat_map(|record| &mut record.files);
            let found = copies
                .find(|found| **found == one.copy)
                .map(|found| *found = copy);
            // Another process may have removed the model meanwhile.
            if found.is_some() {
                index.leaving.push(one.copy.clone());
            }
        })?;
        tracing::info!(from = one.copy.path, to = %place.path().display(), "model moved");
        Ok(())
    }
}

/// Errors: `move-short`.
fn room(to: &Path, needed: u64) -> Result<(), AppError> {
    match fs4::available_space(to) {
        Ok(free) if free < needed => Err(failure::move_short(to, needed, free, needed - free)),
        // Where the system does not say, writing will.
        _ => Ok(()),
    }
}
