//! Prompt forms of whole models: which one is taken, and that answers end at its stop strings.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use common::tiny::Tiny;
use common::{anew, load_path, message};
use engine::{Cancel, Generated, Model, generate};
use protocol::{Limits, PromptForm, Role, Sampling, StopReason, TemplateInput};

const TEMPLATE: &str = "tokenizer.chat_template";
const ENDLESS: &str = "{% for m in messages %}{{ m.content }}{% endfor %}";

fn text(words: &str) -> Value {
    Value::String(words.to_owned())
}

#[test]
fn a_model_without_a_template_gets_its_familys_form() {
    let check = |name: &str, own: Option<&str>, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut tiny = Tiny::new("llama", GgmlDType::Q8_0);
        tiny.metadata.remove(TEMPLATE);
        tiny.metadata.insert("general.name".to_owned(), text(name));
        if let Some(own) = own {
            tiny.metadata.insert(TEMPLATE.to_owned(), text(own));
        }
        let model = load_path(&tiny.write(folder.path()), 1);
        let said = [message(Role::User, "Hi")];
        let rendered = model.template().render(&TemplateInput::of(&said, true));
        assert_eq!(rendered.unwrap(), expected, "{name} {own:?}");
    };
    let pro = "<|user|>\nHi\n<|assistant|>\n";
    check("LLaMA-Pro-8B-Instruct", None, pro);
    check("LLaMA-Pro-8B-Instruct", Some(" \n"), pro);
    check("LLaMA-Pro-8B-Instruct", Some("mine"), "mine");
    check("LLaMA-Pro-8B", None, "Hi");
    check("stories", None, "Hi");
}

/// What a model says, in the pieces in which it comes, and why it ends.
fn answer(model: &Model) -> (Vec<String>, StopReason) {
    let messages = [message(Role::User, "Tell me something")];
    let sampling = Sampling {
        temperature: 1.0,
        seed: Some(11),
        ..common::greedy()
    };
    let limits = Limits {
        max_tokens: Some(60),
    };
    let mut pieces = Vec::new();
    let mut on = |event| {
        if let Generated::Text(more) = event {
            pieces.push(more);
        }
    };
    let asked = anew(&messages, &sampling, &limits);
    let mut sequence = model.sequence();
    let answered = generate(model, &mut sequence, asked, &Cancel::new(), &mut on).unwrap();
    (pieces, answered.reason)
}

#[test]
fn an_answer_ends_before_a_stop_string() {
    let folder = tempfile::tempdir().unwrap();
    let path = Tiny::new("llama", GgmlDType::Q8_0).write(folder.path());
    let with = |stops: &[&str]| {
        let form = PromptForm {
            source: ENDLESS.to_owned(),
            stops: stops.iter().map(|stop| (*stop).to_owned()).collect(),
        };
        answer(&load_path(&path, 1).with_template(&form))
    };
    let (pieces, _) = with(&[]);
    let whole = pieces.concat();
    let letters: Vec<char> = whole.chars().collect();
    assert!(pieces.len() > 8, "{pieces:?}");
    // A passage over several tokens.
    let middle = letters.len() / 2;
    let stop: String = letters[middle..(middle + 4).min(letters.len())]
        .iter()
        .collect();
    let (cut, reason) = with(&["never said", &stop]);
    assert_eq!(reason, StopReason::EndOfTurn);
    let at = whole.find(&stop).unwrap();
    assert_eq!(cut.concat(), whole[..at], "{stop:?}");
    // What only begins as one does is said.
    let almost = format!("{stop}\u{1}");
    assert_eq!(with(&[&almost]).0.concat(), whole);
}
