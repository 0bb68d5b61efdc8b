// What the fake model says, and the failures that the fake backend can have.
import type { AppError } from "../bindings/AppError";
import type { Arg } from "../bindings/Arg";

const CODE = `Here is a function:

\`\`\`rust
fn words(text: &str) -> usize {
    text.split_whitespace().count() // what a reader sees
}
\`\`\`

It counts **words**, not bytes.`;

/** What the fake model thinks, where it does. */
export const THOUGHTS = `The person asks why the night sky is dark. If the universe were *endless and old*, every line of sight would end at a star:

1. so the sky would be as bright as the Sun;
2. but it is not, so one of the two is wrong.

The \`<think>\` tag itself is only a word here.`;

/** An answer as it comes: a few letters at a time. */
export function piecesOf(text: string): string[] {
  return text.match(/[\s\S]{1,7}/gu) ?? [];
}

const TABLE = `| format | read | since |
|---|:-:|--:|
| GGUF | yes | 2023 |
| safetensors | headers | 2022 |

1. first
2. second
   - inside
   - also inside

> A quotation of two lines,
> the second of which is here.`;

export const HOSTILE = `<script>window.hacked = 1</script>

<img src=x onerror="window.hacked = 1">

[press](javascript:window.hacked=1) and ![picture](https://example.invalid/track.png "t") and <https://example.invalid/a?b=1>

<a href="https://example.invalid" onclick="window.hacked=1">raw</a> <svg/onload=window.hacked=1>

\`\`\`html
<script>window.hacked = 1</script>
\`\`\`

[link](https://example.invalid/page) &lt;b&gt; &#106;avascript:`;

export function answerTo(prompt: string): string {
  if (prompt.includes("hostile")) return HOSTILE;
  if (prompt.includes("table")) return TABLE;
  if (prompt.includes("code")) return CODE;
  if (prompt.includes("long")) return Array.from({ length: 40 }, (_, n) => `Paragraph ${n + 1}. The night sky is dark because the universe had a beginning.`).join("\n\n");
  return `You said “${prompt.trim().slice(0, 80)}”.\n\nThe night sky is dark because the universe had a beginning, and light from beyond a certain distance has not reached us yet.`;
}

const ARGS: Record<string, Record<string, Arg>> = {
  "context-overflow": { tokens: 4306, context: 4096, over: 210 },
  "memory-short": { name: "LLaMA-Pro 8B Instruct", needed_bytes: 8.6e9, free_bytes: 5.1e9, smaller: "none" },
  "worker-died": { name: "SmolLM2 135M Instruct" },
  "worker-out-of-memory": { name: "LLaMA-Pro 8B Instruct" },
  "history-damaged": { path: "/home/you/.local/share/parley/history.db" },
  "model-gone": { name: "Qwen2.5 Coder 0.5B Instruct", path: "/home/you/models/qwen2.5-coder.gguf" },
};

export function failureOf(key: string, args: Record<string, Arg> = ARGS[key] ?? {}): AppError {
  return { key, args, detail: `a made-up failure: ${key}` };
}
