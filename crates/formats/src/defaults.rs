//! What transformers takes for a key that config.json leaves out, where families differ or nothing
//! else could be taken. Published configs say only what departs from these.
//!
//! Source: the configuration classes of transformers 5.23.

use crate::gguf::Value;

/// A number or a yes, as it stands in config.json.
#[derive(Clone, Copy)]
enum Usual {
    Size(u64),
    Number(f64),
    Yes,
}
use Usual::{Number, Size, Yes};

type Rows = &'static [(&'static str, Usual)];

const LLAMA: Rows = &[
    ("max_position_embeddings", Size(2048)),
    ("rms_norm_eps", Number(1e-6)),
];
const MISTRAL: Rows = &[
    ("max_position_embeddings", Size(131_072)),
    ("rms_norm_eps", Number(1e-6)),
    ("num_key_value_heads", Size(8)),
];
const MIXTRAL: Rows = &[
    ("max_position_embeddings", Size(131_072)),
    ("rms_norm_eps", Number(1e-5)),
    ("num_key_value_heads", Size(8)),
    ("rope_theta", Number(1e6)),
    ("num_local_experts", Size(8)),
    ("num_experts_per_tok", Size(2)),
];
const OLMO: Rows = &[
    ("max_position_embeddings", Size(2048)),
    ("rms_norm_eps", Number(1e-5)),
];
const OLMO3: Rows = &[
    ("max_position_embeddings", Size(2048)),
    ("rms_norm_eps", Number(1e-5)),
    ("rope_theta", Number(500_000.0)),
    ("sliding_window", Size(4096)),
];
const OLMOE: Rows = &[
    ("max_position_embeddings", Size(4096)),
    ("rms_norm_eps", Number(1e-5)),
    ("num_experts", Size(64)),
    ("num_experts_per_tok", Size(8)),
];
const QWEN: Rows = &[
    ("max_position_embeddings", Size(32_768)),
    ("rms_norm_eps", Number(1e-6)),
    ("max_window_layers", Size(28)),
];
const QWEN3: Rows = &[
    ("max_position_embeddings", Size(32_768)),
    ("rms_norm_eps", Number(1e-6)),
    ("max_window_layers", Size(28)),
    ("head_dim", Size(128)),
];
const QWEN3_MOE: Rows = &[
    ("max_position_embeddings", Size(32_768)),
    ("rms_norm_eps", Number(1e-6)),
    ("num_key_value_heads", Size(4)),
    ("num_experts", Size(128)),
    ("num_experts_per_tok", Size(8)),
    ("moe_intermediate_size", Size(768)),
];
const GEMMA2: Rows = &[
    ("max_position_embeddings", Size(8192)),
    ("rms_norm_eps", Number(1e-6)),
    ("num_attention_heads", Size(8)),
    ("num_key_value_heads", Size(4)),
    ("head_dim", Size(256)),
    ("sliding_window", Size(4096)),
    ("query_pre_attn_scalar", Number(256.0)),
    ("attn_logit_softcapping", Number(50.0)),
    ("final_logit_softcapping", Number(30.0)),
    ("tie_word_embeddings", Yes),
];
const GEMMA3: Rows = &[
    ("max_position_embeddings", Size(131_072)),
    ("rms_norm_eps", Number(1e-6)),
    ("num_attention_heads", Size(8)),
    ("num_key_value_heads", Size(4)),
    ("head_dim", Size(256)),
    ("sliding_window", Size(4096)),
    ("query_pre_attn_scalar", Number(256.0)),
    ("rope_theta", Number(1e6)),
    ("tie_word_embeddings", Yes),
];
const PHI3: Rows = &[
    ("max_position_embeddings", Size(4096)),
    ("rms_norm_eps", Number(1e-5)),
    ("original_max_position_embeddings", Size(4096)),
];
const SMOLLM3: Rows = &[
    ("max_position_embeddings", Size(32_768)),
    ("rms_norm_eps", Number(1e-6)),
    ("num_key_value_heads", Size(4)),
    ("rope_theta", Number(2e6)),
    ("tie_word_embeddings", Yes),
];
const GPT_OSS: Rows = &[
    ("max_position_embeddings", Size(131_072)),
    ("rms_norm_eps", Number(1e-5)),
    ("num_attention_heads", Size(64)),
    ("num_key_value_heads", Size(8)),
    ("head_dim", Size(64)),
    ("rope_theta", Number(150_000.0)),
    ("sliding_window", Size(128)),
    ("num_local_experts", Size(128)),
    ("num_experts_per_tok", Size(4)),
];
const FALCON: Rows = &[
    ("max_position_embeddings", Size(2048)),
    ("layer_norm_epsilon", Number(1e-5)),
    ("tie_word_embeddings", Yes),
];

/// What stands for the first of some keys that has a usual value in a family.
pub(crate) fn usual(family: &str, keys: &[&str]) -> Option<Value> {
    let rows = match family {
        "llama" => LLAMA,
        "mistral" => MISTRAL,
        "mixtral" => MIXTRAL,
        "falcon" | "RefinedWeb" | "RefinedWebModel" => FALCON,
        "olmo" | "olmo2" => OLMO,
        "olmo3" => OLMO3,
        "olmoe" => OLMOE,
        "qwen2" => QWEN,
        "qwen3" => QWEN3,
        "qwen3_moe" => QWEN3_MOE,
        "gemma2" => GEMMA2,
        "gemma3" | "gemma3_text" => GEMMA3,
        "phi3" => PHI3,
        "smollm3" => SMOLLM3,
        "gpt_oss" => GPT_OSS,
        _ => return None,
    };
    let found = keys
        .iter()
        .find_map(|key| rows.iter().find(|(name, _)| name == key));
    found.map(|(_, usual)| match usual {
        Size(size) => Value::Unsigned(*size),
        Number(number) => Value::Float(*number),
        Yes => Value::Bool(true),
    })
}
