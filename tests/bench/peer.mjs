// Measure llama.cpp on a GGUF file without compiling it: the npm package node-llama-cpp carries builds for each instruction set.
//   npm i --ignore-scripts node-llama-cpp@3.22.1        in a folder of its own; call this script from there
//   node peer.mjs model.gguf [prefill=512] [decode=128] [runs=3]
// One JSON object a run: prefill and decode tokens per second with the logits of each decoded token, as a chat needs them.
// Run it in turn with ours on a quiet machine and compare medians as ratios. To compare without AMX on either side, move
// libggml-cpu-sapphirerapids.so out of node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/ first.
import {createRequire} from "node:module";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

// The package is looked for where the script is called, so that nothing is installed inside the repository.
const entry = createRequire(join(process.cwd(), "anything.js")).resolve("node-llama-cpp");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(entry));

const [file, prefill, decode, runs] = [process.argv[2], +(process.argv[3] ?? 512), +(process.argv[4] ?? 128), +(process.argv[5] ?? 3)];
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 2});
let start = performance.now();
const model = await llama.loadModel({modelPath: file});
const load = performance.now() - start;
const greedy = {generateNext: {token: true, options: {temperature: 0}}};
const perSecond = (n) => n / ((performance.now() - start) / 1000);

for (let run = 0; run < runs; run++) {
  const context = await model.createContext({contextSize: prefill + decode + 64, batchSize: 512, threads: 2, sequences: 1});
  const sequence = context.getSequence();
  const prompt = Array.from({length: prefill}, (_, i) => (i * 7919 + 13 * run) % 20000 + 300);
  start = performance.now();
  await sequence.controlledEvaluate([...prompt.slice(0, -1), [prompt.at(-1), greedy]]);
  const prefillTps = perSecond(prefill);
  start = performance.now();
  for (let n = 0; n < decode; n++) await sequence.controlledEvaluate([[1000 + n, greedy]]);
  const decodeTps = perSecond(decode);
  console.log(JSON.stringify({engine: "llama.cpp/node-llama-cpp", run, load_ms: Math.round(load),
    prefill_tps: +prefillTps.toFixed(1), decode_tps: +decodeTps.toFixed(2)}));
  await context.dispose();
}
process.exit(0);
