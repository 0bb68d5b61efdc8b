//! The manual page of `parley`, from the program's own help, so that the two say the same.

use std::path::Path;

use crate::{Outcome, shell};

/// The page, in troff.
pub(super) fn of_the_command_line(program: &Path) -> Outcome<String> {
    let help = help(program, &[])?;
    let mut page = String::from(
        ".TH PARLEY 1\n.SH NAME\nparley \\- talk with open language models on the command line\n.SH SYNOPSIS\n.B parley\n\
         .I command\n.RI [ options ]\n.SH DESCRIPTION\n\
         The window's models and conversations, without the window.\n",
    );
    page += &verbatim(&help);
    for command in commands(&help) {
        page += &format!(
            ".SH {}\n",
            quoted(&format!("parley {command}").to_uppercase())
        );
        page += &verbatim(&self::help(program, &[command])?);
    }
    page += ".SH SEE ALSO\n.BR parley\\-desktop (1)\n";
    Ok(page)
}

/// What the program says of itself or of one of its commands, in English.
fn help(program: &Path, command: &[&str]) -> Outcome<String> {
    let mut asked = shell::command(program, command);
    asked.args(["--language", "en", "--help"]);
    shell::output(&mut asked)
        .ok_or_else(|| format!("{} does not tell its help.", program.display()))
}

/// The commands that the help lists: the first words of the lines after `Commands:`.
fn commands(help: &str) -> Vec<&str> {
    let after = help.lines().skip_while(|line| line.trim() != "Commands:");
    let listed = after.skip(1).take_while(|line| line.starts_with("  "));
    let names = listed.filter(|line| !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

/// The text as it stands, line by line.
fn verbatim(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        // A dot or an apostrophe at the beginning would be a command.
        match line.starts_with(['.', '\'']) {
            true => format!("\\&{line}\n"),
            false => format!("{line}\n"),
        }
    });
    format!(".EX\n{}.EE\n", lines.collect::<String>())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('-', "\\-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_read_from_the_help() {
        let help = "About.\n\nUsage: parley <COMMAND>\n\nCommands:\n  chat  Talk\n          on a second line\n  list  Models\n\nOptions:\n  -h  Help\n";
        assert_eq!(commands(help), ["chat", "list"]);
    }

    #[test]
    fn help_is_not_taken_for_commands_of_troff() {
        assert_eq!(verbatim(".a\\b --c\n"), ".EX\n\\&.a\\eb \\-\\-c\n.EE\n");
    }
}
