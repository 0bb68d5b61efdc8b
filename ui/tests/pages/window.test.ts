// Everything around the thread: the list, the picker, settings, keys, small windows, large text.
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { answered, calls, inWindow, picture, say, withBrowser } from "./browser";

withBrowser();

const titles = (page: Page) => page.locator(".item").allTextContents().then((all) => all.map((title) => title.trim()));
const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");

test("conversations stand by date, and the keyboard moves among them", () =>
  inWindow({ world: "picture" }, async (page) => {
    const groups = await page.locator(".group").allTextContents();
    expect(groups.slice(0, 3)).toEqual(["Today", "Yesterday", "Last seven days"]);
    await page.keyboard.press("Shift+F6");
    await page.locator(".item").first().focus();
    await page.keyboard.press("ArrowDown");
    expect(await focused(page)).toBe("給房東的一封信");
    await page.keyboard.press("End");
    expect(await focused(page)).toBe("Pancakes without eggs");
    await page.keyboard.press("f");
    expect(await focused(page)).toContain("Falcon");
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await page.locator("article").first().waitFor();
    expect(await page.locator(".item[aria-current=page]").textContent()).toContain("Counting characters");
  }));

test("rename by F2, Enter keeps it, Esc does not", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.locator(".item").nth(1).focus();
    await page.keyboard.press("F2");
    await page.keyboard.type("To the landlord");
    await page.keyboard.press("Escape");
    expect((await titles(page))[1]).toBe("給房東的一封信");
    await page.keyboard.press("F2");
    await page.keyboard.type("To the landlord");
    await page.keyboard.press("Enter");
    await page.locator(".item", { hasText: "To the landlord" }).waitFor();
    expect(await focused(page)).toBe("To the landlord");
    await page.locator(".item", { hasText: "Pancakes" }).click();
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await page.keyboard.type("Breakfast");
    await page.keyboard.press("Enter");
    await page.locator(".head h1", { hasText: "Breakfast" }).waitFor();
  }));

test("delete hides at once, can be taken back, and is done when the strip ends", () =>
  inWindow({ world: "picture" }, async (page) => {
    const before = await titles(page);
    await page.locator(".item").nth(2).focus();
    await page.keyboard.press("Delete");
    await page.getByText("Conversation deleted").waitFor();
    expect(await titles(page)).toHaveLength(before.length - 1);
    expect(await calls(page, "conversation_delete")).toEqual([]);
    await page.getByRole("button", { name: "Undo" }).click();
    expect(await titles(page)).toHaveLength(before.length);
    await page.locator(".item", { hasText: "Pancakes" }).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText("Conversation deleted").waitFor();
    await page.getByText("Conversation deleted").waitFor({ state: "detached", timeout: 20_000 });
    expect(await calls(page, "conversation_delete")).toHaveLength(1);
    expect(await titles(page)).not.toContain("Pancakes without eggs");
  }));

test("a deletion still on the strip is done when the window closes", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.locator(".item").nth(2).focus();
    await page.keyboard.press("Delete");
    await page.evaluate(() => window.dispatchEvent(new Event("pagehide")));
    expect(await calls(page, "conversation_delete")).toHaveLength(1);
  }));

test("the picker by keyboard alone: search, move, choose, and the switch is told", () =>
  inWindow({ world: "picture", pace: 2 }, async (page) => {
    await page.locator(".item").first().click();
    await page.keyboard.press("Control+m");
    const picker = page.getByRole("dialog", { name: "Choose a model" });
    await picker.waitFor();
    expect(await calls(page, "models")).toHaveLength(1);
    expect(await picker.textContent()).toMatch(/In memory.*6.8 of 13 GB free.*ELYZA Llama 2 7B.*6.7B · Q4_K_M · 4.1 GB on disk · 4,096 context.*in use · 6.2 GB/s);
    expect(await picker.textContent()).toMatch(/Mixtral.*14.5 GB too large/s);
    expect(await picker.textContent()).toMatch(/The file of Falcon 7B Instruct/);
    await page.keyboard.type("mistral");
    await page.getByText("It reads about 471 tokens again. Nothing is dropped.").waitFor();
    await page.keyboard.press("Enter");
    await picker.waitFor({ state: "detached" });
    expect(await calls(page, "model_choose")).toEqual([{ conversation: expect.any(String), model: "sha256:mistral" }]);
    await page.keyboard.type("and now?");
    await page.keyboard.press("Enter");
    await page.getByRole("separator").last().getByText("Mistral 7B Instruct v0.2").waitFor();
    await answered(page);
    expect(await page.getByRole("separator").last().textContent()).toMatch(/Switched to Mistral 7B Instruct v0.2. It read \d+ tokens in 410 ms; nothing was dropped./);
    expect(await page.locator("article").last().textContent()).toContain("Mistral 7B Instruct v0.2");
  }));

