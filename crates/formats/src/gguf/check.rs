//! Whether the tensors lie where they can.

use super::{Metadata, Tensor, Value};
use crate::line::one_line;
use protocol::{AppError, failure};
use std::path::Path;

/// `general.alignment`, or the format's default of 32: bytes, a multiple of 8 and a power of two.
pub(super) fn alignment(path: &Path, metadata: &Metadata) -> Result<u64, AppError> {
    const KEY: &str = "general.alignment";
    match metadata.get(KEY) {
        None => Ok(32),
        Some(Value::Unsigned(bytes))
            if bytes.is_power_of_two() && (8..=1 << 16).contains(bytes) =>
        {
            Ok(*bytes)
        }
        Some(_) => Err(failure::model_damaged(path, KEY)),
    }
}

/// Turns offsets into the data to offsets into the file. Tensors must be aligned, apart from
/// each other, and inside of the file.
pub(super) fn place(
    path: &Path,
    tensors: &mut [Tensor],
    data: u64,
    alignment: u64,
    file_bytes: u64,
) -> Result<(), AppError> {
    let misplaced = |tensor: &Tensor| {
        let what = format!("the place of {}", one_line(&tensor.name));
        failure::model_damaged(path, what)
    };
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    order.sort_by_key(|index| tensors[*index].offset);
    let mut end = 0u64;
    for index in order {
        let tensor = &mut tensors[index];
        if !tensor.offset.is_multiple_of(alignment) || tensor.offset < end {
            return Err(misplaced(tensor));
        }
        // Writers leave no more between two tensors than alignment asks for; a file that ends
        // before such a tensor was cut, one before a distant tensor lies.
        let gap = tensor.offset - end;
        end = tensor
            .offset
            .checked_add(tensor.bytes)
            .filter(|end| *end < 1 << 60)
            .ok_or_else(|| misplaced(tensor))?;
        if data + end > file_bytes && gap >= alignment {
            return Err(misplaced(tensor));
        }
        tensor.offset += data;
    }
    if data + end > file_bytes && !tensors.is_empty() {
        return Err(failure::model_truncated(path, file_bytes, data + end));
    }
    Ok(())
}
