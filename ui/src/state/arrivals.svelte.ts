// Model files that came from outside: dropped on the window, or opened with Parley.
import { asAppError } from "../backend/backend";
import type { AppError } from "../backend/bindings/AppError";

export class Arrivals {
  /** Files are being dragged over the window. */
  hover = $state(false);
  /** The file being read, and how many there are. */
  reading = $state.raw<{ name: string; at: number; count: number } | null>(null);
  /** Why files were not added, oldest first. */
  failures = $state.raw<readonly AppError[]>([]);

  #waiting: string[] = [];
  #add: (path: string) => Promise<string>;
  #choose: (model: string) => Promise<AppError | null>;

  /** `add` brings a file into the library and gives its model; rejects with an `AppError`. */
  constructor(add: (path: string) => Promise<string>, choose: (model: string) => Promise<AppError | null>) {
    this.#add = add;
    this.#choose = choose;
  }

  /** Adds the files one after another; the last that could be added is chosen. */
  async open(paths: readonly string[]): Promise<void> {
    this.hover = false;
    this.#waiting.push(...paths);
    if (this.reading) return; // who reads takes these too
    let chosen: string | null = null;
    for (let at = 1; this.#waiting.length > 0; at++) {
      const path = this.#waiting.shift()!;
      this.reading = { name: path.split(/[/\\]/).at(-1)!, at, count: at + this.#waiting.length };
      chosen = (await this.#one(path)) ?? chosen;
    }
    const failure = chosen && (await this.#choose(chosen));
    if (failure) this.#tell(failure);
    this.reading = null;
  }

  async #one(path: string): Promise<string | null> {
    try {
      return await this.#add(path);
    } catch (thrown) {
      this.#tell(asAppError(thrown));
      return null;
    }
  }

  #tell(failure: AppError): void {
    this.failures = [...this.failures, failure];
  }
}
