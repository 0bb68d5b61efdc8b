//! Answers by real weights, and every way they can go wrong.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]
#![allow(dead_code, reason = "the support is shared by several tests")]

mod support;

use protocol::{ModelState, Role, StopReason};
use runtime::{Engine, Options};
use std::time::{Duration, Instant};
use support::*;

/// A prompt that takes long to read, and an answer that takes long to make.
fn long_prompt() -> String {
    "Tell me a long story about the sea and the mountains. ".repeat(120)
}

const STORY: &str = "Write a very long story about a lighthouse.";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn an_answer_comes_in_order_with_its_receipt() {
    let (_desk, model, runtime) = small().await;
    let before = runtime.machine();
    let mut request = ask(&model, "What is the capital of France?", 12);
    let told = read(runtime.generate(request.clone())).await;
    assert_eq!(
        told.kinds,
        ["queued", "loading", "prefill", "text", "stopped"]
    );
    assert!(told.text.contains("Paris"), "{}", told.text);
    let answered = told.end.unwrap().unwrap();
    let receipt = answered.receipt;
    assert_eq!(receipt.stop, Some(answered.reason));
    assert_eq!(receipt.model.name, model.name);
    assert_eq!(receipt.model.source, model.source);
    assert_eq!(receipt.model.architecture, "llama");
    assert_eq!(receipt.model.quantisation, "Q4_1");
    assert!(receipt.sampling.seed.unwrap() < 1 << 53);
    assert!((receipt.prompt_tokens, receipt.reused_tokens) > (10, 0));
    assert!(receipt.answer_tokens > 0 && receipt.answer_tokens <= 12);
    let times = &receipt.times;
    assert!(times.load_ms > 0.0 && times.prefill_ms > 0.0);
    assert!(times.first_token_ms >= times.load_ms + times.prefill_ms);

    // The next turn: the model is there, and what it has read is not read again.
    for (role, text) in [
        (Role::Assistant, told.text.as_str()),
        (Role::User, "And of Italy?"),
    ] {
        let content = text.to_owned();
        request
            .messages
            .push(protocol::PromptMessage::new(role, content));
    }
    let told = read(runtime.generate(request)).await;
    assert_eq!(told.kinds, ["queued", "prefill", "text", "stopped"]);
    let next = told.end.unwrap().unwrap().receipt;
    assert_eq!(next.times.load_ms, 0.0);
    assert!(next.reused_tokens >= receipt.prompt_tokens, "{next:?}");

    let residents = runtime.residents().borrow().clone();
    assert_eq!(residents.len(), 1);
    let ModelState::Loaded { memory } = residents[0].state else {
        panic!("{residents:?}");
    };
    assert!(memory > 90 << 20, "{memory}");
    assert!(runtime.memory().models >= memory);
    // The worker's memory is ours, its mapped weights too, and so is what it computed.
    let after = runtime.machine();
    let more = after.parley_bytes.saturating_sub(before.parley_bytes);
    assert!(more > model.bytes, "{before:?} {after:?}");
    assert!(after.memory_used_bytes >= after.parley_bytes, "{after:?}");
    assert!(
        after.parley_cpu > 0.0 && after.parley_cpu <= after.cpu + 0.05,
        "{after:?}"
    );
    drop(runtime);
    eventually("all workers ended", || workers().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn an_answer_goes_on_after_a_stop_and_nothing_is_read_again() {
    let (_desk, model, runtime) = small().await;
    let most = 24;
    let (whole, _) = answer(&runtime, ask(&model, STORY, most)).await;
    let mut stream = runtime.generate(ask(&model, STORY, most));
    let mut said = first_text(&mut stream).await;
    stream.stop();
    let stopped = read(stream).await;
    said += &stopped.text;
    let begun = stopped.end.unwrap().unwrap();
    assert_eq!(begun.reason, StopReason::Cancelled);
    let mut request = ask(&model, STORY, most - begun.receipt.answer_tokens);
    request.continued = vec![protocol::Part::Text { text: said.clone() }];
    let (rest, answered) = answer(&runtime, request.clone()).await;
    assert_eq!(said.clone() + &rest, whole);
    let receipt = answered.receipt;
    assert_eq!(receipt.continued_bytes as usize, said.len());
    assert_eq!(receipt.prompt_sha256, begun.receipt.prompt_sha256);
    assert_eq!(receipt.reused_tokens, receipt.prompt_tokens - 1);
    // After another conversation, and by another worker, it is read again.
    answer(&runtime, ask(&model, "Hello", 1)).await;
    for _ in 0..2 {
        let (again, answered) = answer(&runtime, request.clone()).await;
        assert_eq!(again, rest);
        assert!(answered.receipt.reused_tokens < receipt.reused_tokens);
        runtime.unload(&model.id);
        eventually("unloaded", || workers().is_empty()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn a_stop_takes_effect_at_once_while_the_prompt_is_read() {
    let (_desk, model, runtime) = small().await;
    answer(&runtime, ask(&model, "Hello", 1)).await;
    let worker = workers();
    let mut times = Vec::new();
    for pause in [0, 30, 60, 130, 250] {
        let mut stream = runtime.generate(ask(&model, &long_prompt(), 400));
        until(&mut stream, is_prefill).await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let began = Instant::now();
        stream.stop();
        let told = read(stream).await;
        times.push(began.elapsed());
        assert_eq!(told.text, "");
        let answered = told.end.unwrap().unwrap();
        assert_eq!(answered.reason, StopReason::Cancelled);
        assert_eq!(answered.receipt.answer_tokens, 0);
    }
    times.sort();
    assert!(times[2] < Duration::from_millis(100), "{times:?}");
    assert!(times[4] < Duration::from_millis(400), "{times:?}");

    // Letting go of the stream is a stop as well, and the worker is as good as before.
    let mut stream = runtime.generate(ask(&model, STORY, 4000));
    until(&mut stream, is_text).await;
    drop(stream);
    let began = Instant::now();
    answer(&runtime, ask(&model, "Hello", 1)).await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(workers(), worker);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn a_worker_that_cannot_stop_is_killed() {
    let (_desk, model, runtime) = small().await;
    let mut stream = runtime.generate(ask(&model, STORY, 4000));
    until(&mut stream, is_text).await;
    let stuck = workers();
    signal(stuck[0], "STOP");
    drop(stream);
    let began = Instant::now();
    eventually("killed", || workers().is_empty()).await;
    let took = began.elapsed();
    assert!(
        Duration::from_millis(1800) < took && took < Duration::from_millis(3000),
        "{took:?}"
    );
    eventually("told", || runtime.residents().borrow().is_empty()).await;
    answer(&runtime, ask(&model, "Hello", 1)).await;
    assert_ne!(workers(), stuck);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn a_worker_that_hangs_is_ended_and_said_to_have_hung() {
    let desk = Desk::alone().await;
    let model = desk.hub.import(&test_model(SMOLLM2)).unwrap();
    let runtime = desk.runtime(Options {
        silence: Duration::from_secs(2),
        ..Options::default()
    });
    let mut stream = runtime.generate(ask(&model, STORY, 4000));
    until(&mut stream, is_text).await;
    signal(workers()[0], "STOP");
    let error = read(stream).await.end.unwrap().unwrap_err();
    assert_eq!(error.key, "worker-hung");
    assert_eq!(error.args["name"], model.name.clone().into());
    // Also where it hangs before the request.
    answer(&runtime, ask(&model, "Hello", 1)).await;
    signal(workers()[0], "STOP");
    assert_eq!(
        failure(&runtime, ask(&model, "Hello", 1)).await.key,
        "worker-hung"
    );
    answer(&runtime, ask(&model, "Hello", 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn a_worker_killed_in_mid_answer_is_told_and_the_next_request_works() {
    let (_desk, model, runtime) = small().await;
    let mut stream = runtime.generate(ask(&model, STORY, 4000));
    until(&mut stream, is_text).await;
    signal(workers()[0], "KILL");
    let error = read(stream).await.end.unwrap().unwrap_err();
    assert_eq!(error.key, "worker-died");
    assert!(error.detail.unwrap().contains("signal: 9"));
    eventually("told", || runtime.residents().borrow().is_empty()).await;
    let told = read(runtime.generate(ask(&model, "Hello", 1))).await;
    assert!(told.kinds.contains(&"loading"), "{:?}", told.kinds);
    // Killed while idle nothing is lost, so nothing is said.
    signal(workers()[0], "KILL");
    eventually("noticed", || runtime.residents().borrow().is_empty()).await;
    answer(&runtime, ask(&model, "Hello", 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn requests_wait_in_the_order_they_came_where_there_is_no_memory_for_two() {
    let desk = Desk::alone().await;
    let model = desk.hub.import(&test_model(SMOLLM2)).unwrap();
    let runtime = desk.runtime(Options {
        memory: Some(model.memory),
        ..Options::default()
    });
    let mut first = runtime.generate(ask(&model, STORY, 60));
    until(&mut first, is_text).await;
    let second = runtime.generate(ask(&model, "Hello", 2));
    let third = runtime.generate(ask(&model, "Hi", 2));
    tokio::time::sleep(Duration::from_millis(50)).await;
    // One that waits can be stopped at once.
    let began = Instant::now();
    second.stop();
    let told = read(second).await;
    assert_eq!(told.kinds, ["queued", "failed"]);
    assert_eq!(told.end.unwrap().unwrap_err().key, "cancelled");
    assert!(began.elapsed() < Duration::from_secs(1));
    let (first, third) = tokio::join!(read(first), read(third));
    assert!(first.end.unwrap().is_ok());
    assert_eq!(third.kinds, ["queued", "prefill", "text", "stopped"]);
    let times = third.end.unwrap().unwrap().receipt.times;
    assert!(
        times.queued_ms > 50.0 && times.first_token_ms > times.queued_ms,
        "{times:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn answers_made_at_once_are_those_made_one_after_another_and_cost_less() {
    let (_desk, model, runtime) = small().await;
    let asked = |text: &str, seed| {
        let mut request = ask(&model, text, 60);
        request.sampling.temperature = 0.9;
        request.sampling.seed = Some(seed);
        request
    };
    let requests = || [asked(STORY, 3), asked("What do foxes eat?", 4)];
    answer(&runtime, ask(&model, "Hello", 8)).await;
    let began = Instant::now();
    let mut apart = Vec::new();
    for request in requests() {
        apart.push(answer(&runtime, request).await);
    }
    let apart_took = began.elapsed();
    let began = Instant::now();
    let [first, second] = requests().map(|request| answer(&runtime, request));
    let (first, second) = tokio::join!(first, second);
    println!(
        "two at once take {:.2} of one after the other ({apart_took:?})",
        began.elapsed().as_secs_f64() / apart_took.as_secs_f64()
    );
    assert_eq!(workers().len(), 1);
    for (at_once, apart) in [first, second].into_iter().zip(apart) {
        assert_eq!(at_once.0, apart.0);
        let tokens = |answered: &protocol::Answered| {
            let receipt = &answered.receipt;
            (receipt.prompt_tokens, receipt.answer_tokens, receipt.stop)
        };
        assert_eq!(tokens(&at_once.1), tokens(&apart.1));
        assert!(at_once.1.receipt.times.queued_ms < 500.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn one_of_two_answers_is_stopped_and_the_other_goes_on() {
    let (_desk, model, runtime) = small().await;
    let whole = answer(&runtime, ask(&model, STORY, 80)).await.0;
    let mut stopped = runtime.generate(ask(&model, "Tell me all about the sea.", 2000));
    let mut other = runtime.generate(ask(&model, STORY, 80));
    until(&mut stopped, is_text).await;
    let begun = first_text(&mut other).await;
    let began = Instant::now();
    stopped.stop();
    let told = read(stopped).await.end.unwrap().unwrap();
    assert_eq!(told.reason, StopReason::Cancelled);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    // And one that reads a long prompt beside it.
    let mut reading = runtime.generate(ask(&model, &long_prompt(), 10));
    until(&mut reading, is_prefill).await;
    let began = Instant::now();
    drop(reading);
    let told = read(other).await;
    assert_eq!(format!("{begun}{}", told.text), whole);
    assert!(told.end.unwrap().is_ok() && began.elapsed() < Duration::from_secs(20));
    // A worker that dies is told to all whom it answered.
    let both =
        [STORY, "Count to a thousand."].map(|text| runtime.generate(ask(&model, text, 2000)));
    let [mut one, mut two] = both;
    until(&mut one, is_text).await;
    until(&mut two, is_text).await;
    signal(workers()[0], "KILL");
    for stream in [one, two] {
        let error = read(stream).await.end.unwrap().unwrap_err();
        assert_eq!(error.key, "worker-died");
    }
    answer(&runtime, ask(&model, "Hello", 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn models_share_the_memory_there_is() {
    let desk = Desk::alone().await;
    let [small, large] = [SMOLLM2, QWEN].map(|file| desk.hub.import(&test_model(file)).unwrap());
    let loaded = |runtime: &runtime::Runtime| -> Vec<_> {
        let residents = runtime.residents();
        let ids: Vec<_> = residents.borrow().iter().map(|r| r.model.clone()).collect();
        ids.into_iter()
            .map(|id| desk.hub.resolve(&id).unwrap().path)
            .collect()
    };
    // Room for both: both stay, and both answer at the same time.
    let runtime = desk.runtime(Options::default());
    let both = tokio::join!(
        answer(&runtime, ask(&small, "Hello", 6)),
        answer(&runtime, ask(&large, "Hello", 6)),
    );
    assert_eq!(both.0.1.receipt.model.architecture, "llama");
    assert_eq!(both.1.1.receipt.model.architecture, "qwen2");
    assert_eq!(loaded(&runtime).len(), 2);
    runtime.unload(&small.id);
    eventually("unloaded", || loaded(&runtime) == [large.path.clone()]).await;
    drop(runtime);
    eventually("all workers ended", || workers().is_empty()).await;

    // Room for one: the idle one goes; one that answers is waited for.
    let measured = large.memory.max(small.memory) * 2;
    let runtime = desk.runtime(Options {
        memory: Some(measured),
        ..Options::default()
    });
    drop(runtime.preload(large.id.clone()));
    eventually("loaded", || loaded(&runtime) == [large.path.clone()]).await;
    let mut busy = runtime.generate(ask(&large, STORY, 4));
    until(&mut busy, is_text).await;
    let tight = desk.runtime(Options {
        memory: Some(small.memory - 1),
        ..Options::default()
    });
    let error = tight.preload(small.id.clone()).await.unwrap_err();
    assert_eq!(error.key, "memory-compact");
    let tight = desk.runtime(Options {
        memory: Some(small.memory / 2),
        ..Options::default()
    });
    let error = failure(&tight, ask(&small, "Hello", 1)).await;
    assert_eq!(error.key, "memory-short");
    assert_eq!(error.args["smaller"], "none".into(), "{error}");
    assert!(read(busy).await.end.unwrap().is_ok());
    let room = small.memory.min(large.memory);
    let [fits, too_large] = if small.memory == room {
        [&small, &large]
    } else {
        [&large, &small]
    };
    let tight = desk.runtime(Options {
        memory: Some(room),
        ..Options::default()
    });
    let error = failure(&tight, ask(too_large, "Hello", 1)).await;
    assert_eq!(error.args["smaller"], fits.name.as_str().into(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn the_least_recently_used_model_makes_room_once_it_is_idle() {
    let desk = Desk::alone().await;
    let [one, two] = [SMOLLM2, QWEN].map(|file| desk.hub.import(&test_model(file)).unwrap());
    let runtime = desk.runtime(Options {
        memory: Some(one.memory + two.memory - 1),
        ..Options::default()
    });
    let mut busy = runtime.generate(ask(&one, STORY, 40));
    until(&mut busy, is_text).await;
    let waiting = runtime.generate(ask(&two, "Hello", 2));
    let (first, second) = tokio::join!(read(busy), read(waiting));
    assert!(first.end.unwrap().is_ok());
    assert!(second.end.unwrap().is_ok());
    assert_eq!(workers().len(), 1);
    let residents = runtime.residents().borrow().clone();
    assert_eq!(residents.len(), 1);
    assert_eq!(
        desk.hub.resolve(&residents[0].model).unwrap().path,
        two.path
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn answers_of_a_loaded_model_waited_until_another_had_left() {
    let desk = Desk::alone().await;
    let [small, large] = [SMOLLM2, QWEN].map(|file| desk.hub.import(&test_model(file)).unwrap());
    let other = desk.another(&test_model(SMOLLM2), "other.gguf");
    let runtime = desk.runtime(Options {
        memory: Some(small.memory + large.memory + other.memory - 1),
        ..Options::default()
    });
    answer(&runtime, ask(&large, "Hello", 1)).await;
    let leaving = workers()[0];
    answer(&runtime, ask(&small, "Hello", 1)).await;
    // It does not save what it has read, and is waited for.
    signal(leaving, "STOP");
    let waiting = runtime.generate(ask(&other, "Hello", 1));
    tokio::time::sleep(Duration::from_millis(300)).await;
    answer(&runtime, ask(&small, "Hello", 1)).await;
    assert!(workers().contains(&leaving), "it waited");
    let told = read(waiting).await;
    assert!(told.end.unwrap().is_ok());
    assert!(!workers().contains(&leaving));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn a_file_gone_or_changed_while_loaded_is_named() {
    let desk = Desk::alone().await;
    let model = desk.copy(&test_model(SMOLLM2), "copy.gguf");
    let runtime = desk.runtime(Options::default());
    answer(&runtime, ask(&model, "Hello", 1)).await;
    std::fs::remove_file(&model.path).unwrap();
    assert_eq!(
        failure(&runtime, ask(&model, "Hello", 1)).await.key,
        "model-gone"
    );

    let model = desk.copy(&test_model(SMOLLM2), "other.gguf");
    let mut stream = runtime.generate(ask(&model, STORY, 4000));
    until(&mut stream, is_text).await;
    // Cut to nothing while it is mapped: reading it ends the process.
    let file = std::fs::File::options()
        .write(true)
        .open(&model.path)
        .unwrap();
    file.set_len(0).unwrap();
    let error = read(stream).await.end.unwrap().unwrap_err();
    assert_eq!(error.key, "model-changed", "{error}");
    assert_eq!(
        failure(&runtime, ask(&model, "Hello", 1)).await.key,
        "model-changed"
    );
}
