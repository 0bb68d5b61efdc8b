//! The file of a block: a header that says whose it is, the layers' pages one after another, and a
//! sha256 over all of it. (The processor's own instructions reckon that at more than most disks
//! read, and nobody can make a wrong file that looks right by accident.)
//!
//! Numbers are little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | [`MAGIC`], with the version of this form as its last |
//! | 8 | bytes of all pages |
//! | 32 | the model's identity |
//! | 32 | the block's key |
//! | ... | the pages |
//! | 32 | sha256 of what is before |

use super::Block;
use super::keys::{Identity, Key};
use kernels::{KvShape, Page};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"parleyk\x01";
const HEADER: u64 = 8 + 8 + 32 + 32;
const DIGEST: u64 = 32;

/// Bytes of a file whose pages have such shapes.
pub(super) fn length(shapes: &[KvShape]) -> u64 {
    HEADER + pages(shapes) + DIGEST
}

fn pages(shapes: &[KvShape]) -> u64 {
    shapes.iter().map(|shape| shape.page_bytes() as u64).sum()
}

fn header(identity: &Identity, key: &Key, bytes: u64) -> Vec<u8> {
    [&MAGIC[..], &bytes.to_le_bytes(), identity.bytes(), key].concat()
}

/// Writes a block. Gives the bytes of the file.
pub(super) fn write(
    to: &mut impl Write,
    identity: &Identity,
    key: &Key,
    block: &Block,
) -> io::Result<u64> {
    let bytes = block.iter().map(|page| page.bytes().len() as u64).sum();
    let header = header(identity, key, bytes);
    let mut seen = Sha256::new();
    seen.update(&header);
    to.write_all(&header)?;
    for page in block {
        seen.update(page.bytes());
        to.write_all(page.bytes())?;
    }
    to.write_all(&seen.finalize())?;
    Ok(HEADER + bytes + DIGEST)
}

/// Reads the block of `key` to the file's end; None where it is anything else.
pub(super) fn read(
    mut from: impl Read,
    identity: &Identity,
    key: &Key,
    shapes: &[KvShape],
) -> Option<Block> {
    let expected = header(identity, key, pages(shapes));
    let mut header = [0; HEADER as usize];
    from.read_exact(&mut header).ok()?;
    if header[..] != expected {
        return None;
    }
    let mut seen = Sha256::new();
    seen.update(header);
    let mut block = Vec::with_capacity(shapes.len());
    let mut bytes = Vec::new();
    for shape in shapes {
        bytes.resize(shape.page_bytes(), 0);
        from.read_exact(&mut bytes).ok()?;
        seen.update(&bytes);
        block.push(Arc::new(Page::from_bytes(*shape, &bytes)?));
    }
    let mut digest = [0; DIGEST as usize];
    from.read_exact(&mut digest).ok()?;
    let ends = from.read(&mut [0; 1]).ok()? == 0;
    (ends && digest[..] == seen.finalize()[..]).then_some(block)
}
