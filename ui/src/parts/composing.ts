// Enter that belongs to an input method, not to the message.

/** How long after the end of a composition a key still belongs to it, in milliseconds. */
const AFTERMATH_MS = 50;

/**
 * Tells whether a key press confirms a candidate (Chinese, Japanese, Korean). WebKit ends the composition
 * first and tells the key after it, as 229 and without `isComposing`; some input methods then even say Enter.
 */
export class Composing {
  #endedAt = -Infinity;

  ended(event: { timeStamp: number }): void {
    this.#endedAt = event.timeStamp;
  }

  owns(event: { isComposing: boolean; keyCode: number; timeStamp: number }): boolean {
    return event.isComposing || event.keyCode === 229 || event.timeStamp - this.#endedAt < AFTERMATH_MS;
  }
}

/** The window's own, told of every composition's end wherever it was. */
export const composing = new Composing();