test("a model that cannot be used says why, in the picker", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+m");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    expect(await calls(page, "model_choose")).toEqual([]);
  }));

test("a model file is opened, added and chosen; what is no model is refused there", () =>
  inWindow({}, async (page) => {
    await page.keyboard.press("Control+m");
    await page.locator(".picker").getByRole("button", { name: "Open a model file" }).click();
    await page.locator(".chip", { hasText: "Qwen2.5 Coder 0.5B" }).waitFor();
    expect(await calls(page, "model_import")).toHaveLength(1);
    expect(await calls(page, "model_choose")).toEqual([{ conversation: null, model: "sha256:imported" }]);
    await page.evaluate(() => Object.assign((window as unknown as { fakeBackend: object }).fakeBackend, { picked: "/home/you/notes.txt" }));
    await page.keyboard.press("Control+m");
    await page.locator(".picker").getByRole("button", { name: "Open a model file" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("/home/you/notes.txt");
  }));

test("a refused file is said beside the search field, which has the keyboard again, or above the composer", () =>
  inWindow({}, async (page) => {
    await page.evaluate(() => {
      const pickModel = () => new Promise((resolve) => setTimeout(() => resolve("/home/you/notes.txt"), 200));
      Object.assign((window as unknown as { fakeBackend: object }).fakeBackend, { pickModel });
    });
    await page.keyboard.press("Control+m");
    await page.locator(".picker").getByRole("button", { name: "Open a model file" }).click();
    await page.locator(".picker").getByRole("alert").waitFor();
    await page.locator(".picker input:focus").waitFor();
    await page.locator(".picker").getByRole("button", { name: "Open a model file" }).click();
    await page.keyboard.press("Escape");
    await page.locator(".picker").waitFor({ state: "detached" });
    await page.locator(".notice").getByRole("alert").waitFor();
    expect(await page.locator(".notice").textContent()).toContain("/home/you/notes.txt");
  }));

test("a title left for another part is kept, and the keyboard stays there", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.locator(".item").nth(1).focus();
    await page.keyboard.press("F2");
    await page.keyboard.type("To the landlord");
    await page.getByRole("button", { name: "Settings" }).focus();
    await page.locator(".item", { hasText: "To the landlord" }).waitFor();
    expect(await focused(page)).toBe("Settings");
  }));

test("language and theme change at once", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+,");
    await page.getByLabel("Language").selectOption("zh-Hant");
    await page.getByRole("heading", { name: "外觀" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("zh-Hant");
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await background()).toBe("rgb(255, 255, 255)");
    await page.getByRole("radio", { name: "深色" }).click();
    await page.waitForFunction(() => getComputedStyle(document.body).backgroundColor === "rgb(28, 28, 26)");
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => getComputedStyle(document.body).backgroundColor === "rgb(255, 255, 255)");
    await page.keyboard.press("Control+1");
    expect((await page.locator(".group").allTextContents()).slice(0, 3)).toEqual(["今天", "昨天", "最近七天"]);
    await page.keyboard.press("Control+,");
    await page.getByLabel("語言").selectOption("");
    await page.getByRole("heading", { name: "Appearance" }).waitFor();
  }));

test("the dark theme of the system is followed", () =>
  inWindow({}, async (page) => {
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(28, 28, 26)");
  }));

