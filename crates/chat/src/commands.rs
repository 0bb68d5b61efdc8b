//! The command table: each command once. The router and the window's TypeScript come from it.

use crate::{App, log};
use protocol::*;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// A command that takes longer is noted in the log: the window waits for it.
const SLOW: Duration = Duration::from_secs(1);

/// Each row is a command: the name it is called by, which is also that of a method of [`App`],
/// what is asked and what is replied.
macro_rules! commands {
    ($($name:ident: $request:ident => $reply:ident;)+) => {
        impl App {
            /// Runs the command `name` with what is asked as JSON.
            /// Errors: `bad-command`, and those of the command.
            pub async fn dispatch(&self, name: &str, json: Value) -> Result<Value, AppError> {
                let began = Instant::now();
                let result = self.route(name, json).await;
                if began.elapsed() > SLOW {
                    tracing::warn!(command = name, ms = began.elapsed().as_millis(), "slow");
                }
                if let Err(error) = &result {
                    log::failed(name, error);
                }
                result
            }

            async fn route(&self, name: &str, json: Value) -> Result<Value, AppError> {
                match name {
                    $(stringify!($name) => {
                        let request: $request = serde_json::from_value(json)
                            .map_err(|error| misfit(name, &error))?;
                        let reply: $reply = self.$name(request).await?;
                        serde_json::to_value(reply).map_err(|error| failure::internal().detail(error))
                    })+
                    _ => Err(failure::bad_command(name)),
                }
            }
        }

        /// Name, request and reply of every command.
        const COMMANDS: &[(&str, &str, &str)] =
            &[$((stringify!($name), stringify!($request), stringify!($reply))),+];
    };
}

commands! {
    snapshot: Nothing => Snapshot;
    conversation_open: ConversationRef => Conversation;
    conversation_rename: ConversationRename => Nothing;
    conversation_delete: ConversationRef => Nothing;
    model_choose: ModelChoose => Nothing;
    message_send: MessageSend => Answering;
    answer_again: AnswerAgain => Answering;
    answer_stop: ConversationRef => Nothing;
    answer_continue: MessageRef => Answering;
    branch_choose: MessageRef => Conversation;
    models: Nothing => Models;
    model_import: ModelImport => ModelEntry;
    model_load: ModelRef => Nothing;
    model_eject: ModelRef => Nothing;
    installed: Nothing => InstalledModels;
    model_delete_look: ModelRef => Deletion;
    model_delete: ModelDelete => Deletion;
    model_verify: ModelRef => Nothing;
    model_update_look: ModelRef => NewerFound;
    model_update: ModelRef => Download;
    models_elsewhere: Nothing => FoundModels;
    library_move: LibraryMove => Nothing;
    library_work_cancel: Nothing => Nothing;
    downloads: Nothing => Downloads;
    download_start: DownloadWish => Download;
    download_pause: DownloadRef => Nothing;
    download_resume: DownloadRef => Nothing;
    download_cancel: DownloadRef => Nothing;
    download_dismiss: DownloadRef => Nothing;
    download_move: DownloadMove => Nothing;
    hub_search: HubSearch => HubFound;
    hub_details: RepositoryRef => HubDetails;
    network: Nothing => Network;
    network_change: NetworkSettings => Network;
    token_set: SecretSet => Network;
    proxy_password_set: SecretSet => Network;
    token_check: Nothing => TokenChecked;
    better_model: BetterModelAsked => BetterModelFound;
    catalogue: CatalogueAsked => CatalogueShown;
    choose_help: ChooseAnswers => Choices;
    machine: Nothing => Machine;
    kept: Nothing => KvUse;
    kept_clear: Nothing => KvUse;
    drafting: Nothing => Drafting;
    draft_choose: DraftChoose => Nothing;
    diagnostics: Nothing => Diagnostics;
    settings_change: Settings => Settings;
}

/// What did not fit, without what was said in it.
fn misfit(name: &str, error: &serde_json::Error) -> AppError {
    failure::bad_command(name).detail(failure::without_quotes(&error.to_string()))
}

/// The table as the window's TypeScript: the text of `commands.ts` among the bindings.
pub fn typescript() -> String {
    let types: BTreeSet<_> = COMMANDS
        .iter()
        .flat_map(|(_, request, reply)| [request, reply])
        .collect();
    let mut text = String::from(
        "// Generated from the command table in crates/chat by `cargo xtask bindings`. Do not edit.\n",
    );
    for name in types {
        text += &format!("import type {{ {name} }} from \"./{name}\";\n");
    }
    text += "\nexport interface Commands {\n";
    for (name, request, reply) in COMMANDS {
        text += &format!("  {name}: {{ request: {request}; reply: {reply} }};\n");
    }
    text + "}\n"
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bindings_are_those_of_the_table() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../ui/src/backend/bindings/commands.ts"
        );
        let text = super::typescript();
        if std::env::var_os("PARLEY_WRITE_BINDINGS").is_some_and(|value| value == "1") {
            std::fs::write(path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert_eq!(committed, text, "run `cargo xtask bindings`");
    }
}
