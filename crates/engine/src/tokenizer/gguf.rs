//! The tokenizer in the metadata of a GGUF file. The reference is llama.cpp: the same text gives
//! the same ids.

use super::added::Added;
use super::bpe::{self, Bpe, Rules};
use super::charsmap::Charsmap;
use super::normal::{Bert, Normal, SentencePiece};
use super::parts::{Algorithm, Parts, Writing};
use super::pre::{Behaviour, Named, Pattern, Prepend, Step};
use super::spm::Spm;
use super::unigram::Unigram;
use super::vocabulary::{Kind, Vocabulary};
use super::wordpiece::WordPiece;
use formats::gguf::{Array, Metadata, Value};
use protocol::{AppError, failure};
use std::sync::Arc;

const TOKENS: &str = "tokenizer.ggml.tokens";
const KINDS: &str = "tokenizer.ggml.token_type";
const SCORES: &str = "tokenizer.ggml.scores";
const MERGES: &str = "tokenizer.ggml.merges";
const CHARSMAP: &str = "tokenizer.ggml.precompiled_charsmap";

/// Errors: `tokenizer-damaged`, `unknown-tokenizer`, `unknown-pretokenizer`.
pub(super) fn read(metadata: &Metadata) -> Result<Parts, AppError> {
    let kind = metadata
        .text("tokenizer.ggml.model")
        .ok_or_else(|| failure::tokenizer_damaged("tokenizer.ggml.model"))?;
    let source = Source { metadata, kind };
    match kind {
        "gpt2" | "gemma4" | "whitespace" => source.bpe(),
        "llama" => source.spm(),
        "t5" => source.unigram(),
        "bert" => source.wordpiece(),
        other => Err(failure::unknown_tokenizer(formats::one_line(other))),
    }
}

struct Source<'a> {
    metadata: &'a Metadata,
    kind: &'a str,
}

