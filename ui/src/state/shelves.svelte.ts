// The library's view: which page is open, what is searched and filtered, and what the hub found.
import { SvelteMap } from "svelte/reactivity";
import { asAppError, type Backend } from "../backend/backend";
import type { AppError } from "../backend/bindings/AppError";
import type { CatalogueFamily } from "../backend/bindings/CatalogueFamily";
import type { CatalogueFilter } from "../backend/bindings/CatalogueFilter";
import type { CatalogueModel } from "../backend/bindings/CatalogueModel";
import type { CatalogueOrder } from "../backend/bindings/CatalogueOrder";
import type { CatalogueShown } from "../backend/bindings/CatalogueShown";
import type { HubDetails } from "../backend/bindings/HubDetails";
import type { HubFormat } from "../backend/bindings/HubFormat";
import type { HubRepository } from "../backend/bindings/HubRepository";
import type { HubSort } from "../backend/bindings/HubSort";
import type { Installed } from "../backend/bindings/Installed";
import type { Language } from "../backend/bindings/Language";
import type { Light } from "../backend/bindings/Light";
import { ANYTHING, count, folded, mayBe, shown, type Offer, type Wanted } from "./shelf";

/** What the main part of the view shows. */
export type Page =
  | { page: "shelf" | "here" | "hub" }
  | { page: "model" | "family" | "repository"; id: string };

/** The filters work here, while one types. */
const ALL: CatalogueFilter = { text: "", tasks: [], domains: [], languages: [], max_bytes: null, fits: false, licence: null, openness: null, installed: false };
const LANGUAGES: readonly Language[] = ["en", "zh-Hans", "zh-Hant"];

export class Shelves {
  /** Pages one came from, the last is open. */
  #pages = $state.raw<readonly Page[]>([{ page: "shelf" }]);
  wanted = $state.raw<Wanted>(ANYTHING);
  order = $state<CatalogueOrder>("fit");
  /** Why there is no catalogue. */
  failure = $state.raw<AppError | null>(null);
  families = $state.raw<readonly CatalogueFamily[]>([]);
  /** Null until they were asked for, or where they cannot be told. */
  installed = $state.raw<readonly Installed[] | null>(null);
  helping = $state(false);
  /** The hub's address, or the mirror's. */
  endpoint = $state("https://huggingface.co");

  hub = $state.raw<{ text: string; searching: boolean; found: readonly HubRepository[] | null; next: string | null; failure: AppError | null }>(
    { text: "", searching: false, found: null, next: null, failure: null },
  );
  format = $state<HubFormat | null>(null);
  sort = $state<HubSort>("downloads");
  details = $state.raw<{ repository: string; known: HubDetails | null; failure: AppError | null } | null>(null);

  #backend: Backend;
  #shown = $state.raw<CatalogueShown | null>(null);
  /** The catalogue's words in each language, for the search. */
  #words = new SvelteMap<Language, ReadonlyMap<string, string>>();
  #language: Language | null = null;
  /** Whether what is shown says how fast. */
  #measured = false;
  #searches = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Who is asked when something is searched or fetched. */
  get host(): string {
    return URL.canParse(this.endpoint) ? new URL(this.endpoint).host : this.endpoint;
  }

