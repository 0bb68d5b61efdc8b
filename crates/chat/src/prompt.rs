//! What a model reads of a conversation.

use crate::store::message::MessageRow;
use protocol::{MessageStatus, PromptMessage, Role, reasoning_of, text_of};

/// A prompt, and which stored messages each of its messages was made from.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Prompt {
    pub(crate) messages: Vec<PromptMessage>,
    /// For each message after the system's, oldest first.
    pub(crate) sources: Vec<Vec<String>>,
}

impl Prompt {
    /// Ids of the stored messages that were read, when the `cut` oldest were left out.
    pub(crate) fn read(&self, cut: u32) -> Vec<String> {
        let cut = usize::try_from(cut).unwrap_or(usize::MAX);
        self.sources.iter().skip(cut).flatten().cloned().collect()
    }
}

/// The system's instructions and what was said on a path. Empty and failed answers are left
/// out; what then stands side by side from one speaker becomes one message, since templates
/// may ask for speakers to alternate. A question that was too long for the model is left out
/// with its failed answer: it would make every later one too long as well.
pub(crate) fn of(system: &str, path: &[MessageRow]) -> Prompt {
    let mut prompt = Prompt::default();
    if !system.trim().is_empty() {
        prompt
            .messages
            .push(PromptMessage::new(Role::System, system));
    }
    for (row, next) in path.iter().zip(path.iter().skip(1).map(Some).chain([None])) {
        if next.is_some_and(was_too_long) {
            continue;
        }
        let text = text_of(&row.parts);
        let unsaid = matches!(row.status, MessageStatus::Failed | MessageStatus::Streaming);
        if unsaid || text.trim().is_empty() {
            continue;
        }
        let reasoning = Some(reasoning_of(&row.parts)).filter(|text| !text.is_empty());
        match (prompt.messages.last_mut(), prompt.sources.last_mut()) {
            (Some(last), Some(sources)) if last.role == row.role => {
                last.content.push_str("\n\n");
                last.content.push_str(&text);
                match (&mut last.reasoning, reasoning) {
                    (Some(last), Some(more)) => *last += &format!("\n\n{more}"),
                    (none, reasoning) => *none = none.take().or(reasoning),
                }
                sources.push(row.id.clone());
            }
            _ => {
                prompt.messages.push(PromptMessage {
                    reasoning,
                    ..PromptMessage::new(row.role, text)
                });
                prompt.sources.push(vec![row.id.clone()]);
            }
        }
    }
    prompt
}

/// Whether this is the answer to a question that did not fit.
fn was_too_long(answer: &MessageRow) -> bool {
    let error = answer.error.as_ref();
    answer.status == MessageStatus::Failed && error.is_some_and(|e| e.key == "context-overflow")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Part, failure};

    /// Rows as `speaker status text`, their ids their numbers.
    fn rows(said: &[(Role, MessageStatus, &str)]) -> Vec<MessageRow> {
        let row =
            |(number, (role, status, text)): (usize, &(Role, MessageStatus, &str))| MessageRow {
                id: number.to_string(),
                conversation: String::new(),
                parent: None,
                role: *role,
                parts: vec![Part::Text {
                    text: (*text).to_owned(),
                }],
                author: None,
                status: *status,
                error: None,
                receipt: None,
                run: None,
                created: 0,
            };
        said.iter().enumerate().map(row).collect()
    }

    fn check(
        system: &str,
        said: &[(Role, MessageStatus, &str)],
        prompt: &[(Role, &str)],
        sources: &[&[&str]],
    ) {
        let made = of(system, &rows(said));
        let messages: Vec<_> = made
            .messages
            .iter()
            .map(|m| (m.role, m.content.as_str()))
            .collect();
        assert_eq!(messages, prompt);
        assert_eq!(made.sources, sources);
    }

    #[test]
    fn the_path_as_a_model_reads_it() {
        use MessageStatus::*;
        use Role::*;
        check("", &[(User, Complete, "Hi")], &[(User, "Hi")], &[&["0"]]);
        check(
            "Be brief.",
            &[
                (User, Complete, "Hi"),
                (Assistant, Stopped, "Hel"),
                (User, Complete, "Go on"),
            ],
            &[
                (System, "Be brief."),
                (User, "Hi"),
                (Assistant, "Hel"),
                (User, "Go on"),
            ],
            &[&["0"], &["1"], &["2"]],
        );
        // An answer without text or one that failed: the questions around it become one.
        check(
            " \n",
            &[
                (User, Complete, "A"),
                (Assistant, Failed, ""),
                (User, Complete, "B"),
                (Assistant, Complete, ""),
                (User, Complete, "C"),
                (Assistant, Interrupted, "half"),
                (User, Complete, "D"),
            ],
            &[(User, "A\n\nB\n\nC"), (Assistant, "half"), (User, "D")],
            &[&["0", "2", "4"], &["5"], &["6"]],
        );
    }

    /// One message that was too long made every later one too long.
    #[test]
    fn a_question_that_did_not_fit_is_not_asked_again() {
        use MessageStatus::*;
        use Role::*;
        let mut said = rows(&[
            (User, Complete, "Hi"),
            (Assistant, Complete, "Hello."),
            (User, Complete, "word word word"),
            (Assistant, Failed, ""),
            (User, Complete, "Who are you?"),
        ]);
        said[3].error = Some(failure::context_overflow(9000u32, 8192u32, 808u32));
        assert_eq!(of("", &said).sources, [["0"], ["1"], ["4"]]);
        assert_eq!(
            of("", &said[..3]).sources,
            [["0"], ["1"], ["2"]],
            "asked again"
        );
    }

    #[test]
    fn what_was_cut_was_not_read() {
        use MessageStatus::*;
        use Role::*;
        let made = of(
            "S",
            &rows(&[
                (User, Complete, "A"),
                (Assistant, Complete, "B"),
                (User, Complete, "C"),
            ]),
        );
        assert_eq!(made.read(0), ["0", "1", "2"]);
        assert_eq!(made.read(2), ["2"]);
        assert!(made.read(9).is_empty());
    }
}
