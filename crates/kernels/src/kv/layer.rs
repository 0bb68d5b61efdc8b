//! A layer's pages, in order: grown, cut short, forked, and joined with stored ones.

use super::{KvShape, Page};
use std::sync::Arc;

/// The keys and values of one layer of a sequence. How many positions are used, the sequence
/// knows. A clone is a fork: it shares the pages until one of the two writes.
#[derive(Clone)]
pub struct LayerKv {
    shape: KvShape,
    pages: Vec<Arc<Page>>,
}

impl LayerKv {
    /// Without a page.
    pub fn new(shape: KvShape) -> LayerKv {
        LayerKv {
            shape,
            pages: Vec::new(),
        }
    }

    /// What its pages hold.
    pub fn shape(&self) -> KvShape {
        self.shape
    }

    /// The pages from position 0 on, each of [`Page::POSITIONS`]; of the last, the sequence may
    /// use only the first positions.
    pub fn pages(&self) -> &[Arc<Page>] {
        &self.pages
    }

    /// One more page behind the last, such as one that was stored. Returns false, with nothing
    /// done, where it is of another shape.
    pub fn push(&mut self, page: Arc<Page>) -> bool {
        let fits = page.shape() == self.shape;
        if fits {
            self.pages.push(page);
        }
        fits
    }

    /// Lets go of the pages in which none of the first `positions` lies.
    pub fn truncate(&mut self, positions: usize) {
        self.pages.truncate(positions.div_ceil(Page::POSITIONS));
    }

    /// Writes the keys (tokens, kv_heads * key_size) and values (tokens, kv_heads * value_size)
    /// of consecutive tokens, the first at position `past`; what was there or later counts no
    /// more. Pages never move; one that a fork or the store holds too is copied first. Returns
    /// false, with nothing done, where the sizes do not agree or positions before `past` have no
    /// page.
    pub fn write(&mut self, past: usize, keys: &[f32], values: &[f32]) -> bool {
        let KvShape {
            kv_heads,
            key_size,
            value_size,
            ..
        } = self.shape;
        let (key_row, value_row) = (kv_heads * key_size, kv_heads * value_size);
        if key_row == 0 || value_row == 0 || !keys.len().is_multiple_of(key_row) {
            return false;
        }
        let tokens = keys.len() / key_row;
        let room = self.pages.len() * Page::POSITIONS;
        if values.len() != tokens * value_row || past > room {
            return false;
        }
        let rows = keys
            .chunks_exact(key_row)
            .zip(values.chunks_exact(value_row));
        for (position, (keys, values)) in (past..).zip(rows) {
            let number = position / Page::POSITIONS;
            if number == self.pages.len() {
                self.pages.push(Arc::new(Page::new(self.shape)));
            }
            let page = Arc::make_mut(&mut self.pages[number]);
            page.put(position % Page::POSITIONS, keys, values);
        }
        true
    }
}
