// The catalogue as the person weighs it: what of it is shown, in which order, and what this machine says of each model.
// The rules are those of the hub's own filters (crates/hub/src/catalogue); here they answer while one types.
import type { CatalogueModel } from "../backend/bindings/CatalogueModel";
import type { CatalogueOrder } from "../backend/bindings/CatalogueOrder";
import type { Fit } from "../backend/bindings/Fit";
import type { HubRepository } from "../backend/bindings/HubRepository";
import type { Light } from "../backend/bindings/Light";
import type { OpennessClass } from "../backend/bindings/OpennessClass";
import type { Task } from "../backend/bindings/Task";

/** A model of the catalogue on this machine. */
export interface Offer {
  model: CatalogueModel;
  /** Of each file, in order; null where it cannot be told. */
  fits: readonly (Fit | null)[];
  /** A file of it is on this machine. */
  installed: boolean;
  /** All words that a search looks through: by what it is called, and by what is said of it. */
  names: string;
  descriptions: string;
}

export const USES: readonly Task[] = ["chat", "code", "maths", "reasoning", "tools", "vision"];
export const DOMAINS = ["medicine", "small"] as const;
/** Most bytes of the recommended file. */
export const SIZES = [2e9, 5e9, 10e9, 20e9] as const;
const CLASSES: readonly OpennessClass[] = ["fully_open", "weights_only", "restricted"];

/** All that is set must be true of a model. */
export interface Wanted {
  text: string;
  fits: boolean;
  installed: boolean;
  tasks: readonly Task[];
  domains: readonly string[];
  languages: readonly string[];
  openness: OpennessClass | null;
  /** Whether the licence allows every use; null: whichever. */
  open: boolean | null;
  /** Bytes. */
  most: number | null;
}

export const ANYTHING: Wanted = { text: "", fits: false, installed: false, tasks: [], domains: [], languages: [], openness: null, open: null, most: null };

/** How many filters are set, without the words. */
export function filtersOf(wanted: Wanted): number {
  const { fits, installed, tasks, domains, languages, openness, open, most } = wanted;
  return Number(fits) + Number(installed) + tasks.length + domains.length + languages.length + [openness, open, most].filter((one) => one !== null).length;
}

/** As searching compares: without upper case, and without the widths and ligatures that Unicode counts as the same. */
export function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase().normalize("NFKC");
}

/** `zh` of `zh-Hant`. */
export function primary(language: string): string {
  return language.split("-")[0]!.toLowerCase();
}

/** Bytes of the recommended file, exact or about; null where there is none. */
export function bytesOf(offer: Offer): number | null {
  return offer.model.files[0]?.bytes ?? offer.fits[0]?.weight_bytes ?? null;
}

/** Bytes of memory that a model needs. */
export function neededBy(fit: Fit): number {
  return fit.weight_bytes + fit.kv_bytes + fit.overhead_bytes;
}

/** Bytes by which it is too large; 0 where it fits. */
export function overBy(fit: Fit): number {
  return Math.max(0, neededBy(fit) - fit.memory_bytes);
}

/** 0 by its name, 1 by its description too; null: a word is nowhere. */
function rankOf(offer: Offer, words: readonly string[]): 0 | 1 | null {
  let rank: 0 | 1 = 0;
  for (const word of words) {
    if (offer.names.includes(word)) continue;
    if (!offer.descriptions.includes(word)) return null;
    rank = 1;
  }
  return rank;
}

function wordsOf(text: string): string[] {
  return folded(text).split(/\s+/).filter((word) => word !== "");
}

/** All that is wanted but the words. */
function passes(offer: Offer, wanted: Wanted): boolean {
  const { model, fits, installed } = offer;
  const bytes = bytesOf(offer);
  const fit = fits[0]?.fits;
  return (
    wanted.tasks.every((task) => model.tasks.includes(task)) &&
    wanted.domains.every((domain) => model.domains.includes(domain)) &&
    wanted.languages.every((language) => model.languages.some((spoken) => primary(spoken) === primary(language))) &&
    (wanted.most === null || (bytes !== null && bytes <= wanted.most)) &&
    (!wanted.fits || fit === "well" || fit === "tight") &&
    (wanted.open === null || wanted.open === model.licence.open) &&
    (wanted.openness === null || wanted.openness === model.openness) &&
    (!wanted.installed || installed)
  );
}

/** What is wanted, in an order; where words are searched, those first that are called so. */
export function shown(offers: readonly Offer[], wanted: Wanted, order: CatalogueOrder): Offer[] {
  const words = wordsOf(wanted.text);
  const found = offers.flatMap((offer) => {
    const rank = passes(offer, wanted) ? rankOf(offer, words) : null;
    return rank === null ? [] : [{ rank, offer }];
  });
  return found.toSorted((a, b) => a.rank - b.rank || ORDERS[order](a.offer, b.offer)).map(({ offer }) => offer);
}

