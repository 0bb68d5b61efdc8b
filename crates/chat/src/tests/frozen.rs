//! Histories of earlier schemas, frozen in `tests/frozen`: each is opened by today's program,
//! whole, and can be gone on with.
//!
//! Whoever adds a schema freezes it: `PARLEY_FREEZE=1 cargo test -p chat frozen` has the program
//! lead a session of everything and keeps the history (`history-N.sql`) and what is in it for a
//! reader (`history-N.txt`). The files of earlier schemas are never made again.

use super::*;
use crate::store::{
    Fault, Store,
    conversation::{self, ConversationRow},
    message::{self, MessageRow},
    setting, tree,
};
use runtime::fake::Step;
use rusqlite::{Connection, types::Value};
use std::{collections::BTreeMap, fs, path::Path};

/// Text that a careless dump, a careless migration or a careless reader would break.
const HARD: &str = "It's “quoted”; 夜空為什麼是黑的？ 简体也在。 🌌👩🏽‍🚀\n\n```sql\nSELECT 'it''s' -- \\n\n```\n\ttab, nul-free\u{a0}space";

fn file(version: u32, ending: &str) -> PathBuf {
    let name = format!("../../tests/frozen/history-{version}.{ending}");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// All that a history can hold: two models, branches at the root and below, a name given, answers
/// whole, stopped, interrupted, failed, and one that is being made when the history is taken.
async fn session(window: &mut Window) {
    let (alpha, beta) = (window.model("Alpha").await, window.model("Beta").await);
    let first = window
        .turn(None, "Why is the sky dark at night? 夜空？", HARD)
        .await;
    let id = first.conversation.as_str();
    let chosen = ModelChoose {
        conversation: Some(id.into()),
        model: beta,
    };
    window.app.model_choose(chosen).await.unwrap();
    let second = window
        .turn(Some(id), "And by day?", "Blue. 天是藍的。")
        .await;
    window.fake.answer(&["Scatt", "ering 🌈"]);
    let again = AnswerAgain {
        conversation: id.into(),
        message: second.id.clone(),
        model: Some(alpha),
    };
    let again = window.app.answer_again(again).await.unwrap();
    window.ended(&again).await;
    window.fake.answer(&["A branch from the root."]);
    let edited = window.send(Some(id), Some(""), "Why is the sky blue?");
    let edited = edited.await.unwrap();
    window.ended(&edited).await;
    let back = MessageRef {
        conversation: id.into(),
        message: first.id,
    };
    window.app.branch_choose(back).await.unwrap();
    let named = ConversationRename {
        id: id.into(),
        title: "夜空 🌌 and day".into(),
    };
    window.app.conversation_rename(named).await.unwrap();

    let steps = [text_event("Once upon a"), Step::Fail(failure::run_ended())];
    window.fake.script(steps);
    let interrupted = window.say(None, "Tell me a story.").await.unwrap();
    window.ended(&interrupted).await;
    let id = interrupted.conversation.as_str();
    window.fake.script([text_event("Where was I?"), Step::Hold]);
    let stopped = window.say(Some(id), "Go on.").await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
    window.stop(id).await;
    window.ended(&stopped).await;

    let refused = failure::memory_short("Beta", 8_500_000_000u64, 2_500_000_000u64, "Alpha")
        .detail("not enough");
    window.fake.script([Step::Fail(refused)]);
    let send = MessageSend {
        conversation: None,
        parent: None,
        text: "Parlez-vous français ?".into(),
        model: None,
        temporary: false,
    };
    let say = crate::Say {
        send,
        system: "Speak French; 只說法文。".into(),
        sampling: Sampling {
            temperature: 0.25,
            seed: Some((1 << 53) - 1),
            ..Sampling::default()
        },
        limits: Limits {
            max_tokens: Some(64),
        },
    };
    let failed = window.app.say(say.clone()).await.unwrap();
    window.ended(&failed).await;
    let mut say = say;
    say.send.conversation = Some(failed.conversation);
    window.fake.answer(&["Oui."]);
    let answering = window.app.say(say).await.unwrap();
    window.ended(&answering).await;

    let thought = |text: &str, ended| {
        Step::Event(GenerationEvent::Reasoning {
            text: text.to_owned(),
            ended,
        })
    };
    let whole = [thought("They ask\n\nwhy. 🤔", true), text_event("So.")];
    window
        .fake
        .script(whole.into_iter().chain([Step::Stop(StopReason::EndOfTurn)]));
    let thinking = window.say(None, "Think. 想一想。").await.unwrap();
    window.ended(&thinking).await;
    let id = thinking.conversation.as_str();
    let half = [thought("Once more", false), Step::Fail(failure::internal())];
    window.fake.script(half);
    let broken = window.say(Some(id), "Again.").await.unwrap();
    window.ended(&broken).await;

    let settings = Settings {
        language: Some(Language::ZhHant),
        theme: Theme::Dark,
        ..window.snapshot().await.settings
    };
    window.app.settings_change(settings).await.unwrap();
    half_said(window).await;
}

/// An answer whose process will be gone.
async fn half_said(window: &mut Window) {
    let steps = [text_event("Half of"), Step::Hold, text_event(" it")];
    window.fake.script(steps);
    window.say(None, "半句話").await.unwrap();
    window
        .next(|what| matches!(what, EventKind::MessageText { .. }).then_some(()))
        .await;
}

/// The file as SQL that makes it again.
fn dump(path: &Path) -> String {
    let history = Connection::open(path).unwrap();
    let version: u32 = history
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    let mut text = format!("PRAGMA user_version = {version};\n");
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = history.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for sql in texts("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid") {
        text += &format!("{sql};\n");
    }
    for table in texts("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid") {
        let columns = texts(&format!(
            "SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"
        ));
        let columns = columns.join(" || ', ' || ");
        // In the order in which they were written: siblings stand in that order.
        for row in texts(&format!("SELECT {columns} FROM {table} ORDER BY rowid")) {
            text += &format!("INSERT INTO {table} VALUES ({row});\n");
        }
    }
    text
}

/// Every conversation with its whole tree, the settings, and what is known of each answer; without
/// ids, which say nothing to a reader.
fn told(store: &Store) -> String {
    let tell = |history: &Connection| -> Result<String, Fault> {
        let settings = setting::read(history)?;
        let mut text = format!("{:?} {:?}\n", settings.language, settings.theme);
        for row in conversation::all(history)? {
            text += &told_conversation(history, &row)?;
        }
        Ok(text)
    };
    store.read(tell).unwrap()
}

fn told_conversation(history: &Connection, row: &ConversationRow) -> Result<String, Fault> {
    let by = match row.titled_by_person {
        true => "named",
        false => "its first words",
    };
    let (model, system, created, updated) =
        (&row.model_name, &row.system, row.created, row.updated);
    let mut text = format!("\n= {:?} ({by})\n", row.title);
    text += &format!("{model:?} {system:?} {created} {updated}\n");
    let children = message::children(history, &row.id)?;
    let path = tree::path(history, row.leaf.as_deref())?;
    // Every message by the number of its line; those below one come after it, oldest first.
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = vec![(0, None)]; // how deep, and which message: first the root of all
    while let Some((depth, id)) = next.pop() {
        if let Some(id) = &id {
            numbers.insert(String::clone(id), numbers.len() + 1);
            let one = message::get(history, &row.id, id)?;
            let mark = if path.contains(&one) { '*' } else { '-' };
            let told = told_message(&one, &numbers);
            for (at, line) in told.lines().enumerate() {
                let mark = if at == 0 { mark } else { ' ' };
                text += &format!("{}{mark} {line}\n", "  ".repeat(depth - 1));
            }
        }
        let below = children.get(&id).into_iter().flatten().rev();
        next.extend(below.map(|child| (depth + 1, Some(child.clone()))));
    }
    Ok(text)
}

fn told_message(one: &MessageRow, numbers: &BTreeMap<String, usize>) -> String {
    let (number, role, words) = (numbers[&one.id], one.role.as_str(), text_of(&one.parts));
    let by = one.author.as_ref().map(|author| &author.name);
    let mut text = format!(
        "{number} {role} {by:?} {:?} {}: {words:?}\n",
        one.status, one.created
    );
    for part in &one.parts {
        if let Part::Reasoning {
            text: words,
            duration_ms,
            ended,
        } = part
        {
            text += &format!("thought {words:?} {duration_ms} ms, ended {ended}\n");
        }
    }
    if let Some(AppError { key, args, detail }) = &one.error {
        text += &format!("error {key} {args:?} {detail:?}\n");
    }
    if let Some(receipt) = &one.receipt {
        let read: Vec<_> = receipt.messages.iter().map(|id| numbers[id]).collect();
        let Receipt {
            model,
            sampling,
            engine,
            times,
            ..
        } = receipt;
        // Field by field: one that joins later changes nothing here.
        text += &format!(
            "receipt: {} {} {} {:?}, read {read:?} as {} tokens, {:?} after {} of {}\n",
            model.name,
            model.architecture,
            model.quantisation,
            model.source,
            receipt.prompt_tokens,
            receipt.stop,
            receipt.answer_tokens,
            receipt.context
        );
        text += &format!(
            "  temperature {} top {} {} {} seed {:?} at most {:?}; {} {} {} ms, {} ms\n",
            sampling.temperature,
            sampling.top_k,
            sampling.top_p,
            sampling.min_p,
            sampling.seed,
            receipt.limits.max_tokens,
            engine.version,
            engine.executor,
            times.first_token_ms,
            times.decode_ms
        );
    }
    text
}

/// A home whose history is the frozen one.
fn thawed(version: u32) -> Home {
    let home = Home::new();
    let path = home.places().history();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let sql = fs::read_to_string(file(version, "sql")).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch(&sql)
        .unwrap();
    home
}

fn ask(history: &Path, sql: &str) -> Vec<Value> {
    let history = Connection::open(history).unwrap();
    let mut statement = history.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_histories_are_opened_whole_and_gone_on_with() {
    let newest = Store::newest_version();
    if std::env::var_os("PARLEY_FREEZE").is_some_and(|value| value == "1") {
        freeze(newest).await;
    }
    for version in 1..=newest {
        let expected = fs::read_to_string(file(version, "txt")).unwrap_or_else(|error| {
            panic!("schema {version} is not frozen ({error}): PARLEY_FREEZE=1 cargo test -p chat frozen")
        });
        let home = thawed(version);
        let mut window = home.open().await;
        assert_eq!(told(&window.app.core.lock().histories.kept), expected);

        let alpha = window.model("Alpha").await;
        for summary in window.snapshot().await.conversations {
            let before = texts(&window.open(&summary.id).await);
            let chosen = ModelChoose {
                conversation: Some(summary.id.clone()),
                model: alpha.clone(),
            };
            window.app.model_choose(chosen).await.unwrap();
            window.turn(Some(&summary.id), "Go on.", "Gladly.").await;
            let after = texts(&window.open(&summary.id).await);
            assert_eq!(after[..before.len()], before);
            assert_eq!(after[before.len()..], ["Go on.", "Gladly."]);
        }
        window.app.close().await;
        let history = home.places().history();
        assert_eq!(
            ask(&history, "PRAGMA integrity_check"),
            [Value::Text("ok".into())]
        );
        assert_eq!(ask(&history, "PRAGMA foreign_key_check"), []);
        let version_now = ask(&history, "PRAGMA user_version");
        assert_eq!(version_now, [Value::Integer(newest.into())]);
    }
}

/// Makes the files of the newest schema.
async fn freeze(version: u32) {
    let home = Home::new();
    let mut window = home.open().await;
    session(&mut window).await;
    let sql = dump(&home.places().history());
    fs::write(file(version, "sql"), sql).unwrap();
    let home = thawed(version);
    let window = home.open().await;
    let text = told(&window.app.core.lock().histories.kept);
    fs::write(file(version, "txt"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_makes_the_same_history_again() {
    let home = Home::new();
    let mut window = home.open().await;
    session(&mut window).await;
    let path = home.places().history();
    let sql = dump(&path);
    let copy = home.folder.path().join("copy.db");
    Connection::open(&copy)
        .unwrap()
        .execute_batch(&sql)
        .unwrap();
    assert_eq!(dump(&copy), sql);
    let all = "SELECT group_concat(parts, '') FROM message";
    assert_eq!(ask(&copy, all), ask(&path, all));
    for held in ["夜空為什麼是黑的", "👩🏽‍🚀", "'it''''s'", "streaming"] {
        assert!(sql.contains(held), "{held}");
    }
}
