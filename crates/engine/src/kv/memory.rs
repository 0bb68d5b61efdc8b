//! Blocks in memory: those of all conversations, the ones that were used longest ago let go first.

use super::Block;
use super::keys::Key;
use protocol::KvOwner;
use std::collections::HashMap;
use std::sync::Arc;

/// Blocks within a budget.
pub(super) struct Memory {
    /// What it may take while nothing else does.
    most: u64,
    budget: u64,
    bytes: u64,
    /// Counts uses.
    turn: u64,
    entries: HashMap<Key, Entry>,
}

struct Entry {
    block: Block,
    bytes: u64,
    /// Its place in what was read: 0 is the beginning.
    index: usize,
    used: u64,
    owners: Vec<Owner>,
}

/// A conversation that uses a block.
struct Owner {
    conversation: Arc<str>,
    on_disk: bool,
    /// Whether its file is there: it was read or written.
    there: bool,
    /// Whether the file says of the last use.
    saved: bool,
}

/// A block that is to be written.
pub(super) struct Unsaved {
    pub key: Key,
    pub conversation: Arc<str>,
    pub block: Block,
    pub index: usize,
    /// Whether its file is there, and only to be marked as used.
    pub there: bool,
}

impl Entry {
    fn is_unsaved(&self) -> bool {
        let mut owners = self.owners.iter();
        owners.any(|owner| owner.on_disk && !owner.saved)
    }

    /// Whether a sequence has it: then letting it go would free nothing.
    fn is_held(&self) -> bool {
        let mut pages = self.block.iter();
        pages.any(|page| Arc::strong_count(page) > 1)
    }
}

impl Memory {
    pub fn new(budget: u64) -> Memory {
        Memory {
            most: budget,
            budget,
            bytes: 0,
            turn: 0,
            entries: HashMap::new(),
        }
    }

    /// A new use, which is later than all before.
    pub fn turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    /// Bytes of all blocks.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// So much of what it may take is taken by others.
    pub fn beside(&mut self, others: u64) {
        self.budget = self.most.saturating_sub(others);
    }

    /// What it may take while nothing else does.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Whether they are more than the budget.
    pub fn is_over(&self) -> bool {
        self.bytes > self.budget
    }

    /// A block, used in the current turn.
    pub fn get(&mut self, key: &Key) -> Option<Block> {
        let entry = self.entries.get_mut(key)?;
        entry.used = self.turn;
        Some(entry.block.clone())
    }

    /// Notes a use of a block; false where it is not there.
    pub fn touch(&mut self, key: &Key, turn: u64) -> bool {
        let entry = self.entries.get_mut(key);
        entry.map(|entry| entry.used = turn).is_some()
    }

    /// A block that was not there.
    pub fn put(&mut self, key: Key, index: usize, block: Block, turn: u64) {
        let bytes = block.iter().map(|page| page.bytes().len() as u64).sum();
        let entry = Entry {
            block,
            bytes,
            index,
            used: turn,
            owners: Vec::new(),
        };
        self.bytes += bytes;
        if let Some(before) = self.entries.insert(key, entry) {
            self.bytes -= before.bytes;
        }
    }

    /// Notes that a block is of a conversation, and whether it comes from that one's file.
    pub fn own(&mut self, key: &Key, owner: &KvOwner, from_file: bool) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let mut owners = entry.owners.iter_mut();
        match owners.find(|known| *known.conversation == *owner.conversation) {
            Some(known) => {
                known.on_disk = owner.on_disk;
                known.there |= from_file;
                known.saved = from_file;
            }
            None => entry.owners.push(Owner {
                conversation: owner.conversation.as_str().into(),
                on_disk: owner.on_disk,
                there: from_file,
                saved: from_file,
            }),
        }
    }

    /// A conversation's file of a block is as it is to be.
    pub fn saved(&mut self, unsaved: &Unsaved) {
        let owners = self
            .entries
            .get_mut(&unsaved.key)
            .map(|entry| &mut entry.owners);
        for owner in owners.into_iter().flatten() {
            let its = owner.conversation == unsaved.conversation;
            owner.there |= its;
            owner.saved |= its;
        }
    }

    /// What is to be written next, where files may take `most` bytes: of what was used last the
    /// beginning first, without which the rest is of no use.
    pub fn next_unsaved(&self, most: u64) -> Option<Unsaved> {
        let mut room = most;
        for (key, entry) in self.latest_first() {
            for owner in entry.owners.iter().filter(|owner| owner.on_disk) {
                room = room.checked_sub(entry.bytes)?;
                if !owner.saved {
                    return Some(Unsaved {
                        key: *key,
                        conversation: owner.conversation.clone(),
                        block: entry.block.clone(),
                        index: entry.index,
                        there: owner.there,
                    });
                }
            }
        }
        None
    }

    /// Lets go of what was used longest ago until the rest is within the budget. What is of the
    /// current turn or held by a sequence stays, and what is still to be written (files may take
    /// `most` bytes), up to as much again as the budget.
    pub fn fit(&mut self, most: u64) {
        if !self.is_over() {
            return;
        }
        let mut room = Some(most);
        let (mut may_go, mut wait) = (Vec::new(), Vec::new());
        for (key, entry) in self.latest_first() {
            let on_disk = entry.owners.iter().filter(|owner| owner.on_disk).count() as u64;
            room = room.and_then(|room| room.checked_sub(on_disk.saturating_mul(entry.bytes)));
            let waits = room.is_some() && entry.is_unsaved();
            if entry.used < self.turn && !entry.is_held() {
                let list = if waits { &mut wait } else { &mut may_go };
                list.push(*key);
            }
        }
        for (list, most) in [
            (may_go, self.budget),
            (wait, self.budget.saturating_add(self.most)),
        ] {
            for key in list.iter().rev() {
                if self.bytes > most {
                    self.remove(key);
                }
            }
        }
    }

    /// Lets go of the blocks of a conversation that no other uses.
    pub fn forget(&mut self, conversation: &str) {
        self.entries.retain(|_, entry| {
            let before = entry.owners.len();
            entry
                .owners
                .retain(|owner| *owner.conversation != *conversation);
            let gone = entry.owners.is_empty() && before > 0;
            self.bytes -= if gone { entry.bytes } else { 0 };
            !gone
        });
    }

    /// Lets go of all blocks.
    pub fn forget_all(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }

    fn latest_first(&self) -> Vec<(&Key, &Entry)> {
        let mut entries: Vec<(&Key, &Entry)> = self.entries.iter().collect();
        entries.sort_by_key(|(_, entry)| (std::cmp::Reverse(entry.used), entry.index));
        entries
    }
}
