// Pictures of every view, to be looked at beside the design's.
import { test } from "vitest";
import { answered, inWindow, picture, say, withBrowser, type Opening } from "./browser";
import type { Page } from "playwright-core";

withBrowser();

const open = (title: string) => (page: Page) => page.locator(".item", { hasText: title }).first().click();
const chat = async (page: Page) => {
  await open("Counting characters")(page);
  await page.locator(".code .k").first().waitFor();
  await page.locator("textarea").fill("ありがとう。では、絵文字の「👩‍💻」は何文字と数えますか？");
};
const picker = async (page: Page) => {
  await chat(page);
  await page.keyboard.press("Control+m");
  await page.keyboard.press("ArrowDown");
};
const settings = (page: Page) => page.keyboard.press("Control+,");

const views: [name: string, opening: Opening, reach: (page: Page) => Promise<unknown>][] = [
  ["chat", { world: "picture" }, chat],
  ["picker", { world: "picture" }, picker],
  ["error", { world: "picture" }, open("論文摘要潤稿")],
  ["first-run", { world: "first" }, async () => {}],
  ["settings", { world: "first" }, settings],
  ["damaged", { world: "damaged" }, (page) => page.getByRole("button", { name: "Show details" }).click()],
];

for (const [name, opening, reach] of views) {
  for (const theme of ["light", "dark"] as const) {
    test(`${name}, ${theme}`, () =>
      inWindow({ ...opening, theme }, async (page) => {
        await reach(page);
        await picture(page, `${name}-${theme}`);
      }));
  }
}

for (const lang of ["zh-Hans", "zh-Hant"] as const) {
  for (const [name, opening, reach] of views.slice(0, 5)) {
    test(`${name}, ${lang}`, () =>
      inWindow({ ...opening, lang, theme: "light" }, async (page) => {
        await reach(page);
        await picture(page, `${name}-${lang}`);
      }));
  }
}

for (const [name, opening, reach] of views) {
  test(`${name}, 720 by 480`, () =>
    inWindow({ ...opening, theme: "light" }, async (page) => {
      await reach(page);
      await page.setViewportSize({ width: 720, height: 480 });
      await picture(page, `${name}-narrow`);
    }));
}

test("markdown and the states of an answer", () =>
  inWindow({ world: "first", theme: "light", pace: 1 }, async (page) => {
    await say(page, "show me a table");
    await answered(page);
    await say(page, "now something hostile");
    await answered(page);
    await picture(page, "markdown");
    await say(page, "fail context-overflow");
    await answered(page);
    await picture(page, "failed");
  }));

test("an answer on its way", () =>
  inWindow({ world: "picture", theme: "light", pace: 40 }, async (page) => {
    await open("Counting characters")(page);
    await page.keyboard.press("Control+m");
    await page.getByRole("row", { name: /Mistral/ }).click();
    await say(page, "slow code");
    await page.getByText(/Loading Mistral|Reading/).waitFor();
    await picture(page, "loading");
    await page.locator("article").last().locator("p", { hasText: "Here is" }).waitFor({ timeout: 20_000 });
    await picture(page, "streaming");
  }));
