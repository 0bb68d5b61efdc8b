//! The store over made-up pages: what is found, what is let go, and files that are not what they
//! should be.

use super::keys::Key;
use super::*;
use kernels::KvKind;
use std::fs;
use std::path::{Path, PathBuf};

const SHAPE: KvShape = KvShape {
    kv_heads: 1,
    key_size: 16,
    value_size: 16,
    kind: KvKind::F16,
};
/// Layers, the second of another shape.
const SHAPES: [KvShape; 2] = [
    SHAPE,
    KvShape {
        kv_heads: 2,
        ..SHAPE
    },
];
const HOME: &str = "0197a1b2-conversation";

fn bytes_of_block() -> u64 {
    SHAPES.iter().map(|shape| shape.page_bytes() as u64).sum()
}

/// Ids of so many blocks, and a few more; `salt` makes them others from the first on.
fn ids(blocks: usize, salt: u32) -> Vec<u32> {
    (0..blocks * BLOCK + 5)
        .map(|at| at as u32 * 7 + salt)
        .collect()
}

/// What is "computed" for a block.
fn block(index: usize, salt: u32) -> Block {
    let page = |shape: &KvShape| {
        let byte = |at: usize| (at * 31 + index * 7 + salt as usize) as u8;
        let bytes: Vec<u8> = (0..shape.page_bytes()).map(byte).collect();
        Arc::new(Page::from_bytes(*shape, &bytes).unwrap())
    };
    SHAPES.iter().map(page).collect()
}

fn same(a: &[Block], b: &[Block]) -> bool {
    let bytes = |blocks: &[Block]| -> Vec<u8> {
        let pages = blocks.iter().flatten();
        pages.flat_map(|page| page.bytes().to_vec()).collect()
    };
    a.len() == b.len() && bytes(a) == bytes(b)
}

fn owner(conversation: &str, on_disk: bool) -> KvOwner {
    KvOwner {
        conversation: conversation.into(),
        on_disk,
    }
}

/// A store with room for so many blocks in memory.
fn store(blocks: usize, folder: Option<&Path>) -> KvStore {
    store_with(blocks, folder, 1 << 30, 1)
}

fn store_with(blocks: usize, folder: Option<&Path>, most: u64, identity: u8) -> KvStore {
    let place = folder.map(|folder| KvPlace {
        folder: folder.to_str().unwrap().into(),
        model: "model".into(),
        most,
    });
    let identity = Identity::of_test(identity);
    KvStore::new(identity, SHAPES.to_vec(), blocks * BLOCK, place.as_ref())
}

fn put(store: &KvStore, blocks: usize, salt: u32, owner: Option<&KvOwner>) {
    store.put(&ids(blocks, salt), owner, |index| Some(block(index, salt)));
}

fn found(store: &KvStore, blocks: usize, salt: u32, owner: Option<&KvOwner>) -> usize {
    let (found, _) = store.find(&ids(blocks, salt), 0, owner, &|| false);
    let expected: Vec<Block> = (0..found.len()).map(|index| block(index, salt)).collect();
    assert!(same(&found, &expected), "other pages than were put");
    found.len()
}

