//! What transformers adds to Jinja2: `raise_exception`, `strftime_now`, Python's `tojson`.

use super::meter::{Meter, Raised};
use super::written::{number, wrong};
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use time::OffsetDateTime;

/// Deepest value that is written as JSON.
const DEEPEST: usize = 64;

/// Transformers' own block marks what the model said; what is in it is rendered as it stands.
pub(super) fn without_generation(source: &str) -> Cow<'_, str> {
    static BLOCK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(\{%[-+]?\s*)(end)?generation(\s*[-+]?%\})").ok());
    match &*BLOCK {
        Some(block) => block.replace_all(source, |found: &Captures<'_>| {
            let word = if found.get(2).is_some() {
                "endif"
            } else {
                "if true"
            };
            format!("{}{word}{}", &found[1], &found[3])
        }),
        None => source.into(),
    }
}

/// Adds the functions.
pub(super) fn add_to(environment: &mut Environment<'_>, meter: &Arc<Meter>, now: OffsetDateTime) {
    // None is not iterable in Python.
    environment.add_test("iterable", |value: Value| {
        !value.is_none()
            && (value.is_undefined() || value.try_iter().is_ok() || value.as_str().is_some())
    });
    // Whatever has a length and takes a key, also what is not there.
    environment.add_test("sequence", |value: Value| {
        matches!(
            value.kind(),
            ValueKind::Seq | ValueKind::Map | ValueKind::String | ValueKind::Undefined
        )
    });
    // A truth is a number.
    environment.add_test("number", |value: Value| {
        matches!(value.kind(), ValueKind::Number | ValueKind::Bool)
    });
    let paid = meter.clone();
    environment.add_function("raise_exception", move |words: Value| {
        let words = paid.text(&words)?;
        Err::<Value, _>(
            Error::new(ErrorKind::InvalidOperation, words.clone()).with_source(Raised(words)),
        )
    });
    environment.add_function("strftime_now", move |format: &str| strftime(format, now));
    let paid = meter.clone();
    environment.add_filter("tojson", move |value: Value, options: Kwargs| {
        let indent: Option<usize> = options.get("indent")?;
        // json.dumps escapes what is not ASCII unless told not to; transformers tells it.
        let ascii: Option<bool> = options.get("ensure_ascii")?;
        let sorted: Option<bool> = options.get("sort_keys")?;
        let separators: Option<Vec<String>> = options.get("separators")?;
        options.assert_all_used()?;
        let (comma, colon) = match separators.as_deref() {
            None if indent.is_some() => (",", ": "),
            None => (", ", ": "),
            Some([comma, colon]) => (&**comma, &**colon),
            Some(_) => return Err(wrong("separators are two texts")),
        };
        let mut json = Json {
            text: String::new(),
            indent: indent.map(|width| width.min(32)),
            ascii: ascii.unwrap_or(false),
            sorted: sorted.unwrap_or(false),
            separators: (comma, colon),
            meter: &paid,
        };
        json.value(&value, 0)?;
        Ok::<_, Error>(json.text)
    });
}

/// Writes as Python's `json.dumps` does: `", "` and `": "` between, or a line for each item.
struct Json<'a> {
    text: String,
    indent: Option<usize>,
    ascii: bool,
    sorted: bool,
    /// Behind an item and behind a key.
    separators: (&'a str, &'a str),
    meter: &'a Meter,
}

