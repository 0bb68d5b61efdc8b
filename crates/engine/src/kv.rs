//! The KV store: what was read (tokens, with their keys and values) is kept in blocks, so that no
//! sequence reads it again: the next turn, an edit, another branch or conversation, a model that
//! comes back into memory, a new start of the program.
//!
//! A block is the pages of all layers for [`BLOCK`] tokens. Its key says what computed it and all
//! tokens up to its end ([`keys`]), so that whoever asks with the same beginning finds it. Only
//! whole blocks are kept; what is behind the last is read again. In memory ([`memory`]) a block
//! is the very pages of the sequences that use it. On the disk ([`disk`]) each conversation has a
//! folder of its own, so that it can be removed with the conversation.

mod disk;
mod file;
mod keys;
mod memory;
mod pages;
#[cfg(test)]
mod tests;

pub(crate) use keys::{Identity, identity};

use crate::answer::Answer;
use disk::Disk;
use kernels::{KvShape, Page};
use memory::{Memory, Unsaved};
use protocol::{KvOwner, KvPlace};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Tokens of a block.
pub(crate) const BLOCK: usize = Page::POSITIONS;
/// How long nothing is read or written before blocks are put on the disk.
const IDLE: Duration = Duration::from_secs(5);
/// How long the disk is left alone after it has refused.
const REFUSED: Duration = Duration::from_secs(60);

/// The pages of [`BLOCK`] positions, one for each layer.
pub(crate) type Block = Vec<Arc<Page>>;

/// What was read by one model. Shared by its sequences; see the module.
pub struct KvStore {
    identity: Identity,
    shapes: Vec<KvShape>,
    inner: Mutex<Inner>,
}

struct Inner {
    memory: Memory,
    disk: Option<Disk>,
    /// Whether the disk refused what it was last given: then nothing waits in memory for it.
    refused: bool,
    /// Nothing is written before.
    rest_until: Instant,
    /// How many pages each running answer had when they were last reckoned with.
    beside: Vec<usize>,
}

/// What came of a look at what is to be written.
#[derive(Debug)]
pub enum Saved {
    /// So many bytes were written: there may be more to do.
    Bytes(u64),
    /// All is on the disk that is to be there.
    All,
    /// The disk refused; it is left alone for a while.
    Refused(io::Error),
}

impl KvStore {
    /// For what is computed as `identity` says, in pages of such shapes, one a layer. In memory it
    /// takes as much as one sequence of `context` tokens: that is what a model is reckoned to
    /// need, and what the current sequence does not fill, others may.
    pub(crate) fn new(
        identity: Identity,
        shapes: Vec<KvShape>,
        context: usize,
        place: Option<&KvPlace>,
    ) -> KvStore {
        let block: u64 = shapes.iter().map(|shape| shape.page_bytes() as u64).sum();
        let blocks = context.div_ceil(BLOCK) as u64;
        KvStore {
            inner: Mutex::new(Inner {
                memory: Memory::new(block.saturating_mul(blocks)),
                disk: place.map(|place| Disk::new(place, &identity)),
                refused: false,
                rest_until: Instant::now(),
                beside: Vec::new(),
            }),
            identity,
            shapes,
        }
    }

    /// Where blocks are written from now on; None: nowhere.
    pub fn keep(&self, place: Option<&KvPlace>) {
        let mut inner = self.inner();
        inner.disk = place.map(|place| Disk::new(place, &self.identity));
        inner.refused = false;
        inner.rest_until = inner.rest_until.min(Instant::now() + IDLE);
    }

    /// The kept blocks of `ids`, from block `from` on to the first that is not there. Those on
    /// the disk are looked for among the owner's, each after a look at whether it `is_enough`: the
    /// rest is found by another call. Tells also whether that was all.
    pub(crate) fn find(
        &self,
        ids: &[u32],
        from: usize,
        owner: Option<&KvOwner>,
        is_enough: &dyn Fn() -> bool,
    ) -> (Vec<Block>, bool) {
        let mut inner = self.inner();
        let Inner { memory, disk, .. } = &mut *inner;
        let turn = memory.turn();
        let (mut found, mut all) = (Vec::new(), true);
        for (index, key) in keys::of(&self.identity, ids).enumerate().skip(from) {
            if let Some(block) = memory.get(&key) {
                found.push(block);
                continue;
            }
            let owner = owner.filter(|owner| owner.on_disk);
            let (Some(owner), Some(disk)) = (owner, disk.as_ref()) else {
                break;
            };
            if is_enough() {
                all = false;
                break;
            }
            let Some(block) = disk.read(&owner.conversation, &key, &self.shapes) else {
                break;
            };
            memory.put(key, index, block.clone(), turn);
            memory.own(&key, owner, true);
            found.push(block);
        }
        // What was found is of this turn, and stays.
        inner.fit();
        (found, all)
    }

