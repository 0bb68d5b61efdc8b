//! Any text as a chat template, over any messages. The input's parts stand between NULs: the
//! template, then the messages, the role of each told by its first letter.
#![no_main]

use engine::{Template, Tokenizer};
use formats::Checkpoint;
use formats::gguf::Gguf;
use libfuzzer_sys::fuzz_target;
use protocol::{TemplateInput, PromptMessage, Role};
use std::path::Path;

/// As long a template or conversation as makes sense to look at.
const LONGEST_PROMPT: usize = 1 << 30;

fuzz_target!(|bytes: &[u8]| {
    let input = String::from_utf8_lossy(bytes);
    let mut parts = input.split('\0');
    let source = parts.next().unwrap_or_default();
    let messages: Vec<PromptMessage> = parts.take(8).map(message).collect();

    let header = header(source);
    let gguf = Gguf::read(Path::new("model.gguf"), &header[..], header.len() as u64)
        .expect("the header is right");
    let checkpoint = Checkpoint::of_gguf(gguf).expect("so are its tensors");
    let tokenizer = Tokenizer::of(&checkpoint).expect("so is its tokenizer");
    let template = Template::of(&checkpoint, &tokenizer).expect("it is in the header");
    match template.render(&TemplateInput::of(&messages, input.len() % 2 == 0)) {
        Ok(prompt) => assert!(prompt.len() < LONGEST_PROMPT),
        Err(error) => assert!(error.key.starts_with("template-"), "{error:?}"),
    }
});

fn message(part: &str) -> PromptMessage {
    let (role, content) = match part.split_at_checked(1) {
        Some(("s", content)) => (Role::System, content),
        Some(("a", content)) => (Role::Assistant, content),
        Some(("u", content)) => (Role::User, content),
        _ => (Role::User, part),
    };
    PromptMessage::new(role, content)
}

/// A GGUF header with the smallest tokenizer and this template.
fn header(source: &str) -> Vec<u8> {
    const TEXT: u32 = 8;
    const LIST: u32 = 9;
    const FLOAT: u32 = 6;
    let mut header = b"GGUF".to_vec();
    let mut put = |bytes: &[u8]| header.extend_from_slice(bytes);
    let text = |put: &mut dyn FnMut(&[u8]), text: &str| {
        put(&(text.len() as u64).to_le_bytes());
        put(text.as_bytes());
    };
    put(&3u32.to_le_bytes());
    put(&0u64.to_le_bytes());
    put(&5u64.to_le_bytes());
    for (key, value) in [
        ("general.architecture", "llama"),
        ("tokenizer.ggml.model", "llama"),
        ("tokenizer.chat_template", source),
    ] {
        text(&mut put, key);
        put(&TEXT.to_le_bytes());
        text(&mut put, value);
    }
    text(&mut put, "tokenizer.ggml.tokens");
    put(&LIST.to_le_bytes());
    put(&TEXT.to_le_bytes());
    put(&3u64.to_le_bytes());
    for token in ["<unk>", "<s>", "</s>"] {
        text(&mut put, token);
    }
    text(&mut put, "tokenizer.ggml.scores");
    put(&LIST.to_le_bytes());
    put(&FLOAT.to_le_bytes());
    put(&3u64.to_le_bytes());
    put(&[0; 12]);
    header
}
