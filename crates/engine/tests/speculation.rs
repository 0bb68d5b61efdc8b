//! Proposed tokens never change an answer.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::quantized::gguf_file::{self, Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use common::scripted::Script;
use common::tiny::{CONTEXT, Tiny};
use common::{SMOLLM2, greedy, load, load_path, message, model_path};
use engine::{Answer, Asked, Cancel, Generated, Model, Speculates, generate, round};
use protocol::{Limits, Part, PromptMessage, Role, Sampling, StopReason, Times, WorkerAnswered};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What came of an answer: its events, its receipt without times and proposals, the tokens that
/// were read, and how many were proposed and accepted.
type Came = (Vec<Generated>, WorkerAnswered, Vec<u32>, [u32; 2]);

/// An answer to `messages`, stopped at the `stop`th event that is text.
fn came(model: &Model, asked: Asked<'_>, stop: usize) -> Came {
    let mut sequence = model.sequence();
    let cancel = Cancel::new();
    let mut events = Vec::new();
    let mut pieces = 0;
    let mut on = |event| {
        if let Generated::Text(_) | Generated::Reasoning { .. } = event {
            pieces += 1;
            if pieces == stop {
                cancel.cancel();
            }
        }
        if !matches!(event, Generated::Prefill { .. }) {
            events.push(event);
        }
    };
    let mut answered = generate(model, &mut sequence, asked, &cancel, &mut on).unwrap();
    answered.times = Times::default();
    let counts = [answered.drafted_tokens, answered.accepted_tokens];
    (answered.drafted_tokens, answered.accepted_tokens) = (0, 0);
    (events, answered, sequence.tokens().to_vec(), counts)
}

/// The same with and without proposals, however the answer is stopped. Gives how many were
/// proposed and accepted, and the reasons of the ends.
fn check(
    model: Model,
    messages: &[PromptMessage],
    sampling: &Sampling,
) -> ([u32; 2], Vec<StopReason>) {
    let plain = model.speculating(Speculates::Never);
    let mut before = Vec::new();
    let continued = [Part::Text {
        text: "a b a b".into(),
    }];
    let limits = [None, Some(0), Some(1), Some(7), Some(40)];
    let each = |model: &Model, came_of: &mut dyn FnMut(Came)| {
        for max_tokens in limits {
            let limits = Limits { max_tokens };
            for continued in [&[][..], &continued] {
                let asked = Asked {
                    messages,
                    continued,
                    sampling,
                    limits: &limits,
                };
                for stop in [0, 1, 5, 13] {
                    came_of(came(model, asked, stop));
                }
            }
        }
    };
    each(&plain, &mut |came| {
        assert_eq!(came.3, [0, 0]);
        before.push(came);
    });
    let model = plain.speculating(Speculates::Always);
    let mut counts = [0, 0];
    let mut reasons = Vec::new();
    let mut expected = before.into_iter();
    each(&model, &mut |came| {
        let expected = expected.next().unwrap();
        assert_eq!(
            (&came.0, &came.1, &came.2),
            (&expected.0, &expected.1, &expected.2)
        );
        counts = [counts[0] + came.3[0], counts[1] + came.3[1]];
        assert!(came.3[1] <= came.3[0]);
        assert!(came.2.len() <= CONTEXT as usize);
        reasons.push(came.1.reason);
    });
    (counts, reasons)
}

fn question() -> Vec<PromptMessage> {
    vec![message(Role::User, "a b c a b c a b d a b c a b")]
}

#[test]
fn a_random_model_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut counts = [0, 0];
    for (architecture, kind) in [("llama", GgmlDType::Q8_0), ("qwen2", GgmlDType::Q4K)] {
        for temperature in [0.0, 0.2, 1.5] {
            let model = load_path(&Tiny::new(architecture, kind).write(folder.path()), 2);
            let sampling = Sampling {
                temperature,
                repeat_penalty: 1.1,
                seed: Some(11),
                ..greedy()
            };
            let (some, reasons) = check(model, &question(), &sampling);
            counts = [counts[0] + some[0], counts[1] + some[1]];
            for reason in [StopReason::Length, StopReason::Cancelled] {
                assert!(reasons.contains(&reason), "{reasons:?}");
            }
        }
    }
    println!("{counts:?}");
    assert!(counts[0] > 0, "nothing was proposed");
}

