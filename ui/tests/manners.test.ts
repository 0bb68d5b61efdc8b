// The window's manners over the fake backend: temporary conversations, files from outside, closing, going on, settings.
import { beforeEach, expect, test, vi } from "vitest";
import { Parley } from "../src/state/parley.svelte";
import { canGoOn } from "../src/state/thread";
import { answer, message } from "./made";
import { begun } from "./begun";
import { PLAIN_NETWORK } from "../src/backend/fake/scenes";

beforeEach(() => localStorage.clear());

const stored = () => JSON.stringify(Object.entries(localStorage));

test("nothing of a temporary conversation is stored by the page: words, draft, id, deletion", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const { parley, asked } = await begun();
  parley.draft = "an ordinary draft";
  parley.begin(true);
  expect(parley.draft).toBe("");
  parley.draft = "a secret draft";
  vi.advanceTimersByTime(1000);
  expect(stored()).toContain("an ordinary draft");
  expect(stored()).not.toContain("secret");
  await parley.send();
  expect(asked("message_send")).toMatchObject([{ temporary: true, text: "a secret draft" }]);
  const id = parley.current!;
  expect(parley.temporary).toBe(true);
  await vi.waitFor(() => expect(parley.path.at(-1)?.status).toBe("complete"));
  await vi.waitFor(() => expect(parley.answering).toBe(false));
  parley.edit(parley.path[0]!);
  parley.draft = "a secret rewriting";
  parley.begin();
  expect(parley.draft).toBe("an ordinary draft");
  await parley.open(id);
  expect(parley.temporary).toBe(true);
  parley.draft = "a second secret";
  vi.advanceTimersByTime(1000);
  expect(stored()).not.toMatch(new RegExp(`secret|${id}`));
  parley.remove(parley.summary!);
  expect(parley.deletion.pending).toBeNull();
  expect(stored()).not.toContain(id);
  await vi.waitFor(() => expect(asked("conversation_delete")).toEqual([{ id }]));
  vi.useRealTimers();
});

test("an ordinary conversation after a temporary one is kept, and is come back to", async () => {
  const { backend, parley, asked } = await begun();
  parley.begin(true);
  parley.begin();
  await parley.send("keep this");
  expect(asked("message_send")).toMatchObject([{ temporary: false }]);
  const next = new Parley(backend);
  await next.start();
  expect(next.current).toBe(parley.current);
  expect(next.temporary).toBe(false);
});

test("two settings changed in one frame are both changed", async () => {
  const { parley, asked } = await begun();
  await Promise.all([parley.change({ theme: "dark" }), parley.change({ language: "zh-Hant" }), parley.choose("sha256:smollm2")]);
  expect(asked("settings_change")).toHaveLength(2);
  await parley.change({});
  expect(parley.world!.settings).toEqual({ theme: "dark", language: "zh-Hant", model: "sha256:smollm2", kept_bytes: null, kv_type: "f16", library: null, network: PLAIN_NETWORK });
});

test("a change that is refused does not hold up the next one", async () => {
  const { backend, parley } = await begun();
  const call = backend.call.bind(backend);
  const refuse = vi.spyOn(backend, "call").mockRejectedValueOnce({ key: "disk-full", args: {}, detail: null });
  await parley.change({ theme: "dark" });
  expect(parley.notice?.key).toBe("disk-full");
  refuse.mockImplementation(call);
  await parley.change({ theme: "light" });
  expect(parley.world!.settings.theme).toBe("light");
});

test("the view is the one that was left", async () => {
  const { backend, parley } = await begun();
  await parley.send("words");
  parley.view = "settings";
  const next = new Parley(backend);
  expect(next.view).toBe("settings");
  await next.start();
  expect(next.view).toBe("settings");
  expect(next.current).toBe(parley.current);
});

test("files from outside are added one by one; the last good one is chosen, and each failure is told", async () => {
  const { backend, parley, asked } = await begun();
  backend.happen({ type: "files_hover", over: true });
  expect(parley.arrivals.hover).toBe(true);
  backend.happen({ type: "files_opened", paths: ["/m/notes.txt", "/m/one.gguf", "/m/picture.png"] });
  expect(parley.arrivals.hover).toBe(false);
  expect(parley.arrivals.reading).toEqual({ name: "notes.txt", at: 1, count: 3 });
  await vi.waitFor(() => expect(parley.arrivals.reading).toBeNull());
  expect(asked("model_import")).toEqual([{ path: "/m/notes.txt" }, { path: "/m/one.gguf" }, { path: "/m/picture.png" }]);
  expect(asked("model_choose")).toEqual([{ conversation: null, model: "sha256:imported" }]);
  expect(parley.told?.args.path).toBe("/m/notes.txt");
  parley.dismiss();
  expect(parley.told?.args.path).toBe("/m/picture.png");
  parley.dismiss();
  expect(parley.told).toBeNull();
});

