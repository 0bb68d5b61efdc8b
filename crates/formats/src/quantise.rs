//! Which weights of a folder can be made smaller, and to what.

use crate::checkpoint::{Checkpoint, Tensor};
use crate::ggml;
use protocol::WeightType;

/// Parts of the names of matrices that choose experts: they are small, and a little error in them
/// changes who computes.
const ROUTERS: [&str; 3] = ["gate", "router", "shared_expert_gate"];
/// A matrix with fewer rows is no projection.
const LEAST_ROWS: u64 = 16;

/// Families whose folders the engine copies into memory, 32 bits for each number, whatever their
/// type is: making them smaller would save nothing. A test of the engine holds its table to this.
pub const COPIED: [&str; 11] = [
    "granite",
    "stablelm",
    "starcoder2",
    "phi",
    "deepseek_v2",
    "mamba",
    "helium",
    "glm4",
    "gemma",
    "gpt_bigcode",
    "qwen2_moe",
];

impl Checkpoint {
    /// Bytes of a copy in 32 bits, of families that are [`COPIED`]; else 0.
    pub fn copied_bytes(&self) -> u64 {
        if !self.is_copied() {
            return 0;
        }
        let numbers = self.tensors.iter().map(Tensor::numbers);
        numbers.fold(0, u64::saturating_add).saturating_mul(4)
    }

    fn is_copied(&self) -> bool {
        let name = self.folder().and_then(|folder| folder.text("model_type"));
        name.is_some_and(|name| COPIED.contains(&name))
    }

    /// The matrices that are quantised where `wanted` is asked for, with the type that each gets:
    /// those of plain numbers whose rows are whole blocks, in the order of the files. Rows that
    /// are none of the wanted type get Q8_0. None of a GGUF file, or where they are [`COPIED`].
    pub fn quantisable(&self, wanted: WeightType) -> Vec<(&Tensor, ggml::Type)> {
        if self.gguf().is_some() || self.is_copied() {
            return Vec::new();
        }
        let kinds = [wanted, WeightType::Q8_0].map(|kind| ggml::Type::named(kind.name()));
        let mut found: Vec<_> = self
            .tensors
            .iter()
            .filter(|tensor| is_projection(tensor))
            .filter_map(|tensor| {
                let whole = |kind: &ggml::Type| tensor.shape[1].is_multiple_of(kind.block);
                let kind = kinds.iter().flatten().copied().find(whole)?;
                (kind.size(tensor.numbers())? < tensor.bytes).then_some((tensor, kind))
            })
            .collect();
        found.sort_by_key(|(tensor, _)| (tensor.part, tensor.offset));
        found
    }

    /// Bytes of all tensors once they are quantised.
    pub fn quantised_bytes(&self, wanted: WeightType) -> u64 {
        let saved = |(tensor, kind): (&Tensor, ggml::Type)| {
            let smaller = kind.size(tensor.numbers()).unwrap_or(tensor.bytes);
            tensor.bytes.saturating_sub(smaller)
        };
        let saved = self.quantisable(wanted).into_iter().map(saved);
        self.weight_bytes()
            .saturating_sub(saved.fold(0, u64::saturating_add))
    }
}

fn is_projection(tensor: &Tensor) -> bool {
    let mut parts = tensor.name.split('.').rev();
    matches!(tensor.kind.name, "F32" | "F16" | "BF16")
        && tensor.shape.len() == 2
        && tensor.shape[0] >= LEAST_ROWS
        && parts.next() == Some("weight")
        && parts.next().is_some_and(|part| !ROUTERS.contains(&part))
}
