//! Writes a model with the exact shapes of a real one and random weights: speed does not depend on
//! what weights say, so that sizes are measured which one does not want to download.
//! `cargo run --release -p formats --example shape -- SHAPE TYPE VOCABULARY OUT`; the tokenizer is
//! that of the GGUF file VOCABULARY, padded or cut. OUT becomes a GGUF file, or of the types that
//! end in `-folder` a folder with safetensors. `-- list` prints the shapes.

mod folder;
mod gguf;

use formats::ggml::Type;
use formats::gguf::Gguf;
use std::error::Error;
use std::path::Path;

/// A model's sizes; `hidden / heads` is a head's width.
struct Shape {
    name: &'static str,
    architecture: &'static str,
    layers: usize,
    hidden: usize,
    feed: usize,
    heads: usize,
    kv_heads: usize,
    vocabulary: usize,
    rope: f32,
    context: u32,
    /// How many, and how many of them for a token.
    experts: Option<(usize, usize)>,
}

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    Shape { name: "smollm2-360m", architecture: "llama", layers: 32, hidden: 960, feed: 2560, heads: 15, kv_heads: 5, vocabulary: 49152, rope: 1e5, context: 8192, experts: None },
    Shape { name: "llama-1b", architecture: "llama", layers: 16, hidden: 2048, feed: 8192, heads: 32, kv_heads: 8, vocabulary: 128256, rope: 5e5, context: 131072, experts: None },
    Shape { name: "llama2-7b", architecture: "llama", layers: 32, hidden: 4096, feed: 11008, heads: 32, kv_heads: 32, vocabulary: 32000, rope: 1e4, context: 16384, experts: None },
    Shape { name: "mistral-7b", architecture: "llama", layers: 32, hidden: 4096, feed: 14336, heads: 32, kv_heads: 8, vocabulary: 32000, rope: 1e6, context: 32768, experts: None },
    // Four layers of the 32: all of it needs more memory than most machines have.
    Shape { name: "mixtral-4layers", architecture: "llama", layers: 4, hidden: 4096, feed: 14336, heads: 32, kv_heads: 8, vocabulary: 32000, rope: 1e6, context: 32768, experts: Some((8, 2)) },
    Shape { name: "falcon-7b", architecture: "falcon", layers: 32, hidden: 4544, feed: 18176, heads: 71, kv_heads: 1, vocabulary: 65024, rope: 1e4, context: 16384, experts: None },
    Shape { name: "olmo-7b", architecture: "olmo", layers: 32, hidden: 4096, feed: 11008, heads: 32, kv_heads: 32, vocabulary: 50304, rope: 1e4, context: 16384, experts: None },
];

/// Types of files: most matrices', and those of some that Q4_K_M keeps better.
const TYPES: &[(&str, &str, &str)] = &[
    ("q4_k_m", "Q4_K", "Q6_K"),
    ("q4_0", "Q4_0", "Q4_0"),
    ("q4_1", "Q4_1", "Q4_1"),
    ("q5_k", "Q5_K", "Q5_K"),
    ("q6_k", "Q6_K", "Q6_K"),
    ("q8_0", "Q8_0", "Q8_0"),
    ("f16", "F16", "F16"),
    ("f16-folder", "F16", "F16"),
    ("bf16-folder", "BF16", "BF16"),
];

/// What takes the place of a type whose blocks do not fit a row.
const NARROWER: &[(&str, &str)] = &[("Q4_K", "Q4_0"), ("Q5_K", "Q4_1"), ("Q6_K", "Q8_0")];

/// Random blocks are made once and repeated.
const BLOCKS: usize = 1 << 16;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["list"] => SHAPES.iter().for_each(|shape| println!("{}", shape.name)),
        [shape, kind, vocabulary, out] => {
            let shape = SHAPES.iter().find(|one| one.name == shape);
            let kind = TYPES.iter().find(|one| one.0 == kind);
            let (shape, kind) = (shape.ok_or("no such shape")?, kind.ok_or("no such type")?);
            let vocabulary = Gguf::open(Path::new(vocabulary))?;
            let tensors = plan(shape, kind.1, kind.2).ok_or("no such type")?;
            if kind.0.ends_with("-folder") {
                folder::write(shape, &tensors, &vocabulary, Path::new(out))?;
            } else {
                gguf::write(shape, &tensors, &vocabulary, Path::new(out))?;
            }
        }
        _ => return Err("shape SHAPE TYPE VOCABULARY OUT".into()),
    }
    Ok(())
}

/// A tensor: its name, the contiguous dimension first, its type.
struct Planned(String, Vec<usize>, Type);

fn bytes_of(sizes: &[usize], kind: &Type) -> Option<u64> {
    kind.size(sizes.iter().map(|size| *size as u64).product())
}

