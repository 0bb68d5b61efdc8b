//! The help, in the person's language: the command line's shape with words from the catalogue.

use crate::arguments::Arguments;
use chat::messages::text;
use clap::{Arg, ArgAction, Command, CommandFactory};
use protocol::Language;

/// The command line with all its words.
pub(crate) fn command(language: Language) -> Command {
    let say = |key: &str| text(language, key, &[]);
    let mut root = worded(Arguments::command(), "parley", language)
        .subcommand_help_heading(say("help-commands"))
        .subcommand_value_name(say("help-command"))
        .after_help(say("help-endings"))
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help(say("option-version"))
                .help_heading(say("help-options")),
        );
    let names: Vec<_> = root
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    for name in names {
        root = root.mut_subcommand(&name, |command| worded(command, &name, language));
    }
    root
}

fn worded(command: Command, name: &str, language: Language) -> Command {
    let say = |key: &str| text(language, key, &[]);
    let template = format!(
        "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
        say("help-usage")
    );
    let (arguments, options) = (say("help-arguments"), say("help-options"));
    command
        .about(say(&format!("about-{name}")))
        .help_template(template)
        .disable_help_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help(say("option-help"))
                .help_heading(options.clone()),
        )
        .mut_args(|argument| {
            let id = argument.get_id().as_str().to_owned();
            let heading = if argument.is_positional() {
                &arguments
            } else {
                &options
            };
            let argument = argument.help_heading(heading.clone());
            match id.as_str() {
                "help" | "version" => argument,
                "language" => argument.help(say("option-language")),
                _ => argument.help(say(&format!("option-{name}-{id}"))),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_words_in_every_language() {
        for language in Language::ALL {
            let root = command(language);
            root.clone().debug_assert();
            for command in std::iter::once(&root).chain(root.get_subcommands()) {
                // A key that no catalogue has comes back as it is.
                let about = command.get_about().unwrap().to_string();
                assert!(!about.starts_with("about-"), "{about}");
                for argument in command.get_arguments() {
                    let help = argument.get_help().unwrap().to_string();
                    assert!(!help.starts_with("option-"), "{help}");
                }
            }
        }
    }

    #[test]
    fn the_help_is_in_the_language_throughout() {
        for language in [Language::ZhHans, Language::ZhHant] {
            let mut root = command(language);
            for mut sub in root.clone().get_subcommands().cloned().collect::<Vec<_>>() {
                let said = sub.render_help().to_string();
                for english in ["Usage", "Options:", "Arguments:", "Print", "default"] {
                    assert!(!said.contains(english), "{said}");
                }
            }
            let said = root.render_help().to_string();
            assert!(
                !said.contains("Commands:") && !said.contains("Print"),
                "{said}"
            );
        }
    }
}
