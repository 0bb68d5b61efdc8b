// What the fake backend holds at the beginning: the first run, the conversations of the design's pictures, very many.
import type { AppError } from "../bindings/AppError";
import type { BetterModel } from "../bindings/BetterModel";
import type { ConversationSummary } from "../bindings/ConversationSummary";
import type { Drafted } from "../bindings/Drafted";
import type { Diagnostics } from "../bindings/Diagnostics";
import type { Language } from "../bindings/Language";
import type { Machine } from "../bindings/Machine";
import type { Message } from "../bindings/Message";
import type { ModelEntry } from "../bindings/ModelEntry";
import type { NetworkSettings } from "../bindings/NetworkSettings";
import type { Receipt } from "../bindings/Receipt";
import type { Settings } from "../bindings/Settings";
import type { StopReason } from "../bindings/StopReason";
import { failureOf, THOUGHTS } from "./answers";

export interface Scene {
  conversations: { summary: ConversationSummary; messages: Message[] }[];
  /** Messages beside one that is on the path. */
  siblings: Map<string, Message[]>;
  models: ModelEntry[];
  memory: number;
  settings: Settings;
  /** Who can propose for whom; absent: nobody. */
  drafted?: Drafted[];
  /** What kept reading takes on the disk. */
  keptBytes: number;
  systemLanguage: Language;
  /** Absent: nothing larger than the starter fits. */
  better?: BetterModel;
  machine: Machine;
  diagnostics: Diagnostics;
  /** The backend cannot begin. */
  failure?: AppError;
}

type Figures = [name: string, parameters: number, quantisation: string, context: number, bytes: number, memory: number];

function model(id: string, [name, parameters, quantisation, context, bytes, memory]: Figures, loaded = false): ModelEntry {
  const path = `/home/you/models/${id}.gguf`;
  return {
    id: `sha256:${id}`, name, source: { kind: "file", path }, path, architecture: "llama", parameters, quantisation, context, bytes, memory,
    state: loaded ? { state: "loaded", memory } : { state: "ready" },
  };
}

/** Nothing set. */
export const PLAIN_NETWORK: NetworkSettings = { offline: false, endpoint: null, proxy: null, certificates: null, bytes_per_second: null };

const starter: ModelEntry = {
  ...model("smollm2", ["SmolLM2 135M Instruct", 134_515_008, "Q4_1", 8192, 98_362_432, 320e6], true),
  source: { kind: "bundled" },
};
const elyza = model("elyza", ["ELYZA Llama 2 7B", 6.74e9, "Q4_K_M", 4096, 4.08e9, 6.2e9], true);
const olmo = model("olmo", ["OLMo 2 7B Instruct", 7.3e9, "Q4_K_M", 4096, 4.47e9, 6.6e9]);
const mistral = model("mistral", ["Mistral 7B Instruct v0.2", 7.24e9, "Q4_K_M", 32768, 4.37e9, 5.4e9]);
const qwen = model("qwen", ["Qwen2.5-Coder 1.5B Instruct", 1.54e9, "Q4_K_M", 32768, 1.12e9, 1.4e9]);
const qwen3 = model("qwen3", ["Qwen3 1.7B", 1.72e9, "Q4_K_M", 32768, 1.11e9, 1.5e9], true);
const pro = model("llama-pro", ["LLaMA-Pro 8B Instruct", 8.36e9, "Q5_K_M", 4096, 5.9e9, 12.4e9]);
const mixtral = model("mixtral", ["Mixtral 8x7B Instruct", 46.7e9, "Q4_K_M", 32768, 26.4e9, 27.5e9]);
const gone: ModelEntry = {
  ...model("gone", ["Falcon 7B Instruct", 7.2e9, "Q4_0", 2048, 4.1e9, 5.2e9]),
  state: { state: "unusable", error: failureOf("model-gone", { name: "Falcon 7B Instruct", path: "/home/you/models/falcon-7b.gguf" }) },
};