test("everything by keyboard: a conversation is begun, answered, left and come back to", () =>
  inWindow({ pace: 1 }, async (page) => {
    await page.keyboard.type("one");
    await page.keyboard.press("Enter");
    await answered(page);
    await page.keyboard.press("Control+n");
    await page.getByRole("heading", { name: "Ask something to begin" }).waitFor();
    await page.keyboard.type("two");
    await page.keyboard.press("Enter");
    await answered(page);
    expect(await titles(page)).toEqual(["two", "one"]);
    const regions: string[] = [];
    for (let n = 0; n < 5; n++) {
      await page.keyboard.press("F6");
      regions.push(await page.evaluate(() => document.activeElement?.closest("[data-region]")?.className.split(" ")[0] ?? ""));
    }
    expect(regions.sort()).toEqual(["composer", "head", "pane", "rail", "scroll"]);
    while ((await page.evaluate(() => document.activeElement?.closest(".pane") === null))) await page.keyboard.press("F6");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator(".own", { hasText: "one" }).waitFor();
    await page.keyboard.press("Control+/");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor({ state: "detached" });
  }));

/** Nothing that is in the window is cut off at its side, and nothing scrolls the page itself. */
async function holds(page: Page) {
  const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(width).toBe(0);
  for (const part of [".head", ".composer", ".send"]) {
    const box = (await page.locator(part).first().boundingBox())!;
    const { width, height } = page.viewportSize()!;
    expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, `${part} ${JSON.stringify(box)}`).toBe(true);
  }
}

test("720 by 480: the list opens over the page", () =>
  inWindow({ world: "picture", width: 720, height: 480 }, async (page) => {
    expect(await page.locator(".pane").isVisible()).toBe(false);
    await page.getByRole("button", { name: "Show conversations" }).click();
    await page.locator(".item").first().click();
    await page.locator("article").first().waitFor();
    expect(await page.locator(".pane").isVisible()).toBe(false);
    await holds(page);
    await page.keyboard.press("Control+m");
    const box = (await page.getByRole("dialog").boundingBox())!;
    expect(box.x >= 12 && box.x + box.width <= 708 && box.y + box.height <= 480).toBe(true);
  }));

for (const [width, height] of [[1280, 800], [720, 480]] as const) {
  test(`text at 200 per cent, ${width} by ${height}`, () =>
    inWindow({ world: "picture", theme: "light", width, height }, async (page) => {
      await page.locator(".composer textarea").waitFor();
      for (let n = 0; n < 7; n++) await page.keyboard.press("Control++");
      expect(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe("32px");
      if (width === 1280) await page.getByRole("button", { name: "Show conversations" }).click();
      else await page.keyboard.press("Control+b");
      await page.locator(".item").first().click();
      await page.locator("article").first().waitFor();
      await holds(page);
      await picture(page, `large-text-${width}`);
      await page.keyboard.press("Control+m");
      const box = (await page.getByRole("dialog").boundingBox())!;
      expect(box.x >= 0 && box.x + box.width <= width && box.y + box.height <= height, JSON.stringify(box)).toBe(true);
      await picture(page, `large-text-picker-${width}`);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+0");
      expect(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe("16px");
    }));
}

test("the thread keeps its end where the window grows and the text with it: the browser's own going up was taken for the reader's", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.locator(".item").first().click();
    await page.setViewportSize({ width: 720, height: 480 });
    await page.locator(".code .k").first().waitFor();
    const log = page.getByRole("log");
    const below = () => log.evaluate((scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight);
    await page.waitForTimeout(200);
    await log.evaluate((scroller) => {
      document.querySelector<HTMLElement>(".composer")!.hidden = true; // more room: the end comes down to less
      void scroller.scrollTop;
      scroller.querySelector<HTMLElement>(".thread")!.style.paddingBottom = "500px";
    });
    await page.waitForTimeout(300);
    expect(await below()).toBeLessThan(2);
    await log.hover();
    await page.mouse.wheel(0, -300);
    await page.getByRole("button", { name: "To the end" }).waitFor();
  }));

test("Ctrl B folds the list and brings it back", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+b");
    expect(await page.locator(".pane").isVisible()).toBe(false);
    await page.keyboard.press("Control+b");
    expect(await page.locator(".pane").isVisible()).toBe(true);
  }));

