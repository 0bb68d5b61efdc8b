//! The keys and values of one layer, in pages of 64 positions that sequences share.
//!
//! A fork and the store of what was read hold the same pages; who writes to a page that another
//! holds too gets a copy of its own first. In a page each head's part is
//!
//! - keys `[4][key_size][16]`: sixteen positions side by side, so that one load and one
//!   multiplication serve sixteen scores;
//! - values `[64][value_size]`, each row padded to a multiple of sixteen,
//!
//! one head after another, in the byte order of the processor.
#![allow(unsafe_code)] // bytes seen as numbers; why that is sound is said beside

mod lay;
mod layer;

pub use layer::LayerKv;

use crate::half;

/// Numbers that are computed side by side.
pub(crate) const LANES: usize = 16;

/// How keys and values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvKind {
    /// Half-floats, IEEE 754 binary16. Numbers beyond their range become the largest they have:
    /// an infinite key would make every later answer not a number, a large one hardly changes it.
    F16,
    /// As they were computed.
    F32,
}

/// What a page of a layer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KvShape {
    /// Heads of keys and values.
    pub kv_heads: usize,
    /// Numbers of a head's key.
    pub key_size: usize,
    /// Numbers of a head's value.
    pub value_size: usize,
    /// How they are stored.
    pub kind: KvKind,
}

impl KvShape {
    /// Bytes of a page: always a multiple of 64.
    pub fn page_bytes(&self) -> usize {
        let size = match self.kind {
            KvKind::F16 => size_of::<u16>(),
            KvKind::F32 => size_of::<f32>(),
        };
        let head = self.key_size.saturating_add(self.value_stride());
        let numbers = head.saturating_mul(Page::POSITIONS);
        numbers.saturating_mul(self.kv_heads).saturating_mul(size)
    }

    /// Numbers from one position's values to the next's.
    pub(crate) fn value_stride(&self) -> usize {
        self.value_size.div_ceil(LANES).saturating_mul(LANES)
    }

    /// Numbers of a head's keys in a page.
    fn keys(&self) -> usize {
        Page::POSITIONS * self.key_size
    }

    /// Numbers of a head's part of a page.
    fn head(&self) -> usize {
        self.keys() + Page::POSITIONS * self.value_stride()
    }
}

/// A line of the processor's cache: what pages are aligned to.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// The keys and values of 64 positions. What lies at positions that a sequence does not have
/// (yet, or any more) is of no account.
#[derive(Clone)]
pub struct Page {
    shape: KvShape,
    lines: Box<[Line]>,
}

/// Some numbers of a page.
#[derive(Clone, Copy)]
pub(crate) enum Numbers<'a> {
    F16(&'a [u16]),
    F32(&'a [f32]),
}

impl<'a> Numbers<'a> {
    /// All but so many at the front.
    pub(crate) fn from(self, first: usize) -> Numbers<'a> {
        match self {
            Numbers::F16(numbers) => Numbers::F16(&numbers[first..]),
            Numbers::F32(numbers) => Numbers::F32(&numbers[first..]),
        }
    }
}

impl Page {
    /// Positions of a page.
    pub const POSITIONS: usize = 64;

    /// All zero.
    fn new(shape: KvShape) -> Page {
        let lines = shape.page_bytes() / size_of::<Line>();
        Page {
            shape,
            lines: vec![Line([0; 64]); lines].into_boxed_slice(),
        }
    }

    /// The page whose [`bytes`](Page::bytes) these are; None where they are more or fewer than
    /// the shape's. Any bits will do: at worst they are wrong numbers.
    pub fn from_bytes(shape: KvShape, bytes: &[u8]) -> Option<Page> {
        if bytes.len() != shape.page_bytes() {
            return None;
        }
        let mut page = Page::new(shape);
        let (lines, _) = bytes.as_chunks();
        for (line, bytes) in page.lines.iter_mut().zip(lines) {
            *line = Line(*bytes);
        }
        Some(page)
    }

    /// What is stored, [`KvShape::page_bytes`] of it.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: lines are bytes without gaps (64 of them, aligned to 64), and any byte is one.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length::<u8>()) }
    }

    /// What it holds.
    pub fn shape(&self) -> KvShape {
        self.shape
    }

    /// The keys of a head: `[4][key_size][16]`.
    pub(crate) fn keys(&self, head: usize) -> Numbers<'_> {
        let from = head * self.shape.head();
        self.part(from, from + self.shape.keys())
    }

    /// The values of a head: `[64][value_stride]`.
    pub(crate) fn values(&self, head: usize) -> Numbers<'_> {
        let until = (head + 1) * self.shape.head();
        self.part(until - (self.shape.head() - self.shape.keys()), until)
    }

    fn part(&self, from: usize, until: usize) -> Numbers<'_> {
        match self.shape.kind {
            // SAFETY: see `length`; every u16 is made of any bits.
            KvKind::F16 => Numbers::F16(unsafe {
                &std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length::<u16>())
                    [from..until]
            }),
            // SAFETY: see `length`; every f32 is made of any bits.
            KvKind::F32 => Numbers::F32(unsafe {
                &std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length::<f32>())
                    [from..until]
            }),
        }
    }

    /// How many numbers of a type the lines hold, which are aligned for each of at most 64 bytes.
    fn length<T>(&self) -> usize {
        self.lines.len() * size_of::<Line>() / size_of::<T>()
    }

    /// Puts the keys (kv_heads * key_size) and values (kv_heads * value_size) of a position.
    fn put(&mut self, position: usize, keys: &[f32], values: &[f32]) {
        let shape = self.shape;
        match shape.kind {
            KvKind::F16 => {
                let length = self.length::<u16>();
                // SAFETY: see `length`; any bits make a u16, and those of a u16 make bytes.
                let numbers = unsafe {
                    std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast::<u16>(), length)
                };
                lay::lay(shape, numbers, position, keys, values, half::narrow);
            }
            KvKind::F32 => {
                let length = self.length::<f32>();
                // SAFETY: as above, for f32.
                let numbers = unsafe {
                    std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast::<f32>(), length)
                };
                let same = |from: &[f32], to: &mut [f32]| to.copy_from_slice(from);
                lay::lay(shape, numbers, position, keys, values, same);
            }
        }
    }
}
