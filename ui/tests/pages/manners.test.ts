// The window's manners, seen: load and eject, the gauge, closing, files from outside, going on, temporary conversations, diagnostics.
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import type { FakeBackend } from "../../src/backend/fake/fake";
import { answered, calls, happen, inWindow, say, withBrowser } from "./browser";

withBrowser();

const focusedName = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim() ?? "");

test("a model is loaded and ejected in the picker, by its button and by keyboard alone", () =>
  inWindow({ world: "picture", pace: 40 }, async (page) => {
    await page.keyboard.press("Control+m");
    await page.locator(".picker input:focus").waitFor();
    await page.keyboard.type("mistral");
    await page.getByRole("button", { name: "Bring Mixtral 8x7B Instruct into memory" }).waitFor({ state: "hidden" });
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^loading, \d+%$/).waitFor();
    await page.getByText("in memory · 5.4 GB").waitFor();
    expect(await calls(page, "model_load")).toEqual([{ model: "sha256:mistral" }]);
    expect(await calls(page, "model_choose")).toEqual([]);
    await page.keyboard.press("Tab");
    expect(await focusedName(page)).toBe("Take Mistral 7B Instruct v0.2 out of memory");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Bring Mistral 7B Instruct v0.2 into memory" }).waitFor();
    expect(await calls(page, "model_eject")).toEqual([{ model: "sha256:mistral" }]);
    expect(await page.evaluate(() => document.activeElement?.matches(".picker input"))).toBe(true);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("qwen");
    await page.getByRole("button", { name: /Bring Qwen2.5-Coder 1.5B Instruct into/ }).click();
    await page.getByText("in memory · 1.4 GB").waitFor();
    expect(await page.getByRole("dialog", { name: "Choose a model" }).isVisible()).toBe(true);
  }));

test("a model that answers is not ejected, and one too large is not loaded: the button says why", () =>
  inWindow({ world: "picture", pace: 30 }, async (page) => {
    await page.locator(".item").first().click();
    await say(page, "something slow and long");
    await page.locator("article").last().getByText("Paragraph").waitFor({ timeout: 20_000 });
    await page.keyboard.press("Control+m");
    const eject = page.getByRole("button", { name: "Take ELYZA Llama 2 7B out of memory" });
    expect(await eject.getAttribute("title")).toBe("It is answering now");
    await eject.click({ force: true });
    await page.keyboard.press("Control+Enter");
    expect(await calls(page, "model_eject")).toEqual([]);
    expect(await page.getByRole("button", { name: "Bring Mixtral 8x7B Instruct into memory" }).getAttribute("title")).toBe("14.5 GB too large");
  }));

test("the gauge says memory and processor in words, and asks only while it can be seen", () =>
  inWindow({ world: "picture" }, async (page) => {
    const processor = page.getByRole("meter", { name: "Processor" });
    await processor.waitFor();
    expect(await processor.getAttribute("aria-valuetext")).toBe("61%");
    expect(await page.getByRole("meter", { name: "Memory" }).getAttribute("aria-valuetext")).toBe("6.2 of 13 GB");
    await page.getByRole("button", { name: "Memory and processor" }).click();
    const facts = page.getByRole("group", { name: "Memory and processor" });
    expect((await facts.textContent())!.replace(/\s+/g, " ")).toMatch(/Models ?6.2 of 13 GB ?All of Parley ?6.6 of 16 GB ?All programs ?11.2 of 16 GB ?Processor, Parley ?50% ?Processor, all ?61%/);
    expect(await page.locator(".pane-foot [aria-live], .pane-foot [role=status]").count()).toBe(0);
    await page.keyboard.press("Escape");
    await facts.waitFor({ state: "detached" });
    await page.waitForTimeout(2300);
    const seen = (await calls(page, "machine")).length;
    expect(seen).toBeGreaterThanOrEqual(2);
    await page.keyboard.press("Control+b");
    await page.waitForTimeout(100);
    const folded = (await calls(page, "machine")).length;
    await page.waitForTimeout(2300);
    expect((await calls(page, "machine")).length).toBe(folded);
    await page.keyboard.press("Control+b");
    await page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    const hidden = (await calls(page, "machine")).length;
    await page.waitForTimeout(2300);
    expect((await calls(page, "machine")).length).toBe(hidden);
  }));

test("closing during an answer asks: Esc and Enter keep writing, Close closes", () =>
  inWindow({ pace: 30 }, async (page) => {
    await say(page, "something long");
    await page.locator("article").last().getByText("Paragraph 1.").waitFor();
    const dialog = page.getByRole("dialog", { name: "Close Parley?" });
    for (const key of ["Escape", "Enter"]) {
      await happen(page, { type: "close_asked" });
      await dialog.waitFor();
      expect(await focusedName(page)).toBe("Keep writing");
      expect(await dialog.textContent()).toContain("An answer is still being written. What is written is kept.");
      await page.keyboard.press(key);
      // Esc hides it at once, and it is gone a moment later: asked in between, it would not come.
      await page.locator("dialog").waitFor({ state: "detached" });
    }
    expect(await calls(page, "answer_stop")).toEqual([]); // Esc was the dialog's
    await happen(page, { type: "close_asked" });
    await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
    await page.waitForFunction(() => (window as unknown as { fakeBackend: FakeBackend }).fakeBackend.closed);
  }));

