//! Families that we do not describe and candle-transformers computes right: its own models behind
//! the interface of ours, from folders only, in 32 bits whatever the type of the weights.
//!
//! A family stands in the table because its tiny models pass their tests
//! (`crates/engine/tests/families.rs`). What candle's model of a family leaves out is in no row
//! of it: such a config is refused by name.

mod table;

use super::facts::{Facts, LARGEST};
use formats::{Checkpoint, one_line};
use protocol::{AppError, failure};
use serde_json::{Map, Value as Json, json};
use table::FAMILIES;

/// Longest context that tables of positions are reckoned for.
const MOST_CONTEXT: usize = 1 << 18;
/// Longest context of a model that makes a mask of all of it, a byte for each two tokens.
const MOST_MASKED: usize = 1 << 14;
/// Widest head.
const WIDEST_HEAD: usize = 1024;

/// A model of candle-transformers' that computes a folder.
#[derive(Clone, Debug)]
pub(crate) struct Stock {
    pub kind: Kind,
    /// Such as `granite`.
    pub name: &'static str,
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Longest context in tokens.
    pub context: usize,
    /// config.json, each thing said in one way and none left out.
    pub config: Map<String, Json>,
    pub taken: Vec<Taken>,
}

/// Which of candle-transformers' models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Granite,
    StableLm,
    Starcoder2,
    Phi,
    DeepSeek2,
    Mamba,
    Helium,
    Glm4,
    Gemma,
    BigCode,
    Qwen2Moe,
}

/// A tensor that is given under another name than the file's, or multiplied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taken {
    /// How the name ends that the model asks for.
    pub asked: &'static str,
    /// The tensor's own name; None: as it is asked for.
    pub name: Option<&'static str>,
    pub factor: f64,
}

/// Config keys that are sizes: whole numbers from one on.
const SIZES: &[&str] = &[
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "max_position_embeddings",
    "sliding_window",
    "n_inner",
    "time_step_rank",
    "q_lora_rank",
    "kv_lora_rank",
    "qk_rope_head_dim",
    "qk_nope_head_dim",
    "v_head_dim",
    "moe_intermediate_size",
    "shared_expert_intermediate_size",
    "num_experts",
    "n_routed_experts",
    "n_shared_experts",
    "num_experts_per_tok",
    "decoder_sparse_step",
    "moe_layer_freq",
];

/// Describes a model of the table.
///
/// Errors: `unknown-architecture` (no such family, one in a GGUF file, or what candle's model of
/// it leaves out), `metadata-missing`, `model-damaged`.
pub(super) fn describe(facts: &Facts) -> Result<Stock, AppError> {
    let name = facts.architecture()?;
    let family = FAMILIES.iter().find(|family| family.name == name);
    let (Some(family), Some(folder)) = (family, facts.checkpoint.folder()) else {
        return Err(failure::unknown_architecture(one_line(name)));
    };
    // The words of a model that also sees lie under other names.
    if folder.text("model_type") != Some(name) {
        return Err(facts.unknown("text_config"));
    }
    let mut config = said_once(&folder.config);
    if let Json::Object(silent) = (family.silent)() {
        for (key, value) in silent {
            config.entry(key).or_insert(value);
        }
    }
    config.entry("rope_theta").or_insert(json!(10000.0));
    config.entry("tie_word_embeddings").or_insert(json!(false));
    if let Json::Object(only) = (family.only)() {
        for (key, right) in only {
            let said = config.get(&key);
            if said.is_some_and(|said| right.as_array().is_none_or(|right| !right.contains(said))) {
                return Err(facts.unknown(&key));
            }
        }
    }
    let read = Read {
        checkpoint: facts.checkpoint,
        config: &config,
    };
    read.check()?;
    let (vocabulary, mut context) = (
        read.size("vocab_size")?,
        read.size("max_position_embeddings")?,
    );
    if family.kind == Kind::Starcoder2 {
        // Candle's window is wrong on a filled cache: no further than it reaches.
        context = context.min(read.optional("sliding_window")?.unwrap_or(context));
    }
    if family.kind == Kind::BigCode && context > MOST_MASKED {
        return Err(read.damaged("n_positions"));
    }
    Ok(Stock {
        kind: family.kind,
        name: family.name,
        vocabulary,
        context: context.min(MOST_CONTEXT),
        taken: taken(family.kind, &read)?,
        config: candles(family.kind, config),
    })
}

