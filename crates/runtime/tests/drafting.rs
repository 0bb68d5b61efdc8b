//! A model that the library knows to have the same vocabulary proposes tokens by itself, in a real
//! worker, and no answer differs for it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]
#![allow(dead_code, reason = "the support is shared by several tests")]

mod support;

use protocol::{DraftChoice, ModelEntry, Receipt};
use runtime::{Engine, Options, Runtime};
use std::path::Path;
use std::time::{Duration, Instant};
use support::*;

/// Words that the models know beside the one that ends an answer: more than an answer has.
const WORDS: usize = 300;
const END: usize = WORDS;
/// Numbers of a head.
const HEAD: usize = 32;
/// Of an answer.
const TOKENS: u32 = 200;

/// A model that says the words in their order, as sure as its `hidden` numbers let it, and takes
/// its time for that by its `layers`, which change nothing.
struct Made {
    hidden: usize,
    layers: usize,
    /// The word that follows each: this many further.
    stride: usize,
    /// Whether it has all the tensors that it needs.
    is_whole: bool,
}

const LARGE: Made = Made {
    hidden: 256,
    layers: 12,
    stride: 1,
    is_whole: true,
};
const SMALL: Made = Made {
    hidden: 64,
    layers: 1,
    stride: 1,
    is_whole: true,
};

impl Made {
    fn write(&self, path: &Path) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let mut keys = Vec::new();
        let mut count = 0u64;
        let mut key = |name: &str, kind: u32, value: Vec<u8>| {
            text(&mut keys, name);
            keys.extend(kind.to_le_bytes());
            keys.extend(value);
            count += 1;
        };
        let as_text = |value: &str| {
            let mut bytes = Vec::new();
            text(&mut bytes, value);
            bytes
        };
        key("general.architecture", 8, as_text("llama"));
        key("general.name", 8, as_text(name));
        for (name, value) in [
            ("context_length", 1024),
            ("embedding_length", self.hidden),
            ("feed_forward_length", 2 * self.hidden),
            ("block_count", self.layers),
            ("attention.head_count", self.hidden / HEAD),
            ("attention.head_count_kv", self.hidden / HEAD),
        ] {
            key(
                &format!("llama.{name}"),
                4,
                (value as u32).to_le_bytes().into(),
            );
        }
        let eps = "llama.attention.layer_norm_rms_epsilon";
        key(eps, 6, 1e-5f32.to_le_bytes().into());
        key("tokenizer.ggml.model", 8, as_text("gpt2"));
        key("tokenizer.ggml.pre", 8, as_text("gpt-2"));
        let array = |kind: u32, count: usize| {
            [&kind.to_le_bytes()[..], &(count as u64).to_le_bytes()].concat()
        };
        let mut tokens = array(8, WORDS + 1);
        (0..WORDS).for_each(|id| text(&mut tokens, &word(id)));
        text(&mut tokens, "<|im_end|>");
        key("tokenizer.ggml.tokens", 9, tokens);
        let kinds = (0..=WORDS).flat_map(|id| (if id == END { 3i32 } else { 1 }).to_le_bytes());
        let kinds = [array(5, WORDS + 1), kinds.collect()].concat();
        key("tokenizer.ggml.token_type", 9, kinds);
        key("tokenizer.ggml.merges", 9, array(8, 0));
        key(
            "tokenizer.ggml.eos_token_id",
            4,
            (END as u32).to_le_bytes().into(),
        );
        let template = "{% for m in messages %}{{ m.content }}{% endfor %}";
        key("tokenizer.chat_template", 8, as_text(template));

