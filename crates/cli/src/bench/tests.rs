//! The reckoning of a report, as data.

use super::*;
use protocol::Reach;

fn cost() -> TokenCost {
    TokenCost {
        weight_bytes: 100e6,
        integer: 150e6,
        float: 0.0,
        output_integer: 50e6,
        output_float: 0.0,
        reaches: vec![
            Reach {
                window: None,
                bytes: 1000.0,
                multiply_adds: 2000.0,
            },
            Reach {
                window: Some(100),
                bytes: 500.0,
                multiply_adds: 1000.0,
            },
        ],
    }
}

const MACHINE: Ceilings = Ceilings {
    read_bytes: 10e9,
    integer: 1e12,
    float: 0.25e12,
};

fn run(load_ms: f64, prefill_ms: f64, decode_ms: f64) -> BenchRun {
    BenchRun {
        load_ms,
        first_token_ms: load_ms + 10.0,
        prefill: vec![Timing {
            tokens: 512,
            depth: 0,
            ms: prefill_ms,
        }],
        decode: vec![Timing {
            tokens: 100,
            depth: 512,
            ms: decode_ms,
        }],
        cost: Some(cost()),
        ceilings: MACHINE,
        resident_memory_bytes: 110_000_000,
        peak_memory_bytes: 120_000_000,
        quantised: None,
        engine: EngineFacts {
            version: "0".to_owned(),
            executor: "cpu".to_owned(),
            kernels: "portable".to_owned(),
            device: "cpu".to_owned(),
            threads: 2,
        },
    }
}

fn peer(load_ms: f64, prefill_ms: f64, decode_ms: f64) -> PeerRun {
    let ours = run(load_ms, prefill_ms, decode_ms);
    PeerRun {
        version: "3".to_owned(),
        kernels: "AVX2 = 1".to_owned(),
        load_ms,
        first_token_ms: ours.first_token_ms,
        prefill: ours.prefill,
        decode: ours.decode,
        peak_memory_bytes: 300_000_000,
    }
}

fn plan() -> BenchPlan {
    BenchPlan {
        first: 16,
        prefill: vec![512],
        decode: vec![100],
        depth: vec![512],
        threads: 2,
    }
}

fn report(runs: &[BenchRun], peers: &[PeerRun]) -> Report {
    Report::of("m.gguf".to_owned(), 105_000_000, &plan(), runs, peers).unwrap()
}

fn near(found: f64, expected: f64) {
    assert!(
        (found / expected - 1.0).abs() < 1e-3,
        "{found} is not {expected}"
    );
}

#[test]
fn medians_and_ranges_are_of_all_runs() {
    let check = |values: &[f64], expected: Option<[f64; 3]>| {
        let found = Spread::of(values.to_vec());
        let found = found.map(|spread| [spread.least, spread.median, spread.most]);
        assert_eq!(found, expected, "{values:?}");
    };
    check(&[], None);
    check(&[2.0], Some([2.0, 2.0, 2.0]));
    check(&[4.0, 1.0], Some([1.0, 2.5, 4.0]));
    check(&[9.0, 1.0, 3.0], Some([1.0, 3.0, 9.0]));
}

#[test]
fn times_are_held_against_what_the_machine_allows() {
    // 512 tokens: 512 * 150e6 + 50e6 whole numbers at 1e12 a second; attention as fractions.
    let attention: f64 = (1..=512).map(|seen| 2000.0 * f64::from(seen)).sum::<f64>()
        + (1..=512)
            .map(|seen| 1000.0 * f64::from(seen.min(100)))
            .sum::<f64>();
    let (seconds, limit) = reading(&cost(), &MACHINE, 512);
    near(seconds, 0.07685 + attention / 0.25e12);
    assert_eq!(limit, Limit::Integer);
    // One token: its weights take longer to read than to multiply.
    let (seconds, limit) = reading(&cost(), &MACHINE, 1);
    near(seconds, 0.01);
    assert_eq!(limit, Limit::Memory);
    // Decoding: weights, all keys and values of some layers, the window of others.
    let kept: f64 = (513..=612)
        .map(|seen| 1000.0 * f64::from(seen) + 50_000.0)
        .sum();
    let (seconds, limit) = making(&cost(), &MACHINE, 100, 512);
    near(seconds, (100.0 * 100e6 + kept) / 10e9);
    assert_eq!(limit, Limit::Memory);
    let slow = Ceilings {
        float: 1e9,
        ..MACHINE
    };
    assert_eq!(reading(&cost(), &slow, 512).1, Limit::Float);
    let unknown = Ceilings {
        read_bytes: 0.0,
        ..MACHINE
    };
    assert_ne!(making(&cost(), &unknown, 1, 0).1, Limit::Memory);
}

