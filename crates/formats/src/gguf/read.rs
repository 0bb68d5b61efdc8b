//! Reads a header forward, never past the end of the file and never more than it can hold.

use super::{Array, Metadata, Tensor, Value};
use crate::ggml;
use crate::line::one_line;
use protocol::{AppError, failure};
use std::io::{BufReader, Read};
use std::path::Path;

/// Most bytes of a header. The largest known, with 262,144 tokens and merges, has 16 MB.
const MOST_HEADER: u64 = 256 << 20;
/// Longest key or tensor name in bytes; the format allows 65,535 and 64.
const LONGEST_NAME: u64 = 65_535;
/// Most keys; the most known are some dozens.
const MOST_KEYS: u64 = 65_536;
/// Most tensors; the most known are some thousands.
pub(crate) const MOST_TENSORS: u64 = 1_000_000;
/// Most texts and arrays that all arrays together hold: each costs more memory than it has bytes
/// in the file. The most known are 262,144 tokens and twice as many merges.
const MOST_ELEMENTS: u64 = 4_000_000;
/// Deepest array in arrays.
const DEEPEST: u32 = 4;
/// Most dimensions of a tensor.
const MOST_DIMENSIONS: u32 = 4;

pub(super) struct Reader<'a, R> {
    input: BufReader<R>,
    path: &'a Path,
    at: u64,
    end: u64,
    /// Texts and arrays in arrays that may still come.
    elements: u64,
}

impl<'a, R: Read> Reader<'a, R> {
    /// `at` is where `input` stands in the file, `end` the file's length, both in bytes.
    pub fn new(input: R, path: &'a Path, at: u64, end: u64) -> Self {
        let input = BufReader::with_capacity(1 << 18, input);
        Reader {
            input,
            path,
            at,
            end,
            elements: MOST_ELEMENTS,
        }
    }

    /// Bytes from the start of the file.
    pub fn position(&self) -> u64 {
        self.at
    }

    fn damaged(&self, what: impl Into<protocol::Arg>) -> AppError {
        failure::model_damaged(self.path, what)
    }

