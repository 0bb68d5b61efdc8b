//! Models in several files that are numbered in their names: `NAME-00001-of-00003.gguf`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Most files of a model.
pub(crate) const MOST_PARTS: u64 = 4096;

/// What a file's name says of its part in a model. Numbers count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    folder: PathBuf,
    stem: String,
    /// Digits of each number: those who write them agree on five, and some have more.
    digits: usize,
    ending: String,
    /// Which part it is.
    pub number: u64,
    /// How many there are.
    pub count: u64,
}

impl Numbered {
    /// None where the name says nothing of parts, or of a part that cannot be.
    pub fn of(path: &Path) -> Option<Numbered> {
        let name = path.file_name()?.to_str()?;
        let (stem, ending) = name.rsplit_once('.')?;
        let (rest, count) = stem.rsplit_once("-of-")?;
        let (stem, number) = rest.rsplit_once('-')?;
        let digits = count.len();
        let plain = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        if number.len() != digits || !plain(number) || !plain(count) {
            return None;
        }
        let (number, count) = (number.parse().ok()?, count.parse().ok()?);
        let so = (1..=count).contains(&number) && count <= MOST_PARTS;
        so.then(|| Numbered {
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            stem: stem.to_owned(),
            digits,
            ending: ending.to_owned(),
            number,
            count,
        })
    }

    /// Where another part of the same model lies.
    pub fn part(&self, number: u64) -> PathBuf {
        let Numbered {
            stem,
            digits,
            ending,
            count,
            ..
        } = self;
        let name = format!("{stem}-{number:0digits$}-of-{count:0digits$}.{ending}");
        self.folder.join(name)
    }

    /// Every part.
    pub fn all(&self) -> impl Iterator<Item = PathBuf> {
        (1..=self.count).map(|number| self.part(number))
    }
}

/// A file's name without its ending and its number.
pub(crate) fn stem(path: &Path) -> Cow<'_, str> {
    match Numbered::of(path) {
        Some(part) => Cow::Owned(part.stem),
        None => path.file_stem().unwrap_or_default().to_string_lossy(),
    }
}

/// A name such as writers give to a part: `NAME-00002-of-00003.gguf`.
pub(crate) fn example(path: &Path, number: u64, count: u64) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    format!("{stem}-{number:05}-of-{count:05}.gguf")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_numbered_in_names() {
        let check = |name: &str, said: Option<(u64, u64)>| {
            let path = Path::new("/m").join(name);
            let found = Numbered::of(&path);
            let numbers = found.as_ref().map(|part| (part.number, part.count));
            assert_eq!(numbers, said, "{name}");
            if let Some(part) = found {
                assert_eq!(stem(&path), part.stem);
                assert_eq!(part.part(part.number), path);
                assert_eq!(part.all().count() as u64, part.count);
            }
        };
        check("a-00001-of-00003.gguf", Some((1, 3)));
        check("a-b.c-00012-of-00012.safetensors", Some((12, 12)));
        check("a-000001-of-000002.gguf", Some((1, 2)));
        check("a-00004-of-00003.gguf", None);
        check("a-00000-of-00003.gguf", None);
        check("a-1-of-00003.gguf", None);
        check("a-0000x-of-00003.gguf", None);
        check("a-+0001-of-00003.gguf", None);
        check("00001-of-00003.gguf", None);
        check("a-00001-of-99999.gguf", None);
        check("a-of-b.gguf", None);
        check("a-99999999999999999999-of-99999999999999999999.gguf", None);
        check("-of-.gguf", None);
    }
}
