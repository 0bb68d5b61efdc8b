//! Both architectures on tiny random models: right beside candle-transformers, in every type;
//! whole, in pieces and truncated; texts and ids both ways.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::{Device, Tensor};
use candle_transformers::models::{quantized_llama, quantized_qwen2};
use common::tiny::{IM_START, Tiny};
use common::{difference, last_logits, load_path, load_with};
use engine::{Cancel, KvKind, LoadOptions};
use std::path::Path;

const KINDS: [GgmlDType; 13] = [
    GgmlDType::F32,
    GgmlDType::F16,
    GgmlDType::BF16,
    GgmlDType::Q4_0,
    GgmlDType::Q4_1,
    GgmlDType::Q5_0,
    GgmlDType::Q5_1,
    GgmlDType::Q8_0,
    GgmlDType::Q2K,
    GgmlDType::Q3K,
    GgmlDType::Q4K,
    GgmlDType::Q5K,
    GgmlDType::Q6K,
];

/// What candle-transformers makes of a file: logits of two readings on one cache.
fn oracle(path: &Path, architecture: &str, first: &[u32], second: &[u32]) -> [Vec<f32>; 2] {
    let mut file = std::fs::File::open(path).unwrap();
    let content = gguf_file::Content::read(&mut file).unwrap();
    let tensor = |ids: &[u32]| {
        Tensor::new(ids, &Device::Cpu)
            .unwrap()
            .unsqueeze(0)
            .unwrap()
    };
    let flat = |x: Tensor| x.flatten_all().unwrap().to_vec1().unwrap();
    let (a, b) = (tensor(first), tensor(second));
    if architecture == "llama" {
        let mut model =
            quantized_llama::ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap();
        [
            flat(model.forward(&a, 0).unwrap()),
            flat(model.forward(&b, first.len()).unwrap()),
        ]
    } else {
        let mut model =
            quantized_qwen2::ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap();
        [
            flat(model.forward(&a, 0).unwrap()),
            flat(model.forward(&b, first.len()).unwrap()),
        ]
    }
}

#[test]
fn both_architectures_are_right_in_every_type() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = ([1, 30, 200, 7, 256], [9, 90]);
    for architecture in ["llama", "qwen2"] {
        for kind in KINDS {
            let path = Tiny::new(architecture, kind).write(folder.path());
            let expected = oracle(&path, architecture, &first, &second);
            for (kv, near) in [(KvKind::F32, 1e-5), (KvKind::F16, 1e-3)] {
                let options = LoadOptions {
                    threads: 2,
                    kv,
                    ..LoadOptions::default()
                };
                let model = load_with(&path, &options);
                let mut sequence = model.sequence();
                for (ids, expected) in [&first[..], &second[..]].into_iter().zip(&expected) {
                    let apart = difference(&last_logits(&model, &mut sequence, ids), expected);
                    // Rounding of activations to 8 bits, of which candle does more than we.
                    let near = if kind == GgmlDType::F32 { near } else { 3e-2 };
                    assert!(apart < near, "{architecture} {kind:?} {kv:?}: {apart}");
                }
            }
        }
    }
}

#[test]
fn pieces_and_truncation_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for architecture in ["llama", "qwen2"] {
        let model = load_path(
            &Tiny::new(architecture, GgmlDType::Q8_0).write(folder.path()),
            2,
        );
        let ids: Vec<u32> = (0..70).map(|i| i * 37 % 256).collect();
        let whole = last_logits(&model, &mut model.sequence(), &ids);
        let mut pieces = model.sequence();
        for piece in ids.chunks(9) {
            last_logits(&model, &mut pieces, piece);
        }
        for keep in [0, 1, 33, 69] {
            pieces.truncate(keep);
            let again = last_logits(&model, &mut pieces, &ids[keep..]);
            assert!(
                again == whole,
                "{architecture}, kept {keep}: not the same bits"
            );
            assert_eq!(pieces.tokens(), ids);
        }
    }
}

#[test]
fn bos_stands_once_and_ids_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let mut tiny = Tiny::new("llama", GgmlDType::Q8_0);
    let metadata = &mut tiny.metadata;
    metadata.insert("tokenizer.ggml.add_bos_token".into(), Value::Bool(true));
    metadata.insert("tokenizer.ggml.bos_token_id".into(), Value::U32(IM_START));
    let model = load_path(&tiny.write(folder.path()), 1);
    let tokenizer = model.tokenizer();
    assert_eq!(tokenizer.encode("a", true).unwrap(), [IM_START, 97]);
    assert_eq!(
        tokenizer.encode("<|im_start|>a", true).unwrap(),
        [IM_START, 97]
    );
    assert!(
        !tokenizer
            .encode("<|im_start|>", false)
            .unwrap()
            .contains(&IM_START)
    );
    assert_eq!(tokenizer.encode("hello", false).unwrap(), [261]);
    assert_eq!(
        tokenizer.decode(&[9999], true).unwrap_err().key,
        "token-out-of-range"
    );
    let error = engine::logits(&model, &[9999], 1, &Cancel::new(), &mut |_, _| {}).unwrap_err();
    assert_eq!(error.key, "token-out-of-range");
    let mut rows = Vec::new();
    let mut on =
        |position, top: Vec<(u32, f32)>| rows.push((position, top.len(), top[0].1 >= top[2].1));
    engine::logits(&model, &[1, 2, 3], 3, &Cancel::new(), &mut on).unwrap();
    assert_eq!(rows, [(0, 3, true), (1, 3, true), (2, 3, true)]);
}

/// Any text comes back from its ids, whole or streamed.
#[test]
fn texts_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = Tiny::new("llama", GgmlDType::Q8_0).write(folder.path());
    let tokenizer = engine::Tokenizer::open(&path).unwrap();
    let odd = [
        "",
        " ",
        "\0",
        "\u{feff}x",
        "e\u{301}\u{301}",
        "👩‍👩‍👧‍👦🏽",
        "\u{202e}abc\u{202c}",
        "日本語\u{3000}",
        "ﷺ\u{10ffff}",
        "a\r\n\t b",
        "<|im_end|>",
        "\u{e000}\u{fffd}",
        "שָׁלוֹם",
        "𝔘𝔫𝔦",
        "\u{85}\u{a0}\u{2028}x",
    ];
    let mut seed = 77u64;
    let mut texts: Vec<String> = odd.map(String::from).to_vec();
    for _ in 0..300 {
        let text = (0..20).filter_map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from_u32(((seed >> 33) as u32 % 0x11_0000) >> (seed % 13))
        });
        texts.push(text.collect());
    }
    for text in texts {
        let ids = tokenizer.encode(&text, false).unwrap();
        assert_eq!(tokenizer.decode(&ids, false).unwrap(), text);
        let mut stream = engine::Detokenizer::default();
        let mut streamed = String::new();
        for id in ids {
            streamed += &stream.push(&tokenizer, id).unwrap();
        }
        assert_eq!(streamed + &stream.finish(), text);
    }
}
