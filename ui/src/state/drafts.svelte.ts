// What was written and not yet sent, kept over a reload of the window.

const DRAFTS_KEY = "drafts";

/** As many drafts as are kept, the newest. */
export const KEPT = 50;

/** How long a change may wait before it is stored, in milliseconds. */
const PAUSE_MS = 250;

type Draft = [of: string, text: string];

export class Drafts {
  /** The newest last; none is empty. */
  #all = $state.raw<readonly Draft[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #kept: boolean;

  /** `kept`: over a reload. Those of temporary conversations are not. */
  constructor(kept: boolean) {
    this.#kept = kept;
    if (kept) this.#all = stored();
  }

  /** What is drafted under an id; "" where nothing is. */
  of(id: string): string {
    return this.#all.find(([of]) => of === id)?.[1] ?? "";
  }

  set(id: string, text: string): void {
    const others = this.#all.filter(([of]) => of !== id);
    this.#all = text === "" ? others : [...others, [id, text] as Draft].slice(-KEPT);
    if (!this.#kept) return;
    if (text === "") this.#store();
    else this.#timer ??= setTimeout(() => this.#store(), PAUSE_MS);
  }

  /** Puts what is drafted under one id under another. */
  move(from: string, to: string): void {
    const text = this.of(from);
    if (text === "") return;
    this.set(to, text);
    this.set(from, "");
  }

  #store(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      localStorage.setItem(DRAFTS_KEY, JSON.stringify(this.#all));
    } catch {
      // The storage is full: the drafts live as long as the window does.
    }
  }
}

function stored(): Draft[] {
  try {
    const drafts: unknown = JSON.parse(localStorage.getItem(DRAFTS_KEY) ?? "[]");
    return Array.isArray(drafts) ? drafts.filter(isDraft).slice(-KEPT) : [];
  } catch {
    return [];
  }
}

function isDraft(value: unknown): value is Draft {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string");
}
