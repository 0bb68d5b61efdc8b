//! The catalogue that comes with Parley, compiled in.

use super::Catalogue;
use std::sync::LazyLock;

/// The text of each file of `assets/catalogue/families` with its name.
macro_rules! families {
    ($($name:literal)+) => {
        &[$((
            $name,
            include_str!(concat!("../../../../assets/catalogue/families/", $name, ".json")),
        )),+]
    };
}

/// Every family: a file that is not here is not shipped, which the tests rule out.
#[rustfmt::skip]
pub(super) const FAMILIES: &[(&str, &str)] = families! {
    "biomistral" "deepseek-r1" "elyza" "falcon" "gemma-3" "gpt-oss" "gpt4all" "llama-2" "llama-3"
    "llama-pro" "mistral" "mixtral" "olmo" "olmo-2" "olmo-3" "olmoe" "open-assistant" "openmath"
    "phi" "qwen-2.5" "qwen-3" "smollm" "tinyllama"
};

pub(super) const LICENCES: &str = include_str!("../../../../assets/catalogue/licences.json");

#[expect(
    clippy::expect_used,
    reason = "a constant of this build, read by every test"
)]
static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
    let texts: Vec<_> = FAMILIES.iter().map(|(_, text)| *text).collect();
    Catalogue::read(LICENCES, &texts).expect("the catalogue is well formed")
});

impl Catalogue {
    /// The one that comes with this build.
    pub fn shipped() -> &'static Catalogue {
        &SHIPPED
    }
}
