// Generated from the command table in crates/chat by `cargo xtask bindings`. Do not edit.
import type { AnswerAgain } from "./AnswerAgain";
import type { Answering } from "./Answering";
import type { BetterModelAsked } from "./BetterModelAsked";
import type { BetterModelFound } from "./BetterModelFound";
import type { Conversation } from "./Conversation";
import type { ConversationRef } from "./ConversationRef";
import type { ConversationRename } from "./ConversationRename";
import type { Diagnostics } from "./Diagnostics";
import type { KvUse } from "./KvUse";
import type { Machine } from "./Machine";
import type { MessageRef } from "./MessageRef";
import type { MessageSend } from "./MessageSend";
import type { ModelChoose } from "./ModelChoose";
import type { ModelEntry } from "./ModelEntry";
import type { ModelImport } from "./ModelImport";
import type { ModelRef } from "./ModelRef";
import type { Models } from "./Models";
import type { Nothing } from "./Nothing";
import type { Settings } from "./Settings";
import type { Snapshot } from "./Snapshot";

export interface Commands {
  snapshot: { request: Nothing; reply: Snapshot };
  conversation_open: { request: ConversationRef; reply: Conversation };
  conversation_rename: { request: ConversationRename; reply: Nothing };
  conversation_delete: { request: ConversationRef; reply: Nothing };
  model_choose: { request: ModelChoose; reply: Nothing };
  message_send: { request: MessageSend; reply: Answering };
  answer_again: { request: AnswerAgain; reply: Answering };
  answer_stop: { request: ConversationRef; reply: Nothing };
  answer_continue: { request: MessageRef; reply: Answering };
  branch_choose: { request: MessageRef; reply: Conversation };
  models: { request: Nothing; reply: Models };
  model_import: { request: ModelImport; reply: ModelEntry };
  model_load: { request: ModelRef; reply: Nothing };
  model_eject: { request: ModelRef; reply: Nothing };
  better_model: { request: BetterModelAsked; reply: BetterModelFound };
  machine: { request: Nothing; reply: Machine };
  kept: { request: Nothing; reply: KvUse };
  kept_clear: { request: Nothing; reply: KvUse };
  diagnostics: { request: Nothing; reply: Diagnostics };
  settings_change: { request: Settings; reply: Settings };
}
