// The sentence of a failure, from the same catalogue that the command line reads.
import type { AppError } from "../backend/bindings/AppError";
import { size } from "./format";
import { find, t, type Args } from "./words.svelte";

export interface FailureWords {
  /** What happened. */
  sentence: string;
  /** The cause, the figures and what to do; "" where the sentence says it all. */
  more: string;
  /** For reports, untranslated. */
  detail: string;
}

export function failureWords(error: AppError): FailureWords {
  const args: Args = {};
  for (const [name, value] of Object.entries(error.args)) {
    args[name] = typeof value === "number" && name.endsWith("bytes") ? size(value) : value;
  }
  const known = find(error.key, args);
  const given = Object.entries(error.args).map(([name, value]) => `${name}: ${value}`);
  return {
    sentence: known ?? t("failure-without-words"),
    more: (known && find(error.key, args, "more")) ?? "",
    detail: [error.key, ...given, error.detail ?? ""].filter((line) => line !== "").join("\n"),
  };
}
