//! What the tensors of both formats are called. GGUF has one name for each part of every family;
//! repositories mostly follow the first LLaMA's, and each family says where it does not.

/// The parts of a model, by their names in GGUF, and in most repositories.
const PARTS: &[(&str, &str)] = &[
    ("token_embd", "embed_tokens"),
    ("output_norm", "norm"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
    ("ffn_gate_inp", "mlp.gate"),
];

/// Where a family's repositories depart from [`PARTS`].
pub(super) type Own = &'static [(&'static str, &'static str)];

/// The names of one model.
pub(super) struct Names {
    /// In a repository: what stands before the names, such as `model.`; None of GGUF.
    prefix: Option<String>,
    layers: &'static str,
    own: Own,
}

impl Names {
    pub fn gguf() -> Names {
        Names {
            prefix: None,
            layers: "",
            own: &[],
        }
    }

    /// `layers` is what the list of layers is called.
    pub fn folder(prefix: &str, layers: &'static str, own: Own) -> Names {
        Names {
            prefix: Some(prefix.to_owned()),
            layers,
            own,
        }
    }

    fn in_folder<'a>(&self, part: &'a str) -> &'a str {
        let find = |names: Own| names.iter().find(|(name, _)| *name == part);
        find(self.own)
            .or_else(|| find(PARTS))
            .map_or(part, |(_, name)| name)
    }

    /// The weight of a part of the whole model.
    pub fn of_model(&self, part: &str) -> String {
        match &self.prefix {
            None => format!("{part}.weight"),
            Some(_) if part == "output" => match self.in_folder(part) {
                "output" => "lm_head.weight".to_owned(),
                own => format!("{own}.weight"),
            },
            Some(prefix) => format!("{prefix}{}.weight", self.in_folder(part)),
        }
    }

    /// The weight of a part of a layer.
    pub fn of_layer(&self, layer: usize, part: &str) -> String {
        format!("{}.weight", self.stem(layer, part))
    }

    /// The name of a part of a layer, without `.weight`.
    pub fn stem(&self, layer: usize, part: &str) -> String {
        match &self.prefix {
            None => format!("blk.{layer}.{part}"),
            Some(prefix) => format!("{prefix}{}.{layer}.{}", self.layers, self.in_folder(part)),
        }
    }
}
