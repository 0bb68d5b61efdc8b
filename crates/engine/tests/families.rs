//! Every family against transformers and llama.cpp, on the tiny models of
//! `tests/golden/families`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::family::tensor::Tensors;
use common::family::{Row, golden, weights};
use common::likeliest;
use engine::{Cancel, LoadOptions, Model, Sequence, Wanted};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

/// Most relative error of the logits' norm beside transformers.
const NEAR: f64 = 1e-4;
/// The same between two ways of reading the same tokens.
const EQUAL: f64 = 1e-5;
/// Greedy answers may part where the reference's two likeliest tokens are closer than this.
const UNDECIDED: f32 = 0.2;
const CONTEXT: u32 = 256;

fn load(path: &Path) -> Result<Model, protocol::AppError> {
    let options = LoadOptions {
        context: Some(CONTEXT),
        threads: 2,
        quantise: None,
    };
    Model::load(path, &options, &Cancel::new(), &mut |_, _| {})
}

/// Reads tokens in one step and gives a row of logits for each.
fn all(model: &Model, sequence: &mut Sequence, ids: &[u32]) -> Vec<Vec<f32>> {
    let logits = engine::step(model, sequence, ids, Wanted::All, &Cancel::new()).unwrap();
    logits
        .chunks(logits.len() / ids.len())
        .map(<[f32]>::to_vec)
        .collect()
}

/// The same one token at a time.
fn one_by_one(model: &Model, sequence: &mut Sequence, ids: &[u32]) -> Vec<Vec<f32>> {
    ids.iter()
        .flat_map(|id| all(model, sequence, &[*id]))
        .collect()
}

/// Relative error of the norm.
fn apart(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square = |x: f32| f64::from(x).powi(2);
    let error: f64 = a.iter().zip(b).map(|(a, b)| square(a - b)).sum();
    let norm: f64 = b.iter().map(|b| square(*b)).sum();
    (error / norm).sqrt()
}

/// What is wrong beside what must be equal, in words.
fn compare(wrong: &mut Vec<String>, what: &str, most: f64, ours: &[Vec<f32>], theirs: &[Vec<f32>]) {
    let pairs = ours.iter().zip(theirs);
    let worst = pairs.map(|(a, b)| apart(a, b)).fold(0.0, f64::max);
    if ours.len() != theirs.len() || worst.is_nan() || worst > most {
        wrong.push(format!("{what}: {worst:.2e}"));
    }
}

/// The three cases beside transformers, then the same tokens read in other ways.
fn wrong(row: &Row, model: &Model, expected: &[Vec<f32>]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut sequence = model.sequence();
    let first = all(model, &mut sequence, &row.first);
    let mut forked = sequence.fork().unwrap();
    let second = all(model, &mut sequence, &row.second);
    let long = all(model, &mut model.sequence(), &row.long);
    let cases = [
        ("the middle of the prompt", &first[row.first.len() / 2 - 1]),
        ("the prompt", first.last().unwrap()),
        ("the second prompt", second.last().unwrap()),
        ("the long prompt", long.last().unwrap()),
    ];
    for ((case, ours), expected) in cases.into_iter().zip(expected) {
        compare(
            &mut wrong,
            case,
            NEAR,
            std::slice::from_ref(ours),
            std::slice::from_ref(expected),
        );
    }
    let whole = [first, second].concat();
    let ids = [&row.first[..], &row.second].concat();
    let singly = one_by_one(model, &mut model.sequence(), &ids);
    compare(&mut wrong, "token by token", EQUAL, &singly, &whole);
    let long_singly = one_by_one(model, &mut model.sequence(), &row.long);
    compare(
        &mut wrong,
        "token by token, long",
        EQUAL,
        &long_singly,
        &long,
    );
    // Other tokens first, where those that count will be.
    for kept in [30, 5] {
        sequence.truncate(kept);
        all(model, &mut sequence, &row.long[..20]);
        sequence.truncate(kept);
        let refilled = all(model, &mut sequence, &ids[kept..]);
        compare(
            &mut wrong,
            "truncated and refilled",
            EQUAL,
            &refilled,
            &whole[kept..],
        );
    }
    // The fork reads what the first read, while that goes on elsewhere.
    sequence.truncate(row.first.len());
    let mut other = forked.fork().unwrap();
    all(model, &mut other, &row.long[..7]);
    all(model, &mut sequence, &row.long[..9]);
    let again = all(model, &mut forked, &row.second);
    compare(
        &mut wrong,
        "forked",
        EQUAL,
        &again,
        &whole[row.first.len()..],
    );
    wrong
}

