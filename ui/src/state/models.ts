// Models as the person weighs them: which one answers next, does it fit, what would a switch do.
import type { ConversationSummary } from "../backend/bindings/ConversationSummary";
import type { MemoryUse } from "../backend/bindings/MemoryUse";
import type { Message } from "../backend/bindings/Message";
import type { ModelEntry } from "../backend/bindings/ModelEntry";
import type { Settings } from "../backend/bindings/Settings";

/** The context in tokens that a model is given when nobody asks for another. */
const DEFAULT_CONTEXT = 8192;

/**
 * The model of the next answer: the conversation's, else the one last chosen anywhere, else the starter.
 * Null where the conversation's is not in the library: no other answers in its place unasked.
 */
export function modelOf(
  conversation: ConversationSummary | null,
  settings: Settings,
  models: readonly ModelEntry[],
): ModelEntry | null {
  if (conversation?.model) return models.find((m) => m.id === conversation.model) ?? null;
  return models.find((m) => m.id === settings.model) ?? usable(models);
}

function usable(models: readonly ModelEntry[]): ModelEntry | null {
  const ready = models.filter((m) => m.state.state !== "unusable");
  return ready.find((m) => m.source.kind === "bundled") ?? ready[0] ?? null;
}

export type Fit = { kind: "fits" | "tight" } | { kind: "large"; over: number };

/** Whether a model can come into memory, with the loaded ones leaving where they must. */
export function fitOf(model: ModelEntry, memory: MemoryUse): Fit {
  const most = memory.free + memory.models;
  if (model.memory > most) return { kind: "large", over: model.memory - most };
  return { kind: model.memory <= memory.free * 0.9 ? "fits" : "tight" };
}

/** Tokens of the context that the model would have. */
export function contextOf(model: ModelEntry, path: readonly Message[]): number {
  const receipt = path.findLast((m) => m.receipt?.model.id === model.id)?.receipt;
  return receipt?.context ?? Math.min(model.context || DEFAULT_CONTEXT, DEFAULT_CONTEXT);
}

/** Tokens of the conversation as the last answer left them, without its reasoning, which is not read again; 0 where nothing is known yet. */
export function tokensOf(path: readonly Message[]): number {
  const receipt = path.findLast((m) => m.receipt)?.receipt;
  return receipt ? receipt.prompt_tokens + receipt.answer_tokens - receipt.reasoning_tokens : 0;
}

/** What choosing the model does to the conversation. Token counts are the present model's: "about". */
export interface Switch {
  /** Bytes to bring into memory first; 0 where it is there. */
  load: number;
  /** Tokens that it reads again. */
  read: number;
  /** Tokens too many for its context: the oldest are left out. */
  over: number;
}

export function switchTo(model: ModelEntry, path: readonly Message[]): Switch {
  const tokens = tokensOf(path);
  const context = contextOf(model, path);
  return {
    load: model.state.state === "ready" ? model.bytes : 0,
    read: Math.min(tokens, context),
    over: Math.max(0, tokens - context),
  };
}

/** Two letters for a name: of its first word's two halves, or the first two of it. */
export function lettersOf(name: string): string {
  const halves = (name.trim().split(/\s+/)[0] ?? "").split(/[-_.]/).filter((half) => /^\p{L}/u.test(half));
  const letters = halves.length > 1 ? [...halves[0]!][0]! + [...halves[1]!][0]! : [...(halves[0] ?? name.trim())].slice(0, 2).join("");
  return letters.toUpperCase();
}