fn save(store: &KvStore) -> u64 {
    let mut all = 0;
    loop {
        match store.save_one() {
            Saved::Bytes(bytes) => all += bytes,
            Saved::All => return all,
            Saved::Refused(error) => panic!("{error}"),
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![folder.to_owned()];
    };
    let mut all: Vec<PathBuf> = entries
        .flat_map(|entry| files(&entry.unwrap().path()))
        .collect();
    all.sort();
    all
}

#[test]
fn a_beginning_is_found_up_to_where_it_differs() {
    let store = store(8, None);
    put(&store, 4, 0, None);
    assert_eq!(found(&store, 4, 0, None), 4);
    assert_eq!(found(&store, 6, 0, None), 4);
    assert_eq!(found(&store, 4, 1, None), 0);
    // One other token makes all blocks from its own on others.
    for (at, expected) in [(0, 0), (63, 0), (64, 1), (200, 3), (255, 3), (256, 4)] {
        let mut other = ids(4, 0);
        other[at] += 1;
        assert_eq!(
            store.find(&other, 0, None, &|| true).0.len(),
            expected,
            "token {at}"
        );
    }
    // Less than a whole block is not looked for.
    assert_eq!(store.find(&ids(4, 0)[..127], 0, None, &|| true).0.len(), 1);
    assert_eq!(store.find(&ids(4, 0), 3, None, &|| true).0.len(), 1);
    assert_eq!(store.find(&ids(4, 0), 5, None, &|| true).0.len(), 0);
}

#[test]
fn what_was_used_longest_ago_goes_first_and_the_end_before_the_beginning() {
    let store = store(6, None);
    put(&store, 3, 0, None);
    put(&store, 3, 1000, None);
    assert_eq!(store.bytes(), 6 * bytes_of_block());
    assert_eq!(found(&store, 3, 0, None), 3);
    put(&store, 2, 2000, None);
    assert_eq!(store.bytes(), 6 * bytes_of_block());
    assert_eq!(found(&store, 3, 1000, None), 1);
    assert_eq!(found(&store, 3, 0, None), 3);
    assert_eq!(found(&store, 2, 2000, None), 2);
    // What is being used stays, whatever the budget.
    put(&store, 9, 0, None);
    assert_eq!(found(&store, 9, 0, None), 9);
}

#[test]
fn another_store_finds_on_the_disk_what_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let kept = owner(HOME, true);
    let first = store(8, Some(folder.path()));
    put(&first, 3, 0, Some(&kept));
    assert!(
        first
            .due()
            .is_some_and(|wait| wait > Duration::from_secs(4))
    );
    let file = file::length(&SHAPES);
    assert_eq!(save(&first), 3 * file);
    assert_eq!(first.due(), None);
    assert_eq!(files(folder.path()).len(), 3);

    let second = store(8, Some(folder.path()));
    assert_eq!(found(&second, 4, 0, Some(&kept)), 3);
    // Nobody else finds it, but who has it in memory already.
    let third = store(8, Some(folder.path()));
    assert_eq!(found(&third, 3, 0, Some(&owner("another", true))), 0);
    assert_eq!(found(&third, 3, 0, Some(&owner(HOME, false))), 0);
    assert_eq!(found(&third, 3, 0, None), 0);
    assert_eq!(found(&second, 3, 0, Some(&owner("another", true))), 3);
    // What is there is not written again, but its date is: of the beginning the latest.
    put(&second, 3, 0, Some(&kept));
    assert_eq!(save(&second), 0);
    let mut dates: Vec<_> = (files(folder.path()).iter())
        .map(|path| fs::metadata(path).unwrap().modified().unwrap())
        .collect();
    dates.sort();
    let between = dates[2].duration_since(dates[0]).unwrap();
    assert!(between >= Duration::from_millis(150), "{between:?}");
    #[cfg(unix)]
    for path in files(folder.path()) {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let model = path.parent().unwrap();
        let modes = [&path, model, model.parent().unwrap()].map(mode);
        assert_eq!(modes, [0o600, 0o700, 0o700]);
    }
}

#[test]
fn nothing_of_a_temporary_conversation_is_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(4, Some(folder.path()));
    for owner in [
        None,
        Some(owner(HOME, false)),
        Some(owner("../outside", true)),
    ] {
        put(&store, 2, 0, owner.as_ref());
        assert_eq!(save(&store), 0);
        assert!(fs::read_dir(&folder).unwrap().next().is_none(), "{owner:?}");
    }
}

#[test]
fn a_quota_is_filled_from_the_beginning_and_memory_kept_within_its_budget() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_with(4, Some(folder.path()), 5 * bytes_of_block() / 2, 1);
    put(&store, 4, 0, Some(&owner(HOME, true)));
    save(&store);
    assert_eq!(files(folder.path()).len(), 2);
    let again = store_with(4, Some(folder.path()), 1 << 30, 1);
    assert_eq!(found(&again, 4, 0, Some(&owner(HOME, true))), 2);
    assert_eq!(store.due(), None);
    // What waits to be written stays in memory until it is, which is at once.
    let store = store_with(4, Some(folder.path()), 1 << 30, 1);
    put(&store, 4, 0, Some(&owner(HOME, true)));
    put(&store, 4, 1000, Some(&owner("another", true)));
    assert_eq!(store.bytes(), 8 * bytes_of_block());
    assert_eq!(store.due(), Some(Duration::ZERO));
    save(&store);
    assert_eq!(store.bytes(), 4 * bytes_of_block());
    // None at all.
    store.keep(None);
    put(&store, 4, 2000, Some(&owner(HOME, true)));
    assert_eq!((save(&store), store.due()), (0, None));
    assert_eq!(store.bytes(), 4 * bytes_of_block());
}

#[test]
fn a_conversation_that_is_forgotten_is_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (owner("one", true), owner("two", true));
    let store = store(16, Some(folder.path()));
    put(&store, 2, 0, Some(&one));
    put(&store, 3, 0, Some(&two));
    put(&store, 2, 1000, Some(&one));
    save(&store);
    assert_eq!(files(folder.path()).len(), 2 + 3 + 2);
    store.forget(Some("one"));
    assert_eq!(files(folder.path()).len(), 3);
    assert_eq!(found(&store, 2, 1000, Some(&one)), 0);
    // What another uses too is still its.
    assert_eq!(found(&store, 3, 0, Some(&two)), 3);
    store.forget(Some("../elsewhere"));
    store.forget(None);
    assert_eq!((store.bytes(), folder.path().exists()), (0, false));
    // And the next that is read is kept again.
    put(&store, 2, 0, Some(&one));
    assert_eq!(save(&store), 2 * file::length(&SHAPES));
}

