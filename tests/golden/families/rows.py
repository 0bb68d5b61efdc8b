"""The models: one row for each family and variant. A row is a hub folder's config.json, its tensors under the names that
published checkpoints have, and which small tokenizer it comes with. `{}` in a name stands for each layer, `{e}` for each
expert.

A tensor is [name, shape, around, exponent] (see weights.py), bytes are [name, shape, "bytes", [low, high]]."""
import math

LAYERS, HIDDEN, HEADS, KV, DIM, FF, VOCABULARY = 4, 256, 4, 2, 64, 512, 384
EMBEDDED = -15  # a standard deviation of 1.15
# 0.29: logits of some units. So sure a choice of experts is nearly a continuous one: rounding that chooses others at a tie
# changes little.
JUDGING = -17
NORM = -18  # 0.14, around one
BIAS = -17


def matrix(name, rows, columns, exponent=None):
    """Whose products are about as large as what it multiplies."""
    return [name, [rows, columns], 0, exponent or -15 - round(math.log2(columns) / 2)]


def norm(name, width, around=1):
    return [name, [width], around, NORM]


def bias(name, width):
    return [name, [width], 0, BIAS]


def attention(hidden=HIDDEN, heads=HEADS, kv=KV, dim=DIM, biases="", part="model.layers.{}.self_attn."):
    sizes = {"q": (heads * dim, hidden), "k": (kv * dim, hidden), "v": (kv * dim, hidden), "o": (hidden, heads * dim)}
    tensors = [matrix(f"{part}{which}_proj.weight", *size) for which, size in sizes.items()]
    return tensors + [bias(f"{part}{which}_proj.bias", sizes[which][0]) for which in biases]


def gated(hidden=HIDDEN, ff=FF, part="model.layers.{}.mlp.", names=("gate_proj", "up_proj", "down_proj")):
    gate, up, down = names
    return [matrix(f"{part}{gate}.weight", ff, hidden), matrix(f"{part}{up}.weight", ff, hidden),
            matrix(f"{part}{down}.weight", hidden, ff)]


def ends(hidden=HIDDEN, vocabulary=VOCABULARY, tied=False, final=True, around=1):
    tensors = [["model.embed_tokens.weight", [vocabulary, hidden], 0, JUDGING if tied else EMBEDDED]]
    if final:
        tensors.append(norm("model.norm.weight", hidden, around))
    return tensors if tied else tensors + [matrix("lm_head.weight", vocabulary, hidden, JUDGING)]


def norms(*names, width=HIDDEN, around=1):
    return [norm(f"model.layers.{{}}.{name}.weight", width, around) for name in names]


TWO = ("input_layernorm", "post_attention_layernorm")


def serial(hidden=HIDDEN, heads=HEADS, kv=KV, dim=DIM, ff=FF, vocabulary=VOCABULARY, tied=False, biases=""):
    """Llama's tensors."""
    return (ends(hidden, vocabulary, tied) + attention(hidden, heads, kv, dim, biases) + gated(hidden, ff)
            + norms(*TWO, width=hidden))


def config(model_type, kind, **more):
    """What nearly every config.json has."""
    common = {"architectures": [kind], "model_type": model_type, "hidden_size": HIDDEN, "intermediate_size": FF,
              "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV, "vocab_size": VOCABULARY,
              "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
              "tie_word_embeddings": False, "torch_dtype": "float32", "bos_token_id": 1, "eos_token_id": 2}
    return {key: value for key, value in {**common, **more}.items() if value != "none"}


def llama(**more):
    return config("llama", "LlamaForCausalLM", **more)


def mistral(**more):
    return config("mistral", "MistralForCausalLM", **more)


LLAMA3 = {"bos_token_id": 379, "eos_token_id": 383, "rope_theta": 500000.0}
# The published Llama 3.1 has 8192 where this has 64, so that short prompts reach every part of the curve.
LLAMA31 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
           "rope_type": "llama3"}
YARN = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
WINDOW = 16
EXPERTS = 4

FALCON = {"architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
          "num_attention_heads": HEADS, "vocab_size": VOCABULARY, "layer_norm_epsilon": 1e-5, "bias": False, "alibi": False,
          "parallel_attn": True, "attention_dropout": 0.0, "hidden_dropout": 0.0, "initializer_range": 0.02,
          "apply_residual_connection_post_layernorm": False, "torch_dtype": "float32", "bos_token_id": 383, "eos_token_id": 383}
# As tiiuae published them at first.
OLD_NAMES = {"num_hidden_layers": "n_layer", "num_attention_heads": "n_head", "num_kv_heads": "n_head_kv"}


