import { expect, test } from "vitest";
import { apply, fromSnapshot, textOf, thoughtOf, withOpen, type World } from "../src/state/world";
import { answer, conversation, event, message, snapshot, summary, text } from "./made";

const begin = (seq = 0): World => fromSnapshot(snapshot(seq));
const ids = (world: World) => world.open?.messages.map((m) => m.id);
const words = (world: World) => world.open?.messages.map(textOf);

test("conversations stand in the order of their last words", () => {
  let world = fromSnapshot(snapshot(0, { conversations: [summary("a", { updated_at: 1 }), summary("b", { updated_at: 3 })] }));
  world = apply(world, event(1, { type: "conversation_changed", conversation: summary("c", { updated_at: 2 }) }));
  expect(world.conversations.map((c) => c.id)).toEqual(["b", "c", "a"]);
  world = apply(world, event(2, { type: "conversation_changed", conversation: summary("a", { updated_at: 4 }) }));
  expect(world.conversations.map((c) => c.id)).toEqual(["a", "b", "c"]);
  world = apply(world, event(3, { type: "conversation_deleted", id: "b" }));
  expect(world.conversations.map((c) => c.id)).toEqual(["a", "c"]);
});

test("events already told change nothing", () => {
  const world = withOpen(begin(5), conversation([message("q", null)], 5), []);
  expect(apply(world, text(5, "q", "again"))).toBe(world);
});

test("text grows the message, and only that message becomes a new object", () => {
  const before = withOpen(begin(), conversation([message("q", null), answer("a", "q", "m", { parts: [], status: "streaming" })], 0), []);
  const after = apply(apply(before, text(1, "a", "Hel")), text(2, "a", "lo"));
  expect(words(after)).toEqual(["q", "Hello"]);
  expect(after.open!.messages[0]).toBe(before.open!.messages[0]);
});

test("reasoning grows in front of the text, and is none of it", () => {
  let world = withOpen(begin(), conversation([message("q", null), answer("a", "q", "m", { parts: [], status: "streaming" })], 0), []);
  const thought = (seq: number, text: string, ended: boolean) =>
    event(seq, { type: "message_reasoning", conversation: "c", message: "a", text, duration_ms: seq * 100, ended });
  for (const told of [thought(1, "So", false), thought(2, ".", true), text(3, "a", "Yes"), thought(4, "\n\nOr.", true), text(5, "a", ".")]) world = apply(world, told);
  expect(words(world)).toEqual(["q", "Yes."]);
  const { parts } = world.open!.messages[1]!;
  expect(parts.map((part) => part.type)).toEqual(["reasoning", "text"]);
  expect(thoughtOf(world.open!.messages[1]!)).toEqual({ type: "reasoning", text: "So.\n\nOr.", duration_ms: 400, ended: true });
});

test("a new message ends the path after its parent", () => {
  const world = withOpen(begin(), conversation([message("q", null), answer("a", "q", "m"), message("q2", "a")], 0), []);
  const next = apply(world, event(1, { type: "message_changed", message: answer("b", "q", "m") }));
  expect(ids(next)).toEqual(["q", "b"]);
  expect(ids(apply(next, event(2, { type: "message_changed", message: message("first", null) })))).toEqual(["first"]);
});

test("what cannot be placed makes the conversation stale", () => {
  const world = withOpen(begin(), conversation([message("q", null)], 0), []);
  expect(apply(world, event(1, { type: "message_changed", message: answer("x", "unseen", "m") })).stale).toBe(true);
  expect(apply(world, event(1, { type: "path_changed", conversation: "c" })).stale).toBe(true);
  expect(apply(world, event(1, { type: "path_changed", conversation: "other" })).stale).toBe(false);
  expect(apply(world, text(1, "unseen", "x")).stale).toBe(true);
});

test("a reply is brought up to date by the events after it, once", () => {
  let world = begin();
  const recent = [text(1, "a", "one "), text(2, "a", "two "), text(3, "a", "three")];
  for (const told of recent) world = apply(world, told);
  const reply = conversation([message("q", null), answer("a", "q", "m", { parts: [{ type: "text", text: "one two " }] })], 2);
  expect(words(withOpen(world, reply, recent))).toEqual(["q", "one two three"]);
});

test("a reply that is ahead of the events is not told twice", () => {
  const reply = conversation([message("q", null), answer("a", "q", "m", { parts: [{ type: "text", text: "one two " }] })], 2);
  let world = withOpen(begin(), reply, []);
  for (const told of [text(1, "a", "one "), text(2, "a", "two "), text(3, "a", "three")]) world = apply(world, told);
  expect(words(world)).toEqual(["q", "one two three"]);
});

test("progress is told until there is text or an end", () => {
  const stage = { stage: "queued" } as const;
  const told = (seq: number) => event(seq, { type: "answer_progress", conversation: "c", message: "a", stage });
  const world = apply(begin(), told(1));
  expect(world.progress).toEqual({ a: stage });
  expect(apply(world, text(2, "a", "x")).progress).toEqual({});
  expect(apply(world, event(2, { type: "message_changed", message: answer("a", "q", "m", { status: "failed" }) })).progress).toEqual({});
  expect(apply(world, event(2, { type: "message_changed", message: answer("a", "q", "m", { status: "streaming" }) })).progress).toEqual({ a: stage });
});

test("the conversation on the page goes when it is deleted", () => {
  const world = withOpen(begin(), conversation([message("q", null)], 0), []);
  expect(apply(world, event(1, { type: "conversation_deleted", id: "c" })).open).toBeNull();
});

test("a trouble joins those of the snapshot", () => {
  const error = (key: string) => ({ key, args: {}, detail: null });
  const world = fromSnapshot(snapshot(0, { troubles: [error("library-damaged")] }));
  const next = apply(world, event(1, { type: "trouble", error: error("history-damaged") }));
  expect(next.troubles.map(({ key }) => key)).toEqual(["library-damaged", "history-damaged"]);
});
