// Colours for code, from a worker: a page full of code, or hostile code, never holds up the window.

/** A stretch of code and the class that colours it ("" for none). */
export type Span = [kind: string, text: string];

export interface Question {
  id: number;
  code: string;
  language: string;
}
export interface Answer {
  id: number;
  spans: Span[] | null;
}

/** Longer code stays plain. */
const MOST = 60_000;
/** A worker that takes longer is ended, and the code stays plain. */
const PATIENCE_MS = 10_000;
const KEPT = 200;

let worker: Worker | null = null;
let asked = 0;
const waiting = new Map<number, (spans: Span[] | null) => void>();
const known = new Map<string, Promise<Span[] | null>>();

/** The spans of the code; null where it stays plain. */
export function highlight(code: string, language: string): Promise<Span[] | null> {
  const name = languageKey(language);
  if (name === "" || code.length > MOST || typeof Worker === "undefined") return Promise.resolve(null);
  const key = `${name}\n${code}`;
  const before = known.get(key);
  if (before) return before;
  const answer = ask(code, name);
  known.set(key, answer);
  // No answer may come of a busy machine: the next time the code is shown it is asked again.
  void answer.then((spans) => spans ?? known.delete(key));
  if (known.size > KEPT) known.delete(known.keys().next().value!);
  return answer;
}

function ask(code: string, language: string): Promise<Span[] | null> {
  return new Promise((resolve) => {
    const id = ++asked;
    const timer = setTimeout(end, PATIENCE_MS);
    waiting.set(id, (spans) => {
      clearTimeout(timer);
      waiting.delete(id);
      resolve(spans);
    });
    started()?.postMessage({ id, code, language } satisfies Question);
  });
}

function started(): Worker | null {
  if (worker) return worker;
  try {
    worker = new Worker(new URL("./highlight.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (event: MessageEvent<Answer>) => waiting.get(event.data.id)?.(event.data.spans);
    worker.onerror = end;
  } catch {
    worker = null;
  }
  return worker;
}

/** Ends the worker; what waits for it stays plain. The next question starts a new one. */
function end(): void {
  worker?.terminate();
  worker = null;
  for (const give of [...waiting.values()]) give(null);
}

function languageKey(written: string): string {
  return (written.trim().split(/[\s,{:]/)[0] ?? "").toLowerCase();
}

const NAMES: Record<string, string> = {
  bash: "Bash", c: "C", "c++": "C++", cpp: "C++", cs: "C#", csharp: "C#", css: "CSS", diff: "Diff", dockerfile: "Dockerfile", go: "Go", golang: "Go",
  haskell: "Haskell", hs: "Haskell", html: "HTML", ini: "INI", java: "Java", javascript: "JavaScript", js: "JavaScript", json: "JSON", jsx: "JSX",
  julia: "Julia", kotlin: "Kotlin", kt: "Kotlin", latex: "LaTeX", lua: "Lua", makefile: "Makefile", markdown: "Markdown", md: "Markdown",
  objectivec: "Objective-C", perl: "Perl", php: "PHP", powershell: "PowerShell", py: "Python", python: "Python", r: "R", rb: "Ruby", ruby: "Ruby",
  rs: "Rust", rust: "Rust", scala: "Scala", scss: "SCSS", sh: "Shell", shell: "Shell", sql: "SQL", swift: "Swift", tex: "LaTeX", toml: "TOML",
  ts: "TypeScript", tsx: "TSX", typescript: "TypeScript", xml: "XML", yaml: "YAML", yml: "YAML", zsh: "Shell",
};

/** How people call the language that a fence names. */
export function languageName(written: string): string {
  const key = languageKey(written);
  return Object.hasOwn(NAMES, key) ? NAMES[key]! : key.slice(0, 24);
}
