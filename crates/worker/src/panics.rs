//! What is said of a panic: where, and its words only where they are a constant of the program.
//! Words that were put together may hold what a person or a model said.

use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

static LAST: Mutex<String> = Mutex::new(String::new());

/// Lets panics be told to standard error in this way from here on.
pub fn keep_words_out() {
    panic::set_hook(Box::new(|panic| {
        let said = describe(panic);
        eprintln!("{said}");
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }));
}

/// What was said of the last panic.
pub(crate) fn last() -> String {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map(ToString::to_string);
    let place = place.unwrap_or_else(|| "an unknown place".into());
    match panic.payload().downcast_ref::<&'static str>() {
        Some(constant) => format!("panic at {place}: {constant}"),
        None => format!("panic at {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_constant_words_are_said() {
        keep_words_out();
        let text = String::from("canary—");
        let _ = panic::catch_unwind(|| text[..7].len());
        let said = last();
        assert!(
            said.starts_with("panic at ") && said.contains("panics.rs:"),
            "{said}"
        );
        assert!(!said.contains("canary"), "{said}");
        let _ = panic::catch_unwind(|| panic!("a constant"));
        assert!(last().ends_with(": a constant"), "{}", last());
    }
}
