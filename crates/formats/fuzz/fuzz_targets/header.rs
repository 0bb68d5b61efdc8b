//! Any bytes as the beginning of a GGUF file: read, described, and reckoned with.
#![no_main]

use formats::gguf::Gguf;
use formats::{Checkpoint, Description, one_line};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

/// Bytes of a file whose weights are not there to be read: anybody can make a hollow one.
const HOLLOW: u64 = 1 << 40;

fuzz_target!(|bytes: &[u8]| {
    for length in [bytes.len() as u64, HOLLOW] {
        let Ok(gguf) = Gguf::read(Path::new("model.gguf"), bytes, length) else {
            continue;
        };
        for tensor in &gguf.tensors {
            assert!(tensor.offset + tensor.bytes <= length, "{tensor:?}");
            assert!(tensor.numbers() > 0 || tensor.bytes == 0, "{tensor:?}");
            assert_eq!(gguf.tensor(&tensor.name), Some(tensor));
        }
        let model = Checkpoint::of_gguf(gguf);
        if let Ok(description) = model.and_then(|model| Description::of(&model)) {
            assert_eq!(one_line(&description.name), description.name);
            let context = description.given_context();
            assert!(description.memory_bytes(context) >= description.kv_bytes(context));
        }
    }
});