/// The forms that a model's files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// A folder with one safetensors file.
    Folder,
    /// A folder with several, and their index.
    Sharded,
    /// A folder whose config.json says the same in other words.
    Spelled,
    /// A folder in F16.
    FolderF16,
    /// A folder in BF16.
    FolderBf16,
    /// llama.cpp's converter's file.
    Gguf,
    /// The same with its matrices in each of [`KINDS`].
    Quantised,
}

/// What was wrong with a form, by row and by what it was: its type, or nothing.
type Found = BTreeMap<(String, String), Vec<String>>;

/// A row in a form, loaded and held against what is known of it. Nothing where there is no such
/// form of this row.
fn check(row: &Row, form: Form) -> BTreeMap<String, Vec<String>> {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join(&row.name);
    let tensors = row.tensors();
    let beside_transformers = |gguf| match load(&path) {
        Ok(model) => wrong(row, &model, &row.logits(gguf)),
        Err(error) => vec![format!("{error:?}")],
    };
    let one = |found| BTreeMap::from([(String::new(), found)]);
    match form {
        Form::Folder | Form::Sharded => {
            let shards = if form == Form::Folder { 1 } else { 3 };
            row.write_folder(&path, &row.config, &tensors, "F32", shards);
            one(beside_transformers(false))
        }
        Form::Spelled => {
            let each = row.spelled.iter().enumerate().map(|(at, config)| {
                row.write_folder(&path, config, &tensors, "F32", 1);
                (at.to_string(), beside_transformers(false))
            });
            each.collect()
        }
        Form::FolderF16 => one(rounded(row, tensors, "F16", &path)),
        Form::FolderBf16 => one(rounded(row, tensors, "BF16", &path)),
        Form::Gguf if row.gguf.is_none() => BTreeMap::new(),
        Form::Gguf => {
            std::fs::write(&path, row.gguf(&tensors)).unwrap();
            one(beside_transformers(true))
        }
        Form::Quantised => {
            let each = answers(&row.name).into_iter().map(|(kind, greedy)| {
                let file = row.gguf_in(&tensors, &kind);
                let made = common::family::sha256(&file);
                assert_eq!(
                    made, greedy.sha256,
                    "{} {kind}: not llama.cpp's file",
                    row.name
                );
                std::fs::write(&path, file).unwrap();
                let wrong = match load(&path) {
                    Ok(model) => answer_is_wrong(&model, &row.first, &greedy),
                    Err(error) => Some(format!("{error:?}")),
                };
                (kind, wrong.into_iter().collect())
            });
            each.collect()
        }
    }
}

/// A folder in 16 bits beside the same numbers in 32.
fn rounded(row: &Row, mut tensors: Tensors, kind: &str, path: &Path) -> Vec<String> {
    for tensor in tensors.values_mut() {
        tensor.round(kind);
    }
    let read = |folder: &Path, kind| {
        row.write_folder(folder, &row.config, &tensors, kind, 1);
        let model = load(folder)?;
        Ok(all(&model, &mut model.sequence(), &row.first))
    };
    let exact: Result<_, protocol::AppError> = read(&path.join("exact"), "F32");
    match exact.and_then(|exact| Ok((exact, read(path, kind)?))) {
        Ok((exact, ours)) => {
            let mut wrong = Vec::new();
            compare(&mut wrong, "16 bits beside 32", EQUAL, &ours, &exact);
            wrong
        }
        Err(error) => vec![format!("{error:?}")],
    }
}

/// Every chosen row in a form; found once, though several tests ask.
fn found(form: Form) -> &'static Found {
    static FOUND: [OnceLock<Found>; 7] = [const { OnceLock::new() }; 7];
    FOUND[form as usize].get_or_init(|| {
        let of = |name: String| {
            let row = check(&Row::read(&name), form).into_iter();
            row.map(move |(kind, wrong)| ((name.clone(), kind), wrong))
        };
        chosen().into_iter().flat_map(of).collect()
    })
}

/// That nothing is wrong in a form.
fn holds(form: Form) {
    let lines = found(form).iter().flat_map(|((name, kind), wrong)| {
        let wrong = wrong.iter().filter(|wrong| !is_unknown(wrong));
        wrong.map(move |wrong| format!("{name} {kind}: {wrong}"))
    });
    let lines: Vec<String> = lines.collect();
    assert!(lines.is_empty(), "{form:?}\n{}", lines.join("\n"));
}

