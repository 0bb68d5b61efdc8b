//! Failures: a key for programs, arguments, and a detail for reports. The sentence for people
//! stands under the same key in `assets/messages/*/errors.ftl` of every language.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// What went wrong, in a form every layer can pass on and every language can say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AppError {
    /// Such as `file-not-found`: one of [`FAILURES`].
    pub key: String,
    /// What the sentence names: text, or numbers that are formatted for the reader.
    pub args: BTreeMap<String, Arg>,
    /// For reports: untranslated, never needed to understand the sentence.
    pub detail: Option<String>,
}

/// An argument of a sentence. Sizes in bytes have names that end in `bytes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(untagged)]
#[ts(export)]
pub enum Arg {
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Arg::Text(text.to_owned())
    }
}
impl From<String> for Arg {
    fn from(text: String) -> Self {
        Arg::Text(text)
    }
}
impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Arg::Text(text.clone())
    }
}
impl From<&std::path::Path> for Arg {
    fn from(path: &std::path::Path) -> Self {
        Arg::Text(path.display().to_string())
    }
}
impl From<&std::path::PathBuf> for Arg {
    fn from(path: &std::path::PathBuf) -> Self {
        Arg::Text(path.display().to_string())
    }
}
impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Arg::Number(number as f64)
    }
}
impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Arg::Number(f64::from(number))
    }
}
impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Arg::Number(number as f64)
    }
}

impl AppError {
    /// The same failure with a detail for reports.
    pub fn detail(mut self, detail: impl std::fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }
}

/// Arguments that name files, models and their parts. The others may hold what a person or a model
/// said, and stay out of logs.
const NAMES: &[&str] = &[
    "architecture",
    "at",
    "expected",
    "file",
    "files",
    "folder",
    "found",
    "host",
    "id",
    "kind",
    "name",
    "path",
    "repository",
    "rows",
    "size",
    "smaller",
    "tensor",
    "token",
    "version",
    "what",
];

impl AppError {
    /// Key and arguments for logs and reports: without the detail, and without arguments that may
    /// hold what a person or a model said.
    pub fn without_words(&self) -> String {
        let args = self.args.iter().filter_map(|(name, value)| match value {
            Arg::Number(number) => Some(format!(" {name}={number}")),
            Arg::Text(text) => {
                (NAMES.contains(&name.as_str())).then(|| format!(" {name}={text:?}"))
            }
        });
        std::iter::once(self.key.clone()).chain(args).collect()
    }
}

/// A text without what it quotes: for details that others wrote, which quote what they were given.
/// What follows an opening quotation mark without a closing one is left out too.
pub fn without_quotes(text: &str) -> String {
    let mut said = String::new();
    let mut quoted: Option<char> = None;
    let mut escaped = false;
    for letter in text.chars() {
        match quoted {
            Some(mark) => {
                let ends = letter == mark && !escaped;
                escaped = letter == '\\' && !escaped;
                if ends {
                    quoted = None;
                    said.push(mark);
                }
            }
            None => {
                said.push(letter);
                if matches!(letter, '"' | '`') {
                    quoted = Some(letter);
                    said.push('…');
                }
            }
        }
    }
    said
}

/// For developers; people read the catalogue's sentence.
impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.key)?;
        for (name, value) in &self.args {
            match value {
                Arg::Number(number) => write!(f, " {name}={number}")?,
                Arg::Text(text) => write!(f, " {name}={text:?}")?,
            }
        }
        match &self.detail {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for AppError {}

/// Each row is a failure: what it means, its constructor with the arguments of its sentence.
/// The key is the constructor's name with `-` for `_`.
macro_rules! failures {
    ($($(#[doc = $doc:literal])+ $name:ident($($arg:ident),*);)+) => {
        $(
            $(#[doc = $doc])+
            pub fn $name($($arg: impl Into<Arg>),*) -> AppError {
                AppError {
                    key: stringify!($name).replace('_', "-"),
                    args: BTreeMap::from([$((stringify!($arg).to_owned(), $arg.into())),*]),
                    detail: None,
                }
            }
        )+

        /// Every failure: constructor name and argument names. A test holds the catalogues to it.
        pub const FAILURES: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($arg)),*])),+];
    };
}

