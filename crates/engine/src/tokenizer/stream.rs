//! Ids to text while they come: whole characters only.

use super::Tokenizer;
use protocol::AppError;

/// Holds back the bytes of a character until it is whole.
#[derive(Debug, Default)]
pub struct Detokenizer {
    held: Vec<u8>,
}

impl Detokenizer {
    /// The text that `id` completes; may be empty. Bytes that can no more become a character
    /// come as U+FFFD.
    ///
    /// Errors: `token-out-of-range`.
    pub fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> Result<String, AppError> {
        self.held.extend_from_slice(&tokenizer.piece(id, false)?);
        Ok(self.whole())
    }

    fn whole(&mut self) -> String {
        let mut text = String::new();
        let mut rest = &self.held[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(whole) => {
                    text.push_str(whole);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (whole, after) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(whole));
                    match error.error_len() {
                        Some(bad) => {
                            text.push('\u{fffd}');
                            rest = &after[bad..];
                        }
                        None => {
                            rest = after;
                            break;
                        }
                    }
                }
            }
        }
        let keep = rest.len();
        self.held.drain(..self.held.len() - keep);
        text
    }

    /// What is left at the end: U+FFFD where a character stayed incomplete, else nothing.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(chunks: &[&[u8]], texts: &[&str], end: &str) {
        let mut detokenizer = Detokenizer::default();
        for (chunk, text) in chunks.iter().zip(texts) {
            detokenizer.held.extend_from_slice(chunk);
            assert_eq!(detokenizer.whole(), *text);
        }
        assert_eq!(detokenizer.finish(), end);
    }

    #[test]
    fn only_whole_characters_come_out() {
        check(&["日本".as_bytes()], &["日本"], "");
        check(&[&[0xe6, 0x97], &[0xa5, b'x']], &["", "日x"], "");
        check(&[&[0xf0, 0x9f], &[0x98]], &["", ""], "\u{fffd}");
        check(&[&[0xff, b'a'], &[0x80]], &["\u{fffd}a", "\u{fffd}"], "");
        check(&[&[0xe6, b'a']], &["\u{fffd}a"], "");
    }
}
