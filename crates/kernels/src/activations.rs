//! What the weights are multiplied by: in twice 8 bits for quantised weights, else as they are.

use crate::block::BlockType;
use crate::pool::Pool;

/// Columns that share one scale.
const BLOCK: usize = 32;
/// The dot products step by this many columns; shorter rows are padded with zeros.
pub(crate) const STEP: usize = 64;
/// Columns that share one scale of the unpacked weights: the finest of all block types.
pub(crate) const GROUP: usize = 16;

/// Each row is two planes of 8 bits: the values, and what rounding them left over.
pub(crate) const PLANES: usize = 2;
/// The second plane's scale is the first's divided by this: half a step becomes 127.
const FINER: f32 = 254.0;

/// Rows of activations, made once for weights of a type and used by every row of them.
pub struct Activations {
    rows: usize,
    columns: usize,
    form: Form,
}

/// How they are multiplied.
pub(crate) enum Form {
    /// `(rows, columns)`, for weights that are plain numbers.
    Plain(Vec<f32>),
    /// For quants.
    Quants(Quants),
}

impl Activations {
    /// `rows` of `columns` values each, for weights of a type. Values past the last whole row
    /// are ignored.
    pub fn of(kind: BlockType, values: &[f32], columns: usize) -> Activations {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        let values = &values[..rows * columns];
        let form = match kind.is_plain() {
            true => Form::Plain(values.to_vec()),
            false => Form::Quants(Quants::of(values, rows, columns)),
        };
        Activations {
            rows,
            columns,
            form,
        }
    }

    /// None yet: to be filled by [`Activations::set`].
    pub fn empty() -> Activations {
        Activations {
            rows: 0,
            columns: 0,
            form: Form::Plain(Vec::new()),
        }
    }

    /// Other activations in the same memory, for weights of all these types.
    pub fn set(&mut self, _pool: &Pool, kinds: &[BlockType], values: &[f32], columns: usize) {
        let kind = kinds.iter().find(|kind| !kind.is_plain());
        let kind = kind.or(kinds.first()).copied().unwrap_or(BlockType::F32);
        *self = Activations::of(kind, values, columns);
    }

    /// Whether they were made for weights of this type.
    pub(crate) fn is_for(&self, kind: BlockType) -> bool {
        kind.is_plain() == matches!(self.form, Form::Plain(_))
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn form(&self) -> &Form {
        &self.form
    }
}

/// Activations in twice 8 bits.
///
/// As in ggml's Q8_0: each 32 columns share the scale `max|x| / 127`, quants are rounded to
/// nearest. What the rounding left over is quantised once more, 254 times finer, and adds to the
/// same sums. 8 bits alone are too coarse for small models: of SmolLM2-135M they move logits by
/// percents, and its answer to the capital of France is no longer Paris.
pub(crate) struct Quants {
    /// Columns rounded up to [`STEP`].
    padded: usize,
    /// `(rows, PLANES, padded)`
    quants: Vec<i8>,
    /// `(rows, PLANES, padded / GROUP)`: the scale of each group.
    scales: Vec<f32>,
    /// `(rows, padded / GROUP)`: scale times the sum of the group's quants, of both planes
    /// together, for offsets of weights.
    sums: Vec<f32>,
    /// `(rows, PLANES, padded / 4)`: 128 times the sum of four quants. The 512-bit kernel adds
    /// 128 to each weight to make it unsigned, and takes this away again, all in integers.
    shift: Vec<i32>,
}

impl Quants {
    fn of(values: &[f32], rows: usize, columns: usize) -> Quants {
        let padded = columns.next_multiple_of(STEP);
        let all = rows * PLANES * padded;
        let mut made = Quants {
            padded,
            quants: vec![0; all],
            scales: vec![0.0; all / GROUP],
            sums: vec![0.0; all / PLANES / GROUP],
            shift: vec![0; all / 4],
        };
        for (row, values) in values.chunks_exact(columns.max(1)).enumerate() {
            for (block, values) in values.chunks(BLOCK).enumerate() {
                made.quantize_block(row, block * BLOCK, values);
            }
        }
        made
    }

    /// Quantises up to [`BLOCK`] values to the columns from `column` (a multiple of [`BLOCK`]) of
    /// both planes of a row.
    fn quantize_block(&mut self, row: usize, column: usize, values: &[f32]) {
        // A value that is not a number makes its whole block one, so that it is told, not lost.
        let finite = values.iter().all(|x| x.is_finite());
        let largest = values.iter().fold(0f32, |largest, x| largest.max(x.abs()));
        let scale = if finite { largest / 127.0 } else { f32::NAN };
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        let (mut coarse, mut fine) = ([0i8; BLOCK], [0i8; BLOCK]);
        for ((coarse, fine), x) in coarse.iter_mut().zip(&mut fine).zip(values) {
            let exact = x * inverse;
            let rounded = exact.round();
            *coarse = rounded as i8; // `as` saturates, and NaN becomes 0
            *fine = ((exact - rounded) * FINER).round() as i8;
        }
        let at = row * PLANES * self.padded + column;
        let coarse = self.put(at, &coarse, scale);
        let fine = self.put(at + self.padded, &fine, scale / FINER);
        let group = (row * self.padded + column) / GROUP;
        for (at, (coarse, fine)) in coarse.iter().zip(fine).enumerate() {
            self.sums[group + at] = coarse + fine;
        }
    }

    /// Puts quants of one scale, and what is reckoned from them, to the place `at`. Gives the
    /// sums of their groups.
    fn put(&mut self, at: usize, quants: &[i8; BLOCK], scale: f32) -> [f32; BLOCK / GROUP] {
        self.quants[at..at + BLOCK].copy_from_slice(quants);
        for (four, quants) in quants.chunks_exact(4).enumerate() {
            let sum: i32 = quants.iter().map(|q| i32::from(*q)).sum();
            self.shift[at / 4 + four] = 128 * sum;
        }
        let mut sums = [0.0; BLOCK / GROUP];
        for (group, quants) in quants.chunks_exact(GROUP).enumerate() {
            let sum: i32 = quants.iter().map(|q| i32::from(*q)).sum();
            self.scales[at / GROUP + group] = scale;
            sums[group] = scale * sum as f32;
        }
        sums
    }

    /// Columns with the padding.
    pub(crate) fn padded(&self) -> usize {
        self.padded
    }

    /// The sums of one row's groups.
    pub(crate) fn sums(&self, row: usize) -> &[f32] {
        let groups = self.padded / GROUP;
        &self.sums[row * groups..(row + 1) * groups]
    }

    /// One plane of one row.
    pub(crate) fn plane(&self, row: usize, plane: usize) -> Plane<'_> {
        let row = row * PLANES + plane;
        let (n, groups) = (self.padded, self.padded / GROUP);
        Plane {
            quants: &self.quants[row * n..(row + 1) * n],
            scales: &self.scales[row * groups..(row + 1) * groups],
            shift: &self.shift[row * n / 4..(row + 1) * n / 4],
        }
    }
}

/// One plane of a row of [`Quants`], all slices padded to a multiple of [`STEP`] columns.
#[derive(Clone, Copy)]
pub(crate) struct Plane<'a> {
    pub quants: &'a [i8],
    pub scales: &'a [f32],
    pub shift: &'a [i32],
}
