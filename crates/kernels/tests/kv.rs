//! Pages: their bytes, their growth, and who shares them.

mod common;

use common::numbers;
use kernels::{KvKind, KvShape, LayerKv, Page};
use std::sync::Arc;

const SHAPE: KvShape = KvShape {
    kv_heads: 3,
    key_size: 9,
    value_size: 20,
    kind: KvKind::F16,
};

fn written(kind: KvKind, tokens: usize) -> LayerKv {
    let mut kv = LayerKv::new(KvShape { kind, ..SHAPE });
    assert!(kv.write(0, &numbers(tokens * 27, 1), &numbers(tokens * 60, 2)));
    kv
}

fn bytes(kv: &LayerKv) -> Vec<Vec<u8>> {
    kv.pages()
        .iter()
        .map(|page| page.bytes().to_vec())
        .collect()
}

#[test]
fn bytes_come_back() {
    for (kind, size) in [(KvKind::F16, 2), (KvKind::F32, 4)] {
        let kv = written(kind, 100);
        let shape = kv.shape();
        assert_eq!(shape.page_bytes(), 3 * 64 * (9 + 32) * size);
        for page in kv.pages() {
            assert!(page.bytes().as_ptr().addr().is_multiple_of(64));
            let again = Page::from_bytes(shape, page.bytes()).expect("a page");
            assert_eq!(again.bytes(), page.bytes());
            let (short, long) = (&page.bytes()[1..], [page.bytes(), &[0]].concat());
            assert!(Page::from_bytes(shape, short).is_none());
            assert!(Page::from_bytes(shape, &long).is_none());
        }
        let any = vec![0xff; shape.page_bytes()];
        assert_eq!(Page::from_bytes(shape, &any).expect("a page").bytes(), any);
    }
}

#[test]
fn keys_lie_position_beside_position_and_values_row_by_row() {
    let mut kv = LayerKv::new(KvShape {
        kind: KvKind::F32,
        ..SHAPE
    });
    let keys: Vec<f32> = (0..70 * 27).map(|i| i as f32).collect();
    let values: Vec<f32> = (0..70 * 60).map(|i| -(i as f32)).collect();
    assert!(kv.write(0, &keys, &values));
    let at = |page: &Page, index: usize| {
        let bytes = page.bytes()[index * 4..].first_chunk().expect("four");
        f32::from_ne_bytes(*bytes)
    };
    for (position, head, i) in [(0, 0, 0), (17, 1, 8), (63, 2, 3), (64, 0, 1), (69, 2, 8)] {
        let (page, within) = (&kv.pages()[position / 64], position % 64);
        let from = head * 64 * (9 + 32);
        let key = from + within / 16 * 9 * 16 + i * 16 + within % 16;
        assert_eq!(at(page, key), keys[position * 27 + head * 9 + i]);
        let value = from + 64 * 9 + within * 32 + i;
        assert_eq!(at(page, value), values[position * 60 + head * 20 + i]);
    }
}

#[test]
fn written_at_once_or_by_pieces_and_over_what_was_there() {
    let (keys, values) = (numbers(200 * 27, 1), numbers(200 * 60, 2));
    let all = written(KvKind::F16, 200);
    assert_eq!(all.pages().len(), 4);
    for piece in [1, 5, 64, 199] {
        let mut kv = LayerKv::new(SHAPE);
        let pieces = keys.chunks(piece * 27).zip(values.chunks(piece * 60));
        for (number, (keys, values)) in pieces.enumerate() {
            assert!(kv.write(number * piece, keys, values));
        }
        assert!(bytes(&kv) == bytes(&all), "by {piece}");
        kv.truncate(65);
        assert_eq!(kv.pages().len(), 2);
        assert!(kv.write(65, &keys[65 * 27..], &values[65 * 60..]));
        assert!(
            bytes(&kv) == bytes(&all),
            "by {piece}, cut and written again"
        );
        kv.truncate(64);
        assert_eq!(kv.pages().len(), 1);
        kv.truncate(0);
        assert_eq!(kv.pages().len(), 0);
    }
}

#[test]
fn a_fork_shares_pages_until_one_writes() {
    let mut kv = written(KvKind::F16, 100);
    let stored: Vec<Arc<Page>> = kv.pages().to_vec();
    let before = bytes(&kv);
    let mut fork = kv.clone();
    assert!(fork.write(100, &[1.0; 27], &[1.0; 60]));
    assert_eq!(bytes(&kv), before);
    assert_ne!(bytes(&fork), before);
    assert!(Arc::ptr_eq(&kv.pages()[0], &fork.pages()[0]));
    assert!(!Arc::ptr_eq(&kv.pages()[1], &fork.pages()[1]));
    // The fork's own page is not copied again.
    let own = Arc::as_ptr(&fork.pages()[1]);
    assert!(fork.write(101, &[2.0; 27], &[2.0; 60]));
    assert_eq!(Arc::as_ptr(&fork.pages()[1]), own);
    // The store holds its pages still.
    assert!(kv.write(0, &[3.0; 27], &[3.0; 60]));
    assert_eq!(stored[0].bytes(), before[0]);
    assert!(Arc::ptr_eq(&fork.pages()[0], &stored[0]));
    let mut again = LayerKv::new(SHAPE);
    assert!(stored.into_iter().all(|page| again.push(page)));
    assert_eq!(bytes(&again), before);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut kv = written(KvKind::F16, 64);
    let before = bytes(&kv);
    assert!(!kv.write(65, &[0.0; 27], &[0.0; 60]), "a gap");
    assert!(!kv.write(0, &[0.0; 26], &[0.0; 60]));
    assert!(!kv.write(0, &[0.0; 54], &[0.0; 60]));
    assert!(!kv.push(written(KvKind::F32, 1).pages()[0].clone()));
    assert_eq!(bytes(&kv), before);
    assert!(kv.write(64, &[], &[]));
    assert_eq!(bytes(&kv), before);
}
