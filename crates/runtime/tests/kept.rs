//! What was read is not read again, by real weights in real workers: after another conversation,
//! a switch of model, a restart; and whatever lies in its place, the answer is the same.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]
#![allow(dead_code, reason = "the support is shared by several tests")]

mod support;

use protocol::{GenerateRequest, KvOwner, ModelEntry, PromptMessage, Receipt, Role, Sampling};
use runtime::{Engine, KvWish, Options, Runtime};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::*;
use tokio::sync::Mutex;

/// Tokens of a block.
const BLOCK: u32 = 64;
const HOME: &str = "0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

fn owner(conversation: &str) -> Option<KvOwner> {
    Some(KvOwner {
        conversation: conversation.into(),
        on_disk: true,
    })
}

/// A conversation whose first message is long, with a few short turns after it.
fn talk(model: &ModelEntry, sentences: usize, turns: &[&str]) -> GenerateRequest {
    let mut long = String::new();
    for number in 0..sentences {
        long += &format!(
            "Room {number} of the old house holds {} chairs. ",
            number * 7 % 31
        );
    }
    let mut request = ask(model, &long, 24);
    request.sampling = Sampling {
        temperature: 0.8,
        seed: Some(11),
        ..Sampling::default()
    };
    for pair in turns.chunks(2) {
        for (role, text) in [Role::Assistant, Role::User].into_iter().zip(pair) {
            request.messages.push(PromptMessage::new(role, *text));
        }
    }
    request
}

/// A library in a folder, and what was said afresh, by the request.
struct House {
    desk: Desk,
    model: ModelEntry,
    afresh: Mutex<HashMap<String, (String, Receipt)>>,
}

/// What becomes of a file.
type Harm = fn(&Path);

impl House {
    async fn new() -> House {
        let desk = Desk::alone().await;
        let model = desk.hub.import(&test_model(SMOLLM2)).unwrap();
        House {
            desk,
            model,
            afresh: Mutex::default(),
        }
    }

    fn runtime(&self) -> Runtime {
        self.desk.runtime(Options::default())
    }

    /// What a worker says that has read nothing before and keeps nothing.
    async fn afresh(&self, request: &GenerateRequest) -> (String, Receipt) {
        let mut known = self.afresh.lock().await;
        let key = format!("{:?}", request.messages);
        if let Some(known) = known.get(&key) {
            return known.clone();
        }
        let runtime = self.desk.runtime(Options {
            keep: false,
            ..Options::default()
        });
        let request = GenerateRequest {
            owner: None,
            ..request.clone()
        };
        let (text, answered) = answer(&runtime, request).await;
        assert_eq!(answered.receipt.reused_tokens, 0);
        let said = (text, answered.receipt);
        known.insert(key, said.clone());
        said
    }

