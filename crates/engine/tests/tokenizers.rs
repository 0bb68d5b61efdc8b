//! Tokenizers of every kind, made up as small as they can be: from GGUF metadata and from the files of
//! a folder. What other people's vocabularies give is in `vocabularies.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use common::tiny::{IM_END, IM_START, Tiny};
use engine::{Detokenizer, Tokenizer};
use serde_json::json;
use std::time::{Duration, Instant};

/// The letters that stand for bytes.
fn letters() -> Vec<String> {
    let mut more = 0x100;
    (0..=255u8)
        .map(|byte| match byte {
            0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => char::from(byte),
            _ => {
                more += 1;
                char::from_u32(more - 1).unwrap()
            }
        })
        .map(String::from)
        .collect()
}

/// A vocabulary of SentencePiece: controls, bytes and words.
fn pieces(words: &[&str]) -> Vec<(String, i32)> {
    let mut pieces = vec![
        ("<unk>".to_owned(), 2),
        ("<s>".into(), 3),
        ("</s>".into(), 3),
    ];
    pieces.extend((0..=255u8).map(|byte| (format!("<0x{byte:02X}>"), 6)));
    pieces.extend(words.iter().map(|word| ((*word).to_owned(), 1)));
    pieces
}

const WORDS: &[&str] = &[
    "▁", "a", "b", "<", "s", ">", "/", "▁a", "aa", "aaaa", "ab", "▁ab", "<s", "é", "日", "本",
    "日本", "</", "</s",
];

/// The tokenizer of a GGUF file with these tokens.
fn gguf(
    kind: &str,
    tokens: &[(String, i32)],
    more: &[(&str, Value)],
) -> Result<Tokenizer, protocol::AppError> {
    let mut tiny = Tiny::new("llama", GgmlDType::F32);
    let mut put = |key: &str, value| {
        let key = format!("tokenizer.ggml.{key}");
        tiny.metadata.insert(key, value);
    };
    let texts = tokens.iter().map(|(text, _)| Value::String(text.clone()));
    put("model", Value::String(kind.into()));
    put("tokens", Value::Array(texts.collect()));
    put(
        "token_type",
        Value::Array(tokens.iter().map(|(_, kind)| Value::I32(*kind)).collect()),
    );
    let score = |(text, kind): &(String, i32)| match kind {
        1 => text.chars().count() as f32 - 100.0,
        _ => 0.0,
    };
    put(
        "scores",
        Value::Array(
            tokens
                .iter()
                .map(|token| Value::F32(score(token)))
                .collect(),
        ),
    );
    put("eos_token_id", Value::U32(2));
    for (key, value) in more {
        put(key, value.clone());
    }
    let folder = tempfile::tempdir().unwrap();
    Tokenizer::open(&tiny.write(folder.path()))
}

fn byte_level(more: &[(&str, Value)]) -> Tokenizer {
    let mut tokens: Vec<(String, i32)> = letters().into_iter().map(|text| (text, 1)).collect();
    tokens.extend(
        [
            ("<|im_start|>", 3),
            ("<|im_end|>", 3),
            ("<think>", 4),
            ("aa", 1),
            ("aaaa", 1),
        ]
        .map(|(text, kind)| (text.to_owned(), kind)),
    );
    let merges =
        ["a a", "aa aa", "aa nothing", "< |im_end|>"].map(|line| Value::String(line.into()));
    let mut settings = vec![
        ("merges", Value::Array(merges.to_vec())),
        ("eos_token_id", Value::U32(IM_END)),
    ];
    settings.extend(more.iter().cloned());
    gguf("gpt2", &tokens, &settings).unwrap()
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> Result<Tokenizer, protocol::AppError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    Tokenizer::open(folder.path())
}

fn json_file(value: serde_json::Value) -> Result<Tokenizer, protocol::AppError> {
    folder(&[("tokenizer.json", value.to_string().as_bytes())])
}

