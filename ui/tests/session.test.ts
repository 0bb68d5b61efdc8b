import { expect, test, vi } from "vitest";
import type { Backend } from "../src/backend/backend";
import type { Conversation } from "../src/backend/bindings/Conversation";
import type { Event } from "../src/backend/bindings/Event";
import type { Pushed } from "../src/backend/bindings/Pushed";
import type { Snapshot } from "../src/backend/bindings/Snapshot";
import { Session } from "../src/state/session.svelte";
import { textOf } from "../src/state/world";
import { answer, conversation, event, message, snapshot, summary, text } from "./made";

/** A backend whose replies the test gives by hand. */
function scripted(replies: { snapshot?: () => Snapshot | Promise<Snapshot>; conversation_open?: (id: string) => Conversation | Promise<Conversation> }) {
  const calls: string[] = [];
  let tell: (events: Event[]) => void = () => {};
  const backend = {
    call: async (name: "snapshot" | "conversation_open", request: { id?: string }) => {
      calls.push(name);
      return replies[name]!(request.id ?? "");
    },
    subscribe: async (receive: (pushed: Pushed) => void) => {
      calls.push("subscribe");
      tell = (events) => receive({ events, window: [] });
    },
    pickModel: async () => null,
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

/** A session with `c` on the page, whose later opens are answered by hand. */
async function delayed() {
  const waiting: { id: string; give: (value: Conversation) => void; refuse: (thrown: unknown) => void }[] = [];
  let at = 0;
  const { backend, tell } = scripted({
    snapshot: () => snapshot(0),
    conversation_open: (id) => (at++ === 0 ? conversation([message("q", null)], 0) : new Promise((give, refuse) => waiting.push({ id, give, refuse }))),
  });
  const session = new Session(backend);
  await session.start();
  await session.open("c");
  const path = (seq: number) => tell(event(seq, { type: "path_changed", conversation: "c" }));
  const asked = (count: number) => vi.waitFor(() => expect(waiting).toHaveLength(count));
  return { session, waiting, path, asked };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("changes that come faster than replies do not keep the page from coming", async () => {
  const { session, waiting, path, asked } = await delayed();
  path(1);
  await asked(1);
  for (const seq of [2, 3, 4]) path(seq);
  await settled();
  expect(waiting).toHaveLength(1);
  waiting[0]!.give(conversation([message("q", null), answer("a", "q", "m")], 3));
  await asked(2);
  expect(session.world?.open?.messages).toHaveLength(2);
  waiting[1]!.give(conversation([message("q", null), answer("b", "q", "m")], 4));
  await vi.waitFor(() => expect(session.world?.open?.messages.at(-1)?.id).toBe("b"));
  expect(session.world?.stale).toBe(false);
  expect(waiting).toHaveLength(2);
});

test("catching up never takes the place of what the person asked for", async () => {
  const { session, waiting, path, asked } = await delayed();
  const opening = session.open("other");
  await asked(1);
  path(1);
  await settled();
  expect(waiting.map((call) => call.id)).toEqual(["other"]);
  waiting[0]!.give({ ...conversation([], 1), summary: summary("other") });
  await opening;
  expect(session.world?.open?.summary.id).toBe("other");
  expect(session.world?.stale).toBe(false);
});

test("where what the person asked for cannot be had, the page still catches up", async () => {
  const { session, waiting, path, asked } = await delayed();
  const opening = session.open("other");
  await asked(1);
  path(1);
  waiting[0]!.refuse({ key: "history-busy", args: {}, detail: null });
  await expect(opening).rejects.toMatchObject({ key: "history-busy" });
  await asked(2);
  expect(waiting[1]!.id).toBe("c");
  waiting[1]!.give(conversation([message("q", null), answer("a", "q", "m")], 1));
  await vi.waitFor(() => expect(session.world?.open?.messages).toHaveLength(2));
});

test("a backend that cannot begin says why", async () => {
  const error = { key: "history-damaged", args: {}, detail: null };
  const { backend } = scripted({ snapshot: () => Promise.reject(error) });
  const session = new Session(backend);
  await session.start();
  expect(session.world).toBeNull();
  expect(session.failure).toEqual(error);
});
