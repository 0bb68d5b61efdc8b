//! What this processor can do, asked once at run time: packages run everywhere.

use std::sync::OnceLock;

/// Which kernels run here, from the slowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Plain Rust.
    Portable,
    /// 256-bit integers, fused multiply-add, half floats.
    Avx2,
    /// 512-bit integers and their dot products of bytes.
    Avx512Vnni,
    /// Tiles of bytes, beside them.
    Amx,
}

/// Every level, from the slowest.
const ALL: [Level; 4] = [Level::Portable, Level::Avx2, Level::Avx512Vnni, Level::Amx];

impl Level {
    /// The name in receipts.
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512Vnni => "avx512-vnni",
            Level::Amx => "amx",
        }
    }
}

impl Level {
    /// The level of the vectors, where there are no tiles to be used.
    pub(crate) fn vectors(self) -> Level {
        self.min(Level::Avx512Vnni)
    }

    /// Every level that runs here, from the slowest: what the tests compare.
    pub fn usable() -> impl Iterator<Item = Level> {
        ALL.into_iter().filter(|level| *level <= probe())
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
        let mut named = ALL.into_iter().filter(|level| level.name() == wanted);
        named.next().map_or(best, |level| level.min(best))
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
        if avx2 {
            return Level::Avx2;
        }
    }
    Level::Portable
}