/// None where a type has no such name.
fn plan(shape: &Shape, base: &str, better: &str) -> Option<Vec<Planned>> {
    let matrix = |name: &str, rows: usize, columns: usize, kind: &str, stack: Option<usize>| {
        let mut kind = Type::named(kind)?;
        if !(columns as u64).is_multiple_of(kind.block) {
            let narrower = NARROWER.iter().find(|(wide, _)| *wide == kind.name)?;
            kind = Type::named(narrower.1)?;
        }
        let sizes = [columns, rows].into_iter().chain(stack).collect();
        Some(Planned(name.to_owned(), sizes, kind))
    };
    let vector =
        |name: &str, size: usize| Some(Planned(name.to_owned(), vec![size], Type::named("F32")?));
    let Shape {
        architecture,
        layers,
        hidden,
        feed,
        heads,
        kv_heads,
        ..
    } = *shape;
    let width = hidden / heads;
    let mut all = vec![
        matrix("token_embd.weight", shape.vocabulary, hidden, base, None),
        matrix("output.weight", shape.vocabulary, hidden, better, None),
    ];
    if architecture != "olmo" {
        all.push(vector("output_norm.weight", hidden));
    }
    if architecture == "falcon" {
        all.push(vector("output_norm.bias", hidden));
    }
    for layer in 0..layers {
        let name = |part: &str| format!("blk.{layer}.{part}");
        // Those that llama.cpp's Q4_K_M keeps better: the first and last eighth, and each third.
        let eighth = layers / 8;
        let kept = layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
        let down = if kept { better } else { base };
        if architecture == "falcon" {
            all.push(vector(&name("attn_norm.weight"), hidden));
            all.push(vector(&name("attn_norm.bias"), hidden));
            let rows = hidden + 2 * kv_heads * width;
            all.push(matrix(&name("attn_qkv.weight"), rows, hidden, base, None));
        } else {
            if architecture == "llama" {
                all.push(vector(&name("attn_norm.weight"), hidden));
                all.push(vector(&name("ffn_norm.weight"), hidden));
            }
            let rows = kv_heads * width;
            all.push(matrix(&name("attn_q.weight"), hidden, hidden, base, None));
            all.push(matrix(&name("attn_k.weight"), rows, hidden, base, None));
            all.push(matrix(&name("attn_v.weight"), rows, hidden, down, None));
        }
        all.push(matrix(
            &name("attn_output.weight"),
            hidden,
            hidden,
            base,
            None,
        ));
        let (ending, stack) = match shape.experts {
            Some((count, _)) => {
                all.push(matrix(
                    &name("ffn_gate_inp.weight"),
                    count,
                    hidden,
                    "F32",
                    None,
                ));
                ("_exps.weight", Some(count))
            }
            None => (".weight", None),
        };
        let part = |part: &str| name(&format!("{part}{ending}"));
        if architecture != "falcon" {
            all.push(matrix(&part("ffn_gate"), feed, hidden, base, stack));
        }
        all.push(matrix(&part("ffn_up"), feed, hidden, base, stack));
        all.push(matrix(&part("ffn_down"), hidden, feed, down, stack));
    }
    all.into_iter().collect()
}

/// Whole blocks: any bytes, but for the scales, which are small numbers, so that no value becomes
/// too large on its way through the layers. (f16 bits; where they lie: ggml-common.h.)
fn blocks(name: &str, kind: &Type, random: &mut Random) -> Vec<u8> {
    const SMALL: u16 = 0x1819; // 0.002
    const BELOW: u16 = 0xa3ae; // -0.015
    const TINY: u16 = 0x014f; // 2e-5
    const LESS: u16 = 0x0347; // 5e-5
    const LEAST: u16 = 0x0e8e; // 4e-4
    let halves: &[(usize, u16)] = match kind.name {
        "Q6_K" => &[(208, TINY)],
        "Q4_K" | "Q5_K" => &[(0, LESS), (2, LEAST)],
        "Q4_1" => &[(0, SMALL), (2, BELOW)],
        "Q4_0" | "Q8_0" => &[(0, SMALL)],
        _ => &[],
    };
    let size = kind.bytes as usize;
    let mut pool: Vec<u8> = (0..BLOCKS * size).map(|_| random.next() as u8).collect();
    for block in pool.chunks_exact_mut(size) {
        for (at, half) in halves {
            block[*at..*at + 2].copy_from_slice(&half.to_le_bytes());
        }
        match kind.name {
            // Of either sign, between 0.0078 and 0.03.
            "F16" => block[1] = (block[1] & 0x87) | 0x20,
            // Of either sign, between 0.0078 and 0.03.
            "BF16" => block[1] = (block[1] & 0x80) | 0x3c,
            "F32" if name.ends_with("gate_inp.weight") => {
                let value = (random.next() as u8 as f32 / 128.0 - 1.0) * 0.03;
                block.copy_from_slice(&value.to_le_bytes());
            }
            "F32" => {
                let value = if name.ends_with("bias") { 0f32 } else { 1f32 };
                block.copy_from_slice(&value.to_le_bytes());
            }
            _ => {}
        }
    }
    pool
}

/// Numbers without an order, always the same (xorshift64; Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
