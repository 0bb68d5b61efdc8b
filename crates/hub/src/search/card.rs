//! A model card without its header.

/// Most bytes of a card.
pub(super) const LIMIT: usize = 256 << 10;
/// Most lines of a header.
const HEADER_LINES: usize = 20_000;

/// The text of a card, which may have been cut in the middle of a character: without the YAML
/// between the lines `---` that it may begin with. None where nothing is left.
pub(super) fn card(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LIMIT)]);
    let text = text
        .trim_start_matches('\u{feff}')
        .trim_end_matches('\u{fffd}');
    let text = without_header(text).replace("\r\n", "\n");
    let text = text.replace(is_unseen, "").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// What is never seen but changes what is: controls, and marks that turn the direction of the words
/// after them, by which an address could be shown backwards. Scripts that run to the left need none.
fn is_unseen(c: char) -> bool {
    let of_lines = matches!(c, '\n' | '\t' | '\r');
    (c.is_control() && !of_lines) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn without_header(text: &str) -> &str {
    let mut lines = text.split_inclusive('\n');
    let mut read = match lines.next() {
        Some(first) if first.trim_end() == "---" => first.len(),
        _ => return text,
    };
    for line in lines.take(HEADER_LINES) {
        read += line.len();
        if line.trim_end() == "---" {
            return &text[read..];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_begins_after_its_header() {
        let check = |text: &str, shown: Option<&str>| {
            assert_eq!(card(text.as_bytes()).as_deref(), shown, "{text:?}");
        };
        check(
            "---\nlicense: mit\n---\n# Model\n\ntext\n",
            Some("# Model\n\ntext"),
        );
        check("---\r\na: b\r\n---\r\nx\r\ny", Some("x\ny"));
        check("\u{feff}---\na: b\n---\nx", Some("x"));
        check("# Model\n---\nx", Some("# Model\n---\nx"));
        check("---\nno end", Some("---\nno end"));
        check("---\na: b\n---\n", None);
        check("", None);
        check("a\u{1b}[31mb\u{85}c\td", Some("a[31mbc\td"));
        check(
            "[\u{202e}moc.live\u{202c}](https://\u{2066}good.invalid\u{2069})",
            Some("[moc.live](https://good.invalid)"),
        );
        check("\u{202e}\0", None);
        check("שלום עולם\u{200f}!", Some("שלום עולם\u{200f}!"));
        check(
            "a\0b<script>alert(1)</script>",
            Some("ab<script>alert(1)</script>"),
        );
    }

    #[test]
    fn a_long_card_is_cut() {
        let long = "文".repeat(200_000);
        let shown = card(long.as_bytes()).unwrap_or_default();
        assert!(shown.len() <= LIMIT && shown.len() > LIMIT - 3);
        assert!(shown.chars().all(|c| c == '文'));
    }
}
