//! Sizes and tensor names as GGUF writes them for serial decoders with gated feed-forwards.

use super::{Architecture, Attention, Feed, Layer, Mixer, Norm, Pairs, Projection, Rope};
use formats::gguf::{Array, Gguf, Value};
use protocol::{AppError, failure};

/// Largest size that is believed: more than any model has, small enough that products of two
/// fit.
const LARGEST: usize = 1 << 24;
const MOST_LAYERS: usize = 4096;

pub(super) struct Header<'a> {
    gguf: &'a Gguf,
    architecture: &'a str,
}

impl<'a> Header<'a> {
    pub fn of(gguf: &'a Gguf) -> Header<'a> {
        let architecture = gguf.architecture().unwrap_or_default();
        Header { gguf, architecture }
    }

    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    fn damaged(&self, name: &str) -> AppError {
        failure::model_damaged(&self.gguf.path, self.key(name))
    }

    /// A size where the header has it. Errors: `model-damaged`, where it is no believable size.
    pub fn optional(&self, name: &str) -> Result<Option<usize>, AppError> {
        let Some(value) = self.gguf.of_architecture(name) else {
            return Ok(None);
        };
        let number = match value {
            // Some files give a size for each layer; equal ones are one size.
            Value::Array(Array::U32(sizes)) if all_equal(sizes) => Some(u64::from(sizes[0])),
            Value::Array(Array::I32(sizes)) if all_equal(sizes) => u64::try_from(sizes[0]).ok(),
            value => value.as_u64(),
        };
        number
            .and_then(|number| usize::try_from(number).ok())
            .filter(|size| *size <= LARGEST)
            .map(Some)
            .ok_or_else(|| self.damaged(name))
    }

    /// A size that is needed and not 0.
    fn size(&self, name: &str) -> Result<usize, AppError> {
        match self.optional(name)? {
            Some(0) => Err(self.damaged(name)),
            Some(size) => Ok(size),
            None => Err(failure::metadata_missing(self.key(name))),
        }
    }

    fn float(&self, name: &str) -> Result<Option<f64>, AppError> {
        match self.gguf.of_architecture(name) {
            None => Ok(None),
            Some(value) => value
                .as_f64()
                .filter(|number| number.is_finite() && *number >= 0.0)
                .map(Some)
                .ok_or_else(|| self.damaged(name)),
        }
    }

    /// A serial decoder with attention and gated feed-forwards, norms before both.
    pub fn decoder(&self, pairs: Pairs) -> Result<Architecture, AppError> {
        let hidden = self.size("embedding_length")?;
        let layers = self.size("block_count")?;
        let heads = self.size("attention.head_count")?;
        let kv_heads = self.optional("attention.head_count_kv")?.unwrap_or(heads);
        let width = self.size("feed_forward_length")?;
        let context = self.size("context_length")?;
        let eps = self
            .float("attention.layer_norm_rms_epsilon")?
            .ok_or_else(|| {
                failure::metadata_missing(self.key("attention.layer_norm_rms_epsilon"))
            })?;
        if layers > MOST_LAYERS {
            return Err(self.damaged("block_count"));
        }
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            return Err(self.damaged("attention.head_count_kv"));
        }
        let head_dim = match self.optional("attention.key_length")? {
            Some(0) => return Err(self.damaged("attention.key_length")),
            Some(size) => size,
            None if hidden.is_multiple_of(heads) => hidden / heads,
            None => return Err(self.damaged("attention.head_count")),
        };
        let value_dim = match self.optional("attention.value_length")? {
            Some(0) => return Err(self.damaged("attention.value_length")),
            Some(size) => size,
            None => head_dim,
        };
        let vocabulary = self
            .gguf
            .metadata
            .texts("tokenizer.ggml.tokens")
            .map_or(0, <[String]>::len);
        let rope = self.rope(head_dim, pairs)?;
        let norm = |weight: String| Norm {
            weight,
            eps: eps as f32,
        };
        let layers = (0..layers)
            .map(|index| {
                let name = |part: &str| format!("blk.{index}.{part}.weight");
                let project =
                    |part: &str, rows, columns| self.projection(name(part), rows, columns);
                Layer {
                    mixer_norm: norm(name("attn_norm")),
                    mixer: Mixer::Attention(Attention {
                        heads,
                        kv_heads,
                        head_dim,
                        value_dim,
                        rope: rope.clone(),
                        q: project("attn_q", heads * head_dim, hidden),
                        k: project("attn_k", kv_heads * head_dim, hidden),
                        v: project("attn_v", kv_heads * value_dim, hidden),
                        o: project("attn_output", hidden, heads * value_dim),
                    }),
                    feed_norm: norm(name("ffn_norm")),
                    feed: Feed::Gated {
                        gate: project("ffn_gate", width, hidden),
                        up: project("ffn_up", width, hidden),
                        down: project("ffn_down", hidden, width),
                    },
                }
            })
            .collect();
        let embedding = "token_embd.weight".to_owned();
        let output = match self.gguf.tensor("output.weight") {
            Some(_) => "output.weight".to_owned(),
            None => embedding.clone(),
        };
        Ok(Architecture {
            name: self.architecture.to_owned(),
            hidden,
            vocabulary,
            context,
            embedding,
            layers,
            norm: norm("output_norm.weight".to_owned()),
            output: self.projection(output, vocabulary, hidden),
        })
    }

    fn projection(&self, weight: String, rows: usize, columns: usize) -> Projection {
        let bias = weight.replace(".weight", ".bias");
        Projection {
            bias: self.gguf.tensor(&bias).map(|_| bias),
            weight,
            rows,
            columns,
        }
    }

    fn rope(&self, head_dim: usize, pairs: Pairs) -> Result<Rope, AppError> {
        let dims = self.optional("rope.dimension_count")?.unwrap_or(head_dim);
        if dims == 0 || dims > head_dim || !dims.is_multiple_of(2) {
            return Err(self.damaged("rope.dimension_count"));
        }
        let base = self.float("rope.freq_base")?.unwrap_or(10_000.0);
        if base <= 0.0 {
            return Err(self.damaged("rope.freq_base"));
        }
        let factor = match self.float("rope.scaling.factor")? {
            Some(factor) => Some(factor),
            None => self.float("rope.scale_linear")?,
        };
        let scale = match self.gguf.of_architecture("rope.scaling.type") {
            Some(Value::Text(kind)) if kind == "none" => 1.0,
            Some(Value::Text(kind)) if kind != "linear" => {
                let kind = formats::one_line(kind);
                let name = format!("{} with {kind} rope scaling", self.architecture);
                return Err(failure::unknown_architecture(name));
            }
            // 0 stands for none.
            _ => factor.filter(|factor| *factor > 0.0).unwrap_or(1.0),
        };
        let factors = "rope_freqs.weight";
        Ok(Rope {
            dims,
            base,
            scale,
            factors: self.gguf.tensor(factors).map(|_| factors.to_owned()),
            pairs,
        })
    }
}

fn all_equal<T: PartialEq>(sizes: &[T]) -> bool {
    sizes
        .first()
        .is_some_and(|first| sizes.iter().all(|size| size == first))
}
