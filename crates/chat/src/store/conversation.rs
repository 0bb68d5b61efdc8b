//! The table `conversation`: one row a conversation, with the end of its active path.

use super::{failure::Fault, schema::Migration};
use protocol::{ConversationSummary, ModelId, failure};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE conversation (
              id TEXT PRIMARY KEY NOT NULL,               -- UUID v7
              title TEXT NOT NULL,
              titled_by_person INTEGER NOT NULL DEFAULT 0,
              model TEXT,                                 -- chosen for the next answer
              model_name TEXT,                            -- as it was called then
              system TEXT NOT NULL DEFAULT '',
              leaf TEXT,                                  -- the last message of the active path
              revision INTEGER NOT NULL DEFAULT 0,        -- rises with every change, of messages too
              created INTEGER NOT NULL,                   -- milliseconds since 1970
              updated INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX conversation_updated ON conversation (updated);",
}];

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConversationRow {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) titled_by_person: bool,
    pub(crate) model: Option<ModelId>,
    pub(crate) model_name: Option<String>,
    pub(crate) system: String,
    pub(crate) leaf: Option<String>,
    pub(crate) revision: i64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    /// Not a column: whether one of its messages is being made, by whichever process.
    pub(crate) answering: bool,
}

impl ConversationRow {
    /// What the list shows of it.
    pub(crate) fn summary(&self, temporary: bool) -> ConversationSummary {
        ConversationSummary {
            id: self.id.clone(),
            title: self.title.clone(),
            model: self.model.clone(),
            created_at: self.created,
            updated_at: self.updated,
            answering: self.answering,
            temporary,
        }
    }
}

const COLUMNS: &str =
    "id, title, titled_by_person, model, model_name, system, leaf, revision, created, updated,
    EXISTS (SELECT 1 FROM message
            WHERE message.conversation = conversation.id AND message.status = 'streaming')";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ConversationRow> {
    Ok(ConversationRow {
        id: row.get(0)?,
        title: row.get(1)?,
        titled_by_person: row.get(2)?,
        model: row.get::<_, Option<String>>(3)?.map(ModelId),
        model_name: row.get(4)?,
        system: row.get(5)?,
        leaf: row.get(6)?,
        revision: row.get(7)?,
        created: row.get(8)?,
        updated: row.get(9)?,
        answering: row.get(10)?,
    })
}

/// A new conversation without messages.
pub(crate) fn insert(connection: &Connection, row: &ConversationRow) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO conversation
                 (id, title, titled_by_person, model, model_name, system, leaf, revision, created, updated)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            row.id,
            row.title,
            row.titled_by_person,
            row.model.as_ref().map(|id| &id.0),
            row.model_name,
            row.system,
            row.leaf,
            row.revision,
            row.created,
            row.updated
        ])?;
    Ok(())
}

/// The conversation of that id, or the sentence that there is none.
pub(crate) fn get(connection: &Connection, id: &str) -> Result<ConversationRow, Fault> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM conversation WHERE id = ?1"))?
        .query_row([id], from_row)
        .optional()?
        .ok_or_else(|| failure::conversation_unknown(id).into())
}

/// All conversations, last used first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<ConversationRow>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM conversation ORDER BY updated DESC, id DESC");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement
        .query_map([], from_row)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Id and revision of each.
pub(crate) fn revisions(connection: &Connection) -> Result<Vec<(String, i64)>, Fault> {
    let mut statement = connection.prepare_cached("SELECT id, revision FROM conversation")?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Sets the title.
pub(crate) fn set_title(
    connection: &Connection,
    id: &str,
    title: &str,
    by_person: bool,
) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE conversation SET title = ?2, titled_by_person = ?3 WHERE id = ?1")?
        .execute(params![id, title, by_person])?;
    Ok(())
}

/// Sets the model of the next answer.
pub(crate) fn set_model(
    connection: &Connection,
    id: &str,
    model: &ModelId,
    name: &str,
) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE conversation SET model = ?2, model_name = ?3 WHERE id = ?1")?
        .execute(params![id, model.0, name])?;
    Ok(())
}

/// Sets the end of the active path.
pub(crate) fn set_leaf(connection: &Connection, id: &str, leaf: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE conversation SET leaf = ?2 WHERE id = ?1")?
        .execute(params![id, leaf])?;
    Ok(())
}

/// Sets when something was last said.
pub(crate) fn set_updated(connection: &Connection, id: &str, updated: i64) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE conversation SET updated = ?2 WHERE id = ?1")?
        .execute(params![id, updated])?;
    Ok(())
}

/// Counts a change of the conversation or its messages. Returns the new revision; None where
/// the conversation is gone.
pub(crate) fn revise(connection: &Connection, id: &str) -> Result<Option<i64>, Fault> {
    Ok(connection
        .prepare_cached(
            "UPDATE conversation SET revision = revision + 1 WHERE id = ?1 RETURNING revision",
        )?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// Deletes a conversation and its messages.
pub(crate) fn delete(connection: &Connection, id: &str) -> Result<(), Fault> {
    // In one statement: parents are looked at when it ends.
    connection
        .prepare_cached("DELETE FROM message WHERE conversation = ?1")?
        .execute([id])?;
    match connection
        .prepare_cached("DELETE FROM conversation WHERE id = ?1")?
        .execute([id])?
    {
        0 => Err(failure::conversation_unknown(id).into()),
        _ => Ok(()),
    }
}
