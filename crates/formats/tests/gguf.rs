//! Headers of GGUF files: right ones, cut ones, lying ones.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::File;
use formats::gguf::{Array, Gguf, Value};
use formats::{Checkpoint, Description, Shape};
use protocol::{AppError, KvType, failure};
use std::path::Path;

/// A small whole file with every type of value.
fn whole() -> File {
    File::new(3, 2, 7)
        .text_key("general.architecture", "llama")
        .key("llama.context_length", 4)
        .u32(2048)
        .key("a.float", 6)
        .bytes(&1.5f32.to_le_bytes())
        .key("a.truth", 7)
        .bytes(&[1])
        .key("a.texts", 9)
        .u32(8)
        .u64(2)
        .text("日本")
        .text("")
        .key("a.numbers", 9)
        .u32(5)
        .u64(3)
        .bytes(&[1, 0, 0, 0, 255, 255, 255, 255, 3, 0, 0, 0])
        .key("a.nested", 9)
        .u32(9)
        .u64(1)
        .u32(0)
        .u64(2)
        .bytes(&[8, 9])
        .tensor("first", &[32, 2], 2, 0)
        .tensor("second", &[4], 0, 64)
        .data(64 + 16)
}

#[test]
fn a_whole_file_is_read() {
    let gguf = whole().open().unwrap();
    assert_eq!(gguf.version, 3);
    assert_eq!(gguf.architecture().unwrap(), "llama");
    assert_eq!(
        gguf.of_architecture("context_length"),
        Some(&Value::Unsigned(2048))
    );
    assert_eq!(gguf.metadata.get("a.float"), Some(&Value::Float(1.5)));
    assert_eq!(gguf.metadata.truth("a.truth"), Some(true));
    assert_eq!(gguf.metadata.texts("a.texts").unwrap(), ["日本", ""]);
    assert_eq!(gguf.metadata.integers("a.numbers").unwrap(), [1, -1, 3]);
    let nested = Array::Arrays(vec![Array::U8(vec![8, 9])]);
    assert_eq!(gguf.metadata.get("a.nested"), Some(&Value::Array(nested)));
    let second = gguf.tensor("second").unwrap();
    assert_eq!((second.offset, second.bytes), (gguf.header_bytes + 64, 16));
    assert_eq!(gguf.tensor("first").unwrap().bytes, 36);
    assert_eq!(gguf.file_bytes, gguf.header_bytes + 80);
}

fn key_of(result: Result<Gguf, AppError>) -> String {
    result.err().map_or("read".to_owned(), |error| error.key)
}

fn check(file: File, key: &str) {
    assert_eq!(key_of(file.open()), key);
}

#[test]
fn every_cut_of_a_file_is_truncated() {
    let whole = whole();
    for length in 4..whole.0.len() {
        let cut = File(whole.0[..length].to_vec());
        let error = cut.open().unwrap_err();
        assert_eq!(error.key, "model-truncated", "cut at {length}: {error}");
        assert_eq!(error.args["bytes"], protocol::Arg::Number(length as f64));
    }
    let expected = whole.0.len();
    let error = File(whole.0[..expected - 1].to_vec()).open().unwrap_err();
    assert_eq!(
        error.args["expected_bytes"],
        protocol::Arg::Number(expected as f64)
    );
}

/// Changed bytes may give any failure, or even a file that is read, but never a panic, nor an
/// allocation beyond the file.
#[test]
fn damaged_files_never_panic() {
    let whole = whole();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    for _ in 0..20_000 {
        let mut bytes = whole.0.clone();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            bytes[at] = match next(4) {
                0 => 0xff,
                1 => 0,
                2 => 0x7f,
                _ => next(256) as u8,
            };
        }
        if next(4) == 0 {
            bytes.truncate(next(bytes.len()));
        }
        if let Ok(gguf) = File(bytes).open() {
            for tensor in &gguf.tensors {
                assert!(tensor.offset + tensor.bytes <= gguf.file_bytes);
                assert!(tensor.numbers() > 0);
            }
            let _ = Checkpoint::of_gguf(gguf).map(|model| Description::of(&model));
        }
    }
}

