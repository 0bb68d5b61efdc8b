// The interface's words: one Fluent catalogue a language, changed at once.
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import type { Language } from "../backend/bindings/Language";

export const LANGUAGES: { tag: Language; name: string }[] = [
  { tag: "en", name: "English" },
  { tag: "zh-Hans", name: "简体中文" },
  { tag: "zh-Hant", name: "繁體中文" },
];

const sources = import.meta.glob<string>("../../../assets/messages/*/{window,errors}.ftl", {
  query: "?raw",
  import: "default",
  eager: true,
});

const bundles = new Map<Language, FluentBundle>(
  LANGUAGES.map(({ tag }) => {
    // No language of the interface is written from the right, so the invisible isolation marks are left out.
    const bundle = new FluentBundle(tag, { useIsolating: false });
    for (const [path, source] of Object.entries(sources)) {
      if (path.includes(`/${tag}/`)) bundle.addResource(new FluentResource(source), { allowOverrides: true });
    }
    return [tag, bundle];
  }),
);

/** What the system says, until the backend has said what the person chose. */
export function guessed(): Language {
  for (const tag of navigator.languages.map((language) => language.toLowerCase())) {
    if (tag.startsWith("en")) return "en";
    if (tag.startsWith("zh")) return /hant|tw|hk|mo/.test(tag) ? "zh-Hant" : "zh-Hans";
  }
  return "en";
}

class Words {
  language = $state<Language>(guessed());
}

const words = new Words();

export type Args = Record<string, FluentVariable>;

export function language(): Language {
  return words.language;
}

export function setLanguage(tag: Language): void {
  words.language = tag;
  document.documentElement.lang = tag;
}

/** The message in the person's language, or null where no catalogue has it. `attribute`: such as `more`. */
export function find(id: string, args?: Args, attribute?: string): string | null {
  for (const tag of [words.language, "en"] as const) {
    const bundle = bundles.get(tag)!;
    const message = bundle.getMessage(id);
    const pattern = attribute ? message?.attributes[attribute] : message?.value;
    if (pattern) return bundle.formatPattern(pattern, args, []);
  }
  return null;
}

/** The message in the person's language; its id where there is none (a test forbids that). */
export function t(id: string, args?: Args): string {
  return find(id, args) ?? id;
}

/** The message around one argument, which is shown in another way, such as bold. */
export function around(id: string, argument: string, args: Args = {}): [before: string, after: string] {
  const mark = "\u{E000}";
  const [before = "", after = ""] = t(id, { ...args, [argument]: mark }).split(mark);
  return [before, after];
}
