// Make the reference results that Parley's tests compare against: token ids, rendered prompts and greedy answers by
// llama.cpp (prebuilt in the npm package node-llama-cpp) and by Python's jinja2 (render.py). README.md says how to run it.
//
//   node make.mjs MODEL.gguf OUT.json          PYTHON=python3 by default
import {execFileSync} from "node:child_process";
import {createHash} from "node:crypto";
import {createReadStream, readFileSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {basename, dirname, join} from "node:path";
import {pathToFileURL, fileURLToPath} from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
// The package is looked for where the script is called, so that nothing is installed inside the repository.
const require = createRequire(join(process.cwd(), "anything.js"));
const entry = require.resolve("node-llama-cpp");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(entry));
const llamaVersion = JSON.parse(readFileSync(join(dirname(entry), "..", "package.json"), "utf8")).version;

const ANSWER_TOKENS = 32;
const [file, out] = process.argv.slice(2);
const inputs = JSON.parse(readFileSync(join(here, "inputs.json"), "utf8"));

async function sha256(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** The two likeliest tokens of one position, with natural-log probabilities: [[id, logprob], [id, logprob]]. */
function topTwo(logits) {
  const sorted = [...logits].sort((a, b) => b[1] - a[1]);
  const max = sorted[0][1];
  const total = Math.log(sorted.reduce((sum, [, logit]) => sum + Math.exp(logit - max), 0));
  return sorted.slice(0, 2).map(([id, logit]) => [id, +(logit - max - total).toFixed(4)]);
}

const rendered = JSON.parse(execFileSync(process.env.PYTHON ?? "python3", [join(here, "render.py"), file],
  {input: JSON.stringify(inputs.chats.map((chat) => chat.messages)), maxBuffer: 1 << 26}));

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 2});
const model = await llama.loadModel({modelPath: file});
// llama.cpp at its most exact: an unrounded KV cache, and attention written out rather than fused.
const context = await model.createContext({contextSize: 2048, batchSize: 512, threads: 2, sequences: 1, flashAttention: false,
  experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"});
const sequence = context.getSequence();
const logits = {generateNext: {token: true, logits: true, options: {temperature: 0}}};

/** Up to ANSWER_TOKENS greedy tokens; an end token is the last of them. */
async function greedy(prompt) {
  await sequence.clearHistory();
  const ids = [], top_two = [];
  let input = [...prompt.slice(0, -1), [prompt.at(-1), logits]];
  while (ids.length < ANSWER_TOKENS) {
    const two = topTwo((await sequence.controlledEvaluate(input)).at(-1).next.logits);
    const best = two[0][0];
    ids.push(best);
    top_two.push(two);
    if (model.isEogToken(best)) break;
    input = [[best, logits]];
  }
  return {ids, top_two, ended: model.isEogToken(ids.at(-1)), text: model.detokenize(ids.filter((id) => !model.isEogToken(id)))};
}

const chats = [];
for (const [n, chat] of inputs.chats.entries()) {
  const prompt = rendered.prompts[n];
  const prompt_ids = model.tokenize(prompt, true);
  chats.push({...chat, prompt, prompt_ids, greedy: await greedy(prompt_ids)});
}
const texts = inputs.texts.map((text) => ({text, ids: model.tokenize(text, false)}));

const result = {
  model: {file: basename(file), sha256: await sha256(file)},
  made_with: {"node-llama-cpp": llamaVersion, "llama.cpp": llama.llamaCppRelease.release, ...rendered.versions},
  chats, texts,
};
// One line for each list without objects inside, and nothing invisible left unescaped.
const flat = (value, indent) => {
  const deep = value !== null && typeof value === "object" && JSON.stringify(value).includes("{");
  if (!deep) return JSON.stringify(value);
  const inner = indent + "  ";
  const rows = Array.isArray(value)
    ? value.map((row) => inner + flat(row, inner))
    : Object.entries(value).map(([key, row]) => `${inner}${JSON.stringify(key)}: ${flat(row, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${rows.join(",\n")}\n${indent}${close}`;
};
const visible = flat(result, "").replace(/[\p{C}\p{M}\p{Z}]/gu, (c) =>
  c === " " || c === "\n" ? c : [...Array(c.length).keys()].map((i) => "\\u" + c.charCodeAt(i).toString(16).padStart(4, "0")).join(""));
writeFileSync(out, visible + "\n");
process.exit(0);