#[test]
fn absurd_numbers_are_damage() {
    check(File::new(3, u64::MAX, 0), "model-damaged");
    check(File::new(3, 0, u64::MAX), "model-damaged");
    check(File::new(3, 0, 1 << 40), "model-damaged");
    check(
        File::new(3, 0, 1).key("k", 8).u64(u64::MAX).data(99),
        "model-damaged",
    );
    check(
        File::new(3, 0, 1).key("k", 9).u32(8).u64(1 << 60).data(99),
        "model-damaged",
    );
    check(
        File::new(3, 0, 1).key("k", 9).u32(99).u64(1).data(99),
        "model-damaged",
    );
    check(File::new(3, 0, 1).key("k", 99).data(99), "model-damaged");
    check(
        File::new(3, 0, 1).key("k", 7).bytes(&[2]).data(99),
        "model-damaged",
    );
    check(
        File::new(3, 0, 1)
            .u64(2)
            .bytes(&[0xff, 0xfe])
            .u32(7)
            .data(99),
        "model-damaged",
    );
    let twice = File::new(3, 0, 2).text_key("k", "a").text_key("k", "b");
    check(twice.data(32), "model-damaged");
    // Counts that no model has are refused before anything is read, however long the file is.
    let long = |tensors, keys| {
        let Err(error) = Gguf::read(
            Path::new("model.gguf"),
            &File::new(3, tensors, keys).data(99).0[..],
            1 << 40,
        ) else {
            panic!("{tensors} tensors and {keys} keys");
        };
        error.key
    };
    assert_eq!(long(0, 65_537), "model-damaged");
    assert_eq!(long(1_000_001, 0), "model-damaged");
    let mut deep = File::new(3, 0, 1).key("k", 9);
    for _ in 0..10 {
        deep = deep.u32(9).u64(1);
    }
    check(deep.data(99), "model-damaged");
}

/// Arrays of empty arrays, and of empty texts, have few bytes in a file and many in memory.
#[test]
fn arrays_of_nothing_are_bounded() {
    let empty_text = 0u64.to_le_bytes().to_vec();
    let empty_array = [&0u32.to_le_bytes()[..], &0u64.to_le_bytes()].concat();
    for (kind, nothing) in [(8, empty_text), (9, empty_array)] {
        let arrays = |count: u64| {
            let mut file = File::new(3, 0, 2);
            for key in ["a", "b"] {
                let values = nothing.repeat(count as usize);
                file = file.key(key, 9).u32(kind).u64(count).bytes(&values);
            }
            file.data(0)
        };
        assert!(arrays(1000).open().is_ok());
        check(arrays(2_000_001), "model-damaged");
    }
}

#[test]
fn tensors_lie_where_they_can() {
    let one = |shape: &[u64], kind: u32, offset: u64| {
        File::new(2, 1, 0).tensor("t", shape, kind, offset).data(64)
    };
    assert!(one(&[16], 0, 0).open().is_ok());
    check(one(&[u64::MAX, 2], 0, 0), "model-damaged");
    check(one(&[1 << 32, 1 << 32, 1 << 32], 0, 0), "model-damaged");
    check(one(&[0], 0, 0), "model-damaged");
    check(one(&[], 0, 0), "model-damaged");
    check(one(&[1; 5], 0, 0), "model-damaged");
    check(one(&[33], 2, 0), "model-damaged"); // no whole block
    check(one(&[16], 0, 8), "model-damaged"); // not aligned
    check(one(&[16], 0, 1 << 40), "model-damaged"); // far outside
    check(one(&[16], 0, u64::MAX - 31), "model-damaged");
    check(one(&[17], 0, 0), "model-truncated");
    check(one(&[16], 4, 0), "unknown-type"); // removed from the format
    check(one(&[16], 77, 0), "unknown-type");
    let two = |name: &str, offset: u64| {
        File::new(3, 2, 0)
            .tensor("a", &[16], 0, 0)
            .tensor(name, &[16], 0, offset)
            .data(128)
    };
    assert!(two("b", 64).open().is_ok());
    check(two("b", 32), "model-damaged"); // overlaps
    check(two("a", 64), "model-damaged"); // named twice
    let aligned = |bytes: u32| {
        let file = File::new(3, 1, 1).key("general.alignment", 4).u32(bytes);
        file.tensor("t", &[16], 0, 0).data(4096)
    };
    assert!(aligned(64).open().is_ok());
    for bytes in [0, 1, 33, 1 << 31] {
        check(aligned(bytes), "model-damaged");
    }
}