    /// Keeps the blocks of `ids`, all of which were read; `block` gives one by its number.
    pub(crate) fn put(
        &self,
        ids: &[u32],
        owner: Option<&KvOwner>,
        block: impl Fn(usize) -> Option<Block>,
    ) {
        let mut inner = self.inner();
        let memory = &mut inner.memory;
        let turn = memory.turn();
        for (index, key) in keys::of(&self.identity, ids).enumerate() {
            if !memory.touch(&key, turn) {
                let Some(block) = block(index) else { break };
                memory.put(key, index, block, turn);
            }
            if let Some(owner) = owner {
                memory.own(&key, owner, false);
            }
        }
        inner.fit();
        let idle = Instant::now() + IDLE;
        inner.rest_until = inner.rest_until.max(idle);
    }

    /// Sees to it that what is kept and what these answers alone hold take no more together than
    /// one sequence may, and one for each further answer. Costs next to nothing where none has
    /// begun a page since the last call.
    pub fn beside(&self, answers: &[Answer<'_>]) {
        let going = || answers.iter().filter(|answer| !answer.has_ended());
        let mut inner = self.inner();
        if inner.is_known(going().map(Answer::pages)) {
            return;
        }
        let further = inner
            .memory
            .most()
            .saturating_mul(going().skip(1).count() as u64);
        let held: u64 = going().map(Answer::own_bytes).sum();
        inner.memory.beside(held.saturating_sub(further));
        inner.fit();
    }

    /// How long to wait until something is to be written; None where nothing is.
    pub fn due(&self) -> Option<Duration> {
        let inner = self.inner();
        inner.next_unsaved()?;
        let now = Instant::now();
        match inner.memory.is_over() && inner.rest_until <= now + IDLE {
            true => Some(Duration::ZERO),
            false => Some(inner.rest_until.saturating_duration_since(now)),
        }
    }

    /// Writes one block that is not on the disk yet, the one last used first.
    pub fn save_one(&self) -> Saved {
        let mut inner = self.inner();
        let Some(unsaved) = inner.next_unsaved() else {
            return Saved::All;
        };
        let Some(disk) = &inner.disk else {
            return Saved::All;
        };
        let written = disk.write(&unsaved);
        if written.is_ok() {
            inner.memory.saved(&unsaved);
        }
        // What is held stays in memory.
        drop(unsaved);
        match written {
            Ok(bytes) => {
                inner.refused = false;
                inner.fit();
                Saved::Bytes(bytes)
            }
            Err(error) => {
                inner.rest_until = Instant::now() + REFUSED;
                inner.refused = true;
                inner.fit();
                Saved::Refused(error)
            }
        }
    }

    /// Forgets the blocks of a conversation (None: all blocks), on the disk too.
    pub fn forget(&self, conversation: Option<&str>) {
        let mut inner = self.inner();
        match conversation {
            Some(conversation) => inner.memory.forget(conversation),
            None => inner.memory.forget_all(),
        }
        if let Some(disk) = &inner.disk {
            disk.forget(conversation);
        }
    }

    /// Bytes of the blocks in memory.
    pub fn bytes(&self) -> u64 {
        self.inner().memory.bytes()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether answers have so many pages still; notes it where they do not.
    fn is_known(&mut self, pages: impl Iterator<Item = usize> + Clone) -> bool {
        let is_known = self.beside.iter().copied().eq(pages.clone());
        if !is_known {
            self.beside.clear();
            self.beside.extend(pages);
        }
        is_known
    }

    fn next_unsaved(&self) -> Option<Unsaved> {
        self.memory.next_unsaved(self.disk.as_ref()?.most())
    }

    /// Lets go of what is beyond the budget, but for what is still to be written where the disk
    /// takes it.
    fn fit(&mut self) {
        let disk = self.disk.as_ref().filter(|_| !self.refused);
        self.memory.fit(disk.map_or(0, Disk::most));
    }
}