        let mut seed = 0x1234_5678_9abc_def1u64;
        let mut random = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            if seed >> 63 == 0 { 1.0f32 } else { -1.0 }
        };
        let hidden = self.hidden;
        let codes: Vec<f32> = (0..(WORDS + 1) * hidden).map(|_| random()).collect();
        let mut output = vec![0.0f32; codes.len()];
        for id in 0..WORDS {
            let next = (id + self.stride) % WORDS;
            output[next * hidden..(next + 1) * hidden]
                .copy_from_slice(&codes[id * hidden..(id + 1) * hidden]);
        }
        let mut tensors = vec![
            (
                "token_embd.weight".to_owned(),
                vec![hidden, WORDS + 1],
                codes,
            ),
            ("output.weight".to_owned(), vec![hidden, WORDS + 1], output),
        ];
        if self.is_whole {
            let values = vec![1.0; hidden];
            tensors.push(("output_norm.weight".to_owned(), vec![hidden], values));
        }
        for layer in 0..self.layers {
            for (part, rows, columns, value) in [
                ("attn_q", hidden, hidden, 0.01),
                ("attn_k", hidden, hidden, 0.01),
                ("attn_v", hidden, hidden, 0.01),
                ("attn_output", hidden, hidden, 0.0),
                ("ffn_gate", 2 * hidden, hidden, 0.01),
                ("ffn_up", 2 * hidden, hidden, 0.01),
                ("ffn_down", hidden, 2 * hidden, 0.0),
            ] {
                let values = vec![value; rows * columns];
                tensors.push((
                    format!("blk.{layer}.{part}.weight"),
                    vec![columns, rows],
                    values,
                ));
            }
            for norm in ["attn_norm", "ffn_norm"] {
                let values = vec![1.0; hidden];
                tensors.push((format!("blk.{layer}.{norm}.weight"), vec![hidden], values));
            }
        }
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend((tensors.len() as u64).to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(keys);
        let mut offset = 0u64;
        for (name, shape, values) in &tensors {
            text(&mut bytes, name);
            bytes.extend((shape.len() as u32).to_le_bytes());
            shape
                .iter()
                .for_each(|size| bytes.extend((*size as u64).to_le_bytes()));
            bytes.extend(0u32.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
            offset += (values.len() as u64 * 4).next_multiple_of(32);
        }
        for (_, _, values) in &tensors {
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            values
                .iter()
                .for_each(|value| bytes.extend(value.to_le_bytes()));
        }
        std::fs::write(path, bytes).unwrap();
    }
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

/// A library with the large model and one beside it.
async fn both(draft: &Made) -> (Desk, ModelEntry, ModelEntry) {
    let desk = Desk::alone().await;
    let [large, draft] = [("large", &LARGE), ("draft", draft)].map(|(name, made)| {
        let path = desk.path(&format!("{name}.gguf"));
        made.write(&path);
        desk.hub.import(&path).unwrap()
    });
    (desk, large, draft)
}

fn options() -> Options {
    Options {
        keep: false,
        ..Options::default()
    }
}

/// The first is what a person says.
fn word(id: usize) -> String {
    let letter = |part: usize| char::from(b'A' + part as u8);
    match id {
        0 => "a".into(),
        _ => [letter(id / 26), letter(id % 26)].iter().collect(),
    }
}

/// What the large one says to that.
fn said() -> String {
    (1..=TOKENS as usize).map(word).collect()
}

async fn answer(runtime: &Runtime, model: &ModelEntry) -> Receipt {
    let told = read(runtime.generate(ask(model, "a", TOKENS))).await;
    let receipt = told.end.unwrap().unwrap().receipt;
    assert_eq!(told.text, said());
    assert_eq!(receipt.answer_tokens, TOKENS);
    receipt
}

/// Answers until something was proposed by the model beside it, for a while; every one is as it
/// is without. Gives the last receipt.
async fn check(runtime: &Runtime, model: &ModelEntry, is_drafted: bool) -> Receipt {
    let began = Instant::now();
    let patience = Duration::from_secs(if is_drafted { 60 } else { 2 });
    loop {
        let receipt = answer(runtime, model).await;
        if receipt.draft.is_some() || began.elapsed() > patience {
            let expected = is_drafted.then_some("draft");
            assert_eq!(receipt.draft.as_deref(), expected);
            return receipt;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the worker: cargo xtask test"]
async fn one_of_the_same_vocabulary_proposes_by_itself() {
    let (desk, large, draft) = both(&SMALL).await;
    assert_eq!(desk.hub.drafts(&large.id).len(), 1);
    assert_eq!(desk.hub.drafts(&draft.id), []);
    let runtime = desk.runtime(options());
    let receipt = check(&runtime, &large, true).await;
    let (drafted, accepted) = (receipt.drafted_tokens, receipt.accepted_tokens);
    println!("{accepted} of {drafted} chosen");
    assert!(accepted * 2 > drafted, "{accepted} of {drafted}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the worker: cargo xtask test"]
async fn one_that_is_always_wrong_is_soon_not_asked_any_more() {
    let (desk, large, _) = both(&Made { stride: 7, ..SMALL }).await;
    let runtime = desk.runtime(options());
    let receipt = check(&runtime, &large, true).await;
    assert_eq!(receipt.accepted_tokens, 0);
    let mut drafted = receipt.drafted_tokens;
    // Always asked it would have proposed eight before each token.
    println!("first {drafted}");
    assert!(drafted < 2 * TOKENS, "{drafted}");
    // What was learnt of it holds for the next answer too.
    for _ in 0..4 {
        drafted = answer(&runtime, &large).await.drafted_tokens;
    }
    println!("later {drafted}");
    assert!(drafted < TOKENS, "{drafted}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the worker: cargo xtask test"]
async fn one_that_cannot_be_used_is_left_out_and_the_answer_goes_on() {
    let (desk, large, draft) = both(&SMALL).await;
    let needed = desk.hub.memory(&large.id, 1024).unwrap();
    let named = |id| Some(DraftChoice::Model { id });
    let cases = [
        // No room for it, beside the model and the conversation.
        Options {
            memory: Some(needed + 1000),
            ..options()
        },
        Options {
            draft: Some(DraftChoice::Never),
            ..options()
        },
        Options {
            speculates: false,
            ..options()
        },
    ];
    for options in cases {
        check(&desk.runtime(options), &large, false).await;
    }
    let wanted = Options {
        draft: named(draft.id.clone()),
        ..options()
    };
    check(&desk.runtime(wanted), &large, true).await;
    // The person's choice for the model counts from its next answer on.
    let runtime = desk.runtime(options());
    check(&runtime, &large, true).await;
    desk.hub
        .choose_draft(&large.id, DraftChoice::Never)
        .unwrap();
    check(&runtime, &large, false).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the worker: cargo xtask test"]
async fn one_that_does_not_load_is_left_out_and_its_memory_given_back() {
    let (desk, large, draft) = both(&Made {
        is_whole: false,
        ..SMALL
    })
    .await;
    assert_eq!(desk.hub.drafts(&large.id).len(), 1);
    let runtime = desk.runtime(options());
    check(&runtime, &large, false).await;
    let needed = desk.hub.memory(&large.id, 1024).unwrap();
    assert_eq!(runtime.memory().models, needed);
    // One that is named for this run is not left out in silence.
    let named = desk.runtime(Options {
        draft: Some(DraftChoice::Model { id: draft.id }),
        ..options()
    });
    let told = read(named.generate(ask(&large, "a", TOKENS))).await;
    assert_eq!(told.end.unwrap().unwrap_err().key, "tensor-missing");
}
