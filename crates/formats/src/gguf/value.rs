//! The values of a header's keys.

use std::collections::HashMap;

/// The keys and values of a header, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    entries: Vec<(String, Value)>,
    by_key: HashMap<String, usize>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of 8 to 64 bits.
    Unsigned(u64),
    /// Of 8 to 64 bits.
    Signed(i64),
    /// Of 32 or 64 bits.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// UTF-8.
    Text(String),
    /// Values of one type.
    Array(Array),
}

/// An array, as narrow as the file has it.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is named by what it holds")]
pub enum Array {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F64(Vec<f64>),
    Bool(Vec<bool>),
    Text(Vec<String>),
    Arrays(Vec<Array>),
}

impl Array {
    /// How many values it has.
    pub fn len(&self) -> usize {
        match self {
            Array::U8(values) => values.len(),
            Array::I8(values) => values.len(),
            Array::U16(values) => values.len(),
            Array::I16(values) => values.len(),
            Array::U32(values) => values.len(),
            Array::I32(values) => values.len(),
            Array::F32(values) => values.len(),
            Array::U64(values) => values.len(),
            Array::I64(values) => values.len(),
            Array::F64(values) => values.len(),
            Array::Bool(values) => values.len(),
            Array::Text(values) => values.len(),
            Array::Arrays(values) => values.len(),
        }
    }

    /// True where it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Value {
    /// A whole number that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Unsigned(number) => Some(*number),
            Value::Signed(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// Any number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(number) => Some(*number),
            Value::Unsigned(number) => Some(*number as f64),
            Value::Signed(number) => Some(*number as f64),
            _ => None,
        }
    }
}

impl Metadata {
    /// Adds a key; false where it is there already.
    pub(crate) fn insert(&mut self, key: String, value: Value) -> bool {
        let fresh = self
            .by_key
            .insert(key.clone(), self.entries.len())
            .is_none();
        self.entries.push((key, value));
        fresh
    }

    /// Every key and value, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries
            .iter()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.by_key.get(key).map(|index| &self.entries[*index].1)
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number of a key.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_u64()
    }

    /// The truth of a key.
    pub fn truth(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The texts of a key.
    pub fn texts(&self, key: &str) -> Option<&[String]> {
        match self.get(key)? {
            Value::Array(Array::Text(texts)) => Some(texts),
            _ => None,
        }
    }

    /// The 32-bit numbers of a key.
    pub fn floats(&self, key: &str) -> Option<&[f32]> {
        match self.get(key)? {
            Value::Array(Array::F32(floats)) => Some(floats),
            _ => None,
        }
    }

    /// The 32-bit whole numbers of a key.
    pub fn integers(&self, key: &str) -> Option<&[i32]> {
        match self.get(key)? {
            Value::Array(Array::I32(integers)) => Some(integers),
            _ => None,
        }
    }
}
