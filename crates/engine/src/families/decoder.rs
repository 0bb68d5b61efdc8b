//! The decoder that most families are: attention and gated feed-forwards, a norm by the root of
//! the mean square before each. A family changes what it has otherwise.

use super::facts::Facts;
use super::names::{Names, Own};
use super::{
    Activation, Architecture, Attention, Feed, Gated, Layer, Mixer, Norm, Norms, Pairs, Positions,
    Projection, Residual, Rope, rope,
};
use formats::keys::{
    CONTEXT, EMBEDDED, FEED, Fact, HEAD_DIM, HEADS, HIDDEN, KV_HEADS, LAYERS, RMS_EPS, VALUE_DIM,
};
use protocol::AppError;

const MOST_LAYERS: usize = 4096;

const TIED: Fact = Fact {
    gguf: "",
    config: &["tie_word_embeddings", "weight_tying"],
};

/// The sizes that all layers share.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
    pub value_dim: usize,
}

impl Sizes {
    /// Errors: `metadata-missing`, `model-damaged`.
    pub fn of(facts: &Facts<'_>) -> Result<Sizes, AppError> {
        let hidden = facts.size(&HIDDEN)?;
        let layers = facts.size(&LAYERS)?;
        let heads = facts.size(&HEADS)?;
        let kv_heads = match facts.checkpoint.kv_heads() {
            Some(count) => usize::try_from(count).unwrap_or(0),
            None => heads,
        };
        if layers > MOST_LAYERS {
            return Err(facts.damaged(&LAYERS));
        }
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            return Err(facts.damaged(&KV_HEADS));
        }
        let head_dim = match facts.optional(&HEAD_DIM)? {
            Some(0) => return Err(facts.damaged(&HEAD_DIM)),
            Some(size) => size,
            None if hidden.is_multiple_of(heads) => hidden / heads,
            None => return Err(facts.damaged(&HEADS)),
        };
        let value_dim = match facts.optional(&VALUE_DIM)? {
            Some(0) => return Err(facts.damaged(&VALUE_DIM)),
            Some(size) => size,
            None => head_dim,
        };
        Ok(Sizes {
            hidden,
            layers,
            heads,
            kv_heads,
            head_dim,
            value_dim,
        })
    }
}

/// The decoder of a model, to be changed by its family.
pub(super) struct Decoder<'a> {
    pub facts: &'a Facts<'a>,
    pub names: Names,
    pub sizes: Sizes,
    /// Numbers of a feed's inner layer.
    pub width: usize,
    pub eps: f64,
    pub activation: Activation,
    pub rope: Rope,
}

