//! Against llama.cpp's results in `tests/golden`: rendered prompts, ids, and greedy answers.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::{QWEN, SMOLLM2, last_logits, likeliest, load_with, model_path};
use engine::{KvKind, LoadOptions, Template, Tokenizer};
use protocol::{PromptMessage, TemplateInput};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    chats: Vec<Chat>,
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Chat {
    name: String,
    messages: Vec<PromptMessage>,
    prompt: String,
    prompt_ids: Vec<u32>,
    greedy: Greedy,
}

#[derive(Deserialize)]
struct Greedy {
    ids: Vec<u32>,
    /// At each position the two likeliest tokens with their log-probabilities.
    top_two: Vec<[(u32, f32); 2]>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
}

/// Answers may part where the reference's two likeliest tokens are closer than this.
const NEAR: f32 = 0.2;
/// The same with keys and values in 8 bits.
const NEAR_IN_EIGHTS: f32 = 0.4;

fn golden(file: &str) -> Golden {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let json = std::fs::read_to_string(folder.join(file)).unwrap();
    serde_json::from_str(&json).unwrap()
}

fn check_words(file: &str, model: &str) {
    let golden = golden(file);
    let tokenizer = Tokenizer::open(&model_path(model)).unwrap();
    let template = Template::open(&model_path(model)).unwrap();
    assert!(golden.chats.len() >= 10 && golden.texts.len() >= 20);
    for chat in &golden.chats {
        let prompt = template
            .render(&TemplateInput::of(&chat.messages, true))
            .unwrap();
        assert_eq!(prompt, chat.prompt, "{}", chat.name);
        let ids = tokenizer.encode(&prompt, true).unwrap();
        assert_eq!(ids, chat.prompt_ids, "{}", chat.name);
    }
    for text in &golden.texts {
        let ids = tokenizer.encode(&text.text, false).unwrap();
        assert_eq!(ids, text.ids, "{:?}", text.text);
        assert_eq!(tokenizer.decode(&ids, false).unwrap(), text.text);
    }
}

fn check_answers(file: &str, model: &str, kv: KvKind, near: f32) {
    let options = LoadOptions {
        threads: 2,
        kv,
        ..LoadOptions::default()
    };
    let model = load_with(&model_path(model), &options);
    for chat in golden(file).chats {
        let mut sequence = model.sequence();
        let mut logits = last_logits(&model, &mut sequence, &chat.prompt_ids);
        for (at, (expected, top_two)) in
            chat.greedy.ids.iter().zip(&chat.greedy.top_two).enumerate()
        {
            let id = likeliest(&logits);
            let apart = top_two[0].1 - top_two[1].1;
            if id != *expected {
                println!(
                    "{}: parts at {at}, where the two are {apart:.3} apart",
                    chat.name
                );
                assert!(apart < near, "{}: {id} for {expected} at {at}", chat.name);
                break;
            }
            logits = last_logits(&model, &mut sequence, &[id]);
        }
    }
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn smollm2_words() {
    check_words("smollm2.json", SMOLLM2);
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn qwen_words() {
    check_words("qwen2.5-coder.json", QWEN);
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn smollm2_answers() {
    check_answers("smollm2.json", SMOLLM2, KvKind::F16, NEAR);
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn qwen_answers() {
    check_answers("qwen2.5-coder.json", QWEN, KvKind::F16, NEAR);
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn smollm2_answers_in_8_bits() {
    check_answers("smollm2.json", SMOLLM2, KvKind::Q8_0, NEAR_IN_EIGHTS);
}
