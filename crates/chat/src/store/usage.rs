//! Which models answered in which conversations, read from the rows of both tables.

use super::failure::Fault;
use protocol::ModelId;
use rusqlite::{Connection, OpenFlags};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Who used what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Conversations, by the model that is chosen for their next answer.
    chosen: BTreeMap<String, BTreeSet<String>>,
    /// Conversations with an answer of a model, and when the last was asked for, in milliseconds
    /// since 1970.
    answered: BTreeMap<String, (BTreeSet<String>, i64)>,
}

/// How one model is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Unix time in seconds of its last answer.
    pub(crate) last: Option<i64>,
    /// Conversations that have an answer of it, or have it chosen.
    pub(crate) conversations: u32,
    /// Conversations that have it chosen.
    pub(crate) chosen: u32,
}

impl Usage {
    /// Adds another history's.
    pub(crate) fn add(&mut self, other: Usage) {
        for (model, conversations) in other.chosen {
            self.chosen.entry(model).or_default().extend(conversations);
        }
        for (model, (conversations, last)) in other.answered {
            let known = self.answered.entry(model).or_default();
            known.0.extend(conversations);
            known.1 = known.1.max(last);
        }
    }

    /// How the model is used that goes by the ids for which this is true: it may have had others
    /// before its file was hashed.
    pub(crate) fn of(&self, is: impl Fn(&ModelId) -> bool) -> Used {
        let is = |id: &String| is(&ModelId(id.clone()));
        let chosen: BTreeSet<&String> = self
            .chosen
            .iter()
            .filter(|(id, _)| is(id))
            .flat_map(|(_, conversations)| conversations)
            .collect();
        let mut conversations = chosen.clone();
        let mut last = None;
        for (_, (others, at)) in self.answered.iter().filter(|(id, _)| is(id)) {
            conversations.extend(others);
            last = last.max(Some(at / 1000));
        }
        let count = |set: &BTreeSet<&String>| u32::try_from(set.len()).unwrap_or(u32::MAX);
        Used {
            last,
            conversations: count(&conversations),
            chosen: count(&chosen),
        }
    }
}

/// Reads it.
pub(crate) fn read(connection: &Connection) -> Result<Usage, Fault> {
    let mut usage = Usage::default();
    let mut chosen =
        connection.prepare_cached("SELECT model, id FROM conversation WHERE model IS NOT NULL")?;
    let rows = chosen.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for row in rows {
        let (model, conversation): (String, String) = row?;
        usage.chosen.entry(model).or_default().insert(conversation);
    }
    let mut answered = connection.prepare_cached(
        "SELECT author ->> '$.model', conversation, max(created) FROM message
         WHERE author IS NOT NULL GROUP BY 1, 2",
    )?;
    let rows = answered.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    for row in rows {
        let (model, conversation, at): (Option<String>, String, i64) = row?;
        if let Some(model) = model {
            let known = usage.answered.entry(model).or_default();
            known.0.insert(conversation);
            known.1 = known.1.max(at);
        }
    }
    Ok(usage)
}

/// That of the history at `path`, without changing it; nothing where there is none, or it cannot
/// be read.
pub(crate) fn of_history(path: &Path) -> Usage {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .map_err(Fault::from)
        .and_then(|connection| read(&connection))
        .unwrap_or_default()
}