impl Source<'_> {
    fn bpe(&self) -> Result<Parts, AppError> {
        let name = match self.kind {
            "gemma4" => "gemma4",
            _ => self
                .metadata
                .text("tokenizer.ggml.pre")
                .unwrap_or("default"),
        };
        let mut named = Named::of(name)?;
        let vocabulary = self.vocabulary([None; 3])?;
        let lines = match self.metadata.texts(MERGES) {
            // Kimi's files may have none.
            None if name == "kimi-k2" => &[],
            lines => lines.ok_or_else(|| failure::tokenizer_damaged(MERGES))?,
        };
        let pairs = lines.iter().zip(0..).map(|(line, rank)| {
            let (left, right) = bpe::pair(line)?;
            Some((left, right, rank))
        });
        let pairs: Vec<_> = pairs
            .collect::<Option<_>>()
            .ok_or_else(|| failure::tokenizer_damaged(MERGES))?;
        let rules = Rules {
            ignore_merges: named.ignore_merges,
            whole_lines: named.whole_lines,
            unknown: None,
            fuse_unknown: false,
            byte_fallback: !named.letters,
        };
        let bpe = Bpe::new(&vocabulary, pairs, rules);
        let mut normal = Vec::new();
        let writing = match (named.letters, name) {
            (true, _) => {
                named.steps.push(Step::Letters);
                Writing::Letters
            }
            (false, "whitespace") => {
                if self.truth("normalizer.lowercase").unwrap_or(false) {
                    normal.push(Normal::Lowercase);
                }
                Writing::Plain
            }
            (false, _) => {
                normal.push(meta_spaces());
                Writing::Meta
            }
        };
        let gemma = named.whole_lines.then_some(true);
        let bos = gemma
            .or(self.truth("add_bos_token"))
            .unwrap_or(named.adds_bos);
        let eos = self.truth("add_eos_token").unwrap_or(false);
        Ok(Parts {
            normal,
            steps: named.steps,
            writing,
            ..self.parts(vocabulary, Algorithm::Bpe(Box::new(bpe)), bos, eos)
        })
    }

    fn spm(&self) -> Result<Parts, AppError> {
        let vocabulary = self.vocabulary([Some(1), Some(2), Some(0)])?;
        let spaced = self.truth("add_space_prefix").unwrap_or(true);
        let front = Normal::Prepend {
            text: "▁".to_owned(),
            when: Prepend::Always,
        };
        let mut normal = vec![meta_spaces()];
        normal.extend(spaced.then_some(front));
        let bos = self.truth("add_bos_token").unwrap_or(true);
        let eos = self.truth("add_eos_token").unwrap_or(false);
        let spm = Spm::new(&vocabulary, self.scores()?)?;
        Ok(Parts {
            normal,
            strips_space: spaced,
            ..self.parts(vocabulary, Algorithm::Spm(Box::new(spm)), bos, eos)
        })
    }

    fn unigram(&self) -> Result<Parts, AppError> {
        let vocabulary = self.vocabulary([None, Some(1), Some(2)])?;
        let spaced = self.truth("add_space_prefix").unwrap_or(false);
        let damaged = || failure::tokenizer_damaged(CHARSMAP);
        let map = match self.metadata.get(CHARSMAP) {
            None => None,
            Some(Value::Array(Array::U8(bytes))) => Some(bytes.clone()),
            Some(Value::Array(Array::I8(bytes))) => {
                Some(bytes.iter().map(|byte| *byte as u8).collect())
            }
            Some(_) => return Err(damaged()),
        };
        let charsmap = map
            .map(|bytes| Charsmap::of(&bytes).ok_or_else(damaged))
            .transpose()?;
        let rules = SentencePiece {
            charsmap,
            prepend: if spaced {
                Prepend::Always
            } else {
                Prepend::Never
            },
            suffix: false,
            merge_spaces: self.truth("remove_extra_whitespaces").unwrap_or(false),
        };
        let unigram = Unigram::new(&vocabulary, self.scores()?, false)?;
        let bos = self.truth("add_bos_token").unwrap_or(false);
        let eos = self.truth("add_eos_token").unwrap_or(true);
        Ok(Parts {
            normal: vec![Normal::SentencePiece(Box::new(rules))],
            strips_space: spaced,
            ..self.parts(vocabulary, Algorithm::Unigram(Box::new(unigram)), bos, eos)
        })
    }

    fn wordpiece(&self) -> Result<Parts, AppError> {
        let cls = self.id("cls").unwrap_or(101);
        let vocabulary = self.vocabulary([Some(cls), None, Some(100)])?;
        let lowercase = self.truth("normalizer.lowercase").unwrap_or(true);
        let strip_accents = self.truth("normalizer.strip_accents").unwrap_or(lowercase);
        let rules = Bert {
            clean: true,
            chinese: true,
            strip_accents,
            lowercase,
        };
        let separator = vocabulary.valid(self.id("seperator").unwrap_or(102));
        let words = Algorithm::WordPiece(Box::new(WordPiece::new(&vocabulary, usize::MAX)));
        Ok(Parts {
            normal: vec![Normal::Bert(rules)],
            steps: bert_words()?,
            strips_space: true,
            after: separator.into_iter().collect(),
            ..self.parts(vocabulary, words, true, false)
        })
    }

    /// What all kinds share: no steps before the algorithm, and BOS and EOS where they are wanted.
    fn parts(&self, vocabulary: Vocabulary, algorithm: Algorithm, bos: bool, eos: bool) -> Parts {
        Parts {
            added: self.added(&vocabulary),
            normal: Vec::new(),
            steps: Vec::new(),
            algorithm,
            writing: Writing::Meta,
            strips_space: false,
            before: vocabulary.bos.filter(|_| bos).into_iter().collect(),
            after: vocabulary.eos.filter(|_| eos).into_iter().collect(),
            ends: self.ends(&vocabulary),
            mistakes_commands: true,
            vocabulary,
        }
    }

    /// The tokens; `roles`: BOS, EOS and the unknown token where the file does not say.
    fn vocabulary(&self, roles: [Option<u32>; 3]) -> Result<Vocabulary, AppError> {
        let texts = self
            .metadata
            .texts(TOKENS)
            .ok_or_else(|| failure::tokenizer_damaged(TOKENS))?;
        let kinds = match self.metadata.integers(KINDS) {
            Some(kinds) if kinds.len() < texts.len() => {
                return Err(failure::tokenizer_damaged(KINDS));
            }
            kinds => kinds.unwrap_or(&[]),
        };
        let mut vocabulary = Vocabulary::new(texts.iter().enumerate().map(|(id, text)| {
            let text: Arc<str> = match text.as_str() {
                "" => format!("[EMPTY_{id}]").into(),
                text => text.into(),
            };
            (
                text,
                kinds.get(id).map_or(Kind::Normal, |kind| Kind::of(*kind)),
            )
        }))?;
        let [bos, eos, unknown] = roles;
        let role = |name: &str, default: Option<u32>| {
            let said = self.id(name).and_then(|id| vocabulary.valid(id));
            said.or(default.and_then(|id| vocabulary.valid(id)))
        };
        let found = (role("bos", bos), role("eos", eos), role("unknown", unknown));
        (vocabulary.bos, vocabulary.eos, vocabulary.unknown) = found;
        Ok(vocabulary)
    }

    fn scores(&self) -> Result<Vec<f32>, AppError> {
        let whole = || {
            Some(
                self.metadata
                    .integers(SCORES)?
                    .iter()
                    .map(|score| *score as f32),
            )
        };
        match self.metadata.floats(SCORES) {
            Some(scores) => Ok(scores.to_vec()),
            None => Ok(whole()
                .ok_or_else(|| failure::tokenizer_damaged(SCORES))?
                .collect()),
        }
    }

    /// What is recognised as a whole. Which tokens take the white space beside them stands in no
    /// file: llama.cpp knows it by names, and so does this.
    fn added(&self, vocabulary: &Vocabulary) -> Vec<Added> {
        let text = |key: &str| self.metadata.text(key).unwrap_or_default().to_lowercase();
        let (name, pre) = (text("general.name"), text("tokenizer.ggml.pre"));
        let architecture = text("general.architecture");
        let jina = ["jina-v2-de", "jina-v2-es", "jina-v2-code"].contains(&pre.as_str())
            || ["nomic-bert-moe", "jina-bert-v3"].contains(&architecture.as_str());
        let phi = !jina && (name.contains("phi-3") || name.contains("phi3"));
        let modern = !jina && !phi && name.contains("modern-bert");
        let added = vocabulary.every().filter_map(|id| {
            let kind = vocabulary.kind(id);
            let recognised = kind.is_special() || kind == Kind::UserDefined;
            let text = vocabulary.shared_text(id);
            let mut added = recognised.then(|| Added::plain(id, text, kind.is_special()))?;
            let text = &*added.text;
            added.right = phi && !["<unk>", "<s>", "<|endoftext|>"].contains(&text);
            added.left = (jina && text == "<mask>") || (modern && text == "[MASK]");
            Some(added)
        });
        added.collect()
    }

    /// What the file says ends an answer, or the passage that was to be filled in.
    fn ends(&self, vocabulary: &Vocabulary) -> Vec<u32> {
        ["eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep"]
            .iter()
            .filter_map(|role| vocabulary.valid(self.id(role)?))
            .chain(vocabulary.eos)
            .collect()
    }

    fn id(&self, role: &str) -> Option<u32> {
        let id = self
            .metadata
            .number(&format!("tokenizer.ggml.{role}_token_id"))?;
        u32::try_from(id).ok()
    }

    fn truth(&self, key: &str) -> Option<bool> {
        self.metadata.truth(&format!("tokenizer.ggml.{key}"))
    }
}

/// Spaces written as `▁`.
fn meta_spaces() -> Normal {
    Normal::Replace {
        pattern: Pattern::Text(" ".to_owned()),
        by: "▁".to_owned(),
    }
}

/// BERT's words: between white space, signs for themselves.
pub(super) fn bert_words() -> Result<Vec<Step>, AppError> {
    let spaces = Step::Cut {
        pattern: Pattern::of(r"\s+")?,
        behaviour: Behaviour::Removed,
        invert: false,
    };
    Ok(vec![spaces, Step::isolated(r"[\p{P}!-/:-@\[-`{-~]")?])
}
