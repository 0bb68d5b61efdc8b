//! What a model says of itself, under the names of either format.

use super::names::{Names, Own};
use super::{Activation, Form, Norm, NormKind, Projection, Rows};
use formats::gguf::{Array, Gguf, Value};
use formats::keys::Fact;
use formats::{Checkpoint, one_line};
use protocol::{AppError, failure};
use serde_json::Value as Json;

/// Largest size that is believed: more than any model has, small enough that products of two
/// fit.
pub(super) const LARGEST: usize = 1 << 24;

pub(super) struct Facts<'a> {
    pub checkpoint: &'a Checkpoint,
}

impl<'a> Facts<'a> {
    pub fn of(checkpoint: &'a Checkpoint) -> Facts<'a> {
        Facts { checkpoint }
    }

    pub fn gguf(&self) -> Option<&'a Gguf> {
        self.checkpoint.gguf()
    }

    pub fn is_gguf(&self) -> bool {
        self.gguf().is_some()
    }

    /// The name of the family; of a model that sees too, that of its part about words.
    ///
    /// Errors: `metadata-missing`.
    pub fn architecture(&self) -> Result<&'a str, AppError> {
        match self.config("model_type").and_then(Json::as_str) {
            Some(name) => Ok(name),
            None => self.checkpoint.architecture(),
        }
    }

    fn name_of(&self, key: &Fact) -> String {
        match self.gguf() {
            Some(gguf) => format!("{}.{}", gguf.architecture().unwrap_or_default(), key.gguf),
            None => key.config.first().copied().unwrap_or(key.gguf).to_owned(),
        }
    }

    /// A value contradicts others. Errors: this one.
    pub fn damaged(&self, key: &Fact) -> AppError {
        let path = match self.checkpoint.folder() {
            Some(folder) => &folder.path.join("config.json"),
            None => &self.checkpoint.path,
        };
        failure::model_damaged(path, self.name_of(key))
    }

    fn missing(&self, key: &Fact) -> AppError {
        failure::metadata_missing(self.name_of(key))
    }

    /// Something that this family does not have in any model we know of.
    pub fn unknown(&self, what: &str) -> AppError {
        let name = one_line(self.architecture().unwrap_or_default());
        failure::unknown_architecture(format!("{name} with {}", one_line(what)))
    }

    /// A size where the model says it. Errors: `model-damaged`, where it is no believable size.
    pub fn optional(&self, key: &Fact) -> Result<Option<usize>, AppError> {
        let Some(value) = self.checkpoint.fact(key) else {
            return Ok(None);
        };
        let number = match value {
            // Some files give a size for each layer; equal ones are one size.
            Value::Array(Array::U32(sizes)) if all_equal(&sizes) => Some(u64::from(sizes[0])),
            Value::Array(Array::I32(sizes)) if all_equal(&sizes) => u64::try_from(sizes[0]).ok(),
            value => value.as_u64(),
        };
        number
            .and_then(|number| usize::try_from(number).ok())
            .filter(|size| *size <= LARGEST)
            .map(Some)
            .ok_or_else(|| self.damaged(key))
    }

    /// A size that is needed and not 0. Errors: `metadata-missing`, `model-damaged`.
    pub fn size(&self, key: &Fact) -> Result<usize, AppError> {
        match self.optional(key)? {
            Some(0) => Err(self.damaged(key)),
            Some(size) => Ok(size),
            None => Err(self.missing(key)),
        }
    }

    /// A number that is finite and not below 0. Errors: `model-damaged`.
    pub fn float(&self, key: &Fact) -> Result<Option<f64>, AppError> {
        let Some(value) = self.checkpoint.fact(key) else {
            return Ok(None);
        };
        let number = value.as_f64();
        number
            .filter(|number| number.is_finite() && *number >= 0.0)
            .map(Some)
            .ok_or_else(|| self.damaged(key))
    }

    /// As [`Facts::float`], where it is needed. Errors: also `metadata-missing`.
    pub fn number(&self, key: &Fact) -> Result<f64, AppError> {
        self.float(key)?.ok_or_else(|| self.missing(key))
    }

    /// A yes or no.
    pub fn truth(&self, key: &Fact) -> Option<bool> {
        match self.checkpoint.fact(key) {
            Some(Value::Bool(truth)) => Some(truth),
            _ => None,
        }
    }

    /// A word.
    pub fn word(&self, key: &Fact) -> Option<String> {
        match self.checkpoint.fact(key) {
            Some(Value::Text(word)) => Some(word),
            _ => None,
        }
    }

    /// A value of config.json, the part about words first; null counts as none.
    pub fn config(&self, name: &str) -> Option<&'a Json> {
        let config = &self.checkpoint.folder()?.config;
        let places = [config.get("text_config"), Some(config)];
        places.into_iter().flatten().find_map(|place| {
            let value = name.split('.').try_fold(place, |at, part| at.get(part))?;
            (!value.is_null()).then_some(value)
        })
    }

    /// What bends the feeds, by the first of some keys of config.json that says it; `usual` where
    /// none does, and in GGUF.
    ///
    /// Errors: `unknown-architecture`.
    pub fn activation(&self, keys: &[&str], usual: Activation) -> Result<Activation, AppError> {
        let said = keys.iter().find_map(|key| self.config(key));
        match said.map(|said| said.as_str().unwrap_or_default()) {
            None => Ok(usual),
            Some("silu" | "swish") => Ok(Activation::Silu),
            Some("gelu") => Ok(Activation::Gelu),
            Some("gelu_pytorch_tanh" | "gelu_new" | "gelu_fast") => Ok(Activation::GeluTanh),
            Some("relu") => Ok(Activation::Relu),
            Some(other) => Err(self.unknown(&format!("the activation {other}"))),
        }
    }

    pub fn has(&self, tensor: &str) -> bool {
        self.checkpoint.tensor(tensor).is_some()
    }

    /// The shape of a tensor. Errors: `tensor-missing`.
    pub fn shape(&self, tensor: &str) -> Result<Vec<usize>, AppError> {
        let found = self.checkpoint.tensor(tensor);
        let found = found.ok_or_else(|| failure::tensor_missing(one_line(tensor)))?;
        Ok(found.shape.iter().map(|size| *size as usize).collect())
    }

    /// What the tensors are called; `own` is where the family's repositories depart.
    pub fn names(&self, own: Own) -> Names {
        if self.is_gguf() {
            return Names::gguf();
        }
        let prefixes = [
            "model.",
            "model.language_model.",
            "language_model.model.",
            "",
        ];
        let embedding = own.iter().find(|(part, _)| *part == "token_embd");
        let embedding = embedding.map_or("embed_tokens", |(_, name)| name);
        let prefix = prefixes
            .into_iter()
            .find(|prefix| self.has(&format!("{prefix}{embedding}.weight")));
        Names::folder(prefix.unwrap_or("model."), "layers", own)
    }

    /// A matrix (rows, columns), with its bias where there is one.
    pub fn projection(&self, weight: String, rows: usize, columns: usize) -> Projection {
        let bias = weight
            .strip_suffix(".weight")
            .map(|stem| format!("{stem}.bias"));
        Projection {
            bias: bias
                .filter(|bias| self.has(bias))
                .map(|bias| (bias, vec![rows])),
            weight,
            shape: vec![rows, columns],
            rows: Rows::from(0, rows),
            form: Form::Plain,
        }
    }

    /// One of some matrices that lie behind each other in one tensor (count, rows, columns).
    pub fn nth(&self, weight: String, nth: usize, of: [usize; 3]) -> Projection {
        let [count, rows, columns] = of;
        Projection {
            shape: of.to_vec(),
            rows: Rows::from(nth * rows, rows),
            bias: None,
            ..self.projection(weight, count * rows, columns)
        }
    }

    /// A norm by the root of the mean square.
    pub fn rms(&self, weight: String, size: usize, eps: f64) -> Norm {
        Norm {
            kind: NormKind::Rms,
            size,
            weight: Some(weight),
            bias: None,
            eps: eps as f32,
            plus_one: false,
        }
    }

    /// A norm by mean and variance, with its bias where there is one.
    pub fn layer_norm(&self, weight: String, size: usize, eps: f64) -> Norm {
        let bias = weight
            .strip_suffix(".weight")
            .map(|stem| format!("{stem}.bias"));
        Norm {
            kind: NormKind::Layer,
            bias: bias.filter(|bias| self.has(bias)),
            ..self.rms(weight, size, eps)
        }
    }
}

fn all_equal<T: PartialEq>(sizes: &[T]) -> bool {
    sizes
        .first()
        .is_some_and(|first| sizes.iter().all(|size| size == first))
}
