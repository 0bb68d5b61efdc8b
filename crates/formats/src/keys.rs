//! What a model says of itself, whatever its format: each fact with its key in GGUF metadata and
//! its names in config.json.
//!
//! Sources: `gguf-py/gguf/constants.py` of llama.cpp build 9888; the configuration classes of
//! transformers 5.23, and those that falcon-7b, falcon-40b and OLMo-7B brought along themselves.

use crate::checkpoint::{Checkpoint, Header};
use crate::defaults;
use crate::gguf::{Array, Value};
use serde_json::Value as Json;

/// One thing that models say of themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The key after `<architecture>.`.
    pub gguf: &'static str,
    /// Names in config.json, the first that has a value counts; a `.` leads into an object.
    pub config: &'static [&'static str],
}

macro_rules! facts {
    ($($(#[doc = $doc:literal])+ $name:ident $gguf:literal $($config:literal)*;)+) => {
        $(
            $(#[doc = $doc])+
            pub const $name: Fact = Fact { gguf: $gguf, config: &[$($config),*] };
        )+
    };
}

facts! {
    /// Longest context in tokens.
    CONTEXT "context_length" "max_position_embeddings" "n_positions" "max_sequence_length" "seq_length" "max_seq_len" "n_ctx";
    /// Blocks.
    LAYERS "block_count" "num_hidden_layers" "n_layer" "n_layers" "num_layers";
    /// Width of the residual stream.
    HIDDEN "embedding_length" "hidden_size" "n_embd" "d_model";
    /// Width of the feed-forward.
    FEED "feed_forward_length" "intermediate_size" "ffn_hidden_size" "n_inner";
    /// Width of one expert's feed-forward, where it has a name of its own.
    EXPERT_FEED "expert_feed_forward_length" "moe_intermediate_size";
    /// Heads of attention.
    HEADS "attention.head_count" "num_attention_heads" "n_head" "n_heads";
    /// Heads of keys and values.
    KV_HEADS "attention.head_count_kv" "num_key_value_heads" "num_kv_heads" "n_head_kv" "n_kv_heads";
    /// Width of one head's queries and keys.
    HEAD_DIM "attention.key_length" "head_dim";
    /// Width of one head's values.
    VALUE_DIM "attention.value_length" "v_head_dim";
    /// Tokens of the vocabulary.
    VOCABULARY "vocab_size" "vocab_size";
    /// Rows of the embedding, which may be more than tokens.
    EMBEDDED "vocab_size" "embedding_size" "vocab_size";
    /// Experts of each feed-forward.
    EXPERTS "expert_count" "num_local_experts" "num_experts" "n_routed_experts";
    /// Experts that compute for one token.
    EXPERTS_USED "expert_used_count" "num_experts_per_tok" "experts_per_token";
    /// What norms by the root of the mean square add under the root.
    RMS_EPS "attention.layer_norm_rms_epsilon" "rms_norm_eps" "layer_norm_eps";
    /// What norms by mean and variance add under the root.
    LAYER_EPS "attention.layer_norm_epsilon" "layer_norm_epsilon" "layer_norm_eps" "norm_eps";
    /// Base of rotary positions.
    ROPE_BASE "rope.freq_base" "rope_theta" "rope_parameters.rope_theta" "rope_parameters.full_attention.rope_theta";
    /// How many tokens back attention reaches, where not over everything.
    WINDOW "attention.sliding_window" "sliding_window";
}

impl Checkpoint {
    /// What the model says; None where it says nothing (in config.json also by `null`). Models
    /// that see have the facts of their language part under `text_config`.
    pub fn fact(&self, fact: &Fact) -> Option<Value> {
        match &self.header {
            Header::Gguf(gguf) => gguf.of_architecture(fact.gguf).cloned(),
            Header::Folder(folder) => {
                let nested = folder.config.get("text_config");
                let places = || [nested, Some(&folder.config)].into_iter().flatten();
                let said = |name: &&str| places().find_map(|config| within(config, name));
                let found = fact
                    .config
                    .iter()
                    .find_map(|name| places().find_map(|config| value(within(config, name)?)));
                // A null says that there is none: no other value is taken for it.
                if found.is_some() || fact.config.iter().any(|name| said(name).is_some()) {
                    return found;
                }
                let family = nested.and_then(|nested| nested.get("model_type")?.as_str());
                defaults::usual(family.or_else(|| folder.text("model_type"))?, fact.config)
            }
        }
    }

    /// The same as a whole number; where there is one for each layer, the largest.
    pub fn number(&self, fact: &Fact) -> Option<u64> {
        largest(&self.fact(fact)?)
    }

    /// Heads of keys and values, by each family's own way to say it; None where that is as many
    /// as heads, or nothing is said.
    pub fn kv_heads(&self) -> Option<u64> {
        let Some(folder) = self.folder() else {
            return self.number(&KV_HEADS);
        };
        let flag = |name: &str| folder.flag(name);
        let is_falcon = matches!(
            folder.text("model_type"),
            Some("falcon" | "RefinedWeb" | "RefinedWebModel")
        );
        // Falcon's number of them counts in its newer layout only, or under its oldest name.
        let counts = flag("new_decoder_architecture") == Some(true)
            || flag("multi_query") == Some(false)
            || folder.config.get("n_head_kv").is_some_and(Json::is_u64);
        let shared =
            flag("multi_query").unwrap_or(is_falcon) || flag("multi_query_attention") == Some(true);
        match () {
            () if is_falcon && !counts => Some(1),
            () => self.number(&KV_HEADS).or((shared && !counts).then_some(1)),
        }
    }
}

fn within<'a>(config: &'a Json, name: &str) -> Option<&'a Json> {
    name.split('.').try_fold(config, |at, name| at.get(name))
}

fn value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Bool(truth) => Value::Bool(*truth),
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::Unsigned(number),
            (None, Some(number)) => Value::Signed(number),
            (None, None) => Value::Float(number.as_f64()?),
        },
        Json::Array(values) => {
            let whole: Option<Vec<u64>> = values.iter().map(Json::as_u64).collect();
            Value::Array(match whole {
                Some(whole) => Array::U64(whole),
                None => Array::F64(values.iter().map(Json::as_f64).collect::<Option<_>>()?),
            })
        }
        Json::Null | Json::Object(_) => return None,
    })
}

fn largest(value: &Value) -> Option<u64> {
    match value {
        Value::Array(Array::U32(sizes)) => sizes.iter().max().map(|size| u64::from(*size)),
        Value::Array(Array::I32(sizes)) => u64::try_from(*sizes.iter().max()?).ok(),
        Value::Array(Array::U64(sizes)) => sizes.iter().max().copied(),
        value => value.as_u64(),
    }
}
