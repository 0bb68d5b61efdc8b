//! Reads the prompts of a row in several ways, and holds the logits against each other and
//! against what other programs say.

use super::Row;
use crate::common::likeliest;
use engine::{Cancel, LoadOptions, Model, Sequence, Wanted};
use protocol::{AppError, Quantise};
use serde::Deserialize;
use std::path::Path;

/// Most relative error of the logits' norm beside transformers.
const NEAR: f64 = 1e-4;
/// The same between two ways of reading the same tokens.
const EQUAL: f64 = 1e-5;
/// Greedy answers may part where the reference's two likeliest tokens are closer than this.
const UNDECIDED: f32 = 0.2;
/// Two quantisers' errors are this near each other.
const ROUGHLY: f64 = 2.0;
const CONTEXT: u32 = 256;

/// A row of logits for each token.
type Logits = Vec<Vec<f32>>;

pub fn load(path: &Path) -> Result<Model, AppError> {
    load_as(path, None)
}

/// Loads a folder with its weights made smaller.
fn load_as(path: &Path, quantise: Option<Quantise>) -> Result<Model, AppError> {
    let options = LoadOptions {
        context: Some(CONTEXT),
        threads: 2,
        quantise,
        kv: engine::KvKind::F32,
        ..LoadOptions::default()
    };
    Model::load(path, &options, &Cancel::new(), &mut |_, _| {})
}

/// Reads tokens in one step.
pub fn all(model: &Model, sequence: &mut Sequence, ids: &[u32]) -> Result<Logits, AppError> {
    let logits = engine::step(model, sequence, ids, Wanted::All, &Cancel::new())?;
    let rows = logits.chunks(logits.len() / ids.len());
    Ok(rows.map(<[f32]>::to_vec).collect())
}

/// Reads them one at a time.
fn singly(model: &Model, ids: &[u32]) -> Result<Logits, AppError> {
    let mut sequence = model.sequence();
    let rows: Result<Vec<Logits>, AppError> = ids
        .iter()
        .map(|id| all(model, &mut sequence, &[*id]))
        .collect();
    Ok(rows?.concat())
}

/// Relative error of the norm.
fn apart(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square = |x: f32| f64::from(x).powi(2);
    let error: f64 = a.iter().zip(b).map(|(a, b)| square(a - b)).sum();
    let norm: f64 = b.iter().map(|b| square(*b)).sum();
    (error / norm).sqrt()
}

/// What is not as near as it must be, in words.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn compare(&mut self, what: &str, most: f64, ours: &[Vec<f32>], theirs: &[Vec<f32>]) {
        let pairs = ours.iter().zip(theirs);
        let worst = pairs.map(|(a, b)| apart(a, b)).fold(0.0, f64::max);
        if ours.len() != theirs.len() || worst.is_nan() || worst > most {
            self.0.push(format!("{what}: {worst:.2e}"));
        }
    }
}

/// What is wrong with two models that should be the same, in words.
pub fn differences(ours: &Model, exact: &Model, ids: &[u32]) -> Result<Vec<String>, AppError> {
    let mut found = Findings::default();
    let theirs = all(exact, &mut exact.sequence(), ids)?;
    let ours = all(ours, &mut ours.sequence(), ids)?;
    found.compare("the same numbers in another form", EQUAL, &ours, &theirs);
    Ok(found.0)
}

/// What is wrong with a folder quantised on load, beside transformers: no more than with a file
/// of that type.
pub fn smaller_is_wrong(
    row: &Row,
    folder: &Path,
    file: &Path,
    quantise: Quantise,
) -> Result<Vec<String>, AppError> {
    let error = |model: Model, is_gguf| -> Result<f64, AppError> {
        let ours = Cases::read(row, &model)?;
        Ok(ours
            .beside(&row.logits(is_gguf))
            .map(|(_, apart)| apart)
            .fold(0.0, f64::max))
    };
    let of_file = error(load(file)?, true)?;
    let ours = error(load_as(folder, Some(quantise))?, false)?;
    let wrong = ours > ROUGHLY * of_file || ours < of_file / ROUGHLY;
    let said = format!("{ours:.2e} where a file of that type has {of_file:.2e}");
    Ok(wrong.then_some(said).into_iter().collect())
}

/// What is wrong with the three cases beside transformers.
pub fn wrong(row: &Row, model: &Model, expected: &[Vec<f32>]) -> Result<Vec<String>, AppError> {
    let mut found = Findings::default();
    Cases::read(row, model)?.compare(&mut found, expected);
    Ok(found.0)
}

