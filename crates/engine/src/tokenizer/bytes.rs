//! The printable letters that byte-level vocabularies write for bytes, as GPT-2 set them down:
//! printable Latin-1 bytes stand for themselves, the rest are U+0100 and up, in order.

use std::sync::LazyLock;

/// The letter of each byte.
pub(super) static LETTERS: LazyLock<[char; 256]> = LazyLock::new(|| {
    let mut next = 0x100u32;
    std::array::from_fn(|byte| match byte as u8 {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => byte as u8 as char,
        _ => {
            let letter = char::from_u32(next).unwrap_or('\u{100}');
            next += 1;
            letter
        }
    })
});

/// The byte of a letter.
fn byte(letter: char) -> Option<u8> {
    let number = letter as u32;
    match number {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => Some(number as u8),
        0x100..=0x120 => Some((number - 0x100) as u8),
        0x121..=0x142 => Some((number - 0x121 + 0x7f) as u8),
        0x143 => Some(0xad),
        _ => None,
    }
}

/// The bytes of a token's text. Letters that stand for no byte stand for themselves.
pub(super) fn to_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match byte(letter) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_own_letter() {
        for value in 0..=255u8 {
            assert_eq!(byte(LETTERS[value as usize]), Some(value));
        }
        assert_eq!(LETTERS[b' ' as usize], 'Ġ');
        assert_eq!(LETTERS[b'\n' as usize], 'Ċ');
    }
}
