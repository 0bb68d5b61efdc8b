//! Each form of marks, with its pieces cut at every position.

use super::channels::Channels;
use super::forms::{ChannelIds, FORMS, Opening, Tag};
use super::said::{Piece, Said};
use super::tags::Tags;
use super::{Forms, Marks};

const IDS: ChannelIds = ChannelIds {
    start: 1,
    channel: 2,
    message: 3,
    end: 4,
};

/// What of an answer comes: a token that may be a mark, or text.
#[derive(Clone, Debug)]
enum Input<'a> {
    Token(u32),
    Text(&'a str),
}

use Input::{Text, Token};

/// What was said of reasoning, whether it ended, and the answer.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    reasoning: String,
    ended: bool,
    text: String,
}

fn heard(forms: &Forms, opening: Opening, inputs: &[Input<'_>], whole: bool) -> Heard {
    let mut marks = match forms {
        Forms::Tags(tags) => Marks::Tags(Tags::new(tags, opening)),
        Forms::Channels(ids) => Marks::Channels(Channels::new(*ids, opening)),
    };
    let mut said = Said::default();
    let mut heard = Heard::default();
    let mut hear = |said: &mut Said| {
        for piece in said.take() {
            match piece {
                Piece::Text(text) => {
                    assert!(!text.is_empty());
                    heard.text += &text;
                }
                Piece::Reasoning { text, ended } => {
                    assert!(ended || !text.is_empty());
                    heard.reasoning += &text;
                    heard.ended = ended;
                }
            }
        }
    };
    for input in inputs {
        match (&mut marks, input) {
            (Marks::Tags(tags), Token(id)) => assert!(tags.token(*id, &mut said)),
            (Marks::Tags(tags), Text(text)) => tags.text(text, &mut said),
            (Marks::Channels(channels), Token(id)) => assert!(channels.token(*id, &mut said)),
            (Marks::Channels(channels), Text(text)) => channels.text(text, &mut said),
        }
        hear(&mut said);
    }
    if whole {
        match &mut marks {
            Marks::Tags(tags) => tags.finish(&mut said),
            Marks::Channels(channels) => channels.finish(&mut said),
        }
        hear(&mut said);
    }
    heard
}

/// The same is heard of an answer in one piece, cut in two at every position, and letter by letter.
fn check(forms: &Forms, opening: Opening, inputs: &[Input<'_>], reasoning: &str, text: &str) {
    let expected = Heard {
        reasoning: reasoning.to_owned(),
        ended: !reasoning.is_empty(),
        text: text.to_owned(),
    };
    let same = |cut: &[Input<'_>]| {
        assert_eq!(heard(forms, opening, cut, true), expected, "{cut:?}");
    };
    same(inputs);
    let mut letters = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let Text(text) = input else {
            letters.push(input.clone());
            continue;
        };
        for (cut, letter) in text.char_indices() {
            let (left, right) = text.split_at(cut);
            let mut cut = inputs.to_vec();
            cut.splice(at..=at, [Text(left), Text(right)]);
            same(&cut);
            letters.push(Text(&text[left.len()..left.len() + letter.len_utf8()]));
        }
    }
    same(&letters);
}

/// A form in letters, and as tokens 10 and 11.
fn both(at: usize) -> [Forms; 2] {
    let form = &FORMS[at];
    [(None, None), (Some(10), Some(11))].map(|(open_id, close_id)| {
        Forms::Tags(vec![Tag {
            form,
            open_id,
            close_id,
        }])
    })
}

/// An answer written with the form's own marks, as `{` and `}`.
fn marked<'a>(forms: &Forms, written: &'a str, store: &'a mut String) -> Vec<Input<'a>> {
    let Forms::Tags(tags) = forms else {
        unreachable!()
    };
    let Tag { form, open_id, .. } = tags[0];
    if open_id.is_none() {
        *store = written.replace('{', form.open).replace('}', form.close);
        return vec![Text(store)];
    }
    let mut inputs = Vec::new();
    for passage in written.split_inclusive(['{', '}']) {
        let words = passage.trim_end_matches(['{', '}']);
        if !words.is_empty() {
            inputs.push(Text(words));
        }
        match passage.as_bytes().last() {
            Some(b'{') => inputs.push(Token(10)),
            Some(b'}') => inputs.push(Token(11)),
            _ => {}
        }
    }
    inputs
}

#[test]
fn reasoning_is_told_from_the_answer_in_every_form() {
    let opened = Opening::Tag {
        at: 0,
        spaced: true,
    };
    for at in 0..FORMS.len() {
        for forms in both(at) {
            for (opening, written, reasoning, text) in [
                (
                    Opening::Plain,
                    "{\nSo.\n\nThus.\n}\n\nYes.\n",
                    "So.\n\nThus.",
                    "Yes.\n",
                ),
                (Opening::Plain, "{嗯。🤔}　　好。", "嗯。🤔", "　　好。"),
                (Opening::Plain, " \n{So.}\n\nYes.", "So.", "Yes."),
                (Opening::Plain, "{\n\n}\n\nYes.", "", "Yes."),
                (Opening::Plain, "{}{So.}Yes.", "So.", "Yes."),
                (Opening::Plain, "{So.}{Or.}Yes.", "So.\n\nOr.", "Yes."),
                // It never closes it; it says nothing more.
                (Opening::Plain, "{\nSo. <", "So. <", ""),
                (Opening::Plain, "{So.}\n", "So.", ""),
                (Opening::Plain, " Yes. ", "", " Yes. "),
                (Opening::Plain, "", "", ""),
                // The prompt opened it; some models do so again.
                (opened, "So.\n}\n\nYes.", "So.", "Yes."),
                (opened, "{\nSo.}Yes.", "So.", "Yes."),
                (opened, "\n}\n\nYes.", "", "Yes."),
                (opened, "So.", "So.", ""),
                (opened, "a < b, [x], </thin", "a < b, [x], </thin", ""),
            ] {
                let mut store = String::new();
                let inputs = marked(&forms, written, &mut store);
                check(&forms, opening, &inputs, reasoning, text);
            }
        }
    }
}

/// An answer may speak of marks, in words and in code; so may reasoning, where marks are tokens.
#[test]
fn a_mark_that_is_only_spoken_of_is_text() {
    let said = "Use `<think>`:\n```\n<think>\nx\n</think>\n```\nSo </think> it is.";
    let quoted = "`<think>` is a tag. </think>";
    for forms in both(0) {
        for text in [said, quoted, "<thinking> aloud", "< think>", "<"] {
            check(&forms, Opening::Plain, &[Text(text)], "", text);
        }
        let mut store = String::new();
        let written = format!("{{So.}}{said}");
        let inputs = match &forms {
            Forms::Tags(tags) if tags[0].open_id.is_some() => {
                vec![Token(10), Text("So."), Token(11), Text(said)]
            }
            _ => marked(&forms, &written, &mut store),
        };
        check(&forms, Opening::Plain, &inputs, "So.", said);
    }
    let [_, tokens] = both(0);
    let inputs = [Token(10), Text(quoted), Token(11), Text("Yes.")];
    check(&tokens, Opening::Plain, &inputs, quoted, "Yes.");
    // Where a model has no marks, they are words from the first letter on.
    let none = Forms::Tags(Vec::new());
    let text = "<think>\nSo.\n</think>\n\nYes.";
    check(&none, Opening::Plain, &[Text(text)], "", text);
}

#[test]
fn channels_but_the_final_one_are_reasoning() {
    let [start, channel, message, end] = [1, 2, 3, 4].map(Token);
    let forms = Forms::Channels(IDS);
    let check = |opening, inputs: &[&Input<'_>], reasoning: &str, text: &str| {
        let inputs: Vec<_> = inputs.iter().map(|input| (*input).clone()).collect();
        check(&forms, opening, &inputs, reasoning, text);
    };
    let [analysis, commentary, last, role] =
        ["analysis", "commentary", "final", "assistant"].map(Text);
    let (so, yes) = (Text("So.\n"), Text("Yes.\n"));
    let thought = [&channel, &analysis, &message, &so, &end];
    let answer = [&start, &role, &channel, &last, &message, &yes];
    let plain = Opening::Plain;
    check(plain, &[&thought[..], &answer].concat(), "So.", "Yes.\n");
    check(plain, &answer[2..], "", "Yes.\n");
    check(plain, &thought[..4], "So.", "");
    // A word to the person between two thoughts, and a call.
    let call = Text(" to=functions.f <|constrain|>json");
    let preamble = [&start, &role, &channel, &commentary, &message, &so, &end];
    let called = [&start, &role, &channel, &commentary, &call, &message, &so];
    check(
        plain,
        &[&thought[..], &preamble, &called].concat(),
        "So.\n\nSo.\n\nSo.",
        "",
    );
    let first = Text(" to=functions.f");
    check(plain, &[&[&first], &thought[..]].concat(), "So.", "");
    // The prompt opened a channel.
    let thinking = Opening::Words { reasoning: true };
    check(
        thinking,
        &[&thought[3..], &answer].concat(),
        "So.",
        "Yes.\n",
    );
    check(Opening::Words { reasoning: false }, &[&yes], "", "Yes.\n");
    // A model that does not keep to the form says an answer.
    check(plain, &[&yes], "", "Yes.\n");
    check(plain, &[&start, &role, &message, &yes], "", "Yes.\n");
    let long = "x".repeat(300);
    check(plain, &[&channel, &Text(&long)], "", &long);
}

/// What may yet become a mark is not told, and not lost where the answer goes on.
#[test]
fn half_a_mark_is_held_back() {
    let [letters, _] = both(0);
    let check = |text: &str, reasoning: &str, answer: &str| {
        let heard = heard(&letters, Opening::Plain, &[Text(text)], false);
        assert_eq!((&*heard.reasoning, &*heard.text), (reasoning, answer));
    };
    check("\n<thi", "", "");
    check("<think>\nSo. \n</thi", "So.", "");
    check("<think>\nSo. \n</th", "So.", "");
    check("<think>So. </thing", "So. </thing", "");
    check("<think>So.</think>\n", "So.", "");
}

#[test]
fn a_prompt_says_how_it_leaves_the_answer() {
    let [tags, _] = both(0);
    let check = |forms: &Forms, prompt: &str, opening: Opening| {
        assert_eq!(forms.opening(prompt), opening, "{prompt:?}");
    };
    let opened = |spaced| Opening::Tag { at: 0, spaced };
    check(&tags, "<|im_start|>assistant\n<think>\n", opened(true));
    check(&tags, "<｜Assistant｜><think>", opened(false));
    check(&tags, "<|im_start|>assistant\n", Opening::Plain);
    check(&tags, "assistant\n<think>\n\n</think>\n\n", Opening::Plain);
    let channels = Forms::Channels(IDS);
    let user = "<|start|>user<|message|>Hi<|end|>";
    for (end, opening) in [
        ("<|start|>assistant", Opening::Plain),
        (
            "<|start|>assistant<|channel|>analysis<|message|>",
            Opening::Words { reasoning: true },
        ),
        (
            "<|start|>assistant<|channel|>final<|message|>",
            Opening::Words { reasoning: false },
        ),
        ("", Opening::Plain),
    ] {
        check(&channels, &format!("{user}{end}"), opening);
    }
}