/// The config in the words of transformers 4, without what is null.
fn said_once(config: &Json) -> Map<String, Json> {
    const NAMES: [(&str, &str); 4] = [
        ("n_embd", "hidden_size"),
        ("n_layer", "num_hidden_layers"),
        ("n_head", "num_attention_heads"),
        ("n_positions", "max_position_embeddings"),
    ];
    let mut said = config.as_object().cloned().unwrap_or_default();
    // A window of 0 stands for none.
    if said.get("sliding_window").and_then(Json::as_u64) == Some(0) {
        said.remove("sliding_window");
    }
    for (name, common) in NAMES {
        if let Some(value) = said.remove(name) {
            said.insert(common.to_owned(), value);
        }
    }
    // Transformers 5 has all about positions in one place.
    if let Some(Json::Object(mut positions)) = said.remove("rope_parameters") {
        for key in ["rope_theta", "partial_rotary_factor"] {
            if let Some(value) = positions.remove(key) {
                said.insert(key.to_owned(), value);
            }
        }
        said.insert("rope_scaling".to_owned(), Json::Object(positions));
    }
    let scaling = said.get_mut("rope_scaling").and_then(Json::as_object_mut);
    if let Some(kind) =
        scaling.and_then(|scaling| scaling.remove("rope_type").or(scaling.remove("type")))
    {
        if kind == "default" {
            said.remove("rope_scaling");
        } else if let Some(Json::Object(scaling)) = said.get_mut("rope_scaling") {
            scaling.insert("type".to_owned(), kind);
        }
    }
    said.retain(|_, value| !value.is_null());
    said
}

/// What candle's model wants said otherwise.
fn candles(kind: Kind, mut config: Map<String, Json>) -> Map<String, Json> {
    // There is no such code in what we build, and its model would stop the program.
    config.remove("use_flash_attn");
    config.insert("use_cache".to_owned(), json!(true));
    match kind {
        Kind::Gemma => {
            config.remove("hidden_activation");
            config.insert("hidden_act".to_owned(), json!("gelu_pytorch_tanh"));
        }
        Kind::Starcoder2 => drop(config.remove("sliding_window")),
        Kind::Phi => {
            let heads = config.get("num_attention_heads").cloned();
            config.entry("num_key_value_heads").or_insert(json!(heads));
        }
        Kind::Mamba => {
            let (width, layers) = (
                config.get("hidden_size").cloned(),
                config.get("num_hidden_layers").cloned(),
            );
            config.insert("d_model".to_owned(), json!(width));
            config.insert("n_layer".to_owned(), json!(layers));
            config.insert("pad_vocab_size_multiple".to_owned(), json!(1));
        }
        // It looks at the window also where the config says that there is none.
        Kind::Qwen2Moe => drop(config.insert("sliding_window".to_owned(), json!(LARGEST))),
        Kind::Helium => {
            config.entry("bos_token_id").or_insert(json!(1));
            config.insert("eos_token_id".to_owned(), json!(2)); // may be a list, and is not read
        }
        _ => {}
    }
    config
}

/// What the model does not find as it asks for it.
fn taken(kind: Kind, read: &Read) -> Result<Vec<Taken>, AppError> {
    let named = |asked, name| Taken {
        asked,
        name: Some(name),
        factor: 1.0,
    };
    let times = |asked, factor| Taken {
        asked,
        name: None,
        factor,
    };
    let is_tied = read.config.get("tie_word_embeddings") == Some(&json!(true));
    let mut taken = Vec::new();
    if kind == Kind::Mamba {
        taken.push(named(
            "backbone.embedding.weight",
            "backbone.embeddings.weight",
        ));
    } else if is_tied {
        taken.push(named("lm_head.weight", "model.embed_tokens.weight"));
    }
    if kind == Kind::Granite {
        // Candle's model has none of the family's four multipliers: they go into the weights.
        let number = |key: &str| read.number(key, 1.0);
        let head_dim = (read.size("hidden_size")? / read.size("num_attention_heads")?) as f64;
        let head_scale = number("attention_multiplier")? * head_dim.sqrt();
        let residual = number("residual_multiplier")?;
        let logits = 1.0 / number("logits_scaling")?;
        match taken.first_mut() {
            Some(tied) => tied.factor = logits,
            None => taken.push(times("lm_head.weight", logits)),
        }
        taken.extend([
            times("embed_tokens.weight", number("embedding_multiplier")?),
            times("q_proj.weight", head_scale),
            times("o_proj.weight", residual),
            times("down_proj.weight", residual),
        ]);
    }
    Ok(taken)
}

