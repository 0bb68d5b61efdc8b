// The library by hand and by keyboard: search, filters, pages, downloads, the hub, what is installed, the network.
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { calls, inWindow, withBrowser, type Opening } from "./browser";

withBrowser();

const inLibrary = (opening: Opening, use: (page: Page) => Promise<void>) =>
  inWindow({ world: "picture", ...opening }, async (page) => {
    await page.keyboard.press("Control+2");
    await page.locator(".card").first().waitFor();
    await use(page);
  });
const cards = (page: Page) => page.locator(".card .name").allTextContents();
const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");

test("search as one types, filters with it, and clear", () =>
  inLibrary({}, async (page) => {
    await page.getByRole("searchbox", { name: "Search the library" }).fill("医学");
    await page.getByRole("heading", { name: "1 model" }).waitFor();
    expect(await cards(page)).toEqual(["BioMistral 7B"]);
    await page.getByRole("searchbox").fill("");
    await page.getByRole("checkbox", { name: /^Conversation/ }).check();
    await page.getByRole("radio", { name: /^Fully open/ }).check();
    expect(await cards(page)).toEqual(["OLMo 2 7B Instruct"]);
    await page.getByRole("checkbox", { name: /^日本語/ }).check();
    await page.getByText("No model of the catalogue matches.").waitFor();
    await page.getByRole("button", { name: "Clear 3 filters" }).first().click();
    await page.getByRole("heading", { name: "10 models" }).waitFor();
    await page.getByRole("combobox", { name: "Sort" }).selectOption("openness");
    expect((await cards(page))[0]).toBe("OLMo 2 7B Instruct");
    expect(await calls(page, "hub_search")).toEqual([]);
  }));

test("nothing asks the hub before Enter, and what it finds is text", () =>
  inLibrary({}, async (page) => {
    const field = page.getByRole("searchbox");
    await field.fill("everything");
    await page.getByText("Your words then go to hf-mirror.example").waitFor();
    await page.waitForTimeout(200);
    expect(await calls(page, "hub_search")).toEqual([]);
    await field.press("Enter");
    await page.locator(".found").nth(3).waitFor();
    await page.getByRole("button", { name: "Show more" }).click();
    await page.locator(".found", { hasText: "<img src=x" }).click();
    await page.getByText("<a href=").first().waitFor();
    expect(await page.locator("main img, main script, main a").count()).toBe(0);
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
    await page.getByRole("button", { name: "Back" }).click();
    await page.locator(".found").nth(4).waitFor();
    expect((await calls(page, "hub_search")) as object[]).toMatchObject([{ text: "everything", after: null }, { after: "4" }]);
    await page.locator(".pane").getByRole("checkbox", { name: /^日本語/ }).check();
    await page.getByText("The filters hide 3 repositories.").waitFor();
  }));

test("a gated repository says where its terms are, and leads to the token", () =>
  inLibrary({}, async (page) => {
    await page.getByRole("searchbox").fill("gemma");
    await page.keyboard.press("Enter");
    await page.locator(".found").click();
    await page.getByText("https://hf-mirror.example/google/gemma-2-2b-it").waitFor();
    await page.getByRole("button", { name: "Set the access token" }).click();
    const field = page.locator("#token");
    await field.fill("hf_secret1234");
    await field.press("Enter");
    await page.getByText("Set: ••••1234").waitFor();
    expect(await page.content()).not.toContain("hf_secret");
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText("Valid: you, read").waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByText("Set: ••••1234").waitFor({ state: "detached" });
  }));

test("a download is paused, put behind another by keyboard, resumed and chatted with", () =>
  inLibrary({ pace: 30 }, async (page) => {
    await page.getByRole("button", { name: "Get 5.0 GB: Falcon 7B Instruct" }).click();
    await page.getByRole("button", { name: "Get 4.4 GB: BioMistral 7B" }).click();
    await page.getByRole("img", { name: "A model is being fetched" }).waitFor();
    const queue = page.getByRole("region", { name: "Downloads" });
    await queue.getByRole("button", { name: "Pause Falcon 7B Instruct" }).click();
    await queue.getByText(/paused/).waitFor();
    await queue.getByRole("button", { name: "1 more in the queue" }).click();
    await queue.getByRole("button", { name: "Fetch BioMistral 7B earlier" }).focus();
    await page.keyboard.press("Alt+ArrowUp");
    await page.waitForFunction(() => document.querySelector("[data-id]")?.getAttribute("data-id") === "2");
    expect(await calls(page, "download_move")).toEqual([{ id: "2", place: 0 }]);
    await page.waitForFunction(() => document.activeElement?.closest("[data-id]")?.getAttribute("data-id") === "2");
    await queue.getByRole("button", { name: "Resume Falcon 7B Instruct" }).click();
    await queue.locator("[data-id='1']").getByRole("button", { name: "Chat with it" }).waitFor();
    await queue.getByRole("button", { name: "Dismiss Falcon 7B Instruct" }).click();
    await page.locator(".card", { hasText: "Falcon 7B Instruct" }).getByRole("button", { name: "Chat" }).click();
    await page.locator(".chip", { hasText: "Falcon 7B Instruct" }).waitFor();
  }));

