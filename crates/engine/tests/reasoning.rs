//! Reasoning of whole models: told apart from the answer, and gone on with as it was written.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::scripted::Script;
use common::tiny::IM_END;
use common::{anew, greedy, load_path, message};
use engine::{Asked, Cancel, Generated, Model, Sequence, generate};
use protocol::{AppError, Limits, Part, Role, StopReason, WorkerAnswered, reasoning_of, text_of};
use tempfile::TempDir;

const PLAIN: &str = "{% for m in messages %}{{ m.content }}{% endfor %}>";
const OPENED: &str = "{% for m in messages %}{{ m.content }}{% endfor %}>{{ '[THINK]' }}";
const THINK: &[(&str, bool)] = &[("[THINK]", true), ("[/THINK]", true)];
const TAGS: &[(&str, bool)] = &[("<think>", false), ("</think>", false)];

/// The model, and the folder of its file, which must stay.
fn load(script: &Script<'_>) -> (Model, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let model = load_path(&script.model().write(folder.path()), 1);
    (model, folder)
}

/// Asks for at most `most` tokens behind `parts`, which then have what came.
fn ask(
    model: &Model,
    sequence: &mut Sequence,
    parts: &mut Vec<Part>,
    most: u32,
) -> Result<WorkerAnswered, AppError> {
    let (mut reasoning, mut text) = (reasoning_of(parts), text_of(parts));
    let mut ended = matches!(parts.first(), Some(Part::Reasoning { ended: true, .. }));
    let limits = Limits {
        max_tokens: Some(most),
    };
    let messages = [message(Role::User, "hi")];
    let sampling = greedy();
    let asked = Asked {
        continued: parts,
        ..anew(&messages, &sampling, &limits)
    };
    let mut on = |event| match event {
        Generated::Reasoning { text, ended: ends } => {
            reasoning += &text;
            ended = ends;
        }
        Generated::Text(more) => text += &more,
        Generated::Prefill { .. } => {}
    };
    let answered = generate(model, sequence, asked, &Cancel::new(), &mut on);
    *parts = said(&reasoning, ended, &text);
    answered
}

/// An answer's parts, as they are stored.
fn said(reasoning: &str, ended: bool, text: &str) -> Vec<Part> {
    let reasoning = (!reasoning.is_empty()).then(|| Part::Reasoning {
        text: reasoning.into(),
        duration_ms: 0,
        ended,
    });
    let text = (!text.is_empty()).then(|| Part::Text { text: text.into() });
    reasoning.into_iter().chain(text).collect()
}

/// An answer in one go; then stopped after each number of tokens and gone on with, by the sequence that made
/// it: the same tokens, and none is read again.
fn check(script: &Script<'_>, expected: &[Part], reasoning_tokens: u32) {
    let (model, _folder) = load(script);
    let mut sequence = model.sequence();
    let mut whole = Vec::new();
    let answered = ask(&model, &mut sequence, &mut whole, 50).unwrap();
    assert_eq!(whole, expected);
    assert_eq!(answered.reason, StopReason::EndOfTurn);
    assert_eq!(answered.reasoning_tokens, reasoning_tokens);
    let ids = sequence.tokens().to_vec();
    for count in 1..answered.answer_tokens {
        let mut sequence = model.sequence();
        let mut parts = Vec::new();
        ask(&model, &mut sequence, &mut parts, count).unwrap();
        let begun = !parts.is_empty();
        let rest = ask(&model, &mut sequence, &mut parts, 50).unwrap();
        assert_eq!(parts, expected, "after {count}");
        assert_eq!(sequence.tokens(), ids, "after {count}");
        if begun {
            let made = answered.answer_tokens - count;
            assert_eq!(
                (rest.answer_tokens, rest.prompt_tokens - 1),
                (made, rest.reused_tokens)
            );
        }
    }
}

#[test]
fn reasoning_is_a_part_and_goes_on_where_it_was_stopped() {
    let end = "<|im_end|>";
    let plain = [
        (">", "[THINK]"),
        ("[THINK]", "a"),
        ("a", "b"),
        ("b", "[/THINK]"),
        ("[/THINK]", "x"),
        ("x", "y"),
        ("y", end),
    ];
    let script = |tokens, template, says| Script {
        tokens,
        template,
        says,
        broken: None,
    };
    check(&script(THINK, PLAIN, &plain), &said("ab", true, "xy"), 4);
    check(&script(THINK, OPENED, &plain), &said("ab", true, "xy"), 3);
    // Marks that are no control tokens, and white space that is not as most models write it.
    let tags = [
        (">", "<think>"),
        ("<think>", "a"),
        ("a", "b"),
        ("b", "Ċ"),
        ("Ċ", "</think>"),
        ("</think>", "x"),
        ("x", "y"),
        ("y", end),
    ];
    check(&script(TAGS, PLAIN, &tags), &said("ab", true, "xy"), 5);
    // It never closes it.
    let open = [(">", "<think>"), ("<think>", "a"), ("a", "b"), ("b", end)];
    check(&script(TAGS, PLAIN, &open), &said("ab", true, ""), 3);
    // Marks in letters, known from the template, and a model to which they are words.
    let letters = [
        (">", "<"),
        ("<", "t"),
        ("t", "h"),
        ("h", "i"),
        ("i", "n"),
        ("n", "k"),
        ("k", "{"),
        ("{", end),
    ];
    let knows = "{# <think> #}{% for m in messages %}{{ m.content }}{% endfor %}>";
    check(&script(&[], knows, &letters), &said("", true, "<think{"), 0);
    check(&script(&[], PLAIN, &letters), &said("", true, "<think{"), 0);
    // `hi>` is read at the end of the prompt: its last letter is the mark's too.
    let mark = "{# <think> #}{% for m in messages %}{{ m.content }}{% endfor %}:";
    let letters = [
        (":", "<"),
        ("<", "t"),
        ("t", "h"),
        ("h", "i"),
        ("i", "n"),
        ("n", "k"),
        ("k", ">"),
        (">", "a"),
        ("a", end),
    ];
    check(&script(&[], mark, &letters), &said("a", true, ""), 2);
    check(
        &script(&[], &mark.replace("<think>", ""), &letters),
        &said("", true, "<think>a"),
        0,
    );
}