/// What becomes of a file.
type Harm = fn(&Path);

fn changed(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Each is a miss from the harmed block on, never another answer; the file goes and is made anew.
#[test]
fn a_file_that_is_not_what_it_should_be_is_as_if_not_there() {
    let harms: [(&str, Harm); 13] = [
        ("a bit of the pages", |path| {
            changed(path, |bytes| bytes[3000] ^= 1)
        }),
        ("the first page byte", |path| {
            changed(path, |bytes| bytes[80] ^= 0x80)
        }),
        ("a bit of the digest", |path| {
            changed(path, |bytes| *bytes.last_mut().unwrap() ^= 1);
        }),
        ("another version", |path| {
            changed(path, |bytes| bytes[7] = 2)
        }),
        ("no such file", |path| {
            changed(path, |bytes| bytes[..4].fill(0))
        }),
        ("another length", |path| {
            changed(path, |bytes| bytes[8] ^= 64)
        }),
        ("another model", |path| {
            changed(path, |bytes| bytes[16] ^= 1)
        }),
        ("another block", |path| {
            changed(path, |bytes| bytes[48] ^= 1)
        }),
        ("cut short", |path| {
            changed(path, |bytes| bytes.truncate(bytes.len() - 1))
        }),
        ("empty", |path| changed(path, Vec::clear)),
        ("longer", |path| changed(path, |bytes| bytes.push(0))),
        ("far longer", |path| {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(1 << 40).unwrap();
        }),
        ("a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            fs::write(path.join("file"), "not ours").unwrap();
        }),
    ];
    for (name, harm) in harms {
        let folder = tempfile::tempdir().unwrap();
        let kept = owner(HOME, true);
        let writer = store(8, Some(folder.path()));
        put(&writer, 3, 0, Some(&kept));
        save(&writer);
        // The first stays whole: all behind the first that is not is read again, and made anew.
        let keys: Vec<Key> = keys::of(&Identity::of_test(1), &ids(3, 0)).collect();
        let of = |key: &Key| {
            let name = format!("{}.kv", keys::hex(key));
            let mut all = files(folder.path()).into_iter();
            all.find(|path| path.ends_with(&name)).unwrap()
        };
        let [_, second, third] = [0, 1, 2].map(|at| of(&keys[at]));
        harm(&second);
        harm(&third);
        let reader = store(8, Some(folder.path()));
        assert_eq!(found(&reader, 3, 0, Some(&kept)), 1, "{name}");
        assert!(!second.exists(), "{name}: it is still there");
        // Read again, it is as it was.
        put(&reader, 3, 0, Some(&kept));
        save(&reader);
        let again = store(8, Some(folder.path()));
        assert_eq!(found(&again, 3, 0, Some(&kept)), 3, "{name}");
    }
}

#[test]
fn a_file_in_the_place_of_another_is_a_miss() {
    let folder = tempfile::tempdir().unwrap();
    let kept = owner(HOME, true);
    for (salt, identity) in [(0, 1), (1000, 1), (0, 2)] {
        let store = store_with(8, Some(folder.path()), 1 << 30, identity);
        put(&store, 2, salt, Some(&kept));
        save(&store);
    }
    let all = files(folder.path());
    assert_eq!(all.len(), 6);
    let whole: Vec<Vec<u8>> = all.iter().map(|path| fs::read(path).unwrap()).collect();
    for (at, path) in all.iter().enumerate() {
        for (from, bytes) in whole.iter().enumerate().filter(|(from, _)| *from != at) {
            fs::write(path, bytes).unwrap();
            for (salt, identity) in [(0, 1), (1000, 1), (0, 2)] {
                let store = store_with(8, Some(folder.path()), 1 << 30, identity);
                found(&store, 2, salt, Some(&kept));
            }
            assert!(!path.exists(), "{from} in the place of {at}");
        }
        fs::write(path, &whole[at]).unwrap();
    }
}

#[test]
#[cfg(unix)]
fn a_pipe_or_a_link_in_the_place_of_a_file_is_a_miss_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let kept = owner(HOME, true);
    let writer = store(8, Some(folder.path()));
    put(&writer, 1, 0, Some(&kept));
    save(&writer);
    let path = files(folder.path()).remove(0);
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    let make = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(make.unwrap().success());
    assert_eq!(found(&store(8, Some(folder.path())), 1, 0, Some(&kept)), 0);
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert_eq!(found(&store(8, Some(folder.path())), 1, 0, Some(&kept)), 0);
    assert!(elsewhere.exists() && fs::symlink_metadata(&path).is_err());
}