/// A config whose numbers are believed only as far as they fit.
struct Read<'a> {
    checkpoint: &'a Checkpoint,
    config: &'a Map<String, Json>,
}

impl Read<'_> {
    fn damaged(&self, key: &str) -> AppError {
        let folder = self.checkpoint.folder();
        let path = folder.map_or(self.checkpoint.path.clone(), |it| {
            it.path.join("config.json")
        });
        failure::model_damaged(&path, key)
    }

    fn optional(&self, key: &str) -> Result<Option<usize>, AppError> {
        let Some(value) = self.config.get(key) else {
            return Ok(None);
        };
        let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
        size.filter(|size| (1..=LARGEST).contains(size))
            .map(Some)
            .ok_or_else(|| self.damaged(key))
    }

    fn size(&self, key: &str) -> Result<usize, AppError> {
        self.optional(key)?
            .ok_or_else(|| failure::metadata_missing(key))
    }

    /// A number above 0.
    fn number(&self, key: &str, silent: f64) -> Result<f64, AppError> {
        let number = self.config.get(key).map_or(Some(silent), Json::as_f64);
        number
            .filter(|number| number.is_finite() && *number > 0.0)
            .ok_or_else(|| self.damaged(key))
    }

    /// Whether the sizes fit to each other and to the tensors there are, so that nothing that
    /// is reckoned from them can go astray; each tensor's shape is checked when it is asked for.
    fn check(&self) -> Result<(), AppError> {
        for key in SIZES {
            self.optional(key)?;
        }
        // Of each layer and each expert there are tensors.
        let tensors = self.checkpoint.tensors.len();
        for key in ["num_hidden_layers", "num_experts", "n_routed_experts"] {
            if self.optional(key)?.is_some_and(|count| count > tensors) {
                return Err(self.damaged(key));
            }
        }
        let experts = self
            .optional("num_experts")?
            .or(self.optional("n_routed_experts")?);
        if let Some(experts) = experts
            && self.size("num_experts_per_tok")? > experts
        {
            return Err(self.damaged("num_experts_per_tok"));
        }
        self.size("num_hidden_layers")?;
        let hidden = self.size("hidden_size")?;
        let Some(heads) = self.optional("num_attention_heads")? else {
            return Ok(()); // no attention
        };
        let kv_heads = self.optional("num_key_value_heads")?.unwrap_or(heads);
        if !heads.is_multiple_of(kv_heads) {
            return Err(self.damaged("num_key_value_heads"));
        }
        let (of_head, width) = match self.optional("qk_rope_head_dim")? {
            Some(width) => ("qk_rope_head_dim", width),
            None => match self.optional("head_dim")? {
                Some(width) => ("head_dim", width),
                None if hidden.is_multiple_of(heads) => ("num_attention_heads", hidden / heads),
                None => return Err(self.damaged("num_attention_heads")),
            },
        };
        if !width.is_multiple_of(2) || width > WIDEST_HEAD {
            return Err(self.damaged(of_head));
        }
        self.number("rope_theta", 1.0)?;
        let turned = self.number("partial_rotary_factor", 1.0)?;
        if turned > 1.0
            || !((width as f64 * turned) as usize).is_multiple_of(2)
            || width as f64 * turned < 2.0
        {
            return Err(self.damaged("partial_rotary_factor"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_are_those_whose_copy_is_reckoned_with() {
        let names: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
        assert_eq!(names, formats::COPIED);
    }

    #[test]
    fn a_config_says_the_same_in_the_words_of_both_versions() {
        let old = json!({"rope_theta": 5.0, "partial_rotary_factor": 0.5, "head_dim": null,
                         "rope_scaling": {"rope_type": "yarn", "factor": 2.0}});
        let new = json!({"rope_parameters": {"rope_theta": 5.0, "partial_rotary_factor": 0.5,
                         "rope_type": "yarn", "factor": 2.0}});
        assert_eq!(json!(said_once(&old)), json!(said_once(&new)));
        let plain = json!({"rope_parameters": {"rope_theta": 5.0, "rope_type": "default"}});
        assert_eq!(json!(said_once(&plain)), json!({"rope_theta": 5.0}));
    }
}
