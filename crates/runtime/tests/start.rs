//! Workers that cannot be started, or are not ours.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]
#![allow(dead_code, reason = "the support is shared by several tests")]

mod support;

use runtime::{Engine, Options};
use std::time::Duration;
use support::{Desk, ask, failure};

/// A hello of the version that is spoken.
fn hello() -> String {
    let engine =
        r#"{"version":"0","executor":"none","kernels":"none","device":"none","threads":1}"#;
    let version = protocol::WORKER_PROTOCOL;
    format!(r#"echo '{{"id":0,"event":"hello","protocol":{version},"engine":{engine}}}'"#)
}

#[tokio::test]
async fn a_worker_that_is_not_one_is_told_apart() {
    let hello = hello();
    let desk = Desk::new();
    let model = desk.empty_model();
    let version_99 = r#"echo '{"id":0,"event":"hello","protocol":99,"planet":"Mars"}'; cat"#;
    let scripts = [
        ("version", version_99, "worker-version", ""),
        (
            "garbage",
            "echo Segmentation fault; cat",
            "worker-version",
            "",
        ),
        (
            "dies",
            "echo no such library >&2; exit 4",
            "worker-not-started",
            "no such library",
        ),
        (
            "silent",
            "while read line; do :; done",
            "worker-not-started",
            "said nothing",
        ),
        (
            "endless",
            "exec tr '\\0' a </dev/zero",
            "worker-not-started",
            "",
        ),
        (
            "ends-later",
            &format!("{hello}; echo bye >&2; exit 3"),
            "worker-died",
            "bye",
        ),
        (
            "hangs",
            &format!("{hello}; while read line; do :; done"),
            "worker-hung",
            "",
        ),
        (
            "babbles",
            &format!("{hello}; echo }}; while read line; do :; done"),
            "worker-died",
            "understood",
        ),
    ];
    for (name, text, key, detail) in scripts {
        let options = Options {
            hello: Duration::from_secs(2),
            silence: Duration::from_millis(400),
            ..desk.script(name, text)
        };
        let runtime = desk.runtime(options);
        let error = failure(&runtime, ask(&model, "hello", 1)).await;
        assert_eq!(error.key, key, "{name}: {error}");
        assert!(
            error.detail.clone().unwrap_or_default().contains(detail),
            "{name}: {error}"
        );
        assert_eq!(*runtime.residents().borrow(), [], "{name}");
    }
}

#[tokio::test]
async fn a_worker_that_is_not_there_is_named() {
    let desk = Desk::new();
    let model = desk.empty_model();
    let options = Options {
        worker: Some(desk.path("nothing-here")),
        ..Options::default()
    };
    let error = failure(&desk.runtime(options), ask(&model, "hello", 1)).await;
    assert_eq!(error.key, "worker-missing");
    let options = Options {
        worker: Some(model.path.clone().into()),
        ..Options::default()
    };
    let error = failure(&desk.runtime(options), ask(&model, "hello", 1)).await;
    assert_eq!(error.key, "worker-not-started");
}

#[tokio::test]
async fn what_cannot_fit_is_refused_with_the_figures() {
    let desk = Desk::new();
    let model = desk.empty_model();
    let options = Options {
        memory: Some(model.memory - 1),
        ..desk.script("never", "exit 1")
    };
    let runtime = desk.runtime(options);
    let error = failure(&runtime, ask(&model, "hello", 1)).await;
    assert_eq!(error.key, "memory-short");
    let number = |name| match &error.args[name] {
        protocol::Arg::Number(number) => *number as u64,
        protocol::Arg::Text(text) => panic!("{text}"),
    };
    assert_eq!(number("needed_bytes"), model.memory);
    assert_eq!(number("free_bytes"), model.memory - 1);
    let memory = runtime.memory();
    assert_eq!((memory.total, memory.models), (model.memory - 1, 0));
}

#[tokio::test]
async fn a_model_that_is_not_there_is_not_asked() {
    let desk = Desk::new();
    let model = desk.empty_model();
    let runtime = desk.runtime(desk.script("never", "exit 1"));
    let mut unknown = ask(&model, "hello", 1);
    unknown.model.0 = "sha256:0".into();
    assert_eq!(failure(&runtime, unknown).await.key, "model-unknown");
    std::fs::remove_file(&model.path).unwrap();
    let error = failure(&runtime, ask(&model, "hello", 1)).await;
    assert_eq!(error.key, "model-gone");
}

/// A sign of life of the worker that saves was taken for the end of the saving.
#[tokio::test]
async fn a_worker_that_tells_of_life_while_it_saves_is_let_finish() {
    let desk = Desk::new();
    let model = desk.empty_model();
    let saved = desk.path("saved");
    let loaded = r#"{"id":%s,"event":"loaded","architecture":"llama","context":64,"vocabulary":2,"load_ms":1,"template_sha256":""}\n"#;
    let beat = r#"{"id":%s,"event":"progress","stage":"prefill","done":0,"total":0}\n"#;
    let text = format!(
        r#"{hello}
while read line; do
  id=${{line#*'"id":'}}; id=${{id%%,*}}
  case $line in
    *'"load"'*) printf '{loaded}' $id ;;
    *'"save"'*) printf '{beat}' $id; sleep 2; touch '{saved}'; printf '{{"id":%s,"event":"done"}}\n' $id ;;
  esac
done"#,
        hello = hello(),
        saved = saved.display()
    );
    let runtime = desk.runtime(desk.script("saves", &text));
    runtime.preload(model.id.clone()).await.unwrap();
    runtime.unload(&model.id);
    support::eventually("it has saved", || saved.exists()).await;
}
