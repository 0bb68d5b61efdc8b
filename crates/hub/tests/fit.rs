//! Whether a model that lies on the disk fits.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use hub::{Room, fit_installed};
use protocol::{Fits, KvType};

/// A GGUF with these numbers in its header and these tensors of 32-bit floats.
fn gguf(numbers: &[(&str, u32)], tensors: &[(&str, &[u64])]) -> Vec<u8> {
    fn text(bytes: &mut Vec<u8>, text: &str) {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3u32.to_le_bytes());
    bytes.extend((tensors.len() as u64).to_le_bytes());
    bytes.extend((numbers.len() as u64 + 1).to_le_bytes());
    text(&mut bytes, "general.architecture");
    bytes.extend(8u32.to_le_bytes());
    text(&mut bytes, "llama");
    for (key, value) in numbers {
        text(&mut bytes, &format!("llama.{key}"));
        bytes.extend(4u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    let mut offset = 0_u64;
    for (name, shape) in tensors {
        text(&mut bytes, name);
        bytes.extend((shape.len() as u32).to_le_bytes());
        for size in *shape {
            bytes.extend(size.to_le_bytes());
        }
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        offset += shape.iter().product::<u64>() * 4;
    }
    bytes.resize(bytes.len().next_multiple_of(32) + offset as usize, 0);
    bytes
}

/// Of eight experts two compute for a token; the embedding gives one row where the output has
/// a table of its own.
#[test]
fn a_token_reads_what_it_is_computed_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let check = |numbers: &[(&str, u32)], tensors: &[(&str, &[u64])], weights: u64, read: u64| {
        let shape = [
            ("context_length", 1024),
            ("block_count", 1),
            ("embedding_length", 32),
            ("attention.head_count", 4),
            ("attention.head_count_kv", 2),
        ];
        std::fs::write(&path, gguf(&[&shape, numbers].concat(), tensors)).unwrap();
        let mut room = Room {
            memory_bytes: 1 << 30,
            bandwidth: Some(1 << 30),
            kv_type: KvType::F16,
        };
        let fit = fit_installed(&path, &room).unwrap();
        // Two heads of keys and values of eight numbers each, two bytes a number, twice.
        let kv = 2 * 16 * 2 * 2 * 1024;
        assert_eq!(
            (fit.weight_bytes, fit.kv_bytes, fit.context),
            (weights, kv, 1024)
        );
        assert_eq!(fit.token_bytes, read + kv / 4);
        assert_eq!(
            fit.tokens_per_second,
            Some((1 << 30) as f32 / fit.token_bytes as f32)
        );
        assert_eq!((fit.fits, fit.estimated), (Fits::Well, false));
        room.memory_bytes = 1 << 20;
        assert_eq!(fit_installed(&path, &room).unwrap().fits, Fits::No);
    };
    let experts = [("expert_count", 8), ("expert_used_count", 2)];
    let embedding: (&str, &[u64]) = ("token_embd.weight", &[32, 4]);
    let output: (&str, &[u64]) = ("output.weight", &[32, 4]);
    let plain: (&str, &[u64]) = ("blk.0.attn_q.weight", &[32, 32]);
    let chosen: (&str, &[u64]) = ("blk.0.ffn_up_exps.weight", &[32, 32, 8]);
    check(&[], &[embedding, plain], 4608, 4608);
    check(&[], &[embedding, output, plain], 5120, 4608);
    check(
        &experts,
        &[embedding, output, plain, chosen],
        37_888,
        4608 + 8192,
    );
    check(
        &[],
        &[embedding, output, plain, chosen],
        37_888,
        4608 + 32_768,
    );
}
