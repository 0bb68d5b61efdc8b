import { fireEvent, render } from "@testing-library/svelte";
import { beforeEach, expect, test, vi } from "vitest";
import { Composing } from "../src/parts/composing";
import Composer from "./ComposerOn.svelte";
import { FakeBackend } from "../src/backend/fake/fake";
import { sceneOf } from "../src/backend/fake/scenes";
import { Parley } from "../src/state/parley.svelte";

beforeEach(() => localStorage.clear());

const key = (timeStamp: number, change: Partial<KeyboardEvent> = {}) => ({ isComposing: false, keyCode: 13, timeStamp, ...change });

test("an input method's Enter is not the message's", () => {
  const composing = new Composing();
  expect(composing.owns(key(0))).toBe(false);
  expect(composing.owns(key(0, { isComposing: true }))).toBe(true);
  expect(composing.owns(key(0, { keyCode: 229 }))).toBe(true);
});

test("WebKit's key after the end of a composition still belongs to it", () => {
  const composing = new Composing();
  composing.ended({ timeStamp: 1000 });
  expect(composing.owns(key(1001, { keyCode: 229 }))).toBe(true);
  expect(composing.owns(key(1010))).toBe(true);
  expect(composing.owns(key(1200))).toBe(false);
});

async function composer() {
  const backend = new FakeBackend(sceneOf("first", 0), 1);
  const parley = new Parley(backend);
  await parley.start();
  const { getByRole } = render(Composer, { parley });
  const area = getByRole("textbox") as HTMLTextAreaElement;
  const sent = () => backend.calls.filter((call) => call.name === "message_send").map((call) => call.request);
  return { parley, area, sent };
}

test("Enter sends, Shift Enter does not, and nothing empty is sent", async () => {
  const { area, sent } = await composer();
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 13 });
  await fireEvent.input(area, { target: { value: "  \n " } });
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 13 });
  await fireEvent.input(area, { target: { value: "你好" } });
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 13, shiftKey: true });
  expect(sent()).toEqual([]);
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 13 });
  await vi.waitFor(() => expect(sent()).toEqual([{ conversation: null, parent: null, text: "你好", model: null, temporary: false }]));
  expect(area.value).toBe("");
});

test("Enter never sends while composing, nor as WebKit tells it afterwards", async () => {
  const { area, sent } = await composer();
  await fireEvent.compositionStart(area);
  await fireEvent.input(area, { target: { value: "にほん" } });
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 229, isComposing: true });
  await fireEvent.compositionEnd(area);
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 229 });
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 13 });
  expect(sent()).toEqual([]);
  expect(area.value).toBe("にほん");
  await new Promise((resolve) => setTimeout(resolve, 60));
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 13 });
  await vi.waitFor(() => expect(sent()).toHaveLength(1));
});

test("what could not be sent stands in the composer again", async () => {
  const { parley, area, sent } = await composer();
  await fireEvent.input(area, { target: { value: "refuse disk-full" } });
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 13 });
  await vi.waitFor(() => expect(parley.notice?.key).toBe("disk-full"));
  expect(sent()).toHaveLength(1);
  expect(area.value).toBe("refuse disk-full");
});

test("each conversation keeps its own draft", async () => {
  const { parley, area } = await composer();
  await fireEvent.input(area, { target: { value: "one" } });
  await fireEvent.keyDown(area, { key: "Enter", keyCode: 13 });
  await vi.waitFor(() => expect(parley.current).not.toBeNull());
  const id = parley.current!;
  parley.draft = "half a thought";
  parley.begin();
  expect(parley.draft).toBe("");
  await parley.open(id);
  expect(parley.draft).toBe("half a thought");
});
