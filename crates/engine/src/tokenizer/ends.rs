//! Which tokens end an answer.

use super::vocabulary::{Kind, Vocabulary};

/// Tokens that end a turn or a text in the vocabularies that have them.
const TEXTS: &[&str] = &[
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<end_of_utterance>",
    "<eos>",
    "<｜end▁of▁sentence｜>",
    "<turn|>",
    "<|tool_response>",
    "[e~[",
    "<|eot|>",
    "<|end_of_turn|>",
    "<|END_OF_TURN_TOKEN|>",
    "[|endofturn|]",
];

/// Tokens that end a passage of code that was to be filled in: an answer has nothing after them.
const FILL_TEXTS: &[&str] = &[
    "<|fim_pad|>",
    "<fim-pad>",
    "<fim_pad>",
    "<PAD>",
    "[PAD]",
    "<|fim_repo|>",
    "<|repo_name|>",
    "<fim-repo>",
    "<REPO>",
    "<reponame>",
    "<|file_sep|>",
];

/// The ids that end an answer, ascending: those that the files declare, and more. Tokens that do
/// are control tokens, whatever the file says: some files say they are words, where `mistaken`.
pub(super) fn find(declared: &[u32], mistaken: bool, vocabulary: &mut Vocabulary) -> Vec<u32> {
    let mut ends = declared.to_vec();
    for text in TEXTS.iter().chain(FILL_TEXTS) {
        let known = vocabulary.id(text);
        if let Some(id) = known.filter(|id| mistaken || vocabulary.kind(*id) != Kind::Normal) {
            if vocabulary.kind(id) != Kind::UserDefined || TEXTS.contains(text) {
                vocabulary.set_kind(id, Kind::Control);
            }
            ends.push(id);
        }
    }
    // Where a call or a return ends the answer, <|end|> only ends one of its channels.
    let has = |text: &str| vocabulary.id(text).is_some();
    let calls = has("<|call|>") || has("<|calls|>");
    let strikes = has("<|tool_response>") || has("<|plamo:eos|>");
    if calls
        && (has("<|return|>") || has("<|flush|>"))
        && let Some(id) = vocabulary.id("<|end|>")
    {
        ends.retain(|end| *end != id);
        vocabulary.set_kind(id, Kind::UserDefined);
    }
    // Beside these, </s> is the end of struck-through words in HTML.
    if strikes && let Some(id) = vocabulary.id("</s>") {
        ends.retain(|end| *end != id);
        vocabulary.set_kind(id, Kind::Normal);
    }
    ends.sort_unstable();
    ends.dedup();
    ends
}
