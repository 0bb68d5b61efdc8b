//! The history on disk: migrations, damage, dead runs, other processes, full disks.

use super::*;
use message::MessageRow;
use protocol::{Author, ModelId, Part, Role};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data/history.db")
    }

    fn runs(&self) -> PathBuf {
        self.0.path().join("data/runs")
    }

    fn open(&self) -> Result<Store, AppError> {
        Store::open(&self.path(), &self.runs())
    }
}

fn new_conversation(store: &mut Store, id: &str) {
    store
        .write(|writing| {
            writing.touch(id);
            conversation::insert(
                writing,
                &conversation::ConversationRow {
                    id: id.into(),
                    title: String::new(),
                    titled_by_person: false,
                    model: None,
                    model_name: None,
                    system: String::new(),
                    leaf: None,
                    revision: 0,
                    created: 1,
                    updated: 1,
                    answering: false,
                },
            )
        })
        .unwrap();
}

fn row(conversation: &str, id: &str, parent: Option<&str>, text: &str) -> MessageRow {
    MessageRow {
        id: id.into(),
        conversation: conversation.into(),
        parent: parent.map(str::to_owned),
        role: Role::User,
        parts: vec![Part::Text { text: text.into() }],
        author: None,
        status: MessageStatus::Complete,
        error: None,
        receipt: None,
        run: None,
        created: 1,
    }
}

/// Adds a message and leads the path through it.
fn say(store: &mut Store, conversation: &str, id: &str, parent: Option<&str>) {
    store
        .write(|writing| {
            writing.touch(conversation);
            message::insert(writing, &row(conversation, id, parent, id))?;
            tree::choose(writing, conversation, id)
        })
        .unwrap();
}

