//! A page's numbers as the tiles take them: as they are stored, where few rows meet them, else
//! widened once for all rows. Either way they are the same numbers, exactly: a quant of 8 bits
//! times a scale of 11 is a number of f32.
#![allow(unsafe_code)] // instructions by level, each probed before, and reads without checks

use super::lanes::{Instructions, LEAST};
use crate::kv::{BLOCK, LANES, Numbers};
use crate::probe::{Level, probe};

/// Numbers that can be multiplied.
#[derive(Clone, Copy)]
pub(super) enum Ready<'a> {
    F16(&'a [u16]),
    F32(&'a [f32]),
    /// Quants of keys `[4][key_size][16]`, with their scales `[4][key_size / 32][16]`.
    Keys(&'a [i8], &'a [f32]),
    /// Quants of values `[64][value_size]`, with their scales `[64][value_size / 32]`.
    Values(&'a [i8], &'a [f32]),
}

/// What a head's part of a page holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Keys,
    Values,
}

/// Room for so many numbers of a page to be made ready in.
pub(super) fn room(numbers: usize) -> usize {
    (numbers + numbers / BLOCK).next_multiple_of(LANES)
}

impl<'a> Ready<'a> {
    /// Of one side of a head; `wide` is [`room`] for it, and written on where that is of use.
    pub fn new(
        level: Level,
        numbers: Numbers<'a>,
        side: Side,
        for_many: bool,
        wide: &'a mut [f32],
    ) -> Ready<'a> {
        match numbers {
            Numbers::F32(numbers) => Ready::F32(numbers),
            Numbers::F16(halves) if !for_many => Ready::F16(halves),
            Numbers::F16(halves) => {
                let wide = &mut wide[..halves.len()];
                by_level(level, Widen::Halves(halves), wide);
                Ready::F32(wide)
            }
            Numbers::Q8(quants, halves) => {
                let (wide, scales) = wide.split_at_mut(quants.len());
                let scales = &mut scales[..halves.len()];
                by_level(level, Widen::Halves(halves), scales);
                match side {
                    Side::Keys if for_many => by_level(level, Widen::Keys(quants, scales), wide),
                    Side::Values if for_many => {
                        by_level(level, Widen::Values(quants, scales), wide);
                    }
                    Side::Keys => return Ready::Keys(quants, scales),
                    Side::Values => return Ready::Values(quants, scales),
                }
                Ready::F32(wide)
            }
        }
    }

    /// All but so many at the front: whole blocks.
    pub fn from(self, first: usize) -> Ready<'a> {
        match self {
            Ready::F16(numbers) => Ready::F16(&numbers[first..]),
            Ready::F32(numbers) => Ready::F32(&numbers[first..]),
            Ready::Keys(quants, scales) => Ready::Keys(&quants[first..], &scales[first / BLOCK..]),
            Ready::Values(quants, scales) => {
                Ready::Values(&quants[first..], &scales[first / BLOCK..])
            }
        }
    }

    /// How many there are, where columns that lie `apart` can be gone through by such steps: then
    /// the sources below find a scale for each number.
    pub fn steps(self, apart: usize, step: usize) -> Option<usize> {
        let (quants, scales, whole) = match self {
            Ready::F16(numbers) => return Some(numbers.len()),
            Ready::F32(numbers) => return Some(numbers.len()),
            Ready::Keys(quants, scales) => {
                let whole = |size: usize| size.is_multiple_of(BLOCK * LANES);
                let whole = step == LANES && whole(apart) && whole(quants.len());
                (quants, scales, whole)
            }
            Ready::Values(quants, scales) => {
                let whole = apart == LANES && step.is_multiple_of(BLOCK);
                (quants, scales, whole)
            }
        };
        (whole && scales.len() * BLOCK >= quants.len()).then_some(quants.len())
    }
}

/// Where lanes come from: the `i`th of a column.
pub(super) trait Source: Copy {
    /// # Safety
    /// It is there: see [`Ready::steps`].
    unsafe fn lanes<I: Instructions>(self, by: I, column: usize, i: usize) -> I::Lanes;
}

/// Numbers that are what they are.
#[derive(Clone, Copy)]
pub(super) struct Plain<N> {
    numbers: *const N,
    apart: usize,
    step: usize,
}

impl<N> Plain<N> {
    #[inline(always)]
    pub fn new(numbers: &[N], apart: usize, step: usize) -> Plain<N> {
        let numbers = numbers.as_ptr();
        Plain {
            numbers,
            apart,
            step,
        }
    }
}

impl Source for Plain<f32> {
    #[inline(always)]
    unsafe fn lanes<I: Instructions>(self, by: I, column: usize, i: usize) -> I::Lanes {
        // SAFETY: the caller's promise.
        unsafe { by.load(self.numbers.add(column * self.apart + i * self.step)) }
    }
}