impl Json<'_> {
    fn push(&mut self, text: &str) -> Result<(), Error> {
        self.meter.charge(text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    fn string(&mut self, text: &str) -> Result<(), Error> {
        self.push("\"")?;
        for letter in text.chars() {
            match letter {
                '"' => self.push("\\\"")?,
                '\\' => self.push("\\\\")?,
                '\n' => self.push("\\n")?,
                '\r' => self.push("\\r")?,
                '\t' => self.push("\\t")?,
                '\u{8}' => self.push("\\b")?,
                '\u{c}' => self.push("\\f")?,
                letter if (letter as u32) < 0x20 || (self.ascii && !letter.is_ascii()) => {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        self.push(&format!("\\u{unit:04x}"))?;
                    }
                }
                letter => self.push(letter.encode_utf8(&mut [0; 4]))?,
            }
        }
        self.push("\"")
    }

    /// What stands before an item: the comma after the one before, and the new line.
    fn before(&mut self, index: usize, depth: usize) -> Result<(), Error> {
        match (self.indent, index) {
            (None, 0) => Ok(()),
            (None, _) => self.push(self.separators.0),
            (Some(_), 0) => self.line(depth),
            (Some(_), _) => {
                self.push(self.separators.0)?;
                self.line(depth)
            }
        }
    }

    fn line(&mut self, depth: usize) -> Result<(), Error> {
        let Some(width) = self.indent else {
            return Ok(());
        };
        self.push("\n")?;
        self.push(&" ".repeat(width * depth))
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "a value is nested too deeply for JSON",
            ));
        }
        match value.kind() {
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Bool => self.push(if value.is_true() { "true" } else { "false" }),
            ValueKind::None => self.push("null"),
            ValueKind::Number => self.push(&number(value)),
            ValueKind::Map => {
                let mut keys: Vec<Value> = value.try_iter()?.collect();
                if self.sorted {
                    keys.sort();
                }
                self.push("{")?;
                for (index, key) in keys.iter().enumerate() {
                    self.before(index, depth + 1)?;
                    match key.as_str() {
                        Some(name) => self.string(name)?,
                        None if matches!(key.kind(), ValueKind::Seq | ValueKind::Undefined) => {
                            return Err(wrong("a key of JSON is a text"));
                        }
                        None => {
                            self.push("\"")?;
                            self.value(key, depth + 1)?;
                            self.push("\"")?;
                        }
                    }
                    self.push(self.separators.1)?;
                    self.value(&value.get_item(key)?, depth + 1)?;
                }
                if !keys.is_empty() {
                    self.line(depth)?;
                }
                self.push("}")
            }
            ValueKind::Seq => {
                self.push("[")?;
                let mut any = false;
                for (index, item) in value.try_iter()?.enumerate() {
                    any = true;
                    self.before(index, depth + 1)?;
                    self.value(&item, depth + 1)?;
                }
                if any {
                    self.line(depth)?;
                }
                self.push("]")
            }
            kind => Err(wrong(format!("a value of type {kind} cannot be JSON"))),
        }
    }
}

/// Python's `strftime` of the letters that templates use; others stay as they are.
fn strftime(format: &str, now: OffsetDateTime) -> String {
    let (month, day) = (now.month().to_string(), now.weekday().to_string());
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let hour12 = (now.hour() + 11) % 12 + 1;
    let mut text = String::new();
    let mut letters = format.chars().take(4096);
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('Y') => text += &now.year().to_string(),
            Some('y') => text += &format!("{:02}", now.year().rem_euclid(100)),
            Some('m') => text += &format!("{:02}", u8::from(now.month())),
            Some('d') => text += &format!("{:02}", now.day()),
            Some('j') => text += &format!("{:03}", now.ordinal()),
            Some('B') => text += &month,
            Some('b' | 'h') => text += &short(&month),
            Some('A') => text += &day,
            Some('a') => text += &short(&day),
            Some('H') => text += &format!("{:02}", now.hour()),
            Some('I') => text += &format!("{hour12:02}"),
            Some('M') => text += &format!("{:02}", now.minute()),
            Some('S') => text += &format!("{:02}", now.second()),
            Some('p') => text += if now.hour() < 12 { "AM" } else { "PM" },
            Some('%') => text.push('%'),
            Some(other) => {
                text.push('%');
                text.push(other);
            }
            None => text.push('%'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_python_does() {
        let then = OffsetDateTime::from_unix_timestamp(1_709_211_845).unwrap();
        let text = strftime("%d %b %Y, %A %I:%M:%S %p %j %% %Q", then);
        assert_eq!(text, "29 Feb 2024, Thursday 01:04:05 PM 060 % %Q");
    }
}