test("files that came before the page was ready wait for it, and are for the conversation on it", async () => {
  const { backend, parley } = await begun();
  await parley.send("words");
  await vi.waitFor(() => expect(parley.answering).toBe(false));
  backend.calls.length = 0;
  const next = new Parley(backend);
  const starting = next.start();
  backend.happen({ type: "files_opened", paths: ["/m/one.gguf"] });
  await starting;
  await vi.waitFor(() => expect(next.arrivals.reading).toBeNull());
  expect(backend.calls.find((call) => call.name === "model_choose")?.request).toEqual({ conversation: parley.current, model: "sha256:imported" });
});

test("closing is asked by the window and done by the person", async () => {
  const { backend, parley } = await begun();
  backend.happen({ type: "close_asked" });
  expect(parley.closing).toBe(true);
  expect(backend.closed).toBe(false);
  await parley.closeWindow();
  expect(backend.closed).toBe(true);
});

test("a stopped answer goes on from where it was, as the same message", async () => {
  const { parley, asked } = await begun();
  await parley.send("something long");
  await vi.waitFor(() => expect(canGoOn({ ...parley.path.at(-1)!, status: "stopped" })).toBe(true));
  expect(parley.goesOn).toBeNull();
  await parley.stop();
  await vi.waitFor(() => expect(parley.goesOn).not.toBeNull());
  const before = parley.path.at(-1)!;
  await parley.goOn();
  await vi.waitFor(() => expect(parley.path.at(-1)!.status).toBe("complete"));
  await vi.waitFor(() => expect(parley.answering).toBe(false));
  expect(asked("answer_continue")).toEqual([{ conversation: before.conversation, message: before.id }]);
  const after = parley.path.at(-1)!;
  expect(after.id).toBe(before.id);
  expect(after.parts[0]!.text.startsWith(before.parts[0]!.text)).toBe(true);
  expect(after.receipt!.continued_bytes).toBe(new TextEncoder().encode(before.parts[0]!.text).length);
  expect(parley.goesOn).toBeNull();
});

test("which answers can go on", () => {
  const words = { parts: [{ type: "text" as const, text: "half of" }] };
  const cases: [of: ReturnType<typeof message>, can: boolean][] = [
    [answer("a", "q", "m", { ...words, status: "stopped" }), true],
    [answer("a", "q", "m", { ...words, status: "interrupted" }), true],
    [answer("a", "q", "m", { ...words, status: "complete" }), false],
    [answer("a", "q", "m", { ...words, status: "streaming" }), false],
    [answer("a", "q", "m", { ...words, status: "failed" }), false],
    [answer("a", "q", "m", { parts: [], status: "stopped" }), false],
    [message("q", null, { status: "stopped" }), false],
  ];
  for (const [of, can] of cases) expect(canGoOn(of), `${of.role} ${of.status}`).toBe(can);
});

test("load and eject are refused in words, and tell who is busy", async () => {
  const { parley, asked } = await begun("picture");
  const mixtral = parley.world!.models.find((m) => m.id === "sha256:mixtral")!;
  expect((await parley.library.load(mixtral.id))?.key).toBe("memory-short");
  expect(await parley.library.load("sha256:qwen")).toBeNull();
  await vi.waitFor(() => expect(parley.world!.models.find((m) => m.id === "sha256:qwen")!.state.state).toBe("loaded"));
  expect(await parley.library.eject("sha256:qwen")).toBeNull();
  expect(parley.world!.models.find((m) => m.id === "sha256:qwen")!.state.state).toBe("ready");
  const olmo = parley.world!.models.find((m) => m.id === "sha256:olmo")!;
  expect(parley.library.answering(olmo)).toBe(true); // "Falcon and multi-query attention" is being answered by it
  expect(parley.library.answering(mixtral)).toBe(false);
  expect(asked("model_load")).toHaveLength(2);
});