failures! {
    // Files of the person.
    /// There is no file at the path.
    file_not_found(path);
    /// The file or folder may not be read.
    file_not_readable(path);
    /// A file could not be written, for another reason than space or permission.
    file_not_written(path);
    /// The path is a folder where a file is needed.
    not_a_file(path);
    /// The input is not UTF-8 text; the first bad byte is at `at`.
    not_text(at);
    /// A word of the input is not the number of a token.
    not_a_token(word);
    /// A JSON input could not be understood.
    bad_json(path);

    // Model files.
    /// The file is not a model in a format that Parley reads.
    not_a_model(path);
    /// The file says it is a pickle or another format that can run code; never loaded.
    unsafe_format(path);
    /// The file ends before what its header promises.
    model_truncated(path, bytes, expected_bytes);
    /// The header contradicts itself or names absurd sizes; `what` names the field.
    model_damaged(path, what);
    /// The GGUF version is not 2 or 3.
    model_version(path, version);
    /// The file was written for a big-endian computer.
    model_big_endian(path);
    /// Parley has no description of this architecture.
    unknown_architecture(architecture);
    /// A folder has no config.json, so it is no model.
    config_missing(path);
    /// A file beside the weights (config.json, an index) is not what it should be.
    metadata_damaged(path);
    /// A file with weights is not in the model's folder.
    weights_missing(path, file);
    /// Weights of a GGUF file were to be made smaller, which is done for folders only.
    quantise_gguf(name);
    /// The list of a sharded model's tensors says of `tensor` another thing than `file` does.
    index_disagrees(path, tensor, file);
    /// A file is named as a part of a model, and is not that part.
    part_foreign(path, file);
    /// A file says that it is a part of a model, and its name does not say so.
    part_misnamed(path, expected);
    /// A folder has several models.
    several_models(path, files);
    /// A folder has the weights only under names of their maker's own.
    foreign_layout(path);
    /// What git-lfs leaves in the place of a large file.
    pointer_only(path);
    /// A web page that was saved in the place of a file.
    web_page(path);
    /// A tensor has a type that cannot be computed.
    unknown_type(tensor, kind);
    /// A tensor is missing.
    tensor_missing(tensor);
    /// A tensor is there that the description of the model does not have.
    tensor_unexpected(tensor, architecture);
    /// A tensor has another shape than the header's sizes ask for.
    tensor_shape(tensor, expected, found);
    /// A value that the architecture needs is not in the header.
    metadata_missing(name);
    /// The tokenizer names a pre-tokenizer that Parley does not know.
    unknown_pretokenizer(name);
    /// The file carries a tokenizer of a kind that Parley does not know.
    unknown_tokenizer(kind);
    /// The file carries no tokenizer, or one that contradicts itself.
    tokenizer_damaged(what);
    /// The tokenizer has more tokens than the embedding has rows.
    tokenizer_too_large(tokens, rows);
    /// A model that was to propose words for another has another vocabulary, or cannot take words
    /// back.
    draft_differs(name, path);
    /// A token id is outside of the vocabulary.
    token_out_of_range(token, size);
    /// The template could not be rendered.
    template_failed(reason);
    /// A template that a person chose for a model cannot be used; what was chosen before is kept.
    template_refused(reason);
    /// The template took too many steps or too much memory and was ended.
    template_too_costly();
    /// The logits are not numbers: the weights or the arithmetic are damaged.
    logits_not_finite();

    // The library.
    /// No model with this id or path is in the library.
    model_unknown(model);
    /// Several models of the library may be meant.
    model_ambiguous(model, known);
    /// The file of a model is gone.
    model_gone(name, path);
    /// The file of a model is not the one that was imported or loaded.
    model_changed(name, path);
    /// A model's file was read again, and is not what it was.
    file_damaged(name, path);
    /// The model comes with Parley, and would be back with the next start.
    model_bundled(name);
    /// The library is being moved or checked already.
    library_busy();
    /// The model did not come from the hub, which could have a newer revision of it.
    update_unknown(name);
    /// The hub has no newer revision of the model.
    update_none(name);
    /// The starter model is not installed.
    starter_missing();
    /// No model is chosen and there is none to choose.
    no_model();
    /// The library's index cannot be read.
    library_damaged(path);

    // The hub.
    /// Nothing may go out: by the person's setting, or by the environment's.
    offline();
    /// No connection to the host, or none that lasted: the network is down, or the host is.
    hub_unreachable(host);
    /// The proxy cannot be reached.
    proxy_unreachable(address);
    /// The proxy asks for another name or password.
    proxy_refused(address);
    /// The proxy's address is none.
    proxy_invalid(address);
    /// The hub's address is none.
    endpoint_invalid(address);
    /// The host shows a certificate that nobody vouches for whom this computer trusts.
    certificate_unknown(host);
    /// The file of certificates cannot be read, or has none.
    certificate_file(path);
    /// A repository's makers ask who one is first; `address` is the page where to say so.
    hub_gated(repository, address);
    /// The hub has no such repository, revision or file, or does not show it to everyone.
    hub_unknown(repository);
    /// The hub does not know the token.
    token_refused();
    /// What was given as a token cannot be one.
    token_invalid();
    /// The hub asks to come back later.
    hub_busy();
    /// The hub answered with a status that is none of the above.
    hub_failed(status);
    /// The hub's answer is not what it should be, or is too long; `what` names it.
    hub_answer(what);
    /// A redirect leads where none may lead: out of the web, to an unprotected address, or to this machine.
    redirect_refused(host);

    // Downloads.
    /// What was to be fetched is no repository, and no model of the catalogue has such a name.
    pull_unknown(name);
    /// The same; some models of the catalogue are named nearly so.
    pull_unlike(name, names);
    /// A repository has several models, and none of them or no single one was named.
    pull_which(repository, known);
    /// A repository has no such file, or not what makes a model.
    hub_file_missing(repository, file);
    /// A name of a repository, a revision or a file is none, or leads out of its folder.
    name_refused(name);
    /// The disk has not the room for a download.
    disk_short(folder, missing_bytes);
    /// A file came whole and is not the one that the hub speaks of.
    download_mismatch(file);
    /// Nothing comes any more, or the connection was cut.
    download_stalled();
    /// The files of a repository changed while they were fetched.
    download_changed(repository);
    /// A file is larger than any that can be fetched.
    download_too_large(bytes);
    /// No download with this id.
    download_unknown(id);
    /// There are as many downloads as can be kept.
    download_queue_full();

    // Running.
    /// The prompt does not fit: tokens needed, tokens there are, and by how much.
    context_overflow(tokens, context, over);
    /// Weights and context need more memory than is free; `smaller` is the name of a
    /// model of the library that would fit, or `none`.
    memory_short(name, needed_bytes, free_bytes, smaller);
    /// The same, where keys and values in 8 bits would make it fit, with what it needs then.
    memory_compact(name, needed_bytes, free_bytes, compact_bytes);
    /// The program parley-worker was not found.
    worker_missing(path);
    /// The worker could not be started.
    worker_not_started(path);
    /// The worker speaks another version of the protocol.
    worker_version(found, expected);
    /// The worker ended in the middle of its work.
    worker_died(name);
    /// The system ended the worker for want of memory.
    worker_out_of_memory(name);
    /// The worker did not answer in time and was ended.
    worker_hung(name);
    /// A message is longer than the protocol carries.
    message_too_large(bytes, limit_bytes);
    /// The request was stopped.
    cancelled();
    /// A program to be measured against is not installed.
    peer_missing(name);
    /// A program to be measured against could not run the model.
    peer_failed(name);

    // History.
    /// The program was closed or killed while the answer was being made.
    run_ended();
    /// No conversation with this id.
    conversation_unknown(id);
    /// No message with this id in the conversation.
    message_unknown(id);
    /// Nothing was said.
    message_empty();
    /// An answer is still being made in this conversation.
    already_answering();
    /// The message is not an unfinished answer at the end of what is shown.
    cannot_continue();
    /// The history's file is damaged; it is kept as it is.
    history_damaged(path);
    /// The history may not be written.
    history_read_only(path);
    /// The history was written by a newer Parley.
    history_newer(path, found, known);
    /// Another Parley holds the history for longer than can be waited for.
    history_busy(path);
    /// The disk is full.
    disk_full(path);
    /// A disk has less free than a move of the library to it needs, by `missing_bytes`.
    move_short(path, needed_bytes, free_bytes, missing_bytes);

    // The rest.
    /// The window asked for a command that does not exist, or with what it does not take.
    bad_command(name);
    /// There is no display to open a window on.
    no_display();
    /// The process that draws the window's page died so many times within a minute.
    page_dies(times);
    /// The window is open already, in another process that does not answer.
    already_open();
    /// Something that should not happen did.
    internal();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arguments that are numbers, and those that may hold words.
    const OTHERS: &[&str] = &[
        "address",
        "bytes",
        "compact_bytes",
        "context",
        "expected_bytes",
        "free_bytes",
        "known",
        "limit_bytes",
        "missing_bytes",
        "model",
        "names",
        "needed_bytes",
        "over",
        "reason",
        "status",
        "times",
        "tokens",
        "word",
    ];

    #[test]
    fn every_argument_is_judged_before_it_may_stand_in_a_log() {
        for (failure, args) in FAILURES {
            for arg in *args {
                let judged = NAMES.contains(arg) != OTHERS.contains(arg);
                assert!(judged, "{failure}: is {arg} a name, or may it hold words?");
            }
        }
    }

    #[test]
    fn quotations_stay_out() {
        let check = |text: &str, said: &str| assert_eq!(without_quotes(text), said);
        check("no such file", "no such file");
        check(
            r#"invalid type: string "a \"b\" c", expected u32 at line 1"#,
            r#"invalid type: string "…", expected u32 at line 1"#,
        );
        check(
            "unknown variant `canary`, expected `a`",
            "unknown variant `…`, expected `…`",
        );
        check("it begins with \"canary", "it begins with \"…");
    }

    #[test]
    fn words_stay_out() {
        let check = |error: AppError, said: &str| assert_eq!(error.without_words(), said);
        check(template_failed("canary"), "template-failed");
        check(not_a_token("canary").detail("canary"), "not-a-token");
        check(
            model_gone("Llama", "/models/a.gguf"),
            "model-gone name=\"Llama\" path=\"/models/a.gguf\"",
        );
        check(
            context_overflow(10_u32, 8_u32, 2_u32),
            "context-overflow context=8 over=2 tokens=10",
        );
    }
}
