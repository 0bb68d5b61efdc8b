//! Every family against transformers and llama.cpp, on the tiny models of
//! `tests/golden/families`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that fails, panics

mod common;

use common::family::files::{self, Placed};
use common::family::page::{Cell, Column, page};
use common::family::reading::{
    Greedy, answer_is_wrong, differences, load, smaller_is_wrong, wrong, wrong_in_any_way,
};
use common::family::tensor::{Tensor, Tensors};
use common::family::{Files, Row, golden, names, weights};
use engine::Tokenizer;
use protocol::{AppError, Quantise, WeightType};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

/// The forms that a model's files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// A folder with one safetensors file.
    Folder,
    /// A folder with several, and their index.
    Sharded,
    /// A folder whose config.json says the same in other words.
    Spelled,
    /// A folder with what older programs left in it: frequencies, and tied weights twice.
    Leftovers,
    /// A folder in F16.
    FolderF16,
    /// A folder in BF16.
    FolderBf16,
    /// A folder in F32 whose weights are made smaller when it is loaded.
    OnLoad,
    /// llama.cpp's converter's file.
    Gguf,
    /// The same model in a file that says more, or is laid out otherwise.
    OtherGguf,
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
    let beside_transformers = |gguf| {
        let model = load(&path);
        let wrong = match form {
            Form::Folder | Form::Gguf => wrong_in_any_way,
            _ => wrong,
        };
        told(model.and_then(|model| wrong(row, &model, &row.logits(gguf))))
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
        Form::Leftovers => {
            let tensors = with_leftovers(tensors);
            row.write_folder(&path, &row.config, &tensors, "F32", 1);
            one(beside_transformers(false))
        }
        Form::FolderF16 => one(rounded(row, tensors, "F16", &path)),
        Form::FolderBf16 => one(rounded(row, tensors, "BF16", &path)),
        Form::OnLoad | Form::Gguf | Form::OtherGguf if row.gguf.is_none() => BTreeMap::new(),
        // It is the same for all, so that one of each family and layout shows it.
        Form::OnLoad if row.name != row.family && row.family != "falcon" => BTreeMap::new(),
        Form::OnLoad => on_load(row, &tensors, &path),
        Form::OtherGguf => other_files(row, &tensors)
            .into_iter()
            .map(|(what, files)| {
                for (name, file) in &files {
                    std::fs::write(scratch.path().join(name), file).unwrap();
                }
                let model = load(&scratch.path().join(&files[0].0));
                // Even of Mistral's windows these files tell all.
                let wrong = model.and_then(|model| wrong(row, &model, &row.logits(false)));
                (what.to_owned(), told(wrong))
            })
            .collect(),
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
                let model = load(&path);
                let wrong = model.and_then(|model| answer_is_wrong(&model, &row.first, &greedy));
                (kind, told(wrong))
            });
            each.collect()
        }
    }
}

/// A folder whose weights are made smaller when it is loaded, in each type.
fn on_load(row: &Row, tensors: &Tensors, path: &Path) -> BTreeMap<String, Vec<String>> {
    row.write_folder(path, &row.config, tensors, "F32", 1);
    let each = WeightType::ALL.map(|kind| {
        let file = path.with_extension("gguf");
        std::fs::write(&file, row.gguf_in(tensors, kind.name())).unwrap();
        let kept = path.with_extension("kept").display().to_string();
        let quantise = Quantise { kind, folder: kept };
        let wrong = smaller_is_wrong(row, path, &file, quantise);
        (kind.name().to_owned(), told(wrong))
    });
    each.into()
}

/// What other programs write of some rows.
fn other_files(row: &Row, tensors: &Tensors) -> Vec<(&'static str, Files)> {
    let one = |metadata: &[Value], placed: &[Placed]| {
        vec![("model.gguf".to_owned(), files::gguf(metadata, placed))]
    };
    match row.name.as_str() {
        "mistral-window" => {
            let mut metadata = row.metadata();
            metadata.push(json!(["llama.attention.sliding_window", "uint32", 16]));
            vec![("a window told", one(&metadata, &row.placed(tensors)))]
        }
        "mixtral" => vec![
            (
                "a tensor for each expert",
                one(&row.metadata(), &row.apart(tensors)),
            ),
            ("split in three", row.gguf_split(tensors, 3)),
        ],
        "llama" => vec![("split in two", row.gguf_split(tensors, 2))],
        _ => Vec::new(),
    }
}