    fn folder(&self) -> PathBuf {
        self.desk.hub.kv().to_owned()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut all = files(&self.folder());
        all.sort();
        all
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

/// Asks, and holds the answer against one read afresh: the same words, and of the prompt no more
/// is read than `unread` tokens. Gives the receipts, the one of afresh last.
async fn check(
    house: &House,
    runtime: &Runtime,
    request: &GenerateRequest,
    unread: u32,
    what: &str,
) -> (Receipt, Receipt) {
    let (expected, afresh) = house.afresh(request).await;
    let (text, answered) = answer(runtime, request.clone()).await;
    let receipt = answered.receipt;
    assert_eq!(text, expected, "{what}");
    assert_eq!(receipt.prompt_sha256, afresh.prompt_sha256, "{what}");
    assert_eq!(receipt.prompt_tokens, afresh.prompt_tokens, "{what}");
    let read = receipt.prompt_tokens - receipt.reused_tokens;
    println!(
        "{what}: {} of {} tokens read, {:.0} ms where afresh takes {:.0} ms",
        read, receipt.prompt_tokens, receipt.times.prefill_ms, afresh.times.prefill_ms
    );
    assert!(
        read <= unread,
        "{what}: {read} of {} tokens were read",
        receipt.prompt_tokens
    );
    (receipt, afresh)
}

async fn gone() {
    eventually("all workers ended", || workers().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn what_was_read_is_not_read_again_and_the_answer_is_the_same() {
    let house = House::new().await;
    let mut runtime = house.runtime();
    let of = |turns: &[&str], conversation: &str| GenerateRequest {
        owner: owner(conversation),
        ..talk(&house.model, 16, turns)
    };
    let first = of(&[], HOME);
    answer(&runtime, first.clone()).await;
    let turn = of(&["A fine house.", "How many chairs are there?"], HOME);
    let edited = of(&["A fine house.", "Which room has none?"], HOME);
    let other = GenerateRequest {
        owner: owner("another"),
        ..ask(&house.model, &"Tell me of the sea. ".repeat(40), 8)
    };
    check(&house, &runtime, &turn, 2 * BLOCK, "the next turn").await;
    check(&house, &runtime, &edited, BLOCK, "an edit").await;
    check(&house, &runtime, &turn, BLOCK, "the branch before").await;
    answer(&runtime, other.clone()).await;
    check(&house, &runtime, &turn, BLOCK, "after another conversation").await;
    let shared = of(&["A fine house.", "Where is the cellar?"], "third");
    check(
        &house,
        &runtime,
        &shared,
        2 * BLOCK,
        "another with the same beginning",
    )
    .await;

    // The worker ends, and another begins.
    runtime.unload(&house.model.id);
    gone().await;
    check(&house, &runtime, &turn, BLOCK, "after a switch of model").await;
    check(
        &house,
        &runtime,
        &shared,
        BLOCK,
        "the other, after a switch of model",
    )
    .await;
    for conversation in [HOME, "another", "third"] {
        assert!(house.folder().join(conversation).is_dir(), "{conversation}");
    }

    runtime.close().await;
    assert!(workers().is_empty());
    drop(runtime);
    runtime = house.runtime();
    check(&house, &runtime, &edited, BLOCK, "after a restart").await;
    check(
        &house,
        &runtime,
        &other,
        BLOCK,
        "the other, after a restart",
    )
    .await;

    // Nobody says farewell: what was written while nothing was asked is there.
    let late = of(
        &[
            "A fine house.",
            "Which room has none?",
            "Room 0.",
            "And the most?",
        ],
        HOME,
    );
    answer(&runtime, late.clone()).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    for pid in workers() {
        signal(pid, "KILL");
    }
    gone().await;
    check(&house, &runtime, &late, BLOCK, "after a kill").await;

    // What does not belong to the conversation is not looked for on the disk.
    drop(runtime);
    gone().await;
    let runtime = house.runtime();
    let stranger = of(&["A fine house.", "Which room has none?"], "stranger");
    let (receipt, _) = check(&house, &runtime, &stranger, u32::MAX, "a stranger").await;
    assert_eq!(receipt.reused_tokens, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn what_is_damaged_is_read_again_and_the_answer_is_the_same() {
    let house = House::new().await;
    let request = GenerateRequest {
        owner: owner(HOME),
        ..talk(&house.model, 20, &[])
    };
    let harms: [(&str, Harm); 4] = [
        ("a bit of each", |path| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
            fs::write(path, bytes).unwrap();
        }),
        ("each cut short", |path| {
            let half = fs::metadata(path).unwrap().len() / 2;
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(half).unwrap();
        }),
        ("each far too long", |path| {
            let file = fs::OpenOptions::new().append(true).open(path).unwrap();
            file.set_len(1 << 36).unwrap();
        }),
        ("each another's", |path| {
            let mut others = fs::read_dir(path.parent().unwrap()).unwrap();
            let other = others.find(|other| other.as_ref().unwrap().path() != path);
            fs::copy(other.unwrap().unwrap().path(), path).unwrap();
        }),
    ];
    for (what, harm) in harms {
        let runtime = house.runtime();
        answer(&runtime, request.clone()).await;
        runtime.close().await;
        drop(runtime);
        let files = house.files();
        assert!(files.len() > 3, "{files:?}");
        files.iter().for_each(|path| harm(path));
        let runtime = house.runtime();
        let (receipt, _) = check(&house, &runtime, &request, u32::MAX, what).await;
        assert!(receipt.reused_tokens < BLOCK, "{what}");
        runtime.close().await;
        drop(runtime);
        let runtime = house.runtime();
        check(&house, &runtime, &request, BLOCK, "made anew").await;
        runtime.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn what_is_forgotten_is_gone_and_what_is_not_to_be_kept_never_there() {
    let house = House::new().await;
    let runtime = house.runtime();
    let of = |conversation: &str, on_disk| GenerateRequest {
        owner: Some(KvOwner {
            conversation: conversation.into(),
            on_disk,
        }),
        ..talk(&house.model, 12, &[])
    };
    let reused = async |request: &GenerateRequest| {
        let (_, answered) = answer(&runtime, request.clone()).await;
        // The template's own beginning is shorter than a block.
        answered.receipt.reused_tokens / BLOCK
    };
    let flush = async || {
        runtime.unload(&house.model.id);
        gone().await;
    };
    // A temporary conversation.
    let passing = of("passing", false);
    assert_eq!(reused(&passing).await, 0);
    assert!(reused(&passing).await > 0);
    flush().await;
    assert!(house.files().is_empty(), "{:?}", house.files());
    assert_eq!(reused(&passing).await, 0);
    // Forgotten while a worker has it.
    runtime
        .kept(KvWish::Forget("passing".into()))
        .await
        .unwrap();
    let kept = of(HOME, true);
    assert_eq!(reused(&kept).await, 0);
    let other = GenerateRequest {
        owner: owner("other"),
        ..ask(&house.model, &"Tell me of the sea. ".repeat(40), 4)
    };
    assert_eq!(reused(&other).await, 0);
    flush().await;
    let before = runtime.kept(KvWish::Look).await.unwrap();
    let bytes: u64 = house
        .files()
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    assert_eq!(before.bytes, bytes);
    assert!(
        bytes > 0 && before.most > bytes && before.most == before.usual,
        "{before:?}"
    );
    assert!(reused(&kept).await > 0);
    runtime.kept(KvWish::Forget(HOME.into())).await.unwrap();
    eventually("its folder is gone", || !house.folder().join(HOME).exists()).await;
    assert_eq!(reused(&kept).await, 0);
    assert!(reused(&other).await > 0);
    flush().await;
    // Of conversations that are not there any more.
    let is_there = |conversation: &str| conversation != "other";
    runtime
        .kept(KvWish::Retain(Box::new(is_there)))
        .await
        .unwrap();
    assert!(house.folder().join(HOME).is_dir() && !house.folder().join("other").exists());
    // All of it.
    let now = runtime.kept(KvWish::Clear).await.unwrap();
    assert_eq!((now.bytes, house.files().len()), (0, 0));
    assert_eq!(reused(&kept).await, 0);
    // No more than the quota, and of a conversation its beginning.
    flush().await;
    let whole = runtime.kept(KvWish::Look).await.unwrap().bytes;
    let block = fs::metadata(&house.files()[0]).unwrap().len();
    let most = whole - block;
    let now = runtime.kept(KvWish::Most(Some(most))).await.unwrap();
    assert_eq!((now.bytes, now.most), (most, most));
    assert_eq!(u64::from(reused(&kept).await), most / block);
    // None.
    let now = runtime.kept(KvWish::Most(Some(0))).await.unwrap();
    assert_eq!((now.bytes, now.most, house.files().len()), (0, 0, 0));
    assert!(reused(&kept).await > 0);
    flush().await;
    assert!(house.files().is_empty());
    runtime.kept(KvWish::Most(None)).await.unwrap();
    reused(&kept).await;
    flush().await;
    assert!(!house.files().is_empty());
    // With its model, whose file is the person's and stays.
    let bytes = runtime.kept(KvWish::Look).await.unwrap().bytes;
    let deleted = house.desk.hub.delete(&house.model.id, true).unwrap();
    assert_eq!(deleted.freed_bytes, bytes);
    assert!(house.files().is_empty() && test_model(SMOLLM2).exists());
}

/// The aim: under a tenth of the time to read it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the test models: cargo xtask models"]
async fn coming_back_takes_a_tenth_of_reading_again() {
    let house = House::new().await;
    let request = GenerateRequest {
        owner: owner(HOME),
        ..talk(
            &house.model,
            270,
            &["A fine house.", "How many chairs are there?"],
        )
    };
    let runtime = house.runtime();
    answer(&runtime, request.clone()).await;
    runtime.close().await;
    drop(runtime);
    let runtime = house.runtime();
    // The load is the same for both.
    answer(&runtime, ask(&house.model, "Hello", 1)).await;
    let (receipt, afresh) = check(&house, &runtime, &request, BLOCK, "4,096 tokens").await;
    let first = |receipt: &Receipt| receipt.times.first_token_ms - receipt.times.load_ms;
    println!(
        "{} tokens: first token after {:.0} ms, afresh after {:.0} ms",
        receipt.prompt_tokens,
        first(&receipt),
        first(&afresh)
    );
    assert!(receipt.prompt_tokens > 3500, "{receipt:?}");
    assert!(first(&receipt) < first(&afresh) / 10.0);
}