#[test]
fn a_model_that_repeats_itself_says_the_same_to_the_end_of_the_context() {
    let folder = tempfile::tempdir().unwrap();
    let script = Script {
        tokens: &[("<think>", false), ("</think>", false)],
        template: "{% for m in messages %}{{ m.content }}{% endfor %}",
        says: &[("b", "c"), ("c", "d"), ("d", "e"), ("e", "b")],
        broken: None,
    };
    let model = load_path(&script.model().write(folder.path()), 1);
    let messages = [message(Role::User, "b")];
    let (counts, reasons) = check(model, &messages, &greedy());
    assert!(
        counts[1] > 300 && counts[1] * 10 > counts[0] * 9,
        "{counts:?}"
    );
    for reason in [
        StopReason::Context,
        StopReason::Length,
        StopReason::Cancelled,
    ] {
        assert!(reasons.contains(&reason), "{reasons:?}");
    }
}

#[test]
fn reasoning_and_its_marks_in_an_accepted_run_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let script = Script {
        tokens: &[("<think>", false), ("</think>", false)],
        template: "{% for m in messages %}{{ m.content }}{% endfor %}\n<think>",
        says: &[
            ("<think>", "b"),
            ("b", "c"),
            ("c", "</think>"),
            ("</think>", "d"),
            ("d", "e"),
            ("e", "<|im_end|>"),
        ],
        broken: None,
    };
    let model = load_path(&script.model().write(folder.path()), 1);
    // What it will say stands in the question already.
    let messages = [message(Role::User, "<think>bc</think>de\n")];
    let (counts, reasons) = check(model, &messages, &greedy());
    assert!(
        counts[1] > 0 && reasons.contains(&StopReason::EndOfTurn),
        "{counts:?} {reasons:?}"
    );
}

#[test]
fn a_draft_model_changes_nothing_however_good_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        Tiny::new("llama", GgmlDType::Q8_0).write(&folder)
    });
    for (draft, good) in [(&one, true), (&other, false)] {
        let model = load_path(&one, 2);
        model.add_draft("other", draft, &Cancel::new()).unwrap();
        let (counts, _) = check(model, &[message(Role::User, "Tell me.")], &greedy());
        assert!(counts[0] > 0, "nothing was proposed");
        // Stops cut runs short, also good ones.
        assert!(!good || counts[1] * 2 > counts[0], "{counts:?}");
    }
}

#[test]
fn a_draft_model_kept_what_was_read_of_a_conversation_that_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = Tiny::new("llama", GgmlDType::Q8_0).write(folder.path());
    let model = load_path(&path, 2).speculating(Speculates::Always);
    model.add_draft("one", &path, &Cancel::new()).unwrap();
    let asked = Asked {
        messages: &[message(Role::User, "Tell me.")],
        continued: &[],
        sampling: &greedy(),
        limits: &Limits {
            max_tokens: Some(4),
        },
    };
    let answer = |is_forgotten: bool| {
        let mut answers = [Answer::begin(
            &model,
            model.sequence(),
            asked,
            Cancel::new(),
        )];
        while !answers[0].has_ended() {
            round(&mut answers, &mut |_, _| {});
            if is_forgotten {
                answers[0].forget(None);
            }
        }
        let [answer] = answers;
        answer.end().0.unwrap();
    };
    answer(false);
    assert_eq!((model.forget_drafts(), model.forget_drafts()), (1, 0));
    // Forgotten while it is made.
    answer(true);
    assert_eq!(model.forget_drafts(), 0);
}

#[test]
fn a_draft_of_another_vocabulary_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = load_path(&Tiny::new("llama", GgmlDType::Q8_0).write(folder.path()), 1);
    let script = Script {
        tokens: &[
            "<a>", "<b>", "<c>", "<d>", "<e>", "<f>", "<g>", "<h>", "<i>", "<j>", "<k>", "<l>",
        ]
        .map(|text| (text, false)),
        template: "{{ messages[0].content }}",
        says: &[],
        broken: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = script.model().write(folder.path());
    let error = model.add_draft("one", &path, &Cancel::new()).unwrap_err();
    assert_eq!(error.key, "draft-differs");
}

