// How open a model is, in words.
import type { Light } from "../backend/bindings/Light";
import type { OpenPart } from "../backend/bindings/OpenPart";
import type { Openness } from "../backend/bindings/Openness";
import type { OpennessClass } from "../backend/bindings/OpennessClass";
import { t } from "./words.svelte";

/** What the five lights are about, in their order. */
export const PARTS: readonly OpenPart[] = ["training_data", "weights", "evaluation_code", "fine_tuning_code", "training_metrics"];

export function partName(part: OpenPart): string {
  return {
    training_data: t("open-data"),
    weights: t("open-weights"),
    evaluation_code: t("open-evaluation"),
    fine_tuning_code: t("open-tuning"),
    training_metrics: t("open-metrics"),
  }[part];
}

export function stateName(state: Openness): string {
  return { open: t("open-open"), partly: t("open-partly"), closed: t("open-closed"), unknown: t("open-unknown") }[state];
}

export function className(openness: OpennessClass): string {
  return { fully_open: t("open-class-full"), weights_only: t("open-class-weights"), restricted: t("open-class-restricted") }[openness];
}

export function lightsSentence(lights: readonly Light[]): string {
  const parts = lights.map(({ state }, at) => t("open-part", { part: partName(PARTS[at]!), state: stateName(state) }));
  return t("open-sentence", { parts: parts.join(t("list-gap")) });
}
