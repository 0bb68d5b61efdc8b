//! The block types of ggml as they lie in a file.
//!
//! Layouts: ggml's `ggml-common.h`. `unpack` makes quants and scales of a row, `grid` those of
//! the types that look their weights up.

mod few_bits;
pub(crate) mod grid;
mod grids;
mod unpack;

pub(crate) use unpack::{GROUP, UnpackedRow, looked_up};

/// Columns that are packed at once: whole blocks of every type.
pub(crate) const SPAN: usize = 256;

macro_rules! types {
    ($($(#[$doc:meta])+ $kind:ident $name:literal $weights:literal $bytes:literal;)+) => {
        /// How weights are stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum BlockType {
            $($(#[$doc])+ $kind,)+
        }

        impl BlockType {
            /// All of them.
            pub const ALL: &[BlockType] = &[$(BlockType::$kind),+];

            /// The name in files' descriptions, such as `Q4_K`.
            pub fn name(self) -> &'static str {
                match self { $(BlockType::$kind => $name,)+ }
            }

            /// Weights in a block.
            pub fn weights(self) -> usize {
                match self { $(BlockType::$kind => $weights,)+ }
            }

            /// Bytes of a block.
            pub fn bytes(self) -> usize {
                match self { $(BlockType::$kind => $bytes,)+ }
            }
        }
    };
}

types! {
    /// Single precision.
    F32 "F32" 1 4;
    /// Half precision.
    F16 "F16" 1 2;
    /// The upper half of single precision.
    BF16 "BF16" 1 2;
    /// f16 scale, 4 bits less 8.
    Q4_0 "Q4_0" 32 18;
    /// f16 scale and minimum, 4 bits.
    Q4_1 "Q4_1" 32 20;
    /// f16 scale, 5 bits less 16.
    Q5_0 "Q5_0" 32 22;
    /// f16 scale and minimum, 5 bits.
    Q5_1 "Q5_1" 32 24;
    /// f16 scale, 8 bits.
    Q8_0 "Q8_0" 32 34;
    /// Sixteen groups with 4-bit scale and minimum, 2 bits.
    Q2K "Q2_K" 256 84;
    /// Sixteen groups with 6-bit scale, 3 bits less 4.
    Q3K "Q3_K" 256 110;
    /// Eight groups with 6-bit scale and minimum, 4 bits.
    Q4K "Q4_K" 256 144;
    /// Eight groups with 6-bit scale and minimum, 5 bits.
    Q5K "Q5_K" 256 176;
    /// Sixteen groups with 8-bit scale, 6 bits less 32.
    Q6K "Q6_K" 256 210;
    /// Eight groups with 3-bit scale, eight weights an entry of a grid.
    IQ1S "IQ1_S" 256 50;
    /// Sixteen groups with 3-bit scale, eight weights an entry of a grid.
    IQ1M "IQ1_M" 256 56;
    /// Eight groups with 4-bit scale, eight weights an entry of a grid with signs.
    IQ2XXS "IQ2_XXS" 256 66;
    /// Sixteen groups with 4-bit scale, eight weights an entry of a grid with signs.
    IQ2XS "IQ2_XS" 256 74;
    /// Sixteen groups with 4-bit scale, eight weights an entry of a grid with signs.
    IQ2S "IQ2_S" 256 82;
    /// Eight groups with 4-bit scale, four weights an entry of a grid with signs.
    IQ3XXS "IQ3_XXS" 256 98;
    /// Eight groups with 4-bit scale, four weights an entry of a grid with signs.
    IQ3S "IQ3_S" 256 110;
    /// f16 scale, 4 bits for one of sixteen values.
    IQ4NL "IQ4_NL" 32 18;
    /// Eight groups with 6-bit scale, 4 bits for one of sixteen values.
    IQ4XS "IQ4_XS" 256 136;
    /// A power of two as scale, 4-bit floats.
    MXFP4 "MXFP4" 32 17;
    /// f16 scale, -1, 0 or 1: five in a byte.
    TQ1_0 "TQ1_0" 256 54;
    /// f16 scale, -1, 0 or 1: four in a byte.
    TQ2_0 "TQ2_0" 256 66;
}

impl BlockType {
    /// The type of this name.
    pub fn named(name: &str) -> Option<BlockType> {
        BlockType::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
    }

    /// Bytes of a row; None where the columns are not whole blocks.
    pub fn row_bytes(self, columns: usize) -> Option<usize> {
        columns
            .is_multiple_of(self.weights())
            .then(|| columns / self.weights() * self.bytes())
    }

    /// True for plain numbers, false for quants with scales.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, BlockType::F32 | BlockType::F16 | BlockType::BF16)
    }

    /// True where a weight is `scale * quant + offset` and not only `scale * quant`.
    pub(crate) fn has_offsets(self) -> bool {
        matches!(
            self,
            BlockType::Q4_1 | BlockType::Q5_1 | BlockType::Q2K | BlockType::Q4K | BlockType::Q5K
        )
    }

    /// Bytes of [`SPAN`] columns of a row.
    pub(crate) fn span_bytes(self) -> usize {
        SPAN / self.weights() * self.bytes()
    }

    /// Columns that share a scale, 16 or 32, as products are added up: for large blocks a part.
    pub(crate) fn group(self) -> usize {
        match self {
            BlockType::Q2K
            | BlockType::Q3K
            | BlockType::Q6K
            | BlockType::IQ1M
            | BlockType::IQ2XS
            | BlockType::IQ2S => 16,
            _ => 32,
        }
    }
}
