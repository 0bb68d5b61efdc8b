// The library's words: what fits, how far a download is, who keeps a model, names of tasks and languages.
import type { Download } from "../backend/bindings/Download";
import type { Fit } from "../backend/bindings/Fit";
import type { Keeper } from "../backend/bindings/Keeper";
import type { Task } from "../backend/bindings/Task";
import { failureWords } from "./failures";
import { decimals, gigabytes, size, speed } from "./format";
import { language, t } from "./words.svelte";

export function taskName(task: Task): string {
  return {
    chat: t("task-chat"), completion: t("task-completion"), code: t("task-code"), maths: t("task-maths"), reasoning: t("task-reasoning"), tools: t("task-tools"),
    vision: t("task-vision"),
  }[task];
}

export function domainName(domain: string): string {
  const names: Record<string, string> = {
    general: t("domain-general"), code: t("task-code"), maths: t("task-maths"), medicine: t("domain-medicine"), japanese: t("domain-japanese"),
    chinese: t("domain-chinese"), multilingual: t("domain-multilingual"), small: t("domain-small"),
  };
  return Object.hasOwn(names, domain) ? names[domain]! : domain;
}

/** A language in its own words, such as 日本語; what is no language is as it is written. */
export function languageName(tag: string): string {
  try {
    const name = new Intl.DisplayNames([tag], { type: "language", fallback: "none" }).of(tag);
    return name ? name.charAt(0).toLocaleUpperCase(tag) + name.slice(1) : tag;
  } catch {
    return tag;
  }
}

/** `2024-02` or a whole date, as the person's language writes it; what is none as it is written. */
export function dayName(date: string): string {
  const [year, month, day] = date.slice(0, 10).split("-").map(Number);
  if (!year || !month || month > 12) return date;
  const options: Intl.DateTimeFormatOptions = day ? { year: "numeric", month: "short", day: "numeric" } : { year: "numeric", month: "long" };
  return new Intl.DateTimeFormat(language(), options).format(new Date(year, month - 1, day ?? 1));
}

/** A moment in seconds since 1970. */
export function momentName(seconds: number): string {
  return new Intl.DateTimeFormat(language(), { year: "numeric", month: "short", day: "numeric" }).format(new Date(seconds * 1000));
}

/** Sizes of the pair may differ in their last place only: `2.61 of 4.37 GB`. */
function done(bytes: number, total: number | null): string {
  if (total === null) return size(bytes);
  if (total < 999.5e6) return t("download-of", { done: size(bytes), total: size(total) });
  return t("download-of", { done: decimals(bytes / 1e9, 2), total: `${decimals(total / 1e9, 2)} GB` });
}

/** `1 min 36 s`, `2 h 5 min`. */
export function timeLeft(seconds: number): string {
  if (seconds < 60) return t("seconds", { n: seconds });
  if (seconds < 3600) return t("minutes-seconds", { m: Math.floor(seconds / 60), s: seconds % 60 });
  return t("hours-minutes", { h: Math.floor(seconds / 3600), m: Math.floor((seconds % 3600) / 60) });
}

function perSecond(bytes: number): string {
  return bytes >= 1e6 ? `${decimals(bytes / 1e6, 1)} MB/s` : `${decimals(bytes / 1e3, 1)} kB/s`;
}

/** How a download stands, in one line. */
export function downloadWords(download: Download): string {
  const { state, bytes_done, bytes_total, bytes_per_second, seconds_left } = download;
  const far = done(bytes_done, bytes_total);
  const line = (...parts: (string | null)[]) => parts.filter((part) => part !== null).join(" · ");
  switch (state.state) {
    case "waiting":
      return t("download-waiting");
    case "asking":
      return t("download-asking");
    case "running":
      return line(far, bytes_per_second === null ? null : perSecond(bytes_per_second), seconds_left === null ? null : t("download-left", { time: timeLeft(seconds_left) }), t("download-checked"));
    case "retrying":
      return line(far, t("download-retrying", { time: timeLeft(state.seconds), why: failureWords(state.error).sentence }));
    case "paused":
      return line(far, t("download-paused"), state.error && failureWords(state.error).sentence);
    case "checking":
      return line(far, t("download-checking"));
    case "elsewhere":
      return line(far, t("download-elsewhere"));
    case "done":
      return t("download-done");
    case "failed":
      return line(far, t("download-failed"));
  }
}

export interface FitWords {
  kind: "ok" | "tight" | "no" | "";
  words: string;
}

/** Whether a file fits this machine, what it needs and how quick it is. */
export function fitWords(fit: Fit | null): FitWords {
  if (!fit) return { kind: "", words: t("fit-unknown") };
  const needed = fit.weight_bytes + fit.kv_bytes + fit.overhead_bytes;
  if (fit.fits === "no") return { kind: "no", words: t("fit-over", { size: size(needed - fit.memory_bytes) }) };
  const memory = { size: fit.kv_bytes === 0 ? t("fit-at-least", { size: size(needed) }) : size(needed) };
  const words = fit.fits === "well" ? t("fit-well", memory) : t("fit-barely", memory);
  const quick = fit.tokens_per_second === null ? "" : ` · ${t("fit-speed", { speed: roughSpeed(fit.tokens_per_second) })}`;
  return { kind: fit.fits === "well" ? "ok" : "tight", words: words + quick };
}

/** An estimate has no decimals but where it is small. */
export function roughSpeed(tokensPerSecond: number): string {
  return tokensPerSecond < 9.5 ? speed(tokensPerSecond) : t("tokens-per-second", { n: Math.round(tokensPerSecond) });
}

export function memoryOf(fit: Fit): string {
  return t("memory-used", { used: gigabytes(fit.weight_bytes + fit.kv_bytes + fit.overhead_bytes), total: gigabytes(fit.memory_bytes) });
}

export function keeperName(keeper: Keeper): string {
  return {
    parley: t("keeper-parley"), hub_cache: t("keeper-hub"), ollama: "Ollama", lm_studio: "LM Studio", jan: "Jan", gpt4all: "GPT4All", person: t("keeper-person"),
  }[keeper];
}
