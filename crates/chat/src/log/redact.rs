//! What has no place in a log or a report: who the person is, and what opens doors.

use regex::{Regex, escape};
use std::{borrow::Cow, sync::LazyLock};

/// Each pattern of a secret, and what stands in its place.
const SECRETS: &[(&str, &str)] = &[
    // User and password of an address.
    (r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]+@", "${1}…@"),
    // Tokens by how they begin: Hugging Face, OpenAI and its likes, GitHub, GitLab, Slack, AWS.
    (
        r"\b(hf|ghp|gho|ghs|ghu|github_pat|glpat|xox[a-z])[_-][A-Za-z0-9_-]{6,}",
        "${1}_…",
    ),
    (r"\bsk-[A-Za-z0-9_-]{6,}", "sk-…"),
    (r"\bAKIA[A-Z0-9]{12,}", "AKIA…"),
    (r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_.-]+", "eyJ…"),
    // What is named as one.
    (
        r"(?i)\b(bearer|authorization:\s*basic)\s+[A-Za-z0-9._~+/=-]{4,}",
        "${1} …",
    ),
    (
        r#"(?i)\b([a-z0-9_-]*(?:token|secret|passw(?:or)?d|api[_-]?key))(["']?\s*[=:]\s*["']?)[^\s"'&,;]{3,}"#,
        "${1}${2}…",
    ),
];

static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let compiled = SECRETS
        .iter()
        .map(|(pattern, said)| Regex::new(pattern).map(|pattern| (pattern, *said)));
    compiled.filter_map(Result::ok).collect()
});

/// Whose names are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redaction {
    names: Vec<(Regex, &'static str)>,
}

impl Redaction {
    /// Leaves out who uses this program, on which machine.
    pub(crate) fn of_this_person() -> Redaction {
        let set = |name: &str| std::env::var(name).ok();
        let user = set("USER")
            .or_else(|| set("LOGNAME"))
            .or_else(|| set("USERNAME"));
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
            .ok()
            .or_else(|| set("HOSTNAME"))
            .or_else(|| set("COMPUTERNAME"));
        let home = set("HOME").or_else(|| set("USERPROFILE"));
        Redaction::of(home.as_deref(), user.as_deref(), host.as_deref())
    }

    /// Leaves out these; a name of a single character is no name.
    pub(crate) fn of(home: Option<&str>, user: Option<&str>, host: Option<&str>) -> Redaction {
        let mut names = Vec::new();
        let home = home.map(|home| home.trim_end_matches(['/', '\\']));
        for (name, said) in [(home, "~"), (user, "USER"), (host, "HOST")] {
            let Some(name) = name.map(str::trim).filter(|name| name.chars().count() > 1) else {
                continue;
            };
            // Whole words: what only begins with the name is something else.
            let pattern = format!(r"(^|[^\w]){}($|[^\w])", escape(name));
            names.extend(Regex::new(&pattern).ok().map(|pattern| (pattern, said)));
        }
        Redaction { names }
    }

    /// The text without them.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for (pattern, said) in PATTERNS.iter() {
            if let Cow::Owned(changed) = pattern.replace_all(&text, *said) {
                text = Cow::Owned(changed);
            }
        }
        for (pattern, said) in &self.names {
            let put = format!("${{1}}{said}${{2}}");
            // Twice: where one separator stands between two, the first time sees only one of them.
            for _ in 0..2 {
                if let Cow::Owned(changed) = pattern.replace_all(&text, put.as_str()) {
                    text = Cow::Owned(changed);
                }
            }
        }
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_read() {
        assert_eq!(PATTERNS.len(), SECRETS.len());
    }

    #[test]
    fn names_and_secrets_are_left_out() {
        let redaction = Redaction::of(Some("/home/mei"), Some("mei"), Some("tower\n"));
        let check = |text: &str, said: &str| assert_eq!(redaction.apply(text), said, "{text}");
        check("path=/home/mei/models/a.gguf", "path=~/models/a.gguf");
        check("\"/home/mei\"", "\"~\"");
        check("/home/mei:/home/mei", "~:~");
        check("/home/meiling/a", "/home/meiling/a");
        check("/media/mei/stick/a.gguf", "/media/USER/stick/a.gguf");
        check("mei mei, meiosis", "USER USER, meiosis");
        check("on tower: worker", "on HOST: worker");
        check("hf_AbCdEfGhIjKl", "hf_…");
        check("key sk-proj-12345678abc.", "key sk-….");
        check("ghp_0123456789abcdef", "ghp_…");
        check(
            "Authorization: Bearer abc.def-123",
            "Authorization: Bearer …",
        );
        check(
            "https://mei:secret@example.org/x",
            "https://…@example.org/x",
        );
        check(
            "https://example.org/?token=abcdef&x=1",
            "https://example.org/?token=…&x=1",
        );
        check("HF_TOKEN=abc", "HF_TOKEN=…");
        check("{\"api_key\": \"abc\"}", "{\"api_key\": \"…\"}");
        check("eyJhbGciOi.eyJzdWIi.c2ln", "eyJ…");
        // And nothing else.
        for text in [
            "model=SmolLM2 bytes=98362432 tokens=12",
            "sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            "https://example.org/a@b",
            "a token: 5 of 7 tokens, a basic idea",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_person_without_names_has_none_left_out() {
        let redaction = Redaction::of(None, Some("a"), Some(""));
        assert_eq!(redaction.apply("a b /c"), "a b /c");
    }
}
