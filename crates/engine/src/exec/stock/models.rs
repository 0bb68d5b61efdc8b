//! candle-transformers' models, one call each.

use crate::families::stock::Kind;
use candle_core::{DType, Device, Error, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{
    bigcode, deepseek2, gemma, glm4_new, granite, helium, mamba, phi, qwen2_moe, stable_lm,
    starcoder2,
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// A model with its caches: reads ids after as many as it has read, and gives the logits after
/// the last, in any shape.
pub(super) type Running = Box<dyn FnMut(&[u32], usize) -> Result<Tensor> + Send>;

/// How many tokens a model reads at once, after `past`.
pub(super) fn at_once(kind: Kind, past: usize) -> usize {
    match kind {
        // Its mask is as wide as what is read, and no wider.
        Kind::Phi if past > 0 => 1,
        // It goes on by single tokens.
        Kind::Mamba => 1,
        _ => usize::MAX,
    }
}

/// A model with empty caches.
pub(super) fn build(kind: Kind, config: &Json, vb: VarBuilder) -> Result<Running> {
    Ok(match kind {
        Kind::Granite => {
            let config = parsed::<granite::GraniteConfig>(config)?.into_config(false);
            granite_tensors(&config, &vb)?;
            let mut cache = granite::Cache::new(true, DType::F32, &config, &Device::Cpu)?;
            let model = granite::Granite::load(vb, &config)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past, &mut cache))
        }
        Kind::StableLm => {
            let mut model = stable_lm::Model::new(&parsed(config)?, vb)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past))
        }
        Kind::Starcoder2 => {
            let mut model = starcoder2::Model::new(&parsed(config)?, vb)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past))
        }
        Kind::Phi => {
            let mut model = phi::Model::new(&parsed(config)?, vb)?;
            Box::new(move |ids, _| model.forward(&row(ids)?))
        }
        Kind::DeepSeek2 => {
            let mut model = deepseek2::DeepSeekV2::new(&parsed(config)?, vb)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past))
        }
        Kind::Mamba => {
            let config: mamba::Config = parsed(config)?;
            let mut state = mamba::State::new(1, &config, DType::F32, &Device::Cpu)?;
            let model = mamba::Model::new(&config, vb.pp("backbone"))?;
            Box::new(move |ids, _| model.forward(&Tensor::new(ids, &Device::Cpu)?, &mut state))
        }
        Kind::Helium => {
            let mut model = helium::Model::new(&parsed(config)?, vb)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past))
        }
        Kind::Glm4 => {
            let mut model = glm4_new::ModelForCausalLM::new(&parsed(config)?, vb)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past))
        }
        Kind::Gemma => {
            let mut model = gemma::Model::new(false, &parsed(config)?, vb)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past))
        }
        Kind::BigCode => {
            let mut model = bigcode::GPTBigCode::load(vb, bigcode_config(config)?)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past))
        }
        Kind::Qwen2Moe => {
            let mut model = qwen2_moe::Model::new(&parsed(config)?, vb)?;
            Box::new(move |ids, past| model.forward(&row(ids)?, past))
        }
    })
}

fn parsed<T: DeserializeOwned>(config: &Json) -> Result<T> {
    serde_json::from_value(config.clone()).map_err(Error::wrap)
}

/// One sequence: (1, ids).
fn row(ids: &[u32]) -> Result<Tensor> {
    Tensor::from_slice(ids, (1, ids.len()), &Device::Cpu)
}

/// Candle's granite unwraps where a tensor of a layer is not as it must be: all of them are asked
/// for before.
fn granite_tensors(config: &granite::Config, vb: &VarBuilder) -> Result<()> {
    let (hidden, feed) = (config.hidden_size, config.intermediate_size);
    let kv = hidden / config.num_attention_heads * config.num_key_value_heads;
    for layer in 0..config.num_hidden_layers {
        let vb = vb.pp(format!("model.layers.{layer}"));
        for (name, rows, columns) in [
            ("self_attn.q_proj.weight", hidden, hidden),
            ("self_attn.k_proj.weight", kv, hidden),
            ("self_attn.v_proj.weight", kv, hidden),
            ("self_attn.o_proj.weight", hidden, hidden),
            ("mlp.gate_proj.weight", feed, hidden),
            ("mlp.up_proj.weight", feed, hidden),
            ("mlp.down_proj.weight", hidden, feed),
        ] {
            vb.get((rows, columns), name)?;
        }
        vb.get(hidden, "input_layernorm.weight")?;
        vb.get(hidden, "post_attention_layernorm.weight")?;
    }
    Ok(())
}

fn bigcode_config(config: &Json) -> Result<bigcode::Config> {
    #[derive(serde::Deserialize)]
    struct Said {
        vocab_size: usize,
        max_position_embeddings: usize,
        num_hidden_layers: usize,
        hidden_size: usize,
        layer_norm_epsilon: f64,
        n_inner: Option<usize>,
        num_attention_heads: usize,
    }
    let said: Said = parsed(config)?;
    Ok(bigcode::Config {
        vocab_size: said.vocab_size,
        max_position_embeddings: said.max_position_embeddings,
        num_hidden_layers: said.num_hidden_layers,
        hidden_size: said.hidden_size,
        layer_norm_epsilon: said.layer_norm_epsilon,
        n_inner: said.n_inner,
        num_attention_heads: said.num_attention_heads,
        multi_query: true,
        use_cache: true,
    })
}