  get page(): Page {
    return this.#pages.at(-1)!;
  }
  go(page: Page): void {
    const root = page.page === "shelf" || page.page === "here";
    this.#pages = root ? [page] : [...this.#pages.filter((one) => JSON.stringify(one) !== JSON.stringify(page)), page];
  }
  back(): void {
    if (this.#pages.length > 1) this.#pages = this.#pages.slice(0, -1);
    else this.#pages = [{ page: "shelf" }];
  }

  /** Null until the catalogue is there. */
  offers = $derived.by((): readonly Offer[] | null => {
    const { models, fits } = this.#shown ?? {};
    if (!models || !fits) return null;
    const here = new Set(this.installed?.map((one) => this.#catalogued(one, models)?.id));
    const names = new Map(this.families.map(({ id, name }) => [id, name]));
    return models.map((model, at) => ({
      model,
      fits: fits[at] ?? [],
      installed: here.has(model.id),
      names: folded([model.name, model.id, names.get(model.family) ?? "", ...model.makers].join("\n")),
      descriptions: [...this.#words.values()].map((words) => words.get(model.id) ?? "").join("\n"),
    }));
  });
  shown = $derived(shown(this.offers ?? [], this.wanted, this.order));

  /** What the hub found and the filters let through, as far as the hub or the catalogue knows. */
  hubShown = $derived(this.#ofHub(this.wanted));

  /** How many models the open page would show with this change of the filters. */
  left(change: Partial<Wanted>): number {
    const wanted = { ...this.wanted, ...change };
    return this.page.page === "hub" ? (this.#ofHub(wanted)?.length ?? 0) : count(this.offers ?? [], wanted);
  }

  #ofHub(wanted: Wanted): readonly HubRepository[] | null {
    return this.hub.found?.filter((one) => mayBe(one, this.offers ?? [], wanted)) ?? null;
  }

  /** Which model of the catalogue an installed one is a file of: as the program knows, else by where it came from. */
  #catalogued({ catalogue, entry: { name, source } }: Installed, models: readonly CatalogueModel[]): CatalogueModel | undefined {
    if (catalogue !== null) return models.find(({ id }) => id === catalogue);
    if (source.kind === "bundled") return models.find((model) => folded(model.name) === folded(name));
    if (source.kind === "file") return undefined;
    return models.find(({ id, files }) => id === source.repo || files.some(({ repository, file }) => repository === source.repo && file === source.file));
  }

  /** The files of a model of the catalogue that are on this machine. */
  installedOf(id: string): readonly Installed[] {
    const models = this.#shown?.models ?? [];
    return this.installed?.filter((one) => this.#catalogued(one, models)?.id === id) ?? [];
  }

  /** The model of the catalogue that an installed one is a file of. */
  catalogued(one: Installed): string | null {
    return this.#catalogued(one, this.#shown?.models ?? [])?.id ?? null;
  }

  /** How open a model of the library is; null where the catalogue does not know it. */
  lightsOf(model: string): readonly Light[] | null {
    const models = this.#shown?.models ?? [];
    const one = this.installed?.find(({ entry }) => entry.id === model);
    return (one && this.#catalogued(one, models)?.lights) ?? null;
  }

  offer(id: string): Offer | null {
    return this.offers?.find(({ model }) => model.id === id) ?? null;
  }

  /** The catalogue in a language, and what of it is here. */
  async load(language: Language): Promise<void> {
    void this.refresh();
    if (this.#language !== language || !this.#shown) await this.#show(language, false);
  }

  /** How fast each model would be as well; the catalogue does not wait for it to be measured. */
  async open(language: Language): Promise<void> {
    void this.#backend.call("network", {}).then(({ endpoint }) => (this.endpoint = endpoint.value.replace(/\/+$/, "")), () => {});
    await this.load(language);
    if (!this.#measured) await this.#show(language, true);
  }

  async #show(language: Language, measured: boolean): Promise<void> {
    this.#language = language;
    try {
      const reply = await this.#asked(language, measured);
      if (this.#language !== language) return;
      this.#shown = reply;
      this.#measured = measured;
      this.families = reply.families;
      this.failure = null;
    } catch (thrown) {
      this.failure = asAppError(thrown);
    }
  }

  /** One may search in any of the languages: the others come with the first word. */
  async search(text: string): Promise<void> {
    this.want({ text });
    if (text.trim() === "" || this.#words.size >= LANGUAGES.length) return;
    for (const language of LANGUAGES) {
      if (!this.#words.has(language)) await this.#asked(language, false).catch(() => null);
    }
  }

  async #asked(language: Language, measured: boolean) {
    const reply = await this.#backend.call("catalogue", { language, filter: ALL, order: "fit", measured });
    const families = new Map(reply.families.map((family) => [family.id, `${family.about}\n${family.technique}`]));
    const words = reply.models.map((model) => [model.id, folded([model.about, families.get(model.family) ?? "", ...model.domains].join("\n"))] as const);
    this.#words.set(language, new Map(words));
    return reply;
  }

  /** What is installed may have changed. */
  async refresh(): Promise<void> {
    this.installed = await this.#backend.call("installed", {}).then(({ models }) => models, () => this.installed);
  }

  want(change: Partial<Wanted>): void {
    this.wanted = { ...this.wanted, ...change };
    const { page } = this.page;
    if (page !== "shelf" && (page !== "hub" || change.text !== undefined)) this.go({ page: "shelf" });
  }

  clear(): void {
    this.wanted = { ...ANYTHING, text: this.wanted.text };
  }

  /** Asks the hub, which is elsewhere: only where the person asked for exactly that. `more`: what comes after what was found. */
  async searchHub(more = false): Promise<void> {
    const turn = ++this.#searches;
    const text = more ? this.hub.text : this.wanted.text.trim();
    const found = more ? this.hub.found : null;
    const after = more ? this.hub.next : null;
    this.go({ page: "hub" });
    this.hub = { text, searching: true, found, next: null, failure: null };
    const language = this.wanted.languages[0] ?? null;
    try {
      const reply = await this.#backend.call("hub_search", { text, language, licence: null, format: this.format, sort: this.sort, after });
      if (turn !== this.#searches) return;
      this.hub = { ...this.hub, searching: false, found: [...(found ?? []), ...reply.repositories], next: reply.next };
    } catch (thrown) {
      if (turn === this.#searches) this.hub = { ...this.hub, searching: false, next: after, failure: asAppError(thrown) };
    }
  }

  /** What waits for the hub is not waited for any longer. */
  stopHub(): void {
    this.#searches += 1;
    this.hub = { ...this.hub, searching: false };
  }

  async openRepository(repository: string): Promise<void> {
    this.go({ page: "repository", id: repository });
    if (this.details?.repository === repository && this.details.known) return;
    this.details = { repository, known: null, failure: null };
    try {
      const known = await this.#backend.call("hub_details", { repository, revision: null });
      if (this.details.repository === repository) this.details = { repository, known, failure: null };
    } catch (thrown) {
      if (this.details.repository === repository) this.details = { repository, known: null, failure: asAppError(thrown) };
    }
  }
}
