// Talking: send, stream, stop, answer again, page, edit, fail.
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { answered, calls, inWindow, say, withBrowser } from "./browser";

withBrowser();

const last = (page: Page) => page.locator("article").last();

test("a first message streams, and its figures stand under it", () =>
  inWindow({ pace: 15 }, async (page) => {
    await page.getByRole("heading", { name: "Ask something to begin" }).waitFor();
    expect(await page.locator("textarea").evaluate((area) => area === document.activeElement)).toBe(true);
    await say(page, "Why is the sky dark at night?");
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await page.locator(".md.streaming").waitFor();
    const early = await last(page).textContent();
    await answered(page);
    expect((await last(page).textContent())!.length).toBeGreaterThan(early!.length);
    expect(await last(page).textContent()).toMatch(/light from beyond.*tokens\/s.*first token 640 ms/s);
    expect(await page.locator(".item").textContent()).toContain("Why is the sky dark at night?");
    expect(await page.locator(".head h1").textContent()).toBe("Why is the sky dark at night?");
    expect(await page.title()).toBe("Why is the sky dark at night? – Parley");
    expect(await page.locator("[role=status]").allTextContents()).toContainEqual(expect.stringContaining("SmolLM2 135M Instruct answered: You said"));
  }));

test("an example is sent by a press", () =>
  inWindow({ pace: 1 }, async (page) => {
    await page.getByRole("button", { name: /three sentences/ }).click();
    await answered(page);
    expect(await calls(page, "message_send")).toHaveLength(1);
  }));

test("Stop and Esc end an answer and keep what was written", () =>
  inWindow({ pace: 30 }, async (page) => {
    const stops = [() => page.getByRole("button", { name: "Stop" }).click(), () => page.keyboard.press("Escape")];
    for (const [n, stop] of stops.entries()) {
      await say(page, "something long");
      const answer = page.locator("article").nth(n);
      await answer.getByText("Paragraph 1.").waitFor();
      await stop();
      await answered(page);
      await answer.locator("footer").getByText("stopped").waitFor();
      expect(await answer.textContent()).toContain("Paragraph 1.");
    }
    expect(await calls(page, "answer_stop")).toHaveLength(2);
  }));

test("answering again keeps the earlier answer, and the pager goes between them", () =>
  inWindow({ pace: 1 }, async (page) => {
    await say(page, "hello");
    await answered(page);
    await last(page).getByRole("button", { name: "Answer again" }).click();
    await last(page).getByText("2/2").waitFor();
    await answered(page);
    await page.keyboard.press("Alt+ArrowLeft");
    await last(page).getByText("1/2").waitFor();
    await last(page).getByRole("button", { name: "Later answer" }).click();
    await last(page).getByText("2/2").waitFor();
    await page.keyboard.press("Control+r");
    await last(page).getByText("3/3").waitFor();
  }));

test("the last message is edited from an empty composer, and its earlier version is kept", () =>
  inWindow({ pace: 1 }, async (page) => {
    await say(page, "first words");
    await answered(page);
    await page.keyboard.press("ArrowUp");
    expect(await page.locator("textarea").inputValue()).toBe("first words");
    await page.getByText("You are rewriting a message").waitFor();
    await page.keyboard.press("Escape");
    expect(await page.locator("textarea").inputValue()).toBe("");
    await page.keyboard.press("ArrowUp");
    await say(page, "other words");
    await page.locator(".own", { hasText: "other words" }).getByText("2/2").waitFor();
    await answered(page);
    expect(await calls(page, "message_send")).toContainEqual(expect.objectContaining({ parent: "", text: "other words" }));
    await page.getByRole("button", { name: "Earlier version" }).click();
    await page.locator(".own", { hasText: "first words" }).getByText("1/2").waitFor();
  }));

