// What of the catalogue is shown, in which order, and the words for what fits and for downloads.
import { afterEach, expect, test } from "vitest";
import { catalogueIn } from "../src/backend/fake/catalogue";
import type { Download } from "../src/backend/bindings/Download";
import type { DownloadState } from "../src/backend/bindings/DownloadState";
import type { Fit } from "../src/backend/bindings/Fit";
import type { HubRepository } from "../src/backend/bindings/HubRepository";
import { active, downloadOf, partOf, placeAfter } from "../src/state/downloads";
import { ANYTHING, bytesOf, count, filtersOf, folded, insteadOf, languagesOf, mayBe, shown, treeOf, type Offer, type Wanted } from "../src/state/shelf";
import { dayName, downloadWords, fitWords, languageName, timeLeft } from "../src/words/library";
import { lightsSentence } from "../src/words/openness";
import { setLanguage } from "../src/words/words.svelte";

afterEach(() => setLanguage("en"));

const said = (["en", "zh-Hans", "zh-Hant"] as const).map((language) => catalogueIn(language).models);
const { models, fits } = catalogueIn("en");
const offers: Offer[] = models.map((model, at) => ({
  model, fits: fits[at]!, installed: model.id.startsWith("mistralai/Mistral"), names: folded(`${model.name}\n${model.id}\n${model.makers.join("\n")}`),
  descriptions: said.map((models) => folded(models[at]!.about)).join("\n"),
}));
const names = (wanted: Partial<Wanted>, order: Parameters<typeof shown>[2] = "fit") => shown(offers, { ...ANYTHING, ...wanted }, order).map(({ model }) => model.name);

test("each filter alone, and all of them together", () => {
  const cases: [wanted: Partial<Wanted>, shown: string[]][] = [
    [{ tasks: ["maths"] }, ["LLaMA-Pro 8B Instruct", "OLMo 2 7B Instruct"]],
    [{ tasks: ["maths", "code"] }, ["LLaMA-Pro 8B Instruct"]],
    [{ domains: ["medicine"] }, ["BioMistral 7B"]],
    [{ languages: ["ja"] }, ["ELYZA Llama 2 7B Instruct"]],
    [{ languages: ["ja", "en"] }, ["ELYZA Llama 2 7B Instruct"]],
    [{ languages: ["ja", "fr"] }, []],
    [{ openness: "fully_open" }, ["OLMo 2 7B Instruct"]],
    [{ installed: true }, ["Mistral 7B Instruct v0.2"]],
    [{ most: 4.2e9 }, ["Llama 2 7B Chat", "ELYZA Llama 2 7B Instruct"]],
    [{ open: false, fits: true, tasks: ["code"] }, ["LLaMA-Pro 8B Instruct"]],
    [{ open: true, fits: true, languages: ["fr"], most: 5e9 }, ["BioMistral 7B"]],
  ];
  for (const [wanted, expected] of cases) {
    expect(names(wanted), JSON.stringify(wanted)).toEqual(expected);
    expect(count(offers, { ...ANYTHING, ...wanted }), JSON.stringify(wanted)).toBe(expected.length);
  }
  expect(names({ fits: true })).not.toContain("Mixtral 8×7B Instruct");
  expect(filtersOf({ ...ANYTHING, text: "words", tasks: ["chat"], open: false, most: 2e9 })).toBe(3);
});

test("a search looks through names, makers and descriptions, in any of the languages", () => {
  expect(names({ text: "tencent" })).toEqual(["LLaMA-Pro 8B Instruct"]);
  expect(names({ text: "MULTI-query" })).toEqual(["Falcon 7B Instruct"]);
  expect(names({ text: "日语" })).toEqual(["ELYZA Llama 2 7B Instruct"]);
  expect(names({ text: "診療" })).toEqual(["BioMistral 7B"]);
  expect(names({ text: "ｍｉｓｔｒａｌ 32 gb" })).toEqual([]);
  expect(names({ text: "ｍｉｘｔｒａｌ" })).toEqual(["Mixtral 8×7B Instruct"]);
  // What is called so stands before what only speaks of it.
  expect(names({ text: "elyza" })).toEqual(["ELYZA Llama 2 7B Instruct", "Llama 2 7B Chat"]);
  expect(names({ text: "llama", tasks: ["code"] })).toEqual(["LLaMA-Pro 8B Instruct"]);
});

