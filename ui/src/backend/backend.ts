// What the window asks of the program behind it. tauri.ts is the real one; fake.ts stands in
// for it in tests and in a browser.
import type { AppError } from "./bindings/AppError";
import type { Commands } from "./bindings/commands";
import type { Pushed } from "./bindings/Pushed";

export type CommandName = keyof Commands;
export type Request<N extends CommandName> = Commands[N]["request"];
export type Reply<N extends CommandName> = Commands[N]["reply"];

export interface Backend {
  /** One row of the command table. Rejects with an `AppError`. */
  call<N extends CommandName>(name: N, request: Request<N>): Promise<Reply<N>>;
  /** Events in order, in batches, for as long as the window lives, and what happens to the window itself. */
  subscribe(receive: (pushed: Pushed) => void): Promise<void>;
  /** Closes the window for good, though an answer is being made. */
  closeWindow(): Promise<void>;
  /** The system's dialog for a model, a file or a folder; null where the person closed it. */
  pickModel(folder: boolean): Promise<string | null>;
}

/** Whatever was thrown, as an `AppError`. */
export function asAppError(thrown: unknown): AppError {
  if (typeof thrown === "object" && thrown !== null && "key" in thrown && "args" in thrown) {
    return thrown as AppError;
  }
  return { key: "internal", args: {}, detail: thrown instanceof Error ? thrown.message : String(thrown) };
}
