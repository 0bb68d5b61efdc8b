//! How Python writes values: `str()` and `repr()`.

use super::meter::Meter;
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};
use regex::Regex;
use std::sync::LazyLock;

/// As `str(value)`: a text as it is, anything else as [`repr`].
pub(super) fn text(meter: &Meter, value: &Value) -> Result<String, Error> {
    let mut out = Written {
        text: String::new(),
        meter,
    };
    match value.as_str() {
        Some(text) => out.push(text)?,
        None if value.is_undefined() => {}
        None => out.repr(value)?,
    }
    Ok(out.text)
}

/// A number as Python writes it.
pub(super) fn number(value: &Value) -> String {
    match f64::try_from(value.clone()) {
        Ok(real) if !value.is_integer() => float(real),
        _ => value.to_string(),
    }
}

/// The shortest digits that tell the number, with an exponent where it is small or large.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if number != 0.0 && !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{number:?}"),
    }
}

/// A text under construction, paid for as it grows.
struct Written<'a> {
    text: String,
    meter: &'a Meter,
}

impl Written<'_> {
    fn push(&mut self, text: &str) -> Result<(), Error> {
        self.meter.charge(text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    fn repr(&mut self, value: &Value) -> Result<(), Error> {
        match value.kind() {
            ValueKind::String => self.quoted(value.as_str().unwrap_or_default()),
            ValueKind::Bool => self.push(if value.is_true() { "True" } else { "False" }),
            ValueKind::None => self.push("None"),
            ValueKind::Undefined => self.push("Undefined"),
            ValueKind::Number => self.push(&number(value)),
            ValueKind::Map => {
                self.push("{")?;
                for (index, key) in value.try_iter()?.enumerate() {
                    if index > 0 {
                        self.push(", ")?;
                    }
                    self.repr(&key)?;
                    self.push(": ")?;
                    self.repr(&value.get_item(&key)?)?;
                }
                self.push("}")
            }
            ValueKind::Seq => {
                self.push("[")?;
                for (index, item) in value.try_iter()?.enumerate() {
                    if index > 0 {
                        self.push(", ")?;
                    }
                    self.repr(&item)?;
                }
                self.push("]")
            }
            ValueKind::Iterable => self.push("<generator object>"),
            // A macro and the like. What it writes is as short as its name.
            _ => self.push(&value.to_string()),
        }
    }

    /// In single quotes, or in double ones where it has single ones and no double.
    fn quoted(&mut self, text: &str) -> Result<(), Error> {
        static HIDDEN: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^[\p{C}\p{Z}]$").ok());
        let quote = if text.contains('\'') && !text.contains('"') {
            "\""
        } else {
            "'"
        };
        self.push(quote)?;
        let mut letter = [0; 4];
        for character in text.chars() {
            let written = &*character.encode_utf8(&mut letter);
            match character {
                '\\' => self.push("\\\\")?,
                '\n' => self.push("\\n")?,
                '\r' => self.push("\\r")?,
                '\t' => self.push("\\t")?,
                ' ' => self.push(" ")?,
                _ if written == quote => {
                    self.push("\\")?;
                    self.push(quote)?;
                }
                _ if character.is_ascii_graphic() => self.push(written)?,
                _ if HIDDEN
                    .as_ref()
                    .is_some_and(|hidden| hidden.is_match(written)) =>
                {
                    let code = character as u32;
                    self.push(&match code {
                        0..0x100 => format!("\\x{code:02x}"),
                        0x100..0x1_0000 => format!("\\u{code:04x}"),
                        _ => format!("\\U{code:08x}"),
                    })?;
                }
                _ => self.push(written)?,
            }
        }
        self.push(quote)
    }
}

/// As markupsafe escapes a text.
pub(super) fn escaped(meter: &Meter, text: &str) -> Result<String, Error> {
    let mut out = Written {
        text: String::new(),
        meter,
    };
    let mut letter = [0; 4];
    for character in text.chars() {
        match character {
            '&' => out.push("&amp;")?,
            '<' => out.push("&lt;")?,
            '>' => out.push("&gt;")?,
            '"' => out.push("&#34;")?,
            '\'' => out.push("&#39;")?,
            _ => out.push(character.encode_utf8(&mut letter))?,
        }
    }
    Ok(out.text)
}

/// Python says that a type does not do.
pub(super) fn wrong(words: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_does() {
        let check = |value: Value, expected: &str| {
            assert_eq!(text(&Meter::default(), &value).unwrap(), expected);
        };
        check(Value::from(1e-7), "1e-07");
        check(Value::from(1.5e300), "1.5e+300");
        check(Value::from(1e16), "1e+16");
        check(Value::from(123456789012345680.0), "1.2345678901234568e+17");
        check(Value::from(0.0001), "0.0001");
        check(Value::from(-0.0), "-0.0");
        check(Value::from(21.0), "21.0");
        check(Value::from(f64::INFINITY), "inf");
        check(
            Value::from(vec!["it's", "\"a\" 'b'", "é\u{200b}\n\u{7f}", "\u{e0001}"]),
            r#"["it's", '"a" \'b\'', 'é\u200b\n\x7f', '\U000e0001']"#,
        );
    }
}
