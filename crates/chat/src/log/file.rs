//! The log's files: `parley.log` and the four before it, of a megabyte each, written by several
//! processes at once.
//!
//! Each line opens the file and is one write at its end, so that lines of several processes never
//! mix and nobody writes on into a file that another one has put aside. Whatever goes wrong, the
//! line is left out and the program goes on.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

/// Bytes of one file.
const LIMIT: u64 = 1_000_000;
/// Files in all.
const FILES: u32 = 5;
/// Bytes that are read to find the last lines.
const TAIL: u64 = 256 * 1024;

pub(super) struct LogFile {
    folder: PathBuf,
    limit: u64,
    /// Whether a line of this process could be written in part only (a full disk).
    torn: AtomicBool,
}

impl LogFile {
    pub(super) fn new(folder: PathBuf) -> LogFile {
        LogFile {
            folder,
            limit: LIMIT,
            torn: AtomicBool::new(false),
        }
    }

    /// Adds a line, where that is possible.
    pub(super) fn append(&self, line: &str) {
        // Where nothing can be written, there is nobody to tell.
        let _ = self.write(line);
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let mut file = self.open().or_else(|_| {
            self.create_folder()?;
            self.open()
        })?;
        if file.metadata()?.len() + line.len() as u64 > self.limit {
            self.rotate();
            file = self.open()?;
            // It could not be put aside: rather no line than a log that grows for ever.
            if file.metadata()?.len() > 2 * self.limit {
                return Ok(());
            }
        }
        let before = if self.torn.load(Ordering::Relaxed) {
            "\n"
        } else {
            ""
        };
        let written = file.write_all(format!("{before}{line}\n").as_bytes());
        self.torn.store(written.is_err(), Ordering::Relaxed);
        written
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.path(0))
    }

    fn create_folder(&self) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)
    }

    /// Puts the file aside, unless another process is at it or has just done so.
    fn rotate(&self) {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let Ok(lock) = options.open(self.folder.join("rotation.lock")) else {
            return;
        };
        if lock.try_lock().is_err() {
            return;
        }
        let long = fs::metadata(self.path(0)).is_ok_and(|file| file.len() > self.limit / 2);
        if long {
            for number in (1..FILES).rev() {
                let _ = fs::rename(self.path(number - 1), self.path(number));
            }
        }
    }

    /// The file written now is number 0, the oldest one 4.
    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(match number {
            0 => "parley.log".to_owned(),
            number => format!("parley.{number}.log"),
        })
    }

    /// The last lines, the oldest first; none where there is no log.
    pub(super) fn last_lines(&self, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for number in 0..2 {
            let text = self.tail(number).unwrap_or_default();
            let older = text.lines().map(str::to_owned);
            lines.splice(0..0, older);
            if lines.len() >= most {
                break;
            }
        }
        lines.split_off(lines.len().saturating_sub(most))
    }

    fn tail(&self, number: u32) -> io::Result<String> {
        let mut file = File::open(self.path(number))?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn small(folder: &std::path::Path) -> LogFile {
        LogFile {
            limit: 2_000,
            ..LogFile::new(folder.join("logs"))
        }
    }

    #[test]
    fn the_files_are_few_and_short_and_private() {
        let home = tempfile::tempdir().unwrap();
        let log = small(home.path());
        for number in 0..1000 {
            log.append(&format!("line {number}"));
        }
        let files: Vec<_> = fs::read_dir(home.path().join("logs"))
            .unwrap()
            .map(|file| file.unwrap())
            .collect();
        let logs = files
            .iter()
            .filter(|file| file.path().extension().unwrap() == "log");
        assert_eq!(logs.count(), 5);
        for file in &files {
            assert!(file.metadata().unwrap().len() <= 2_000, "{file:?}");
        }
        #[cfg(unix)]
        for file in files
            .iter()
            .map(|file| file.path())
            .chain([home.path().join("logs")])
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", file.display());
        }
        let last: Vec<String> = (997..1000).map(|number| format!("line {number}")).collect();
        assert_eq!(log.last_lines(3), last);
        // Across the files.
        assert_eq!(log.last_lines(250).len(), 250);
    }

    #[test]
    fn lines_of_many_writers_stay_whole_while_files_are_put_aside() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("logs");
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                // Each as if it were a process of its own.
                let log = Arc::new(LogFile {
                    limit: 40_000,
                    ..LogFile::new(folder.clone())
                });
                std::thread::spawn(move || {
                    for number in 0..250 {
                        log.append(&format!("<{writer} {number} {}>", "x".repeat(60)));
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        let mut lines = 0;
        for file in fs::read_dir(&folder).unwrap().flatten() {
            for line in fs::read_to_string(file.path()).unwrap().lines() {
                assert!(line.starts_with('<') && line.ends_with("x>"), "{line}");
                lines += 1;
            }
        }
        // All of them fit into five files.
        assert_eq!(lines, 8 * 250);
    }

    #[test]
    fn what_cannot_be_written_is_left_out() {
        let home = tempfile::tempdir().unwrap();
        fs::write(
            home.path().join("logs"),
            "a file where the folder should be",
        )
        .unwrap();
        let log = small(home.path());
        log.append("line");
        assert!(log.last_lines(5).is_empty());
    }

    #[test]
    fn a_log_that_cannot_be_put_aside_does_not_grow_for_ever() {
        let home = tempfile::tempdir().unwrap();
        let log = small(home.path());
        fs::create_dir_all(home.path().join("logs/rotation.lock")).unwrap();
        for number in 0..1000 {
            log.append(&format!("line {number}"));
        }
        let length = fs::metadata(home.path().join("logs/parley.log"))
            .unwrap()
            .len();
        assert!(length < 5_000, "{length}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_ends_nothing() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("logs");
        fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.join("parley.log")).unwrap();
        let log = small(home.path());
        log.append("line");
        assert!(log.torn.load(Ordering::Relaxed));
        fs::remove_file(folder.join("parley.log")).unwrap();
        log.append("after");
        assert_eq!(log.last_lines(1), ["after"]);
    }
}
