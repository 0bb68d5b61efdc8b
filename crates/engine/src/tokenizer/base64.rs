//! Base64 of RFC 4648, as tokenizer files have it.

/// The bytes; None where the text is not base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, count) = (bits << 6 | u32::from(six), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    // One letter alone says no byte.
    (count != 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_come_back() {
        let check = |text: &str, bytes: Option<&[u8]>| {
            assert_eq!(super::decode(text).as_deref(), bytes, "{text}");
        };
        check("", Some(b""));
        check("Zg==", Some(b"f"));
        check("Zm9vYmE=", Some(b"fooba"));
        check("/+8", Some(&[0xff, 0xef]));
        check("Z", None);
        check("Zm 9", None);
    }
}
