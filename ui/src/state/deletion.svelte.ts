// A deletion that can be taken back: hidden at once, done when the strip ends, or when the next window begins.
import type { ConversationSummary } from "../backend/bindings/ConversationSummary";

export const UNDO_MS = 8000;

/** Where the id stands until it is deleted: a window that closes cannot be relied upon to say so. */
const PENDING_KEY = "deleting";

export class Deletion {
  pending = $state.raw<ConversationSummary | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #really: (id: string) => Promise<void>;

  /** `really` deletes for good, and never rejects. */
  constructor(really: (id: string) => Promise<void>) {
    this.#really = really;
  }

  begin(conversation: ConversationSummary): void {
    this.finish();
    this.pending = conversation;
    localStorage.setItem(PENDING_KEY, conversation.id);
    this.#timer = setTimeout(() => this.finish(), UNDO_MS);
  }

  /** Takes it back; gives what is there again. */
  undo(): ConversationSummary | null {
    const conversation = this.#end();
    if (conversation) this.#forget(conversation.id);
    return conversation;
  }

  /** Deletes now: the strip has ended, or the window closes. */
  finish(): void {
    const conversation = this.#end();
    if (conversation) void this.#delete(conversation.id);
  }

  /** Deletes what was still on the strip when the last window closed. */
  async resume(): Promise<void> {
    const id = localStorage.getItem(PENDING_KEY);
    if (id !== null) await this.#delete(id);
  }

  #end(): ConversationSummary | null {
    clearTimeout(this.#timer);
    const conversation = this.pending;
    this.pending = null;
    return conversation;
  }

  async #delete(id: string): Promise<void> {
    await this.#really(id);
    this.#forget(id);
  }

  #forget(id: string): void {
    if (localStorage.getItem(PENDING_KEY) === id) localStorage.removeItem(PENDING_KEY);
  }
}
