//! A token's arithmetic allocates nothing once one of its size was made: products (but for those
//! of many experts at once, and pages of keys and values, which are new each 64 positions).
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]
#![allow(unsafe_code, reason = "who counts what is allocated allocates")]

use kernels::{
    Activations, BlockType, HeadScoring, KvKind, KvShape, LayerKv, Matrix, Pool, Product,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// The system's memory, and how often it was asked for.
struct Counted;

static ASKED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is the system's own.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(1, SeqCst);
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller's.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALL: Counted = Counted;

const COLUMNS: usize = 512;
const ROWS: usize = 256;
const HEADS: usize = 8;
const SIZE: usize = ROWS / HEADS;
const PAST: usize = 500;

#[test]
fn each_token_had_lists_of_products_allocated() {
    for threads in [1, 3] {
        let pool = Pool::new(threads);
        for kind in [BlockType::Q8_0, BlockType::F32] {
            let bytes = vec![1; ROWS * kind.row_bytes(COLUMNS).unwrap()];
            let weights = Matrix::new(kind, &bytes, COLUMNS).unwrap();
            let numbers: Vec<f32> = (0..COLUMNS).map(|at| (at as f32).sin()).collect();
            let mut x = Activations::default();
            let mut out = vec![0.0; 3 * ROWS];
            let mut kv = LayerKv::new(KvShape {
                kv_heads: 2,
                key_size: SIZE,
                value_size: SIZE,
                kind: KvKind::F16,
            });
            let keys = vec![0.5; (PAST + 1) * 2 * SIZE];
            assert!(kv.write(0, &keys, &keys));
            let scoring = HeadScoring {
                heads: HEADS,
                scale: 0.2,
                window: None,
                softcap: None,
                slopes: None,
                sinks: None,
            };
            let mut mixed = vec![0.0; ROWS];
            let mut token = || {
                x.set(&pool, &[kind], &numbers, COLUMNS);
                let mut parts = out.chunks_mut(ROWS);
                let mut products = [(); 3].map(|()| Product {
                    weights,
                    bias: None,
                    x: &x,
                    tokens: 0..1,
                    out: parts.next().unwrap(),
                });
                assert!(kernels::products(&pool, &mut products));
                let queries = &numbers[..ROWS];
                let key = &keys[..2 * SIZE];
                assert!(kv.write(PAST, key, key));
                assert!(kernels::attend(
                    &pool, &kv, queries, PAST, &scoring, &mut mixed
                ));
            };
            // A thread has memory of its own from its first work on, whenever that comes.
            let asks_for_none = (0..200).any(|_| {
                let before = ASKED.load(SeqCst);
                (0..20).for_each(|_| token());
                ASKED.load(SeqCst) == before
            });
            assert!(asks_for_none, "{kind:?}, {threads} threads");
        }
    }
}
