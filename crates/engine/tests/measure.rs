//! Timed runs, and what they are held against.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use candle_core::quantized::GgmlDType;
use common::load_path;
use common::tiny::{CONTEXT, Tiny};
use engine::{Cancel, bench};
use protocol::Reach;

#[test]
fn a_timed_run_reads_and_makes_what_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let model = load_path(&Tiny::new("llama", GgmlDType::Q8_0).write(folder.path()), 1);
    let mut told = Vec::new();
    let mut on = |done, total| told.push((done, total));
    let timed = bench(&model, 20, &[5, 2], &Cancel::new(), &mut on).unwrap();
    assert!(timed.prefill_ms > 0.0 && timed.decode_ms.iter().all(|time| *time > 0.0));
    assert_eq!(timed.decode_ms.len(), 2);
    assert_eq!(told.last(), Some(&(27, 27)));
    assert!(told.is_sorted(), "{told:?}");
    let fails = |prefill, decode: &[u32], cancel: &Cancel| {
        let error = bench(&model, prefill, decode, cancel, &mut |_, _| {});
        error.unwrap_err().key
    };
    assert_eq!(fails(CONTEXT, &[1], &Cancel::new()), "context-overflow");
    assert_eq!(
        fails(u32::MAX, &[u32::MAX], &Cancel::new()),
        "context-overflow"
    );
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(fails(20, &[5], &cancel), "cancelled");
}

#[test]
fn a_token_costs_what_the_sizes_say() {
    let folder = tempfile::tempdir().unwrap();
    let check = |kind, plain: bool| {
        let tiny = Tiny::new("llama", kind);
        let model = load_path(&tiny.write(folder.path()), 1);
        let numbers = |wanted: fn(&str) -> bool| -> f64 {
            let tensors = tiny.tensors.iter();
            let matrices = tensors.filter(|(name, of)| wanted(name) && of.rank() == 2);
            matrices.map(|(_, tensor)| tensor.elem_count() as f64).sum()
        };
        let layers = numbers(|name| name.starts_with("blk."));
        let output = numbers(|name| name == "output.weight");
        let cost = model.cost().unwrap();
        let expected = match plain {
            true => [0.0, layers, 0.0, output],
            false => [layers, 0.0, output, 0.0],
        };
        let found = [
            cost.integer,
            cost.float,
            cost.output_integer,
            cost.output_float,
        ];
        assert_eq!(found, expected, "{kind:?}");
        let each = kind.type_size() as f64 / kind.block_size() as f64;
        assert_eq!(cost.weight_bytes, (layers + output) * each, "{kind:?}");
        let [
            Reach {
                window: None,
                bytes,
                multiply_adds,
            },
        ] = cost.reaches[..]
        else {
            panic!("{cost:?}");
        };
        assert!(bytes > 0.0 && multiply_adds > 0.0);
    };
    check(GgmlDType::F32, true);
    check(GgmlDType::Q8_0, false);
    check(GgmlDType::Q4K, false);
}
