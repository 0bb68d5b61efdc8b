//! The steps of a `tokenizer.json`: normalisers, pre-tokenizers, what the decoder undoes, and what the
//! post-processor puts around a text. What is not known is refused by its name.

use crate::tokenizer::charsmap::Charsmap;
use crate::tokenizer::normal::{Bert, Form, Normal};
use crate::tokenizer::pre::{Behaviour, GPT2, Pattern, Prepend, Step};
use crate::tokenizer::vocabulary::Vocabulary;
use crate::tokenizer::{base64, gguf};
use protocol::{AppError, failure};
use regex::escape;
use serde_json::Value;

/// Most steps of a kind: real files have six at most.
const MOST: usize = 32;

fn damaged() -> AppError {
    super::damaged(super::FILE)
}

fn kind(step: &Value) -> &str {
    step["type"].as_str().unwrap_or("?")
}

fn truth(step: &Value, key: &str, default: bool) -> bool {
    step[key].as_bool().unwrap_or(default)
}

fn text<'a>(step: &'a Value, key: &str) -> Result<&'a str, AppError> {
    step[key].as_str().ok_or_else(damaged)
}

/// The steps inside of a sequence, or the step itself.
fn inner<'a>(step: &'a Value, list: &str) -> Option<&'a Vec<Value>> {
    (kind(step) == "Sequence").then(|| step[list].as_array())?
}

/// `Regex` or `String`.
fn pattern(step: &Value) -> Result<Pattern, AppError> {
    let pattern = &step["pattern"];
    match (pattern["Regex"].as_str(), pattern["String"].as_str()) {
        (Some(expression), _) => Pattern::of(expression),
        (None, Some(words)) => Ok(Pattern::Text(words.to_owned())),
        (None, None) => Err(damaged()),
    }
}

/// Errors: `tokenizer-damaged`, `unknown-tokenizer`.
pub(super) fn normalisers(step: Option<&Value>, out: &mut Vec<Normal>) -> Result<(), AppError> {
    let Some(step) = step.filter(|step| !step.is_null()) else {
        return Ok(());
    };
    if out.len() >= MOST {
        return Err(damaged());
    }
    if let Some(steps) = inner(step, "normalizers") {
        return steps
            .iter()
            .try_for_each(|step| normalisers(Some(step), out));
    }
    out.push(match kind(step) {
        "NFC" => Normal::Form(Form::Nfc),
        "NFD" => Normal::Form(Form::Nfd),
        "NFKC" => Normal::Form(Form::Nfkc),
        "NFKD" => Normal::Form(Form::Nfkd),
        "Lowercase" => Normal::Lowercase,
        "StripAccents" => Normal::StripAccents,
        "ByteLevel" => Normal::Letters,
        "Strip" => Normal::Strip {
            left: truth(step, "strip_left", true),
            right: truth(step, "strip_right", true),
        },
        "Prepend" => Normal::Prepend {
            text: text(step, "prepend")?.to_owned(),
            when: Prepend::Always,
        },
        "Replace" => Normal::Replace {
            pattern: pattern(step)?,
            by: text(step, "content")?.to_owned(),
        },
        "Precompiled" => {
            let bytes = base64::decode(text(step, "precompiled_charsmap")?);
            // Some files have an empty map.
            match bytes.ok_or_else(damaged)? {
                bytes if bytes.is_empty() => return Ok(()),
                bytes => Normal::Charsmap(Box::new(Charsmap::of(&bytes).ok_or_else(damaged)?)),
            }
        }
        "BertNormalizer" => {
            let lowercase = truth(step, "lowercase", true);
            Normal::Bert(Bert {
                clean: truth(step, "clean_text", true),
                chinese: truth(step, "handle_chinese_chars", true),
                strip_accents: truth(step, "strip_accents", lowercase),
                lowercase,
            })
        }
        other => return Err(failure::unknown_tokenizer(formats::one_line(other))),
    });
    Ok(())
}

