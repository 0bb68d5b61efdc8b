//! `cargo xtask release`: the mechanical part of a release; what a person decides is in `docs/release.md`.

use std::fs;
use std::process::ExitCode;

use crate::{Outcome, models, package, place, shell, test};

/// Where the hashes of what is released are written, beside it.
const SUMS: &str = "SHA256SUMS";

/// Checks that the tree is what is committed, runs every test, makes the packages, installs and removes one, and writes the
/// hashes. Publishes nothing.
pub(crate) fn release() -> Outcome<ExitCode> {
    clean()?;
    let version = env!("CARGO_PKG_VERSION");
    shell::say(&format!("Releasing {version}: every test first"));
    if test::test()? != ExitCode::SUCCESS {
        return Err("A test fails: nothing is released.".to_owned());
    }
    let packages = package::make()?;
    package::check(&packages)?;
    clean()?;
    let folder = place::target().join("packages");
    let mut sums = String::new();
    for path in [&packages.deb, &packages.rpm] {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (_, hash) = models::sha256(path)
            .map_err(|error| format!("{} could not be read: {error}.", path.display()))?;
        sums += &format!("{hash}  {name}\n");
    }
    let written = folder.join(SUMS);
    fs::write(&written, &sums)
        .map_err(|error| format!("{} could not be written: {error}.", written.display()))?;
    print!("\n{sums}");
    println!(
        "Parley {version} lies in {}. What a person does next: docs/release.md.",
        folder.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// What is released is what is committed, or nobody can make it again.
fn clean() -> Outcome {
    let status = shell::output(&mut shell::command("git", &["status", "--porcelain"]))
        .ok_or("git cannot tell whether everything is committed.")?;
    match status.trim() {
        "" => Ok(()),
        changed => Err(format!("This is not committed:\n{changed}")),
    }
}
