//! Any bytes as the beginning of a safetensors file.
#![no_main]

use formats::safetensors;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

/// Bytes of a file whose weights are not there to be read: anybody can make a hollow one.
const HOLLOW: u64 = 1 << 40;

fuzz_target!(|bytes: &[u8]| {
    for length in [bytes.len() as u64, HOLLOW] {
        let path = Path::new("model.safetensors");
        let Ok((part, tensors)) = safetensors::read(path, bytes, length, 3) else {
            continue;
        };
        assert!(part.header_bytes <= length);
        let mut filled = part.header_bytes;
        for tensor in &tensors {
            assert!(tensor.offset >= part.header_bytes, "{tensor:?}");
            assert!(tensor.offset + tensor.bytes <= length, "{tensor:?}");
            assert_eq!(tensor.kind.size(tensor.numbers()), Some(tensor.bytes));
            filled += tensor.bytes;
        }
        assert_eq!(filled, length, "no holes, and no two in one place");
    }
});