    /// The file must have `bytes` more. What a whole file could have is missing from a cut one;
    /// what none could have is damage, named by `what`.
    fn need(&self, bytes: u64, what: &str) -> Result<(), AppError> {
        let needed = self.at.checked_add(bytes).filter(|end| *end <= MOST_HEADER);
        match needed {
            None => Err(self.damaged(one_line(what))),
            Some(needed) if needed > self.end => {
                Err(failure::model_truncated(self.path, self.end, needed))
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether `count` things of at least `least` bytes each can still come.
    fn check_count(&self, count: u64, least: u64, what: &str) -> Result<(), AppError> {
        match count.checked_mul(least) {
            Some(bytes) => self.need(bytes, what),
            None => Err(self.damaged(one_line(what))),
        }
    }

    /// Whether a header can have so many keys and tensors.
    ///
    /// A key is at least a length, a type and a value of one byte; a tensor a length, a count of
    /// dimensions, one dimension, a type and an offset.
    pub fn check_counts(&self, keys: u64, tensors: u64) -> Result<(), AppError> {
        for (count, most, least, what) in [
            (keys, MOST_KEYS, 13, "the number of keys"),
            (tensors, MOST_TENSORS, 32, "the number of tensors"),
        ] {
            if count > most {
                return Err(self.damaged(what));
            }
            self.check_count(count, least, what)?;
        }
        Ok(())
    }

    /// Counts the texts or arrays of an array, before there is room made for them.
    fn take_elements(&mut self, count: u64, key: &str) -> Result<(), AppError> {
        let left = self.elements.checked_sub(count);
        self.elements = left.ok_or_else(|| self.damaged(one_line(key)))?;
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), AppError> {
        self.need(bytes.len() as u64, "the header")?;
        // The length was checked; what still fails is the disk, or a file cut meanwhile.
        self.input
            .read_exact(bytes)
            .map_err(|error| failure::file_not_readable(self.path).detail(error))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AppError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub fn u32(&mut self) -> Result<u32, AppError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, AppError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn text(&mut self, what: &str) -> Result<String, AppError> {
        let length = self.u64()?;
        self.need(length, what)?;
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| self.damaged(one_line(what)))
    }

    fn name(&mut self, what: &str) -> Result<String, AppError> {
        let length = self.u64()?;
        if length > LONGEST_NAME {
            return Err(self.damaged(what));
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| self.damaged(what))
    }

    /// Errors: `model-version`, `model-big-endian`.
    pub fn version(&mut self) -> Result<u32, AppError> {
        let version = self.u32()?;
        match version {
            2 | 3 => Ok(version),
            _ if matches!(version.swap_bytes(), 1..=3) => Err(failure::model_big_endian(self.path)),
            _ => Err(failure::model_version(self.path, version)),
        }
    }

    pub fn metadata(&mut self, count: u64) -> Result<Metadata, AppError> {
        let mut metadata = Metadata::default();
        for _ in 0..count {
            self.key(&mut metadata)?;
        }
        Ok(metadata)
    }

    /// The keys before the first that cannot be read, and whether these are all.
    pub fn first_keys(&mut self, count: u64) -> (Metadata, bool) {
        let mut metadata = Metadata::default();
        let read = (0..count.min(MOST_KEYS)).try_for_each(|_| self.key(&mut metadata));
        (metadata, read.is_ok())
    }

    fn key(&mut self, metadata: &mut Metadata) -> Result<(), AppError> {
        let key = self.name("the name of a key")?;
        let kind = self.u32()?;
        let value = self.value(kind, &key)?;
        match metadata.insert(key.clone(), value) {
            true => Ok(()),
            false => Err(self.damaged(format!("two keys named {}", one_line(&key)))),
        }
    }

    fn value(&mut self, kind: u32, key: &str) -> Result<Value, AppError> {
        Ok(match kind {
            0 => Value::Unsigned(u8::from_le_bytes(self.array()?).into()),
            1 => Value::Signed(i8::from_le_bytes(self.array()?).into()),
            2 => Value::Unsigned(u16::from_le_bytes(self.array()?).into()),
            3 => Value::Signed(i16::from_le_bytes(self.array()?).into()),
            4 => Value::Unsigned(self.u32()?.into()),
            5 => Value::Signed(i32::from_le_bytes(self.array()?).into()),
            6 => Value::Float(f32::from_le_bytes(self.array()?).into()),
            7 => Value::Bool(self.truth(key)?),
            8 => Value::Text(self.text(key)?),
            9 => Value::Array(self.values(key, 0)?),
            10 => Value::Unsigned(self.u64()?),
            11 => Value::Signed(i64::from_le_bytes(self.array()?)),
            12 => Value::Float(f64::from_le_bytes(self.array()?)),
            _ => return Err(self.damaged(format!("the type of {}", one_line(key)))),
        })
    }

    fn truth(&mut self, key: &str) -> Result<bool, AppError> {
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(self.damaged(one_line(key))),
        }
    }

    fn values(&mut self, key: &str, depth: u32) -> Result<Array, AppError> {
        let kind = self.u32()?;
        let count = self.u64()?;
        // An empty text is its length; an empty array its type and length.
        let least = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            9 => 12,
            _ => return Err(self.damaged(format!("the type of {}", one_line(key)))),
        };
        self.check_count(count, least, key)?;
        if matches!(kind, 8 | 9) {
            self.take_elements(count, key)?;
        }
        let count = count as usize;
        Ok(match kind {
            0 => Array::U8(self.numbers(count, u8::from_le_bytes)?),
            1 => Array::I8(self.numbers(count, i8::from_le_bytes)?),
            2 => Array::U16(self.numbers(count, u16::from_le_bytes)?),
            3 => Array::I16(self.numbers(count, i16::from_le_bytes)?),
            4 => Array::U32(self.numbers(count, u32::from_le_bytes)?),
            5 => Array::I32(self.numbers(count, i32::from_le_bytes)?),
            6 => Array::F32(self.numbers(count, f32::from_le_bytes)?),
            7 => Array::Bool(
                (0..count)
                    .map(|_| self.truth(key))
                    .collect::<Result<_, _>>()?,
            ),
            8 => {
                let mut texts = Vec::with_capacity(count);
                for _ in 0..count {
                    texts.push(self.text(key)?);
                }
                Array::Text(texts)
            }
            9 if depth + 1 >= DEEPEST => {
                return Err(self.damaged(format!("the depth of {}", one_line(key))));
            }
            9 => {
                let mut arrays = Vec::with_capacity(count);
                for _ in 0..count {
                    arrays.push(self.values(key, depth + 1)?);
                }
                Array::Arrays(arrays)
            }
            10 => Array::U64(self.numbers(count, u64::from_le_bytes)?),
            11 => Array::I64(self.numbers(count, i64::from_le_bytes)?),
            _ => Array::F64(self.numbers(count, f64::from_le_bytes)?),
        })
    }

    fn numbers<T, const N: usize>(
        &mut self,
        count: usize,
        from: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, AppError> {
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            numbers.push(from(self.array()?));
        }
        Ok(numbers)
    }

    /// The tensors' descriptions. `offset` is still counted from the start of the data.
    pub fn tensors(&mut self, count: u64) -> Result<Vec<Tensor>, AppError> {
        let mut tensors = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let name = self.name("the name of a tensor")?;
            let dimensions = self.u32()?;
            if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
                return Err(self.damaged(format!("the dimensions of {}", one_line(&name))));
            }
            let mut shape = Vec::with_capacity(dimensions as usize);
            for _ in 0..dimensions {
                shape.push(self.u64()?);
            }
            let number = self.u32()?;
            let kind = ggml::Type::of(number)
                .ok_or_else(|| failure::unknown_type(one_line(&name), number.to_string()))?;
            let offset = self.u64()?;
            let bytes = shape
                .iter()
                .try_fold(1u64, |all, size| all.checked_mul(*size))
                .filter(|numbers| *numbers > 0 && shape[0].is_multiple_of(kind.block))
                .and_then(|numbers| kind.size(numbers))
                .ok_or_else(|| self.damaged(format!("the dimensions of {}", one_line(&name))))?;
            tensors.push(Tensor {
                name,
                shape,
                kind,
                offset,
                bytes,
            });
        }
        Ok(tensors)
    }
}
