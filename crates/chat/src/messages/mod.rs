//! What Parley says to people: one Fluent catalogue a language, compiled in.
//!
//! `errors.ftl` has a message for every failure: its value says what happened, its attribute
//! `.more` the cause, what is safe and what to do. The window shows the two apart, a terminal
//! one after the other. `cli.ftl` is what the command line says. `window.ftl` is the page's, and
//! here for what the shell says in its name (the title of the file dialog); its keys come last.

mod figures;
mod language;

pub use figures::size;
pub use language::{chosen, named, system};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use protocol::{AppError, Arg, Language};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

type Bundle = FluentBundle<FluentResource>;

/// The catalogues compiled in, by language.
fn sources(language: Language) -> [&'static str; 3] {
    macro_rules! catalogues {
        ($tag:literal) => {
            [
                include_str!(concat!("../../../../assets/messages/", $tag, "/window.ftl")),
                include_str!(concat!("../../../../assets/messages/", $tag, "/errors.ftl")),
                include_str!(concat!("../../../../assets/messages/", $tag, "/cli.ftl")),
            ]
        };
    }
    match language {
        Language::En => catalogues!("en"),
        Language::ZhHans => catalogues!("zh-Hans"),
        Language::ZhHant => catalogues!("zh-Hant"),
    }
}

/// What can be read of a catalogue is used; the tests hold every catalogue to being whole.
fn bundle(language: Language) -> Bundle {
    let locale: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // The marks that keep right-to-left arguments apart are shown as boxes by many terminals.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(figures::number(number.value)),
        _ => None,
    }));
    for source in sources(language) {
        let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(source.to_owned());
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn of(language: Language) -> &'static Bundle {
    static BUNDLES: LazyLock<[Bundle; 3]> = LazyLock::new(|| Language::ALL.map(bundle));
    let [en, hans, hant] = &*BUNDLES;
    match language {
        Language::En => en,
        Language::ZhHans => hans,
        Language::ZhHant => hant,
    }
}

/// A failure as people read it in a terminal: what happened, then the cause and what to do.
pub fn sentence(error: &AppError, language: Language) -> String {
    let args: Vec<_> = error
        .args
        .iter()
        .map(|(name, arg)| (name.as_str(), arg.clone()))
        .collect();
    let (what, more) = match look_up(language, &error.key, &args) {
        Some(found) => found,
        // Told by a newer Parley through a shared history.
        None => look_up(language, "internal", &[]).unwrap_or_default(),
    };
    let joint = if language == Language::En { " " } else { "" };
    match more {
        Some(more) => format!("{what}{joint}{more}"),
        None => what,
    }
}

/// The message `key`, with its arguments. A key that no catalogue has comes back as it is.
pub fn text(language: Language, key: &str, args: &[(&str, Arg)]) -> String {
    look_up(language, key, args).map_or_else(|| key.to_owned(), |(value, _)| value)
}

/// Value and attribute `more` of a message, by the language's catalogue or else English.
fn look_up(
    language: Language,
    key: &str,
    args: &[(&str, Arg)],
) -> Option<(String, Option<String>)> {
    let bundles = [of(language), of(Language::En)];
    let (bundle, message) = bundles
        .iter()
        .find_map(|bundle| Some((bundle, bundle.get_message(key)?)))?;
    let mut given = FluentArgs::new();
    for (name, arg) in args {
        match arg {
            Arg::Text(text) => given.set(*name, text.as_str()),
            Arg::Number(number) if name.ends_with("bytes") => given.set(*name, size(*number)),
            Arg::Number(number) => given.set(*name, *number),
        }
    }
    let mut errors = Vec::new();
    let mut format = |pattern| {
        bundle
            .format_pattern(pattern, Some(&given), &mut errors)
            .into_owned()
    };
    let value = format(message.value()?);
    let more = message
        .get_attribute("more")
        .map(|attribute| format(attribute.value()));
    Some((value, more))
}

#[cfg(test)]
mod tests;
