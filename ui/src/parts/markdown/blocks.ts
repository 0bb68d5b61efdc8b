// Markdown as a list of blocks. While an answer streams, a block that another follows is finished:
// it is never parsed or rendered again. Only the end of the text is.
import { Lexer, type Token } from "marked";

export interface Block {
  /** Its place; stable while the text grows. */
  id: number;
  raw: string;
  token: Token;
  /** No further text can change it. */
  done: boolean;
}

/** Longest stretch that is parsed as markdown; more in one piece is shown as it is. */
const MOST = 200_000;
/** Quotes and lists inside each other beyond this are shown as they are. */
const DEEPEST = /^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])){24}/m;
/** Most cells of the tables: a row of one letter has as many of them as the table has columns. */
const CELLS = 100_000;
/** The line beneath the heads of a table, in quotes and lists too. */
const RULE = /^[ \t>|:*+\-\d.)]*-[ \t>|:*+\-\d.)]*$/;
/** A line this long cannot become the marker of a list item that belongs to the block before it. */
const CLEAR = 12;

export class Blocks {
  #source = "";
  #finished: Block[] = [];
  #finishedEnd = 0;
  #open: Block[] = [];

  /** The blocks of the text. `ended`: nothing more comes. */
  of(text: string, ended: boolean): Block[] {
    const source = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
    if (!source.startsWith(this.#source.slice(0, this.#finishedEnd))) this.#forget();
    this.#source = source;
    const tail = source.slice(this.#finishedEnd);
    const parsed = parse(tail);
    const whole = parsed.reduce((length, token) => length + token.raw.length, 0) === tail.length;

    let end = this.#finishedEnd;
    const open: Block[] = [];
    for (const [at, token] of parsed.entries()) {
      end += token.raw.length;
      const shown = token.type !== "space" && token.type !== "def";
      const done = ended || (whole && follows(parsed.slice(at + 1)));
      if (done && open.length === 0) {
        if (shown) this.#finished.push(this.#block(this.#finished.length, token, true));
        this.#finishedEnd = end;
      } else if (shown) {
        open.push(this.#block(this.#finished.length + open.length, token, false));
      }
    }
    this.#open = open;
    return [...this.#finished, ...open];
  }

  /** The block as it was, where nothing in it has changed. */
  #block(id: number, token: Token, done: boolean): Block {
    const before = this.#open.find((block) => block.id === id);
    if (before?.raw !== token.raw) return { id, raw: token.raw, token, done };
    return before.done === done ? before : { ...before, done };
  }

  #forget(): void {
    this.#finished = [];
    this.#finishedEnd = 0;
    this.#open = [];
  }
}

/** Whether what comes after a block is surely another block. */
function follows(rest: readonly Token[]): boolean {
  const next = rest.find((token) => token.type !== "space");
  if (!next) return false;
  return rest.at(-1) !== next || next.raw.trimStart().length >= CLEAR || next.raw.includes("\n");
}

function parse(source: string): Token[] {
  if (source.length > MOST || DEEPEST.test(source) || cells(source) > CELLS) return [asWritten(source)];
  try {
    return new Lexer({ gfm: true }).lex(source);
  } catch {
    return [asWritten(source)];
  }
}

/** At most so many cells have the tables of the text. */
function cells(source: string): number {
  let all = 0;
  let columns = 0;
  for (const line of source.split("\n")) {
    if (/^[ \t>]*$/.test(line)) columns = 0;
    else if (line.includes("|") && RULE.test(line)) columns = Math.max(columns, line.split("|").length);
    all += columns;
  }
  return all;
}

function asWritten(source: string): Token {
  return { type: "html", raw: source, text: source, pre: false, block: true };
}
