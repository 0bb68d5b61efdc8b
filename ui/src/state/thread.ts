// What the thread says between the messages, from the receipts.
import type { Author } from "../backend/bindings/Author";
import type { Message } from "../backend/bindings/Message";
import type { Receipt } from "../backend/bindings/Receipt";

export interface Row {
  message: Message;
  /** The model takes over with the answer to this message: said before the person's words. */
  takesOver: Takeover | null;
}

export interface Takeover {
  author: Author;
  receipt: Receipt | null;
}

/** The path as rows; a row keeps its identity while nothing in it changes. */
export class Rows {
  #last = new Map<string, Row>();

  of(path: readonly Message[]): Row[] {
    const next = new Map<string, Row>();
    let author: Author | null = null;
    const rows = path.map((message, at) => {
      const answer = message.role === "user" ? path[at + 1] : undefined;
      const takes = answer?.author && author && !sameModel(answer.author, author) ? answer : null;
      if (message.author) author = message.author;
      const before = this.#last.get(message.id);
      const row =
        before?.message === message && sameTakeover(before.takesOver, takes)
          ? before
          : { message, takesOver: takes && { author: takes.author!, receipt: takes.receipt } };
      next.set(message.id, row);
      return row;
    });
    this.#last = next;
    return rows;
  }
}

/** An answer from before the weights were hashed may name its model by the provisional id, and the next one by the lasting id. */
function sameModel(one: Author, other: Author): boolean {
  if (one.model === other.model) return true;
  const provisional = [one, other].some((author) => author.model.startsWith("header:"));
  return provisional && one.name === other.name && one.quantisation === other.quantisation;
}

function sameTakeover(takeover: Takeover | null, answer: Message | null): boolean {
  return takeover?.author.model === answer?.author?.model && (takeover?.receipt ?? null) === (answer?.receipt ?? null);
}

/** Whether an answer ended before its end: stopped, broken off, or at a limit. */
export function canGoOn(message: Message): boolean {
  if (message.role !== "assistant" || !message.parts.some((part) => part.text !== "")) return false;
  if (message.status === "stopped" || message.status === "interrupted") return true;
  return message.status === "complete" && (message.receipt?.stop === "length" || message.receipt?.stop === "context");
}

/** Tokens per second after the first; null for answers of one token. */
export function tokensPerSecond(receipt: Receipt): number | null {
  const made = receipt.answer_tokens - 1;
  return made > 0 && receipt.times.decode_ms > 0 ? (made * 1000) / receipt.times.decode_ms : null;
}
