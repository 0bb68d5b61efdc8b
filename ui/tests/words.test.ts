import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { languageOf, simplifiedOnly, traditionalOnly } from "../src/words/content";
import { groupOf, monthName } from "../src/words/dates";
import { failureWords } from "../src/words/failures";
import { contextLength, duration, gigabytes, parameters, size, speed } from "../src/words/format";
import { LANGUAGES, around, guessed, setLanguage, t } from "../src/words/words.svelte";

afterEach(() => setLanguage("en"));

/** Message id -> its text as written, of one language's catalogue of the window. */
function catalogue(tag: string): Map<string, string> {
  const source = readFileSync(`../assets/messages/${tag}/window.ftl`, "utf8");
  const found = new Map<string, string>();
  for (const entry of source.split(/\n(?=[a-z])/)) {
    const [, id, value] = /^([a-z][a-z0-9-]*) =([\s\S]*)$/.exec(entry.replace(/\n\s*#.*$/gm, "")) ?? [];
    if (id) found.set(id, value!.trim());
  }
  return found;
}

const catalogues = new Map(LANGUAGES.map(({ tag }) => [tag, catalogue(tag)]));
const english = catalogues.get("en")!;

function sources(folder = "src"): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(svelte|ts)$/.test(name) && !name.startsWith("backend"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

test("a_gated_download_said_only_asks_first: no word of the window has the key of a failure", () => {
  for (const { tag } of LANGUAGES) {
    const failures = [...readFileSync(`../assets/messages/${tag}/errors.ftl`, "utf8").matchAll(/^([a-z][a-z0-9-]*) =/gm)].map((match) => match[1]!);
    expect(failures).toContain("hub-gated");
    expect(failures.filter((key) => catalogues.get(tag)!.has(key)), tag).toEqual([]);
  }
  expect(failureWords({ key: "hub-gated", args: { repository: "owner/name", address: "https://huggingface.co/owner/name" }, detail: null }).sentence).toContain("ask who you are first");
});

test("every language has the same messages with the same arguments", () => {
  const args = (text: string) => [...new Set(text.match(/\$[a-z]+/g))].sort();
  for (const { tag } of LANGUAGES) {
    const messages = catalogues.get(tag)!;
    expect([...messages.keys()].sort(), tag).toEqual([...english.keys()].sort());
    for (const [id, text] of messages) {
      // A language without plurals does not ask for the number.
      const asked = args(english.get(id)!);
      expect(args(text).filter((name) => !asked.includes(name)), `${tag} ${id}`).toEqual([]);
      expect(asked.filter((name) => !["$n", "$cut"].includes(name) && !args(text).includes(name)), `${tag} ${id}`).toEqual([]);
    }
  }
});

test("every message is used, and every message used is there", () => {
  const code = sources().join("\n");
  const used = new Set([...code.matchAll(/\b(?:t|around|find)\(\s*"([a-z][a-z0-9-]*)"/g)].map((match) => match[1]!));
  for (const match of code.matchAll(/"(key-[a-z-]+|settings-[a-z-]+|keys)"/g)) used.add(match[1]!);
  // Words of the window that the shell says itself.
  const shell = readdirSync("../src-tauri/src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rs"));
  for (const name of shell) {
    for (const match of readFileSync(join("../src-tauri/src", name), "utf8").matchAll(/"([a-z]+(?:-[a-z]+)+)"/g)) if (english.has(match[1]!)) used.add(match[1]!);
  }
  // The hub says why it proposes a model; the window and the command line show it.
  const choose = readFileSync("../crates/hub/src/catalogue/choose.rs", "utf8");
  for (const match of choose.matchAll(/\bsay\(\s*"([a-z-]+)"/g)) used.add(`choose-${match[1]}`);
  for (const id of ["group-today", "group-yesterday", "group-week"]) used.add(id);
  // Both arms of `t(condition ? "a" : "b")`.
  for (const match of code.matchAll(/\? t?\(?"([a-z][a-z0-9-]*)"\)? : t?\(?"([a-z][a-z0-9-]*)"/g)) {
    for (const id of [match[1]!, match[2]!]) if (english.has(id)) used.add(id);
  }
  expect([...used].filter((id) => !english.has(id)).sort()).toEqual([]);
  expect([...english.keys()].filter((id) => !used.has(id)).sort()).toEqual([]);
});

test("nothing is left in English, and each script is written in its own characters", () => {
  for (const tag of ["zh-Hans", "zh-Hant"] as const) {
    const wrong = tag === "zh-Hans" ? traditionalOnly : simplifiedOnly;
    for (const [id, text] of catalogues.get(tag)!) {
      expect(text === english.get(id), `${tag} ${id} is English`).toBe(false);
      expect([...text].filter((c) => wrong.has(c)).join(""), `${tag} ${id}`).toBe("");
      expect(/(?<![\d{}a-zA-Z ])[,;:!?](?![\d{}a-zA-Z])/.test(text.replace(/\{[^}]*\}/g, "x")), `${tag} ${id}: half-width marks`).toBe(false);
    }
  }
});

test("words change at once with the language", () => {
  expect(t("memory-models", { n: 1 })).toBe("1 model in memory");
  expect(t("memory-models", { n: 0 })).toBe("No model in memory");
  setLanguage("zh-Hant");
  expect(t("memory-models", { n: 2 })).toBe("記憶體中有 2 個模型");
  expect(document.documentElement.lang).toBe("zh-Hant");
  expect(around("switched", "name")).toEqual(["已切換到 ", "。"]);
});

test("before the first snapshot the language is the system's first that there is", () => {
  const cases: [languages: string[], language: string][] = [
    [["de-DE", "zh-TW", "en"], "zh-Hant"], [["zh-CN"], "zh-Hans"], [["zh-Hant-CN"], "zh-Hant"], [["en-GB", "zh-TW"], "en"], [["ja"], "en"], [[], "en"],
  ];
  for (const [languages, language] of cases) {
    vi.stubGlobal("navigator", { languages });
    expect(guessed(), languages.join()).toBe(language);
  }
  vi.unstubAllGlobals();
});

test("a failure says what happened, with sizes for people", () => {
  const words = failureWords({ key: "memory-short", args: { name: "M", needed_bytes: 8.6e9, free_bytes: 5.1e9, smaller: "none" }, detail: "d" });
  expect(words.sentence).not.toContain("memory-short");
  expect(`${words.sentence} ${words.more}`).toContain("8.6 GB");
  expect(words.detail).toContain("memory-short");
  expect(words.detail).toContain("d");
  expect(failureWords({ key: "never-heard-of", args: {}, detail: null }).sentence).toBe(t("failure-without-words"));
});

test("every failure of the catalogue has its sentence in every language", () => {
  const keys = (tag: string) => [...readFileSync(`../assets/messages/${tag}/errors.ftl`, "utf8").matchAll(/^([a-z][a-z0-9-]*) =/gm)].map((match) => match[1]);
  for (const { tag } of LANGUAGES) expect(keys(tag).sort(), tag).toEqual(keys("en").sort());
});

test("figures", () => {
  expect([98_362_432, 4.4e9, 999.6e6, 12_345, 0].map(size)).toEqual(["98 MB", "4.4 GB", "1.0 GB", "12 kB", "0 B"]);
  expect([134_515_008, 7.24e9, 999.7e6, 26e6].map(parameters)).toEqual(["135M", "7.2B", "1.0B", "26M"]);
  expect([2048, 4096, 8192, 32768, 131072, 20000].map(contextLength)).toEqual(["2,048", "4,096", "8,192", "32K", "128K", "20,000"]);
  expect([820, 2900, 75_000, 999.9].map(duration)).toEqual(["820 ms", "2.9 s", "75 s", "1.0 s"]);
  expect([9.66, 123.4].map(speed)).toEqual(["9.7 tokens/s", "123 tokens/s"]);
  expect([6.2e9, 13e9].map(gigabytes)).toEqual(["6.2", "13"]);
});

test("conversations are grouped by the person's own days", () => {
  const now = new Date(2026, 9, 15, 8, 30);
  const key = (...at: [number, number, number, number?, number?]) => groupOf(new Date(...at).getTime(), now).key;
  expect(key(2026, 9, 15, 0, 0)).toBe("today");
  expect(key(2026, 9, 15, 23, 59)).toBe("today");
  expect(key(2026, 9, 14, 23, 59)).toBe("yesterday");
  expect(key(2026, 9, 13, 23, 59)).toBe("week");
  expect(key(2026, 9, 8, 0, 0)).toBe("week");
  expect(key(2026, 9, 7, 23, 59)).toBe("2026-10");
  expect(key(2025, 9, 7)).toBe("2025-10");
});

test("months are named in the person's language, with the year where it is another", () => {
  const now = new Date(2026, 9, 15);
  expect(monthName(new Date(2026, 8, 1), now, "en")).toBe("September");
  expect(monthName(new Date(2025, 8, 1), now, "en")).toBe("September 2025");
  expect(monthName(new Date(2025, 8, 1), now, "zh-Hant")).toBe("2025年9月");
});

test("the language of a text is told by its characters", () => {
  const cases: [text: string, fallback: string, language: string][] = [
    ["Why is the sky dark?", "zh-Hans", ""],
    ["敬語の確認", "en", "ja"],
    ["給房東的一封信", "en", "zh-Hant"],
    ["把会议记录整理成待办", "zh-Hant", "zh-Hans"],
    ["台南三天行程", "zh-Hant", "zh-Hant"],
    ["台南三天行程", "en", "zh-Hans"],
    ["안녕하세요", "en", "ko"],
    ["", "zh-Hant", ""],
    ["len() 回傳位元組數，不是字元數", "en", "zh-Hant"],
  ];
  for (const [text, fallback, language] of cases) expect(languageOf(text, fallback), text).toBe(language);
});
