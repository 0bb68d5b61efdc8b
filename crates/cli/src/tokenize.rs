//! `parley tokenize`: text to ids and back, by the tokenizer of a model file.

use crate::{
    arguments::Tokenize,
    input,
    output::{self, Ending},
};
use protocol::{AppError, failure};
use runtime::Runtime;

/// Reads standard input byte for byte and writes ids with spaces between them, or the other
/// way round; the bytes come out exactly, whole characters or not, without a line's end of its own.
pub(crate) async fn run(options: Tokenize, engine: &Runtime) -> Result<(), Ending> {
    let text = input::text()?;
    if options.decode {
        let ids = ids(&text)?;
        let bytes = engine
            .detokenize(&options.file, ids, options.special)
            .await?;
        return output::write(&bytes);
    }
    let ids = engine
        .tokenize(&options.file, text, options.special)
        .await?;
    let ids: Vec<_> = ids.iter().map(u32::to_string).collect();
    output::line(&ids.join(" "))
}

fn ids(text: &str) -> Result<Vec<u32>, AppError> {
    text.split_whitespace()
        .map(|word| {
            word.parse()
                .map_err(|_| failure::not_a_token(word.chars().take(40).collect::<String>()))
        })
        .collect()
}