/// Each attention's frequencies, which are wrong here so that they are noticed where they are
/// used; and the output's weights, which are the embedding's.
fn with_leftovers(mut tensors: Tensors) -> Tensors {
    let of_q = |name: &String| {
        let ends = ["q_proj.weight", "qkv_proj.weight", "query_key_value.weight"];
        let stem = ends.iter().find_map(|end| name.strip_suffix(end));
        stem.map(|stem| format!("{stem}rotary_emb.inv_freq"))
    };
    for name in tensors.keys().filter_map(of_q).collect::<Vec<_>>() {
        tensors.insert(name, Tensor::of(vec![32], vec![0.5; 32]));
    }
    let embeddings = [
        "model.embed_tokens.weight",
        "transformer.word_embeddings.weight",
    ];
    let embedding = embeddings
        .iter()
        .find_map(|name| tensors.get(*name))
        .cloned();
    if let Some(embedding) = embedding {
        tensors
            .entry("lm_head.weight".to_owned())
            .or_insert(embedding);
    }
    tensors
}

/// A folder in 16 bits beside the same numbers in 32.
fn rounded(row: &Row, mut tensors: Tensors, kind: &str, path: &Path) -> Vec<String> {
    for tensor in tensors.values_mut() {
        tensor.round(kind);
    }
    let read = |folder: &Path, kind| {
        row.write_folder(folder, &row.config, &tensors, kind, 1);
        load(folder)
    };
    let exact = read(&path.join("exact"), "F32");
    let both = exact.and_then(|exact| Ok((exact, read(path, kind)?)));
    told(both.and_then(|(exact, ours)| differences(&ours, &exact, &row.first)))
}

/// A failure is wrong too.
fn told(found: Result<Vec<String>, AppError>) -> Vec<String> {
    found.unwrap_or_else(|error| vec![format!("{error:?}")])
}

/// Every chosen row in a form; found once, though several tests ask.
fn found(form: Form) -> &'static Found {
    static FOUND: [OnceLock<Found>; 10] = [const { OnceLock::new() }; 10];
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
        wrong
            .iter()
            .map(move |wrong| format!("{name} {kind}: {wrong}"))
    });
    let lines: Vec<String> = lines.collect();
    assert!(lines.is_empty(), "{form:?}\n{}", lines.join("\n"));
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
fn what_older_programs_left_in_a_folder_changes_nothing() {
    holds(Form::Leftovers);
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
fn files_of_other_programs_are_as_transformers_says() {
    holds(Form::OtherGguf);
}

#[test]
fn folders_quantised_on_load_err_as_files_of_that_type() {
    holds(Form::OnLoad);
}

#[test]
fn quantised_files_answer_as_llama_cpp_does() {
    holds(Form::Quantised);
}

/// The columns of docs/models.md: which results they show.
const COLUMNS: [(Column, &[(Form, &str)]); 14] = [
    (
        Column("folder F32", "folders_are_as_transformers_says"),
        &[
            (Form::Folder, ""),
            (Form::Spelled, ""),
            (Form::Leftovers, ""),
        ],
    ),
    (
        Column("shards", "sharded_folders_are_as_transformers_says"),
        &[(Form::Sharded, "")],
    ),
    (
        Column("folder F16", "folders_in_16_bits_are_their_numbers_in_32"),
        &[(Form::FolderF16, "")],
    ),
    (
        Column("folder BF16", "folders_in_16_bits_are_their_numbers_in_32"),
        &[(Form::FolderBf16, "")],
    ),
    (
        Column(
            "on load Q8_0",
            "folders_quantised_on_load_err_as_files_of_that_type",
        ),
        &[(Form::OnLoad, "Q8_0")],
    ),
    (
        Column(
            "on load Q6_K",
            "folders_quantised_on_load_err_as_files_of_that_type",
        ),
        &[(Form::OnLoad, "Q6_K")],
    ),
    (
        Column(
            "on load Q4_K",
            "folders_quantised_on_load_err_as_files_of_that_type",
        ),
        &[(Form::OnLoad, "Q4_K")],
    ),
    (
        Column("GGUF F32", "converted_files_are_as_transformers_says"),
        &[
            (Form::Gguf, ""),
            (Form::OtherGguf, ""),
            (Form::Quantised, "F32"),
        ],
    ),
    (
        Column("GGUF F16", "quantised_files_answer_as_llama_cpp_does"),
        &[(Form::Quantised, "F16")],
    ),
    (
        Column("GGUF BF16", "quantised_files_answer_as_llama_cpp_does"),
        &[(Form::Quantised, "BF16")],
    ),
    (
        Column("GGUF Q8_0", "quantised_files_answer_as_llama_cpp_does"),
        &[(Form::Quantised, "Q8_0")],
    ),
    (
        Column("GGUF Q4_0", "quantised_files_answer_as_llama_cpp_does"),
        &[(Form::Quantised, "Q4_0")],
    ),
    (
        Column("GGUF Q4_K", "quantised_files_answer_as_llama_cpp_does"),
        &[(Form::Quantised, "Q4_K")],
    ),
    (
        Column("GGUF Q6_K", "quantised_files_answer_as_llama_cpp_does"),
        &[(Form::Quantised, "Q6_K")],
    ),
];

/// The lines of docs/models.md. Of the first, no cell may say a reason.
const FAMILIES: [(&str, bool); 27] = [
    ("llama", true),
    ("mistral", true),
    ("mixtral", true),
    ("falcon", true),
    ("olmo", true),
    ("olmo2", true),
    ("olmo3", true),
    ("olmoe", true),
    ("qwen2", false),
    ("qwen3", false),
    ("qwen3moe", false),
    ("gemma2", false),
    ("gemma3", false),
    ("phi3", false),
    ("smollm3", false),
    ("gpt-oss", false),
    // By candle-transformers.
    ("granite", false),
    ("stablelm", false),
    ("starcoder2", false),
    ("phi", false),
    ("deepseek_v2", false),
    ("mamba", false),
    ("helium", false),
    ("glm4", false),
    ("gemma", false),
    ("gpt_bigcode", false),
    ("qwen2_moe", false),
];

/// What the results of a family's rows say of a column.
fn cell(rows: &[&Row], sources: &[(Form, &str)]) -> Cell {
    let mut cell = Cell::default();
    for row in rows {
        let of_row = sources.iter().flat_map(|(form, kind)| {
            let is_meant = move |((name, of), _): &(&(String, String), &Vec<String>)| {
                *name == row.name && (kind.is_empty() || of == kind)
            };
            found(*form).iter().filter(is_meant).map(|(_, wrong)| wrong)
        });
        let results: Vec<_> = of_row.collect();
        cell.shown |= !results.is_empty();
        for wrong in results.into_iter().flatten() {
            cell.reasons.insert(format!("{}: {wrong}", row.name));
        }
    }
    cell
}

#[test]
fn the_page_of_models_is_what_a_run_shows() {
    if std::env::var("PARLEY_ROWS").is_ok_and(|rows| !rows.is_empty()) {
        return; // it is of all rows
    }
    let rows: Vec<Row> = names().iter().map(|name| Row::read(name)).collect();
    let known = |row: &Row| FAMILIES.iter().any(|(family, _)| *family == row.family);
    assert!(rows.iter().all(known), "a row of no family");
    let mut lines = Vec::new();
    for (family, is_lesson) in FAMILIES {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.family == family).collect();
        let cells: Vec<Cell> = COLUMNS.iter().map(|(_, from)| cell(&rows, from)).collect();
        let whole = cells
            .iter()
            .all(|cell| cell.shown && cell.reasons.is_empty());
        assert!(whole || !is_lesson, "{family} has reasons");
        lines.push((family, rows, cells));
    }
    let made = page(&COLUMNS.map(|(column, _)| column), &lines);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/models.md");
    if std::env::var_os("PARLEY_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == written,
        "PARLEY_DOCS=1 cargo test -p engine --test families"
    );
}

