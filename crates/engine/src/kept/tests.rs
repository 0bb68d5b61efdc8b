//! Folders made by the tests, quantised, kept and remade.

use super::*;
use crate::weights::Weights;
use formats::ggml;
use kernels::BlockType;
use std::fs;
use tempfile::TempDir;

/// Name, rows, columns (0: a vector of as many numbers as rows), and the type asked for Q4_K.
const TENSORS: [(&str, usize, usize, &str); 8] = [
    ("model.embed_tokens.weight", 40, 256, "Q4_K"),
    ("model.layers.0.mlp.down_proj.weight", 64, 512, "Q4_K"),
    ("model.layers.0.mlp.up_proj.weight", 32, 96, "Q8_0"),
    ("model.layers.0.mlp.odd_proj.weight", 32, 40, "BF16"),
    ("model.layers.0.mlp.gate.weight", 64, 256, "BF16"),
    ("model.layers.0.mlp.up_proj.bias", 256, 0, "BF16"),
    ("model.norm.weight", 256, 0, "BF16"),
    ("model.few.weight", 4, 256, "BF16"),
];

struct Case {
    folder: TempDir,
    kept: TempDir,
}

fn values(count: usize) -> Vec<f32> {
    let mut state = 11u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        // The upper half of a float: BF16 holds it exactly.
        let value = state as f32 / u32::MAX as f32 - 0.5;
        f32::from_bits(value.to_bits() & 0xffff_0000)
    };
    (0..count).map(|_| next()).collect()
}

impl Case {
    fn new() -> Case {
        let case = Case {
            folder: TempDir::new().unwrap(),
            kept: TempDir::new().unwrap(),
        };
        fs::write(case.folder.path().join("config.json"), "{}").unwrap();
        case.write_weights(|_| {});
        case
    }

    fn weights(&self) -> PathBuf {
        self.folder.path().join("model.safetensors")
    }

    fn write_weights(&self, change: impl Fn(&mut Vec<f32>)) {
        let (mut data, mut header) = (Vec::new(), serde_json::Map::new());
        for (name, rows, columns, _) in TENSORS {
            let from = data.len();
            let mut values = values(rows * columns.max(1));
            change(&mut values);
            let halves = values.iter().map(|value| (value.to_bits() >> 16) as u16);
            data.extend(halves.flat_map(u16::to_le_bytes));
            let shape = if columns > 0 {
                vec![rows, columns]
            } else {
                vec![rows]
            };
            let place = serde_json::json!({
                "dtype": "BF16", "shape": shape, "data_offsets": [from, data.len()],
            });
            header.insert(name.into(), place);
        }
        let header = serde_json::to_vec(&header).unwrap();
        let length = (header.len() as u64).to_le_bytes();
        fs::write(self.weights(), [&length[..], &header, &data].concat()).unwrap();
    }

    /// The checkpoint that is made, and whether it was made anew: then progress was told.
    fn load(&self, cancel: &Cancel) -> Result<(Checkpoint, bool), AppError> {
        self.load_telling(cancel, &mut |_| {})
    }

    fn load_telling(
        &self,
        cancel: &Cancel,
        tell: &mut dyn FnMut(u64),
    ) -> Result<(Checkpoint, bool), AppError> {
        let threads = Threads::new(2);
        let quantise = Quantise {
            kind: WeightType::Q4K,
            folder: self
                .kept
                .path()
                .join("deep/inside")
                .to_str()
                .unwrap()
                .into(),
        };
        let mut told = false;
        let checkpoint = Checkpoint::open(self.folder.path()).unwrap();
        let mut progress = |done, _| {
            told = true;
            tell(done);
        };
        let made = quantised(checkpoint, &quantise, &threads, cancel, &mut progress)?;
        Ok((made, told))
    }

    /// Kept files and unfinished ones.
    fn files(&self) -> Vec<PathBuf> {
        let inside = self.kept.path().join("deep").join("inside");
        let entries = fs::read_dir(inside).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        paths.filter(|path| !path.ends_with("lock")).collect()
    }

