//! The header of a safetensors file, checked against the file's length.
//!
//! Layout: <https://github.com/huggingface/safetensors#format>: eight bytes with the length of a
//! JSON object, that object (name to dtype, shape and two offsets into the data), the data. The
//! data is filled without overlaps and holes, and no name comes twice.

mod header;

use crate::checkpoint::{Part, Tensor};
use crate::ggml;
use crate::line::one_line;
use crate::open::{first_bytes, not_a_model, regular_file};
use header::{Header, Place};
use protocol::{AppError, failure};
use std::io::Read;
use std::path::Path;

/// Most bytes of a header, as the format's own reader has it.
const MOST_HEADER: u64 = 100_000_000;

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
        "F8_E8M0" => of_its_own("F8_E8M0", 1),
        "U16" => of_its_own("U16", 2),
        "U32" => of_its_own("U32", 4),
        "U64" => of_its_own("U64", 8),
        "C64" => of_its_own("C64", 8),
        "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" => ggml::Type::named(dtype),
        _ => None,
    }
}

/// Reads the header of the file at `path`, number `part` of its model.
pub(crate) fn open(path: &Path, part: usize) -> Result<(Part, Vec<Tensor>), AppError> {
    let (file, bytes) = regular_file(path)?;
    read(path, file, bytes, part)
}

/// Reads and checks the header of a file of `bytes` from its start on, number `part` of its
/// model. `path` is only for the sentences.
///
/// Errors: `file-not-readable`, `not-a-model`, `pointer-only`, `unsafe-format`, `web-page`,
/// `model-truncated`, `model-damaged`, `unknown-type`.
pub fn read(
    path: &Path,
    mut file: impl Read,
    bytes: u64,
    part: usize,
) -> Result<(Part, Vec<Tensor>), AppError> {
    let unreadable = |error: std::io::Error| failure::file_not_readable(path).detail(error);
    let start = first_bytes(&mut file, 32).map_err(unreadable)?;
    let Some((length, rest)) = start.split_first_chunk() else {
        return Err(failure::model_truncated(path, bytes, 8u64));
    };
    if rest.first().is_some_and(|first| *first != b'{') {
        return Err(not_a_model(path, &start));
    }
    let length = u64::from_le_bytes(*length);
    if length > MOST_HEADER {
        return Err(failure::model_damaged(path, "the length of the header"));
    }
    let data = 8 + length;
    if data > bytes {
        return Err(failure::model_truncated(path, bytes, data));
    }
    let header = first_bytes(&mut rest.chain(file), length).map_err(unreadable)?;
    let Header(places) = serde_json::from_slice(&header).map_err(|error| {
        let detail = failure::without_quotes(&error.to_string());
        failure::model_damaged(path, "the header").detail(detail)
    })?;
    let mut tensors = Vec::with_capacity(places.len());
    for (name, place) in places {
        let damaged = || failure::model_damaged(path, format!("the place of {}", one_line(&name)));
        let Place {
            dtype,
            shape,
            data_offsets: [from, to],
        } = place;
        let kind =
            kind(&dtype).ok_or_else(|| failure::unknown_type(one_line(&name), one_line(&dtype)))?;
        let numbers = shape
            .iter()
            .try_fold(1u64, |all, size| all.checked_mul(*size));
        let size = numbers.and_then(|numbers| kind.size(numbers));
        if to < from || size != Some(to - from) {
            return Err(damaged());
        }
        tensors.push(Tensor {
            offset: data.checked_add(from).ok_or_else(damaged)?,
            bytes: to - from,
            name,
            shape,
            kind,
            part,
        });
    }
    check_places(path, &tensors, data, bytes)?;
    let part = Part {
        path: path.to_owned(),
        bytes,
        header_bytes: data,
    };
    Ok((part, tensors))
}

/// Whether the tensors fill the data, from its start at `data` to the file's end at `bytes`, one
/// after another.
fn check_places(path: &Path, tensors: &[Tensor], data: u64, bytes: u64) -> Result<(), AppError> {
    let mut order: Vec<&Tensor> = tensors.iter().collect();
    order.sort_by_key(|tensor| (tensor.offset, tensor.bytes));
    let mut end = data;
    for tensor in order {
        let next = tensor.offset.checked_add(tensor.bytes);
        match next.filter(|_| tensor.offset == end) {
            Some(next) => end = next,
            None => {
                let what = format!("the place of {}", one_line(&tensor.name));
                return Err(failure::model_damaged(path, what));
            }
        }
    }
    if end > bytes {
        return Err(failure::model_truncated(path, bytes, end));
    }
    if end < bytes {
        return Err(failure::model_damaged(path, "the end of the data"));
    }
    Ok(())
}