fn path(store: &Store, conversation: &str) -> Vec<String> {
    let rows = store
        .read(|c| tree::path(c, conversation::get(c, conversation)?.leaf.as_deref()))
        .unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn choose(store: &mut Store, conversation: &str, id: &str) {
    store
        .write(|writing| tree::choose(writing, conversation, id))
        .unwrap();
}

#[test]
fn paging_back_finds_the_path_inside_a_branch() {
    let home = Home::new();
    let mut store = home.open().unwrap();
    new_conversation(&mut store, "c");
    say(&mut store, "c", "1", None);
    say(&mut store, "c", "2a", Some("1"));
    say(&mut store, "c", "3a", Some("2a"));
    say(&mut store, "c", "3b", Some("2a"));
    say(&mut store, "c", "4b", Some("3b"));
    say(&mut store, "c", "2b", Some("1"));
    assert_eq!(path(&store, "c"), ["1", "2b"]);
    choose(&mut store, "c", "2a");
    assert_eq!(path(&store, "c"), ["1", "2a", "3b", "4b"], "as it was left");
    choose(&mut store, "c", "3a");
    assert_eq!(path(&store, "c"), ["1", "2a", "3a"]);
    choose(&mut store, "c", "2b");
    choose(&mut store, "c", "1");
    assert_eq!(path(&store, "c"), ["1", "2b"]);
    // A first message edited: another root.
    say(&mut store, "c", "1x", None);
    assert_eq!(path(&store, "c"), ["1x"]);
    choose(&mut store, "c", "1");
    assert_eq!(path(&store, "c"), ["1", "2b"]);
    let siblings = store.read(|c| message::siblings(c, "c", None)).unwrap();
    assert_eq!(siblings, ["1", "1x"]);
    drop(store);
    assert_eq!(
        path(&home.open().unwrap(), "c"),
        ["1", "2b"],
        "after a restart"
    );
}

#[test]
fn a_deep_conversation_is_walked_and_deleted() {
    let home = Home::new();
    let mut store = home.open().unwrap();
    new_conversation(&mut store, "c");
    let ids: Vec<String> = (0..3000).map(|number| format!("m{number:04}")).collect();
    store
        .write(|writing| {
            let mut parent: Option<&str> = None;
            for id in &ids {
                message::insert(writing, &row("c", id, parent, "x"))?;
                parent = Some(id);
            }
            tree::choose(writing, "c", &ids[2999])
        })
        .unwrap();
    assert_eq!(path(&store, "c"), ids);
    choose(&mut store, "c", &ids[0]);
    assert_eq!(
        path(&store, "c").len(),
        3000,
        "down again by the last children"
    );
    store
        .write(|writing| conversation::delete(writing, "c"))
        .unwrap();
    let left: i64 = store
        .read(|c| Ok(c.query_row("SELECT count(*) FROM message", [], |row| row.get(0))?))
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn parents_that_go_round_end() {
    let home = Home::new();
    let mut store = home.open().unwrap();
    new_conversation(&mut store, "c");
    say(&mut store, "c", "1", None);
    say(&mut store, "c", "2", Some("1"));
    store
        .write(|writing| {
            writing.execute(
                "UPDATE message SET parent = '2', last_child = '2' WHERE id = '1'",
                [],
            )?;
            writing.execute("UPDATE message SET last_child = '1' WHERE id = '2'", [])?;
            Ok(())
        })
        .unwrap();
    assert_eq!(path(&store, "c").len(), 2);
    choose(&mut store, "c", "1");
}

#[test]
fn every_oddity_of_unicode_comes_back() {
    let home = Home::new();
    let mut store = home.open().unwrap();
    new_conversation(&mut store, "c");
    let oddities = [
        "\0 in the middle\0",
        "\u{feff}a mark of byte order",
        "\u{202e}right to left\u{202c}",
        "e\u{301} and é",
        "👨‍👩‍👧‍👦🏳️‍🌈🇹🇼",
        "𠮷野家 𠀋 \u{2fa1d}",
        "\u{fffd}\u{ffff}\u{10ffff}\u{e000}",
        "\r\n\r\u{2028}\u{2029}\u{85}\t\u{b}",
        "'; DROP TABLE message; --",
        "\"\\u0000\\ud800\"",
        &"Z\u{334}\u{327}".repeat(1000),
    ];
    for (number, text) in oddities.iter().enumerate() {
        let row = row("c", &number.to_string(), None, text);
        store
            .write(|writing| message::insert(writing, &row))
            .unwrap();
    }
    drop(store);
    let store = home.open().unwrap();
    for (number, text) in oddities.iter().enumerate() {
        let row = store
            .read(|c| message::get(c, "c", &number.to_string()))
            .unwrap();
        assert_eq!(text_of(&row.parts), *text);
    }
}

/// An answer in the making by the run of another process.
fn streaming(store: &mut Store, run: &str) {
    new_conversation(store, "c");
    let answer = MessageRow {
        role: Role::Assistant,
        status: MessageStatus::Streaming,
        run: Some(run.into()),
        author: Some(Author {
            model: ModelId("m".into()),
            name: "M".into(),
            quantisation: "Q4_1".into(),
        }),
        ..row("c", "a", None, "half of")
    };
    store
        .write(|writing| {
            writing.touch("c");
            message::insert(writing, &answer)
        })
        .unwrap();
}

#[test]
fn answers_of_dead_runs_are_interrupted_at_the_start() {
    let home = Home::new();
    let mut store = home.open().unwrap();
    streaming(&mut store, "killed");
    drop(store);
    std::fs::write(home.runs().join("killed.lock"), "").unwrap();
    let store = home.open().unwrap();
    let row = store.read(|c| message::get(c, "c", "a")).unwrap();
    assert_eq!(row.status, MessageStatus::Interrupted);
    assert_eq!(row.error.unwrap().key, "run-ended");
    assert_eq!(text_of(&row.parts), "half of");
    assert!(!home.runs().join("killed.lock").exists());
}

#[test]
fn answers_of_living_runs_go_on() {
    let home = Home::new();
    let mut first = home.open().unwrap();
    let run = first.run().to_owned();
    streaming(&mut first, &run);
    let mut second = home.open().unwrap();
    let status = |store: &Store| store.read(|c| message::get(c, "c", "a")).unwrap().status;
    assert_eq!(status(&second), MessageStatus::Streaming);
    assert!(second.end_orphans().unwrap().is_empty());
    assert!(
        second
            .read(|c| conversation::get(c, "c"))
            .unwrap()
            .answering
    );
    drop(first);
    assert_eq!(second.end_orphans().unwrap(), ["c"]);
    assert_eq!(status(&second), MessageStatus::Interrupted);
}

#[test]
fn changes_by_others_are_seen_and_own_ones_are_not() {
    let home = Home::new();
    let (mut mine, mut other) = (home.open().unwrap(), home.open().unwrap());
    new_conversation(&mut mine, "c");
    say(&mut mine, "c", "1", None);
    assert_eq!(mine.foreign().unwrap(), []);
    assert_eq!(other.foreign().unwrap(), [Foreign::Changed("c".into())]);
    assert_eq!(other.foreign().unwrap(), []);
    say(&mut other, "c", "2", Some("1"));
    // Mine comes after the other's, before I looked.
    say(&mut mine, "c", "3", Some("2"));
    assert_eq!(mine.foreign().unwrap(), [Foreign::Changed("c".into())]);
    other
        .write(|writing| conversation::delete(writing, "c"))
        .unwrap();
    assert_eq!(mine.foreign().unwrap(), [Foreign::Deleted("c".into())]);
    assert_eq!(mine.foreign().unwrap(), []);
}

#[test]
fn a_damaged_history_is_told_and_left_as_it_is() {
    let check = |damage: &dyn Fn(&mut Vec<u8>), unclean: bool| {
        let home = Home::new();
        let mut store = home.open().unwrap();
        new_conversation(&mut store, "c");
        for number in 0..200 {
            let row = row("c", &number.to_string(), None, &"text ".repeat(50));
            store
                .write(|writing| message::insert(writing, &row))
                .unwrap();
        }
        drop(store);
        let mut bytes = std::fs::read(home.path()).unwrap();
        damage(&mut bytes);
        std::fs::write(home.path(), &bytes).unwrap();
        if unclean {
            std::fs::write(home.runs().join("killed.lock"), "").unwrap();
        }
        assert_eq!(home.open().err().unwrap().key, "history-damaged");
        assert_eq!(
            home.open().err().unwrap().key,
            "history-damaged",
            "and again"
        );
        assert!(
            std::fs::read(home.path()).unwrap() == bytes,
            "the file was changed"
        );
    };
    check(&|bytes| bytes.fill(0), false);
    check(
        &|bytes| bytes[..16].copy_from_slice(b"not a database!!"),
        false,
    );
    check(&|bytes| bytes[8192..].fill(0xff), true);
}

#[test]
fn the_full_check_finds_what_a_start_does_not_read() {
    let home = Home::new();
    let mut store = home.open().unwrap();
    new_conversation(&mut store, "c");
    for number in 0..200 {
        let row = row("c", &number.to_string(), None, &"text ".repeat(50));
        store
            .write(|writing| message::insert(writing, &row))
            .unwrap();
    }
    super::check_all(&home.path()).unwrap();
    drop(store);
    let mut bytes = std::fs::read(home.path()).unwrap();
    let end = bytes.len();
    bytes[end - 8192..].fill(0xff);
    std::fs::write(home.path(), &bytes).unwrap();
    assert_eq!(
        super::check_all(&home.path()).unwrap_err().key,
        "history-damaged"
    );
}

#[test]
fn a_history_that_may_not_be_written_is_told() {
    let home = tempfile::tempdir().unwrap();
    // A file stands where the folder should be: nobody can write below it, whoever asks.
    std::fs::write(home.path().join("data"), "").unwrap();
    let path = home.path().join("data/history.db");
    let error = Store::open(&path, &home.path().join("data/runs"))
        .err()
        .unwrap();
    assert_eq!(error.key, "history-read-only");
    assert_eq!(error.args["path"], protocol::Arg::from(&path));
    // A folder stands where the file should be.
    let home = Home::new();
    std::fs::create_dir_all(home.path()).unwrap();
    assert_eq!(home.open().err().unwrap().key, "history-read-only");
}

#[test]
fn a_full_disk_keeps_what_was_there() {
    let home = Home::new();
    let mut store = home.open().unwrap();
    new_conversation(&mut store, "c");
    say(&mut store, "c", "1", None);
    store.fill_the_disk();
    let large = row("c", "2", Some("1"), &"x".repeat(100_000));
    let error = store
        .write(|writing| message::insert(writing, &large))
        .unwrap_err();
    assert_eq!(error.key, "disk-full");
    assert_eq!(path(&store, "c"), ["1"]);
    store.clear_the_disk();
    store
        .write(|writing| message::insert(writing, &large))
        .unwrap();
}

/// Schema 1 as the first release wrote it, frozen: later migrations start from here.
const SCHEMA_1: &str = r#"
CREATE TABLE conversation (id TEXT PRIMARY KEY NOT NULL, title TEXT NOT NULL,
    titled_by_person INTEGER NOT NULL DEFAULT 0, model TEXT, model_name TEXT,
    system TEXT NOT NULL DEFAULT '', leaf TEXT, revision INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL, updated INTEGER NOT NULL) STRICT;
CREATE INDEX conversation_updated ON conversation (updated);
CREATE TABLE message (id TEXT PRIMARY KEY NOT NULL,
    conversation TEXT NOT NULL REFERENCES conversation (id), parent TEXT REFERENCES message (id),
    last_child TEXT, role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    parts TEXT NOT NULL, author TEXT,
    status TEXT NOT NULL CHECK (status IN ('complete', 'streaming', 'stopped', 'interrupted', 'failed')),
    error TEXT, receipt TEXT, run TEXT, created INTEGER NOT NULL) STRICT;
CREATE INDEX message_conversation ON message (conversation);
CREATE INDEX message_parent ON message (parent);
CREATE INDEX message_streaming ON message (conversation) WHERE status = 'streaming';
CREATE TABLE setting (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT;
INSERT INTO conversation VALUES
    ('c', 'What is open?', 0, 'sha256:aa', 'SmolLM2', 'Be brief.', 'a', 3, 1763000000000, 1763000000001);
INSERT INTO message VALUES
    ('q', 'c', NULL, 'a', 'user', '[{"type":"text","text":"What is open?"}]', NULL, 'complete', NULL, NULL, NULL, 1763000000000),
    ('a', 'c', 'q', NULL, 'assistant', '[{"type":"text","text":"Weights and"}]',
     '{"model":"sha256:aa","name":"SmolLM2","quantisation":"Q4_1"}', 'interrupted',
     '{"key":"worker-died","args":{"name":"SmolLM2","signal":9.0},"detail":"signal 9"}',
     '{"version":99,"of":"another form"}', 'r', 1763000000001);
INSERT INTO setting VALUES ('language', '"zh-Hant"'), ('theme', '"dark"'), ('model', '"sha256:aa"'), ('later', '1');
PRAGMA user_version = 1;
"#;

#[test]
fn the_first_schema_is_read() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().parent().unwrap()).unwrap();
    Connection::open(home.path())
        .unwrap()
        .execute_batch(SCHEMA_1)
        .unwrap();
    let store = home.open().unwrap();
    assert_eq!(path(&store, "c"), ["q", "a"]);
    let row = store.read(|c| conversation::get(c, "c")).unwrap();
    assert_eq!(
        (row.title.as_str(), row.system.as_str()),
        ("What is open?", "Be brief.")
    );
    let answer = store.read(|c| message::get(c, "c", "a")).unwrap();
    assert_eq!(text_of(&answer.parts), "Weights and");
    assert_eq!(answer.author.unwrap().quantisation, "Q4_1");
    let error = answer.error.unwrap();
    assert_eq!(error.args["signal"], protocol::Arg::Number(9.0));
    assert_eq!(error.detail.as_deref(), Some("signal 9"));
    assert_eq!(
        answer.receipt, None,
        "a form that is not known is not shown"
    );
    let settings = store.read(setting::read).unwrap();
    assert_eq!(settings.language, Some(protocol::Language::ZhHant));
    assert_eq!(settings.theme, protocol::Theme::Dark);
    assert_eq!(settings.model, Some(ModelId("sha256:aa".into())));
    drop(store);
    assert_eq!(settings_of(&home.path()), settings);
}

#[test]
fn the_schema_is_the_frozen_one() {
    let shape = |connection: &Connection| -> Vec<(String, String)> {
        let mut statement = connection
            .prepare(
                "SELECT m.name, c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk
                 FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, c.cid",
            )
            .unwrap();
        statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let frozen = Connection::open_in_memory().unwrap();
    frozen.execute_batch(SCHEMA_1).unwrap();
    let mut made = Connection::open_in_memory().unwrap();
    schema::migrate(&mut made, Path::new("h"), &schema::all()).unwrap();
    assert_eq!(
        shape(&made),
        shape(&frozen),
        "a change of the schema is a new migration"
    );
}

#[test]
fn settings_are_read_without_making_a_history() {
    let home = Home::new();
    assert_eq!(settings_of(&home.path()), protocol::Settings::default());
    assert!(!home.path().exists());
}