/// A family that is not described is told so in docs/models.md, and is not wrong.
fn is_unknown(wrong: &str) -> bool {
    wrong.contains("unknown-architecture")
}

#[test]
fn folders_are_as_transformers_says() {
    holds(Form::Folder);
}

#[test]
fn sharded_folders_are_as_transformers_says() {
    holds(Form::Sharded);
}

#[test]
fn other_spellings_of_a_config_are_the_same_model() {
    holds(Form::Spelled);
}

#[test]
fn folders_in_16_bits_are_their_numbers_in_32() {
    holds(Form::FolderF16);
    holds(Form::FolderBf16);
}

#[test]
fn converted_files_are_as_transformers_says() {
    holds(Form::Gguf);
}

#[test]
fn quantised_files_answer_as_llama_cpp_does() {
    holds(Form::Quantised);
}

/// Types whose files llama.cpp has answered for.
const KINDS: [&str; 7] = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"];

/// What llama.cpp says of a file: `tests/golden/families/greedy.mjs`.
#[derive(Deserialize)]
struct Greedy {
    sha256: String,
    /// At each position the two largest logits, the chosen token first.
    top_two: Vec<[(u32, f32); 2]>,
}

/// By type.
fn answers(name: &str) -> BTreeMap<String, Greedy> {
    let path = golden().join("greedy").join(format!("{name}.json"));
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).unwrap(),
        Err(_) => BTreeMap::new(),
    }
}

/// Where our greedy tokens are not llama.cpp's on the same file.
fn answer_is_wrong(model: &Model, prompt: &[u32], greedy: &Greedy) -> Option<String> {
    let mut sequence = model.sequence();
    let mut logits = all(model, &mut sequence, prompt).pop().unwrap();
    let (mut squares, mut count) = (0.0, 0.0);
    for (at, top_two) in greedy.top_two.iter().enumerate() {
        for (id, logit) in top_two {
            squares += (logits[*id as usize] - logit).powi(2);
            count += 1.0;
        }
        let rms = f32::sqrt(squares / count);
        let id = likeliest(&logits);
        let gap = top_two[0].1 - top_two[1].1;
        if id != top_two[0].0 {
            let undecided = gap < UNDECIDED.max(3.0 * rms);
            let said = format!("{id} at {at}, {gap:.2} apart, RMS {rms:.3}");
            return (!undecided).then_some(said);
        }
        logits = all(model, &mut sequence, &[id]).pop().unwrap();
    }
    None
}

#[test]
fn prompts_are_the_generators() {
    for name in names() {
        let row = Row::read(&name);
        let size = row.config["vocab_size"].as_u64().unwrap().min(384);
        let cases = [
            ("first", &row.first),
            ("second", &row.second),
            ("long", &row.long),
        ];
        for (case, ids) in cases {
            assert_eq!(
                weights::ids(&format!("{name} {case}"), ids.len(), size),
                *ids
            );
        }
    }
}

#[test]
fn files_are_the_converters() {
    for name in names() {
        let row = Row::read(&name);
        if row.gguf.is_some() {
            row.gguf(&row.tensors());
        }
    }
}

#[test]
#[ignore = "writes the files for greedy.mjs into $PARLEY_FAMILIES"]
fn write_files() {
    let folder = std::path::PathBuf::from(std::env::var_os("PARLEY_FAMILIES").unwrap());
    for name in names() {
        let row = Row::read(&name);
        if row.gguf.is_some() {
            let tensors = row.tensors();
            for kind in KINDS {
                let file = row.gguf_in(&tensors, kind);
                std::fs::write(folder.join(format!("{name}.{kind}.gguf")), file).unwrap();
            }
        }
    }
}

/// All rows.
fn names() -> Vec<String> {
    let files = std::fs::read_dir(golden().join("rows")).unwrap();
    let name = |file: std::io::Result<std::fs::DirEntry>| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json").map(str::to_owned)
    };
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    names
}

/// Those of `$PARLEY_ROWS`, names with spaces between, or all.
fn chosen() -> Vec<String> {
    let wanted = std::env::var("PARLEY_ROWS").unwrap_or_default();
    let is_wanted = |name: &String| wanted.is_empty() || wanted.split(' ').any(|one| one == name);
    names().into_iter().filter(is_wanted).collect()
}
