//! What families that candle-transformers computes do with bad files, and with what was read
//! before; their numbers are held against transformers in `families.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::family::Row;
use common::family::tensor::{Data, Tensors};
use engine::{Cancel, LoadOptions, Model, Wanted};
use protocol::AppError;
use serde_json::{Value, json};
use std::path::Path;

/// Loads a row's folder after `change`.
fn load(row: &Row, change: impl Fn(&mut Value, &mut Tensors)) -> Result<Model, AppError> {
    let scratch = tempfile::tempdir().unwrap();
    let (mut config, mut tensors) = (row.config.clone(), row.tensors());
    change(&mut config, &mut tensors);
    row.write_folder(scratch.path(), &config, &tensors, "F32", 1);
    let options = LoadOptions {
        context: Some(256),
        threads: 2,
        ..LoadOptions::default()
    };
    Model::load(scratch.path(), &options, &Cancel::new(), &mut |_, _| {})
}

/// A config that says `key` otherwise is refused with `failure`, which names `part`.
fn check(name: &str, key: &str, value: &Value, failure: &str, part: &str) {
    let refused = load(&Row::read(name), |config, _| config[key] = value.clone());
    let told = match refused {
        Ok(_) => "nothing".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    let all = format!("{name} with {key} {value}: {told}");
    assert!(told.contains(failure) && told.contains(part), "{all}");
}

#[test]
fn a_config_that_cannot_be_is_told_and_costs_nothing() {
    let (huge, damaged) = (json!(1_u64 << 40), "model-damaged");
    for name in [
        "granite",
        "stablelm",
        "starcoder2",
        "phi",
        "helium",
        "glm4",
        "gemma",
    ] {
        for key in ["hidden_size", "num_hidden_layers", "num_attention_heads"] {
            check(name, key, &huge, damaged, key);
            check(name, key, &json!(-1), damaged, key);
            check(name, key, &json!("many"), damaged, key);
        }
        check(
            name,
            "num_hidden_layers",
            &json!(3000),
            damaged,
            "num_hidden_layers",
        );
        check(
            name,
            "num_key_value_heads",
            &json!(3),
            damaged,
            "num_key_value_heads",
        );
        check(
            name,
            "vocab_size",
            &json!(1 << 23),
            "tensor-shape",
            "embed_tokens",
        );
    }
    check("helium", "head_dim", &json!(1 << 20), damaged, "head_dim");
    check(
        "phi",
        "partial_rotary_factor",
        &json!(3.5),
        damaged,
        "partial",
    );
    check(
        "qwen2moe",
        "num_experts_per_tok",
        &json!(99),
        damaged,
        "per_tok",
    );
    check(
        "qwen2moe",
        "num_experts",
        &json!(5000),
        damaged,
        "num_experts",
    );
    check(
        "deepseek2",
        "kv_lora_rank",
        &json!(1 << 22),
        "tensor-shape",
        "kv_a_proj",
    );
    check(
        "deepseek2",
        "qk_rope_head_dim",
        &json!(1 << 22),
        damaged,
        "qk_rope_head_dim",
    );
    check(
        "gpt-bigcode",
        "n_positions",
        &json!(1 << 22),
        damaged,
        "n_positions",
    );
    check(
        "gpt-bigcode",
        "n_positions",
        &json!(300),
        "tensor-shape",
        "wpe",
    );
    check(
        "mamba",
        "num_hidden_layers",
        &json!(1 << 22),
        damaged,
        "num_hidden_layers",
    );
}

#[test]
fn what_candle_leaves_out_of_a_family_is_refused_by_name() {
    let linear = json!({"type": "linear", "factor": 2.0});
    let refused = "unknown-architecture";
    check("granite", "rope_scaling", &linear, refused, "rope_scaling");
    check("phi", "hidden_act", &json!("silu"), refused, "hidden_act");
    check(
        "stablelm",
        "use_parallel_residual",
        &json!(true),
        refused,
        "parallel",
    );
    check(
        "deepseek2",
        "topk_method",
        &json!("group_limited_greedy"),
        refused,
        "topk_method",
    );
    check("mamba", "state_size", &json!(32), refused, "state_size");
    check(
        "gpt-bigcode",
        "multi_query",
        &json!(false),
        refused,
        "multi_query",
    );
    // The words of a model that also sees.
    let row = Row::read("gemma");
    let Err(error) = load(&row, |config, _| {
        *config = json!({"model_type": "paligemma", "text_config": config.clone()});
    }) else {
        panic!("a model that sees");
    };
    assert_eq!(error.key, refused, "{error:?}");
    // Its layer is one that we know nothing of.
    let row = Row::read("helium");
    let Err(error) = load(&row, |_, tensors| {
        let norm = tensors["model.norm.weight"].clone();
        tensors.insert("model.layers.0.mystery.weight".to_owned(), norm);
    }) else {
        panic!("a tensor that nobody reads");
    };
    assert_eq!(error.key, "tensor-unexpected");
}

#[test]
fn tensors_that_are_not_as_they_must_be_are_named() {
    for name in ["granite", "glm4", "starcoder2"] {
        let row = Row::read(name);
        let tensor = "model.layers.2.self_attn.k_proj.weight";
        let error = load(&row, |_, tensors| drop(tensors.remove(tensor)))
            .err()
            .unwrap();
        assert_eq!(error.key, "tensor-missing", "{name}: {error:?}");
        assert!(format!("{error:?}").contains(tensor));
        let error = load(&row, |_, tensors| {
            let tensor = tensors.get_mut(tensor).unwrap();
            tensor.shape[0] /= 2;
            if let Data::Numbers(numbers) = &mut tensor.data {
                numbers.truncate(tensor.shape.iter().product());
            }
        });
        let error = error.err().unwrap();
        assert_eq!(error.key, "tensor-shape", "{name}: {error:?}");
        assert!(format!("{error:?}").contains("[64, 256]"), "{error:?}");
    }
}

#[test]
fn a_config_cannot_ask_for_what_would_stop_the_program() {
    for name in ["stablelm", "helium"] {
        let model = load(&Row::read(name), |config, _| {
            config["use_flash_attn"] = json!(true);
            config["use_cache"] = json!(false);
        });
        let model = model.unwrap();
        let read = engine::step(
            &model,
            &mut model.sequence(),
            &[1, 2, 3],
            Wanted::Last,
            &Cancel::new(),
        );
        assert_eq!(read.unwrap().len(), 384);
    }
}

/// A stopped step leaves the sequence as it was, and what is read after it is as if it had not
/// been.
#[test]
fn a_stopped_step_changes_no_answer() {
    let row = Row::read("granite");
    let model = load(&row, |_, _| {}).unwrap();
    assert!(!model.capabilities().truncate);
    let read = |sequence: &mut engine::Sequence, ids: &[u32], cancel: &Cancel| {
        engine::step(&model, sequence, ids, Wanted::Last, cancel)
    };
    let mut sequence = model.sequence();
    read(&mut sequence, &row.first, &Cancel::new()).unwrap();
    let stopped = Cancel::new();
    stopped.cancel();
    let error = read(&mut sequence, &row.long, &stopped).unwrap_err();
    assert_eq!(error.key, "cancelled");
    sequence.truncate(20);
    assert_eq!(
        read(&mut sequence, &row.long, &stopped).unwrap_err().key,
        "cancelled"
    );
    let again = read(&mut sequence, &row.first[20..], &Cancel::new()).unwrap();
    let afresh = read(&mut model.sequence(), &row.first, &Cancel::new()).unwrap();
    assert!(common::difference(&again, &afresh) < 1e-5);
}

/// Each has a row in `tests/golden/families`, so that `families.rs` holds its numbers against
/// transformers.
#[test]
fn every_family_is_offered_and_has_goldens() {
    let rows = std::fs::read_dir(common::family::golden().join("rows")).unwrap();
    let names = rows.filter_map(|file| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json").map(str::to_owned)
    });
    let rows: Vec<Row> = names.map(|name| Row::read(&name)).collect();
    for family in formats::COPIED {
        let row = rows.iter().find(|row| row.config["model_type"] == family);
        let row = row.unwrap_or_else(|| panic!("{family} has no golden"));
        let model = load(row, |_, _| {}).unwrap();
        assert_eq!(model.facts().architecture, family);
    }
}

#[test]
fn a_draft_that_would_read_all_again_for_each_proposal_is_refused() {
    let row = Row::read("granite");
    let folder = tempfile::tempdir().unwrap();
    row.write_folder(folder.path(), &row.config, &row.tensors(), "F32", 1);
    let model = load(&row, |_, _| {}).unwrap();
    assert!(!model.capabilities().truncate);
    // Nor is one loaded for it that would never be asked: there is not even a file.
    for path in [folder.path(), Path::new("nowhere")] {
        let refused = model.add_draft("one", path, &Cancel::new());
        assert_eq!(refused.unwrap_err().key, "draft-differs");
    }
}
