// Figures for people: sizes, counts of weights, times, speeds.
import { language, t } from "./words.svelte";

/** A formatter is dear to make: one for each language and number of digits. */
const formatters = new Map<string, Intl.NumberFormat>();

/** With that many digits after the point. */
export function decimals(value: number, digits: number): string {
  const key = `${language()} ${digits}`;
  const formatter = formatters.get(key) ?? new Intl.NumberFormat(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formatters.set(key, formatter);
  return formatter.format(value);
}

export function whole(value: number): string {
  return decimals(value, 0);
}

/** `4.4 GB`, `98 MB`: decimal units as on the labels of disks, and as the command line says them. */
export function size(bytes: number): string {
  if (bytes >= 999.5e6) return `${decimals(bytes / 1e9, 1)} GB`;
  if (bytes >= 999.5e3) return `${whole(bytes / 1e6)} MB`;
  if (bytes >= 999.5) return `${whole(bytes / 1e3)} kB`;
  return `${whole(bytes)} B`;
}

/** Gigabytes without the unit, for pairs: `6.2` of `13 GB`. */
export function gigabytes(bytes: number): string {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: 1 }).format(bytes / 1e9);
}

/** `135M`, `7.2B`: how models are called, in every language. */
export function parameters(count: number): string {
  if (count >= 999.5e6) return `${(count / 1e9).toFixed(1)}B`;
  if (count >= 999.5e3) return `${(count / 1e6).toFixed(0)}M`;
  return `${Math.round(count / 1e3)}K`;
}

/** `4,096`, `32K`. */
export function contextLength(tokens: number): string {
  return tokens >= 16384 && tokens % 1024 === 0 ? `${tokens / 1024}K` : whole(tokens);
}

/** `820 ms`, `2.9 s`, `75 s`. */
export function duration(ms: number): string {
  if (ms < 999.5) return t("milliseconds", { n: whole(ms) });
  return t("seconds", { n: decimals(ms / 1000, ms < 59_950 ? 1 : 0) });
}

/** `8 s`, at least one: how long something felt. */
export function wholeSeconds(ms: number): string {
  return t("seconds", { n: whole(Math.max(1, Math.round(ms / 1000))) });
}

export function speed(tokensPerSecond: number): string {
  return t("tokens-per-second", { n: decimals(tokensPerSecond, tokensPerSecond < 99.95 ? 1 : 0) });
}

export function percent(fraction: number): string {
  return new Intl.NumberFormat(language(), { style: "percent" }).format(fraction);
}