impl Source for Plain<u16> {
    #[inline(always)]
    unsafe fn lanes<I: Instructions>(self, by: I, column: usize, i: usize) -> I::Lanes {
        // SAFETY: the caller's promise.
        unsafe { by.load_halves(self.numbers.add(column * self.apart + i * self.step)) }
    }
}

/// Sixteen positions side by side: a scale for each, for 32 steps.
#[derive(Clone, Copy)]
pub(super) struct QuantKeys {
    quants: *const i8,
    scales: *const f32,
    apart: usize,
}

impl QuantKeys {
    #[inline(always)]
    pub fn new(quants: &[i8], scales: &[f32], apart: usize) -> QuantKeys {
        QuantKeys {
            quants: quants.as_ptr(),
            scales: scales.as_ptr(),
            apart,
        }
    }
}

impl Source for QuantKeys {
    #[inline(always)]
    unsafe fn lanes<I: Instructions>(self, by: I, column: usize, i: usize) -> I::Lanes {
        let scales = column * (self.apart / BLOCK) + i / BLOCK * LANES;
        // SAFETY: the caller's promise.
        unsafe {
            let quants = by.load_quants(self.quants.add(column * self.apart + i * LANES));
            by.times(quants, by.load(self.scales.add(scales)))
        }
    }
}

/// Sixteen numbers of a position, a step for each: one scale for two columns.
#[derive(Clone, Copy)]
pub(super) struct QuantValues {
    quants: *const i8,
    scales: *const f32,
    step: usize,
}

impl QuantValues {
    #[inline(always)]
    pub fn new(quants: &[i8], scales: &[f32], step: usize) -> QuantValues {
        QuantValues {
            quants: quants.as_ptr(),
            scales: scales.as_ptr(),
            step,
        }
    }
}

impl Source for QuantValues {
    #[inline(always)]
    unsafe fn lanes<I: Instructions>(self, by: I, column: usize, i: usize) -> I::Lanes {
        let scale = i * (self.step / BLOCK) + column * LANES / BLOCK;
        // SAFETY: the caller's promise.
        unsafe {
            let quants = by.load_quants(self.quants.add(column * LANES + i * self.step));
            by.times(quants, by.splat(*self.scales.add(scale)))
        }
    }
}

/// What is widened.
#[derive(Clone, Copy)]
enum Widen<'a> {
    Halves(&'a [u16]),
    Keys(&'a [i8], &'a [f32]),
    Values(&'a [i8], &'a [f32]),
}

/// As numbers, all of them, as many as there is room for.
fn by_level(level: Level, what: Widen<'_>, numbers: &mut [f32]) {
    match level.min(probe()).vectors() {
        // SAFETY: the probe has seen the instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512Vnni => unsafe { avx512(what, numbers) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(what, numbers) },
        _ => widen(LEAST, what, numbers),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma,f16c")]
fn avx512(what: Widen<'_>, numbers: &mut [f32]) {
    // SAFETY: this function's own instructions.
    widen(unsafe { super::x86::Avx512::new() }, what, numbers);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2(what: Widen<'_>, numbers: &mut [f32]) {
    // SAFETY: as above.
    widen(unsafe { super::x86::Avx2::new() }, what, numbers);
}

#[inline(always)]
fn widen<I: Instructions>(by: I, what: Widen<'_>, numbers: &mut [f32]) {
    let lanes = numbers.as_chunks_mut::<LANES>().0;
    match what {
        Widen::Halves(halves) => {
            for (lanes, halves) in lanes.iter_mut().zip(halves.as_chunks::<LANES>().0) {
                // SAFETY: both are sixteen numbers.
                unsafe { by.store(by.load_halves(halves.as_ptr()), lanes.as_mut_ptr()) };
            }
        }
        Widen::Keys(quants, scales) => {
            let blocks = quants.as_chunks::<LANES>().0.chunks(BLOCK);
            let scales = scales.as_chunks::<LANES>().0;
            for (lanes, (quants, scales)) in lanes.chunks_mut(BLOCK).zip(blocks.zip(scales)) {
                for (lanes, quants) in lanes.iter_mut().zip(quants) {
                    // SAFETY: all are sixteen numbers.
                    unsafe {
                        let (quants, scales) =
                            (by.load_quants(quants.as_ptr()), by.load(scales.as_ptr()));
                        by.store(by.times(quants, scales), lanes.as_mut_ptr());
                    }
                }
            }
        }
        Widen::Values(quants, scales) => {
            let blocks = quants.as_chunks::<LANES>().0.chunks(BLOCK / LANES);
            for (lanes, (quants, scale)) in lanes.chunks_mut(BLOCK / LANES).zip(blocks.zip(scales))
            {
                for (lanes, quants) in lanes.iter_mut().zip(quants) {
                    // SAFETY: both are sixteen numbers.
                    unsafe {
                        let quants = by.load_quants(quants.as_ptr());
                        by.store(by.times(quants, by.splat(*scale)), lanes.as_mut_ptr());
                    }
                }
            }
        }
    }
}
