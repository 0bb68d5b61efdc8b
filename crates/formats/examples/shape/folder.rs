//! A folder as repositories have it: config.json, tokenizer.json, model.safetensors.

use super::{Planned, Random, Shape, blocks, bytes_of};
use formats::gguf::Gguf;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The parts of a layer, in GGUF and in Llama's repositories.
const PARTS: [(&str, &str); 9] = [
    ("attn_norm", "input_layernorm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

/// Writes the folder; Llama's family only.
pub(super) fn write(
    shape: &Shape,
    tensors: &[Planned],
    vocabulary: &Gguf,
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    if shape.architecture != "llama" || shape.experts.is_some() {
        return Err("only Llama's family is written as a folder".into());
    }
    std::fs::create_dir_all(folder)?;
    std::fs::write(
        folder.join("config.json"),
        config(shape, tensors).to_string(),
    )?;
    std::fs::write(
        folder.join("tokenizer.json"),
        tokenizer(shape, vocabulary)?.to_string(),
    )?;
    let mut places = Map::new();
    let mut offset = 0u64;
    for Planned(name, sizes, kind) in tensors {
        let bytes = bytes_of(sizes, kind).ok_or("too large")?;
        let shape: Vec<usize> = sizes.iter().rev().copied().collect();
        let place =
            json!({"dtype": kind.name, "shape": shape, "data_offsets": [offset, offset + bytes]});
        places.insert(repository(name).ok_or("no such part")?, place);
        offset += bytes;
    }
    let header = Value::Object(places).to_string();
    let spaces = header.len().next_multiple_of(8) - header.len();
    let mut file =
        BufWriter::with_capacity(1 << 20, File::create(folder.join("model.safetensors"))?);
    file.write_all(&((header.len() + spaces) as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    file.write_all(&vec![b' '; spaces])?;
    let mut random = Random(7);
    for Planned(name, sizes, kind) in tensors {
        let mut left = bytes_of(sizes, kind).ok_or("too large")? as usize;
        let pool = blocks(name, kind, &mut random);
        while left > 0 {
            let some = left.min(pool.len());
            file.write_all(&pool[..some])?;
            left -= some;
        }
    }
    Ok(file.flush()?)
}

/// A tensor's name in a repository.
fn repository(name: &str) -> Option<String> {
    Some(match name {
        "token_embd.weight" => "model.embed_tokens.weight".to_owned(),
        "output.weight" => "lm_head.weight".to_owned(),
        "output_norm.weight" => "model.norm.weight".to_owned(),
        _ => {
            let (layer, part) = name.strip_prefix("blk.")?.split_once('.')?;
            let part = part.strip_suffix(".weight")?;
            let (_, part) = PARTS.iter().find(|(own, _)| *own == part)?;
            format!("model.layers.{layer}.{part}.weight")
        }
    })
}

fn config(shape: &Shape, tensors: &[Planned]) -> Value {
    let half = tensors.iter().any(|tensor| tensor.2.name == "F16");
    json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "max_position_embeddings": shape.context,
        "vocab_size": shape.vocabulary,
        "rope_theta": shape.rope,
        "rms_norm_eps": 1e-5,
        "hidden_act": "silu",
        "tie_word_embeddings": false,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": if half { "float16" } else { "bfloat16" },
    })
}

/// The vocabulary's tokens as far as they fit; rows beyond them have none.
fn tokenizer(shape: &Shape, from: &Gguf) -> Result<Value, Box<dyn Error>> {
    let missing = "the vocabulary's file has no such tokenizer";
    let texts = |key: &str| from.metadata.texts(key).ok_or(missing);
    let tokens = texts("tokenizer.ggml.tokens")?;
    let kinds = from
        .metadata
        .integers("tokenizer.ggml.token_type")
        .ok_or(missing)?;
    let tokens = &tokens[..tokens.len().min(shape.vocabulary)];
    let ids: Map<String, Value> = (0..)
        .zip(tokens)
        .map(|(id, token)| (token.clone(), Value::from(id as u32)))
        .collect();
    let merges: Vec<Value> = texts("tokenizer.ggml.merges")?
        .iter()
        .filter(|merge| ids.contains_key(&merge.replace(' ', "")))
        .filter_map(|merge| merge.split_once(' '))
        .map(|(left, right)| json!([left, right]))
        .collect();
    // Control tokens (3 in GGUF) are recognised as a whole.
    let added = tokens
        .iter()
        .zip(kinds)
        .enumerate()
        .filter(|(_, (_, kind))| **kind == 3);
    let added: Vec<Value> = added
        .map(|(id, (token, _))| {
            json!({"id": id, "content": token, "special": true, "single_word": false, "lstrip": false,
                   "rstrip": false, "normalized": false})
        })
        .collect();
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": null,
        "pre_tokenizer": bytes,
        "post_processor": null,
        "decoder": bytes,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": ids, "merges": merges,
        },
    }))
}