test("a model file dropped on the window is added and chosen; what is no model is told", () =>
  inWindow({}, async (page) => {
    await happen(page, { type: "files_hover", over: true });
    await page.getByText("Drop a model file or folder to add it").waitFor();
    await happen(page, { type: "files_hover", over: false });
    await page.getByText("Drop a model file or folder to add it").waitFor({ state: "detached" });
    await page.keyboard.press("Control+,");
    await happen(page, { type: "files_opened", paths: ["/m/qwen.gguf", "/m/notes.txt"] });
    await page.locator(".chip", { hasText: "Qwen2.5 Coder 0.5B" }).waitFor();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("/m/notes.txt");
  }));

test("a stopped answer goes on by its button, and by key", () =>
  inWindow({ pace: 25 }, async (page) => {
    await say(page, "something long");
    const answer = page.locator("article").last();
    await answer.getByText("Paragraph 2.").waitFor();
    await page.keyboard.press("Escape");
    await answered(page);
    const before = await answer.locator(".md").textContent();
    await answer.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await page.keyboard.press("Escape");
    await answered(page);
    await page.keyboard.press("Control+g");
    await page.waitForFunction(() => (window as unknown as { fakeBackend: FakeBackend }).fakeBackend.calls.filter((call) => call.name === "answer_continue").length === 2);
    await answered(page);
    expect((await answer.locator(".md").textContent())!.startsWith(before!)).toBe(true);
    expect(await page.locator("article").count()).toBe(1);
    expect(await answer.getByRole("button", { name: "Go on" }).count()).toBe(0);
  }));

test("a temporary conversation says so in the head, the list and the composer, and leaves nothing in the page's store", () =>
  inWindow({ pace: 1 }, async (page) => {
    await page.keyboard.press("Control+Shift+N");
    await page.getByRole("heading", { name: "Ask something that is not kept" }).waitFor();
    await page.locator(".head .tag", { hasText: "Temporary" }).waitFor();
    await page.locator(".composer", { hasText: "Temporary: kept nowhere, gone when Parley closes" }).waitFor();
    await page.keyboard.type("unspoken");
    await page.waitForTimeout(400);
    await page.keyboard.press("Enter");
    await answered(page);
    await page.locator(".item").getByRole("img", { name: "Temporary" }).waitFor();
    expect(await page.title()).toBe("New temporary conversation – Parley");
    await page.keyboard.type("unspoken too");
    await page.waitForTimeout(400);
    expect(await page.evaluate(() => JSON.stringify(Object.entries(localStorage)) + location.href)).not.toMatch(/unspoken|conversation-0/);
    expect(await calls(page, "message_send")).toEqual([expect.objectContaining({ temporary: true })]);
    await page.locator(".item").focus();
    await page.keyboard.press("Delete");
    await page.locator(".item").waitFor({ state: "detached" });
    expect(await page.getByText("Conversation deleted").count()).toBe(0);
  }));

test("closing tells what becomes of a temporary conversation", () =>
  inWindow({ pace: 30 }, async (page) => {
    await page.keyboard.press("Control+Shift+N");
    await say(page, "something long");
    await page.locator("article").last().getByText("Paragraph 1.").waitFor();
    await happen(page, { type: "close_asked" });
    await page.getByText("An answer is still being written. Temporary conversations are gone then.").waitFor();
  }));

test("Ctrl and the wheel change the text size", () =>
  inWindow({}, async (page) => {
    const size = () => page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -100);
    await page.waitForFunction(() => getComputedStyle(document.documentElement).fontSize === "18px");
    await page.mouse.wheel(0, 100);
    await page.waitForFunction(() => getComputedStyle(document.documentElement).fontSize === "16px");
    await page.keyboard.up("Control");
    expect(await size()).toBe("16px");
  }));

test("diagnostics can be read before they are copied", () =>
  inWindow({}, async (page) => {
    await page.keyboard.press("Control+,");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Diagnostics" });
    await dialog.getByText("worker-died: signal 9").waitFor();
    await dialog.getByRole("button", { name: "Copy diagnostics" }).click();
    await dialog.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("SmolLM2 135M Instruct (llama, Q4_1)");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await page.getByText("/home/you/.local/share/parley/logs").count()).toBe(1);
  }));

test("what would be better than the starter is said once there is something, in every language", () =>
  inWindow({ lang: "zh-Hans" }, async (page) => {
    await page.getByText("就这台电脑和您的语言而言，Qwen2.5 7B Instruct 会更合适，约需下载 4.7 GB。").waitFor();
    expect(await calls(page, "better_model")).toEqual([{ language: "zh-Hans" }]);
    await page.getByText("bartowski/Qwen2.5-7B-Instruct-GGUF").waitFor();
  }));

test("the better model is one press away: it is fetched in place, then one chats with it", () =>
  inWindow({ pace: 4 }, async (page) => {
    await page.getByRole("button", { name: "Get 4.7 GB: Qwen2.5 7B Instruct" }).click();
    await page.locator(".get [role=progressbar]").waitFor();
    await page.getByRole("button", { name: "Pause Qwen2.5 7B Instruct" }).click();
    await page.getByRole("button", { name: "Resume Qwen2.5 7B Instruct" }).click();
    await page.getByRole("button", { name: "Chat with it" }).click();
    await page.locator(".chip", { hasText: "Qwen2.5 7B Instruct" }).waitFor();
    const wish = { repository: "bartowski/Qwen2.5-7B-Instruct-GGUF", revision: null, files: ["Qwen2.5-7B-Instruct-Q4_K_M.gguf"], name: "Qwen2.5 7B Instruct" };
    expect(await calls(page, "download_start")).toEqual([wish]);
  }));
