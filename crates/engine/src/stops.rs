//! Stop strings: passages that end an answer and are no part of it, cut from text while it comes.

/// Looks for stop strings in a text that comes in pieces. What may be the beginning of one is held
/// back until it is known.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    strings: Vec<String>,
    held: String,
    reached: bool,
}

impl Stops {
    /// Looks for these; empty ones are none.
    pub fn new(strings: &[String]) -> Stops {
        let strings = strings.iter().filter(|string| !string.is_empty());
        Stops {
            strings: strings.cloned().collect(),
            ..Stops::default()
        }
    }

    /// What of the text so far can be told. After a stop string nothing comes any more.
    pub fn push(&mut self, text: &str) -> String {
        if self.reached {
            return String::new();
        }
        self.held.push_str(text);
        // The one that was complete first, however the text was cut; of two, the longer.
        let first = self.strings.iter().filter_map(|string| {
            let at = self.held.find(string)?;
            Some((at + string.len(), at))
        });
        if let Some((_, at)) = first.min() {
            self.reached = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let kept = self.kept();
        let told = self.held.len() - kept;
        let rest = self.held.split_off(told);
        std::mem::replace(&mut self.held, rest)
    }

    /// Whether a stop string has come.
    pub fn reached(&self) -> bool {
        self.reached
    }

    /// What was held back and is told after all, because nothing follows it.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Bytes at the end of what is held that may be the beginning of a stop string.
    fn kept(&self) -> usize {
        let beginning = |string: &String| {
            let ends = string.char_indices().map(|(at, _)| at).skip(1);
            ends.filter(|end| self.held.ends_with(&string[..*end]))
                .max()
        };
        self.strings.iter().filter_map(beginning).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However a text is cut, the same is told, and never a part of a stop string.
    #[track_caller]
    fn check(strings: &[&str], text: &str, expected: &str, reached: bool) {
        let strings: Vec<String> = strings.iter().map(|string| (*string).to_owned()).collect();
        let letters: Vec<char> = text.chars().collect();
        for size in 1..=letters.len().max(1) {
            let mut stops = Stops::new(&strings);
            let mut told = String::new();
            for piece in letters.chunks(size) {
                told += &stops.push(&piece.iter().collect::<String>());
                let mut whole = strings.iter().filter(|string| !string.is_empty());
                let shown = whole.any(|string| told.contains(string.as_str()));
                assert!(
                    !shown && expected.starts_with(&told),
                    "{text:?} by {size}: {told:?}"
                );
            }
            assert_eq!(stops.reached(), reached, "{text:?} by {size}");
            told += &stops.finish();
            assert_eq!(told, expected, "{text:?} by {size}");
        }
    }

    #[test]
    fn an_answer_ends_before_a_stop_string_however_it_comes() {
        let falcon = ["\n\nUser", "\nUser"];
        check(&falcon, "Yes.\n\nUser: And", "Yes.", true);
        check(&falcon, "Yes.\nUser: And\nUser", "Yes.", true);
        check(&falcon, "a\n\n\nUser", "a\n", true);
        check(&falcon, "No.\n\nUse it\n", "No.\n\nUse it\n", false);
        check(&falcon, "\n\nUse", "\n\nUse", false);
        check(&["aab"], "aaaab", "aa", true);
        check(&["### 指令："], "好\n### 指令", "好\n### 指令", false);
        check(&["### 指令：", "令"], "好\n### 指令：x", "好\n### 指", true);
        check(&["", "x"], "a\nUser", "a\nUser", false);
        check(&[], "anything", "anything", false);
    }
}