def falcon(groups, per_layer, biases=False, heads=HEADS, dim=DIM):
    """Falcon's tensors: `groups` heads of keys and values in the fused projection."""
    part, hidden = "transformer.h.{}.", heads * dim
    qkv = (heads + 2 * groups) * dim
    tensors = [["transformer.word_embeddings.weight", [VOCABULARY, hidden], 0, JUDGING],
               norm("transformer.ln_f.weight", hidden), bias("transformer.ln_f.bias", hidden),
               matrix(part + "self_attention.query_key_value.weight", qkv, hidden),
               matrix(part + "self_attention.dense.weight", hidden, hidden),
               matrix(part + "mlp.dense_h_to_4h.weight", 4 * hidden, hidden),
               matrix(part + "mlp.dense_4h_to_h.weight", hidden, 4 * hidden)]
    for name in per_layer:
        tensors += [norm(f"{part}{name}.weight", hidden), bias(f"{part}{name}.bias", hidden)]
    if biases:
        tensors += [bias(part + "self_attention.query_key_value.bias", qkv), bias(part + "self_attention.dense.bias", hidden),
                    bias(part + "mlp.dense_h_to_4h.bias", 4 * hidden), bias(part + "mlp.dense_4h_to_h.bias", hidden)]
    return tensors


def old_falcon(config, model_type):
    config = {OLD_NAMES.get(key, key): value for key, value in config.items() if key not in ("new_decoder_architecture",)}
    return {**config, "architectures": ["RWForCausalLM"], "model_type": model_type}


FALCON_7B = {**FALCON, "multi_query": True, "new_decoder_architecture": False}
FALCON_40B = {**FALCON, "multi_query": True, "new_decoder_architecture": True, "num_kv_heads": KV}

OLMO = {"hidden_act": "silu", "rms_norm_eps": "none", "pad_token_id": 383, "eos_token_id": 382, "bos_token_id": "none",
        "num_key_value_heads": HEADS, "clip_qkv": None}
OLMO_PADDED = 392
OLMO_ORIGINAL = {
    "activation_type": "swiglu", "alibi": False, "alibi_bias_max": 8.0, "architectures": ["OLMoForCausalLM"],
    "attention_dropout": 0.0, "attention_layer_norm": False, "attention_layer_norm_with_affine": False, "bias_for_layer_norm": False,
    "block_group_size": 1, "block_type": "sequential", "clip_qkv": None, "d_model": HIDDEN, "embedding_dropout": 0.0,
    "embedding_size": OLMO_PADDED, "eos_token_id": 382, "include_bias": False, "init_device": "cpu",
    "layer_norm_type": "default", "layer_norm_with_affine": False, "max_sequence_length": 2048, "mlp_hidden_size": 2 * FF,
    "mlp_ratio": 4, "model_type": "hf_olmo", "multi_query_attention": False, "n_heads": HEADS, "n_layers": LAYERS,
    "pad_token_id": 383, "rope": True, "rope_full_precision": True, "scale_logits": False, "use_cache": True,
    "vocab_size": VOCABULARY, "weight_tying": False}
DOLMA2 = {"bos_token_id": 380, "eos_token_id": 380, "pad_token_id": 383, "rms_norm_eps": 1e-6, "rope_theta": 500000.0,
          "num_key_value_heads": HEADS}
AFTER = ("post_attention_layernorm", "post_feedforward_layernorm")


def qk(width, kv_width=None, part="model.layers.{}.self_attn.", around=1):
    return [norm(part + "q_norm.weight", width, around), norm(part + "k_norm.weight", kv_width or width, around)]


def experts(ff, part="model.layers.{}.mlp.", gate="gate", names=("gate_proj", "up_proj", "down_proj")):
    return [matrix(f"{part}{gate}.weight", EXPERTS, HIDDEN, JUDGING)] + gated(HIDDEN, ff, part + "experts.{e}.", names)


