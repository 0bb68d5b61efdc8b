// A window of Chromium for a test: it fails on any script error, refused policy, or request that leaves the machine.
import { chromium, type Browser, type Page } from "playwright-core";
import { mkdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, inject } from "vitest";
import type { WindowEvent } from "../../src/backend/bindings/WindowEvent";
import type { FakeBackend } from "../../src/backend/fake/fake";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export interface Opening {
  world?: "first" | "picture" | "thinking" | "many" | "damaged";
  lang?: "en" | "zh-Hans" | "zh-Hant";
  theme?: "light" | "dark";
  /** Milliseconds between two pieces of an answer. */
  pace?: number;
  width?: number;
  height?: number;
  /** The system's language. */
  locale?: string;
}

let browser: Browser;

/** One browser for a test file. */
export function withBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  });
  afterAll(() => browser?.close());
}

/** Opens the window, lets `use` have it, and looks for trouble at the end. */
export async function inWindow(opening: Opening, use: (page: Page) => Promise<void>): Promise<void> {
  const { width = 1280, height = 800, locale = "en-US", ...asked } = opening;
  const context = await browser.newContext({ viewport: { width, height }, locale, colorScheme: "light" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const trouble: string[] = [];
  const address = inject("address");
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") trouble.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !/^(data|blob):/.test(request.url())) trouble.push(`request: ${request.url()}`);
  });
  try {
    const words = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]));
    await page.goto(`${address}/fake.html?${words}`);
    await page.locator(".app, h1").first().waitFor();
    await use(page);
    expect(trouble).toEqual([]);
  } finally {
    await context.close();
  }
}

/** The calls that the window has made, by name. */
export function calls(page: Page, name: string): Promise<unknown[]> {
  return page.evaluate((asked) => {
    const { fakeBackend } = window as unknown as { fakeBackend: FakeBackend };
    return fakeBackend.calls.filter((call) => call.name === asked).map((call) => call.request);
  }, name);
}

/** Something happens to the window. */
export function happen(page: Page, event: WindowEvent): Promise<void> {
  return page.evaluate((what) => (window as unknown as { fakeBackend: FakeBackend }).fakeBackend.happen(what), event);
}

/** Types into the composer and presses Enter. */
export async function say(page: Page, text: string): Promise<void> {
  await page.locator("textarea").fill(text);
  await page.keyboard.press("Enter");
}

/** Waits until nothing is being answered. */
export async function answered(page: Page): Promise<void> {
  await page.locator(".send:not(.stop)").waitFor();
  await page.locator("article").last().locator("footer").waitFor();
}

export async function picture(page: Page, name: string): Promise<void> {
  await mkdir("screens", { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await page.screenshot({ path: `screens/${name}.png`, animations: "disabled" });
}
