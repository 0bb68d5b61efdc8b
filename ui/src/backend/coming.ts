// What the program will do and the command table does not name yet. The window shows nothing of it before the program offers it:
// a row leaves this file in the commit in which the table has it.
import type { CatalogueAsked } from "./bindings/CatalogueAsked";
import type { CatalogueFamily } from "./bindings/CatalogueFamily";
import type { CatalogueModel } from "./bindings/CatalogueModel";
import type { Choice } from "./bindings/Choice";
import type { ChooseAnswers } from "./bindings/ChooseAnswers";
import type { Fit } from "./bindings/Fit";

/** A model of the catalogue, with what this machine says of each of its files. */
export type Offered = CatalogueModel & { fits: (Fit | null)[] };

export interface Coming {
  catalogue: { request: Pick<CatalogueAsked, "language">; reply: { models: Offered[]; families: CatalogueFamily[] } };
  choose_help: { request: ChooseAnswers; reply: { choices: Choice[] } };
}

const NAMES: Record<keyof Coming, true> = { catalogue: true, choose_help: true };

/** Whether the command table has a command already. */
export function isThere(name: string): boolean {
  return !(name in NAMES);
}
