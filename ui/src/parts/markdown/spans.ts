// highlight.js's result as spans of our few classes.
import type { Span } from "./highlight";

const KINDS: [RegExp, string][] = [
  [/^(comment|quote|meta|doctag)/, "cm"],
  [/^(string|regexp|char|link|symbol|addition|code)/, "st"],
  [/^(keyword|literal|selector-tag|name|tag|section|variable language_|template-tag|operator-keyword|deletion)/, "k"],
  [/^(title|built_in|type|attr|attribute|property|class|function|selector)/, "f"],
  [/^number/, "n"],
];

function kindOf(scope: string): string {
  return KINDS.find(([pattern]) => pattern.test(scope))?.[1] ?? "";
}

const REFERENCES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

/** The library's own output (spans with escaped text, nothing else), flattened. */
export function spansOf(html: string): Span[] {
  const spans: Span[] = [];
  const kinds: string[] = [];
  for (const [piece, scope] of html.matchAll(/<span class="([^"]*)">|<\/span>|[^<]+/g)) {
    if (scope !== undefined) kinds.push(kindOf(scope.replace(/hljs-/g, "")) || (kinds.at(-1) ?? ""));
    else if (piece === "</span>") kinds.pop();
    else add(spans, kinds.at(-1) ?? "", piece.replace(/&(?:amp|lt|gt|quot|#x27);/g, (r) => REFERENCES[r]!));
  }
  return spans;
}

function add(spans: Span[], kind: string, text: string): void {
  const last = spans.at(-1);
  if (last && last[0] === kind) last[1] += text;
  else spans.push([kind, text]);
}
