//! A tensor in memory, and what llama.cpp's converter does to it: the operations that
//! `tests/golden/families/convert.py` lists.

use candle_core::{DType, Device};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    Numbers(Vec<f32>),
    Bytes(Vec<u8>),
}

/// Rows first, the contiguous dimension last.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Data,
}

pub type Tensors = BTreeMap<String, Tensor>;

impl Tensor {
    pub fn of(shape: Vec<usize>, numbers: Vec<f32>) -> Tensor {
        assert_eq!(shape.iter().product::<usize>(), numbers.len());
        Tensor {
            shape,
            data: Data::Numbers(numbers),
        }
    }

    pub fn numbers(&self) -> &[f32] {
        match &self.data {
            Data::Numbers(numbers) => numbers,
            Data::Bytes(_) => panic!("bytes"),
        }
    }

    /// To the nearest numbers of `F16` or `BF16`.
    pub fn round(&mut self, kind: &str) {
        let to = if kind == "F16" {
            DType::F16
        } else {
            DType::BF16
        };
        if let Data::Numbers(numbers) = &mut self.data {
            let whole = candle_core::Tensor::from_slice(numbers, numbers.len(), &Device::Cpu);
            let rounded =
                whole.and_then(|whole| whole.to_dtype(to)?.to_dtype(DType::F32)?.to_vec1());
            *numbers = rounded.unwrap();
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.data {
            Data::Bytes(bytes) => bytes,
            Data::Numbers(_) => panic!("numbers"),
        }
    }

    /// Little-endian.
    pub fn raw(&self) -> Vec<u8> {
        match &self.data {
            Data::Numbers(numbers) => numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Data::Bytes(bytes) => bytes.clone(),
        }
    }

    /// The same numbers, rows in another order: `from[i]` is where row `i` was.
    fn rows(&self, from: &[usize]) -> Tensor {
        let width = self.numbers().len() / self.shape[0];
        let row = |at: &usize| &self.numbers()[at * width..][..width];
        let mut shape = self.shape.clone();
        shape[0] = from.len();
        Tensor::of(shape, from.iter().flat_map(row).copied().collect())
    }

    /// Each head's rows from neighbours to two halves: the other way round than the converter.
    pub fn halved(&self, heads: usize) -> Tensor {
        let mut from = vec![0; self.shape[0]];
        for (to, was) in turned(self.shape[0], heads).into_iter().enumerate() {
            from[was] = to;
        }
        self.rows(&from)
    }

    /// Of each expert (the first axis) the rows `first`, `first + step` ...
    fn every(&self, first: usize, step: usize) -> Tensor {
        let [experts, rows] = self.shape[..2] else {
            panic!("no experts")
        };
        let flat = Tensor::of(
            vec![experts * rows, self.numbers().len() / (experts * rows)],
            self.numbers().to_vec(),
        );
        let starts = (0..experts).map(|expert| expert * rows);
        let from: Vec<usize> = starts
            .flat_map(|start| (first..rows).step_by(step).map(move |row| start + row))
            .collect();
        let mut taken = flat.rows(&from);
        taken.shape = [&[experts, rows / step], &self.shape[2..]].concat();
        taken
    }

    /// The last two of three axes exchanged.
    fn flip(&self) -> Tensor {
        let [experts, rows, columns] = self.shape[..] else {
            panic!("not three axes")
        };
        let numbers = self.numbers();
        let mut flipped = Vec::with_capacity(numbers.len());
        for expert in 0..experts {
            for column in 0..columns {
                let at = |row| numbers[(expert * rows + row) * columns + column];
                flipped.extend((0..rows).map(at));
            }
        }
        Tensor::of(vec![experts, columns, rows], flipped)
    }
}

/// Where each row of a fused Falcon projection comes from, when all queries come before all keys
/// before all values.
fn regrouped(rows: usize, heads: usize, groups: usize) -> Vec<usize> {
    let each = heads / groups + 2;
    let width = rows / (groups * each);
    let of = |group: usize, part: usize| {
        let start = (group * each + part) * width;
        start..start + width
    };
    let queries = (0..groups).flat_map(|group| (0..each - 2).flat_map(move |p| of(group, p)));
    let keys = (0..groups).flat_map(|group| of(group, each - 2));
    let values = (0..groups).flat_map(|group| of(group, each - 1));
    queries.chain(keys).chain(values).collect()
}

/// Where each row comes from, when a head's two halves become neighbours.
fn turned(rows: usize, heads: usize) -> Vec<usize> {
    let half = rows / heads / 2;
    let of = |head: usize, at: usize| head * 2 * half + at % 2 * half + at / 2;
    (0..heads)
        .flat_map(|head| (0..2 * half).map(move |at| of(head, at)))
        .collect()
}

/// ggml's MXFP4 blocks from a repository's blocks and scales, of each expert the rows `first`,
/// `first + step` ...
fn packed(blocks: &Tensor, scales: &Tensor, first: usize, step: usize) -> Vec<u8> {
    let per_row = blocks.shape[2];
    let rows = blocks.shape[1];
    let mut out = Vec::new();
    let each = blocks.bytes().chunks_exact(16).zip(scales.bytes());
    for (at, (block, scale)) in each.enumerate() {
        if (at / per_row % rows) % step != first {
            continue;
        }
        let nibbles: Vec<u8> = block
            .iter()
            .flat_map(|byte| [byte & 15, byte >> 4])
            .collect();
        out.push(*scale);
        out.extend((0..16).map(|at| nibbles[at] | nibbles[at + 16] << 4));
    }
    out
}

/// What the converter makes of `name` by `what`.
pub fn converted(tensors: &Tensors, what: &str, name: &str) -> Vec<u8> {
    let words: Vec<&str> = what.split(' ').collect();
    let number = |at: usize| words[at].parse::<usize>().unwrap();
    let tensor = || &tensors[name];
    let made = match words[0] {
        "same" => tensor().clone(),
        "add" => {
            let numbers = tensor().numbers().iter().map(|x| x + 1.0);
            Tensor::of(tensor().shape.clone(), numbers.collect())
        }
        "turn" => tensor().rows(&turned(tensor().shape[0], number(1))),
        "falcon" => tensor().rows(&regrouped(tensor().shape[0], number(1), number(2))),
        "every" => tensor().every(number(1), number(2)),
        "flip" if words.len() == 1 => tensor().flip(),
        "flip" => tensor().flip().every(number(2), number(3)),
        "part" => tensor().rows(&(number(1)..number(2)).collect::<Vec<_>>()),
        "stack" => {
            let of = |expert: usize| tensors.get(&name.replace("{e}", &expert.to_string()));
            return (0..).map_while(of).flat_map(Tensor::raw).collect();
        }
        "mxfp4" => {
            let (first, step) = match words.len() {
                1 => (0, 1),
                _ => (number(2), number(3)),
            };
            let scales = &tensors[&name.replace("_blocks", "_scales")];
            return packed(tensor(), scales, first, step);
        }
        other => panic!("unknown operation {other}"),
    };
    made.raw()
}