test("a refused download says why, where it was asked for", () =>
  inLibrary({}, async (page) => {
    await page.keyboard.press("Control+,");
    await page.getByRole("switch", { name: "Stay offline" }).check();
    await page.keyboard.press("Control+2");
    await page.getByRole("button", { name: "Get 5.0 GB: Falcon 7B Instruct" }).click();
    await page.getByRole("alert").waitFor();
  }));

test("a model's page is reached and left by keyboard, and says who says what", () =>
  inLibrary({}, async (page) => {
    await page.locator(".card .name", { hasText: "ELYZA" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "ELYZA Llama 2 7B Instruct" }).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    expect(await page.locator("#openness ~ ul .state").count()).toBe(6);
    await page.getByRole("button", { name: /^Copy https/ }).first().click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("https://huggingface.co/elyza/");
    await page.getByText("Memory at 4,096 tokens").waitFor();
    await page.locator(".file", { hasText: "Q8_0" }).click();
    await page.getByText("9.6 of 13 GB").waitFor();
    await page.getByRole("button", { name: "Back" }).focus();
    await page.keyboard.press("Enter");
    await page.locator(".card").first().waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent?.includes("ELYZA"));
    expect(await focused(page)).toBe("ELYZA Llama 2 7B Instruct");
  }));

test("a model that is too large says by how much, and what would fit", () =>
  inLibrary({}, async (page) => {
    await page.locator(".card", { hasText: "Mixtral" }).getByRole("button", { name: "See what would fit" }).click();
    await page.getByRole("heading", { name: "Too large by 14.2 GB of memory" }).waitFor();
    await page.getByRole("button", { name: /^LLaMA-Pro 8B Instruct · 5\.9 GB/ }).click();
    await page.getByRole("heading", { level: 1, name: "LLaMA-Pro 8B Instruct" }).waitFor();
  }));

test("the lights lead to their sources", () =>
  inLibrary({}, async (page) => {
    const lights = page.locator(".card", { hasText: "BioMistral" }).getByRole("button", { name: /^Openness: training data open, weights open/ });
    await lights.click();
    await page.getByRole("heading", { name: "How open it is" }).waitFor();
  }));

test("three questions lead to a short list with reasons", () =>
  inLibrary({}, async (page) => {
    await page.getByRole("button", { name: "Help me choose" }).click();
    await page.getByRole("radio", { name: "That all of it can be seen" }).check();
    await page.getByRole("button", { name: "Show models" }).click();
    await page.locator("dialog ol > li").nth(2).waitFor();
    expect(await page.locator("dialog ol > li").first().textContent()).toMatch(/OLMo 2.*All of its making is public/s);
    expect(await calls(page, "choose_help")).toEqual([{ purpose: "everyday", language: "en", matters: "openness" }]);
    await page.locator("dialog .name").first().click();
    await page.getByRole("heading", { level: 1, name: "OLMo 2 7B Instruct" }).waitFor();
  }));

