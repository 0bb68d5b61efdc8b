//! `parley-worker`: started by the runtime, never by a person.

use worker::{Ending, memory, panics, serve, stdio};

fn main() {
    // First of all: whatever a library prints from here on goes to standard error.
    let stdout = match stdio::take_stdout() {
        Ok(stdout) => stdout,
        Err(error) => {
            eprintln!("standard output cannot be used: {error}");
            std::process::exit(1);
        }
    };
    panics::keep_words_out();
    memory::offer_to_be_killed_first();
    let code = match serve(std::io::stdin(), stdout) {
        Ending::InputEnded => 0,
        Ending::OutputClosed => 2,
        Ending::Broken => 3,
    };
    // At once, also while another thread computes.
    std::process::exit(code);
}