/// By type.
fn answers(name: &str) -> BTreeMap<String, Greedy> {
    let path = golden().join("greedy").join(format!("{name}.json"));
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).unwrap(),
        Err(_) => BTreeMap::new(),
    }
}

/// A person's text is the same tokens, whichever of a model's files they are read from.
#[test]
fn folders_and_files_read_texts_alike() {
    let texts = [
        "Hello, world",
        " They're here, we've seen 12345 foxes;\n\n  I'll go. ",
        "Où est la bibliothèque ? 中文的句子在这里。🦙\t<s></s><|im_end|>",
    ];
    let mut wrong = Vec::new();
    for name in names() {
        let row = Row::read(&name);
        if row.gguf.is_none() {
            continue;
        }
        let scratch = tempfile::tempdir().unwrap();
        let (folder, file) = (scratch.path().join("folder"), scratch.path().join("gguf"));
        let tensors = row.tensors();
        row.write_folder(&folder, &row.config, &tensors, "F32", 1);
        std::fs::write(&file, row.gguf(&tensors)).unwrap();
        let [folder, file] = [folder, file].map(|path| Tokenizer::open(&path).unwrap());
        for text in texts {
            // As plain text: of what comes around control tokens the two formats differ.
            let [ours, theirs] = [&folder, &file].map(|one| one.encode(text, false).unwrap());
            if ours != theirs {
                wrong.push(format!("{name}: {text:?} {ours:?} {theirs:?}"));
            }
            if folder.decode(&ours, false).unwrap() != text {
                wrong.push(format!("{name}: {text:?} comes back otherwise"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
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

/// Those of `$PARLEY_ROWS`, names with spaces between, or all.
fn chosen() -> Vec<String> {
    let wanted = std::env::var("PARLEY_ROWS").unwrap_or_default();
    let is_wanted = |name: &String| wanted.is_empty() || wanted.split(' ').any(|one| one == name);
    names().into_iter().filter(is_wanted).collect()
}
