//! The table `message`: one row a message of a tree, with the child last chosen below it.

use super::{failure::Fault, schema::Migration};
use protocol::{
    AppError, Arg, Author, Message, MessageStatus, ModelId, Part, Receipt, Role, failure,
};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

pub(super) const MIGRATIONS: &[Migration] = &[FIRST, REASONING];

/// Parts of a kind that an earlier Parley would take for damage; it says that the history is newer.
const REASONING: Migration = Migration {
    version: 2,
    sql: "",
};

const FIRST: Migration = Migration {
    version: 1,
    // A parent does not delete its children by cascade: SQLite recurses for that, at most 1000 deep.
    sql: "CREATE TABLE message (
              id TEXT PRIMARY KEY NOT NULL,               -- UUID v7
              conversation TEXT NOT NULL REFERENCES conversation (id),
              parent TEXT REFERENCES message (id),        -- NULL for a first message
              last_child TEXT,                            -- which answer or question was last paged to
              role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
              parts TEXT NOT NULL,                        -- JSON: a list of typed parts
              author TEXT,                                -- JSON: which model wrote it
              status TEXT NOT NULL CHECK (status IN ('complete', 'streaming', 'stopped', 'interrupted', 'failed')),
              error TEXT,                                 -- JSON
              receipt TEXT,                               -- JSON
              run TEXT,                                   -- the process that made or makes it
              created INTEGER NOT NULL                    -- milliseconds since 1970
          ) STRICT;
          CREATE INDEX message_conversation ON message (conversation);
          CREATE INDEX message_parent ON message (parent);
          CREATE INDEX message_streaming ON message (conversation) WHERE status = 'streaming';",
};

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MessageRow {
    pub(crate) id: String,
    pub(crate) conversation: String,
    pub(crate) parent: Option<String>,
    pub(crate) role: Role,
    pub(crate) parts: Vec<Part>,
    pub(crate) author: Option<Author>,
    pub(crate) status: MessageStatus,
    pub(crate) error: Option<AppError>,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) run: Option<String>,
    pub(crate) created: i64,
}

impl MessageRow {
    /// As the window sees it, among its siblings.
    pub(crate) fn shown(self, siblings: Vec<String>) -> Message {
        Message {
            id: self.id,
            conversation: self.conversation,
            parent: self.parent,
            role: self.role,
            parts: self.parts,
            author: self.author,
            status: self.status,
            error: self.error,
            // That of the text so far, where the answer goes on.
            receipt: self
                .receipt
                .filter(|_| self.status != MessageStatus::Streaming),
            siblings,
            created_at: self.created,
        }
    }
}

/// The stored form of a part. New kinds join as variants.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum StoredPart {
    Reasoning {
        text: String,
        duration_ms: u64,
        ended: bool,
    },
    Text {
        text: String,
    },
}

impl From<&Part> for StoredPart {
    fn from(part: &Part) -> StoredPart {
        match part.clone() {
            Part::Reasoning {
                text,
                duration_ms,
                ended,
            } => StoredPart::Reasoning {
                text,
                duration_ms,
                ended,
            },
            Part::Text { text } => StoredPart::Text { text },
        }
    }
}

impl From<StoredPart> for Part {
    fn from(part: StoredPart) -> Part {
        match part {
            StoredPart::Reasoning {
                text,
                duration_ms,
                ended,
            } => Part::Reasoning {
                text,
                duration_ms,
                ended,
            },
            StoredPart::Text { text } => Part::Text { text },
        }
    }
}

#[derive(Serialize, Deserialize)]
struct StoredAuthor {
    model: String,
    name: String,
    quantisation: String,
}

#[derive(Serialize, Deserialize)]
struct StoredError {
    key: String,
    args: BTreeMap<String, StoredArg>,
    detail: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredArg {
    Number(f64),
    Text(String),
}

fn parts_json(parts: &[Part]) -> String {
    to_json(&parts.iter().map(StoredPart::from).collect::<Vec<_>>())
}

fn error_json(error: &AppError) -> String {
    let args = error.args.iter().map(|(name, arg)| {
        let stored = match arg {
            Arg::Number(number) => StoredArg::Number(*number),
            Arg::Text(text) => StoredArg::Text(text.clone()),
        };
        (name.clone(), stored)
    });
    to_json(&StoredError {
        key: error.key.clone(),
        args: args.collect(),
        detail: error.detail.clone(),
    })
}

fn author_json(author: &Author) -> String {
    to_json(&StoredAuthor {
        model: author.model.0.clone(),
        name: author.name.clone(),
        quantisation: author.quantisation.clone(),
    })
}

/// What is stored here has text for keys and no maps of its own, so it is never refused; and
/// unlike `json!` it writes single-precision numbers as short as they are.
fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn status_name(status: MessageStatus) -> &'static str {
    match status {
        MessageStatus::Complete => "complete",
        MessageStatus::Streaming => "streaming",
        MessageStatus::Stopped => "stopped",
        MessageStatus::Interrupted => "interrupted",
        MessageStatus::Failed => "failed",
    }
}

