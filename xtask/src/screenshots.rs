//! `cargo xtask screenshots`: the README's picture, of the real window with a real answer in it.

use std::fs;
use std::process::ExitCode;

use crate::{Outcome, place, shell, test};

/// The picture that the window's tests take for the README.
const TAKEN: &str = "screens/conversation.png";
/// Above this a picture is a burden on every clone.
const LARGEST: u64 = 300_000;

/// Drives the real window and keeps one of the pictures.
pub(crate) fn take() -> Outcome<ExitCode> {
    test::set_up()?;
    shell::complete(&mut shell::cargo(test::BUILD), "Parley could not be built.")?;
    let arguments = [
        "test",
        "--workspace",
        "--test",
        "window",
        "--",
        "--include-ignored",
        "screens",
    ];
    shell::complete(
        &mut test::on_a_display(shell::cargo(&arguments))?,
        "The window could not be driven.",
    )?;
    let taken = place::target().join(TAKEN);
    let kept = place::root().join("docs/screenshot.png");
    let bytes = taken
        .metadata()
        .map_err(|error| format!("{} is not there: {error}.", taken.display()))?
        .len();
    if bytes > LARGEST {
        return Err(format!(
            "{} has {bytes} bytes: more than {LARGEST}.",
            taken.display()
        ));
    }
    let copied =
        fs::create_dir_all(place::root().join("docs")).and_then(|()| fs::copy(&taken, &kept));
    copied.map_err(|error| format!("{} could not be written: {error}.", kept.display()))?;
    println!("{}", kept.display());
    Ok(ExitCode::SUCCESS)
}