test("a history that cannot be opened is said on the whole page", () =>
  inWindow({ world: "damaged" }, async (page) => {
    await page.getByRole("heading", { name: "Parley could not start" }).waitFor();
    const alert = page.getByRole("alert");
    expect(await alert.textContent()).toContain("history.db");
    await alert.getByRole("button", { name: "Show details" }).click();
    expect(await alert.locator("pre").textContent()).toContain("history-damaged");
    // What a report needs was to be had only where nothing was wrong.
    await page.getByRole("button", { name: "Copy diagnostics" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("SmolLM2 135M Instruct (llama, Q4_1)");
  }));

test("what keeps Parley from starting is said in the system's language", () =>
  inWindow({ world: "damaged", locale: "zh-TW" }, async (page) => {
    await page.getByRole("heading", { name: "Parley 無法啟動" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("zh-Hant");
  }));

test("ten thousand messages open at once and scroll without a stutter", () =>
  inWindow({ world: "many" }, async (page) => {
    const before = Date.now();
    await page.locator(".item").first().click();
    await page.getByText("Answer 5000.").waitFor();
    expect(Date.now() - before).toBeLessThan(10_000);
    const log = page.getByRole("log");
    expect(await log.locator("article").count()).toBeLessThan(60);
    const worst = await log.evaluate(async (scroller) => {
      let longest = 0;
      let last = performance.now();
      for (let step = 0; step < 120; step++) {
        scroller.scrollTop -= 300;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      }
      return longest;
    });
    expect(worst).toBeLessThan(1000);
    expect(await log.locator("article").count()).toBeGreaterThan(60);
    await say(page, "still here?");
    await page.getByText("You said “still here?”").waitFor();
  }));

test("reading upwards does not jump when earlier messages are drawn", () =>
  inWindow({ world: "many" }, async (page) => {
    await page.locator(".item").first().click();
    await page.getByText("Answer 5000.").waitFor();
    const log = page.getByRole("log");
    for (let n = 0; n < 3; n++) {
      await log.evaluate((scroller) => (scroller.scrollTop = 620));
      await page.waitForTimeout(150);
      const first = await log.evaluate((scroller) => {
        const edge = scroller.getBoundingClientRect().top;
        const row = [...scroller.querySelectorAll(".me")].find((own) => own.getBoundingClientRect().top > edge + 100)!;
        return { text: row.textContent, top: row.getBoundingClientRect().top };
      });
      await log.evaluate((scroller) => (scroller.scrollTop -= 60));
      await page.waitForTimeout(300);
      const top = await log.evaluate((scroller, text) => [...scroller.querySelectorAll(".me")].find((own) => own.textContent === text)!.getBoundingClientRect().top, first.text);
      expect(Math.abs(top - first.top - 60)).toBeLessThan(4);
    }
  }));

test("what is read may take half the memory, from the next load on", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+,");
    await page.getByText("Compact (8 bits)").click();
    await expect.poll(() => calls(page, "settings_change")).toMatchObject([{ kv_type: "q8_0" }]);
  }));

test("a smaller model proposes by itself, not at all, or as the person takes it", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+,");
    const draft = page.getByLabel("Draft model for Mixtral 8x7B Instruct");
    await expect.poll(() => draft.locator("option").allTextContents()).toEqual(["Automatic (Mistral 7B Instruct v0.2)", "None", "Mistral 7B Instruct v0.2 · Q4_K_M"]);
    const model = "sha256:mixtral";
    await draft.focus();
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => calls(page, "draft_choose")).toEqual([{ model, choice: { kind: "never" } }]);
    await expect.poll(() => draft.inputValue()).toBe("never");
    await draft.selectOption({ label: "Mistral 7B Instruct v0.2 · Q4_K_M" });
    await expect.poll(() => calls(page, "draft_choose")).toHaveLength(2);
    expect((await calls(page, "draft_choose"))[1]).toEqual({ model, choice: { kind: "model", id: "sha256:mistral" } });
  }));

test("what models have read: how much there is, how much there may be, and away with it", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+,");
    const [used, clear, most] = [page.locator("#data ~ .set .small[role=status]"), page.getByRole("button", { name: "Clear" }), page.getByLabel("Quick return")];
    await expect.poll(() => used.textContent()).toBe("1.2 GB on the disk now");
    expect(await most.locator("option").first().textContent()).toBe("Automatic (16.0 GB)");
    await most.selectOption({ label: "At most 1.0 GB" });
    await expect.poll(() => used.textContent()).toBe("1.0 GB on the disk now");
    expect(await calls(page, "settings_change")).toMatchObject([{ kept_bytes: 1e9 }]);
    await clear.click();
    await expect.poll(() => used.textContent()).toBe("0 B on the disk now");
    expect(await clear.isDisabled()).toBe(true);
    expect(await calls(page, "kept_clear")).toHaveLength(1);
  }));
