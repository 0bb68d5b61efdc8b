//! The chat template that a model file carries: from messages to the prompt's text.
//!
//! Templates are Jinja2, written for Python's, and they are hostile input: each rendering has a
//! meter for steps, bytes and time, and ends as `template-too-costly` where it runs out.

mod arithmetic;
mod filters;
mod folded;
mod meter;
mod namespaces;
mod plain;
mod python;
mod render;
mod rewritten;

pub(crate) use plain::Marked;

use crate::Tokenizer;
use formats::Checkpoint;
use protocol::{AppError, PromptMessage, failure};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

/// Longest source in bytes; the longest known template has 30 KB.
const LONGEST: usize = 1 << 18;

/// A chat template; of a model without one, every rendering is `template-missing`.
pub struct Template {
    source: Option<Arc<str>>,
    sha256: String,
    model: String,
    bos: Arc<str>,
    eos: Arc<str>,
}

impl Template {
    /// Reads the template of a model's file or folder; no weights are needed.
    ///
    /// Errors: those of [`Checkpoint::open`] and [`Tokenizer::of`].
    pub fn open(path: &Path) -> Result<Template, AppError> {
        let checkpoint = Checkpoint::open(path)?;
        let tokenizer = Tokenizer::of(&checkpoint)?;
        Ok(Template::of(&checkpoint, &tokenizer))
    }

    /// The template of a header.
    pub fn of(checkpoint: &Checkpoint, tokenizer: &Tokenizer) -> Template {
        let source = checkpoint
            .gguf()
            .and_then(|gguf| gguf.metadata.text("tokenizer.chat_template"))
            .filter(|source| !source.trim().is_empty());
        Template {
            sha256: sha256(source.unwrap_or_default()),
            source: source.map(Arc::from),
            model: checkpoint.name(),
            bos: tokenizer.bos_text().into(),
            eos: tokenizer.eos_text().into(),
        }
    }

    /// The prompt's text: the template's exact output. With `add_generation_prompt` the opening
    /// of the model's answer comes at the end.
    ///
    /// Errors: `template-missing`, `template-failed`, `template-too-costly`.
    pub fn render(
        &self,
        messages: &[PromptMessage],
        add_generation_prompt: bool,
    ) -> Result<String, AppError> {
        let source = self
            .source
            .clone()
            .ok_or_else(|| failure::template_missing(&self.model))?;
        if source.len() > LONGEST {
            return Err(failure::template_too_costly());
        }
        folded::check(&source)?;
        render::render(render::Job {
            source,
            messages: messages.to_vec(),
            add_generation_prompt,
            bos: self.bos.clone(),
            eos: self.eos.clone(),
        })
    }

    /// As [`Template::render`], with the places where people's words look like commands.
    pub(crate) fn render_marked(
        &self,
        messages: &[PromptMessage],
        tokenizer: &Tokenizer,
    ) -> Result<Marked, AppError> {
        plain::render(self, messages, tokenizer)
    }

    /// Hex sha256 of the source; of nothing, where there is none.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

/// Hex sha256 of a text.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests;
