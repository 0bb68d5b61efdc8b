//! The header of a safetensors file, checked against the file's length.
//!
//! Layout: <https://github.com/huggingface/safetensors#format>: eight bytes with the length of a
//! JSON object, that object (name to dtype, shape and two offsets into the data), the data.

use crate::checkpoint::{Part, Tensor};
use crate::ggml;
use crate::line::one_line;
use crate::open::{first_bytes, regular_file};
use protocol::{AppError, failure};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::io::Read;
use std::path::Path;

/// Most bytes of a header, as the format's own reader has it.
const MOST_HEADER: u64 = 100_000_000;
/// Most dimensions of a tensor.
const MOST_DIMENSIONS: usize = 8;

#[derive(Deserialize)]
struct Place {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// The number types of the format, under GGML's names where it has them.
fn kind(dtype: &str) -> Option<ggml::Type> {
    let of_its_own = |name, bytes| {
        Some(ggml::Type {
            id: u32::MAX,
            name,
            block: 1,
            bytes,
        })
    };
    match dtype {
        "U8" => of_its_own("U8", 1),
        "BOOL" => of_its_own("BOOL", 1),
        "F8_E4M3" => of_its_own("F8_E4M3", 1),
        "F8_E5M2" => of_its_own("F8_E5M2", 1),
        "U16" => of_its_own("U16", 2),
        "U32" => of_its_own("U32", 4),
        "U64" => of_its_own("U64", 8),
        "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" => ggml::Type::named(dtype),
        _ => None,
    }
}

/// Reads the header of the file at `path`, number `part` of its model.
///
/// Errors: `file-not-found`, `file-not-readable`, `not-a-file`, `not-a-model`, `model-truncated`,
/// `model-damaged`, `unknown-type`.
pub(crate) fn read(path: &Path, part: usize) -> Result<(Part, Vec<Tensor>), AppError> {
    let (mut file, bytes) = regular_file(path)?;
    let unreadable = |error: std::io::Error| failure::file_not_readable(path).detail(error);
    let start = first_bytes(&mut file, 8).map_err(unreadable)?;
    let Ok(length) = start.as_slice().try_into().map(u64::from_le_bytes) else {
        return Err(failure::model_truncated(path, bytes, 8u64));
    };
    if length > MOST_HEADER {
        return Err(failure::not_a_model(path).detail("a header of more than 100 MB"));
    }
    let data = 8 + length;
    if data > bytes {
        return Err(failure::model_truncated(path, bytes, data));
    }
    let header = first_bytes(&mut file.by_ref(), length).map_err(unreadable)?;
    let header: Map<String, Value> = serde_json::from_slice(&header)
        .map_err(|error| failure::model_damaged(path, "the header").detail(error))?;
    let mut tensors = Vec::with_capacity(header.len());
    for (name, place) in header {
        if name == "__metadata__" {
            continue;
        }
        let damaged = || failure::model_damaged(path, format!("the place of {}", one_line(&name)));
        let Place {
            dtype,
            shape,
            data_offsets: [from, to],
        } = serde_json::from_value(place).map_err(|error| damaged().detail(error))?;
        let kind =
            kind(&dtype).ok_or_else(|| failure::unknown_type(one_line(&name), one_line(&dtype)))?;
        let numbers = shape
            .iter()
            .try_fold(1u64, |all, size| all.checked_mul(*size));
        let size = numbers.and_then(|numbers| kind.size(numbers));
        if to < from || size != Some(to - from) || shape.len() > MOST_DIMENSIONS {
            return Err(damaged());
        }
        let end = data.checked_add(to).ok_or_else(damaged)?;
        if end > bytes {
            return Err(failure::model_truncated(path, bytes, end));
        }
        tensors.push(Tensor {
            name,
            shape,
            kind,
            part,
            offset: data + from,
            bytes: to - from,
        });
    }
    // Two tensors in one place would be a lie about one of them.
    let mut order: Vec<&Tensor> = tensors.iter().filter(|tensor| tensor.bytes > 0).collect();
    order.sort_by_key(|tensor| tensor.offset);
    for pair in order.windows(2) {
        if pair[0].offset + pair[0].bytes > pair[1].offset {
            let what = format!("the place of {}", one_line(&pair[1].name));
            return Err(failure::model_damaged(path, what));
        }
    }
    let part = Part {
        path: path.to_owned(),
        bytes,
        header_bytes: data,
    };
    Ok((part, tensors))
}
