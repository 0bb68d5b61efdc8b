//! `cargo xtask soak`: the long form of the tests that kill, fill and cut; its few rounds are part of `cargo xtask test`.

use std::process::ExitCode;

use crate::{Outcome, shell, test};

/// Kills of each kind. The disks that fail take a fifth of it, because each round of theirs is a start of the window.
const ROUNDS: usize = 100;

/// Builds, then drives the real window through `--rounds N`, with the random moments of `--seed N`.
pub(crate) fn soak(arguments: &[String]) -> Outcome<ExitCode> {
    let (rounds, seed) = wished(arguments)?;
    test::set_up()?;
    shell::complete(&mut shell::cargo(test::BUILD), "Parley could not be built.")?;
    let mut command = test::on_a_display(shell::cargo(&[
        "test",
        "--workspace",
        "--test",
        "window",
        "--",
        "--include-ignored",
        "soak::",
    ]))?;
    command.env("PARLEY_SOAK_ROUNDS", rounds.to_string());
    if let Some(seed) = seed {
        command.env("PARLEY_SOAK_SEED", seed.to_string());
    }
    shell::say(&format!(
        "Killing, filling and cutting, {rounds} rounds: half an hour for each hundred, about"
    ));
    shell::complete(&mut command, "Something was lost, or could not be tried.")?;
    Ok(ExitCode::SUCCESS)
}

fn wished(arguments: &[String]) -> Outcome<(usize, Option<u64>)> {
    let (mut rounds, mut seed) = (ROUNDS, None);
    for pair in arguments.chunks(2) {
        let number = pair.get(1).and_then(|number| number.parse::<u64>().ok());
        match (pair[0].as_str(), number) {
            ("--rounds", Some(number)) if number > 0 => rounds = number as usize,
            ("--seed", Some(number)) => seed = Some(number),
            _ => {
                return Err(format!(
                    "'{}' was not understood: cargo xtask soak [--rounds N] [--seed N]",
                    pair.join(" ")
                ));
            }
        }
    }
    Ok((rounds, seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_and_seed_can_be_wished() {
        let check = |line: &str, expected: Option<(usize, Option<u64>)>| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(wished(&words).ok(), expected, "{line}");
        };
        check("", Some((ROUNDS, None)));
        check("--rounds 7", Some((7, None)));
        check("--seed 9 --rounds 7", Some((7, Some(9))));
        check("--rounds 0", None);
        check("--rounds", None);
        check("--rounds many", None);
        check("7", None);
    }
}