export function receiptOf(entry: ModelEntry, path: readonly Message[], stop: StopReason | null, change: Partial<Receipt> = {}): Receipt {
  const letters = (messages: readonly Message[]) => messages.flatMap((m) => m.parts).reduce((sum, part) => sum + part.text.length, 0);
  const { times, ...rest } = change;
  return {
    version: 1,
    model: { id: entry.id, name: entry.name, source: entry.source, architecture: entry.architecture, quantisation: entry.quantisation },
    template_sha256: "0".repeat(64), prompt_sha256: "0".repeat(64), messages: path.slice(0, -1).map((m) => m.id),
    sampling: {
      temperature: 0.7, top_k: 40, top_p: 0.95, min_p: 0.05, repeat_penalty: 1, repeat_last_n: 64, presence_penalty: 0, frequency_penalty: 0, seed: 7,
    },
    limits: { max_tokens: null },
    prompt_tokens: 30 + Math.ceil(letters(path.slice(0, -1)) / 4), reused_tokens: 0, cut_messages: 0, cut_tokens: 0,
    answer_tokens: Math.ceil(letters(path.slice(-1)) / 4), reasoning_tokens: 0, drafted_tokens: 0, accepted_tokens: 0, draft: null, continued_bytes: 0, context: Math.min(entry.context, 8192), stop,
    engine: { version: "0.1.0", executor: "candle", kernels: "avx2", device: "cpu", threads: 4 },
    times: times ?? { queued_ms: 0, load_ms: 0, prefill_ms: 410, first_token_ms: 640, decode_ms: 1200 },
    ...rest,
  };
}

let ids = 0;

function conversation(title: string, updated: number, entry: ModelEntry, answering = false): { summary: ConversationSummary; messages: Message[] } {
  const id = `scene-${String(++ids).padStart(4, "0")}`;
  const summary = { id, title, model: entry.id, created_at: updated, updated_at: updated, answering, temporary: false };
  return { summary, messages: [said({ id } as ConversationSummary, null, title)] };
}

function said(of: ConversationSummary, parent: string | null, text: string): Message {
  const id = `message-${String(++ids).padStart(6, "0")}`;
  return {
    id, conversation: of.id, parent, role: "user", parts: [{ type: "text", text }], author: null, status: "complete", error: null, receipt: null,
    siblings: [id], created_at: of.updated_at ?? 0,
  };
}

function answer(path: Message[], entry: ModelEntry, text: string, receipt: Partial<Receipt>): Message {
  const parent = path.at(-1)!;
  const id = `message-${String(++ids).padStart(6, "0")}`;
  const begun: Message = {
    ...parent, id, parent: parent.id, role: "assistant", parts: [{ type: "text", text }], siblings: [id],
    author: { model: entry.id, name: entry.name, quantisation: entry.quantisation },
  };
  return { ...begun, receipt: receiptOf(entry, [...path, begun], "end_of_turn", receipt) };
}

const RUST = `\`len()\` counts bytes. Each of these characters takes three bytes in UTF-8, and five times three is fifteen. Ask for \`chars()\` to count code points, or for graphemes to count what a reader sees:

\`\`\`rust
use unicode_segmentation::UnicodeSegmentation;

let s = "こんにちは";
assert_eq!(s.chars().count(), 5);          // code points
assert_eq!(s.graphemes(true).count(), 5); // what a reader sees
\`\`\``;