fn json<T: DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// The columns that [`from_row`] reads, of a table or alias `m`.
pub(super) const COLUMNS: &str = "m.id, m.conversation, m.parent, m.role, m.parts, m.author, m.status, \
    m.error, m.receipt, m.run, m.created";

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    let role = match row.get_ref(3)?.as_str()? {
        "system" => Role::System,
        "user" => Role::User,
        _ => Role::Assistant,
    };
    let status = match row.get_ref(6)?.as_str()? {
        "complete" => MessageStatus::Complete,
        "streaming" => MessageStatus::Streaming,
        "stopped" => MessageStatus::Stopped,
        "interrupted" => MessageStatus::Interrupted,
        _ => MessageStatus::Failed,
    };
    let parts: Vec<StoredPart> = json(4, row.get_ref(4)?.as_str()?)?;
    let author = row
        .get_ref(5)?
        .as_str_or_null()?
        .map(|text| json::<StoredAuthor>(5, text))
        .transpose()?;
    let error = row
        .get_ref(7)?
        .as_str_or_null()?
        .map(|text| json::<StoredError>(7, text))
        .transpose()?;
    Ok(MessageRow {
        id: row.get(0)?,
        conversation: row.get(1)?,
        parent: row.get(2)?,
        role,
        parts: parts.into_iter().map(Part::from).collect(),
        author: author.map(|stored| Author {
            model: ModelId(stored.model),
            name: stored.name,
            quantisation: stored.quantisation,
        }),
        status,
        error: error.map(|stored| AppError {
            key: stored.key,
            args: stored
                .args
                .into_iter()
                .map(|(name, arg)| {
                    let arg = match arg {
                        StoredArg::Number(number) => Arg::Number(number),
                        StoredArg::Text(text) => Arg::Text(text),
                    };
                    (name, arg)
                })
                .collect(),
            detail: stored.detail,
        }),
        // A receipt carries its own version; one of a form not known here is kept but not shown.
        receipt: row
            .get_ref(8)?
            .as_str_or_null()?
            .and_then(|text| serde_json::from_str(text).ok()),
        run: row.get(9)?,
        created: row.get(10)?,
    })
}

/// A new message. Its parent must be there.
pub(crate) fn insert(connection: &Connection, row: &MessageRow) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO message
                 (id, conversation, parent, role, parts, author, status, error, receipt, run, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            row.id,
            row.conversation,
            row.parent,
            row.role.as_str(),
            parts_json(&row.parts),
            row.author.as_ref().map(author_json),
            status_name(row.status),
            row.error.as_ref().map(error_json),
            row.receipt.as_ref().map(to_json),
            row.run,
            row.created
        ])?;
    Ok(())
}

/// The message of that id in that conversation, or the sentence that there is none.
pub(crate) fn get(
    connection: &Connection,
    conversation: &str,
    id: &str,
) -> Result<MessageRow, Fault> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message m WHERE m.id = ?1 AND m.conversation = ?2"
        ))?
        .query_row([id, conversation], from_row)
        .optional()?
        .ok_or_else(|| failure::message_unknown(id).into())
}

/// Lets an answer that has ended go on, made by `run`. Its receipt stays until there is more text.
/// False where it has not ended, or is gone.
pub(crate) fn go_on(connection: &Connection, id: &str, run: &str) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached(
            "UPDATE message SET status = 'streaming', error = NULL, run = ?2
             WHERE id = ?1 AND status <> 'streaming'",
        )?
        .execute([id, run])?;
    Ok(changed == 1)
}

/// Replaces the parts of an answer that is being made by `run`. False where it is no longer:
/// deleted, or stopped by another process.
pub(crate) fn set_parts(
    connection: &Connection,
    id: &str,
    run: &str,
    parts: &[Part],
) -> Result<bool, Fault> {
    let parts = parts_json(parts);
    let changed = connection
        .prepare_cached(
            "UPDATE message SET parts = ?3, receipt = NULL
             WHERE id = ?1 AND run = ?2 AND status = 'streaming'",
        )?
        .execute(params![id, run, parts])?;
    Ok(changed == 1)
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ending {
    pub(crate) status: MessageStatus,
    pub(crate) error: Option<AppError>,
    pub(crate) receipt: Option<Receipt>,
}

/// Ends an answer that is being made by `run`. Without a receipt the old one stays, where the text is still
/// that of which it tells. False where it has ended already, or is made by another run since.
pub(crate) fn end(
    connection: &Connection,
    id: &str,
    run: &str,
    ending: &Ending,
) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached(
            "UPDATE message SET status = ?2, error = ?3, receipt = coalesce(?4, receipt)
             WHERE id = ?1 AND coalesce(run, '') = ?5 AND status = 'streaming'",
        )?
        .execute(params![
            id,
            status_name(ending.status),
            ending.error.as_ref().map(error_json),
            ending.receipt.as_ref().map(to_json),
            run,
        ])?;
    Ok(changed == 1)
}

/// The answers being made anywhere: id, conversation and run.
pub(crate) fn streaming(connection: &Connection) -> Result<Vec<(String, String, String)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id, conversation, coalesce(run, '') FROM message WHERE status = 'streaming'",
    )?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Ids of a conversation's messages by parent, oldest first: everyone's siblings.
pub(crate) fn children(
    connection: &Connection,
    conversation: &str,
) -> Result<BTreeMap<Option<String>, Vec<String>>, Fault> {
    let mut children = BTreeMap::<_, Vec<_>>::new();
    let mut statement = connection
        .prepare_cached("SELECT parent, id FROM message WHERE conversation = ?1 ORDER BY rowid")?;
    let mut rows = statement.query([conversation])?;
    while let Some(row) = rows.next()? {
        children.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(children)
}

/// Ids of all messages with the same parent, oldest first.
pub(crate) fn siblings(
    connection: &Connection,
    conversation: &str,
    parent: Option<&str>,
) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM message WHERE conversation = ?1 AND parent IS ?2 ORDER BY rowid",
    )?;
    let ids = statement
        .query_map(params![conversation, parent], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}
