//! The table of families that candle-transformers computes right.

use super::Kind;
use serde_json::{Value as Json, json};

/// What is known of a family beside its config.
pub(super) struct Family {
    /// `model_type` of config.json.
    pub name: &'static str,
    pub kind: Kind,
    /// What transformers takes where config.json is silent.
    pub silent: fn() -> Json,
    /// The values, some of them, for which candle's model is right.
    pub only: fn() -> Json,
}

/// Every family of the table.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "granite",
        kind: Kind::Granite,
        silent: || json!({"hidden_act": "silu", "rms_norm_eps": 1e-6, "max_position_embeddings": 2048}),
        only: || json!({"hidden_act": ["silu"], "rope_scaling": []}),
    },
    Family {
        name: "stablelm",
        kind: Kind::StableLm,
        silent: || {
            json!({"hidden_act": "silu", "partial_rotary_factor": 0.25, "layer_norm_eps": 1e-5,
                   "max_position_embeddings": 4096})
        },
        only: || {
            json!({"hidden_act": ["silu"], "rope_scaling": [], "qk_layernorm": [false],
                   "use_parallel_residual": [false]})
        },
    },
    Family {
        name: "starcoder2",
        kind: Kind::Starcoder2,
        silent: || {
            json!({"hidden_act": "gelu_pytorch_tanh", "norm_epsilon": 1e-5, "use_bias": true,
                   "max_position_embeddings": 4096, "tie_word_embeddings": true})
        },
        only: || {
            json!({"hidden_act": ["gelu_pytorch_tanh", "gelu_new", "silu"], "rope_scaling": [],
                   "tie_word_embeddings": [true]})
        },
    },
    Family {
        name: "phi",
        kind: Kind::Phi,
        silent: || {
            json!({"hidden_act": "gelu_new", "partial_rotary_factor": 0.5, "layer_norm_eps": 1e-5,
                   "max_position_embeddings": 2048, "qk_layernorm": false})
        },
        only: || {
            json!({"hidden_act": ["gelu_new", "gelu_pytorch_tanh"], "rope_scaling": [],
                   "qk_layernorm": [false], "tie_word_embeddings": [false]})
        },
    },
    Family {
        name: "deepseek_v2",
        kind: Kind::DeepSeek2,
        silent: || {
            json!({"hidden_act": "silu", "rms_norm_eps": 1e-6, "max_position_embeddings": 2048,
                   "attention_bias": false, "n_group": 1, "topk_group": 1})
        },
        only: || {
            json!({"hidden_act": ["silu"], "topk_method": ["greedy"], "norm_topk_prob": [false],
                   "scoring_func": ["softmax"], "attention_bias": [false], "n_group": [1]})
        },
    },
    Family {
        name: "mamba",
        kind: Kind::Mamba,
        // Trained on 2048 tokens (arXiv 2312.00752, section 4.2); its config does not say so.
        silent: || json!({"max_position_embeddings": 2048, "tie_word_embeddings": true}),
        only: || {
            json!({"hidden_act": ["silu"], "layer_norm_epsilon": [1e-5], "state_size": [16],
                   "conv_kernel": [4], "expand": [2], "use_bias": [false],
                   "use_conv_bias": [true], "tie_word_embeddings": [true]})
        },
    },
    Family {
        name: "helium",
        kind: Kind::Helium,
        silent: || {
            json!({"hidden_act": "silu", "rms_norm_eps": 1e-8, "max_position_embeddings": 4096,
                   "rope_theta": 100000.0, "attention_bias": false, "mlp_bias": false})
        },
        only: || {
            json!({"hidden_act": ["silu"], "rope_scaling": [], "attention_bias": [false],
                   "mlp_bias": [false]})
        },
    },
    Family {
        name: "glm4",
        kind: Kind::Glm4,
        silent: || {
            json!({"hidden_act": "silu", "rms_norm_eps": 1.5625e-7, "partial_rotary_factor": 0.5,
                   "max_position_embeddings": 131072, "attention_bias": false})
        },
        only: || json!({"hidden_act": ["silu"], "rope_scaling": []}),
    },
    Family {
        name: "gemma",
        kind: Kind::Gemma,
        silent: || {
            json!({"hidden_act": "gelu_pytorch_tanh", "rms_norm_eps": 1e-6, "head_dim": 256,
                   "max_position_embeddings": 8192, "attention_bias": false,
                   "tie_word_embeddings": true})
        },
        // The first files say `gelu` and mean that by tanh.
        only: || {
            json!({"hidden_act": ["gelu_pytorch_tanh", "gelu"],
                   "hidden_activation": ["gelu_pytorch_tanh"], "rope_scaling": [],
                   "tie_word_embeddings": [true], "attention_bias": [false]})
        },
    },
    Family {
        name: "gpt_bigcode",
        kind: Kind::BigCode,
        silent: || {
            json!({"layer_norm_epsilon": 1e-5, "max_position_embeddings": 1024,
                   "tie_word_embeddings": true, "multi_query": true})
        },
        only: || {
            json!({"activation_function": ["gelu_pytorch_tanh"], "scale_attn_weights": [true],
                   "multi_query": [true], "tie_word_embeddings": [true],
                   "add_cross_attention": [false]})
        },
    },
    Family {
        name: "qwen2_moe",
        kind: Kind::Qwen2Moe,
        silent: || {
            json!({"hidden_act": "silu", "rms_norm_eps": 1e-6, "max_position_embeddings": 32768,
                   "max_window_layers": 28, "decoder_sparse_step": 1,
                   "use_sliding_window": false, "norm_topk_prob": false})
        },
        only: || {
            json!({"hidden_act": ["silu"], "rope_scaling": [], "use_sliding_window": [false],
                   "mlp_only_layers": [[]], "qkv_bias": [true]})
        },
    },
];
