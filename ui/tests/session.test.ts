import { expect, test, vi } from "vitest";
import type { Backend } from "../src/backend/backend";
import type { Conversation } from "../src/backend/bindings/Conversation";
import type { Event } from "../src/backend/bindings/Event";
import type { Snapshot } from "../src/backend/bindings/Snapshot";
import { Session } from "../src/state/session.svelte";
import { textOf } from "../src/state/world";
import { answer, conversation, event, message, snapshot, summary, text } from "./made";

/** A backend whose replies the test gives by hand. */
function scripted(replies: { snapshot?: () => Snapshot | Promise<Snapshot>; conversation_open?: () => Conversation | Promise<Conversation> }) {
  const calls: string[] = [];
  let tell: (events: Event[]) => void = () => {};
  const backend = {
    call: async (name: "snapshot" | "conversation_open") => {
      calls.push(name);
      return replies[name]!();
    },
    subscribe: async (receive: (events: Event[]) => void) => {
      calls.push("subscribe");
      tell = receive;
    },
    pickModelFile: async () => null,
  } as unknown as Backend;
  return { backend, calls, tell: (...events: Event[]) => tell(events) };
}

const changed = (seq: number, id: string) => event(seq, { type: "conversation_changed", conversation: summary(id, { updated_at: seq }) });
const titles = (session: Session) => session.world?.conversations.map((c) => c.id);

test("events come first, and those after the snapshot are applied to it", async () => {
  let give: (value: Snapshot) => void = () => {};
  const { backend, calls, tell } = scripted({ snapshot: () => new Promise((resolve) => (give = resolve)) });
  const session = new Session(backend);
  const started = session.start();
  await vi.waitFor(() => expect(calls).toEqual(["subscribe", "snapshot"]));
  tell(changed(4, "old"), changed(5, "new"));
  give(snapshot(4, { conversations: [summary("old")] }));
  await started;
  expect(titles(session)).toEqual(["new", "old"]);
});

test("a gap means a new snapshot", async () => {
  let seq = 0;
  const { backend, calls, tell } = scripted({ snapshot: () => snapshot(seq, { conversations: seq ? [summary("seen")] : [] }) });
  const session = new Session(backend);
  await session.start();
  tell(changed(1, "one"));
  expect(titles(session)).toEqual(["one"]);
  seq = 9;
  tell(changed(9, "nine"));
  await vi.waitFor(() => expect(titles(session)).toEqual(["seen"]));
  expect(calls.filter((name) => name === "snapshot")).toHaveLength(2);
  tell(changed(10, "ten"));
  expect(titles(session)).toEqual(["ten", "seen"]);
});

test("after a gap the conversation on the page is opened anew", async () => {
  let seq = 0;
  let opened = conversation([message("q", null)], 0);
  const { backend, tell } = scripted({ snapshot: () => snapshot(seq), conversation_open: () => opened });
  const session = new Session(backend);
  await session.start();
  await session.open("c");
  seq = 7;
  opened = conversation([message("q", null), answer("a", "q", "m")], 7);
  tell(changed(7, "c"));
  await vi.waitFor(() => expect(session.world?.open?.messages).toHaveLength(2));
  expect(session.world?.stale).toBe(false);
});

test("text that comes while a conversation is being opened is there afterwards, once", async () => {
  let give: (value: Conversation) => void = () => {};
  const { backend, tell } = scripted({ snapshot: () => snapshot(0), conversation_open: () => new Promise((resolve) => (give = resolve)) });
  const session = new Session(backend);
  await session.start();
  const opening = session.open("c");
  tell(text(1, "a", "one "), text(2, "a", "two"));
  await vi.waitFor(() => expect(session.world?.seq).toBe(2));
  give(conversation([message("q", null), answer("a", "q", "m", { parts: [{ type: "text", text: "one " }] })], 1));
  await opening;
  expect(session.world!.open!.messages.map(textOf)).toEqual(["q", "one two"]);
});

test("only the conversation asked for last comes onto the page", async () => {
  const waiting: ((value: Conversation) => void)[] = [];
  const { backend } = scripted({ snapshot: () => snapshot(0), conversation_open: () => new Promise((resolve) => waiting.push(resolve)) });
  const session = new Session(backend);
  await session.start();
  const both = [session.open("first"), session.open("second")];
  await vi.waitFor(() => expect(waiting).toHaveLength(2));
  waiting[1]!({ ...conversation([], 0), summary: summary("second") });
  waiting[0]!({ ...conversation([], 0), summary: summary("first") });
  await Promise.all(both);
  expect(session.world?.open?.summary.id).toBe("second");
});

test("a backend that cannot begin says why", async () => {
  const error = { key: "history-damaged", args: {}, detail: null };
  const { backend } = scripted({ snapshot: () => Promise.reject(error) });
  const session = new Session(backend);
  await session.start();
  expect(session.world).toBeNull();
  expect(session.failure).toEqual(error);
});
