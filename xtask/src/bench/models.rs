//! The models whose speed is measured: the real ones of the tests, and files with the exact
//! shapes of others and random weights, each made when it is needed and removed after.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, models, place, shell};

/// A model and what is measured of it.
pub(super) struct Measured {
    /// `starter`, `second`, or a shape of `crates/formats/examples/shape.rs`.
    pub name: &'static str,
    /// A type of that example; of the real ones what their files have.
    pub kind: &'static str,
    /// Bytes that the file takes, about.
    gigabytes: f64,
    pub prefill: &'static str,
    pub depth: &'static str,
    /// Whether it is measured where nobody asks for it.
    pub usual: bool,
}

const SHORT: (&str, &str) = ("512", "512");
const LONG: (&str, &str) = ("512,4096", "512,4096");
const LONGEST: (&str, &str) = ("512,4096,8000", "512,4096,8000");

const fn model(
    name: &'static str,
    kind: &'static str,
    gigabytes: f64,
    (prefill, depth): (&'static str, &'static str),
    usual: bool,
) -> Measured {
    Measured {
        name,
        kind,
        gigabytes,
        prefill,
        depth,
        usual,
    }
}

/// Every model, in the order of the tables.
pub(super) const ALL: &[Measured] = &[
    model("starter", "q4_1", 0.0, LONGEST, true),
    model("second", "q4_k_m", 0.0, SHORT, true),
    model("smollm2-360m", "q4_k_m", 0.3, SHORT, false),
    model("smollm2-360m", "q8_0", 0.5, SHORT, true),
    model("llama-1b", "q4_k_m", 1.1, LONGEST, true),
    model("llama-1b", "q4_0", 0.9, SHORT, true),
    model("llama-1b", "q4_1", 1.0, SHORT, true),
    model("llama-1b", "q5_k", 1.1, SHORT, true),
    model("llama-1b", "q6_k", 1.3, SHORT, true),
    model("llama-1b", "q8_0", 1.6, SHORT, true),
    model("llama-1b", "f16", 3.1, SHORT, true),
    model("llama-1b", "f16-folder", 3.1, SHORT, true),
    model("llama-1b", "bf16-folder", 3.1, SHORT, true),
    model("llama2-7b", "q4_k_m", 4.2, LONG, true),
    model("llama2-7b", "q4_0", 3.9, SHORT, false),
    model("llama2-7b", "q4_1", 4.3, SHORT, false),
    model("llama2-7b", "q5_k", 4.7, SHORT, false),
    model("llama2-7b", "q6_k", 5.6, SHORT, false),
    model("llama2-7b", "q8_0", 7.2, SHORT, false),
    model("llama2-7b", "f16", 13.6, SHORT, false),
    model("mistral-7b", "q4_k_m", 4.5, LONG, true),
    model("mistral-7b", "q4_0", 4.1, SHORT, false),
    model("mistral-7b", "q4_1", 4.6, SHORT, false),
    model("mistral-7b", "q5_k", 5.0, SHORT, false),
    model("mistral-7b", "q6_k", 6.0, SHORT, false),
    model("mistral-7b", "q8_0", 7.8, SHORT, true),
    model("mixtral-4layers", "q4_k_m", 3.7, SHORT, true),
    model("mixtral-4layers", "q8_0", 6.5, SHORT, false),
    model("falcon-7b", "q4_k_m", 4.4, SHORT, true),
    model("falcon-7b", "q8_0", 7.8, SHORT, false),
    model("olmo-7b", "q4_k_m", 4.3, SHORT, true),
    model("olmo-7b", "q8_0", 7.4, SHORT, false),
];

/// A model's file; one that was made for this is removed when it is dropped.
pub(super) struct Made {
    pub path: PathBuf,
    kept: bool,
}

impl Drop for Made {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Measured {
    /// Whether it is a folder with safetensors.
    pub fn is_folder(&self) -> bool {
        self.kind.ends_with("-folder")
    }

    /// The model that llama.cpp runs in its place: the same in f16, where this is a folder.
    pub fn peer(&self) -> Option<&'static Measured> {
        let same = |one: &&Measured| one.name == self.name && one.kind == "f16";
        ALL.iter().find(same).filter(|_| self.is_folder())
    }

    /// Its file. One with random weights is made in the build folder, and stays with `keep`.
    pub fn file(&self, keep: bool) -> Outcome<Made> {
        let real = match self.name {
            "starter" => Some(models::ensure(&models::STARTER)?),
            "second" => Some(models::ensure(&models::SECOND)?),
            _ => None,
        };
        if let Some(path) = real {
            return Ok(Made { path, kept: true });
        }
        let folder = place::target().join("shapes");
        let ending = if self.is_folder() { "" } else { ".gguf" };
        let path = folder.join(format!("{}.{}{ending}", self.name, self.kind));
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("{}: {error}.", folder.display()))?;
        let made = Made { path, kept: keep };
        if made.path.exists() {
            return Ok(made);
        }
        self.check_room(&folder)?;
        let vocabulary = models::ensure(&models::STARTER)?;
        shell::say(&format!("Making {}", made.path.display()));
        let unfinished = Made {
            path: made.path.with_extension("new"),
            kept: false,
        };
        let mut making = shell::cargo(&[
            "run",
            "--release",
            "-q",
            "-p",
            "formats",
            "--example",
            "shape",
            "--",
            self.name,
            self.kind,
        ]);
        making.arg(vocabulary).arg(&unfinished.path);
        shell::complete(&mut making, "The file could not be made.")?;
        std::fs::rename(&unfinished.path, &made.path)
            .map_err(|error| format!("{}: {error}.", made.path.display()))?;
        Ok(made)
    }

    /// Errors where the disk has too little room: half as much again is left for others.
    fn check_room(&self, folder: &Path) -> Outcome {
        let told = shell::output(Command::new("df").args(["-Pk"]).arg(folder));
        let free = told.as_deref().and_then(free_kilobytes);
        let needed = self.gigabytes * 1.5e9;
        match free {
            Some(free) if free * 1024.0 < needed => Err(format!(
                "{} has {:.1} GB free, and {} in {} takes {:.1} GB. Make room, or leave it out.",
                folder.display(),
                free * 1024.0 / 1e9,
                self.name,
                self.kind,
                self.gigabytes
            )),
            _ => Ok(()),
        }
    }
}

/// What `df -Pk` tells of the one file system.
fn free_kilobytes(told: &str) -> Option<f64> {
    told.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn room_is_read_from_df() {
        let told = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 263000000 45000000 51000000 47% /\n";
        assert_eq!(super::free_kilobytes(told), Some(51_000_000.0));
        assert_eq!(super::free_kilobytes("df: no such file"), None);
    }
}
