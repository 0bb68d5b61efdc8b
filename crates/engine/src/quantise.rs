//! Numbers as quantised weights, by candle's own rounding, which is that of ggml's
//! `quantize_row_*_ref`.

use crate::exec::failed;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use formats::ggml;
use protocol::AppError;

/// What candle can write.
fn kind_of(name: &str) -> Option<GgmlDType> {
    Some(match name {
        "F32" => GgmlDType::F32,
        "F16" => GgmlDType::F16,
        "BF16" => GgmlDType::BF16,
        "Q4_0" => GgmlDType::Q4_0,
        "Q4_1" => GgmlDType::Q4_1,
        "Q5_0" => GgmlDType::Q5_0,
        "Q5_1" => GgmlDType::Q5_1,
        "Q8_0" => GgmlDType::Q8_0,
        "Q2_K" => GgmlDType::Q2K,
        "Q3_K" => GgmlDType::Q3K,
        "Q4_K" => GgmlDType::Q4K,
        "Q5_K" => GgmlDType::Q5K,
        "Q6_K" => GgmlDType::Q6K,
        _ => return None,
    })
}

/// The bytes of whole blocks of a type.
///
/// Errors: `unknown-type` (of those we cannot write); `internal`, where `values` are no whole
/// number of blocks.
pub fn quantise(kind: ggml::Type, values: &[f32]) -> Result<Vec<u8>, AppError> {
    let dtype = kind_of(kind.name).ok_or_else(|| protocol::failure::unknown_type("", kind.name))?;
    let values = Tensor::from_slice(values, values.len(), &Device::Cpu).map_err(failed)?;
    let made = QTensor::quantize(&values, dtype).map_err(failed)?;
    Ok(made.data().map_err(failed)?.into_owned())
}
