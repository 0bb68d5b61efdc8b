// What the window asks of the models and of the machine, beyond what the events tell.
import { asAppError, type Backend, type CommandName, type Reply, type Request } from "../backend/backend";
import type { AppError } from "../backend/bindings/AppError";
import type { BetterModel } from "../backend/bindings/BetterModel";
import type { DownloadWish } from "../backend/bindings/DownloadWish";
import type { FoundModel } from "../backend/bindings/FoundModel";
import type { KvUse } from "../backend/bindings/KvUse";
import type { Language } from "../backend/bindings/Language";
import type { Machine } from "../backend/bindings/Machine";
import type { ModelEntry } from "../backend/bindings/ModelEntry";
import { modelOf } from "./models";
import type { Session } from "./session.svelte";

export class Library {
  #backend: Backend;
  #session: Session;

  constructor(backend: Backend, session: Session) {
    this.#backend = backend;
    this.#session = session;
  }

  /** The id of the model in a file, which the library then has. Rejects with an `AppError`. */
  async add(path: string): Promise<string> {
    const entry = await this.#backend.call("model_import", { path });
    if (entry.state.state === "unusable") throw entry.state.error;
    return entry.id;
  }

  /** Whether the model is writing an answer, wherever. */
  answering(model: ModelEntry): boolean {
    const { conversations = [], settings, models = [] } = this.#session.world ?? {};
    return conversations.some((c) => c.answering && settings && modelOf(c, settings, models)?.id === model.id);
  }

  /** Brings a model into memory. Null when it is there, else why it is not. */
  async load(model: string): Promise<AppError | null> {
    return failureOf(this.#backend.call("model_load", { model }));
  }

  /** Takes a model out of memory, once it is idle. Null where that went well. */
  async eject(model: string): Promise<AppError | null> {
    return failureOf(this.#backend.call("model_eject", { model }));
  }

  /** What would serve better than the starter; null where nothing does, or it is not known. */
  async better(language: Language): Promise<BetterModel | null> {
    return this.#backend.call("better_model", { language }).then(({ better }) => better, () => null);
  }

  /** Null where it cannot be told just now: a gauge has nothing to complain of. */
  async machine(): Promise<Machine | null> {
    return this.#backend.call("machine", {}).catch(() => null);
  }

  /** What kept reading takes on the disk; null where it cannot be told. */
  async kept(): Promise<KvUse | null> {
    return this.#backend.call("kept", {}).catch(() => null);
  }

  /** Removes all kept reading, and gives what it takes then; null where that went wrong. */
  async clearKept(): Promise<KvUse | null> {
    return this.#backend.call("kept_clear", {}).catch(() => null);
  }

  /** Does what is asked; why it could not be done, or null. */
  async ask<N extends CommandName>(name: N, request: Request<N>): Promise<AppError | null> {
    return failureOf(this.#backend.call(name, request));
  }

  /** The reply, or why there is none. */
  async answerTo<N extends CommandName>(name: N, request: Request<N>): Promise<{ reply: Reply<N>; failure: null } | { reply: null; failure: AppError }> {
    try {
      return { reply: await this.#backend.call(name, request), failure: null };
    } catch (thrown) {
      return { reply: null, failure: asAppError(thrown) };
    }
  }

  /** Null where the download is in the queue now. */
  async get(wish: Omit<DownloadWish, "revision"> & { revision?: string | null }): Promise<AppError | null> {
    const failure = await this.ask("download_start", { revision: null, ...wish });
    await this.refreshDownloads();
    return failure;
  }

  /** What is in the queue, unless events have told it meanwhile. */
  async refreshDownloads(): Promise<void> {
    const before = this.#session.world?.downloads;
    const downloads = await this.#backend.call("downloads", {}).catch(() => null);
    const { world } = this.#session;
    if (downloads && world && world.downloads === before) this.#session.world = { ...world, downloads };
  }

  /** Models that other programs keep on this disk. */
  async elsewhere(): Promise<readonly FoundModel[]> {
    return this.#backend.call("models_elsewhere", {}).then(({ models }) => models, () => []);
  }

  /** The folder of the logs; "" where it cannot be told. */
  async logs(): Promise<string> {
    return this.#backend.call("diagnostics", {}).then(({ logs }) => logs, () => "");
  }
}

async function failureOf(call: Promise<unknown>): Promise<AppError | null> {
  try {
    await call;
    return null;
  } catch (thrown) {
    return asAppError(thrown);
  }
}
