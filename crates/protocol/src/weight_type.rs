//! The types to which weights can be made smaller when a model is loaded.

use serde::{Deserialize, Serialize};

/// A type of quantised weights, under the names of ggml.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WeightType {
    /// 8.5 bits a weight.
    #[serde(rename = "Q8_0")]
    Q8_0,
    /// 6.56 bits a weight.
    #[serde(rename = "Q6_K")]
    Q6K,
    /// 4.5 bits a weight.
    #[serde(rename = "Q4_K")]
    Q4K,
}

/// What the weights of a model are made smaller to when it is loaded, and where they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantise {
    /// The type of the matrices.
    pub kind: WeightType,
    /// Absolute path of a folder for kept weights, which is made where it is missing.
    pub folder: String,
}

impl WeightType {
    /// From the largest, which is the most exact.
    pub const ALL: [WeightType; 3] = [WeightType::Q8_0, WeightType::Q6K, WeightType::Q4K];

    /// Such as `Q4_K`.
    pub fn name(self) -> &'static str {
        match self {
            WeightType::Q8_0 => "Q8_0",
            WeightType::Q6K => "Q6_K",
            WeightType::Q4K => "Q4_K",
        }
    }
}