/// Errors: `tokenizer-damaged`, `unknown-pretokenizer`.
pub(super) fn pre_tokenizers(step: Option<&Value>, out: &mut Vec<Step>) -> Result<(), AppError> {
    let Some(step) = step.filter(|step| !step.is_null()) else {
        return Ok(());
    };
    if out.len() >= MOST {
        return Err(damaged());
    }
    if let Some(steps) = inner(step, "pretokenizers") {
        return steps
            .iter()
            .try_for_each(|step| pre_tokenizers(Some(step), out));
    }
    let cut = |pattern, behaviour, invert| Step::Cut {
        pattern,
        behaviour,
        invert,
    };
    match kind(step) {
        "ByteLevel" => {
            out.extend(truth(step, "add_prefix_space", true).then_some(Step::Space));
            if truth(step, "use_regex", true) {
                out.push(Step::isolated(GPT2)?);
            }
            out.push(Step::Letters);
        }
        "Split" => out.push(cut(
            pattern(step)?,
            behaviour(text(step, "behavior")?)?,
            truth(step, "invert", false),
        )),
        "Digits" => {
            let behaviour = match truth(step, "individual_digits", false) {
                true => Behaviour::Isolated,
                false => Behaviour::Contiguous,
            };
            out.push(cut(Pattern::of(r"\p{N}")?, behaviour, false));
        }
        "Punctuation" => {
            let behaviour = behaviour(step["behavior"].as_str().unwrap_or("Isolated"))?;
            out.push(cut(Pattern::of(r"[\p{P}!-/:-@\[-`{-~]")?, behaviour, false));
        }
        "Whitespace" => {
            let words = Pattern::of(r"\w+|[^\w\s]+")?;
            out.push(cut(words, Behaviour::Removed, true));
        }
        "WhitespaceSplit" => out.push(cut(Pattern::of(r"\s")?, Behaviour::Removed, false)),
        "CharDelimiterSplit" => {
            let letter = Pattern::of(&escape(text(step, "delimiter")?))?;
            out.push(cut(letter, Behaviour::Removed, false));
        }
        "BertPreTokenizer" => out.extend(gguf::bert_words()?),
        "Metaspace" => out.push(Step::Meta {
            replacement: step["replacement"]
                .as_str()
                .and_then(|text| text.chars().next())
                .unwrap_or('▁'),
            prepend: match step["prepend_scheme"].as_str() {
                Some("never") => Prepend::Never,
                Some("first") => Prepend::First,
                None if !truth(step, "add_prefix_space", true) => Prepend::Never,
                _ => Prepend::Always,
            },
            split: truth(step, "split", true),
        }),
        other => return Err(failure::unknown_pretokenizer(formats::one_line(other))),
    }
    Ok(())
}

fn behaviour(name: &str) -> Result<Behaviour, AppError> {
    Ok(match name {
        "Removed" => Behaviour::Removed,
        "Isolated" => Behaviour::Isolated,
        "MergedWithPrevious" => Behaviour::MergedWithPrevious,
        "MergedWithNext" => Behaviour::MergedWithNext,
        "Contiguous" => Behaviour::Contiguous,
        _ => return Err(damaged()),
    })
}

fn decoders(decoder: Option<&Value>) -> &[Value] {
    match decoder {
        None => &[],
        Some(step) => inner(step, "decoders").map_or(std::slice::from_ref(step), Vec::as_slice),
    }
}

/// Whether `▁` in a token is a space.
pub(super) fn writes_spaces(decoder: Option<&Value>) -> bool {
    decoders(decoder).iter().any(|step| {
        let replaced = kind(step) == "Replace" && step["pattern"]["String"] == "▁";
        kind(step) == "Metaspace" || (replaced && step["content"] == " ")
    })
}

/// Whether the first space of a text is not the text's.
pub(super) fn strips_space(decoder: Option<&Value>) -> bool {
    decoders(decoder).iter().any(|step| {
        let none = step["prepend_scheme"] == "never" || step["add_prefix_space"] == false;
        match kind(step) {
            "Strip" => step["content"] == " " && step["start"].as_u64() > Some(0),
            "Metaspace" => !none,
            _ => false,
        }
    })
}

/// The ids that a post-processor puts in front of a text and behind it.
pub(super) fn around(step: Option<&Value>, vocabulary: &Vocabulary) -> (Vec<u32>, Vec<u32>) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let Some(step) = step else {
        return (before, after);
    };
    if let Some(steps) = inner(step, "processors") {
        for step in steps {
            let (front, back) = around(Some(step), vocabulary);
            before.splice(0..0, front);
            after.extend(back);
        }
        return (before, after);
    }
    let id = |pair: &Value| vocabulary.id(pair.get(0)?.as_str()?);
    match kind(step) {
        "TemplateProcessing" => {
            let mut behind = false;
            for item in step["single"].as_array().into_iter().flatten() {
                behind |= item.get("Sequence").is_some();
                let Some(name) = item["SpecialToken"]["id"].as_str() else {
                    continue;
                };
                let ids = step["special_tokens"][name]["ids"].as_array();
                let ids = ids.into_iter().flatten().filter_map(Value::as_u64);
                let ids = ids.filter_map(|id| vocabulary.valid(u32::try_from(id).ok()?));
                if behind {
                    after.extend(ids);
                } else {
                    before.extend(ids);
                }
            }
        }
        "BertProcessing" | "RobertaProcessing" => {
            before.extend(id(&step["cls"]));
            after.extend(id(&step["sep"]));
        }
        _ => {}
    }
    (before, after)
}
