//! The command line of the window: model files to open, and two questions.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// What the person wants of the program.
#[derive(Debug, PartialEq, Eq)]
pub enum Wish {
    /// The window, with these files opened (absolute paths; none: just the window).
    Open(Vec<PathBuf>),
    /// The version.
    Version,
    /// What the command line understands.
    Help,
    /// This was not understood.
    Unknown(String),
}

/// Reads the words after the program's name; relative paths start at `folder`.
pub fn read(words: impl IntoIterator<Item = OsString>, folder: &Path) -> Wish {
    let mut files = Vec::new();
    let mut only_files = false;
    for word in words {
        match word.to_str() {
            Some("") => {} // an empty %f
            Some("--") if !only_files => only_files = true,
            Some("--version" | "-V") if !only_files => return Wish::Version,
            Some("--help" | "-h") if !only_files => return Wish::Help,
            Some(option) if option.starts_with('-') && !only_files => {
                return Wish::Unknown(option.to_owned());
            }
            _ => files.push(folder.join(word)),
        }
    }
    Wish::Open(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_files_or_one_of_two_questions() {
        let check = |words: &[&str], expected: Wish| {
            let found = read(words.iter().map(OsString::from), Path::new("/here"));
            assert_eq!(found, expected, "{words:?}");
        };
        let open = |files: &[&str]| Wish::Open(files.iter().map(PathBuf::from).collect());
        check(&[], open(&[]));
        check(&[""], open(&[]));
        check(&["a.gguf", "/b.gguf"], open(&["/here/a.gguf", "/b.gguf"]));
        check(&["--version"], Wish::Version);
        check(&["a.gguf", "-h"], Wish::Help);
        check(&["--", "--help"], open(&["/here/--help"]));
        check(&["--", "--"], open(&["/here/--"]));
        check(&["--minimised"], Wish::Unknown("--minimised".to_owned()));
        check(&["-"], Wish::Unknown("-".to_owned()));
    }
}
