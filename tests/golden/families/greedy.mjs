// What llama.cpp answers on the quantised files of the tiny models: `greedy/`, and how far it is from transformers on
// those in F32. README.md says how to run it.
//
//   node greedy.mjs FOLDER [NAME ...]          FOLDER holds NAME.TYPE.gguf, written by `cargo run -p engine --example family_files FOLDER`
import {createHash} from "node:crypto";
import {existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {pathToFileURL, fileURLToPath} from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
// The package is looked for where the script is called, so that nothing is installed inside the repository.
const require = createRequire(join(process.cwd(), "anything.js"));
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(require.resolve("node-llama-cpp")));
const TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"];
const ANSWER_TOKENS = 16;
const [folder, ...names] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 2});
const wanted = {generateNext: {token: true, logits: true, options: {temperature: 0}}};

/** Greedy tokens after the prompt, none of them an end, and at each the two largest logits. */
async function greedy(path, prompt) {
  const model = await llama.loadModel({modelPath: path, useMmap: false});
  // At its most exact: an unrounded KV cache, and attention written out rather than fused.
  const context = await model.createContext({contextSize: 256, batchSize: 256, threads: 2, sequences: 1, flashAttention: false,
    swaFullCache: true, experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"});
  const sequence = context.getSequence();
  const top_two = [];
  let input = [...prompt.slice(0, -1), [prompt.at(-1), wanted]], first;
  while (top_two.length < ANSWER_TOKENS) {
    const logits = (await sequence.controlledEvaluate(input)).at(-1).next.logits;
    first ??= logits;
    const sorted = [...logits].sort((a, b) => b[1] - a[1]);
    top_two.push(sorted.slice(0, 2).map(([id, logit]) => [id, +logit.toFixed(3)]));
    input = [[sorted[0][0], wanted]];
  }
  await context.dispose();
  await model.dispose();
  return {top_two, first};
}

/** The relative error of the logits' norm. */
function apart(found, expected) {
  let error = 0, norm = 0;
  expected.forEach((logit, id) => { error += (found.get(id) - logit) ** 2; norm += logit ** 2; });
  return Math.sqrt(error / norm);
}

mkdirSync(join(here, "greedy"), {recursive: true});
for (const file of readdirSync(join(here, "rows")).filter((file) => file.endsWith(".json")).sort()) {
  const name = file.slice(0, -5);
  if (names.length && !names.includes(name) || !existsSync(join(folder, `${name}.F32.gguf`))) continue;
  const row = JSON.parse(readFileSync(join(here, "rows", file), "utf8"));
  const numbers = new Float32Array(readFileSync(join(here, "rows", `${name}.f32`)).buffer.slice(0));
  const width = row.config.embedding_size ?? row.config.vocab_size;
  const rows = numbers.length / width;
  const expected = numbers.subarray((rows - 3) * width, (rows - 2) * width);
  const lines = [], seen = new Set();
  for (const type of TYPES) {
    const path = join(folder, `${name}.${type}.gguf`);
    const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
    if (seen.has(sha256)) continue; // too narrow for the type, so that it is the F32 file once more
    seen.add(sha256);
    try {
      const {top_two, first} = await greedy(path, row.first);
      const error = apart(first, expected);
      console.log(`${name} ${type}: ${error.toExponential(2)} from transformers`);
      if (type === "F32" && error > 0.5) break; // llama.cpp leaves out what makes this variant: Phi's window
      lines.push(` "${type}": ${JSON.stringify({sha256, top_two})}`);
    } catch (error) {
      console.log(`${name} ${type}: ${error.message}`);
    }
  }
  if (lines.length) writeFileSync(join(here, "greedy", `${name}.json`), `{\n${lines.join(",\n")}\n}\n`);
}
process.exit(0);
