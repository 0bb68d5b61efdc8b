//! What the weights are multiplied by: 16-bit quants for quantised weights, else as they are.
//!
//! As in ggml's Q8_0, each 32 columns share a scale, but a quant has 16 bits: 8 bits alone are too
//! coarse for small models. Of SmolLM2-135M they move logits by percents, and its answer to the
//! capital of France is no longer Paris. Processors that multiply bytes get a quant in two, an
//! upper and a lower one, and add up the same integers.

use crate::block::{BlockType, SPAN};
use crate::pool::{Disjoint, Pool};
use crate::probe::Level;

/// Columns that share one scale.
const BLOCK: usize = 32;
/// Blocks of a span.
pub(crate) const BLOCKS: usize = SPAN / BLOCK;
/// The largest quant: of its two bytes, both signed, the upper is then at most 127.
const MOST: f32 = 127.0 * 256.0;
/// Numbers of plain activations that are worth handing to a thread.
const AT_ONCE: usize = 1 << 13;

/// Rows of activations, made once and used by every matrix that is multiplied by them.
#[derive(Default)]
pub struct Activations {
    rows: usize,
    columns: usize,
    /// `(rows, columns)`, where weights are plain numbers.
    plain: Option<Vec<f32>>,
    /// `(spans, rows)`, where weights are quants; and the level that they are laid out for.
    quants: Option<(Level, Vec<Span>)>,
    /// Memory of the two while they are not in use.
    spare: (Vec<f32>, Vec<Span>),
}

/// How the quants of a span lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codes {
    /// As 16 bits, four columns in the order 0, 2, 1, 3.
    Words,
    /// As two planes of bytes, the upper and the lower of each quant.
    Planes,
    /// As bytes, the upper ones of eight columns and then their lower ones.
    Eights,
}

/// [`SPAN`] columns of one row; what the row does not have is zero.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Span {
    /// The quants, as [`Codes`] says.
    pub codes: [[i8; SPAN]; 2],
    /// What a quant is worth, for each block.
    pub scales: [f32; BLOCKS],
    /// Scale times the sum of the quants, for each block and each half of one.
    pub sums: [f32; BLOCKS],
    pub half_sums: [f32; 2 * BLOCKS],
    /// -128 times the sum of the quants: weights that are signed are stored with 128 more.
    pub shifts: [i32; BLOCKS],
    pub half_shifts: [i32; 2 * BLOCKS],
}

impl Span {
    pub(crate) const ZERO: Span = Span {
        codes: [[0; SPAN]; 2],
        scales: [0.0; BLOCKS],
        sums: [0.0; BLOCKS],
        half_sums: [0.0; 2 * BLOCKS],
        shifts: [0; BLOCKS],
        half_shifts: [0; 2 * BLOCKS],
    };

    /// Of up to [`SPAN`] values.
    #[inline(always)]
    pub(crate) fn fill(&mut self, values: &[f32], codes: Codes) {
        let (blocks, rest) = values.as_chunks::<BLOCK>();
        for (at, values) in blocks.iter().enumerate() {
            self.block(at, values, codes);
        }
        let mut used = blocks.len();
        if !rest.is_empty() {
            let mut padded = [0f32; BLOCK];
            padded[..rest.len()].copy_from_slice(rest);
            self.block(used, &padded, codes);
            used += 1;
        }
        for at in used..BLOCKS {
            self.block(at, &[0.0; BLOCK], codes);
        }
    }

    #[inline(always)]
    fn block(&mut self, at: usize, values: &[f32; BLOCK], codes: Codes) {
        // As integers, sizes compare as the numbers do, and what is not finite is the largest.
        let size = |x: &f32| x.to_bits() & 0x7fff_ffff;
        let largest = values.iter().fold(0, |most, x| size(x).max(most));
        // A value that is not a number makes its whole block one, so that it is told, not lost.
        let finite = largest < 0x7f80_0000;
        let scale = if finite {
            f32::from_bits(largest) / MOST
        } else {
            f32::NAN
        };
        let inverse = if scale >= f32::MIN_POSITIVE {
            1.0 / scale
        } else {
            0.0
        };
        let mut quants = [0i32; BLOCK];
        for (quant, x) in quants.iter_mut().zip(values) {
            *quant = rounded(if finite { x * inverse } else { 0.0 });
        }
        let mut halves = [0i32; 2];
        for (sum, quants) in halves.iter_mut().zip(quants.as_chunks::<{ BLOCK / 2 }>().0) {
            *sum = quants.iter().sum();
        }
        self.scales[at] = scale;
        self.sums[at] = scale * (halves[0] + halves[1]) as f32;
        self.shifts[at] = -128 * (halves[0] + halves[1]);
        for (half, sum) in halves.into_iter().enumerate() {
            self.half_sums[2 * at + half] = scale * sum as f32;
            self.half_shifts[2 * at + half] = -128 * sum;
        }
        match codes {
            Codes::Words => {
                let words = self.codes.as_flattened_mut().as_chunks_mut::<8>().0;
                let words = &mut words[at * BLOCK / 4..];
                for (words, quants) in words.iter_mut().zip(quants.as_chunks::<4>().0) {
                    for (place, column) in [0, 2, 1, 3].into_iter().enumerate() {
                        let [low, high] = (quants[column] as i16).to_le_bytes();
                        [words[2 * place], words[2 * place + 1]] = [low as i8, high as i8];
                    }
                }
            }
            Codes::Planes => {
                let [upper, lower] = &mut self.codes;
                bytes(&quants, &mut upper[at * BLOCK..], &mut lower[at * BLOCK..]);
            }
            Codes::Eights => {
                let eights = self.codes.as_flattened_mut().as_chunks_mut::<16>().0;
                let eights = &mut eights[at * BLOCK / 8..];
                for (eight, quants) in eights.iter_mut().zip(quants.as_chunks::<8>().0) {
                    let (upper, lower) = eight.split_at_mut(8);
                    bytes(quants, upper, lower);
                }
            }
        }
    }
}

