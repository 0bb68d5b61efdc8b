//! How a text is cut into words before the words are cut into tokens.
//!
//! Each vocabulary was trained with one way of cutting, named by `tokenizer.ggml.pre`; another
//! gives other ids, so an unknown name is refused. The names are llama.cpp's, the expressions
//! those of the models' own `tokenizer.json` files.

use protocol::{AppError, failure};
use regex::Regex;

/// One way of cutting.
pub(super) struct Pre {
    steps: Vec<Step>,
    /// A word that is a token is not cut further.
    pub ignore_merges: bool,
    /// Where the file does not say whether a text begins with BOS.
    pub adds_bos: bool,
}

/// Cuts each piece of the step before: matches and what lies between them become pieces.
struct Step {
    regex: Regex,
    /// `\s+(?!\S)`, which linear-time expressions lack: a run of white space in front of a word
    /// leaves its last character to the word.
    leaves_last_space: bool,
}

/// White space, the last character left to the word that follows.
const SPACES: &str = r"\s+(?!\S)|\s+";

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const DIGIT: &str = r"\p{N}";
const LLAMA3: &str = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN35: &str = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const DEEPSEEK3: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;
const DEEPSEEK_LETTERS: &str = r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";
/// The surrogates of the original, U+D800 and up, are no characters of a text.
const DEEPSEEK_EAST: &str = r"[一-龥ࠀ-一가-\u{d7ff}]+";

impl Pre {
    /// The way of cutting of this name.
    ///
    /// Errors: `unknown-pretokenizer`.
    pub fn named(name: &str) -> Result<Pre, AppError> {
        let mut ignore_merges = false;
        let mut adds_bos = false;
        let steps: &[&str] = match name {
            "default" => &[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"],
            "gpt-2" | "phi-2" | "jina-es" | "jina-de" | "jina-v2-es" | "jina-v2-de"
            | "gigachat" | "a.x-4.0" | "mellum" | "modern-bert" | "exaone4" | "jina-v1-en"
            | "jina-v2-code" | "roberta-bpe" | "mpt" | "olmo" | "jais" | "trillion"
            | "granite-docling" => &[GPT2],
            "starcoder" | "refact" | "command-r" | "smollm" | "codeshell" | "exaone"
            | "minerva-7b" | "mellum2" => &[DIGIT, GPT2],
            "llama3" | "llama-v3" | "llama-bpe" | "falcon3" | "falcon-h1" | "pixtral"
            | "midm-2.0" | "lfm2" | "jina-v5-nano" => {
                (ignore_merges, adds_bos) = (true, true);
                &[LLAMA3]
            }
            "dbrx" | "smaug-bpe" | "glm4" | "chatglm-bpe" => &[LLAMA3],
            "qwen2" | "deepseek-r1-qwen" | "kormo" | "f2llmv2" | "megrez" | "stablelm2"
            | "hunyuan" | "solar-open" | "grok-2" => &[QWEN2],
            "qwen35" => &[QWEN35],
            "deepseek-llm" => &[
                r"[\r\n]",
                DEEPSEEK_LETTERS,
                r"\s?[!-/:-~！-／：-～‘-‟　-。]+",
                r"\s+$",
                DEEPSEEK_EAST,
                r"\p{N}+",
            ],
            "deepseek-coder" => &[r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", DEEPSEEK_EAST, DIGIT],
            "deepseek-v3" | "hunyuan-dense" | "joyai-llm" => {
                &[r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+", DEEPSEEK3]
            }
            "falcon" => &[r"[\p{P}\$\+<=>\^~\|`]+", GPT2, r"[0-9][0-9][0-9]"],
            "poro-chat" | "bloom" | "gpt3-finnish" => &[r" ?[^(\s|.,!?…。，、।۔،)]+"],
            "viking" => &[r" ?[^(\s|.,!?…。，、।۔،)]+", DIGIT],
            "tekken" => {
                (ignore_merges, adds_bos) = (true, true);
                &[TEKKEN]
            }
            "gpt-4o" | "llama4" | "kanana2" | "talkie" | "minimax-m2" => &[GPT4O],
            _ => return Err(failure::unknown_pretokenizer(name)),
        };
        Ok(Pre {
            steps: steps
                .iter()
                .map(|expression| Step::new(expression))
                .collect::<Result<_, _>>()?,
            ignore_merges,
            adds_bos,
        })
    }

    /// The words of a text, in order and without gaps.
    pub fn words<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut words = vec![text];
        for step in &self.steps {
            let mut next = Vec::with_capacity(words.len() * 2);
            for word in words {
                step.cut(word, &mut next);
            }
            words = next;
        }
        words
    }
}

impl Step {
    fn new(expression: &str) -> Result<Step, AppError> {
        let linear = expression.replace(SPACES, r"\s+");
        let regex = Regex::new(&linear)
            .map_err(|error| failure::tokenizer_damaged("tokenizer.ggml.pre").detail(error))?;
        Ok(Step {
            leaves_last_space: linear != expression,
            regex,
        })
    }

    fn cut<'a>(&self, text: &'a str, pieces: &mut Vec<&'a str>) {
        let mut from = 0; // end of the last piece
        let mut at = 0; // where to look
        while at < text.len() {
            let Some(found) = self.regex.find_at(text, at) else {
                break;
            };
            let mut end = found.end();
            if self.leaves_last_space && end < text.len() {
                end = self.shortened(found.as_str(), found.start(), end);
            }
            if found.start() > from {
                pieces.push(&text[from..found.start()]);
            }
            if end > found.start() {
                pieces.push(&text[found.start()..end]);
            }
            from = end;
            // No expression here matches nothing, but an endless loop must not depend on it.
            at = if end > at {
                end
            } else {
                at + next_char(text, at)
            };
        }
        if from < text.len() {
            pieces.push(&text[from..]);
        }
    }

    /// Where white space in front of a word ends: before its last character, unless it has but
    /// one, or was taken for its line ends by `\s*[\r\n]+`.
    fn shortened(&self, found: &str, start: usize, end: usize) -> usize {
        let line_ends = self.regex.as_str().contains(r"\s*[\r\n]+");
        if !found.chars().all(char::is_whitespace) || (line_ends && found.ends_with(['\r', '\n'])) {
            return end;
        }
        match found.char_indices().next_back() {
            Some((last, _)) if last > 0 => start + last,
            _ => end,
        }
    }
}

fn next_char(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, words: &[&str]) {
        assert_eq!(
            Pre::named(name).unwrap().words(text),
            words,
            "{name}: {text:?}"
        );
    }

    #[test]
    fn words_are_cut_as_the_names_say() {
        check("gpt-2", "a  b\n\n c", &["a", " ", " b", "\n\n", " c"]);
        check("gpt-2", "it's  ", &["it", "'s", "  "]);
        check("smollm", "12 a", &["1", "2", " a"]);
        check("llama-bpe", "1234 \n x", &["123", "4", " \n", " x"]);
        check("qwen2", "12\t\tx", &["1", "2", "\t", "\tx"]);
        check("default", "a1234!", &["a", "123", "4", "!"]);
    }

    #[test]
    fn an_unknown_name_is_refused_by_name() {
        let error = Pre::named("of-tomorrow").err().unwrap();
        assert_eq!(error, failure::unknown_pretokenizer("of-tomorrow"));
    }
}
