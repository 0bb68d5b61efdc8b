//! The keys and values of one layer, in pages of 64 positions that sequences share.
//!
//! A fork and the store of what was read hold the same pages; who writes to a page that another
//! holds too gets a copy of its own first. In a page each head's part is
//!
//! - keys `[4][key_size][16]`: sixteen positions side by side, so that one load and one
//!   multiplication serve sixteen scores;
//! - values `[64][value_size]`, each row padded to a multiple of sixteen,
//!
//! one head after another, in the byte order of the processor. Behind quants lie their scales: of
//! keys `[4][key_size / 32][16]`, of values `[64][value_size / 32]`.
#![allow(unsafe_code)] // bytes seen as numbers; why that is sound is said beside

mod lay;
mod layer;
mod quants;

pub use layer::LayerKv;
pub(crate) use quants::BLOCK;

use crate::half;
use std::ops::Range;

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
    /// ggml's q8_0: 32 numbers of a head share a scale in a half-float, each is a whole number of
    /// 8 bits. Of heads whose sizes are no multiples of 32 there is none: see
    /// [`KvKind::of_sizes`].
    Q8_0,
}

impl KvKind {
    /// How heads of these sizes are stored where this kind is asked for: half-floats where they
    /// are not whole blocks of it.
    pub fn of_sizes(self, key_size: usize, value_size: usize) -> KvKind {
        let whole = key_size.is_multiple_of(BLOCK) && value_size.is_multiple_of(BLOCK);
        match self {
            KvKind::Q8_0 if !whole => KvKind::F16,
            kind => kind,
        }
    }

    /// Bytes of so many numbers, whole blocks of them.
    fn bytes(self, numbers: usize) -> usize {
        match self {
            KvKind::F16 => numbers.saturating_mul(size_of::<u16>()),
            KvKind::F32 => numbers.saturating_mul(size_of::<f32>()),
            KvKind::Q8_0 => numbers.saturating_add(numbers / BLOCK * size_of::<u16>()),
        }
    }
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
        self.head_bytes().saturating_mul(self.kv_heads)
    }

    /// Numbers from one position's values to the next's.
    pub(crate) fn value_stride(&self) -> usize {
        self.value_size.div_ceil(LANES).saturating_mul(LANES)
    }

    /// Numbers of a head's keys in a page.
    fn keys(&self) -> usize {
        Page::POSITIONS.saturating_mul(self.key_size)
    }

    /// Numbers of a head's values in a page, with what fills up their rows.
    fn values(&self) -> usize {
        Page::POSITIONS.saturating_mul(self.value_stride())
    }

    /// Bytes of a head's part of a page: its keys', then its values'.
    fn head_bytes(&self) -> usize {
        let keys = self.kind.bytes(self.keys());
        keys.saturating_add(self.kind.bytes(self.values()))
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
    /// Quants, then the bits of their scales.
    Q8(&'a [i8], &'a [u16]),
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
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), size_of_val(&*self.lines)) }
    }

    /// What it holds.
    pub fn shape(&self) -> KvShape {
        self.shape
    }

    /// The keys of a head: `[4][key_size][16]`.
    pub(crate) fn keys(&self, head: usize) -> Numbers<'_> {
        self.numbers(self.key_bytes(head), self.shape.keys())
    }

    /// The values of a head: `[64][value_stride]`.
    pub(crate) fn values(&self, head: usize) -> Numbers<'_> {
        self.numbers(self.value_bytes(head), self.shape.values())
    }

    /// What is stored of a head's keys.
    pub(crate) fn key_bytes(&self, head: usize) -> &[u8] {
        &self.bytes()[self.places(head).0]
    }

    /// What is stored of a head's values.
    pub(crate) fn value_bytes(&self, head: usize) -> &[u8] {
        &self.bytes()[self.places(head).1]
    }

    /// Where a head's keys and its values lie, in bytes.
    fn places(&self, head: usize) -> (Range<usize>, Range<usize>) {
        let from = head * self.shape.head_bytes();
        let middle = from + self.shape.kind.bytes(self.shape.keys());
        (from..middle, middle..from + self.shape.head_bytes())
    }

    /// `count` numbers, all that these bytes of the page hold.
    fn numbers<'a>(&self, bytes: &'a [u8], count: usize) -> Numbers<'a> {
        // SAFETY of all: every one of these is made of any bits. Where they are not aligned, which
        // does not happen (of each, sixty-four or a multiple of it lie together), none are found.
        match self.shape.kind {
            KvKind::F16 => Numbers::F16(unsafe { bytes.align_to().1 }),
            KvKind::F32 => Numbers::F32(unsafe { bytes.align_to().1 }),
            KvKind::Q8_0 => {
                let (quants, scales) = bytes.split_at(count);
                unsafe { Numbers::Q8(quants.align_to().1, scales.align_to().1) }
            }
        }
    }

    /// Puts the keys (kv_heads * key_size) and values (kv_heads * value_size) of a position.
    fn put(&mut self, position: usize, keys: &[f32], values: &[f32]) {
        let shape = self.shape;
        let bytes = size_of_val(&*self.lines);
        // SAFETY: as in `bytes`; whatever is written is made of bytes.
        let bytes =
            unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast::<u8>(), bytes) };
        let heads = bytes.chunks_exact_mut(shape.head_bytes());
        let keys = keys.chunks_exact(shape.key_size);
        let values = values.chunks_exact(shape.value_size);
        for (bytes, (keys, values)) in heads.zip(keys.zip(values)) {
            let (of_keys, of_values) = bytes.split_at_mut(shape.kind.bytes(shape.keys()));
            // SAFETY of all: as in `numbers`, and of any of these the bits make bytes.
            match shape.kind {
                KvKind::F16 => unsafe {
                    lay::keys(position, keys, of_keys.align_to_mut().1, half::narrow);
                    lay::values(
                        shape,
                        position,
                        values,
                        of_values.align_to_mut().1,
                        half::narrow,
                    );
                },
                KvKind::F32 => unsafe {
                    let same = |from: &[f32], to: &mut [f32]| to.copy_from_slice(from);
                    lay::keys(position, keys, of_keys.align_to_mut().1, same);
                    lay::values(shape, position, values, of_values.align_to_mut().1, same);
                },
                KvKind::Q8_0 => {
                    let (quants, scales) = of_keys.split_at_mut(shape.keys());
                    let scales = unsafe { scales.align_to_mut().1 };
                    quants::keys(position, keys, unsafe { quants.align_to_mut().1 }, scales);
                    let (quants, scales) = of_values.split_at_mut(shape.values());
                    let scales = unsafe { scales.align_to_mut().1 };
                    quants::values(position, values, unsafe { quants.align_to_mut().1 }, scales);
                }
            }
        }
    }
}