/// The upper and the lower byte of each quant. The lower one is signed: what it takes away, the
/// upper one adds.
#[inline(always)]
fn bytes(quants: &[i32], upper: &mut [i8], lower: &mut [i8]) {
    for ((upper, lower), quant) in upper.iter_mut().zip(lower).zip(quants) {
        *upper = ((quant + 128) >> 8) as i8;
        *lower = *quant as i8;
    }
}

/// To the nearest integer, halves to even; of numbers below 2^22.
#[inline(always)]
fn rounded(x: f32) -> i32 {
    // Where 1.5 * 2^23 is added, the lowest bits of the sum are the integer.
    const MAGIC: f32 = 12_582_912.0;
    (x + MAGIC).to_bits() as i32 - MAGIC.to_bits() as i32
}

impl Activations {
    /// None yet: to be filled by [`Activations::set`].
    pub fn empty() -> Activations {
        Activations::default()
    }

    /// Other activations in the same memory, rows of `columns` values for weights of all these
    /// types. Values past the last whole row are ignored.
    pub fn set(&mut self, pool: &Pool, kinds: &[BlockType], values: &[f32], columns: usize) {
        self.columns = columns;
        self.rows = values.len().checked_div(columns).unwrap_or(0);
        let values = &values[..self.rows * columns];
        if let Some(plain) = self.plain.take() {
            self.spare.0 = plain;
        }
        if let Some((_, quants)) = self.quants.take() {
            self.spare.1 = quants;
        }
        if kinds.iter().any(|kind| kind.is_plain()) {
            let mut plain = std::mem::take(&mut self.spare.0);
            plain.resize(values.len(), 0.0);
            pool.chunks(&mut plain, AT_ONCE, |chunk, plain| {
                plain.copy_from_slice(&values[chunk * AT_ONCE..][..plain.len()]);
            });
            self.plain = Some(plain);
        }
        if kinds.iter().any(|kind| !kind.is_plain()) {
            let mut spans = std::mem::take(&mut self.spare.1);
            spans.resize(columns.div_ceil(SPAN) * self.rows, Span::ZERO);
            fill(pool, &mut spans, values, columns);
            self.quants = Some((pool.level(), spans));
        }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// `(rows, columns)`; None where they were made for quants only.
    pub(crate) fn plain(&self) -> Option<&[f32]> {
        self.plain.as_deref()
    }

    /// `(spans, rows)`; None where they were not made for quants, or for another level.
    pub(crate) fn spans(&self, level: Level) -> Option<&[Span]> {
        let (made_for, spans) = self.quants.as_ref()?;
        (*made_for == level).then_some(spans)
    }
}

fn fill(pool: &Pool, spans: &mut [Span], values: &[f32], columns: usize) {
    let rows = values.len() / columns.max(1);
    let spans = Disjoint::new(spans);
    let rows_at_once = if rows < 4 { rows.max(1) } else { 4 };
    pool.each(rows.div_ceil(rows_at_once), |task| {
        for row in task * rows_at_once..rows.min((task + 1) * rows_at_once) {
            let values = &values[row * columns..(row + 1) * columns];
            for (span, values) in values.chunks(SPAN).enumerate() {
                let at = span * rows + row;
                // SAFETY: each row and span comes once.
                #[allow(unsafe_code)]
                let place = unsafe { spans.slice(at, at + 1) };
                fill_one(pool.level(), &mut place[0], values);
            }
        }
    });
}

fn fill_one(level: Level, span: &mut Span, values: &[f32]) {
    let codes = level.codes();
    match level.vectors() {
        // SAFETY: a pool's level is one that the probe has seen.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx512Vnni => unsafe { fill_avx512(span, values, codes) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Level::Avx2 => unsafe { fill_avx2(span, values, codes) },
        _ => span.fill(values, codes),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2")]
fn fill_avx512(span: &mut Span, values: &[f32], codes: Codes) {
    span.fill(values, codes);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2(span: &mut Span, values: &[f32], codes: Codes) {
    span.fill(values, codes);
}