/// A byte-level `tokenizer.json` with this expression.
fn split(expression: &str) -> serde_json::Value {
    let words: serde_json::Map<String, serde_json::Value> = letters()
        .into_iter()
        .chain(["<s>".to_owned(), "aa".to_owned()])
        .zip(0..)
        .map(|(text, id)| (text, json!(id)))
        .collect();
    json!({
        "added_tokens": [
            {"id": 256, "content": "<s>", "special": true, "normalized": false},
            {"id": 300, "content": "<think>", "special": false, "normalized": false},
        ],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated"},
            {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false},
        ]},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
            "special_tokens": {"<s>": {"ids": [256]}}},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": words, "merges": [["a", "a"], ["<", "s>"], ["<s", ">"]]},
    })
}

/// One field of a protocol buffer.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(bytes);
    out
}

/// A `tokenizer.model` of this kind: 1 is unigram, 2 is BPE.
fn model(kind: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (text, kind) in pieces(WORDS) {
        let mut piece = field(1, text.as_bytes());
        piece.push(2 << 3 | 5);
        let score = if kind == 1 {
            text.chars().count() as f32 - 100.0
        } else {
            0.0
        };
        piece.extend(score.to_le_bytes());
        piece.extend([3 << 3, kind as u8]);
        bytes.extend(field(1, &piece));
    }
    // 35 and 24 stand in two bytes.
    bytes.extend(field(2, &[3 << 3, kind, 0x98, 0x02, 1]));
    bytes.extend(field(3, &[4 << 3, 0]));
    bytes
}

/// Each kind that loses nothing, and the ids that no words may become.
fn lossless() -> Vec<(&'static str, Tokenizer, Vec<u32>)> {
    let file = |name, bytes: Vec<u8>| folder(&[(name, &bytes[..])]).unwrap();
    let tekken = {
        let ranks: Vec<_> = (0..=255u8)
            .map(|byte| vec![byte])
            .chain([b"aa".to_vec(), b"<s".to_vec(), b"<s>".to_vec()])
            .enumerate()
            .map(|(rank, bytes)| json!({"rank": rank, "token_bytes": base64(&bytes), "token_str": null}))
            .collect();
        json!({"config": {"pattern": r"\s*\S+|\s+(?!\S)|\s+", "default_vocab_size": 300,
            "default_num_special_tokens": 41, "version": "v3"}, "vocab": ranks})
    };
    let metaspace = {
        let mut file = split(".");
        file["pre_tokenizer"] = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false});
        file["decoder"] = json!({"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]});
        let words: serde_json::Map<_, _> = pieces(WORDS)
            .into_iter()
            .zip(0..)
            .map(|((text, _), id)| (text, json!(id)))
            .collect();
        file["model"] = json!({"type": "BPE", "byte_fallback": true, "unk_token": "<unk>", "vocab": words,
            "merges": ["a a", "aa aa", "▁ a", "< s", "<s >"]});
        file["added_tokens"] = json!([{"id": 1, "content": "<s>", "special": true}]);
        file
    };
    let vocab: serde_json::Map<_, _> = letters()
        .into_iter()
        .chain(["<|endoftext|>".to_owned()])
        .zip(0..)
        .map(|(text, id)| (text, json!(id)))
        .collect();
    let gpt2 = folder(&[
        ("vocab.json", json!(vocab).to_string().as_bytes()),
        ("merges.txt", b"#version: 0.2\na a\n"),
        (
            "tokenizer_config.json",
            br#"{"eos_token": "<|endoftext|>"}"#,
        ),
    ]);
    vec![
        ("byte-level", byte_level(&[]), vec![IM_START, IM_END]),
        (
            "SentencePiece",
            gguf("llama", &pieces(WORDS), &[]).unwrap(),
            vec![0, 1, 2],
        ),
        (
            "tokenizer.json",
            json_file(split(r"\s+(?!\S)|\s+|\S+")).unwrap(),
            vec![256],
        ),
        (
            "tokenizer.json, Metaspace",
            json_file(metaspace).unwrap(),
            vec![1],
        ),
        (
            "tokenizer.model, BPE",
            file("tokenizer.model", model(2)),
            vec![0, 1, 2],
        ),
        (
            "tokenizer.model, unigram",
            file("tokenizer.model", model(1)),
            vec![0, 1, 2],
        ),
        (
            "tekken.json",
            file("tekken.json", tekken.to_string().into_bytes()),
            (0..41).collect(),
        ),
        ("vocab.json", gpt2.unwrap(), vec![256]),
    ]
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits = three
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            out.push(char::from(
                LETTERS[(bits >> (18 - 6 * place) & 63) as usize],
            ));
        }
    }
    out
}

