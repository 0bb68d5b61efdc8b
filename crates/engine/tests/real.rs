//! The real models: answers, seeds, stops, and reading in pieces.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::{QWEN, SMOLLM2, anew, greedy, last_logits, load, load_with, message, model_path};
use engine::{Cancel, Generated, KvKind, LoadOptions, Model, Saved, Sequence, generate};
use protocol::{
    KvOwner, KvPlace, Limits, PromptMessage, Role, Sampling, StopReason, WorkerAnswered,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

const MOST: Limits = Limits {
    max_tokens: Some(40),
};

fn answer(
    model: &Model,
    sequence: &mut Sequence,
    messages: &[PromptMessage],
    sampling: &Sampling,
) -> (String, WorkerAnswered) {
    let mut text = String::new();
    let mut on = |event| {
        if let Generated::Text(more) = event {
            assert!(!more.is_empty());
            text += &more;
        }
    };
    let cancel = Cancel::new();
    let answered = generate(
        model,
        sequence,
        anew(messages, sampling, &MOST),
        &cancel,
        &mut on,
    );
    (text, answered.unwrap())
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn the_capital_of_france_is_paris() {
    let model = load(SMOLLM2);
    let question = [message(Role::User, "What is the capital of France?")];
    let sampling = Sampling {
        temperature: 0.0,
        ..Sampling::default()
    };
    let (text, answered) = answer(&model, &mut model.sequence(), &question, &sampling);
    println!("{text:?} {:?}", answered.times);
    assert!(text.contains("Paris"), "{text}");
    assert_eq!(answered.reason, StopReason::EndOfTurn);
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn the_next_turn_reads_only_what_is_new() {
    let model = load(QWEN);
    let mut sequence = model.sequence();
    let mut messages = vec![message(Role::User, "Say hello in French.")];
    let (text, first) = answer(&model, &mut sequence, &messages, &greedy());
    assert_eq!(first.reused_tokens, 0);
    messages.push(message(Role::Assistant, &text));
    messages.push(message(Role::User, "And in German?"));
    let (_, second) = answer(&model, &mut sequence, &messages, &greedy());
    assert!(second.reused_tokens >= first.prompt_tokens, "{second:?}");
    // The same from nothing: reuse does not change what is said.
    let (afresh, third) = answer(&model, &mut model.sequence(), &messages, &greedy());
    let (again, _) = answer(&model, &mut sequence, &messages, &greedy());
    assert_eq!((third.reused_tokens, afresh), (0, again));
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn the_same_seed_gives_the_same_answer() {
    let model = load(SMOLLM2);
    let question = [message(Role::User, "Tell me a story about a fox.")];
    let told = |seed| {
        let sampling = Sampling {
            temperature: 1.0,
            seed: Some(seed),
            ..Sampling::default()
        };
        answer(&model, &mut model.sequence(), &question, &sampling).0
    };
    let first = told(1);
    assert_eq!(first, told(1));
    assert_ne!(first, told(2));
}

/// How long an answer goes on after it was stopped while its prompt was read.
fn stopped_after(model: &Model, messages: &[PromptMessage]) -> Duration {
    let cancel = Cancel::new();
    std::thread::scope(|scope| {
        let stopper = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(1500));
            cancel.cancel();
            Instant::now()
        });
        let mut sequence = model.sequence();
        let mut text = false;
        let mut on = |event| text |= matches!(event, Generated::Text(_));
        let answered = generate(
            model,
            &mut sequence,
            anew(messages, &greedy(), &Limits::default()),
            &cancel,
            &mut on,
        );
        let ended = Instant::now();
        assert_eq!(answered.unwrap().reason, StopReason::Cancelled);
        assert!(!text, "the prompt was read before the stop");
        ended.duration_since(stopper.join().unwrap())
    })
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn a_stop_takes_effect_within_100_ms_also_while_reading() {
    let model = load(QWEN);
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(300);
    let messages = [message(Role::User, &long)];
    // The best of some: another program may have the processor at that moment.
    let stopped = (0..4).map(|_| stopped_after(&model, &messages)).min();
    let stopped = stopped.unwrap();
    println!("stopped after {stopped:?}");
    assert!(stopped < Duration::from_millis(100), "{stopped:?}");
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn pieces_give_what_the_whole_gives() {
    let model = load(SMOLLM2);
    let ids = model
        .tokenizer()
        .encode("One two three four five six seven", true)
        .unwrap();
    let whole = last_logits(&model, &mut model.sequence(), &ids);
    let mut one_by_one = model.sequence();
    let mut last = Vec::new();
    for id in &ids {
        last = last_logits(&model, &mut one_by_one, &[*id]);
    }
    assert!(last == whole, "one by one: not the same bits");
    one_by_one.truncate(2);
    let again = last_logits(&model, &mut one_by_one, &ids[2..]);
    assert!(again == whole, "after a cut: not the same bits");
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn what_was_stored_gives_the_bits_of_what_is_read_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let place = KvPlace {
        folder: folder.path().to_str().unwrap().to_owned(),
        model: "model".to_owned(),
        most: 1 << 30,
    };
    let owner = KvOwner {
        conversation: "kept".to_owned(),
        on_disk: true,
    };
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(20);
    let question = [message(Role::User, &long)];
    let told = |kv: KvKind, stored: bool| {
        // Loaded anew, as after a restart.
        let options = LoadOptions {
            threads: 2,
            kv,
            ..LoadOptions::default()
        };
        let model = load_with(&model_path(SMOLLM2), &options);
        let store = stored.then(|| Arc::new(model.store(Some(&place)).unwrap()));
        let mut sequence = model.sequence().kept_in(store.clone());
        sequence.set_owner(Some(owner.clone()));
        let (text, answered) = answer(&model, &mut sequence, &question, &greedy());
        if let Some(store) = store {
            while matches!(store.save_one(), Saved::Bytes(_)) {}
        }
        let last = *sequence.tokens().last().unwrap();
        let logits = last_logits(&model, &mut sequence, &[last]);
        (text, logits, answered.reused_tokens, answered.prompt_tokens)
    };
    // In the same folder: what is of one type is nothing to the other.
    for kv in [KvKind::F16, KvKind::Q8_0] {
        let (text, logits, none, _) = told(kv, false);
        let (first, _, nothing, _) = told(kv, true);
        assert_eq!((none, nothing, &first), (0, 0, &text), "{kv:?}");
        let (again, stored, reused, prompt) = told(kv, true);
        assert_eq!(reused, (prompt - 1) / 64 * 64, "{kv:?}");
        assert_eq!(again, text, "{kv:?}");
        assert!(stored == logits, "{kv:?}: not the same bits");
    }
}