/// From nothing, an answer's beginning is written as models write it, and what it says is no command.
#[test]
fn the_beginning_of_an_answer_comes_back_with_its_marks() {
    let check = |tokens: &[(&str, bool)], template: &str, parts: Vec<Part>, written: &str| {
        let (model, _folder) = load(&Script {
            tokens,
            template,
            says: &[],
            broken: None,
        });
        let mut sequence = model.sequence();
        ask(&model, &mut sequence, &mut parts.clone(), 0).unwrap();
        let text = model.tokenizer().decode(sequence.tokens(), true).unwrap();
        let behind = text.strip_prefix("hi>").unwrap();
        assert_eq!(behind, written, "{parts:?}");
        assert!(!sequence.tokens().contains(&IM_END));
    };
    let answer = said("ab", true, "xy");
    check(TAGS, PLAIN, answer.clone(), "<think>\nab\n</think>\n\nxy");
    check(TAGS, PLAIN, said("ab", false, ""), "<think>\nab");
    check(
        TAGS,
        PLAIN,
        said("ab", true, ""),
        "<think>\nab\n</think>\n\n",
    );
    check(TAGS, PLAIN, said("", true, "xy"), "xy");
    check(
        TAGS,
        PLAIN,
        said("a<|im_end|>", false, ""),
        "<think>\na<|im_end|>",
    );
    check(THINK, OPENED, answer.clone(), "[THINK]ab[/THINK]xy");
    check(THINK, OPENED, said("", true, "xy"), "[THINK][/THINK]xy");
    check(&[], PLAIN, answer.clone(), "xy");
    let channels: Vec<_> = ["start", "channel", "message", "end", "return", "call"]
        .iter()
        .map(|name| (format!("<|{name}|>"), true))
        .collect();
    let channels: Vec<_> = channels
        .iter()
        .map(|(name, control)| (name.as_str(), *control))
        .collect();
    let last = "<|end|><|start|>assistant<|channel|>final<|message|>";
    let begun = "<|channel|>analysis<|message|>ab";
    check(&channels, PLAIN, answer, &format!("{begun}{last}xy"));
    check(&channels, PLAIN, said("ab", false, ""), begun);
    check(
        &channels,
        PLAIN,
        said("ab", true, ""),
        &format!("{begun}{last}"),
    );
    check(
        &channels,
        PLAIN,
        said("", true, "xy"),
        "<|channel|>final<|message|>xy",
    );
}

/// A model of harmony's form, whose commentary is not the answer.
#[test]
fn channels_of_a_whole_model() {
    let tokens: Vec<(&str, bool)> = [
        ("<|start|>", true),
        ("<|channel|>", true),
        ("<|message|>", true),
        ("<|end|>", true),
        ("<|return|>", true),
        ("<|call|>", true),
        ("commentary", false),
    ]
    .to_vec();
    check(
        &Script {
            tokens: &tokens,
            template: PLAIN,
            says: &[
                (">", "<|channel|>"),
                ("<|channel|>", "commentary"),
                ("commentary", "<|message|>"),
                ("<|message|>", "a"),
                ("a", "b"),
                ("b", "<|end|>"),
                ("<|end|>", "<|start|>"),
                ("<|start|>", "<|return|>"),
            ],
            broken: None,
        },
        &said("ab", true, ""),
        7,
    );
}

/// What a model computed that is no number is told, and no token is chosen by it: at the first word,
/// in the middle, and where an answer goes on.
#[test]
fn logits_that_are_no_numbers_are_told_and_never_sampled() {
    let says = [(">", "a"), ("a", "b"), ("b", "c"), ("c", "<|im_end|>")];
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let check = |broken: &str, begun: Vec<Part>, told: &str| {
            let (model, _folder) = load(&Script {
                tokens: &[],
                template: PLAIN,
                says: &says,
                broken: Some((broken, number)),
            });
            let mut parts = begun;
            let mut sequence = model.sequence();
            let error = ask(&model, &mut sequence, &mut parts, 50).unwrap_err();
            assert_eq!(error.key, "logits-not-finite", "{broken} {number}");
            assert_eq!(text_of(&parts), told, "{broken} {number}");
            assert!(sequence.tokens().iter().all(|id| *id != u32::from(b'c')));
            // Asked again on what is kept, it is told again.
            let error = ask(&model, &mut sequence, &mut Vec::new(), 50).unwrap_err();
            assert_eq!(error.key, "logits-not-finite");
        };
        check(">", Vec::new(), ""); // the end of the prompt
        check("h", Vec::new(), ""); // its beginning: attention carries it on
        check("b", Vec::new(), "ab"); // chosen, told, and then read
        check("b", said("", true, "ab"), "ab"); // gone on behind it
        check("a", said("", true, "a"), "a");
    }
}
