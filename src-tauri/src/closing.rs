//! The wish to close the window while an answer is being made: asked about once.

use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// For which stretch of answering the person was asked.
#[derive(Default)]
pub struct Closing(Mutex<Option<watch::Receiver<bool>>>);

impl Closing {
    /// Whether the person is to be asked, by what is known of answers now. Once asked, not again
    /// until all answers of then have ended.
    pub fn asks(&self, mut answering: watch::Receiver<bool>) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !*answering.borrow_and_update() {
            return false;
        }
        let since = asked.replace(answering);
        since.is_none_or(|then| then.has_changed().unwrap_or(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_of_answering_is_asked_about_once() {
        let answering = watch::Sender::new(false);
        let closing = Closing::default();
        let check = |making: Option<bool>, expected: bool| {
            if let Some(making) = making {
                answering.send_replace(making);
            }
            assert_eq!(closing.asks(answering.subscribe()), expected, "{making:?}");
        };
        check(None, false);
        check(Some(true), true);
        check(None, false);
        check(None, false);
        check(Some(false), false);
        check(Some(true), true);
        answering.send_replace(false); // and nobody wished to close
        check(Some(true), true);
        check(None, false);
    }
}