/** The conversations of the design's pictures, as of `now`. */
function picture(now: number): Scene {
  const day = 86_400_000;
  const ago = (days: number, minutes = 0) => now - days * day - minutes * 60_000;
  const main = conversation("Counting characters in Japanese text", ago(0, 1), elyza);
  const first = said(main.summary, null, 'In Rust, `"こんにちは".len()` gives me 15. I can see five characters. Why?');
  const one = answer([first], olmo, RUST, {
    prompt_tokens: 52, answer_tokens: 146, context: 4096, times: { queued_ms: 0, load_ms: 0, prefill_ms: 700, first_token_ms: 820, decode_ms: 14948 },
  });
  const second = said(main.summary, one.id, "同じことを、プログラミングを始めたばかりの人に日本語で説明して。");
  const words =
    "`len()` が数えているのは、文字ではなく「バイト」というデータの大きさです。ひらがなは一文字が三バイトなので、五文字の「こんにちは」は 15 になります。見た目の文字数を知りたいときは、`chars().count()` を使いましょう。";
  const figures = {
    prompt_tokens: 318, answer_tokens: 153, context: 4096, times: { queued_ms: 0, load_ms: 0, prefill_ms: 2900, first_token_ms: 640, decode_ms: 14074 },
  };
  const two = answer([first, one, second], elyza, words, figures);
  const before = answer([first, one, second], elyza, "バイトの数です。", figures);
  main.messages = [first, one, second, two];

  const broken = conversation("論文摘要潤稿", ago(0, 9), pro);
  const asked = said(broken.summary, null, "請幫我潤飾這段摘要：本研究比較三種開放語言模型在繁體中文摘要任務上的表現，並討論訓練資料公開程度與結果可重現性之間的關係。");
  const cut = answer(
    [asked],
    pro,
    "以下是潤飾後的版本，盡量保留您的原意與術語：\n\n「本研究比較三種開放語言模型於繁體中文摘要任務之表現，並探討訓練資料的公開程度如何影響結果的可重現性。我們發現，公開訓練資料的模型雖然在分數上",
    { prompt_tokens: 217, answer_tokens: 74, context: 4096, stop: null, times: { queued_ms: 0, load_ms: 0, prefill_ms: 900, first_token_ms: 1000, decode_ms: 8902 } },
  );
  broken.messages = [asked, { ...cut, status: "interrupted", error: failureOf("worker-out-of-memory") }];

  return {
    ...firstRun(),
    conversations: [
      main,
      conversation("給房東的一封信", ago(0, 3), elyza),
      conversation("Falcon and multi-query attention", ago(0, 6), olmo, true),
      broken,
      conversation("台南三天行程", ago(1), elyza),
      conversation("A regular expression for log lines", ago(1, 2), elyza),
      conversation("敬語の確認：取引先へのメール", ago(1, 3), elyza),
      conversation("FlashAttention in plain words", ago(1, 4), elyza),
      conversation("Why is the sky dark at night?", ago(3), elyza),
      conversation("Dolma beside RefinedWeb", ago(4), elyza),
      conversation("和訳：契約書の第三条", ago(4, 2), elyza),
      conversation("Cover letter, second draft", ago(5), elyza),
      conversation("把会议记录整理成待办", ago(34), elyza),
      conversation("Pancakes without eggs", ago(35), elyza),
    ],
    siblings: new Map([[two.id, [before]]]),
    models: [elyza, mistral, olmo, qwen, pro, mixtral, gone],
    settings: { language: null, theme: "system", model: elyza.id, kept_bytes: null, kv_type: "f16", library: null, network: PLAIN_NETWORK },
    keptBytes: 1.24e9,
    drafted: [
      { model: mixtral.id, name: mixtral.name, choice: { kind: "automatic" }, drafts: [{ id: mistral.id, name: mistral.name, quantisation: mistral.quantisation }] },
    ],
    machine: { ...machine, parley_bytes: 6.6e9, memory_used_bytes: 11.2e9, cpu: 0.61, parley_cpu: 0.5 },
  };
}

const machine: Machine = { memory_bytes: 16e9, memory_used_bytes: 5.1e9, parley_bytes: 0.6e9, cpu: 0.07, parley_cpu: 0.01 };

const DIAGNOSTICS = `Parley 0.1.0 (linux x86_64)
window: WebKitGTK 2.50.6
processor: 4 threads, AVX2
memory: 16.0 GB, 10.9 GB free
models: SmolLM2 135M Instruct (llama, Q4_1), loaded

Last failures
2026-11-22 10:12:03 worker-died: signal 9
`;