    /// Loads and looks at every number.
    fn check(&self, anew: bool) {
        let (checkpoint, told) = self.load(&Cancel::new()).unwrap();
        assert_eq!(told, anew);
        assert_eq!(self.files().len(), 1, "{:?}", self.files());
        let weights = Weights::map(&checkpoint).unwrap();
        for (name, rows, columns, kind) in TENSORS {
            let tensor = checkpoint.tensor(name).unwrap();
            assert_eq!(tensor.kind.name, kind, "{name}");
            let values = values(rows * columns.max(1));
            let expected = crate::quantise(ggml::Type::named(kind).unwrap(), &values).unwrap();
            let found = weights.bytes(tensor.part, tensor.offset, tensor.bytes);
            assert!(found == expected, "{name}");
            let mut back = vec![0f32; values.len()];
            let kind = BlockType::named(kind).unwrap();
            assert!(kernels::dequantize(kind, found, &mut back));
            for (back, value) in back.iter().zip(&values) {
                assert!((back - value).abs() < 0.05, "{name}: {back} for {value}");
            }
        }
    }
}

#[test]
fn a_second_start_reads_what_the_first_made() {
    let case = Case::new();
    case.check(true);
    let modified = |case: &Case| fs::metadata(&case.files()[0]).unwrap().modified().unwrap();
    let first = modified(&case);
    case.check(false);
    assert_eq!(modified(&case), first);
}

#[test]
fn what_is_damaged_or_stale_is_made_again() {
    let case = Case::new();
    case.check(true);
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes.truncate(bytes.len() - 100),
        |bytes| bytes.clear(),
        |bytes| bytes[0] = b'g',
        |bytes| {
            let at = bytes.windows(8).position(|eight| eight == b"up_proj.");
            bytes[at.unwrap()] = b'U';
        },
    ];
    for damage in damages {
        let path = case.files().remove(0);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        case.check(true);
    }
    // The same numbers, written later.
    let later = fs::metadata(case.weights()).unwrap().modified().unwrap() + Duration::from_secs(1);
    let weights = fs::File::options().write(true).open(case.weights());
    weights.unwrap().set_modified(later).unwrap();
    case.check(true);
    // What a process left that was killed while it wrote, and what belongs to a model that is gone.
    let path = case.files().remove(0);
    fs::write(path.with_file_name("other.part"), "half").unwrap();
    let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    assert!(text.contains(case.folder.path().to_str().unwrap()));
    let gone = Case::new();
    gone.check(true);
    fs::copy(gone.files().remove(0), path.with_file_name("gone.gguf")).unwrap();
    drop(gone);
    fs::write(&path, "damaged").unwrap();
    case.check(true);
}

#[test]
fn a_cancel_or_numbers_that_are_none_leave_nothing_behind() {
    let case = Case::new();
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(case.load(&cancel).unwrap_err().key, "cancelled");
    assert!(case.files().is_empty(), "{:?}", case.files());
    let cancel = Cancel::new();
    let midway = case.load_telling(&cancel, &mut |done| {
        assert_eq!(case.files().len(), 1, "an unfinished file");
        if done > 0 {
            cancel.cancel();
        }
    });
    assert_eq!(midway.unwrap_err().key, "cancelled");
    assert!(case.files().is_empty(), "{:?}", case.files());
    for bad in [f32::NAN, f32::INFINITY] {
        case.write_weights(|values| values[3] = bad);
        assert_eq!(case.load(&Cancel::new()).unwrap_err().key, "model-damaged");
        assert!(case.files().is_empty(), "{:?}", case.files());
    }
}

#[test]
fn a_stop_is_heard_while_another_process_makes_it() {
    let case = Case::new();
    case.check(true);
    let path = case.files().remove(0).with_file_name("lock");
    let lock = fs::File::options().write(true).open(path).unwrap();
    lock.lock().unwrap();
    let cancel = Cancel::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| case.load(&cancel));
        std::thread::sleep(PAUSE * 2);
        assert!(!waiting.is_finished());
        cancel.cancel();
        assert_eq!(waiting.join().unwrap().unwrap_err().key, "cancelled");
    });
}