#[test]
fn a_disk_that_refuses_is_left_alone_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("taken");
    fs::write(&place, "a file, no folder").unwrap();
    let store = store(8, Some(&place));
    put(&store, 2, 0, Some(&owner(HOME, true)));
    assert!(matches!(store.save_one(), Saved::Refused(_)));
    assert!(
        store
            .due()
            .is_some_and(|wait| wait > Duration::from_secs(50))
    );
    // What is in memory serves on.
    assert_eq!(found(&store, 2, 0, None), 2);
    fs::remove_file(&place).unwrap();
    assert_eq!(save(&store), 2 * file::length(&SHAPES));
}

#[test]
fn what_waits_for_a_disk_that_refuses_or_for_a_worker_that_is_busy_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("taken");
    fs::write(&place, "a file, no folder").unwrap();
    let many = || (0..50u32).map(|at| (at * 1000, owner(&format!("conversation-{at}"), true)));
    let refused = store(2, Some(&place));
    for (salt, owner) in many() {
        put(&refused, 1, salt, Some(&owner));
        assert!(matches!(refused.save_one(), Saved::Refused(_)));
        let blocks = refused.bytes() / bytes_of_block();
        assert!(blocks <= 2, "{blocks} blocks after {salt}");
    }
    let busy = store(2, Some(folder.path()));
    for (salt, owner) in many() {
        put(&busy, 1, salt, Some(&owner));
        let blocks = busy.bytes() / bytes_of_block();
        assert!(blocks <= 4, "{blocks} blocks after {salt}");
    }
    assert_eq!(save(&busy), 4 * file::length(&SHAPES));
}

#[test]
fn a_stop_is_heard_between_blocks_of_the_disk_and_what_is_found_so_far_is_of_use() {
    let folder = tempfile::tempdir().unwrap();
    let kept = owner(HOME, true);
    let writer = store(8, Some(folder.path()));
    put(&writer, 5, 0, Some(&kept));
    save(&writer);
    let reader = store(8, Some(folder.path()));
    let looks = std::cell::Cell::new(0);
    let third = || looks.replace(looks.get() + 1) == 2;
    let (found, all) = reader.find(&ids(5, 0), 0, Some(&kept), &third);
    assert_eq!((found.len(), all), (2, false));
    let (rest, all) = reader.find(&ids(5, 0), 2, Some(&kept), &|| false);
    assert_eq!((rest.len(), all), (3, true));
    assert!(same(&rest[..1], &[block(2, 0)]));
    // What is in memory costs nothing, and is found whatever is enough.
    let (found, all) = reader.find(&ids(5, 0), 0, Some(&kept), &|| true);
    assert_eq!((found.len(), all), (5, true));
}

#[test]
fn what_running_answers_hold_is_taken_from_what_the_store_may() {
    let mut memory = Memory::new(4 * bytes_of_block());
    for (index, key) in keys::of(&Identity::of_test(1), &ids(4, 0)).enumerate() {
        memory.put(key, index, block(index, 0), 0);
    }
    memory.turn();
    memory.beside(3 * bytes_of_block());
    memory.fit(0);
    assert_eq!(memory.bytes(), bytes_of_block());
    memory.beside(0);
    assert!(!memory.is_over());
}

/// An answer looks for its prompt's blocks in rounds, and others look between them.
#[test]
fn blocks_that_an_answer_uses_were_let_go_while_it_looked_for_more() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (owner("one", true), owner("two", true));
    let writer = store(16, Some(folder.path()));
    put(&writer, 4, 0, Some(&one));
    put(&writer, 4, 1000, Some(&two));
    save(&writer);
    let store = store(2, Some(folder.path()));
    let is_enough = |after: usize| {
        let looks = std::cell::Cell::new(0);
        move || looks.replace(looks.get() + 1) == after
    };
    let (mut first, _) = store.find(&ids(4, 0), 0, Some(&one), &is_enough(2));
    let (second, _) = store.find(&ids(4, 1000), 0, Some(&two), &|| false);
    first.extend(store.find(&ids(4, 0), 2, Some(&one), &|| false).0);
    assert_eq!((first.len(), second.len()), (4, 4));
    assert_eq!(found(&store, 4, 0, None), 4);
    drop((first, second));
    // Nobody uses them now: the budget counts again.
    put(&store, 1, 2000, None);
    assert!(store.bytes() <= 2 * bytes_of_block());
}