function firstRun(): Scene {
  return {
    conversations: [], siblings: new Map(), models: [starter], memory: 13e9, settings: { language: null, theme: "system", model: null, kept_bytes: null, kv_type: "f16", library: null, network: PLAIN_NETWORK }, keptBytes: 0, systemLanguage: "en",
    machine, diagnostics: { text: DIAGNOSTICS, logs: "/home/you/.local/share/parley/logs" },
    better: {
      name: "Qwen2.5 7B Instruct", repository: "bartowski/Qwen2.5-7B-Instruct-GGUF", file: "Qwen2.5-7B-Instruct-Q4_K_M.gguf", bytes: 4.68e9,
      licence: "Apache-2.0",
    },
  };
}

/** One conversation of `count` messages, and as many others as a few years bring. */
function many(now: number, count: number): Scene {
  const scene = firstRun();
  const long = conversation("Ten thousand messages", now, starter);
  const path: Message[] = [];
  for (let n = 0; n < count / 2; n++) {
    const asked = said(long.summary, path.at(-1)?.id ?? null, `Question ${n + 1}: why is the sky dark at night?`);
    path.push(asked);
    const text = n % 5 === 0 ? `Answer ${n + 1}.\n\n\`\`\`python\nprint(${n})\n\`\`\`` : `Answer ${n + 1}. Because the universe had a **beginning**.\n\n- one\n- two`;
    path.push(answer([asked], starter, text, { prompt_tokens: 4000, answer_tokens: 40 }));
  }
  long.messages = path;
  const others = Array.from({ length: 1500 }, (_, n) => conversation(`Conversation ${n + 1}`, now - (n + 1) * 3_600_000, starter));
  return { ...scene, conversations: [long, ...others] };
}

/** A model that thinks: whole answers, one that was stopped while it thought, one that never came to an answer. */
function thinking(now: number): Scene {
  const scene = firstRun();
  const talk = conversation("Why is the night sky dark?", now, qwen3);
  const first = said(talk.summary, null, "Why is the night sky dark?");
  const thought = (text: string, duration_ms: number, ended: boolean) => ({ type: "reasoning" as const, text, duration_ms, ended });
  const whole = answer([first], qwen3, "Because the universe had a **beginning**: light from beyond a certain distance has not reached us yet.", { reasoning_tokens: 96 });
  whole.parts = [thought(THOUGHTS, 8200, true), ...whole.parts];
  const second = said(talk.summary, whole.id, "那么银河为什么看得见？");
  const other = answer([first, whole, second], qwen3, "因为银河离我们很近，它的光早已到达。", {});
  other.parts = [thought("用户用中文追问。银河是**我们自己的**星系，距离近，所以看得见。", 75_400, true), ...other.parts];
  const third = said(talk.summary, other.id, "And the stars between?");
  const silent = answer([first, whole, second, other, third], qwen3, "", {});
  silent.parts = [thought("There are stars between, and then again", 900, true)];
  const fourth = said(talk.summary, silent.id, "Go on.");
  const stopped = answer([first, whole, second, other, third, silent, fourth], qwen3, "", { stop: "cancelled" });
  stopped.parts = [thought("The person wants me to go on, so", 2400, false)];
  talk.messages = [first, whole, second, other, third, silent, fourth, { ...stopped, status: "stopped" }];
  return { ...scene, conversations: [talk], models: [qwen3, starter], settings: { ...scene.settings, model: qwen3.id } };
}

export function sceneOf(name: string, now: number): Scene {
  if (name === "picture") return picture(now);
  if (name === "many") return many(now, 10_000);
  if (name === "thinking") return thinking(now);
  if (name === "damaged") return { ...firstRun(), failure: failureOf("history-damaged") };
  return firstRun();
}
