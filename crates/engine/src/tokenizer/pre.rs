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
/// Letters that have a case, as escapes: some are easily taken for others.
const DEEPSEEK_LETTERS: &str = concat!(
    r"\s?[A-Za-z\u{b5}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{1ba}\u{1bc}-\u{1bf}\u{1c4}-\u{293}",
    r"\u{295}-\u{2af}\u{370}-\u{373}\u{376}\u{377}\u{37b}-\u{37d}\u{37f}\u{386}\u{388}-\u{38a}",
    r"\u{38c}\u{38e}-\u{3a1}\u{3a3}-\u{3f5}\u{3f7}-\u{481}\u{48a}-\u{52f}\u{531}-\u{556}",
    r"\u{10a0}-\u{10c5}\u{13a0}-\u{13f5}\u{13f8}-\u{13fd}\u{1c90}-\u{1cba}\u{1cbd}-\u{1cbf}",
    r"\u{1d00}-\u{1d2b}\u{1d6b}-\u{1d77}\u{1d79}-\u{1d9a}\u{1e00}-\u{1f15}\u{1f18}-\u{1f1d}",
    r"\u{1f20}-\u{1f45}\u{1f48}-\u{1f4d}\u{1f50}-\u{1f57}\u{1f59}\u{1f5b}\u{1f5d}\u{1f5f}-\u{1f7d}",
    r"\u{1f80}-\u{1fb4}\u{1fb6}-\u{1fbc}\u{1fbe}\u{1fc2}-\u{1fc4}\u{1fc6}-\u{1fcc}\u{1fd0}-\u{1fd3}",
    r"\u{1fd6}-\u{1fdb}\u{1fe0}-\u{1fec}\u{1ff2}-\u{1ff4}\u{1ff6}-\u{1ffc}\u{2102}\u{2107}",
    r"\u{210a}-\u{2113}\u{2115}\u{2119}-\u{211d}\u{2124}\u{2126}\u{2128}\u{212a}-\u{212d}",
    r"\u{212f}-\u{2134}\u{2139}\u{213c}-\u{213f}\u{2145}-\u{2149}\u{214e}\u{2183}\u{2184}",
    r"\u{2c00}-\u{2c7b}\u{2c7e}-\u{2ce4}\u{2ceb}-\u{2cee}\u{2cf2}\u{2cf3}\u{a640}-\u{a66d}",
    r"\u{a680}-\u{a69b}\u{a722}-\u{a76f}\u{a771}-\u{a787}\u{a78b}-\u{a78e}\u{ab70}-\u{abbf}",
    r"\u{fb00}-\u{fb06}\u{fb13}-\u{fb17}\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{10400}-\u{1044f}",
    r"\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}",
    r"\u{1e900}-\u{1e943}]+",
);
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
            _ => return Err(failure::unknown_pretokenizer(formats::one_line(name))),
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
    fn every_expression_is_one() {
        for name in [
            "default",
            "gpt-2",
            "starcoder",
            "llama3",
            "dbrx",
            "qwen2",
            "qwen35",
            "deepseek-llm",
            "deepseek-coder",
            "deepseek-v3",
            "falcon",
            "bloom",
            "viking",
            "tekken",
            "gpt-4o",
        ] {
            let text = "Ab1 日本 ,.\n\n  x\u{301}ｱ";
            assert_eq!(
                Pre::named(name).unwrap().words(text).concat(),
                text,
                "{name}"
            );
        }
    }

    #[test]
    fn an_unknown_name_is_refused_by_name() {
        let error = Pre::named("of-tomorrow").err().unwrap();
        assert_eq!(error, failure::unknown_pretokenizer("of-tomorrow"));
    }
}
