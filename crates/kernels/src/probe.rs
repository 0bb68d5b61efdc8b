//! What this processor can do, asked once at run time: packages run everywhere.

use crate::activations::Codes;
use std::sync::OnceLock;

/// Which kernels run here, from the slowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Plain Rust.
    Portable,
    /// 128-bit integers, fused multiply-add, half floats: what every 64-bit Arm processor has.
    Neon,
    /// 128-bit dot products of bytes, beside them.
    NeonDotprod,
    /// Products of two rows of bytes with two, beside them.
    NeonI8mm,
    /// 256-bit integers, fused multiply-add, half floats.
    Avx2,
    /// 256-bit dot products of bytes, beside them.
    AvxVnni,
    /// 512-bit integers and their dot products of bytes.
    Avx512Vnni,
    /// Tiles of bytes, beside them.
    Amx,
}

/// Every level of this architecture, from the slowest.
const ALL: &[Level] = &[
    Level::Portable,
    #[cfg(target_arch = "aarch64")]
    Level::Neon,
    #[cfg(target_arch = "aarch64")]
    Level::NeonDotprod,
    #[cfg(target_arch = "aarch64")]
    Level::NeonI8mm,
    #[cfg(target_arch = "x86_64")]
    Level::Avx2,
    #[cfg(target_arch = "x86_64")]
    Level::AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Level::Avx512Vnni,
    #[cfg(target_arch = "x86_64")]
    Level::Amx,
];

impl Level {
    /// The name in receipts.
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Neon => "neon",
            Level::NeonDotprod => "neon-dotprod",
            Level::NeonI8mm => "neon-i8mm",
            Level::Avx2 => "avx2",
            Level::AvxVnni => "avx-vnni",
            Level::Avx512Vnni => "avx512-vnni",
            Level::Amx => "amx",
        }
    }
}

impl Level {
    /// The level for what is not multiplied by tiles.
    pub(crate) fn for_products(self) -> Level {
        self.min(Level::Avx512Vnni)
    }

    /// The level for what is no product of bytes: the width of vectors alone.
    pub(crate) fn vectors(self) -> Level {
        match self {
            Level::Portable => Level::Portable,
            Level::Neon | Level::NeonDotprod | Level::NeonI8mm => Level::Neon,
            Level::Avx2 | Level::AvxVnni => Level::Avx2,
            Level::Avx512Vnni | Level::Amx => Level::Avx512Vnni,
        }
    }

    /// How the quants of activations are wanted.
    pub(crate) fn codes(self) -> Codes {
        match self {
            Level::Portable | Level::Neon | Level::Avx2 => Codes::Words,
            Level::NeonDotprod | Level::AvxVnni | Level::Avx512Vnni | Level::Amx => Codes::Planes,
            Level::NeonI8mm => Codes::Eights,
        }
    }

    /// This level, or the next lower one that runs here.
    pub(crate) fn lowered(self) -> Level {
        self.min(probe()).there()
    }

    /// Processors with the wider products of bytes need not have the narrower ones.
    fn there(self) -> Level {
        match self {
            Level::AvxVnni if !narrow_products() => Level::Avx2,
            level if ALL.contains(&level) => level,
            _ => Level::Portable,
        }
    }

    /// Every level that runs here, from the slowest: what the tests compare.
    pub fn usable() -> impl Iterator<Item = Level> {
        ALL.iter()
            .copied()
            .filter(|level| level.lowered() == *level)
    }
}

/// What a program's environment may lower the level by, to its name.
const LOWERED: &str = "PARLEY_KERNELS";

/// The best that this processor can do, or the lower level that `$PARLEY_KERNELS` names: to
/// compare, and where one turns out to be at fault. Asked once.
pub fn probe() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let best = match vectors() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Vnni if crate::tile::amx::usable() => Level::Amx,
            vectors => vectors,
        };
        let wanted = std::env::var(LOWERED).unwrap_or_default();
        let mut named = ALL.iter().copied().filter(|level| level.name() == wanted);
        named.next().map_or(best, |level| level.min(best).there())
    })
}

/// The best vectors that this processor has. The standard library also asks the system whether it
/// keeps the wide registers, which a processor's flag alone does not say.
pub(crate) fn vectors() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vnni");
        if avx2 && avx512 {
            return Level::Avx512Vnni;
        }
        if avx2 && narrow_products() {
            return Level::AvxVnni;
        }
        if avx2 {
            return Level::Avx2;
        }
    }
    #[cfg(target_arch = "aarch64")]
    return crate::tile::neon::best();
    #[cfg(not(target_arch = "aarch64"))]
    Level::Portable
}

/// Whether there are 256-bit products of bytes.
fn narrow_products() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avxvnni");
    #[cfg(not(target_arch = "x86_64"))]
    false
}