/** How many would be shown. */
export function count(offers: readonly Offer[], wanted: Wanted): number {
  const words = wordsOf(wanted.text);
  return offers.filter((offer) => passes(offer, wanted) && rankOf(offer, words) !== null).length;
}

/** Bytes that a weight takes at least in the files that people run: four bits. */
const LEAST_BYTES = 0.5;

/** Whether a repository of the hub may be what is wanted. Nothing is held against one of which it is not known. */
export function mayBe(one: HubRepository, offers: readonly Offer[], wanted: Wanted): boolean {
  const known = offers.find(({ model }) => model.id === one.catalogue);
  if (known) return passes(known, wanted);
  const speaks = one.languages.map(primary);
  const licensed = offers.find(({ model }) => one.licence !== null && model.licence.spdx?.toLowerCase() === one.licence.toLowerCase());
  const memory = offers.flatMap(({ fits }) => fits).find((fit) => fit !== null)?.memory_bytes ?? Infinity;
  const bytes = (one.parameters ?? 0) * LEAST_BYTES;
  return (
    !wanted.installed &&
    (speaks.length === 0 || wanted.languages.every((language) => speaks.includes(primary(language)))) &&
    (wanted.open === null || licensed === undefined || licensed.model.licence.open === wanted.open) &&
    (wanted.most === null || bytes <= wanted.most) &&
    (!wanted.fits || bytes <= memory)
  );
}

const large = (offer: Offer) => bytesOf(offer) ?? Number.MAX_SAFE_INTEGER;
const FITS = { well: 0, tight: 0, no: 2 } as const;
const fitting = (offer: Offer) => (offer.fits[0] ? FITS[offer.fits[0].fits] : 1);
const POINTS = { open: 0, partly: 1, closed: 2, unknown: 2 } as const;
const closed = (lights: readonly Light[]) => lights.reduce((sum, { state }) => sum + POINTS[state], 0);

const ORDERS: Record<CatalogueOrder, (a: Offer, b: Offer) => number> = {
  fit: (a, b) => fitting(a) - fitting(b) || large(b) - large(a),
  size: (a, b) => large(a) - large(b),
  date: (a, b) => (a.model.date < b.model.date ? 1 : a.model.date > b.model.date ? -1 : 0),
  openness: (a, b) => CLASSES.indexOf(a.model.openness) - CLASSES.indexOf(b.model.openness) || closed(a.model.lights) - closed(b.model.lights),
};

/** Languages that models speak, the most spoken first. */
export function languagesOf(offers: readonly Offer[]): string[] {
  const times = new Map<string, number>();
  for (const { model } of offers) {
    for (const language of new Set(model.languages.map(primary))) times.set(language, (times.get(language) ?? 0) + 1);
  }
  return [...times].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([language]) => language);
}

export interface Branch {
  offer: Offer;
  below: Branch[];
}

/** The tree that a model stands in, from what it goes back to; whole families where none is named. */
export function treeOf(offers: readonly Offer[], of: (model: CatalogueModel) => boolean): Branch[] {
  const byId = new Map(offers.map((offer) => [offer.model.id, offer]));
  const parentOf = ({ model }: Offer) => (model.parent === null ? undefined : byId.get(model.parent));
  const roots = new Set<Offer>();
  for (const offer of offers.filter(({ model }) => of(model))) {
    const seen = new Set<Offer>();
    let root = offer;
    // A parent that is its own grandchild would have no end.
    for (let up = parentOf(root); up && !seen.has(up); up = parentOf(root)) {
      seen.add(up);
      root = up;
    }
    roots.add(root);
  }
  const branch = (offer: Offer, above: ReadonlySet<Offer>): Branch => {
    const path = new Set([...above, offer]);
    const children = offers.filter((one) => parentOf(one) === offer && !path.has(one));
    return { offer, below: children.map((child) => branch(child, path)) };
  };
  return [...roots].map((root) => branch(root, new Set()));
}

/** What fits here in place of a model that does not: alike in what it can do, the largest first. */
export function insteadOf(offers: readonly Offer[], instead: Offer): Offer[] {
  const tasks = new Set(instead.model.tasks);
  const languages = new Set(instead.model.languages.map(primary));
  const alike = (offer: Offer) => offer.model.tasks.filter((task) => tasks.has(task)).length + (offer.model.family === instead.model.family ? 2 : 0);
  return offers
    .filter((offer) => offer !== instead && fitting(offer) === 0 && offer.model.files.length > 0 && offer.model.languages.some((one) => languages.has(primary(one))))
    .toSorted((a, b) => alike(b) - alike(a) || large(b) - large(a))
    .slice(0, 3);
}
