import { beforeEach, expect, test, vi } from "vitest";
import { receiptOf } from "../src/backend/fake/scenes";
import { Deletion, UNDO_MS } from "../src/state/deletion.svelte";
import { contextOf, fitOf, lettersOf, modelOf, switchTo, tokensOf } from "../src/state/models";
import { Rows, tokensPerSecond } from "../src/state/thread";
import { answer, message, model, summary } from "./made";
import { PLAIN_NETWORK } from "../src/backend/fake/scenes";

beforeEach(() => localStorage.clear());

const settings = { language: null, theme: "system", model: null, kept_bytes: null, kv_type: "f16", library: null, network: PLAIN_NETWORK } as const;

test("the conversation's own model answers, else the one last chosen, else the starter", () => {
  const models = [model("a"), model("b"), model("s", { source: { kind: "bundled" } })];
  expect(modelOf(summary("c", { model: "a" }), { ...settings, model: "b" }, models)?.id).toBe("a");
  expect(modelOf(summary("c"), { ...settings, model: "b" }, models)?.id).toBe("b");
  expect(modelOf(null, settings, models)?.id).toBe("s");
  expect(modelOf(summary("c"), { ...settings, model: "gone" }, models)?.id).toBe("s");
  expect(modelOf(null, settings, [])).toBeNull();
});

test("no model stands in for the conversation's own where that is not in the library", () => {
  expect(modelOf(summary("c", { model: "gone" }), { ...settings, model: "b" }, [model("b"), model("s", { source: { kind: "bundled" } })])).toBeNull();
});

test("fit is told against what is free, and against what could be", () => {
  const memory = { total: 10e9, models: 4e9, free: 6e9 };
  const fit = (bytes: number) => fitOf(model("m", { memory: bytes }), memory);
  expect(fit(5e9)).toEqual({ kind: "fits" });
  expect(fit(5.9e9)).toEqual({ kind: "tight" });
  expect(fit(9e9)).toEqual({ kind: "tight" });
  expect(fit(12e9)).toEqual({ kind: "large", over: 2e9 });
});

test("a switch says what is loaded, read again, and left out", () => {
  const old = model("old", { state: { state: "loaded", memory: 1 } });
  const path = [message("q", null), answer("a", "q", "old")];
  path[1]!.receipt = receiptOf(old, path, "end_of_turn", { prompt_tokens: 5000, answer_tokens: 100 });
  expect(tokensOf(path)).toBe(5100);
  expect(switchTo(model("new", { context: 32768 }), path)).toEqual({ load: 1e9, read: 5100, over: 0 });
  expect(switchTo(model("short", { context: 4096, state: { state: "loaded", memory: 1 } }), path)).toEqual({ load: 0, read: 4096, over: 1004 });
  path[1]!.receipt.reasoning_tokens = 60; // they are not read again
  expect(tokensOf(path)).toBe(5040);
  expect(contextOf(model("huge", { context: 131072 }), path)).toBe(8192);
});

test("two letters for a name", () => {
  const cases = { "OLMo 2 7B Instruct": "OL", "LLaMA-Pro 8B": "LP", "Qwen2.5-Coder 0.5B": "QC", "Qwen2.5 Coder": "QW", 書生: "書生", "": "" };
  for (const [name, letters] of Object.entries(cases)) expect(lettersOf(name), name).toBe(letters);
});

test("the line of a switch stands before the words that the new model answers", () => {
  const path = [message("q1", null), answer("a1", "q1", "one"), message("q2", "a1"), answer("a2", "q2", "two"), message("q3", "a2"), answer("a3", "q3", "two")];
  const rows = new Rows();
  const first = rows.of(path);
  expect(first.map((row) => row.takesOver?.author.model ?? null)).toEqual([null, null, "two", null, null, null]);
  const second = rows.of(path.with(5, { ...path[5]!, status: "stopped" }));
  expect(second.slice(0, 5).every((row, at) => row === first[at])).toBe(true);
  expect(second[5]).not.toBe(first[5]);
});

test("a model whose weights were hashed between two answers does not take over from itself", () => {
  const by = (id: string, change = {}) => ({ author: { model: id, name: "Q", quantisation: "Q4_K_M", ...change } });
  const switched = (...authors: object[]) => {
    const path = authors.flatMap((author, n) => [message(`q${n}`, n ? `a${n - 1}` : null), answer(`a${n}`, `q${n}`, "", author)]);
    return new Rows().of(path).some((row) => row.takesOver);
  };
  expect(switched(by("header:1"), by("sha256:1"), by("sha256:1"))).toBe(false);
  expect(switched(by("sha256:1"), by("header:1"))).toBe(false);
  expect(switched(by("header:1"), by("sha256:1", { quantisation: "Q8_0" }))).toBe(true);
  expect(switched(by("header:1"), by("sha256:1", { name: "R" }))).toBe(true);
  expect(switched(by("sha256:1"), by("sha256:2"))).toBe(true);
});

test("speed is of the tokens after the first", () => {
  const path = [message("q", null), answer("a", "q", "m")];
  const receipt = receiptOf(model("m"), path, "end_of_turn", { answer_tokens: 11 });
  expect(tokensPerSecond({ ...receipt, times: { ...receipt.times, decode_ms: 2000 } })).toBe(5);
  expect(tokensPerSecond({ ...receipt, answer_tokens: 1 })).toBeNull();
});

test("a deletion is done when its time is over, and not when it is taken back", () => {
  vi.useFakeTimers();
  const done: string[] = [];
  const deletion = new Deletion(async (id) => void done.push(id));
  deletion.begin(summary("a"));
  expect(deletion.undo()?.id).toBe("a");
  vi.advanceTimersByTime(UNDO_MS * 2);
  expect(done).toEqual([]);
  deletion.begin(summary("b"));
  vi.advanceTimersByTime(UNDO_MS - 1);
  expect(done).toEqual([]);
  deletion.begin(summary("c"));
  expect(done).toEqual(["b"]);
  vi.advanceTimersByTime(UNDO_MS);
  expect(done).toEqual(["b", "c"]);
  vi.useRealTimers();
});

test("a deletion still on the strip when the window goes is done by the next", async () => {
  const done: string[] = [];
  const really = async (id: string) => void done.push(id);
  new Deletion(really).begin(summary("a"));
  await new Deletion(really).resume();
  expect(done).toEqual(["a"]);
  await new Deletion(really).resume();
  const taken = new Deletion(really);
  taken.begin(summary("b"));
  taken.undo();
  await new Deletion(really).resume();
  expect(done).toEqual(["a"]);
});