impl<'a> Decoder<'a> {
    /// Reads the facts of a decoder; `pairs` are those of a GGUF file, in repositories halves of
    /// a head turn.
    ///
    /// Errors: `metadata-missing`, `model-damaged`, `unknown-architecture` (a way to stretch
    /// positions).
    pub fn of(facts: &'a Facts<'a>, pairs: Pairs, own: Own) -> Result<Decoder<'a>, AppError> {
        let sizes = Sizes::of(facts)?;
        Ok(Decoder {
            facts,
            names: facts.names(own),
            sizes,
            width: facts.size(&FEED)?,
            eps: facts.number(&RMS_EPS)?,
            activation: facts.activation(&["hidden_act"], Activation::Silu)?,
            rope: rope::of(facts, sizes.head_dim, pairs)?,
        })
    }

    /// The weight of a part of a layer.
    pub fn weight(&self, layer: usize, part: &str) -> String {
        self.names.of_layer(layer, part)
    }

    /// A norm of a layer, over the whole stream.
    pub fn norm(&self, layer: usize, part: &str) -> Norm {
        let weight = self.weight(layer, part);
        self.facts.rms(weight, self.sizes.hidden, self.eps)
    }

    /// A matrix of a layer.
    pub fn matrix(&self, layer: usize, part: &str, rows: usize, columns: usize) -> Projection {
        self.facts
            .projection(self.weight(layer, part), rows, columns)
    }

    pub fn attention(&self, layer: usize) -> Attention {
        let Sizes {
            hidden,
            heads,
            kv_heads,
            head_dim,
            value_dim,
            ..
        } = self.sizes;
        Attention {
            heads,
            kv_heads,
            head_dim,
            value_dim,
            positions: Positions::Rope(self.rope.clone()),
            q: self.matrix(layer, "attn_q", heads * head_dim, hidden),
            k: self.matrix(layer, "attn_k", kv_heads * head_dim, hidden),
            v: self.matrix(layer, "attn_v", kv_heads * value_dim, hidden),
            o: self.matrix(layer, "attn_output", hidden, heads * value_dim),
            q_norm: None,
            k_norm: None,
            clip: None,
            scale: 1.0 / (head_dim as f32).sqrt(),
            softcap: None,
            window: None,
            sinks: None,
        }
    }

    pub fn gated(&self, layer: usize) -> Gated {
        let (hidden, width) = (self.sizes.hidden, self.width);
        Gated {
            activation: self.activation,
            gate: self.matrix(layer, "ffn_gate", width, hidden),
            up: self.matrix(layer, "ffn_up", width, hidden),
            down: self.matrix(layer, "ffn_down", hidden, width),
        }
    }

    /// A layer with norms before mixer and feed.
    pub fn layer(&self, layer: usize) -> Layer {
        let before = |part| Norms {
            before: Some(self.norm(layer, part)),
            after: None,
        };
        Layer {
            mixer: Mixer::Attention(self.attention(layer)),
            feed: Feed::Gated(self.gated(layer)),
            residual: Residual::Serial {
                mixer: before("attn_norm"),
                feed: before("ffn_norm"),
            },
        }
    }

    /// The norm before the logits.
    pub fn last_norm(&self) -> Norm {
        let weight = self.names.of_model("output_norm");
        self.facts.rms(weight, self.sizes.hidden, self.eps)
    }

    /// The whole of it, from its layers.
    ///
    /// Errors: `tensor-missing` (the embedding), `metadata-missing`, `model-damaged`.
    pub fn architecture(
        &self,
        name: &str,
        layers: Vec<Layer>,
        norm: Norm,
    ) -> Result<Architecture, AppError> {
        let (facts, hidden) = (self.facts, self.sizes.hidden);
        let embedding = self.names.of_model("token_embd");
        let vocabulary = match facts.optional(&EMBEDDED)?.filter(|_| !facts.is_gguf()) {
            Some(rows) => rows,
            // Files of GGUF count tokens, which may be fewer.
            None => facts.shape(&embedding)?.first().copied().unwrap_or(0),
        };
        let embedding = facts.projection(embedding, vocabulary, hidden);
        let mut output = self.names.of_model("output");
        // Of a model that sees too, in its older layout.
        let wrapped = format!("language_model.{output}");
        if facts.has(&wrapped) {
            output = wrapped;
        }
        let output = if facts.truth(&TIED) != Some(true) && facts.has(&output) {
            facts.projection(output, vocabulary, hidden)
        } else {
            embedding.clone()
        };
        Ok(Architecture {
            name: name.to_owned(),
            vocabulary,
            // Falcon's repositories do not say it.
            context: match facts.optional(&CONTEXT)? {
                None if name == "falcon" => 2048,
                _ => facts.size(&CONTEXT)?,
            },
            embedding,
            embedding_scale: 1.0,
            layers,
            norm,
            output,
            logit_scale: 1.0,
            logit_softcap: None,
        })
    }

    /// The whole of it where all layers are as [`Decoder::layer`] has them, but for what `change`
    /// does. Errors: those of [`Decoder::architecture`] and of `change`.
    pub fn with_layers(
        &self,
        name: &str,
        mut change: impl FnMut(usize, &mut Attention, &mut Feed) -> Result<(), AppError>,
    ) -> Result<Architecture, AppError> {
        let mut layers = Vec::new();
        for index in 0..self.sizes.layers {
            let mut layer = self.layer(index);
            let Mixer::Attention(attention) = &mut layer.mixer;
            change(index, attention, &mut layer.feed)?;
            layers.push(layer);
        }
        self.architecture(name, layers, self.last_norm())
    }
}
