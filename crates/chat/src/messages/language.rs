//! Which language a person reads.

use protocol::{Language, Settings};

/// The language set by the person, else the system's.
pub fn chosen(settings: &Settings) -> Language {
    settings.language.unwrap_or_else(system)
}

/// The language of the system: the environment's, as terminals have it, else the desktop's.
pub fn system() -> Language {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .or_else(sys_locale::get_locale)
        .map_or(Language::En, |tag| named(&tag))
}

/// The language that fits a tag of BCP 47 or POSIX best; English where none does.
pub fn named(tag: &str) -> Language {
    let tag = tag
        .split(['.', '@'])
        .next()
        .unwrap_or_default()
        .replace('_', "-")
        .to_ascii_lowercase();
    let mut parts = tag.split('-');
    if parts.next() != Some("zh") {
        return Language::En;
    }
    let parts: Vec<_> = parts.collect();
    // The script where it is said, else what is written in the place.
    if parts.contains(&"hans") {
        return Language::ZhHans;
    }
    let traditional = ["hant", "tw", "hk", "mo"];
    match parts.iter().any(|part| traditional.contains(part)) {
        true => Language::ZhHant,
        false => Language::ZhHans,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_find_their_language() {
        let check = |tag: &str, language: Language| assert_eq!(named(tag), language, "{tag}");
        check("en-GB", Language::En);
        check("C.UTF-8", Language::En);
        check("POSIX", Language::En);
        check("de_DE.UTF-8", Language::En);
        check("", Language::En);
        check("zh", Language::ZhHans);
        check("zh_CN.UTF-8", Language::ZhHans);
        check("zh-SG", Language::ZhHans);
        check("zh-Hans-HK", Language::ZhHans);
        check("zh_TW.Big5", Language::ZhHant);
        check("zh-HK", Language::ZhHant);
        check("zh-MO", Language::ZhHant);
        check("zh-Hant", Language::ZhHant);
        check("ZH-hant-CN", Language::ZhHant);
        check("zh_TW@stroke", Language::ZhHant);
    }
}
