//! What fuzzing begins from: the header of a model file with its long lists and texts cut, and
//! its chat template. `cargo run -p formats --example seeds -- MODEL HEADERS TEMPLATES` writes a
//! file named after the model into each of the two folders.

use formats::gguf::{Array, Gguf, Value};
use std::error::Error;
use std::path::Path;

/// Most items of a list that are kept.
const ITEMS: usize = 8;
/// Most bytes of a text that are kept.
const LETTERS: usize = 64;
/// Most tensors that are kept.
const TENSORS: usize = 12;
/// Messages for the template, as the fuzzing reads them.
const MESSAGES: &str = "\0sBe brief.\0u Hi\n\0aHello!\0u再见 <|im_end|>";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, headers, templates] = &arguments[..] else {
        return Err("seeds MODEL HEADERS TEMPLATES".into());
    };
    let gguf = Gguf::open(Path::new(model))?;
    let name = Path::new(model).with_extension("");
    let name = name.file_name().ok_or("the model has no name")?;
    std::fs::write(Path::new(headers).join(name), header(&gguf))?;
    if let Some(template) = gguf.metadata.text("tokenizer.chat_template") {
        let seed = format!("{template}{MESSAGES}");
        std::fs::write(Path::new(templates).join(name), seed)?;
    }
    Ok(())
}

fn header(gguf: &Gguf) -> Vec<u8> {
    let entries: Vec<_> = gguf.metadata.iter().collect();
    let tensors = &gguf.tensors[..gguf.tensors.len().min(TENSORS)];
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(gguf.version.to_le_bytes());
    bytes.extend((tensors.len() as u64).to_le_bytes());
    bytes.extend((entries.len() as u64).to_le_bytes());
    for (key, value) in entries {
        put_text(&mut bytes, key, key.len());
        put_value(&mut bytes, value);
    }
    for tensor in tensors {
        put_text(&mut bytes, &tensor.name, tensor.name.len());
        bytes.extend((tensor.shape.len() as u32).to_le_bytes());
        for size in &tensor.shape {
            bytes.extend(size.to_le_bytes());
        }
        bytes.extend(tensor.kind.id.to_le_bytes());
        bytes.extend((tensor.offset - gguf.header_bytes).to_le_bytes());
    }
    bytes
}

fn put_text(bytes: &mut Vec<u8>, text: &str, most: usize) {
    let text = &text[..text.floor_char_boundary(most)];
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn put_value(bytes: &mut Vec<u8>, value: &Value) {
    let mut put = |kind: u32, value: &[u8]| {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(value);
    };
    match value {
        Value::Unsigned(number) => put(10, &number.to_le_bytes()),
        Value::Signed(number) => put(11, &number.to_le_bytes()),
        Value::Float(number) => put(12, &number.to_le_bytes()),
        Value::Bool(truth) => put(7, &[u8::from(*truth)]),
        Value::Text(text) => {
            put(8, &[]);
            put_text(bytes, text, LETTERS);
        }
        Value::Array(Array::Text(texts)) => {
            put(9, &8u32.to_le_bytes());
            let texts = &texts[..texts.len().min(ITEMS)];
            bytes.extend((texts.len() as u64).to_le_bytes());
            for text in texts {
                put_text(bytes, text, LETTERS);
            }
        }
        Value::Array(Array::I32(numbers)) => {
            put(9, &5u32.to_le_bytes());
            let numbers = &numbers[..numbers.len().min(ITEMS)];
            bytes.extend((numbers.len() as u64).to_le_bytes());
            numbers
                .iter()
                .for_each(|number| bytes.extend(number.to_le_bytes()));
        }
        // Scores: few models have others.
        Value::Array(other) => {
            put(9, &6u32.to_le_bytes());
            bytes.extend((other.len().min(ITEMS) as u64).to_le_bytes());
            bytes.extend(vec![0; 4 * other.len().min(ITEMS)]);
        }
    }
}