test("what the hub found is held to the filters as far as it is known", () => {
  const found = { repository: "owner/x", catalogue: null, formats: [], licence: null, languages: [], parameters: null, parent: null, gated: false, downloads: 0, likes: 0, changed: null };
  const elyza = offers.find(({ model }) => model.languages.includes("ja"))!.model.id;
  const cases: [repository: Partial<HubRepository>, wanted: Partial<Wanted>, may: boolean][] = [
    [{}, { languages: ["ja"], open: true, most: 2e9, fits: true }, true],
    [{}, { installed: true }, false],
    [{ languages: ["ja", "en"] }, { languages: ["ja"] }, true],
    [{ languages: ["zh", "en"] }, { languages: ["ja"] }, false],
    [{ licence: "apache-2.0" }, { open: true }, true],
    [{ licence: "apache-2.0" }, { open: false }, false],
    [{ licence: "a licence of its own" }, { open: true }, true],
    [{ parameters: 7e9 }, { most: 5e9 }, true],
    [{ parameters: 13e9 }, { most: 5e9 }, false],
    [{ parameters: 4e11 }, { fits: true }, false],
    [{ catalogue: elyza }, { languages: ["ja"] }, true],
    [{ catalogue: elyza, languages: ["fr"] }, { languages: ["fr"] }, false],
  ];
  for (const [repository, wanted, may] of cases) {
    expect(mayBe({ ...found, ...repository }, offers, { ...ANYTHING, ...wanted }), JSON.stringify([repository, wanted])).toBe(may);
  }
});

test("orders", () => {
  expect(names({}, "fit").slice(0, 2)).toEqual(["LLaMA-Pro 8B Instruct", "Falcon 7B Instruct"]);
  expect(names({}, "fit").slice(-3)).toEqual(["Llama 2 7B", "Mixtral 8×7B Instruct", "Falcon 40B Instruct"]);
  expect(names({}, "size")[0]).toBe("Llama 2 7B Chat");
  expect(names({}, "size").at(-1)).toBe("Llama 2 7B"); // nothing to fetch
  expect(names({}, "date")[0]).toBe("OLMo 2 7B Instruct");
  expect(names({}, "openness").slice(0, 2)).toEqual(["OLMo 2 7B Instruct", "BioMistral 7B"]);
});

test("a size that was not read is that of the weights as they were reckoned", () => {
  const [offer] = offers;
  const unread = { ...offer!, model: { ...offer!.model, files: offer!.model.files.map((file) => ({ ...file, bytes: null })) } };
  expect(bytesOf(unread)).toBe(offer!.fits[0]!.weight_bytes);
  expect(bytesOf({ ...unread, fits: [null] })).toBeNull();
});

test("a tree begins where a model goes back to, and ends though a catalogue goes in circles", () => {
  const [base] = treeOf(offers, ({ name }) => name.startsWith("ELYZA"));
  expect(base!.offer.model.name).toBe("Llama 2 7B");
  expect(base!.below.map(({ offer }) => offer.model.name)).toEqual(["Llama 2 7B Chat", "ELYZA Llama 2 7B Instruct", "LLaMA-Pro 8B Instruct"]);
  const circle = offers.slice(0, 2).map((offer, at) => ({ ...offer, model: { ...offer.model, parent: offers[1 - at]!.model.id } }));
  expect(treeOf(circle, () => true).length).toBeGreaterThan(0);
});

test("what is proposed in place of a model that does not fit, fits and is alike", () => {
  const mixtral = offers.find(({ model }) => model.family === "mixtral")!;
  const instead = insteadOf(offers, mixtral);
  expect(instead.map(({ model }) => model.name)[0]).toBe("LLaMA-Pro 8B Instruct");
  expect(instead.every(({ fits }) => fits[0]!.fits !== "no")).toBe(true);
});

