// A deletion that can be taken back: hidden at once, done when the strip ends.
import type { ConversationSummary } from "../backend/bindings/ConversationSummary";

export const UNDO_MS = 8000;

export class Deletion {
  pending = $state.raw<ConversationSummary | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #really: (id: string) => void;

  /** `really` deletes for good. */
  constructor(really: (id: string) => void) {
    this.#really = really;
  }

  begin(conversation: ConversationSummary): void {
    this.finish();
    this.pending = conversation;
    this.#timer = setTimeout(() => this.finish(), UNDO_MS);
  }

  /** Takes it back; gives what is there again. */
  undo(): ConversationSummary | null {
    clearTimeout(this.#timer);
    const conversation = this.pending;
    this.pending = null;
    return conversation;
  }

  /** Deletes now: the strip has ended, or the window closes. */
  finish(): void {
    const conversation = this.undo();
    if (conversation) this.#really(conversation.id);
  }
}
