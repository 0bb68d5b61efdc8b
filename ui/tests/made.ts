// Made-up messages, conversations and events for tests.
import type { Conversation } from "../src/backend/bindings/Conversation";
import type { ConversationSummary } from "../src/backend/bindings/ConversationSummary";
import type { Event } from "../src/backend/bindings/Event";
import type { EventKind } from "../src/backend/bindings/EventKind";
import type { Message } from "../src/backend/bindings/Message";
import type { ModelEntry } from "../src/backend/bindings/ModelEntry";
import type { Snapshot } from "../src/backend/bindings/Snapshot";
import { PLAIN_NETWORK } from "../src/backend/fake/scenes";

export function summary(id: string, change: Partial<ConversationSummary> = {}): ConversationSummary {
  return { id, title: id, model: null, created_at: 1, updated_at: 1, answering: false, temporary: false, ...change };
}

export function message(id: string, parent: string | null, change: Partial<Message> = {}): Message {
  return {
    id, conversation: "c", parent, role: "user", parts: [{ type: "text", text: id }], author: null, status: "complete", error: null, receipt: null,
    siblings: [id], created_at: 1, ...change,
  };
}

export function answer(id: string, parent: string, model: string, change: Partial<Message> = {}): Message {
  return message(id, parent, { role: "assistant", author: { model, name: model.toUpperCase(), quantisation: "Q4_1" }, ...change });
}

export function conversation(messages: Message[], seq: number): Conversation {
  return { summary: summary("c"), system: "", messages, seq };
}

export function model(id: string, change: Partial<ModelEntry> = {}): ModelEntry {
  return {
    id, name: id, source: { kind: "file", path: `/${id}` }, path: `/${id}`, architecture: "llama", parameters: 1e9, quantisation: "Q4_1", context: 4096,
    bytes: 1e9, memory: 2e9, state: { state: "ready" }, ...change,
  };
}

export function snapshot(seq: number, change: Partial<Snapshot> = {}): Snapshot {
  return {
    seq, conversations: [], models: [], memory: { total: 0, models: 0, free: 0 }, settings: { language: null, theme: "system", model: null, kept_bytes: null, kv_type: "f16", library: null, network: PLAIN_NETWORK }, troubles: [],
    system_language: "en", version: "0.1.0", ...change,
  };
}

export function event(seq: number, what: EventKind): Event {
  return { seq, ...what };
}

export const text = (seq: number, of: string, words: string) => event(seq, { type: "message_text", conversation: "c", message: of, text: words });
