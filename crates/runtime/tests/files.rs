//! What the command line asks of real model files.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]
#![allow(dead_code, reason = "the support is shared by several tests")]

mod support;

use protocol::{PromptMessage, Role, TemplateInput};
use runtime::{BenchNews, BenchPlan, Engine, Options, Timing};
use std::path::Path;
use std::time::{Duration, Instant};
use support::*;
use tokio_stream::StreamExt;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn tokens_templates_logits_and_times_of_a_file() {
    let desk = Desk::new();
    let runtime = desk.runtime(Options::default());
    let path = test_model(SMOLLM2);
    let text = "Füße\u{0}, 你好 \u{1F9D1}\u{200D}\u{1F680}\r\n";
    let ids = runtime.tokenize(&path, text.into(), false).await.unwrap();
    assert!(ids.len() > 5);
    assert_eq!(
        runtime.detokenize(&path, ids.clone(), false).await.unwrap(),
        text.as_bytes()
    );
    // A part of a character is a part of it, and a text whose ids are longer than a line of the
    // worker comes whole.
    let one = runtime
        .detokenize(&path, ids[..1].to_vec(), false)
        .await
        .unwrap();
    assert!(text.as_bytes().starts_with(&one));
    let parts = runtime
        .tokenize(&path, "\u{1F9D1}".into(), false)
        .await
        .unwrap();
    let part = runtime
        .detokenize(&path, parts[..1].to_vec(), false)
        .await
        .unwrap();
    assert!(
        parts.len() > 1 && std::str::from_utf8(&part).is_err(),
        "{part:?}"
    );
    let long = "你\n".repeat(3 << 20);
    let many = runtime.tokenize(&path, long.clone(), false).await.unwrap();
    assert!(serde_json::to_vec(&many).unwrap().len() > protocol::MAX_LINE);
    let some = many[..1 << 20].to_vec();
    let back = runtime.detokenize(&path, some, false).await.unwrap();
    assert!(back.len() > protocol::MOST_PIECE && long.as_bytes().starts_with(&back));
    let messages = vec![PromptMessage::new(Role::User, "Hello")];
    let conversation = TemplateInput::of(&messages, true);
    let rendered = runtime.render(&path, conversation, None).await.unwrap();
    assert!(rendered.ends_with("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"));

    let rows: Vec<_> = runtime.logits(&path, ids.clone(), 3).collect().await;
    assert_eq!(rows.len(), ids.len());
    for (position, row) in (0..).zip(rows) {
        let row = row.unwrap();
        assert_eq!((row.position, row.top.len()), (position, 3));
        assert!(row.top[0].1 >= row.top[1].1 && row.top[1].1 >= row.top[2].1);
    }
    let plan = BenchPlan {
        first: 4,
        prefill: vec![16, 8],
        decode: vec![4, 2],
        depth: vec![8, 32],
        threads: 1,
    };
    let mut news: Vec<_> = runtime.bench(&path, plan).collect().await;
    let Some(Ok(BenchNews::Ran(run))) = news.pop() else {
        panic!("{news:?}");
    };
    assert!(news.iter().all(Result::is_ok));
    assert!(run.load_ms > 0.0 && run.first_token_ms > run.load_ms);
    let sizes = |timings: &[Timing]| -> Vec<_> {
        assert!(timings.iter().all(|timing| timing.ms > 0.0));
        timings.iter().map(|of| (of.tokens, of.depth)).collect()
    };
    assert_eq!(sizes(&run.prefill), [(8, 0), (16, 0)]);
    assert_eq!(sizes(&run.decode), [(4, 8), (2, 8), (4, 32), (2, 32)]);
    assert!(run.peak_memory_bytes > 90 << 20);
    assert!(run.ceilings.integer > 1e6 && run.cost.is_some());
    assert_eq!(run.engine.threads, 1);
    assert_eq!(desk.hub.models(), [], "nothing was imported");
    let read = runtime.bandwidth().await;
    assert!(read.is_some_and(|bytes| bytes > 100 << 20), "{read:?}");
    let again = desk.runtime(Options::default()).bandwidth().await;
    assert_eq!(again, read, "it is measured once");

    let error = runtime
        .logits(&path, vec![9, 70_000], 1)
        .collect::<Vec<_>>()
        .await;
    assert_eq!(
        error.last().unwrap().as_ref().unwrap_err().key,
        "token-out-of-range"
    );
    let error = runtime
        .detokenize(&path, vec![70_000], false)
        .await
        .unwrap_err();
    assert_eq!(error.key, "token-out-of-range");
    eventually("all workers ended", || workers().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_be_loaded_says_why_and_at_once() {
    let desk = Desk::new();
    let model = desk.empty_model();
    let runtime = desk.runtime(Options::default());
    for _ in 0..2 {
        let began = Instant::now();
        let error = failure(&runtime, ask(&model, "Hello", 1)).await;
        assert_eq!(error.key, "metadata-missing", "{error}");
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(*runtime.residents().borrow(), []);
        assert_eq!(runtime.memory().models, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_model_is_refused() {
    let desk = Desk::new();
    let runtime = desk.runtime(Options::default());
    let letter = desk.path("letter.txt");
    std::fs::write(&letter, "Dear all").unwrap();
    let cases: [(&Path, &str); 2] = [
        (Path::new("/nowhere.gguf"), "file-not-found"),
        (&letter, "not-a-model"),
    ];
    for (path, key) in cases {
        let error = runtime.tokenize(path, "a".into(), false).await.unwrap_err();
        assert_eq!(
            error.key, key,
            "is parley-worker built (cargo build -p worker)? {error}"
        );
        let error = runtime
            .render(path, TemplateInput::default(), None)
            .await
            .unwrap_err();
        assert_eq!(error.key, key);
        let error = runtime
            .logits(path, vec![1], 1)
            .next()
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(error.key, key);
    }
}
