//! A GGUF file, version 3: header and tensors.

use super::{Planned, Random, Shape, blocks, bytes_of};
use formats::gguf::Gguf;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

const ALIGNED: usize = 32;

/// Writes the tensors with a header; the tokenizer is that of another file, padded or cut.
pub(super) fn write(
    shape: &Shape,
    tensors: &[Planned],
    vocabulary: &Gguf,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let (count, metadata) = metadata(shape, vocabulary)?;
    let mut header = b"GGUF".to_vec();
    header.extend(3u32.to_le_bytes());
    header.extend((tensors.len() as u64).to_le_bytes());
    header.extend(count.to_le_bytes());
    header.extend(metadata);
    let mut offset = 0u64;
    for Planned(name, sizes, kind) in tensors {
        put_text(&mut header, name);
        header.extend((sizes.len() as u32).to_le_bytes());
        sizes
            .iter()
            .for_each(|size| header.extend((*size as u64).to_le_bytes()));
        header.extend(kind.id.to_le_bytes());
        header.extend(offset.to_le_bytes());
        offset += (bytes_of(sizes, kind).ok_or("too large")?).next_multiple_of(ALIGNED as u64);
    }
    header.resize(header.len().next_multiple_of(ALIGNED), 0);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(out)?);
    file.write_all(&header)?;
    let mut random = Random(7);
    for Planned(name, sizes, kind) in tensors {
        let bytes = bytes_of(sizes, kind).ok_or("too large")? as usize;
        let pool = blocks(name, kind, &mut random);
        let mut left = bytes;
        while left > 0 {
            let some = left.min(pool.len());
            file.write_all(&pool[..some])?;
            left -= some;
        }
        file.write_all(&vec![0; bytes.next_multiple_of(ALIGNED) - bytes])?;
    }
    Ok(file.flush()?)
}

/// How many entries, and their bytes.
fn metadata(shape: &Shape, from: &Gguf) -> Result<(u64, Vec<u8>), Box<dyn Error>> {
    let mut header = Entries::default();
    let own = |key: &str| format!("{}.{key}", shape.architecture);
    header.text("general.architecture", shape.architecture);
    header.text(
        "general.name",
        &format!("{} shape, random weights", shape.name),
    );
    let width = shape.hidden / shape.heads;
    for (key, size) in [
        ("block_count", shape.layers),
        ("context_length", shape.context as usize),
        ("embedding_length", shape.hidden),
        ("feed_forward_length", shape.feed),
        ("attention.head_count", shape.heads),
        ("attention.head_count_kv", shape.kv_heads),
        ("rope.dimension_count", width),
        ("vocab_size", shape.vocabulary),
    ] {
        header.number(&own(key), size as u32);
    }
    header.fraction(&own("rope.freq_base"), shape.rope);
    let rms = if shape.architecture == "llama" {
        "_rms"
    } else {
        ""
    };
    header.fraction(&own(&format!("attention.layer_norm{rms}_epsilon")), 1e-5);
    if let Some((count, used)) = shape.experts {
        header.number(&own("expert_count"), count as u32);
        header.number(&own("expert_used_count"), used as u32);
    }
    let metadata = &from.metadata;
    let missing = "the vocabulary's file has no such tokenizer";
    let known = metadata.texts("tokenizer.ggml.tokens").ok_or(missing)?;
    let kinds = metadata
        .integers("tokenizer.ggml.token_type")
        .ok_or(missing)?;
    let merges = metadata.texts("tokenizer.ggml.merges").ok_or(missing)?;
    let some = known.len().min(shape.vocabulary);
    let padding = (some..shape.vocabulary).map(|id| format!("<pad{id}>"));
    let tokens: Vec<String> = known[..some].iter().cloned().chain(padding).collect();
    let mut types = kinds[..some].to_vec();
    types.resize(shape.vocabulary, 3);
    let kept: std::collections::HashSet<&str> = tokens.iter().map(String::as_str).collect();
    let made = |merge: &&String| kept.contains(merge.replace(' ', "").as_str());
    let merges: Vec<String> = merges.iter().filter(made).cloned().collect();
    header.text("tokenizer.ggml.model", "gpt2");
    header.text(
        "tokenizer.ggml.pre",
        metadata.text("tokenizer.ggml.pre").unwrap_or("smollm"),
    );
    header.texts("tokenizer.ggml.tokens", &tokens);
    header.numbers("tokenizer.ggml.token_type", &types);
    header.texts("tokenizer.ggml.merges", &merges);
    header.number("tokenizer.ggml.bos_token_id", 1);
    header.number("tokenizer.ggml.eos_token_id", 2);
    if let Some(template) = metadata.text("tokenizer.chat_template") {
        header.text("tokenizer.chat_template", template);
    }
    Ok((header.count, header.bytes))
}

/// Keys and values as a file has them.
#[derive(Default)]
struct Entries {
    count: u64,
    bytes: Vec<u8>,
}

impl Entries {
    fn put(&mut self, key: &str, kind: u32) -> &mut Vec<u8> {
        self.count += 1;
        put_text(&mut self.bytes, key);
        self.bytes.extend(kind.to_le_bytes());
        &mut self.bytes
    }

    fn number(&mut self, key: &str, number: u32) {
        self.put(key, 4).extend(number.to_le_bytes());
    }

    fn fraction(&mut self, key: &str, number: f32) {
        self.put(key, 6).extend(number.to_le_bytes());
    }

    fn text(&mut self, key: &str, text: &str) {
        put_text(self.put(key, 8), text);
    }

    fn texts(&mut self, key: &str, texts: &[String]) {
        let bytes = self.put(key, 9);
        bytes.extend(8u32.to_le_bytes());
        bytes.extend((texts.len() as u64).to_le_bytes());
        texts.iter().for_each(|text| put_text(bytes, text));
    }

    fn numbers(&mut self, key: &str, numbers: &[i32]) {
        let bytes = self.put(key, 9);
        bytes.extend(5u32.to_le_bytes());
        bytes.extend((numbers.len() as u64).to_le_bytes());
        numbers
            .iter()
            .for_each(|number| bytes.extend(number.to_le_bytes()));
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}