QWEN = {"bos_token_id": 379, "eos_token_id": 381, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0}
GEMMA = {"head_dim": 64, "hidden_activation": "gelu_pytorch_tanh", "hidden_act": "gelu_pytorch_tanh", "rms_norm_eps": 1e-6,
         "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0, "sliding_window": WINDOW, "query_pre_attn_scalar": 64}
GEMMA_NORMS = ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm")
PHI = {"pad_token_id": 384, "bos_token_id": 1, "eos_token_id": 384, "original_max_position_embeddings": 2048,
       "rope_scaling": None, "partial_rotary_factor": "none", "embd_pdrop": 0.0, "resid_pdrop": 0.0, "attention_bias": False}
PHI_PADDED = 400


def phi3(vocabulary, tied=False, kv=KV):
    part = "model.layers.{}."
    return ends(HIDDEN, vocabulary, tied) + norms(*TWO) + [
        matrix(part + "self_attn.qkv_proj.weight", (HEADS + 2 * kv) * DIM, HIDDEN),
        matrix(part + "self_attn.o_proj.weight", HIDDEN, HEADS * DIM),
        matrix(part + "mlp.gate_up_proj.weight", 2 * FF, HIDDEN), matrix(part + "mlp.down_proj.weight", HIDDEN, FF)]


def factors(count, most):
    """Growing divisors of the frequencies, like those that were searched for."""
    return [round(1 + (most - 1) * (at / (count - 1)) ** 2, 4) for at in range(count)]


GPT_OSS = {"head_dim": 64, "num_local_experts": EXPERTS, "num_experts_per_tok": 2, "sliding_window": WINDOW, "attention_bias": True,
           "swiglu_limit": 7.0, "rope_theta": 150000, "initial_context_length": 64, "max_position_embeddings": 2048,
           "rope_scaling": {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "original_max_position_embeddings": 64,
                            "rope_type": "yarn", "truncate": False},
           "layer_types": ["sliding_attention", "full_attention"] * 2, "intermediate_size": 256, "pad_token_id": 377,
           "bos_token_id": 376, "eos_token_id": 378, "router_aux_loss_coef": 0.9}


def gpt_oss(packed):
    part, ff = "model.layers.{}.mlp.", 256
    tensors = ends() + attention(biases="qkvo") + norms(*TWO) + [
        ["model.layers.{}.self_attn.sinks", [HEADS], 0, -15], matrix(part + "router.weight", EXPERTS, HIDDEN, JUDGING),
        bias(part + "router.bias", EXPERTS), ["model.layers.{}.mlp.experts.gate_up_proj_bias", [EXPERTS, 2 * ff], 0, BIAS],
        ["model.layers.{}.mlp.experts.down_proj_bias", [EXPERTS, HIDDEN], 0, BIAS]]
    if not packed:
        return tensors + [["model.layers.{}.mlp.experts.gate_up_proj", [EXPERTS, HIDDEN, 2 * ff], 0, -19],
                          ["model.layers.{}.mlp.experts.down_proj", [EXPERTS, ff, HIDDEN], 0, -19]]
    # Four-bit numbers up to 6, of about 3 in the middle; scales are powers of two behind 127.
    for name, rows, columns in [("gate_up_proj", 2 * ff, HIDDEN), ("down_proj", HIDDEN, ff)]:
        tensors += [[f"{part}experts.{name}_blocks", [EXPERTS, rows, columns // 32, 16], "bytes", [0, 255]],
                    [f"{part}experts.{name}_scales", [EXPERTS, rows, columns // 32], "bytes", [120, 122]]]
    return tensors


def replaced(tensors, changes):
    """Some tensors given for single layers instead of for each."""
    names = {change[0] for change in changes}
    spread = []
    for tensor in tensors:
        singles = [tensor[0].replace("{}", str(layer)) for layer in range(2 * LAYERS)]
        if names.isdisjoint(singles):
            spread.append(tensor)
        else:
            spread += [[name, *tensor[1:]] for name in singles if name not in names]
    return spread + changes


def expanded():
    """LLaMA-Pro: of eight blocks every second is an inserted one, here as it is before it is trained: it adds nothing."""
    zero = [[f"model.layers.{layer}.{name}.weight", shape, 0, None] for layer in range(1, 2 * LAYERS, 2)
            for name, shape in [("self_attn.o_proj", [HIDDEN, HIDDEN]), ("mlp.down_proj", [HIDDEN, FF])]]
    return replaced(serial(kv=HEADS), zero)


def row(family, tokenizer, config, tensors, **more):
    """`family`: the line of docs/models.md it is for. Optional: `pre`, what the converter shall call the tokenizer;
    `reference`, the config that transformers is given instead; `gguf_reference`, what a GGUF file can say of the
    config; `converted`, the config that llama.cpp's converter is given instead; `spelled`, other config.json of the same
    model; `files`, which of the tokenizer's; `gguf`: False where llama.cpp does not have the model."""
    return {"family": family, "tokenizer": tokenizer, "config": config, "tensors": tensors, **more}


# What follows is not described by us: candle-transformers computes it (`families/stock.rs`).
LAYER_NORM = {"rms_norm_eps": "none", "layer_norm_eps": 1e-5}


def biased(name, rows, columns, exponent=None):
    """A matrix and its bias."""
    return [matrix(f"{name}.weight", rows, columns, exponent), bias(f"{name}.bias", rows)]


def layer_norms(*names, width=HIDDEN, part="model.layers.{}."):
    """Weights and biases."""
    return [tensor for name in names
            for tensor in (norm(f"{part}{name}.weight", width), bias(f"{part}{name}.bias", width))]


def plain_feed(up, down, part="model.layers.{}.mlp."):
    return biased(part + up, FF, HIDDEN) + biased(part + down, HIDDEN, FF)


GRANITE = {"embedding_multiplier": 12.0, "attention_multiplier": 0.03125, "residual_multiplier": 0.22, "logits_scaling": 8.0,
           "attention_bias": False, "mlp_bias": False, "rope_scaling": None, "tie_word_embeddings": True}
STABLELM = {**LAYER_NORM, "partial_rotary_factor": 0.25, "qk_layernorm": False, "use_parallel_residual": False, "use_cache": True}
STARCODER2 = {"rms_norm_eps": "none", "norm_epsilon": 1e-5, "hidden_act": "gelu_pytorch_tanh", "use_bias": True,
              "tie_word_embeddings": "none", "mlp_type": "default", "norm_type": "layer_norm"}
PHI2 = {**LAYER_NORM, "hidden_act": "gelu_new", "partial_rotary_factor": 0.5, "qk_layernorm": False, "num_key_value_heads": HEADS}
DEEPSEEK = {"q_lora_rank": None, "kv_lora_rank": 64, "qk_rope_head_dim": 32, "qk_nope_head_dim": 64, "v_head_dim": 64,
            "n_routed_experts": EXPERTS, "num_experts_per_tok": 2, "n_shared_experts": 2, "moe_intermediate_size": 128,
            "first_k_dense_replace": 1, "moe_layer_freq": 1, "norm_topk_prob": False, "topk_method": "greedy", "n_group": 1,
            "topk_group": 1, "routed_scaling_factor": 1.0, "scoring_func": "softmax", "attention_bias": False,
            "num_key_value_heads": HEADS, "max_position_embeddings": 2560,
            "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 0.707, "mscale_all_dim": 0.707,
                             "original_max_position_embeddings": 64, "type": "yarn"}}
MAMBA = {"architectures": ["MambaForCausalLM"], "model_type": "mamba", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
         "vocab_size": VOCABULARY, "state_size": 16, "conv_kernel": 4, "expand": 2, "intermediate_size": 2 * HIDDEN,
         "time_step_rank": 16, "layer_norm_epsilon": 1e-5, "use_bias": False, "use_conv_bias": True, "hidden_act": "silu",
         "tie_word_embeddings": True, "residual_in_fp32": True, "torch_dtype": "float32", "bos_token_id": 0, "eos_token_id": 0}
BIGCODE = {"architectures": ["GPTBigCodeForCausalLM"], "model_type": "gpt_bigcode", "n_embd": HIDDEN, "n_layer": LAYERS,
           "n_head": HEADS, "n_inner": FF, "n_positions": 256, "vocab_size": VOCABULARY, "layer_norm_epsilon": 1e-5,
           "activation_function": "gelu_pytorch_tanh", "multi_query": True, "scale_attn_weights": True,
           "attention_softmax_in_fp32": True, "scale_attention_softmax_in_fp32": True, "torch_dtype": "float32",
           "bos_token_id": 0, "eos_token_id": 0}


def deepseek2(lora):
    part, layer, width = "model.layers.{}.self_attn.", "model.layers.", 64
    query = [matrix(part + "q_proj.weight", HEADS * 96, HIDDEN)] if not lora else [
        matrix(part + "q_a_proj.weight", lora, HIDDEN), norm(part + "q_a_layernorm.weight", lora),
        matrix(part + "q_b_proj.weight", HEADS * 96, lora)]
    tensors = ends() + norms(*TWO) + query + [
        matrix(part + "kv_a_proj_with_mqa.weight", width + 32, HIDDEN), norm(part + "kv_a_layernorm.weight", width),
        matrix(part + "kv_b_proj.weight", HEADS * 128, width), matrix(part + "o_proj.weight", HIDDEN, HEADS * 64)]
    tensors += gated(part=layer + "0.mlp.")
    for at in range(1, LAYERS):
        tensors += experts(128, f"{layer}{at}.mlp.") + gated(ff=256, part=f"{layer}{at}.mlp.shared_experts.")
    return tensors


def mamba():
    part, inner = "backbone.layers.{}.mixer.", 2 * HIDDEN
    return [["backbone.embeddings.weight", [VOCABULARY, HIDDEN], 0, JUDGING], norm("backbone.norm_f.weight", HIDDEN),
            norm("backbone.layers.{}.norm.weight", HIDDEN), matrix(part + "in_proj.weight", 2 * inner, HIDDEN),
            [part + "conv1d.weight", [inner, 1, 4], 0, -16], bias(part + "conv1d.bias", inner),
            matrix(part + "x_proj.weight", 16 + 2 * 16, inner), matrix(part + "dt_proj.weight", inner, 16),
            [part + "dt_proj.bias", [inner], -3, -16], [part + "A_log", [inner, 16], 1, -16], [part + "D", [inner], 1, NORM],
            matrix(part + "out_proj.weight", HIDDEN, inner)]


def bigcode():
    part = "transformer.h.{}."
    return ([["transformer.wte.weight", [VOCABULARY, HIDDEN], 0, JUDGING], ["transformer.wpe.weight", [256, HIDDEN], 0, JUDGING]]
            + layer_norms("ln_1", "ln_2", part=part) + layer_norms("ln_f", part="transformer.")
            + biased(part + "attn.c_attn", HIDDEN + 2 * DIM, HIDDEN) + biased(part + "attn.c_proj", HIDDEN, HIDDEN)
            + plain_feed("c_fc", "c_proj", part + "mlp."))


def stock():
    rows = {}
    rows["granite"] = row("granite", "llama", config("granite", "GraniteForCausalLM", **GRANITE), serial(tied=True), spelled=[
        {**config("granite", "GraniteForCausalLM", **{**GRANITE, "rope_scaling": "none"}, rope_theta="none"),
         "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}}])
    stablelm = ends(final=False) + layer_norms("norm", part="model.") + layer_norms(*TWO) + gated()
    rows["stablelm"] = row("stablelm", "llama", config("stablelm", "StableLmForCausalLM", **STABLELM, use_qkv_bias=False),
                           stablelm + attention(), spelled=[
        {**config("stablelm", "StableLmForCausalLM", **{**STABLELM, "partial_rotary_factor": "none"}, rope_theta="none"),
         "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default", "partial_rotary_factor": 0.25}}])
    rows["stablelm-biased"] = row("stablelm", "llama", config("stablelm", "StableLmForCausalLM", **STABLELM, use_qkv_bias=True),
                                  stablelm + attention(biases="qkv"))
    rows["starcoder2"] = row("starcoder2", "llama", config("starcoder2", "Starcoder2ForCausalLM", **STARCODER2, sliding_window=128),
                             ends(tied=True, final=False) + layer_norms("norm", part="model.") + layer_norms(*TWO)
                             + attention(biases="qkvo") + plain_feed("c_fc", "c_proj"))
    part = "model.layers.{}.self_attn."
    rows["phi"] = row("phi", "llama", config("phi", "PhiForCausalLM", **PHI2),
                      ends(final=False) + [bias("lm_head.bias", VOCABULARY)] + layer_norms("final_layernorm", part="model.")
                      + layer_norms("input_layernorm") + plain_feed("fc1", "fc2")
                      + [tensor for name in ("q_proj", "k_proj", "v_proj", "dense") for tensor in biased(part + name, HIDDEN, HIDDEN)])
    rows["deepseek2"] = row("deepseek_v2", "llama", config("deepseek_v2", "DeepseekV2ForCausalLM", **DEEPSEEK), deepseek2(None))
    rows["deepseek2-lora"] = row("deepseek_v2", "llama", config("deepseek_v2", "DeepseekV2ForCausalLM", **{
        **DEEPSEEK, "q_lora_rank": 128, "rope_scaling": None, "routed_scaling_factor": 2.0}), deepseek2(128))
    rows["mamba"] = row("mamba", "llama", MAMBA, mamba())
    rows["helium"] = row("helium", "llama", config("helium", "HeliumForCausalLM", head_dim=64, attention_bias=False, mlp_bias=False,
                                                   rms_norm_eps=1e-8, rope_theta=100000.0), serial())
    glm4 = {"head_dim": 64, "pad_token_id": 0, "partial_rotary_factor": 0.5, "rope_theta": 10000.0}
    fused = [matrix("model.layers.{}.mlp.gate_up_proj.weight", 2 * FF, HIDDEN), matrix("model.layers.{}.mlp.down_proj.weight", HIDDEN, FF)]
    four = norms(*TWO, "post_self_attn_layernorm", "post_mlp_layernorm")
    rows["glm4"] = row("glm4", "llama", config("glm4", "Glm4ForCausalLM", **glm4, attention_bias=False),
                       ends() + attention() + fused + four)
    rows["glm4-biased"] = row("glm4", "llama", config("glm4", "Glm4ForCausalLM", **glm4, attention_bias=True),
                              ends() + attention(biases="qkv") + fused + four)
    rows["gemma"] = row("gemma", "gemma", config("gemma", "GemmaForCausalLM", **{
        **GEMMA, "head_dim": 256, "num_attention_heads": 2, "num_key_value_heads": 1, "tie_word_embeddings": "none",
        "sliding_window": "none", "query_pre_attn_scalar": "none", "attention_bias": False}),
        ends(tied=True, around=0) + attention(heads=2, kv=1, dim=256) + gated() + norms(*TWO, around=0))
    rows["gpt-bigcode"] = row("gpt_bigcode", "llama", BIGCODE, bigcode())
    rows["qwen2moe"] = row("qwen2_moe", "qwen2", config("qwen2_moe", "Qwen2MoeForCausalLM", **QWEN, num_experts=EXPERTS,
                                                       num_experts_per_tok=2, norm_topk_prob=False, moe_intermediate_size=128,
                                                       shared_expert_intermediate_size=256, decoder_sparse_step=1,
                                                       mlp_only_layers=[], use_sliding_window=False, sliding_window=4096,
                                                       max_window_layers=21),
                           ends() + attention(biases="qkv") + norms(*TWO) + experts(128)
                           + gated(ff=256, part="model.layers.{}.mlp.shared_expert.")
                           + [matrix("model.layers.{}.mlp.shared_expert_gate.weight", 1, HIDDEN)])
    return {name: {**row, "gguf": False} for name, row in rows.items()}


def without(row, *keys):
    """The same model, whose config.json leaves out what transformers takes anyway."""
    shorter = {key: value for key, value in row["config"].items() if key not in keys}
    return {**row, "spelled": row.get("spelled", []) + [shorter]}


def rows():
    rows = {}
    rows["llama"] = row("llama", "llama", llama(), serial(), spelled=[
        {**llama(torch_dtype="none", rope_theta="none"), "dtype": "float32", "head_dim": 64, "attention_bias": False, "mlp_bias": False,
         "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}}])
    rows["llama-pro"] = row("llama", "llama", llama(num_hidden_layers=2 * LAYERS, num_key_value_heads=HEADS), expanded(),
                            files=["tokenizer.model", "tokenizer_config.json"])
    rows["llama-tied"] = row("llama", "smollm", llama(tie_word_embeddings=True, bos_token_id=382, eos_token_id=383,
                                                      rope_theta=100000.0), serial(tied=True), pre="smollm")
    rows["llama3"] = row("llama", "llama3", llama(**LLAMA3, rope_scaling=LLAMA31), serial(), pre="llama-bpe", spelled=[
        {**llama(**{**LLAMA3, "rope_theta": "none"}), "rope_parameters": {**LLAMA31, "rope_theta": 500000.0}}])
    rows["llama-linear"] = row("llama", "llama", llama(rope_scaling={"type": "linear", "factor": 2.0}), serial())
    rows["llama-yarn"] = row("llama", "llama", llama(rope_scaling=YARN, max_position_embeddings=256), serial(), spelled=[
        {**llama(rope_theta="none", max_position_embeddings=256), "rope_parameters": {
            "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, "rope_theta": 10000.0}}])
    rows["llama-biased"] = row("llama", "llama", llama(attention_bias=True, head_dim=32), serial(dim=32, biases="qkvo"))
    rows["falcon3"] = row("llama", "falcon3", llama(num_attention_heads=2, num_key_value_heads=1, head_dim=256, rms_norm_eps=1e-6,
                                                    rope_theta=1000042, bos_token_id=380, eos_token_id=380),
                          serial(heads=2, kv=1, dim=256), pre="falcon3")
    # Narrower than any block of a quantised type but the smallest, and a width that is a multiple of none.
    small = {"hidden_size": 64, "intermediate_size": 176, "num_key_value_heads": 1}
    rows["llama-small"] = row("llama", "llama", llama(**small), serial(hidden=64, kv=1, dim=16, ff=176))
    rows["mistral-window"] = row("mistral", "llama", mistral(sliding_window=WINDOW), serial(),
                                 gguf_reference=mistral(sliding_window=None), files=["tokenizer.model", "tokenizer_config.json"])
    rows["mistral"] = row("mistral", "llama", mistral(sliding_window=None, rope_theta=1000000.0), serial())
    rows["mistral-nemo"] = row("mistral", "tekken", mistral(sliding_window=None, head_dim=32, rope_theta=1000000.0, bos_token_id=380,
                                                            eos_token_id=381), serial(dim=32), pre="tekken")
    rows["mixtral"] = row("mixtral", "llama", config("mixtral", "MixtralForCausalLM", num_local_experts=EXPERTS, num_experts_per_tok=2,
                                                     sliding_window=None, rope_theta=1000000.0, output_router_logits=False,
                                                     intermediate_size=256),
                          ends() + attention() + norms(*TWO) + experts(256, "model.layers.{}.block_sparse_moe.",
                                                                       names=("w1", "w3", "w2")),
                          files=["tokenizer.json", "tokenizer_config.json"])
    rows["falcon-7b"] = row("falcon", "falcon", FALCON_7B, falcon(1, ["input_layernorm"]), pre="falcon",
                            converted=old_falcon(FALCON_7B, "RefinedWebModel"),
                            spelled=[old_falcon(FALCON_7B, "RefinedWebModel"),
                                     {**FALCON_7B, "num_kv_heads": HEADS}])
    rows["falcon-40b"] = row("falcon", "falcon", FALCON_40B, falcon(KV, ["ln_attn", "ln_mlp"]), pre="falcon",
                             spelled=[old_falcon(FALCON_40B, "RefinedWeb")])
    rows["falcon-11b"] = row("falcon", "falcon", {**FALCON_40B, "num_ln_in_parallel_attn": 1, "tie_word_embeddings": False},
                             falcon(KV, ["input_layernorm"]) + [matrix("lm_head.weight", VOCABULARY, HIDDEN, JUDGING)], pre="falcon")
    alibi = {**FALCON, "bias": True, "alibi": True, "parallel_attn": False, "multi_query": False, "new_decoder_architecture": False}
    rows["falcon-rw"] = row("falcon", "falcon", alibi, falcon(HEADS, TWO, biases=True), gguf=False,
                            spelled=[old_falcon(alibi, "RefinedWebModel")])
    # A number of heads that is no power of two, of which ALiBi makes a case of its own.
    six = {**alibi, "num_attention_heads": 6, "hidden_size": 96}
    rows["falcon-rw-six"] = row("falcon", "falcon", six, falcon(6, TWO, biases=True, heads=6, dim=16), gguf=False)
    olmo = config("olmo", "OlmoForCausalLM", vocab_size=OLMO_PADDED, **OLMO)
    mha = attention(kv=HEADS)
    rows["olmo"] = row("olmo", "olmo", olmo, ends(vocabulary=OLMO_PADDED, final=False) + mha + gated(), pre="olmo")
    rows["olmo-clipped"] = row("olmo", "olmo", {**olmo, "clip_qkv": 1.5, "num_key_value_heads": KV, "tie_word_embeddings": True},
                               ends(vocabulary=OLMO_PADDED, final=False, tied=True) + attention() + gated(), pre="olmo")
    part = "model.transformer.blocks.{}."
    rows["olmo-original"] = row("olmo", "olmo", OLMO_ORIGINAL, [
        ["model.transformer.wte.weight", [OLMO_PADDED, HIDDEN], 0, EMBEDDED],
        matrix("model.transformer.ff_out.weight", OLMO_PADDED, HIDDEN, JUDGING),
        matrix(part + "att_proj.weight", 3 * HIDDEN, HIDDEN), matrix(part + "attn_out.weight", HIDDEN, HIDDEN),
        matrix(part + "ff_proj.weight", 2 * FF, HIDDEN), matrix(part + "ff_out.weight", HIDDEN, FF)],
        reference=olmo, gguf=False, spelled=[{**OLMO_ORIGINAL, "model_type": "olmo"}])
    after = ends() + mha + gated() + norms(*AFTER) + qk(HIDDEN)
    rows["olmo2"] = row("olmo2", "dolma2", config("olmo2", "Olmo2ForCausalLM", **DOLMA2), after, pre="dbrx")
    rows["olmo2-grouped"] = row("olmo2", "dolma2", config("olmo2", "Olmo2ForCausalLM", **{**DOLMA2, "num_key_value_heads": KV}),
                                ends() + attention() + gated() + norms(*AFTER) + qk(HIDDEN, KV * DIM), pre="dbrx")
    rows["olmo3"] = row("olmo3", "dolma2", config("olmo3", "Olmo3ForCausalLM", **DOLMA2, sliding_window=WINDOW,
                                                  layer_types=["sliding_attention"] * 3 + ["full_attention"]), after, pre="dbrx")
    yarn = {"rope_type": "yarn", "factor": 8.0, "beta_fast": 32, "beta_slow": 1, "original_max_position_embeddings": 64,
            "attention_factor": 1.2079441541679836}
    rows["olmo3-yarn"] = row("olmo3", "dolma2", config("olmo3", "Olmo3ForCausalLM", **DOLMA2, sliding_window=WINDOW, rope_scaling=yarn,
                                                       layer_types=["sliding_attention"] * 3 + ["full_attention"]), after, pre="dbrx")
    rows["olmoe"] = row("olmoe", "olmo", config("olmoe", "OlmoeForCausalLM", num_experts=EXPERTS, num_experts_per_tok=2,
                                                norm_topk_prob=False, clip_qkv=None, intermediate_size=256, num_key_value_heads=HEADS,
                                                eos_token_id=382, pad_token_id=383, bos_token_id="none"),
                        ends() + mha + norms(*TWO) + qk(HIDDEN) + experts(256), pre="olmo")
    rows["olmoe-clipped"] = {**rows["olmoe"], "config": {**rows["olmoe"]["config"], "clip_qkv": 1.5}, "gguf": False}
    rows["qwen2"] = row("qwen2", "qwen2", config("qwen2", "Qwen2ForCausalLM", **QWEN, tie_word_embeddings=True, sliding_window=WINDOW,
                                                 use_sliding_window=False, max_window_layers=2),
                        serial(tied=True, biases="qkv"), pre="qwen2")
    windowed = {**rows["qwen2"]["config"], "use_sliding_window": True}
    rows["qwen2-window"] = {**rows["qwen2"], "config": windowed, "gguf": False}
    rows["qwen3"] = row("qwen3", "qwen2", config("qwen3", "Qwen3ForCausalLM", **QWEN, head_dim=128, attention_bias=False,
                                                 tie_word_embeddings=True, sliding_window=None, use_sliding_window=False),
                        serial(dim=128, tied=True) + qk(128), pre="qwen2")
    rows["qwen3moe"] = row("qwen3moe", "qwen2", config("qwen3_moe", "Qwen3MoeForCausalLM", **QWEN, head_dim=64, num_experts=EXPERTS,
                                                       num_experts_per_tok=2, norm_topk_prob=True, moe_intermediate_size=256,
                                                       decoder_sparse_step=1, mlp_only_layers=[], attention_bias=False),
                           ends() + attention() + norms(*TWO) + qk(64) + experts(256), pre="qwen2")
    moe = rows["qwen3moe"]
    dense = [[name.replace("{}", "1"), *rest] for name, *rest in gated()]
    sparse = [tensor for tensor in moe["tensors"] if ".mlp." in tensor[0]]
    others = [[name.replace("{}", str(layer)), *rest] for name, *rest in sparse for layer in (0, 2, 3)]
    rows["qwen3moe-dense"] = {**moe, "config": {**moe["config"], "mlp_only_layers": [1]}, "gguf": False,
                              "tensors": [tensor for tensor in moe["tensors"] if ".mlp." not in tensor[0]] + others + dense}
    rows["gemma2"] = row("gemma2", "gemma", config("gemma2", "Gemma2ForCausalLM", **{**GEMMA, "tie_word_embeddings": "none"},
                                                   attn_logit_softcapping=5.0, final_logit_softcapping=8.0),
                         ends(tied=True, around=0) + attention() + gated() + norms(*GEMMA_NORMS, around=0))
    # As in the 27B, whose GGUF files do not say it.
    rows["gemma2-27b"] = {**rows["gemma2"], "config": {**rows["gemma2"]["config"], "query_pre_attn_scalar": 48}, "gguf": False}
    wide = {**GEMMA, "head_dim": 256, "query_pre_attn_scalar": 256, "num_attention_heads": 2, "num_key_value_heads": 1}
    rows["gemma3"] = row("gemma3", "gemma", config("gemma3_text", "Gemma3ForCausalLM", **{**wide, "tie_word_embeddings": "none"},
                                                   num_hidden_layers=6, rope_local_base_freq=10000.0,
                                                   sliding_window_pattern=6, **{"rope_theta": 1000000.0}),
                         ends(tied=True, around=0) + attention(heads=2, kv=1, dim=256) + gated() + norms(*GEMMA_NORMS, around=0)
                         + qk(256, around=0))
    rows["gemma3-4b"] = {**rows["gemma3"], "config": {**rows["gemma3"]["config"],
                                                      "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}}
    phi = config("phi3", "Phi3ForCausalLM", vocab_size=PHI_PADDED, sliding_window=None, **PHI)
    rows["phi3"] = row("phi3", "phi3", phi, phi3(PHI_PADDED))
    rows["phi3-window"] = row("phi3", "phi3", {**phi, "sliding_window": WINDOW}, phi3(PHI_PADDED))
    rows["phi4-mini"] = row("phi3", "phi4", {**phi, "vocab_size": VOCABULARY, "partial_rotary_factor": 0.75, "tie_word_embeddings": True,
                                             "bos_token_id": 380, "eos_token_id": 380, "pad_token_id": 380,
                                             "max_position_embeddings": 4096, "rope_scaling": {
                                                 "type": "longrope", "short_factor": factors(24, 1.5), "long_factor": factors(24, 20)}},
                            phi3(VOCABULARY, tied=True), pre="gpt-4o")
    rows["phi3-longrope"] = row("phi3", "phi3", {**phi, "max_position_embeddings": 256, "original_max_position_embeddings": 32,
                                                 "rope_scaling": {"type": "longrope", "short_factor": factors(32, 1.5),
                                                                  "long_factor": factors(32, 20)}}, phi3(PHI_PADDED))
    # Its older name.
    rows["phi3-longrope"]["spelled"] = [{**rows["phi3-longrope"]["config"], "rope_scaling": {
        **rows["phi3-longrope"]["config"]["rope_scaling"], "type": "su"}}]
    rows["smollm3"] = row("smollm3", "llama3", config("smollm3", "SmolLM3ForCausalLM", **{**LLAMA3, "rope_theta": 5000000.0},
                                                      tie_word_embeddings=True, no_rope_layers=[1, 1, 1, 0], no_rope_layer_interval=4,
                                                      attention_bias=False, mlp_bias=False, use_sliding_window=False, pad_token_id=382),
                          serial(tied=True), pre="smaug-bpe")
    oss = config("gpt_oss", "GptOssForCausalLM", **GPT_OSS)
    rows["gpt-oss"] = row("gpt-oss", "gpt-oss", oss, gpt_oss(False), pre="gpt-4o")
    rows["gpt-oss-mxfp4"] = row("gpt-oss", "gpt-oss", {**oss, "quantization_config": {
        "modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"],
        "quant_method": "mxfp4"}}, gpt_oss(True), pre="gpt-4o", reference=oss)
    rows["llama-gelu"] = row("llama", "llama", llama(hidden_act="gelu"), serial(), gguf=False)
    rows["qwen3-window"] = row("qwen3", "qwen2", {**rows["qwen3"]["config"], "sliding_window": WINDOW, "use_sliding_window": True,
                                                  "max_window_layers": 2}, serial(dim=128, tied=True) + qk(128), gguf=False)
    for name, keys in [("gemma3", ("rms_norm_eps", "head_dim", "query_pre_attn_scalar", "rope_theta", "rope_local_base_freq")),
                       ("mixtral", ("rope_theta", "rms_norm_eps", "num_experts_per_tok")),
                       ("qwen3", ("rms_norm_eps", "head_dim")), ("gpt-oss", ("rope_theta", "rms_norm_eps", "head_dim"))]:
        rows[name] = without(rows[name], *keys)
    return {**rows, **stock()}