test("an installed model is checked, and deleted after it was said what that does; another program's is added", () =>
  inLibrary({ pace: 2 }, async (page) => {
    await page.getByRole("button", { name: /^On this computer/ }).click();
    await page.getByRole("button", { name: "Check the files of Mistral 7B Instruct v0.2 again" }).click();
    await page.getByText("Every byte is as it should be.").first().waitFor();
    await page.getByRole("button", { name: "Delete Mistral 7B Instruct v0.2" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete Mistral 7B Instruct v0.2" });
    await dialog.getByText("4.4 GB of the disk come free.").waitFor();
    await dialog.getByText("4 conversations will need another model").waitFor();
    expect(await calls(page, "model_delete")).toEqual([]);
    await dialog.getByRole("button", { name: "Delete the files" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await calls(page, "model_delete")).toEqual([{ model: "sha256:mistral", files: true }]);
    await page.getByRole("heading", { name: "Found on this computer" }).waitFor();
    await page.getByRole("button", { name: "Add Phi-4-mini-instruct-Q4_K_M" }).click();
    await page.getByRole("button", { name: "Add Phi-4-mini-instruct-Q4_K_M" }).waitFor({ state: "detached" });
    expect(await calls(page, "model_import")).toEqual([{ path: "/home/you/.lmstudio/models/lmstudio-community/Phi-4-mini-instruct-Q4_K_M.gguf" }]);
  }));

test("a newer version is looked for only when asked, named, fetched beside the old one, and takes its place", () =>
  inLibrary({ pace: 30 }, async (page) => {
    await page.getByRole("button", { name: /^On this computer/ }).click();
    const row = page.locator("li", { hasText: "Mistral 7B Instruct v0.2" }).filter({ has: page.getByRole("button", { name: "Delete Mistral 7B Instruct v0.2" }) });
    await row.waitFor();
    expect(await calls(page, "model_update_look")).toEqual([]);
    const look = row.getByRole("button", { name: "Look for a newer version of Mistral 7B Instruct v0.2" });
    await look.focus();
    await page.keyboard.press("Enter");
    await row.getByText("Newer version: 4.4 GB").waitFor();
    const other = page.getByRole("button", { name: "Look for a newer version of ELYZA Llama 2 7B" });
    await other.click();
    await page.getByText("This is the newest version.").waitFor();
    await row.getByRole("button", { name: "Update Mistral 7B Instruct v0.2" }).focus();
    await page.keyboard.press("Enter");
    await row.getByText("A newer version is in the queue").waitFor();
    expect(await row.getByRole("button", { name: "Chat" }).isEnabled()).toBe(true);
    const queue = page.getByRole("region", { name: "Downloads" });
    await queue.getByRole("button", { name: "Chat with it" }).waitFor();
    await row.getByText("A newer version is in the queue").waitFor({ state: "detached" });
    expect(await row.count()).toBe(1);
    expect(await row.getByRole("button", { name: "Update Mistral 7B Instruct v0.2" }).count()).toBe(0);
    expect(await calls(page, "model_update")).toEqual([{ model: "sha256:mistral" }]);
  }));

test("that no newer version can be looked for is told", () =>
  inLibrary({}, async (page) => {
    await page.keyboard.press("Control+,");
    await page.getByRole("switch", { name: "Stay offline" }).check();
    await page.keyboard.press("Control+2");
    await page.getByRole("button", { name: /^On this computer/ }).click();
    await page.getByRole("button", { name: "Look for a newer version of Mistral 7B Instruct v0.2" }).click();
    await page.getByRole("alert").getByText("Parley is offline.").waitFor();
  }));

test("the models' folder moves with progress, and a move is cancelled", () =>
  inWindow({ world: "picture", pace: 20 }, async (page) => {
    await page.keyboard.press("Control+,");
    await page.getByRole("button", { name: "Move to another folder" }).click();
    await page.getByRole("progressbar", { name: "Moving the models" }).waitFor();
    await page.locator(".work").getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled; nothing is lost.").waitFor();
    expect(await calls(page, "library_work_cancel")).toEqual([{}]);
  }));

test("the network is set, and says which variable holds", () =>
  inWindow({ world: "first" }, async (page) => {
    await page.keyboard.press("Control+,");
    await page.getByText("Set by HF_ENDPOINT: https://hf-mirror.example").waitFor();
    await page.getByRole("textbox", { name: "Mirror" }).fill("https://mirror.example");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Set by HF_ENDPOINT").waitFor({ state: "detached" });
    await page.getByRole("textbox", { name: "Speed limit" }).fill("2,5");
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Proxy" }).fill("socks5://127.0.0.1:1080");
    await page.keyboard.press("Enter");
    await page.getByLabel("Password of the proxy").waitFor();
    const asked = (await calls(page, "network_change")) as object[];
    expect(asked.at(-1)).toEqual({ offline: false, endpoint: "https://mirror.example", proxy: "socks5://127.0.0.1:1080", certificates: null, bytes_per_second: 2_500_000 });
  }));

test("in a small window the filters open over the page", () =>
  inWindow({ world: "picture", width: 720, height: 480 }, async (page) => {
    await page.keyboard.press("Control+2");
    await page.getByRole("button", { name: "Show filters" }).click();
    await page.getByRole("checkbox", { name: /^Medicine/ }).check();
    await page.keyboard.press("Escape");
    await page.getByRole("checkbox").first().waitFor({ state: "hidden" });
    expect(await cards(page)).toEqual(["BioMistral 7B"]);
  }));

test("the picker leads to the library", () =>
  inWindow({ world: "picture" }, async (page) => {
    await page.keyboard.press("Control+m");
    await page.getByRole("button", { name: "More models…" }).click();
    await page.locator(".card").first().waitFor();
    expect(await page.locator(".picker").count()).toBe(0);
  }));