/// The same, and what is wrong with the same tokens read in other ways: singly, after others that
/// were forgotten, and in a sequence that was forked.
pub fn wrong_in_any_way(
    row: &Row,
    model: &Model,
    expected: &[Vec<f32>],
) -> Result<Vec<String>, AppError> {
    let mut found = Findings::default();
    let cases = Cases::read(row, model)?;
    cases.compare(&mut found, expected);
    let Cases {
        first,
        second,
        long,
        mut sequence,
        mut forked,
    } = cases;
    let whole = [first, second].concat();
    let ids = [&row.first[..], &row.second].concat();
    found.compare("token by token", EQUAL, &singly(model, &ids)?, &whole);
    let long_singly = singly(model, &row.long)?;
    found.compare("token by token, long", EQUAL, &long_singly, &long);
    for kept in [30, 5] {
        // Other tokens first, where those that count will be.
        sequence.truncate(kept);
        all(model, &mut sequence, &row.long[..20])?;
        sequence.truncate(kept);
        let refilled = all(model, &mut sequence, &ids[kept..])?;
        found.compare("truncated and refilled", EQUAL, &refilled, &whole[kept..]);
    }
    // The fork reads what the first read; in the midst of it that and another go on elsewhere,
    // and would write over what it has read if they shared it.
    sequence.truncate(row.first.len());
    let (start, end) = row.second.split_at(row.second.len() / 2);
    let mut again = all(model, &mut forked, start)?;
    all(model, &mut forked.fork()?, &row.long[..7])?;
    all(model, &mut sequence, &row.long[..9])?;
    again.append(&mut all(model, &mut forked, end)?);
    found.compare("forked", EQUAL, &again, &whole[row.first.len()..]);
    Ok(found.0)
}

/// A prompt, a second one on the filled cache, and one past every window.
struct Cases {
    first: Logits,
    second: Logits,
    long: Logits,
    /// It holds the first two prompts.
    sequence: Sequence,
    /// It holds the first.
    forked: Sequence,
}

impl Cases {
    fn read(row: &Row, model: &Model) -> Result<Cases, AppError> {
        let mut sequence = model.sequence();
        let first = all(model, &mut sequence, &row.first)?;
        let forked = sequence.fork()?;
        Ok(Cases {
            first,
            forked,
            second: all(model, &mut sequence, &row.second)?,
            long: all(model, &mut model.sequence(), &row.long)?,
            sequence,
        })
    }

    /// How far each case is from what is expected of it.
    fn beside(&self, expected: &[Vec<f32>]) -> impl Iterator<Item = (&'static str, f64)> {
        let (first, second, long) = (&self.first, &self.second, &self.long);
        let cases = [
            ("the middle of the prompt", &first[first.len() / 2 - 1]),
            ("the prompt", &first[first.len() - 1]),
            ("the second prompt", &second[second.len() - 1]),
            ("the long prompt", &long[long.len() - 1]),
        ];
        assert_eq!(expected.len(), cases.len());
        let apart =
            |((case, ours), expected): ((_, &Vec<f32>), &Vec<f32>)| (case, apart(ours, expected));
        cases.into_iter().zip(expected).map(apart)
    }

    fn compare(&self, found: &mut Findings, expected: &[Vec<f32>]) {
        for (case, apart) in self.beside(expected) {
            if apart.is_nan() || apart > NEAR {
                found.0.push(format!("{case}: {apart:.2e}"));
            }
        }
    }
}

/// What llama.cpp says of a file: `tests/golden/families/greedy.mjs`.
#[derive(Deserialize)]
pub struct Greedy {
    pub sha256: String,
    /// At each position the two largest logits, the chosen token first.
    top_two: Vec<[(u32, f32); 2]>,
}

/// Where our greedy tokens are not llama.cpp's on the same file.
pub fn answer_is_wrong(
    model: &Model,
    prompt: &[u32],
    greedy: &Greedy,
) -> Result<Vec<String>, AppError> {
    let mut sequence = model.sequence();
    let mut logits = all(model, &mut sequence, prompt)?.concat();
    logits.drain(..logits.len() - logits.len() / prompt.len());
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
            return Ok((!undecided).then_some(said).into_iter().collect());
        }
        logits = all(model, &mut sequence, &[id])?.concat();
    }
    Ok(Vec::new())
}
