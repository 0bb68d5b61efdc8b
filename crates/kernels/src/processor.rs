//! Which instructions this processor has, asked once, at run time.

/// A level of instructions that the kernels know to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// Plain Rust, on any processor.
    Portable,
    /// 256-bit integers, fused multiply-add and half-floats: x86 since about 2013.
    Avx2,
    /// 512-bit 8-bit dot products: servers since 2019, some desktops.
    Avx512Vnni,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Processor {
    best: Instructions,
}

impl Processor {
    /// Asks the processor; the standard library also asks the system whether it keeps the wide
    /// registers, which a flag alone does not say.
    pub fn probe() -> Processor {
        Processor { best: best() }
    }

    /// The best level that runs here.
    pub fn best(self) -> Instructions {
        self.best
    }

    /// Every level that runs here, plainest first: what the tests compare.
    pub fn usable(self) -> impl Iterator<Item = Instructions> {
        [
            Instructions::Portable,
            Instructions::Avx2,
            Instructions::Avx512Vnni,
        ]
        .into_iter()
        .filter(move |level| *level <= self.best)
    }
}

impl Instructions {
    /// The name that receipts and `parley bench` show.
    pub fn name(self) -> &'static str {
        match self {
            Instructions::Portable => "portable",
            Instructions::Avx2 => "avx2",
            Instructions::Avx512Vnni => "avx512-vnni",
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn best() -> Instructions {
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c");
    let vnni = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni");
    match (avx2, vnni) {
        (true, true) => Instructions::Avx512Vnni,
        (true, false) => Instructions::Avx2,
        _ => Instructions::Portable,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Instructions {
    Instructions::Portable
}
