// Every view in every language, at every size: pictures to be looked at beside the design's, and what can be
// checked of them: nothing cut, nothing outside, each script in its own font, nothing that axe finds serious.
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { answered, happen, inWindow, picture, say, withBrowser, type Opening } from "./browser";
import { cutText, fontsOf, violations } from "./checks";

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
const data = async (page: Page) => {
  await settings(page);
  await page.locator(".pane .item").nth(3).click();
  await page.locator("#kept-bytes option", { hasText: "16" }).first().waitFor({ state: "attached" });
};
const drafts = async (page: Page) => {
  await settings(page);
  await page.locator(".pane .item").nth(1).click();
  await page.locator("[value=never]").first().waitFor({ state: "attached" });
};
const trouble = async (page: Page) => {
  await settings(page);
  await page.locator(".pane .item").nth(4).click();
};
const library = async (page: Page) => {
  await page.keyboard.press("Control+2");
  await page.locator(".card").first().waitFor();
};
const fetching = async (page: Page) => {
  await library(page);
  for (const name of ["Falcon 7B Instruct", "BioMistral 7B"]) await page.locator(".card", { hasText: name }).locator(".act .btn").click();
  await page.locator("section .link").click();
  await page.locator("section .bar").nth(1).waitFor();
  await page.locator("section [data-id] .ib:not([data-move])").first().click();
};
const model = (name: string) => async (page: Page) => {
  await library(page);
  await page.locator(".card .name", { hasText: name }).click();
  await page.locator("#openness").waitFor();
};
const family = async (page: Page) => {
  await model("ELYZA")(page);
  await page.locator(".family .link").click();
};
const hub = async (page: Page) => {
  await library(page);
  await page.locator("input[type=search]").fill("everything");
  await page.keyboard.press("Enter");
  await page.locator(".found").first().waitFor();
};
const repository = (n: number) => async (page: Page) => {
  await hub(page);
  await page.locator(".foot + .btn").click();
  await page.locator(".found").nth(n).click();
  await page.locator(".cols").waitFor();
};
const here = async (page: Page) => {
  await library(page);
  await page.locator("nav .item").nth(1).click();
  await page.locator("main h2").waitFor();
};
const deletion = async (page: Page) => {
  await here(page);
  await page.locator("main li").first().locator(".ib").last().click();
  await page.locator("dialog .danger").waitFor();
};
const help = async (page: Page) => {
  await library(page);
  await page.locator("main .head .btn").last().click();
};
const helped = async (page: Page) => {
  await help(page);
  await page.locator("dialog .primary").click();
  await page.locator("dialog ol").waitFor();
};
const network = async (page: Page) => {
  await settings(page);
  await page.locator(".pane .item").nth(2).click();
  await page.locator("#limit").waitFor();
};
const close = async (page: Page) => {
  await chat(page);
  await happen(page, { type: "close_asked" });
  await page.locator("dialog").waitFor();
};
const temporary = async (page: Page) => {
  await page.keyboard.press("Control+Shift+N");
  await say(page, "code");
  await answered(page);
};
const failed = async (page: Page) => {
  await say(page, "fail context-overflow");
  await answered(page);
};
const stopped = async (page: Page) => {
  await say(page, "something slow and long");
  await page.locator("article p", { hasText: "Paragraph 1" }).waitFor();
  await page.locator(".send.stop").click();
  await answered(page);
};
const thinking = async (page: Page) => {
  await open("Why is the night sky dark?")(page);
  await page.locator(".fold").first().click();
  await page.locator(".thoughts .md").waitFor();
  await page.locator(".fold").first().focus();
  await page.locator(".fold").first().scrollIntoViewIfNeeded();
};
const gauge = (page: Page) => page.locator(".pane-foot button").click();

type View = [name: string, opening: Opening, reach: (page: Page) => Promise<unknown>];