#[cfg(unix)]
#[test]
fn a_device_was_called_a_folder() {
    assert_eq!(key_of(Gguf::open(Path::new("/dev/null"))), "not-a-model");
}

#[test]
fn other_files_are_told_apart() {
    check(File(Vec::new()), "not-a-model");
    check(File(b"hello".to_vec()), "not-a-model");
    check(File(b"PK\x03\x04 and more".to_vec()), "unsafe-format");
    check(File(b"\x80\x02ctorch\nload".to_vec()), "unsafe-format");
    check(
        File(b"\x40\x00\x00\x00\x00\x00\x00\x00{\"a\":".to_vec()),
        "not-a-model",
    );
    check(File::new(1, 0, 0), "model-version");
    check(File::new(4, 0, 0), "model-version");
    check(File::new(3u32.swap_bytes(), 0, 0), "model-big-endian");
    check(File(b"GGUF".to_vec()), "model-truncated");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(key_of(Gguf::open(folder.path())), "not-a-file");
    let nowhere = folder.path().join("nowhere.gguf");
    assert_eq!(
        Gguf::open(&nowhere).err().unwrap().key,
        failure::file_not_found(&nowhere).key
    );
}

/// What a vocabulary of a quarter million tokens costs is told by the time this test takes.
#[test]
fn large_vocabularies_are_read_at_once() {
    let count = 250_000;
    let mut file = File::new(3, 0, 1)
        .key("tokenizer.ggml.tokens", 9)
        .u32(8)
        .u64(count);
    for index in 0..count {
        file = file.text(&format!("token{index}"));
    }
    let path = file.data(0).written();
    let begun = std::time::Instant::now();
    let gguf = Gguf::open(&path).unwrap();
    assert_eq!(
        gguf.metadata.texts("tokenizer.ggml.tokens").unwrap().len(),
        250_000
    );
    assert!(begun.elapsed().as_secs() < 5);
}

#[test]
fn a_file_is_described() {
    let file = File::new(3, 2, 9)
        .text_key("general.architecture", "llama")
        .text_key("general.name", "Tiny")
        .text_key("general.license", "mit")
        .key("general.file_type", 4)
        .u32(15)
        .key("llama.context_length", 4)
        .u32(128)
        .key("llama.block_count", 4)
        .u32(2)
        .key("llama.embedding_length", 4)
        .u32(64)
        .key("llama.attention.head_count", 4)
        .u32(4)
        .key("llama.attention.head_count_kv", 4)
        .u32(2)
        .tensor("a", &[256, 2], 12, 0)
        .tensor("b", &[4], 0, 288)
        .data(288 + 16);
    let path = file.written();
    let about = formats::describe(&path).unwrap();
    assert_eq!(
        (about.name.as_str(), about.quantisation.as_str()),
        ("Tiny", "Q4_K_M")
    );
    assert_eq!((about.parameters, about.weight_bytes), (516, 304));
    assert_eq!(
        (about.head_dim, about.kv_heads, about.licence.as_deref()),
        (16, 2, Some("mit"))
    );
    assert_eq!(
        about.types.into_iter().collect::<Vec<_>>(),
        [("F32".into(), 1), ("Q4_K".into(), 1)]
    );
    let again = formats::describe(&path).unwrap();
    assert_eq!(again.kv_bytes(10), 2 * 4 * 2 * 2 * 16 * 10);
    assert_eq!(again.given_context(), 128);
    let no_blocks = Description {
        kv_type: KvType::Q8_0,
        ..again.clone()
    };
    assert_eq!(no_blocks.kv_bytes(10), again.kv_bytes(10));
    assert!(again.memory_bytes(100) > again.memory_bytes(10));
}

