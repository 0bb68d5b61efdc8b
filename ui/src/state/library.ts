// What the window asks of the models and of the machine, beyond what the events tell.
import { asAppError, type Backend } from "../backend/backend";
import type { AppError } from "../backend/bindings/AppError";
import type { BetterModel } from "../backend/bindings/BetterModel";
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