const views: View[] = [
  ["chat", { world: "picture" }, chat],
  ["first-run", { world: "first" }, async (page) => void (await page.locator(".get").waitFor())],
  ["picker", { world: "picture" }, picker],
  ["library", { world: "picture" }, library],
  ["fetching", { world: "picture", pace: 200 }, fetching],
  ["model", { world: "picture" }, model("ELYZA")],
  ["model-large", { world: "picture" }, model("Mixtral")],
  ["family", { world: "picture" }, family],
  ["hub", { world: "picture" }, hub],
  ["repository", { world: "picture" }, repository(2)],
  ["installed", { world: "picture" }, here],
  ["network", { world: "picture" }, network],
  ["settings", { world: "first" }, settings],
  ["settings-data", { world: "picture" }, data],
  ["settings-models", { world: "picture" }, drafts],
  ["trouble", { world: "first" }, trouble],
  ["close", { world: "picture" }, close],
  ["temporary", { world: "first", pace: 1 }, temporary],
  ["error", { world: "picture" }, open("論文摘要潤稿")],
  ["failed", { world: "first", pace: 1 }, failed],
  ["stopped", { world: "first", pace: 4 }, stopped],
  ["thinking", { world: "thinking" }, thinking],
  ["damaged", { world: "damaged" }, (page) => page.locator(".note .btn").last().click()],
];

/** What opens over a view, in one language. */
const over: View[] = [
  ["help", { world: "picture" }, help],
  ["helped", { world: "picture" }, helped],
  ["delete", { world: "picture" }, deletion],
  ["hostile-repository", { world: "picture" }, repository(4)],
  ["keys", { world: "first" }, (page) => page.keyboard.press("Control+/")],
  ["gauge", { world: "picture" }, gauge],
  ["menu", { world: "picture" }, async (page) => {
    await chat(page);
    await page.locator(".head > .ib").last().click();
  }],
  ["undo", { world: "picture" }, async (page) => {
    await page.locator(".item").nth(2).focus();
    await page.keyboard.press("Delete");
  }],
  ["drop", { world: "picture" }, (page) => happen(page, { type: "files_hover", over: true })],
  ["editing", { world: "picture" }, async (page) => {
    await open("Counting characters")(page);
    await page.locator("article").first().waitFor();
    await page.keyboard.press("ArrowUp");
  }],
  ["diagnostics", { world: "first" }, async (page) => {
    await settings(page);
    await page.locator("main .acts button").first().click();
    await page.locator("dialog pre").waitFor();
  }],
  ["markdown", { world: "first", pace: 1 }, async (page) => {
    await say(page, "show me a table");
    await answered(page);
    await say(page, "now something hostile");
    await page.locator("article").nth(1).locator("footer").waitFor();
  }],
];

const LOCALES = { en: "en-US", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW" } as const;
const FONTS = { en: null, "zh-Hans": /SC/, "zh-Hant": /TC/ } as const;

/** A picture, and what can be told of it by machine. */
async function look(page: Page, name: string): Promise<void> {
  await picture(page, name);
  expect(await cutText(page), name).toEqual([]);
}

for (const lang of ["en", "zh-Hans", "zh-Hant"] as const) {
  for (const [name, opening, reach] of views) {
    test(`${name}, ${lang}`, () =>
      inWindow({ ...opening, lang, locale: LOCALES[lang] }, async (page) => {
        await reach(page);
        await look(page, `${name}-${lang}`);
        if (lang === "en") expect(await violations(page), "light").toEqual([]);
        await page.emulateMedia({ colorScheme: "dark" });
        if (lang === "en") {
          await picture(page, `${name}-dark`);
          expect(await violations(page), "dark").toEqual([]);
        }
        const font = FONTS[lang];
        if (font) for (const used of await fontsOf(page, ".rail, .btn")) expect(used).toMatch(font);
        await page.emulateMedia({ colorScheme: "light" });
        await page.setViewportSize({ width: 720, height: 480 });
        await look(page, `${name}-${lang}-narrow`);
        await page.setViewportSize({ width: 1280, height: 800 });
        for (let n = 0; n < 7; n++) await page.keyboard.press("Control++");
        await look(page, `${name}-${lang}-large`);
      }));
  }
}

for (const [name, opening, reach] of over) {
  test(`${name}, over a view`, () =>
    inWindow(opening, async (page) => {
      await reach(page);
      await look(page, name);
      expect(await violations(page), "light").toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      await picture(page, `${name}-dark`);
      expect(await violations(page), "dark").toEqual([]);
    }));
}

test("an answer on its way", () =>
  inWindow({ world: "picture", theme: "light", pace: 40 }, async (page) => {
    await open("Counting characters")(page);
    await page.keyboard.press("Control+m");
    await page.getByRole("row", { name: /Mistral/ }).click();
    await say(page, "slow code");
    await page.getByText(/Loading Mistral|Reading/).waitFor();
    await look(page, "loading");
    await page.locator("article").last().locator("p", { hasText: "Here is" }).waitFor({ timeout: 20_000 });
    await look(page, "streaming");
    expect(await violations(page)).toEqual([]);
  }));