fn described(file: &File) -> Description {
    Description::of(&Checkpoint::of_gguf(file.open().unwrap()).unwrap()).unwrap()
}

#[test]
fn keys_and_values_of_other_widths_are_counted_each() {
    let mut file = File::new(3, 0, 5).text_key("general.architecture", "llama");
    for (key, number) in [
        ("block_count", 2),
        ("attention.head_count", 4),
        ("attention.key_length", 192),
        ("attention.value_length", 128),
    ] {
        file = file.key(&format!("llama.{key}"), 4).u32(number);
    }
    let about = described(&file.data(0));
    assert_eq!(about.kv_bytes(10), 4 * 2 * 4 * (192 + 128) * 10);
    let in_eights = Description {
        kv_type: KvType::Q8_0,
        ..about
    };
    assert_eq!(
        in_eights.kv_bytes(10),
        4 * 2 * 4 * (192 + 128) * 10 / 64 * 34
    );
}

#[test]
fn names_in_a_file_do_not_reach_the_terminal_as_they_are() {
    let evil = "\x1b]0;x\x07\x1b[2Jevil\nname";
    let keys = [
        "general.name",
        "general.architecture",
        "tokenizer.ggml.model",
        "tokenizer.ggml.pre",
        "general.license",
    ];
    let file = keys
        .iter()
        .fold(File::new(3, 0, 5), |file, key| file.text_key(key, evil));
    let about = described(&file.data(0));
    let told = [
        Some(about.name),
        Some(about.architecture),
        about.tokenizer,
        about.pre_tokenizer,
        about.licence,
    ];
    assert_eq!(told, [(); 5].map(|()| Some("]0;x[2Jevil name".to_owned())));
    let twice = File::new(3, 0, 2).text_key(evil, "a").text_key(evil, "b");
    let error = twice.data(32).open().unwrap_err();
    assert!(!error.to_string().contains('\x1b'), "{error}");
}

#[test]
fn the_first_bytes_of_a_file_tell_its_shape_or_nothing() {
    let mut file = File::new(3, 1, 8).text_key("general.architecture", "llama");
    for (key, number) in [
        ("context_length", 4096),
        ("embedding_length", 4096),
        ("block_count", 32),
        ("attention.head_count", 32),
        ("attention.head_count_kv", 8),
    ] {
        file = file.key(&format!("llama.{key}"), 4).u32(number);
    }
    let file = file.text_key("tokenizer.ggml.model", "gpt2");
    let told = file.0.len();
    let file = file.key("tokenizer.ggml.tokens", 9).u32(8).u64(1);
    let bytes = file.text("a token").0;
    let expected = Shape {
        context: 4096,
        layers: 32,
        hidden: 4096,
        heads: 32,
        kv_heads: 8,
        head_dim: 128,
        value_dim: 128,
    };
    for end in 0..=bytes.len() {
        let found = Shape::of_start(&bytes[..end]);
        assert_eq!(found, (end >= told).then_some(expected), "{end}");
    }
    let mut endless = bytes[..told].to_vec();
    endless[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(Shape::of_start(&endless), Some(expected));
    for at in 0..told {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        // Whatever it says, it says it.
        let _ = Shape::of_start(&damaged);
    }
}
