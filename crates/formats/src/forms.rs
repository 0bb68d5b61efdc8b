//! Prompt forms: how a conversation is written down for models whose files carry no chat template.
//!
//! One table, in the order in which it is looked through: a fine-tune stands before its family. A
//! form is a chat template of its own, with the passages that end an answer. What no line knows
//! is read as it is written: a base model, which goes on with a text.

mod table;

use crate::{Checkpoint, Header};
use table::FORMS;

/// A family's documented prompt form.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// What a person chooses it by.
    pub name: &'static str,
    /// Where it is documented.
    pub source: &'static str,
    /// A Jinja template.
    pub template: &'static str,
    /// Passages with which such a model begins the next turn itself: they end an answer, and are
    /// no part of it.
    pub stops: &'static [&'static str],
    /// Which models were made with it: any of these.
    of: &'static [Rule],
}

/// Which models: all conditions hold. Words are matched in names as [`words`] writes them.
#[derive(Debug, PartialEq, Eq)]
struct Rule {
    /// One of these; empty for any.
    architectures: &'static [&'static str],
    /// Words that are all there.
    all: &'static [&'static str],
    /// Words of which one is there; empty for none needed.
    any: &'static [&'static str],
    /// Words that are not there.
    none: &'static [&'static str],
}

/// What a file says about where its model comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Such as `falcon`, or `model_type` of a config.json.
    pub architecture: String,
    /// Its own names: of the file, of the model.
    pub names: Vec<String>,
    /// Names of the models that it was made from.
    pub bases: Vec<String>,
}

impl Origin {
    /// Of a model's files.
    pub fn of(checkpoint: &Checkpoint) -> Origin {
        let mut names = vec![checkpoint.name()];
        let mut bases = Vec::new();
        match &checkpoint.header {
            Header::Gguf(gguf) => {
                let text = |key: String| gguf.metadata.text(&key).map(str::to_owned);
                let own = ["basename", "finetune", "repo_url"].into_iter();
                names.extend(own.filter_map(|key| text(format!("general.{key}"))));
                let count = gguf.metadata.number("general.base_model.count");
                for index in 0..count.unwrap_or(0).min(8) {
                    let base = ["name", "repo_url"].into_iter();
                    bases.extend(
                        base.filter_map(|key| text(format!("general.base_model.{index}.{key}"))),
                    );
                }
            }
            Header::Folder(folder) => {
                names.extend(folder.text("_name_or_path").map(str::to_owned));
            }
        }
        let file = checkpoint.path.file_name();
        names.extend(file.map(|name| name.to_string_lossy().into_owned()));
        Origin {
            architecture: checkpoint.architecture().unwrap_or_default().to_owned(),
            names,
            bases,
        }
    }
}

impl Form {
    /// All forms, in the order of the table.
    pub fn all() -> &'static [Form] {
        FORMS
    }

    /// The form of this name.
    pub fn named(name: &str) -> Option<&'static Form> {
        FORMS.iter().find(|form| form.name == name)
    }

    /// The words as they are: what a base model goes on with.
    pub fn text() -> &'static Form {
        const { &table::TEXT }
    }

    /// The form that a model was made with: by its own names, else by those of its bases.
    pub fn of(origin: &Origin) -> Option<&'static Form> {
        let find = |names: &[String]| {
            let words = words(names);
            FORMS.iter().find(|form| {
                let mut rules = form.of.iter();
                rules.any(|rule| rule.fits(&origin.architecture, &words))
            })
        };
        find(&origin.names).or_else(|| find(&origin.bases))
    }
}

impl Rule {
    fn fits(&self, architecture: &str, words: &str) -> bool {
        let said = |word: &&str| words.contains(&format!(" {word}"));
        (self.architectures.is_empty() || self.architectures.contains(&architecture))
            && self.all.iter().all(said)
            && (self.any.is_empty() || self.any.iter().any(said))
            && !self.none.iter().any(said)
    }
}

