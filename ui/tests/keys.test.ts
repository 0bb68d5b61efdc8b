// What keys do in the whole window.
import { beforeEach, expect, test, vi } from "vitest";
import { FakeBackend } from "../src/backend/fake/fake";
import { sceneOf } from "../src/backend/fake/scenes";
import { composing } from "../src/parts/composing";
import { Parley } from "../src/state/parley.svelte";
import { press } from "../src/views/keys";

beforeEach(() => localStorage.clear());

const key = (name: string, change: KeyboardEventInit = {}) => new KeyboardEvent("keydown", { key: name, cancelable: true, ...change });

async function answering() {
  const backend = new FakeBackend(sceneOf("first", 0), 1);
  const parley = new Parley(backend);
  await parley.start();
  await parley.send("something slow and long");
  await vi.waitFor(() => expect(parley.answering).toBe(true));
  const stopped = () => backend.calls.filter((call) => call.name === "answer_stop").length;
  return { backend, parley, stopped };
}

test("Esc closes the picker before it stops an answer", async () => {
  const { parley, stopped } = await answering();
  parley.pickerOpen = true;
  press(parley, key("Escape"));
  expect(parley.pickerOpen).toBe(false);
  expect(stopped()).toBe(0);
  press(parley, key("Escape"));
  expect(stopped()).toBe(1);
});

test("a key that ends a composition anywhere is not the window's", async () => {
  const { parley, stopped } = await answering();
  const event = key("Escape");
  composing.ended({ timeStamp: event.timeStamp - 1 });
  press(parley, event);
  expect(stopped()).toBe(0);
  composing.ended({ timeStamp: -Infinity });
  press(parley, event);
  expect(stopped()).toBe(1);
});

test("a key held down begins one conversation, and steps through text sizes", async () => {
  const { parley } = await answering();
  const began = vi.spyOn(parley, "begin");
  const held = key("n", { ctrlKey: true, repeat: true });
  press(parley, held);
  expect(began).not.toHaveBeenCalled();
  expect(held.defaultPrevented).toBe(true); // not the web view's own either
  press(parley, key("n", { ctrlKey: true }));
  expect(began).toHaveBeenCalledOnce();
  press(parley, key("+", { ctrlKey: true, repeat: true }));
  expect(parley.appearance.textSize).toBe(112.5);
});
