//! What a model says of itself, under the names of either format.

use super::names::{Names, Own};
use super::{Form, Norm, NormKind, Projection, Rows};
use formats::gguf::{Array, Gguf, Value};
use formats::{Checkpoint, one_line};
use protocol::{AppError, failure};
use serde_json::Value as Json;

/// Largest size that is believed: more than any model has, small enough that products of two
/// fit.
const LARGEST: usize = 1 << 24;

/// A fact's name in GGUF, behind the architecture's, and its names in config.json, of which the
/// first that is there counts.
#[derive(Clone, Copy)]
pub(super) struct Key(pub &'static str, pub &'static [&'static str]);

pub(super) struct Facts<'a> {
    pub checkpoint: &'a Checkpoint,
    /// The part of config.json that is about the words.
    config: &'a Json,
}

impl<'a> Facts<'a> {
    pub fn of(checkpoint: &'a Checkpoint) -> Facts<'a> {
        let config = checkpoint.folder().map_or(&Json::Null, |folder| {
            // Of a model that sees too.
            folder
                .config
                .get("text_config")
                .filter(|text| text.is_object())
                .unwrap_or(&folder.config)
        });
        Facts { checkpoint, config }
    }

    pub fn gguf(&self) -> Option<&'a Gguf> {
        self.checkpoint.gguf()
    }

    pub fn is_gguf(&self) -> bool {
        self.gguf().is_some()
    }

    /// The name of the family. Errors: `metadata-missing`.
    pub fn architecture(&self) -> Result<&'a str, AppError> {
        match self.config.get("model_type").and_then(Json::as_str) {
            Some(name) => Ok(name),
            None => self.checkpoint.architecture(),
        }
    }

    fn name_of(&self, key: Key) -> String {
        match self.gguf() {
            Some(gguf) => format!("{}.{}", gguf.architecture().unwrap_or_default(), key.0),
            None => key.1.first().copied().unwrap_or(key.0).to_owned(),
        }
    }

    /// A value contradicts others. Errors: this one.
    pub fn damaged(&self, key: Key) -> AppError {
        let path = match self.checkpoint.folder() {
            Some(folder) => &folder.path.join("config.json"),
            None => &self.checkpoint.path,
        };
        failure::model_damaged(path, self.name_of(key))
    }

    fn missing(&self, key: Key) -> AppError {
        failure::metadata_missing(self.name_of(key))
    }

    /// Something that this family does not have in any model we know of.
    pub fn unknown(&self, what: &str) -> AppError {
        let name = one_line(self.architecture().unwrap_or_default());
        failure::unknown_architecture(format!("{name} with {}", one_line(what)))
    }

    /// A value of config.json, `/` between levels; null counts as none. What newer repositories
    /// say in `rope_parameters` is found under the older names.
    pub fn config(&self, name: &str) -> Option<&'a Json> {
        let newer = match name {
            "rope_theta" | "partial_rotary_factor" => Some(format!("rope_parameters/{name}")),
            _ => name
                .strip_prefix("rope_scaling/")
                .map(|rest| format!("rope_parameters/{rest}")),
        };
        self.at(name).or_else(|| self.at(&newer?))
    }

    fn at(&self, name: &str) -> Option<&'a Json> {
        let mut value = self.config;
        for part in name.split('/') {
            value = value.get(part)?;
        }
        (!value.is_null()).then_some(value)
    }

    fn first_config(&self, key: Key) -> Option<&'a Json> {
        key.1.iter().find_map(|name| self.config(name))
    }

    fn gguf_value(&self, key: Key) -> Option<&'a Value> {
        self.gguf().and_then(|gguf| gguf.of_architecture(key.0))
    }

    /// A size where the model says it. Errors: `model-damaged`, where it is no believable size.
    pub fn optional(&self, key: Key) -> Result<Option<usize>, AppError> {
        let number = match self.gguf_value(key) {
            // Some files give a size for each layer; equal ones are one size.
            Some(Value::Array(Array::U32(sizes))) if all_equal(sizes) => Some(u64::from(sizes[0])),
            Some(Value::Array(Array::I32(sizes))) if all_equal(sizes) => {
                u64::try_from(sizes[0]).ok()
            }
            Some(value) => value.as_u64(),
            None => match self.first_config(key) {
                Some(value) => value.as_u64(),
                None => return Ok(None),
            },
        };
        number
            .and_then(|number| usize::try_from(number).ok())
            .filter(|size| *size <= LARGEST)
            .map(Some)
            .ok_or_else(|| self.damaged(key))
    }

    /// A size that is needed and not 0. Errors: `metadata-missing`, `model-damaged`.
    pub fn size(&self, key: Key) -> Result<usize, AppError> {
        match self.optional(key)? {
            Some(0) => Err(self.damaged(key)),
            Some(size) => Ok(size),
            None => Err(self.missing(key)),
        }
    }

    /// A number that is finite and not below 0. Errors: `model-damaged`.
    pub fn float(&self, key: Key) -> Result<Option<f64>, AppError> {
        let number = match (self.gguf_value(key), self.first_config(key)) {
            (Some(value), _) => value.as_f64(),
            (None, Some(value)) => value.as_f64(),
            (None, None) => return Ok(None),
        };
        number
            .filter(|number| number.is_finite() && *number >= 0.0)
            .map(Some)
            .ok_or_else(|| self.damaged(key))
    }

    /// As [`Facts::float`], where it is needed. Errors: also `metadata-missing`.
    pub fn number(&self, key: Key) -> Result<f64, AppError> {
        self.float(key)?.ok_or_else(|| self.missing(key))
    }

    /// A yes or no.
    pub fn truth(&self, key: Key) -> Option<bool> {
        match (self.gguf_value(key), self.first_config(key)) {
            (Some(Value::Bool(truth)), _) => Some(*truth),
            (_, Some(value)) => value.as_bool(),
            _ => None,
        }
    }

    /// A word.
    pub fn word(&self, key: Key) -> Option<&'a str> {
        match (self.gguf_value(key), self.first_config(key)) {
            (Some(Value::Text(word)), _) => Some(word.as_str()),
            (_, Some(value)) => value.as_str(),
            _ => None,
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
            columns,
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