/// A question whose answer repeats much of it, and one whose answer does not.
fn real_questions() -> [Vec<PromptMessage>; 2] {
    let list = "def area(width, height):\n    return width * height\n\ndef volume(width, height, depth):\n    return area(width, height) * depth\n";
    [
        vec![message(
            Role::User,
            &format!("Write this code again, word for word:\n```python\n{list}{list}```"),
        )],
        vec![message(
            Role::User,
            "Tell me a story about a fox and the sea.",
        )],
    ]
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn a_real_model_says_the_same_and_sooner_where_it_repeats() {
    let mut model = load(SMOLLM2);
    let limits = Limits {
        max_tokens: Some(150),
    };
    for messages in real_questions() {
        for temperature in [0.0, 0.8] {
            let sampling = Sampling {
                temperature,
                seed: Some(4),
                ..Sampling::default()
            };
            let asked = Asked {
                messages: &messages,
                continued: &[],
                sampling: &sampling,
                limits: &limits,
            };
            let mut all = Vec::new();
            for when in [
                Speculates::Never,
                Speculates::WherePaying,
                Speculates::Always,
            ] {
                model = model.speculating(when);
                // Once before, so that what steps cost is known.
                came(&model, asked, 0);
                let begun = Instant::now();
                let came = came(&model, asked, 0);
                let tokens = came.1.answer_tokens;
                println!(
                    "{when:?}, temperature {temperature}: {tokens} tokens in {:.2} s, proposed and accepted {:?}",
                    begun.elapsed().as_secs_f64(),
                    came.3
                );
                all.push(came);
            }
            assert_eq!(
                (&all[0].0, &all[0].1, &all[0].2),
                (&all[1].0, &all[1].1, &all[1].2)
            );
            assert_eq!(
                (&all[0].0, &all[0].1, &all[0].2),
                (&all[2].0, &all[2].1, &all[2].2)
            );
        }
    }
}

/// The real model with many layers more, which add nothing: it says the same in several times the
/// time.
fn deep(more: usize, folder: &Path) -> PathBuf {
    let mut file = std::fs::File::open(model_path(SMOLLM2)).unwrap();
    let content = Content::read(&mut file).unwrap();
    let mut tensors = BTreeMap::new();
    for name in content.tensor_infos.keys() {
        let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
        tensors.insert(name.clone(), Arc::new(tensor));
    }
    let mut metadata = content.metadata.clone();
    let layers = metadata["llama.block_count"].to_u32().unwrap() as usize;
    let count = Value::U32((layers + more) as u32);
    metadata.insert("llama.block_count".into(), count);
    let first: Vec<_> = tensors
        .iter()
        .filter_map(|(name, tensor)| {
            Some((name.strip_prefix("blk.0.")?.to_owned(), tensor.clone()))
        })
        .collect();
    for (name, tensor) in first {
        let adds = name.starts_with("attn_output") || name.starts_with("ffn_down");
        let tensor = match adds {
            true => {
                let zeros = Tensor::zeros(tensor.shape(), DType::F32, &Device::Cpu).unwrap();
                Arc::new(QTensor::quantize(&zeros, tensor.dtype()).unwrap())
            }
            false => tensor,
        };
        for layer in layers..layers + more {
            tensors.insert(format!("blk.{layer}.{name}"), tensor.clone());
        }
    }
    let path = folder.join("deep.gguf");
    let metadata: Vec<_> = metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), &**tensor))
        .collect();
    gguf_file::write(
        &mut std::fs::File::create(&path).unwrap(),
        &metadata,
        &tensors,
    )
    .unwrap();
    path
}

#[test]
#[ignore = "needs the test models: cargo xtask models"]
fn a_real_draft_is_right_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = load_path(&deep(150, folder.path()), 2);
    model
        .add_draft("small", &model_path(SMOLLM2), &Cancel::new())
        .unwrap();
    let limits = Limits {
        max_tokens: Some(80),
    };
    let mut all = Vec::new();
    for when in [
        Speculates::Never,
        Speculates::WherePaying,
        Speculates::Always,
    ] {
        model = model.speculating(when);
        let messages = &real_questions()[1];
        let asked = Asked {
            messages,
            continued: &[],
            sampling: &greedy(),
            limits: &limits,
        };
        came(&model, asked, 0);
        let begun = Instant::now();
        let came = came(&model, asked, 0);
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{when:?}: {seconds:.2} s, proposed and accepted {:?}",
            came.3
        );
        all.push(came);
    }
    for came in &all[1..] {
        assert_eq!((&came.0, &came.2), (&all[0].0, &all[0].2));
    }
    let [drafted, accepted] = all[2].3;
    // It says the same; only what it proposes behind the answer's end is not chosen, and what the
    // text proposes where it repeats.
    assert!(accepted * 2 > drafted, "{accepted} of {drafted}");
}
