//! How answers end, and which tokens they may have.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::Tensor;
use candle_core::quantized::GgmlDType;
use common::tiny::{CONTEXT, Tiny};
use common::{anew, ask, greedy, last_logits, load_path, message, tiny_model};
use engine::{Answer, Cancel, Generated, LoadOptions, Model, generate, round};
use protocol::{Limits, Role, Sampling, StopReason};

#[test]
fn answers_end_where_they_must() {
    let folder = tempfile::tempdir().unwrap();
    let model = tiny_model(folder.path());
    let messages = [message(Role::User, "hello")];
    let mut sequence = model.sequence();
    let (text, answered) = ask(&model, &mut sequence, &messages, 5).unwrap();
    if answered.reason == StopReason::Length {
        assert_eq!(answered.answer_tokens, 5);
    }
    assert!(!text.is_empty());
    let (_, none) = ask(&model, &mut sequence, &messages, 0).unwrap();
    assert_eq!((none.reason, none.answer_tokens), (StopReason::Length, 0));
    // The end of turn is never said, and the context never overrun, whatever the seed.
    let mut reasons = Vec::new();
    for seed in 0..20 {
        let mut text = String::new();
        let mut on = |event| {
            if let Generated::Text(more) = event {
                text += &more;
            }
        };
        let sampling = Sampling {
            temperature: 1.5,
            seed: Some(seed),
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            ..greedy()
        };
        let limits = Limits::default();
        let cancel = Cancel::new();
        let mut sequence = model.sequence();
        let answered = generate(
            &model,
            &mut sequence,
            anew(&messages, &sampling, &limits),
            &cancel,
            &mut on,
        );
        reasons.push(answered.unwrap().reason);
        assert!(!text.contains("<|im_end|>") && sequence.tokens().len() <= CONTEXT as usize);
    }
    assert!(reasons.contains(&StopReason::EndOfTurn) || reasons.contains(&StopReason::Context));
}

#[test]
fn rows_beyond_the_tokenizer_are_never_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut tiny = Tiny::new("llama", GgmlDType::F32);
    let whole = tiny_model(folder.path()).tokenizer().len();
    for name in ["token_embd.weight", "output.weight"] {
        let tensor = &tiny.tensors[name];
        // Whatever the model says, a row and its opposite would win over all others.
        let more = (tensor.narrow(0, 0, 2).unwrap() * 100.0).unwrap();
        let more = [tensor, &more, &more.neg().unwrap()];
        tiny.tensors
            .insert(name.into(), Tensor::cat(&more, 0).unwrap());
    }
    let model = load_path(&tiny.write(folder.path()), 1);
    let logits = last_logits(&model, &mut model.sequence(), &[1, 2, 3]);
    assert_eq!(logits.len(), whole + 4);
    let largest = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
    assert!(largest >= Some(whole), "padding is the likeliest here");
    let asked = [message(Role::User, "hello")];
    ask(&model, &mut model.sequence(), &asked, 8).unwrap();
}

#[test]
fn a_stop_before_the_first_token_is_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let model = tiny_model(folder.path());
    let cancel = Cancel::new();
    cancel.cancel();
    let messages = [message(Role::User, "hello")];
    let limits = Limits::default();
    let mut sequence = model.sequence();
    let answered = generate(
        &model,
        &mut sequence,
        anew(&messages, &greedy(), &limits),
        &cancel,
        &mut |_| {},
    );
    assert_eq!(answered.unwrap().reason, StopReason::Cancelled);
    let options = LoadOptions::default();
    let path = folder.path().join("tiny.gguf");
    let error = Model::load(&path, &options, &cancel, &mut |_, _| {}).err();
    assert_eq!(error.unwrap().key, "cancelled");
    let error = engine::logits(&model, &[1, 2], 3, &cancel, &mut |_, _| {}).unwrap_err();
    assert_eq!(error.key, "cancelled");
}

#[test]
fn four_prompts_of_one_round_are_no_longer_than_one() {
    let folder = tempfile::tempdir().unwrap();
    // What each has read after a model's first round, which is a short one to measure by.
    let first_round = |count: usize| -> usize {
        let model = tiny_model(folder.path());
        let messages = [message(Role::User, &"a b c ".repeat(20))];
        let (sampling, limits) = (greedy(), Limits::default());
        let begin = |_| {
            let asked = anew(&messages, &sampling, &limits);
            Answer::begin(&model, model.sequence(), asked, Cancel::new())
        };
        let mut answers: Vec<_> = (0..count).map(begin).collect();
        let mut all = vec![0; count];
        round(&mut answers, &mut |index, event| {
            if let Generated::Prefill { read, .. } = event {
                all[index] = read as usize;
            }
        });
        assert!(all.iter().all(|read| *read > 0), "{all:?}");
        all.iter().sum()
    };
    assert_eq!(first_round(4), first_round(1));
}