test("Shift Enter makes a new line, and the composer grows to a limit", () =>
  inWindow({}, async (page) => {
    const height = () => page.locator("textarea").evaluate((area) => area.clientHeight);
    const one = await height();
    await page.locator("textarea").fill("one");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("two");
    expect(await page.locator("textarea").inputValue()).toBe("one\ntwo");
    expect(await height()).toBeGreaterThan(one);
    await page.locator("textarea").fill("line\n".repeat(200));
    expect(await height()).toBeLessThan(320);
    expect(await calls(page, "message_send")).toEqual([]);
  }));

test("a failed answer says what happened and what can be done", () =>
  inWindow({ pace: 1 }, async (page) => {
    await say(page, "fail context-overflow");
    const note = last(page).getByRole("group");
    await note.waitFor();
    expect(await note.textContent()).toContain("210");
    expect(await page.getByRole("alert").count()).toBe(0);
    const sentence = (await note.getAttribute("aria-label"))!;
    await page.locator("[role=status]", { hasText: sentence }).waitFor({ state: "attached" });
    await note.getByRole("button", { name: "Show details" }).click();
    expect(await note.locator("pre").textContent()).toContain("context-overflow");
    await note.getByRole("button", { name: "Choose another model" }).click();
    await page.getByRole("dialog", { name: "Choose a model" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Choose a model" }).waitFor({ state: "detached" });
    await note.getByRole("button", { name: "Edit" }).click();
    expect(await page.locator("textarea").inputValue()).toBe("fail context-overflow");
  }));

test("an interrupted answer is kept, says why, and can be tried again", () =>
  inWindow({ pace: 2 }, async (page) => {
    await say(page, "please interrupt");
    await page.getByRole("group", { name: "The answer was interrupted" }).waitFor();
    await page.locator("[role=status]", { hasText: /answered: You said.*ended in the middle of its work/s }).waitFor({ state: "attached" });
    expect(await last(page).textContent()).toContain("You said");
    await page.getByRole("button", { name: "Try again" }).click();
    await last(page).getByText("2/2").waitFor();
  }));

test("what could not be sent is in the composer again, with the reason above it", () =>
  inWindow({}, async (page) => {
    await say(page, "refuse disk-full");
    await page.getByRole("alert").waitFor();
    expect(await page.locator("textarea").inputValue()).toBe("refuse disk-full");
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
  }));

test("code is coloured by the worker, wrapped and copied", () =>
  inWindow({ pace: 1 }, async (page) => {
    await say(page, "code");
    await answered(page);
    await page.locator("pre .k", { hasText: "fn" }).waitFor();
    expect(await page.locator(".code header").textContent()).toContain("Rust");
    await page.getByRole("button", { name: "Copy code" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("fn words(text: &str) -> usize {\n    text.split_whitespace().count() // what a reader sees\n}");
    await page.getByRole("button", { name: "Wrap lines" }).click();
    expect(await page.locator("pre").evaluate((pre) => getComputedStyle(pre).whiteSpace)).toContain("pre-wrap");
    await page.keyboard.press("Control+Shift+c");
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("Here is a function:"));
  }));

test("hostile markdown does nothing", () =>
  inWindow({ pace: 1 }, async (page) => {
    await say(page, "hostile");
    await answered(page);
    await last(page).getByText("press").first().click();
    await page.waitForTimeout(200);
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
    expect(await last(page).locator("a, img, script, iframe").count()).toBe(0);
  }));

test("the thread stays at its end while an answer comes, unless one scrolls up", () =>
  inWindow({ pace: 4 }, async (page) => {
    await say(page, "something long");
    const scroll = page.getByRole("log");
    const below = () => scroll.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
    await last(page).getByText("Paragraph 20.").waitFor();
    expect(await below()).toBeLessThan(40);
    await scroll.hover();
    await page.mouse.wheel(0, -400);
    await page.getByRole("button", { name: "To the end" }).waitFor();
    const there = await scroll.evaluate((log) => log.scrollTop);
    await last(page).getByText("Paragraph 30.").waitFor();
    expect(await scroll.evaluate((log) => log.scrollTop)).toBe(there);
    await page.getByRole("button", { name: "To the end" }).click();
    await answered(page);
    expect(await below()).toBeLessThan(40);
  }));

test("lost events bring a new snapshot, and the conversation is whole", () =>
  inWindow({ pace: 3 }, async (page) => {
    await say(page, "something long");
    await last(page).getByText("Paragraph 3.").waitFor();
    await page.evaluate(() => (window as unknown as { fakeBackend: { loseEvents(n: number): void } }).fakeBackend.loseEvents(5));
    await answered(page);
    expect(await last(page).locator(".md p").count()).toBe(40);
    expect((await calls(page, "snapshot")).length).toBe(2);
  }));

test("while an answer streams nothing changes outside it: the page's language was set with every piece, and all of it styled anew", () =>
  inWindow({ pace: 5 }, async (page) => {
    await say(page, "something long");
    await last(page).getByText("Paragraph 2.").waitFor();
    const elsewhere = await page.evaluate(async () => {
      const changed: string[] = [];
      const watch = new MutationObserver((changes) => {
        for (const { target, type, attributeName } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          if (!element?.closest("article .said, .pane-foot, .end")) changed.push(`${type} ${element?.tagName}.${element?.className} ${attributeName}`);
        }
      });
      watch.observe(document, { attributes: true, childList: true, characterData: true, subtree: true });
      await new Promise((resolve) => setTimeout(resolve, 500));
      watch.disconnect();
      return changed;
    });
    expect(elsewhere).toEqual([]);
  }));

test("what a model thinks is one quiet line, opened by whoever wants to read it, and no part of the answer", () =>
  inWindow({ pace: 25 }, async (page) => {
    await say(page, "think, then say why the sky is dark");
    const fold = last(page).locator(".fold");
    await fold.getByText("Thinking").waitFor();
    expect(await fold.getAttribute("aria-expanded")).toBe("false");
    expect(await last(page).getByText("The person asks").count()).toBe(0);
    // Opened by the keyboard while it is written, it grows and stays open.
    await fold.focus();
    await page.keyboard.press("Enter");
    await last(page).locator(".thoughts .md.streaming").waitFor();
    expect(await fold.getAttribute("aria-expanded")).toBe("true");
    const early = await last(page).locator(".thoughts").textContent();
    await last(page).getByText("Thought for").waitFor();
    await answered(page);
    const thoughts = await last(page).locator(".thoughts").textContent();
    expect(thoughts!.length).toBeGreaterThan(early!.length);
    expect(thoughts).toContain("<think> tag itself is only a word");
    expect(await last(page).locator(".thoughts li").count()).toBe(2);
    expect(await last(page).locator(".said").textContent()).not.toContain("The person asks");
    // A screen reader hears the answer alone, and copying takes it alone.
    const heard = await page.locator("[role=status]").allTextContents();
    expect(heard.join()).toContain("answered: You said");
    expect(heard.join()).not.toContain("The person asks");
    await last(page).getByRole("button", { name: "Copy answer" }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^You said/);
    await page.keyboard.press("Control+Shift+C");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(copied);
    await fold.click();
    expect(await last(page).locator(".thoughts").isVisible()).toBe(false);
  }));

test("an answer that was stopped while the model thought goes on, and one without an answer says so", () =>
  inWindow({ world: "thinking", pace: 5 }, async (page) => {
    await page.locator(".item").first().click();
    await last(page).getByText("Thought for 2 s").waitFor();
    expect(await page.getByText("It thought, and ended without an answer.").count()).toBe(1);
    expect(await page.locator("article").nth(2).getByRole("button", { name: "Copy answer" }).count()).toBe(0);
    // What is opened stays under the hand, at the end of the thread too.
    const fold = last(page).locator(".fold");
    const before = await fold.boundingBox();
    await fold.click();
    await last(page).locator(".thoughts .md").waitFor();
    expect((await fold.boundingBox())!.y).toBe(before!.y);
    await last(page).getByRole("button", { name: "Go on" }).click();
    await answered(page);
    await last(page).locator(".said").waitFor();
    await last(page).getByText("Thought for 2 s").waitFor();
  }));