test("languages are named in their own words, and what is none as it is written", () => {
  expect(languagesOf(offers)[0]).toBe("en");
  expect(["ja", "fr", "<b>", "x-none-such-tag-at-all"].map(languageName)).toEqual(["日本語", "Français", "<b>", "x-none-such-tag-at-all"]);
  expect(["2024-02", "2024-02-09", "soon"].map(dayName)).toEqual(["February 2024", "Feb 9, 2024", "soon"]);
});

const fit = (change: Partial<Fit>): Fit => ({
  fits: "well", weight_bytes: 4e9, kv_bytes: 1e9, overhead_bytes: 0.5e9, memory_bytes: 13e9, context: 4096, tokens_per_second: 11.2, bandwidth: 45e9, token_bytes: 4e9,
  estimated: false, ...change,
});

test("what fits, in words", () => {
  expect(fitWords(fit({}))).toEqual({ kind: "ok", words: "Fits · 5.5 GB memory · about 11 tokens/s" });
  expect(fitWords(fit({ fits: "tight", tokens_per_second: null }))).toEqual({ kind: "tight", words: "Tight · 5.5 GB memory" });
  expect(fitWords(fit({ fits: "no", weight_bytes: 26e9 }))).toEqual({ kind: "no", words: "Too large by 14.5 GB of memory" });
  expect(fitWords(null).kind).toBe("");
});

const download = (state: DownloadState, change: Partial<Download> = {}): Download => ({
  id: "1", name: "M", repository: "a/b", revision: "main", files: ["m.gguf"], updates: null, state, bytes_done: 2.61e9, bytes_total: 4.37e9, bytes_per_second: null, seconds_left: null, ...change,
});

test("a download, in words", () => {
  const error = { key: "offline", args: {}, detail: null };
  const cases: [download: Download, words: RegExp][] = [
    [download({ state: "running" }, { bytes_per_second: 18.4e6, seconds_left: 96 }), /^2\.61 of 4\.37 GB · 18\.4 MB\/s · 1 min 36 s left · checked as it arrives$/],
    [download({ state: "running" }, { bytes_total: null }), /^2\.6 GB · checked/],
    [download({ state: "waiting" }), /^waits/],
    [download({ state: "paused", error: null }), /· paused$/],
    [download({ state: "paused", error }), /· paused · \S/],
    [download({ state: "retrying", seconds: 12, error }), /tried again in 12 s: \S/],
    [download({ state: "done", model: "sha256:x" }), /^whole and checked$/],
  ];
  for (const [one, words] of cases) expect(downloadWords(one)).toMatch(words);
  expect([59, 96, 7500].map(timeLeft)).toEqual(["59 s", "1 min 36 s", "2 h 5 min"]);
});

test("which download is a file's, how far it is, and where it can be moved", () => {
  const queue = [download({ state: "running" }), download({ state: "waiting" }, { id: "2", files: ["n.gguf"], bytes_total: null }), download({ state: "waiting" }, { id: "3", repository: "a/folder", files: [] })];
  const all = { downloads: queue, folder: "/", free_bytes: 1 };
  expect(downloadOf(all, "a/b", ["n.gguf"])?.id).toBe("2");
  expect(downloadOf(all, "a/b", ["o.gguf"])).toBeNull();
  expect(downloadOf(all, "a/folder", [])?.id).toBe("3");
  expect(downloadOf(all, "a/b", [])).toBeNull();
  expect(queue.map(partOf)).toEqual([2.61 / 4.37, null, 2.61 / 4.37]);
  expect([placeAfter(queue, "1", -1), placeAfter(queue, "1", 1), placeAfter(queue, "3", 1), placeAfter(queue, "gone", 1)]).toEqual([null, 1, null, null]);
  expect([download({ state: "failed", error: { key: "offline", args: {}, detail: null } }), download({ state: "paused", error: null }), download({ state: "checking" })].map(active)).toEqual([false, false, true]);
});

test("the lights are one sentence in each language", () => {
  const elyza = offers.find(({ model }) => model.name.startsWith("ELYZA"))!.model;
  expect(lightsSentence(elyza.lights)).toBe("Openness: training data closed, weights partly, evaluation code closed, fine-tuning code partly, training metrics not known");
  setLanguage("zh-Hant");
  expect(lightsSentence(elyza.lights)).toContain("權重部分開放、");
});
