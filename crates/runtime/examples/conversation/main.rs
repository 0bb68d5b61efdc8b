//! What a person waits for in a conversation, measured with the real worker. One JSON object:
//!
//! ```sh
//! cargo run --release -p runtime --example conversation -- returning FILE TOKENS THREADS RUNS
//! cargo run --release -p runtime --example conversation -- together FILE TOKENS THREADS RUNS
//! cargo run --release -p runtime --example conversation -- stopping FILE TOKENS THREADS RUNS
//! ```
//!
//! `returning` to one of so many tokens after a restart; two answers of so many tokens `together`;
//! `stopping` while a prompt of so many tokens is read.

mod asking;
mod returning;
mod stopping;
mod together;

use asking::Asked;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, file, tokens, threads, runs] = &words[..] else {
        return Err("returning|together|stopping FILE TOKENS THREADS RUNS".into());
    };
    let asked = Asked {
        file: file.into(),
        tokens: tokens.parse()?,
        threads: threads.parse()?,
        runs: runs.parse::<usize>()?.max(1),
    };
    let report = match &**what {
        "returning" => returning::measure(&asked).await?,
        "together" => together::measure(&asked).await?,
        "stopping" => stopping::measure(&asked).await?,
        _ => return Err("returning, together or stopping".into()),
    };
    println!("{report}");
    Ok(())
}
