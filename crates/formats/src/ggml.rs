//! The tensor types of GGML: their numbers in files, names, and sizes.
//!
//! Source: `ggml.h` and the block structures of `ggml-common.h`, llama.cpp build 9888.

/// How a tensor's numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    /// The number in files.
    pub id: u32,
    /// The name for people, such as `Q4_K`.
    pub name: &'static str,
    /// Numbers in one block.
    pub block: u64,
    /// Bytes of one block.
    pub bytes: u64,
}

macro_rules! types {
    ($($id:literal $name:literal $block:literal $bytes:literal;)+) => {
        /// Every type that files use today.
        pub const TYPES: &[Type] = &[$(Type { id: $id, name: $name, block: $block, bytes: $bytes }),+];
    };
}

types! {
    0 "F32" 1 4;
    1 "F16" 1 2;
    2 "Q4_0" 32 18;
    3 "Q4_1" 32 20;
    6 "Q5_0" 32 22;
    7 "Q5_1" 32 24;
    8 "Q8_0" 32 34;
    9 "Q8_1" 32 36;
    10 "Q2_K" 256 84;
    11 "Q3_K" 256 110;
    12 "Q4_K" 256 144;
    13 "Q5_K" 256 176;
    14 "Q6_K" 256 210;
    15 "Q8_K" 256 292;
    16 "IQ2_XXS" 256 66;
    17 "IQ2_XS" 256 74;
    18 "IQ3_XXS" 256 98;
    19 "IQ1_S" 256 50;
    20 "IQ4_NL" 32 18;
    21 "IQ3_S" 256 110;
    22 "IQ2_S" 256 82;
    23 "IQ4_XS" 256 136;
    24 "I8" 1 1;
    25 "I16" 1 2;
    26 "I32" 1 4;
    27 "I64" 1 8;
    28 "F64" 1 8;
    29 "IQ1_M" 256 56;
    30 "BF16" 1 2;
    34 "TQ1_0" 256 54;
    35 "TQ2_0" 256 66;
    39 "MXFP4" 32 17;
    40 "NVFP4" 64 36;
    41 "Q1_0" 128 18;
}

impl Type {
    /// The type with this number, where files use it.
    pub fn of(id: u32) -> Option<Type> {
        TYPES.iter().copied().find(|kind| kind.id == id)
    }

    /// The type of this name.
    pub fn named(name: &str) -> Option<Type> {
        TYPES.iter().copied().find(|kind| kind.name == name)
    }

    /// Bytes of `numbers` numbers; None where they are no whole number of blocks, or too many.
    pub fn size(&self, numbers: u64) -> Option<u64> {
        numbers
            .is_multiple_of(self.block)
            .then(|| (numbers / self.block).checked_mul(self.bytes))?
    }
}

/// The name for people of `general.file_type`, such as `Q4_K_M`.
pub fn file_type(id: u64) -> Option<&'static str> {
    Some(match id {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4",
        39 => "NVFP4",
        40 => "Q1_0",
        _ => return None,
    })
}