/// Made-up texts, the same each time: of all of Unicode, and of what tokenizers are odd about.
fn texts() -> Vec<String> {
    const ODD: &[&str] = &[
        "<s>",
        "</s>",
        "<|im_end|>",
        "<unk>",
        "<0x0A>",
        "<think>",
        "▁",
        " ",
        "  ",
        "\n",
        "\t",
        "a",
        "aaaa",
        "日本",
        "é",
        "e\u{301}",
        "👩‍👩‍👧🏽",
        "שָׁ",
        "\0",
        "\u{feff}",
        "1",
        "'s",
        "<",
        "s>",
        "[INST]",
        "Ġ",
    ];
    let mut seed = 0x5eed_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as usize % below
    };
    let mut texts = vec![String::new()];
    for _ in 0..400 {
        let mut text = String::new();
        for _ in 0..random(20) {
            let letter = char::from_u32((random(0x11_0000) >> random(16)) as u32);
            match random(3) {
                0 => text.extend(letter),
                _ => text.push_str(ODD[random(ODD.len())]),
            }
        }
        texts.push(text);
    }
    texts
}

#[test]
fn every_text_comes_back_and_no_words_become_a_command() {
    for (name, tokenizer, commands) in lossless() {
        // What writes spaces as this mark cannot tell it from them.
        let marked = ["SentencePiece", "Metaspace", "tokenizer.model"];
        let marked = marked.iter().any(|kind| name.contains(kind));
        for text in texts() {
            // Nor that in front of a text from the text's own.
            let front = name.contains("Metaspace") && text.starts_with(' ');
            if front || (marked && text.contains('▁')) {
                continue;
            }
            let ids = tokenizer.encode(&text, false).unwrap();
            assert_eq!(tokenizer.decode(&ids, false).unwrap(), text, "{name}");
            let command = ids.iter().find(|id| commands.contains(id));
            assert_eq!(command, None, "{name}: {text:?}");
            let mut stream = Detokenizer::default();
            let mut streamed = String::new();
            for id in &ids {
                streamed += &stream.push(&tokenizer, *id).unwrap();
            }
            streamed += &stream.finish();
            // The space in front of a text is not the text's, but is that of an answer which goes on.
            let spaced = streamed.strip_prefix(' ').unwrap_or(&streamed);
            assert!(streamed == text || spaced == text, "{name}: {streamed:?}");
        }
    }
}

#[test]
fn a_person_writes_what_shows_and_a_template_what_commands() {
    let check = |tokenizer: &Tokenizer, text: &str, special: bool, ids: &[u32]| {
        assert_eq!(
            tokenizer.encode(text, special).unwrap(),
            ids,
            "{text:?} {special}"
        );
    };
    let bytes = byte_level(&[]);
    check(&bytes, "<think>a<|im_end|>", true, &[258, 97, IM_END]);
    assert_eq!(bytes.decode(&[258, 97, IM_END], false).unwrap(), "<think>a");
    assert_eq!(
        bytes.decode(&[258, 97, IM_END], true).unwrap(),
        "<think>a<|im_end|>"
    );
    let spm = gguf("llama", &pieces(WORDS), &[]).unwrap();
    check(&spm, "ab</s>a", true, &[1, 270, 2, 266]);
    check(&spm, "<s>", false, &[259, 271, 264]);
    let file = json_file(split(r"\s+|\S+")).unwrap();
    check(&file, "a<think>", true, &[256, 97, 300]);
    check(&file, "<s>a", true, &[256, 97]);
    assert_eq!(file.decode(&[256, 97, 300], false).unwrap(), "a<think>");
    // What lies between the vocabulary and the added tokens is no hole.
    assert_eq!(
        (file.len(), file.decode(&[280], false).unwrap()),
        (301, "[PAD280]".into())
    );
}

