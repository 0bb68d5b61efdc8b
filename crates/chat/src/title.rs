//! The title of a conversation that nobody named: the first words said.

use unicode_segmentation::UnicodeSegmentation;

const MOST_WORDS: usize = 6;
const MOST_CHARACTERS: usize = 40;

/// The first words of `text` on one line: at most six of them and at most forty characters as
/// people see them, never half of one.
pub(crate) fn of(text: &str) -> String {
    let mut words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty());
    let line = words
        .by_ref()
        .take(MOST_WORDS)
        .collect::<Vec<_>>()
        .join(" ");
    let mut cut = words.next().is_some();
    let mut title = String::new();
    for (number, character) in line.graphemes(true).enumerate() {
        if number == MOST_CHARACTERS {
            cut = true;
            break;
        }
        title.push_str(character);
    }
    if cut {
        title.truncate(
            title
                .trim_end_matches([' ', ',', '.', '，', '。', '、'])
                .len(),
        );
        title.push('…');
    }
    title
}

/// What a person calls a conversation, on one line; at most 200 characters.
pub(crate) fn line(text: &str) -> String {
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty());
    words
        .collect::<Vec<_>>()
        .join(" ")
        .graphemes(true)
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn first_words_whole_characters_one_line() {
        let check = |text: &str, title: &str| assert_eq!(of(text), title, "{text:?}");
        check("Hello", "Hello");
        check(
            "  What is\n\n the\tcapital of France?  ",
            "What is the capital of France?",
        );
        check(
            "one two three four five six seven",
            "one two three four five six…",
        );
        check(
            "one two three four five six, seven",
            "one two three four five six…",
        );
        check(&"字".repeat(41), &format!("{}…", "字".repeat(40)));
        check(&"字".repeat(40), &"字".repeat(40));
        // A family of one face, a flag, a letter with marks: each is one character to people.
        check(&"👨‍👩‍👧‍👦".repeat(41), &format!("{}…", "👨‍👩‍👧‍👦".repeat(40)));
        check(&"🇹🇼".repeat(50), &format!("{}…", "🇹🇼".repeat(40)));
        check(
            &"e\u{301}".repeat(50),
            &format!("{}…", "e\u{301}".repeat(40)),
        );
        check("\u{0}a\u{7}b\u{1b}[31m", "a b [31m");
        check("", "");
        check(" \n", "");
    }
}
