//! From messages to the prompt's text: by the chat template that a model file carries, else by its
//! family's prompt form.
//!
//! Templates are Jinja2, written for Python's, and they are hostile input: each rendering has a
//! meter for steps, bytes and time, and ends as `template-too-costly` where it runs out.

mod arithmetic;
mod filters;
mod folded;
mod meter;
mod namespaces;
mod operators;
mod plain;
mod python;
mod render;
mod rewritten;
mod written;

pub(crate) use plain::Marked;

use crate::Tokenizer;
use formats::forms::{Form, Origin};
use formats::{Checkpoint, Templates};
use protocol::{AppError, PromptForm, TemplateInput, failure};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use time::OffsetDateTime;

/// Longest source in bytes; the longest known template has 30 KB.
const LONGEST: usize = 1 << 18;

/// A chat template.
pub struct Template {
    source: Arc<str>,
    /// Where the model has another for conversations with tools.
    for_tools: Option<Arc<str>>,
    sha256: String,
    stops: Vec<String>,
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
        Template::of(&checkpoint, &tokenizer)
    }

    /// The template of a model: its own, else its family's prompt form, else the words as they
    /// are.
    ///
    /// Errors: those of [`formats::Folder::read`].
    pub fn of(checkpoint: &Checkpoint, tokenizer: &Tokenizer) -> Result<Template, AppError> {
        let own = Templates::of(checkpoint)?;
        let form = Form::of(&Origin::of(checkpoint));
        let source = own.usual.unwrap_or_else(|| {
            let form = form.unwrap_or(Form::text());
            form.template.to_owned()
        });
        // A model that begins its reader's next turn does so whoever wrote the template.
        let stops = form.map_or(&[][..], |form| form.stops);
        Ok(Template {
            sha256: sha256(&source),
            source: source.into(),
            for_tools: own.for_tools.map(Arc::from),
            stops: stops.iter().map(|stop| (*stop).to_owned()).collect(),
            bos: tokenizer.bos_text().into(),
            eos: tokenizer.eos_text().into(),
        })
    }

    /// Another template for the same model.
    pub fn instead(&self, form: &PromptForm) -> Template {
        Template {
            sha256: sha256(&form.source),
            source: form.source.as_str().into(),
            for_tools: None,
            stops: form.stops.clone(),
            bos: self.bos.clone(),
            eos: self.eos.clone(),
        }
    }

    /// Passages that end an answer and are no part of it.
    pub fn stops(&self) -> &[String] {
        &self.stops
    }

    /// The prompt's text: the template's exact output.
    ///
    /// Errors: `template-failed`, `template-too-costly`.
    pub fn render(&self, conversation: &TemplateInput) -> Result<String, AppError> {
        // Where the zone cannot be told, UTC.
        let now = OffsetDateTime::now_local().unwrap_or_else(|_| OffsetDateTime::now_utc());
        self.render_at(conversation, now)
    }

    /// As [`Template::render`], at a time of one's own.
    fn render_at(
        &self,
        conversation: &TemplateInput,
        now: OffsetDateTime,
    ) -> Result<String, AppError> {
        let for_tools = self.for_tools.as_ref();
        let source = for_tools
            .filter(|_| !conversation.tools.is_empty())
            .unwrap_or(&self.source);
        if source.len() > LONGEST {
            return Err(failure::template_too_costly());
        }
        folded::check(source)?;
        render::render(render::Job {
            source: source.clone(),
            conversation: conversation.clone(),
            bos: self.bos.clone(),
            eos: self.eos.clone(),
            now,
        })
    }

    /// As [`Template::render`], with the places where people's words look like commands.
    pub(crate) fn render_marked(
        &self,
        conversation: &TemplateInput,
        tokenizer: &Tokenizer,
    ) -> Result<Marked, AppError> {
        plain::render(self, conversation, tokenizer)
    }

    /// Whether the source has the text in it.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.source.contains(text)
    }

    /// Hex sha256 of the source.
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
mod commands;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