#[test]
fn words_of_bert_and_unigram_are_as_llama_cpp_has_them() {
    let words = [
        "[UNK]", "[CLS]", "[SEP]", "▁hello", "▁wor", "ld", "▁!", "▁日",
    ];
    let kinds = [2, 3, 3, 1, 1, 1, 1, 1];
    let tokens: Vec<_> = words.map(String::from).into_iter().zip(kinds).collect();
    let roles = [("unknown", 0), ("cls", 1), ("seperator", 2)]
        .map(|(role, id)| (format!("{role}_token_id"), Value::U32(id)));
    let roles: Vec<_> = roles
        .iter()
        .map(|(role, id)| (role.as_str(), id.clone()))
        .collect();
    let bert = gguf("bert", &tokens, &roles).unwrap();
    let check =
        |text: &str, ids: &[u32]| assert_eq!(bert.encode(text, false).unwrap(), ids, "{text:?}");
    check("Héllo  world!", &[3, 4, 5, 6]);
    check("日world xyz", &[7, 4, 5, 0]);
    check("▁hello", &[0]);
    assert_eq!(bert.encode("hello", true).unwrap(), [1, 3, 2]);
    let spaced = [
        ("add_space_prefix", Value::Bool(true)),
        ("unknown_token_id", Value::U32(0)),
    ];
    let unigram = gguf("t5", &pieces(WORDS), &spaced).unwrap();
    let ids = unigram.encode("aab x", false).unwrap();
    assert_eq!(ids, [266, 269, 259, 0]);
}

#[test]
fn files_that_are_wrong_are_told() {
    let check = |tokenizer: Result<Tokenizer, protocol::AppError>, key: &str| {
        assert_eq!(tokenizer.err().map(|error| error.key), Some(key.into()));
    };
    let twice = [("a".to_owned(), 1), ("a".to_owned(), 1)];
    check(gguf("llama", &twice, &[]), "tokenizer-damaged");
    check(gguf("llama", &[], &[]), "tokenizer-damaged");
    check(gguf("plamo2", &pieces(WORDS), &[]), "unknown-tokenizer");
    check(
        gguf(
            "t5",
            &pieces(WORDS),
            &[("precompiled_charsmap", Value::Array(vec![Value::U8(9); 5]))],
        ),
        "tokenizer-damaged",
    );
    check(folder(&[]), "tokenizer-damaged");
    check(folder(&[("tokenizer.json", b"{")]), "tokenizer-damaged");
    check(
        folder(&[("tokenizer.json", "[".repeat(100_000).as_bytes())]),
        "tokenizer-damaged",
    );
    check(
        folder(&[("tokenizer.model", b"IQ== 0\n")]),
        "tokenizer-damaged",
    );
    check(
        folder(&[("tokenizer.model", &model(2)[..900])]),
        "tokenizer-damaged",
    );
    check(
        folder(&[("tokenizer.model", &model(3))]),
        "unknown-tokenizer",
    );
    check(json_file(split("(")), "tokenizer-damaged");
    let mut far = split(".");
    far["added_tokens"][1]["id"] = json!(4_000_000_000u32);
    check(json_file(far), "tokenizer-damaged");
    let mut unknown = split(".");
    unknown["pre_tokenizer"] = json!({"type": "OfTomorrow"});
    check(json_file(unknown), "unknown-pretokenizer");
    let mut unknown = split(".");
    unknown["normalizer"] = json!({"type": "OfTomorrow"});
    check(json_file(unknown), "unknown-tokenizer");
    // Every beginning of a file is refused, and none is believed.
    let whole = model(2);
    for length in (0..whole.len()).step_by(97) {
        let _ = folder(&[("tokenizer.model", &whole[..length])]);
    }
}

#[test]
fn an_expression_that_tries_for_ever_is_given_up() {
    let tokenizer = json_file(split(r"(?=(a+)+$)(a|aa)+\1b")).unwrap();
    let error = tokenizer.encode(&"a".repeat(4000), false).unwrap_err();
    assert_eq!(error.key, "tokenizer-damaged");
}

#[test]
fn long_texts_take_time_that_grows_with_their_length() {
    let long = 500_000;
    for (name, tokenizer, _) in lossless() {
        for letter in ["a", " ", "<", "日"] {
            let text = letter.repeat(long / letter.len());
            let start = Instant::now();
            let ids = tokenizer.encode(&text, true).unwrap();
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "{name}: {:?}",
                start.elapsed()
            );
            assert!(ids.len() > 1000);
        }
    }
}
