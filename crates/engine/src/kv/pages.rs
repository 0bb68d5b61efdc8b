//! The pages of a sequence's state, as the store has them: only `exec/cpu` has pages.

use super::{BLOCK, Block};
use crate::exec::State;
use kernels::KvShape;

impl State {
    /// What the pages of each layer hold; none of an executor without pages.
    pub(crate) fn shapes(&self) -> Vec<KvShape> {
        match self {
            State::Cpu(layers) => layers.iter().map(|kv| kv.shape()).collect(),
            State::Candle(_) | State::Stock(_) => Vec::new(),
        }
    }

    /// The block `index`, all of whose positions were read: the state's own pages.
    pub(crate) fn block(&self, index: usize) -> Option<Block> {
        match self {
            State::Cpu(layers) => layers
                .iter()
                .map(|kv| kv.pages().get(index).cloned())
                .collect(),
            State::Candle(_) | State::Stock(_) => None,
        }
    }

    /// Bytes of the pages that nobody else has.
    pub(crate) fn own_bytes(&self) -> u64 {
        let State::Cpu(layers) = self else { return 0 };
        let pages = layers.iter().flat_map(|kv| kv.pages());
        let own = pages.filter(|page| std::sync::Arc::strong_count(page) == 1);
        own.map(|page| page.bytes().len() as u64).sum()
    }

    /// Puts blocks from `index` on in the place of what was there or later. False where they are
    /// of another model; then nothing from `index` on is of use.
    pub(crate) fn adopt(&mut self, index: usize, blocks: &[Block]) -> bool {
        match self {
            State::Cpu(layers) => layers.iter_mut().enumerate().all(|(layer, kv)| {
                kv.truncate(index * BLOCK);
                let mut pages = blocks.iter().map(|block| block.get(layer));
                pages.all(|page| page.is_some_and(|page| kv.push(page.clone())))
            }),
            State::Candle(_) | State::Stock(_) => false,
        }
    }
}
