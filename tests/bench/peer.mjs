// One timed run of llama.cpp on a GGUF file, without compiling it: the npm package node-llama-cpp carries builds for
// each instruction set. `parley bench FILE --against llama.cpp` gives this script to node on standard input and
// asks by one JSON argument:
//   {"file", "folders": [where the package may be], "threads", "first", "prefill": [], "decode": [], "depth": [], "passOver", "copy"}
// It prints one JSON object: times in milliseconds of the same things that ours are taken of. It ends with 3 where
// the package is in none of the folders. `passOver` is a file of llama.cpp's kernels that is not to be used, such as
// libggml-cpu-sapphirerapids.so, the one with AMX: the package is then copied without it to the empty folder `copy`,
// which who asks removes.
import {cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync} from "node:fs";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {pathToFileURL} from "node:url";

process.execArgv = []; // what says that this comes on standard input is not for the package's own processes
const asked = JSON.parse(process.argv.at(-1));
const PACKAGE = "node-llama-cpp";
const BUILDS = "@node-llama-cpp";

/** The package's folder: of the asked ones the first that has it, else one that node knows. */
function found() {
  const everywhere = [...asked.folders, join(dirname(process.execPath), "../lib")];
  for (const folder of everywhere) {
    try {
      const entry = createRequire(join(folder, "anything.js")).resolve(PACKAGE);
      return entry.slice(0, entry.lastIndexOf(PACKAGE) + PACKAGE.length);
    } catch {
      // The next one may have it.
    }
  }
  process.exit(3);
}

/** A copy of the package's builds without one file, everything else as links. */
function without(folder, file) {
  const from = dirname(folder);
  const to = join(asked.copy, "node_modules");
  mkdirSync(join(to, BUILDS), {recursive: true});
  for (const name of readdirSync(from)) if (![PACKAGE, BUILDS].includes(name)) symlinkSync(join(from, name), join(to, name));
  cpSync(folder, join(to, PACKAGE), {recursive: true, filter: (path) => !path.startsWith(join(folder, "llama/llama.cpp"))});
  const builds = `${process.platform === "win32" ? "win" : process.platform === "darwin" ? "mac" : "linux"}-${process.arch}`;
  cpSync(join(from, BUILDS, builds), join(to, BUILDS, builds), {recursive: true, filter: (path) => !path.endsWith(file)});
  return join(to, PACKAGE);
}

const installed = found();
const folder = asked.passOver ? without(installed, asked.passOver) : installed;
const version = JSON.parse(readFileSync(join(folder, "package.json"))).version;
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(join(folder, "dist/index.js")));

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: asked.threads});
const greedy = {generateNext: {token: true, options: {temperature: 0}}};
const most = (numbers) => Math.max(0, ...numbers);
const longest = Math.max(most(asked.prefill), most(asked.depth) + most(asked.decode), asked.first) + 64;

let begun = performance.now();
const passed = () => performance.now() - begun;
const model = await llama.loadModel({modelPath: asked.file});
const load_ms = passed();
// Spread over the vocabulary, whatever its size.
const vocabulary = model.fileInfo?.metadata?.tokenizer?.ggml?.tokens?.length ?? 20300;
const prompt = (length) => Array.from({length}, (_, at) => (at * 7919) % vocabulary);
const context = await model.createContext({contextSize: longest, batchSize: 512, threads: asked.threads, sequences: 1});
const sequence = context.getSequence();

/** Reads tokens into an empty sequence and chooses the next one, as a chat does. */
async function read(length) {
  const tokens = prompt(Math.max(1, length));
  await sequence.controlledEvaluate([...tokens.slice(0, -1), [tokens.at(-1), greedy]]);
}

await read(asked.first);
const first_token_ms = passed();

const prefill = [];
const decode = [];
for (const size of [...new Set([...asked.prefill, ...asked.depth])].sort((a, b) => a - b)) {
  await sequence.clearHistory();
  begun = performance.now();
  await read(size);
  if (asked.prefill.includes(size)) prefill.push({tokens: size, depth: 0, ms: passed()});
  if (!asked.depth.includes(size)) continue;
  for (const tokens of asked.decode) {
    if (sequence.nextTokenIndex > size) await sequence.eraseContextTokenRanges([{start: size, end: sequence.nextTokenIndex}]);
    begun = performance.now();
    for (let made = 0; made < tokens; made++) await sequence.controlledEvaluate([[1000 + (made % 5000), greedy]]);
    decode.push({tokens, depth: size, ms: passed()});
  }
}
const peak = Number(/VmHWM:\s+(\d+)/.exec(process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "")?.[1] ?? 0);
console.log(JSON.stringify({version, kernels: llama.systemInfo, load_ms, first_token_ms, prefill, decode, peak_memory_bytes: peak * 1024}));
process.exit(0);
