// Without a mouse, and by ear: every stop of the keyboard, whether it can be seen there, and what a screen reader is told.
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { answered, calls, inWindow, say, withBrowser } from "./browser";

withBrowser();

interface Stop {
  region: string;
  name: string;
  /** What is wrong with how its focus is shown; "" where nothing is. */
  unseen: string;
}

/** Where the keyboard is. */
function stop(page: Page): Promise<Stop | null> {
  return page.evaluate(() => {
    const here = document.activeElement;
    if (!here || here === document.body) return null;
    const region = here.closest("dialog, .picker, [data-region], main")?.classList[0] ?? "";
    const label = here instanceof HTMLInputElement ? here.labels?.[0]?.textContent : null;
    const name = here.getAttribute("aria-label") ?? here.querySelector("[role=img]:only-child")?.getAttribute("aria-label") ?? (label ?? here.textContent!).trim().slice(0, 40);
    return { region, name, unseen: unseen(here) };

    function unseen(element: Element): string {
      const ring = [element, element.closest(".field, .composer")].find((one) => one && getComputedStyle(one).outlineStyle !== "none");
      if (!ring) return "no outline";
      const box = ring.getBoundingClientRect();
      const style = getComputedStyle(ring);
      const out = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
      for (let at = ring.parentElement; at; at = at.parentElement) {
        const { overflowX, contentVisibility } = getComputedStyle(at);
        if (overflowX === "visible" && contentVisibility !== "auto") continue;
        const edge = at.getBoundingClientRect();
        const cut = box.left - out < edge.left - 1 || box.right + out > edge.right + 1 || box.top - out < edge.top - 1 || box.bottom + out > edge.bottom + 1;
        if (cut) return `cut by ${at.tagName}.${at.className}`;
      }
      return "";
    }
  });
}

/** Every stop of Tab from here until the first comes again. */
async function stops(page: Page): Promise<Stop[]> {
  const found: Stop[] = [];
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press("Tab");
    await page.waitForTimeout(20);
    const at = await stop(page);
    if (!at && found.length === 0) continue; // beyond the last stop
    if (!at || (found[0] && at.name === found[0].name && at.region === found[0].region)) break;
    found.push(at);
  }
  return found;
}

test("Tab goes through the window in the order that it is read, and every stop can be seen", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.locator(".item").first().click();
    await page.locator("article").first().waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    const found = await stops(page);
    expect(found.filter(({ unseen }) => unseen !== "")).toEqual([]);
    const regions = found.map(({ region }) => region).filter((region, at, all) => region !== all[at - 1]);
    expect(regions).toEqual(["rail", "pane", "head", "scroll", "composer"]);
    const names = found.map(({ name }) => name);
    for (const name of ["Chat", "Settings", "Fold the list", "New temporary conversation", "New conversation", "Memory and processor", "More", "Edit", "Copy code", "Copy answer", "Answer again", "Earlier answer", "Write a message", "Send"]) {
      if (name !== "Send") expect(names).toContain(name); // nothing is written yet
    }
    expect(names.filter((name) => name === "")).toEqual([]);
  }));

test("every stop of the settings and of the picker can be seen, and is reached by Tab", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+,");
    await page.getByRole("heading", { name: "Appearance" }).waitFor();
    const settings = await stops(page);
    expect(settings.filter(({ unseen }) => unseen !== "")).toEqual([]);
    expect(settings.map(({ name }) => name)).toEqual(expect.arrayContaining(["System", "Standard", "Open a model file", "Show", "Copy diagnostics"]));
    await page.keyboard.press("Control+m");
    await page.locator(".picker input:focus").waitFor();
    const picker = (await stops(page)).filter(({ region }) => region === "pop");
    expect(picker.filter(({ unseen }) => unseen !== "")).toEqual([]);
    expect(picker.map(({ name }) => name)).toContain("Open a model file");
  }));

for (const [what, reach] of [
  ["cards", () => Promise.resolve()],
  ["a model's page", (page: Page) => page.locator(".card .name", { hasText: "ELYZA" }).click()],
  ["what is installed", (page: Page) => page.locator("nav .item").nth(1).click()],
] as const) {
  test(`every stop of the library can be seen, and has a name: ${what}`, () =>
    inWindow({ world: "picture" }, async (page) => {
      await page.keyboard.press("Control+2");
      await page.locator(".card").first().waitFor();
      await reach(page);
      await page.waitForTimeout(100);
      const found = await stops(page);
      expect(found.filter(({ unseen, name }) => unseen !== "" || name === "")).toEqual([]);
      expect(found.length).toBeGreaterThan(20);
    }));
}

test("settings, the list's menu and the diagnostics are used by keyboard alone", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+,");
    for (const name of ["System", "Copy diagnostics"]) {
      for (let n = 0; n < 60 && (await stop(page))?.name !== name; n++) await page.keyboard.press("Tab");
      await page.keyboard.press(name === "System" ? "ArrowRight" : "Enter");
    }
    await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.locator("main .sr[role=status]").textContent()).toBe("Diagnostics copied");
    await page.keyboard.press("Control+1");
    for (let n = 0; n < 8 && (await stop(page))?.region !== "pane"; n++) await page.keyboard.press("F6");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByText("Conversation deleted").waitFor();
    for (let n = 0; n < 8 && (await stop(page))?.region !== "strip"; n++) await page.keyboard.press("F6");
    await page.keyboard.press("Enter");
    await page.getByText("Conversation deleted").waitFor({ state: "detached" });
    expect(await calls(page, "conversation_delete")).toEqual([]);
  }));

test("a long answer is told twice to a screen reader: that it has begun, and its words when it has ended", () =>
  inWindow({ pace: 5 }, async (page) => {
    await page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(window, { heard });
      const live = "[aria-live=polite], [aria-live=assertive], [role=status], [role=alert]";
      new MutationObserver((changes) => {
        const regions = new Set<Element>();
        for (const { target } of changes) {
          const region = (target instanceof Element ? target : target.parentElement)?.closest(live);
          if (region) regions.add(region);
        }
        for (const region of regions) heard.push(region.textContent!.trim());
      }).observe(document.body, { childList: true, characterData: true, subtree: true });
    });
    await say(page, "something long");
    await page.locator("article").last().getByText("Paragraph 40.").waitFor();
    await answered(page);
    await page.waitForTimeout(300);
    const heard = (await page.evaluate(() => (window as unknown as { heard: string[] }).heard)).filter((words) => words !== "");
    expect(heard).toEqual(["Answering", expect.stringMatching(/^SmolLM2 135M Instruct answered: Paragraph 1\..{500,}…$/s)]);
    expect(await page.getByRole("log").getAttribute("aria-live")).toBe("off");
  }));
