//! The tree of a conversation's messages: which path through it is shown.

use super::{
    conversation,
    failure::Fault,
    message::{self, COLUMNS, MessageRow, from_row},
};
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;

/// The messages from the first to `leaf`. Ends also on a history whose parents go round.
pub(crate) fn path(connection: &Connection, leaf: Option<&str>) -> Result<Vec<MessageRow>, Fault> {
    let Some(leaf) = leaf else {
        return Ok(Vec::new());
    };
    // UNION drops what was there already, so the recursion ends.
    let sql = format!(
        "WITH RECURSIVE up (id, parent) AS (
             SELECT id, parent FROM message WHERE id = ?1
             UNION SELECT a.id, a.parent FROM message a JOIN up ON a.id = up.parent)
         SELECT {COLUMNS} FROM message m WHERE m.id IN (SELECT id FROM up)"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = HashMap::new();
    for row in statement.query_map([leaf], from_row)? {
        let row = row?;
        found.insert(row.id.clone(), row);
    }
    let mut path = Vec::with_capacity(found.len());
    let mut next = found.remove(leaf);
    while let Some(row) = next {
        next = row.parent.as_ref().and_then(|parent| found.remove(parent));
        path.push(row);
    }
    path.reverse();
    Ok(path)
}

/// Leads the active path through a message: every one above it points down to it, and below it
/// the path goes on as it last did. Returns the leaf.
pub(crate) fn choose(
    connection: &Connection,
    conversation: &str,
    message: &str,
) -> Result<String, Fault> {
    message::get(connection, conversation, message)?;
    connection
        .prepare_cached(
            "WITH RECURSIVE up (id, parent) AS (
                 SELECT id, parent FROM message WHERE id = ?1
                 UNION SELECT a.id, a.parent FROM message a JOIN up ON a.id = up.parent)
             UPDATE message SET last_child = up.id FROM up
             WHERE message.id = up.parent AND message.last_child IS NOT up.id",
        )?
        .execute([message])?;
    // Down from there; the last row that the recursion yields is the leaf.
    let leaf: Option<String> = connection
        .prepare_cached(
            "WITH RECURSIVE down (id) AS (
                 SELECT ?1
                 UNION SELECT m.last_child FROM message m JOIN down ON m.id = down.id
                       WHERE m.last_child IS NOT NULL)
             SELECT down.id FROM down JOIN message m ON m.id = down.id WHERE m.last_child IS NULL",
        )?
        .query_row([message], |row| row.get(0))
        .optional()?;
    let leaf = leaf.unwrap_or_else(|| message.to_owned());
    conversation::set_leaf(connection, conversation, &leaf)?;
    Ok(leaf)
}

/// Whether the path that ends at `leaf` goes through `message`.
pub(crate) fn leads_to(
    connection: &Connection,
    message: &str,
    leaf: Option<&str>,
) -> Result<bool, Fault> {
    let found = connection
        .prepare_cached(
            "WITH RECURSIVE up (id, parent) AS (
                 SELECT id, parent FROM message WHERE id = ?2
                 UNION SELECT a.id, a.parent FROM message a JOIN up ON a.id = up.parent)
             SELECT EXISTS (SELECT 1 FROM up WHERE id = ?1)",
        )?
        .query_row([Some(message), leaf], |row| row.get(0))?;
    Ok(found)
}
