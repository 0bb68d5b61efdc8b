// What a person does, over the fake backend: nothing they wrote is lost, nothing is asked for twice.
import { beforeEach, expect, test, vi } from "vitest";
import type { Backend } from "../src/backend/backend";
import { Drafts, KEPT } from "../src/state/drafts.svelte";
import { Parley } from "../src/state/parley.svelte";
import { begun } from "./begun";

beforeEach(() => localStorage.clear());

/** A conversation with one answer on the page. */
async function talked() {
  const { parley, ...rest } = await begun();
  parley.draft = "first words";
  await parley.send();
  await vi.waitFor(() => expect(parley.path.at(-1)?.status).toBe("complete"));
  await vi.waitFor(() => expect(parley.answering).toBe(false));
  return { parley, own: parley.path[0]!, id: parley.current!, ...rest };
}

test("a rewriting leaves the draft as it was, taken back or sent", async () => {
  const { parley, own } = await talked();
  parley.draft = "half a thought";
  parley.edit(own);
  expect(parley.draft).toBe("first words");
  parley.draft = "other";
  parley.cancelEdit();
  expect(parley.draft).toBe("half a thought");
  parley.edit(own);
  expect(parley.draft).toBe("first words");
  parley.draft = "other words";
  await parley.send();
  expect(parley.draft).toBe("half a thought");
});

test("a rewriting that is left for another conversation is there when one comes back to it", async () => {
  const { parley, own, id } = await talked();
  parley.draft = "half a thought";
  parley.edit(own);
  parley.draft = "rewritten";
  parley.begin();
  expect(parley.draft).toBe("");
  await parley.open(id);
  expect(parley.draft).toBe("half a thought");
  parley.edit(own);
  expect(parley.draft).toBe("rewritten");
});

test("an example is sent beside what was typed", async () => {
  const { parley, asked } = await begun();
  parley.draft = "half a thought";
  await parley.send("an example");
  expect(asked("message_send")).toMatchObject([{ text: "an example" }]);
  expect(parley.current).not.toBeNull();
  expect(parley.draft).toBe("half a thought");
});

test("what is typed before a new conversation has its id goes with it", async () => {
  const { parley } = await begun();
  parley.draft = "first";
  const sending = parley.send();
  parley.draft = "second";
  await sending;
  expect(parley.draft).toBe("second");
  parley.begin();
  expect(parley.draft).toBe("");
});

test("what could not be sent stands before what was typed since", async () => {
  const { parley } = await begun();
  parley.draft = "refuse disk-full";
  const sending = parley.send();
  parley.draft = "more";
  await sending;
  expect(parley.draft).toBe("refuse disk-full\n\nmore");
});

test("drafts outlive the window, the newest of them, and those that were sent do not", async () => {
  vi.useFakeTimers();
  const drafts = new Drafts(true);
  for (let n = 0; n <= KEPT; n++) drafts.set(`c${n}`, `words ${n}`);
  vi.runAllTimers();
  const next = new Drafts(true);
  expect(["c0", "c1", `c${KEPT}`].map((id) => next.of(id))).toEqual(["", "words 1", `words ${KEPT}`]);
  next.set("c1", "");
  expect(new Drafts(true).of("c1")).toBe("");
  vi.useRealTimers();
});

test("a store of drafts that cannot be read or written holds nothing up", () => {
  for (const damaged of ["{", "{}", '[["a"],["b",1],null,["c","kept"]]']) {
    localStorage.setItem("drafts", damaged);
    expect(new Drafts(true).of("c")).toBe(damaged.includes("kept") ? "kept" : "");
  }
  const setItem = vi.fn(() => {
    throw new Error("full");
  });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem });
  const drafts = new Drafts(true);
  drafts.set("c", "");
  drafts.set("d", "words");
  expect(drafts.of("d")).toBe("words");
  expect(setItem).toHaveBeenCalled();
  vi.unstubAllGlobals();
});

test("a conversation deleted just before the window closed is gone when it opens again", async () => {
  const { backend, parley } = await begun("picture");
  const { id } = parley.conversations[3]!;
  parley.remove(parley.conversations[3]!);
  const next = new Parley(backend);
  await next.start();
  expect(next.conversations.map((c) => c.id)).not.toContain(id);
  expect(next.told).toBeNull();
  localStorage.setItem("deleting", id);
  const third = new Parley(backend);
  await third.start();
  expect(third.told).toBeNull(); // it was gone already
});

test("two quick presses ask for one answer", async () => {
  const { parley, asked } = await talked();
  const answer = parley.path.at(-1)!;
  await Promise.all([parley.again(answer), parley.again(answer)]);
  expect(asked("answer_again")).toHaveLength(1);
  expect(parley.notice).toBeNull();
});

test("a model answers where it was asked for, wherever the person has gone meanwhile", async () => {
  const { backend, parley, asked, id } = await talked();
  let pick: (path: string) => void = () => {};
  const kinds: boolean[] = [];
  (backend as Backend).pickModel = (folder) => (kinds.push(folder), new Promise((resolve) => (pick = resolve)));
  const opening = parley.openModel(true);
  parley.begin();
  pick("/home/you/models/other.gguf");
  expect(await opening).toBeNull();
  expect(kinds).toEqual([true]);
  expect(asked("model_choose")).toEqual([{ conversation: id, model: "sha256:imported" }]);
});
