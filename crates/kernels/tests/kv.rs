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

/// As ggml has them: 32 numbers of a head with a scale, each at most half a scale off.
#[test]
fn blocks_of_32_have_a_scale_each() {
    let shape = KvShape {
        kv_heads: 2,
        key_size: 64,
        value_size: 32,
        kind: KvKind::Q8_0,
    };
    assert_eq!(shape.page_bytes(), 2 * 64 * (64 + 32) * 34 / 32);
    let (mut keys, mut values) = (numbers(100 * 128, 1), numbers(100 * 64, 2));
    keys[..32].fill(0.0);
    keys[32..64].fill(1e-9); // less than a half-float can scale
    values[..32].fill(1e30);
    values[32] = f32::INFINITY;
    values[64] = f32::NAN;
    let mut kv = LayerKv::new(shape);
    assert!(kv.write(0, &keys, &values));
    let half = |bytes: &[u8]| {
        let bits = u16::from_ne_bytes([bytes[0], bytes[1]]);
        let (fraction, exponent) = (f32::from(bits & 0x3ff), i32::from(bits >> 10));
        match exponent {
            0 => fraction / 16_777_216.0,
            0x1f => f32::NAN,
            _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
        }
    };
    let head = shape.page_bytes() / 2;
    for position in 0..100 {
        let (page, within) = (kv.pages()[position / 64].bytes(), position % 64);
        let (group, lane) = (within / 16, within % 16);
        let key = |of: usize, i: usize| {
            let part = &page[of * head..];
            let scale = &part[64 * 64 + ((group * 2 + i / 32) * 16 + lane) * 2..];
            let quant = part[(group * 64 + i) * 16 + lane] as i8;
            (half(scale), quant, keys[(position * 2 + of) * 64 + i])
        };
        let value = |of: usize, i: usize| {
            let part = &page[of * head + 64 * 64 * 34 / 32..];
            let scale = &part[64 * 32 + within * 2..];
            let quant = part[within * 32 + i] as i8;
            (half(scale), quant, values[(position * 2 + of) * 32 + i])
        };
        let keys = (0..2).flat_map(|of| (0..64).map(move |i| (of, i)).map(|(of, i)| key(of, i)));
        let values =
            (0..2).flat_map(|of| (0..32).map(move |i| (of, i)).map(|(of, i)| value(of, i)));
        for (scale, quant, number) in keys.chain(values) {
            let found = scale * f32::from(quant);
            if (position, scale.is_nan()) == (1, true) {
                continue; // with what is not a number
            }
            let most = 65504.0 * 127.0;
            let near = if number.abs() < 1e-6 {
                1e-9
            } else {
                scale * 0.500_001
            };
            let off = (found - number.clamp(-most, most)).abs();
            assert!(off <= near, "{found} for {number} at {position}");
        }
        let is_spoiled = value(0, 9).0.is_nan();
        assert_eq!(is_spoiled, position == 1, "at {position}");
    }
    assert_eq!(KvKind::Q8_0.of_sizes(64, 32), KvKind::Q8_0);
    for (key, value) in [(80, 80), (64, 80), (16, 32)] {
        assert_eq!(KvKind::Q8_0.of_sizes(key, value), KvKind::F16);
        assert_eq!(KvKind::F32.of_sizes(key, value), KvKind::F32);
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