#[test]
fn a_report_has_medians_shares_and_ratios() {
    let runs = [
        run(10.0, 200.0, 2000.0),
        run(30.0, 100.0, 1000.0),
        run(20.0, 400.0, 4000.0),
    ];
    let peers = [
        peer(40.0, 400.0, 1000.0),
        peer(40.0, 400.0, 1000.0),
        peer(50.0, 100.0, 5000.0),
    ];
    let found = report(&runs, &peers);
    let [load, first, prefill, decode] = &found.measures[..] else {
        panic!("{found:?}");
    };
    assert_eq!([load.what, first.what], [What::Load, What::FirstToken]);
    assert_eq!((first.tokens, first.ours.median), (16, 30.0));
    assert_eq!((load.ours.least, load.ours.most), (10.0, 30.0));
    near(load.ratio.unwrap(), 0.5);
    assert_eq!(load.share, None);
    near(prefill.ours.median, 2560.0);
    near(prefill.ratio.unwrap(), 2.0);
    let (bound, _) = reading(&cost(), &MACHINE, 512);
    near(prefill.share.unwrap(), bound * 1000.0 / 200.0);
    assert_eq!((decode.tokens, decode.depth), (100, 512));
    near(decode.ours.median, 50.0);
    near(decode.ratio.unwrap(), 0.5);
    // Held is all of it, also what a window no longer reaches.
    near(found.kv_bytes.unwrap(), 612.0 * (1000.0 + 500.0));
    let alone = report(&runs[..1], &[]);
    assert!(alone.against.is_none() && alone.measures.iter().all(|one| one.ratio.is_none()));
}

/// What programs rely on.
#[test]
fn the_names_of_the_json_object_stay() {
    let json = serde_json::to_value(report(&[run(1.0, 1.0, 1.0)], &[peer(1.0, 1.0, 1.0)]));
    let json = json.unwrap();
    let names = |value: &serde_json::Value| {
        let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(
        names(&json),
        "against ceilings cost decode decode_tps depth device executor file file_bytes \
         first_token_ms kernels kv_bytes load_ms measures peak_memory_bytes prefill prefill_tps \
         resident_memory_bytes runs threads version"
    );
    assert_eq!(
        names(&json["measures"][2]),
        "depth least limit median most peer ratio share tokens unit what"
    );
    assert_eq!(names(&json["ceilings"]), "float integer read_bytes");
    assert_eq!(
        names(&json["against"]),
        "engine kernels peak_memory_bytes version"
    );
    assert_eq!(json["measures"][2]["what"], "prefill");
    assert_eq!(json["measures"][3]["unit"], "tokens/s");
    assert_eq!(json["measures"][3]["limit"], "memory");
}

#[test]
fn a_size_beyond_the_context_was_said_to_be_beyond_the_memory() {
    let check = |prefill: u32, decode: u32, depth: u32, over: Option<&str>| {
        let plan = BenchPlan {
            prefill: vec![1, prefill],
            decode: vec![decode],
            depth: vec![depth],
            ..plan()
        };
        let said = super::super::fits(&plan, 8192).err();
        let said = said.map(|error| error.without_words());
        assert_eq!(said.as_deref(), over);
    };
    check(8192, 8, 8184, None);
    assert!(super::super::fits(&plan(), 0).is_ok());
    let one = "context-overflow context=8192 over=1 tokens=8193";
    check(8193, 8, 16, Some(one));
    check(16, 8, 8185, Some(one));
    let most = format!(
        "context-overflow context=8192 over={} tokens={}",
        u32::MAX - 8192,
        u32::MAX
    );
    check(16, u32::MAX, 8192, Some(&most));
}
