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
    let text = without_header(text).trim();
    (!text.is_empty()).then(|| text.replace("\r\n", "\n").replace('\0', ""))
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
