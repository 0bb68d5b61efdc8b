//! What pages give to some rows, and how it is joined: each page's by itself first, then page after
//! page, so that it is all the same who reckons which page.

use crate::exp::exp;
use crate::kv::LANES;
use crate::pool::Disjoint;
use crate::steps::by_level;
use std::ops::Range;

/// For some rows: the largest score so far, the sum of weights relative to it, and the values
/// mixed by these weights.
pub(super) struct Part<'a> {
    pub largest: &'a mut [f32], // (rows), minus infinity where a row sees nothing of a page
    pub sum: &'a mut [f32],     // (rows)
    pub mixed: &'a mut [f32],   // (rows, value_stride)
}

impl<'a> Part<'a> {
    /// Numbers of a part, a multiple of sixteen.
    pub fn size(rows: usize, stride: usize) -> usize {
        2 * rows.next_multiple_of(LANES) + rows * stride
    }

    /// Lays it out in so many numbers.
    pub fn of(numbers: &'a mut [f32], rows: usize) -> Part<'a> {
        let (largest, rest) = numbers.split_at_mut(rows.next_multiple_of(LANES));
        let (sum, mixed) = rest.split_at_mut(rows.next_multiple_of(LANES));
        Part {
            largest: &mut largest[..rows],
            sum: &mut sum[..rows],
            mixed,
        }
    }

    /// Some rows of one that is laid out among numbers that threads share, at `from`.
    ///
    /// # Safety
    /// As [`Disjoint::slice`]: no two that are alive have a row of a part in common.
    #[allow(unsafe_code)]
    pub unsafe fn among(
        numbers: &'a Disjoint<'_, f32>,
        from: usize,
        all: usize,
        rows: Range<usize>,
        stride: usize,
    ) -> Part<'a> {
        let sum = from + all.next_multiple_of(LANES);
        let mixed = sum + all.next_multiple_of(LANES);
        // SAFETY: the three are apart in the layout of `of`, other rows' by the caller's promise.
        unsafe {
            Part {
                largest: numbers.slice(from + rows.start, from + rows.end),
                sum: numbers.slice(sum + rows.start, sum + rows.end),
                mixed: numbers.slice(mixed + rows.start * stride, mixed + rows.end * stride),
            }
        }
    }

    /// The first rows, and the rest.
    pub fn split(self, rows: usize) -> (Part<'a>, Part<'a>) {
        let stride = self.mixed.len() / self.sum.len();
        let (largest, sum) = (self.largest.split_at_mut(rows), self.sum.split_at_mut(rows));
        let mixed = self.mixed.split_at_mut(rows * stride);
        let part = |largest, sum, mixed| Part {
            largest,
            sum,
            mixed,
        };
        (
            part(largest.0, sum.0, mixed.0),
            part(largest.1, sum.1, mixed.1),
        )
    }

    /// Of no page yet.
    pub fn clear(&mut self) {
        self.largest.fill(f32::MIN);
        self.sum.fill(0.0);
        self.mixed.fill(0.0);
    }
}

by_level! {
    /// Joins a page's part, the next in order, to what there is of the pages before. The part is
    /// used up.
    pub(super) fn join(all: &mut Part<'_>, part: &mut Part<'_>) {
        let largest = all.largest.iter_mut().zip(part.largest.iter_mut());
        let sums = all.sum.iter_mut().zip(part.sum.iter_mut());
        for ((all, part), (all_sum, sum)) in largest.zip(sums) {
            let joint = if *part > *all { *part } else { *all };
            let (old, new) = (exp(*all - joint), exp(*part - joint));
            *all_sum = sum.mul_add(new, *all_sum * old);
            *all = joint;
            // From here on the factors of both.
            *part = if *part == f32::NEG_INFINITY { *part } else { old };
            *sum = new;
        }
        let stride = all.mixed.len() / all.sum.len();
        let mixed = all.mixed.chunks_exact_mut(stride).zip(part.mixed.chunks_exact(stride));
        for ((all, part), (old, new)) in mixed.zip(part.largest.iter().zip(&*part.sum)) {
            if *old == f32::NEG_INFINITY {
                continue; // nothing was mixed
            }
            for (all, part) in all.iter_mut().zip(part) {
                *all = part.mul_add(*new, *all * *old);
            }
        }
    }
}

by_level! {
    /// Divides each row's values by the sum of its weights and of its sink's.
    pub(super) fn divide(all: &mut Part<'_>, sink: impl Fn(usize) -> Option<f32>) {
        let stride = all.mixed.len() / all.sum.len();
        for (row, mixed) in all.mixed.chunks_exact_mut(stride).enumerate() {
            let (mut sum, mut share) = (all.sum[row], 1.0);
            if let Some(sink) = sink(row) {
                let largest = all.largest[row];
                let joint = if sink > largest { sink } else { largest };
                share = exp(largest - joint);
                sum = sum.mul_add(share, exp(sink - joint));
            }
            let share = share / sum;
            for mixed in mixed {
                *mixed *= share;
            }
        }
    }
}
