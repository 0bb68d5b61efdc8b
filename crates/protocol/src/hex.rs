//! Bytes in JSON: two lowercase hexadecimal digits each.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes the bytes as a text.
pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let digits = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]));
    serializer.serialize_str(&digits.collect::<String>())
}

/// Reads what [`serialize`] wrote. Errors: an odd number of digits, and what is none.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(json)?;
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes
        .filter(|_| rest.is_empty())
        .ok_or_else(|| D::Error::custom("not pairs of hexadecimal digits"))
}

fn digit(letter: u8) -> Option<u8> {
    let place = DIGITS.iter().position(|digit| *digit == letter)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use crate::WorkerEvent;

    #[test]
    fn bytes_come_back_and_other_words_do_not() {
        let event = WorkerEvent::Bytes {
            bytes: (0..=255).collect(),
        };
        let json = serde_json::to_string(&event).unwrap_or_default();
        assert!(
            json.contains("\"00010203") && json.contains("fdfeff\""),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<WorkerEvent>(&json).ok(), Some(event));
        for wrong in ["0", "0g", "FF", "é"] {
            let json = format!(r#"{{"event":"bytes","bytes":"{wrong}"}}"#);
            assert!(
                serde_json::from_str::<WorkerEvent>(&json).is_err(),
                "{wrong}"
            );
        }
    }
}