/// Names as words in small letters, with one space in front of each.
fn words(names: &[String]) -> String {
    let mut words = String::new();
    for name in names {
        let name: String = name.chars().take(500).collect();
        for word in name
            .to_lowercase()
            .split(|letter: char| !letter.is_alphanumeric())
        {
            if !word.is_empty() {
                words.push(' ');
                words.push_str(word);
            }
        }
        words.push_str(" |");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_their_names() {
        let check = |architecture: &str, name: &str, expected: Option<&str>| {
            let origin = Origin {
                architecture: architecture.to_owned(),
                names: vec![name.to_owned()],
                bases: Vec::new(),
            };
            let form = Form::of(&origin).map(|form| form.name);
            assert_eq!(form, expected, "{architecture} {name}");
        };
        for (architecture, name, form) in [
            ("falcon", "tiiuae-falcon-7b-instruct-Q4_K_M", "falcon"),
            ("falcon", "Falcon-40B-Instruct", "falcon"),
            (
                "falcon",
                "OpenAssistant-falcon-40b-sft-top1-560-Q4_K_M",
                "openassistant",
            ),
            ("falcon", "falcon-7b-sft-mix-2000", "openassistant"),
            ("falcon", "gpt4all-falcon-newbpe-q4_0", "gpt4all-falcon"),
            ("llama", "llama-2-7b-chat.Q4_K_M", "llama-2"),
            ("llama", "LLaMA v2", "text"),
            ("llama", "Llama-2-13b-chat-hf", "llama-2"),
            (
                "llama",
                "ELYZA-japanese-Llama-2-7b-fast-instruct-q4_K_M",
                "elyza-llama-2",
            ),
            ("llama", "ELYZA-japanese-Llama-2-7b", "text"),
            ("llama", "LLaMA-Pro-8B-Instruct", "llama-pro"),
            ("llama", "llama-pro-8b.Q4_0", "text"),
            ("llama", "mistral-7b-instruct-v0.1.Q4_0", "mistral-v1"),
            ("mistral", "Mistral-7B-Instruct-v0.2", "mistral-v1"),
            ("llama", "Mistral-7B-Instruct-v0.3", "mistral-v3"),
            ("llama", "Mistral-7B-v0.1", "text"),
            ("llama", "Mixtral-8x7B-Instruct-v0.1", "mistral-v1"),
            ("llama", "Mixtral-8x22B-Instruct-v0.1", "mistral-v3"),
            ("llama", "Mistral-Nemo-Instruct-2407", "mistral-v3-tekken"),
            ("llama", "BioMistral-7B.Q4_K_M", "mistral-v1"),
            (
                "llama",
                "OpenMath-Mistral-7B-v0.1-hf_Q4_K_M",
                "openmath-mistral",
            ),
            ("olmo", "OLMo-7B-Instruct-hf", "olmo"),
            ("olmo2", "OLMo-2-0425-1B-Instruct", "olmo"),
            ("olmo2", "OLMo-2-1124-7B", "text"),
            ("olmo2", "Olmo-3-7B-Think", "chatml"),
            ("olmo", "OLMo-1B-hf", "text"),
            ("qwen2", "qwen2.5-coder-0.5b-instruct", "chatml"),
            ("qwen3", "Qwen3-4B", "chatml"),
            ("qwen3", "Qwen3-4B-Base", "text"),
            ("llama", "SmolLM2-135M-Instruct", "chatml"),
            ("llama", "SmolLM2-135M", "text"),
            ("llama", "Meta-Llama-3.1-8B-Instruct", "llama-3"),
            ("llama", "Falcon3-7B-Instruct", "falcon-3"),
            ("qwen2", "DeepSeek-R1-Distill-Qwen-7B", "deepseek-r1"),
            ("gemma2", "gemma-2-2b-it", "gemma"),
            ("gemma2", "gemma-2-2b", "text"),
            ("phi3", "Phi-3.5-mini-instruct", "phi-3"),
            ("phi3", "phi-4", "phi-4"),
            ("gpt-oss", "gpt-oss-20b", "gpt-oss"),
            ("llama", "stories15M", "text"),
        ] {
            check(
                architecture,
                name,
                Some(form).filter(|form| *form != "text"),
            );
        }
    }

    #[test]
    fn a_fine_tune_is_known_by_its_own_name_before_its_base() {
        let origin = |name: &str, base: &str| Origin {
            architecture: "llama".to_owned(),
            names: vec![name.to_owned()],
            bases: vec![base.to_owned()],
        };
        let form = |name: &str, base: &str| Form::of(&origin(name, base)).map(|form| form.name);
        assert_eq!(
            form("BioMistral-7B", "Llama-3-8B-Instruct"),
            Some("mistral-v1")
        );
        assert_eq!(
            form("my model", "Mistral-7B-Instruct-v0.1"),
            Some("mistral-v1")
        );
        assert_eq!(form("my model", "Mistral-7B-v0.1"), None);
    }

    #[test]
    fn every_form_has_a_name_of_its_own_and_a_source() {
        for form in Form::all() {
            assert_eq!(Form::named(form.name), Some(form));
            assert!(form.source.starts_with("https://"), "{}", form.name);
            assert!(
                form.stops.iter().all(|stop| !stop.is_empty()),
                "{}",
                form.name
            );
        }
    }
}
