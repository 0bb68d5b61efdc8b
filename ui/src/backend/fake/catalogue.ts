// The fake backend's catalogue: the models of the design's pictures. Illustrations, not facts.
import type { CatalogueModel } from "../bindings/CatalogueModel";
import type { CatalogueShown } from "../bindings/CatalogueShown";
import type { Fit } from "../bindings/Fit";
import type { HubDetails } from "../bindings/HubDetails";
import type { HubRepository } from "../bindings/HubRepository";
import type { Language } from "../bindings/Language";
import type { Licence } from "../bindings/Licence";
import type { Light } from "../bindings/Light";
import type { Openness } from "../bindings/Openness";
import type { OpennessClass } from "../bindings/OpennessClass";
import type { Task } from "../bindings/Task";
import { HOSTILE } from "./answers";

type Words = Record<Language, string>;

const APACHE: Licence = {
  id: "apache-2.0", name: "Apache License 2.0", spdx: "Apache-2.0", address: "https://www.apache.org/licenses/LICENSE-2.0", open: true, limits: [],
  plain: "You may use, change, sell and pass it on for anything. Whoever passes it on keeps the licence and the notices with it.",
};
const LLAMA: Licence = {
  id: "llama-2", name: "Llama 2 Community License", spdx: null, address: "https://ai.meta.com/llama/license/", open: false,
  plain: "You may use, change and pass it on, for business too, within Meta’s rules of use.",
  limits: ["Companies with more than 700 million users a month need a licence of their own from Meta.", "Neither it nor its answers may be used to improve other language models."],
};

const STATES: Record<string, Openness> = { o: "open", p: "partly", c: "closed", u: "unknown" };

function light(letter: string, of: string): Light {
  const state = STATES[letter]!;
  const words = { open: "released in full, with its documentation", partly: "released under conditions", closed: "described, not published", unknown: "" }[state];
  return { state, source: state === "unknown" ? null : { address: `https://huggingface.co/${of}`, read: "2026-11-03", words } };
}

const MEMORY = 13e9;
const BANDWIDTH = 45e9;

function fitOf(bytes: number, layers: number, kvHeads: number, context: number, active = 1): Fit {
  const kv_bytes = 2 * layers * kvHeads * 128 * 2 * Math.min(context, 4096);
  const overhead_bytes = 0.25e9;
  const needed = bytes + kv_bytes + overhead_bytes;
  const fits = needed > MEMORY ? "no" : needed > MEMORY * 0.62 ? "tight" : "well";
  const token_bytes = bytes * active;
  return {
    fits, weight_bytes: bytes, kv_bytes, overhead_bytes, memory_bytes: MEMORY, context: Math.min(context, 4096), bandwidth: BANDWIDTH, token_bytes,
    tokens_per_second: fits === "no" ? null : BANDWIDTH / token_bytes, estimated: false,
  };
}

interface Told {
  id: string;
  family: string;
  name: string;
  makers: string[];
  parent?: string;
  date: string;
  about: Words;
  tasks: Task[];
  domains?: string[];
  languages?: string[];
  parameters: number;
  active?: number;
  context: number;
  layers?: number;
  kvHeads?: number;
  licence?: Licence;
  gated?: boolean;
  openness: OpennessClass;
  /** A letter for each light, then one for the training code. */
  lights: string;
  gigabytes: number[];
}

const KINDS = ["Q4_K_M", "Q5_K_M", "Q8_0"];

function modelIn(told: Told, language: Language): CatalogueModel {
  const { layers = 32, kvHeads = 32, licence = APACHE, active } = told;
  const short = told.id.split("/")[1]!;
  const repository = `parley-quants/${short}-GGUF`;
  const files = told.gigabytes.map((gb, at) => ({
    repository, revision: null, file: `${short.toLowerCase()}-${KINDS[at]!.toLowerCase()}.gguf`, kind: KINDS[at]!, bytes: gb * 1e9, sha256: null, source: null,
  }));
  const source = { address: `https://huggingface.co/${told.id}`, read: "2026-11-03", words: "the model card: sizes, layers, context, licence" };
  const [data, weights, evaluation, tuning, metrics, code] = [...told.lights].map((letter) => light(letter, told.id));
  return {
    id: told.id, family: told.family, name: told.name, makers: told.makers, parent: told.parent ?? null, date: told.date, about: told.about[language],
    tasks: told.tasks, domains: told.domains ?? ["general"], languages: told.languages ?? ["en"], parameters: told.parameters, active_parameters: active ?? null,
    context: told.context, licence, gated: told.gated ?? false, openness: told.openness, lights: [data!, weights!, evaluation!, tuning!, metrics!], training_code: code!,
    quality: told.family === "llama-2" ? [{ benchmark: "MMLU (5-shot)", value: 45.3, unit: "%", source }] : [],
    prices: told.family === "mixtral" ? [{ host: "Together", input_per_million: 0.6, output_per_million: 0.6, source }] : [],
    prompt_form: told.tasks.includes("chat") ? "[INST] <<SYS>>\n{s}\n<</SYS>>\n\n{u} [/INST] {a}" : null,
    files, layers: { layers, kv_heads: kvHeads, head_dim: 128, window: null }, sources: [source],
  };
}

function fitsOf({ gigabytes, layers = 32, kvHeads = 32, context, parameters, active = parameters }: Told): Fit[] {
  return gigabytes.map((gb) => fitOf(gb * 1e9, layers, kvHeads, context, active / parameters));
}

const MODELS: Told[] = [
  {
    id: "allenai/OLMo-2-1124-7B-Instruct", family: "olmo-2", name: "OLMo 2 7B Instruct", makers: ["Ai2"], date: "2024-11", tasks: ["chat", "maths"],
    parameters: 7.3e9, context: 4096, openness: "fully_open", lights: "oooooo", gigabytes: [4.47, 5.2, 7.76],
    about: {
      en: "Everything is published: the text it learnt from, the code, the logs of training.", "zh-Hans": "一切都已公开：它学过的文本、代码和训练记录。",
      "zh-Hant": "一切都已公開：它學過的文字、程式碼與訓練紀錄。",
    },
  },
  {
    id: "mistralai/Mistral-7B-Instruct-v0.2", family: "mistral", name: "Mistral 7B Instruct v0.2", makers: ["Mistral AI"], date: "2023-12", tasks: ["chat", "code"],
    parameters: 7.24e9, context: 32768, kvHeads: 8, openness: "weights_only", lights: "cocpcc", gigabytes: [4.37, 5.13],
    about: {
      en: "Grouped-query attention keeps long conversations small in memory.", "zh-Hans": "分组查询注意力使长对话只占很少的内存。",
      "zh-Hant": "分組查詢注意力讓長對話只占很少的記憶體。",
    },
  },
  {
    id: "meta-llama/Llama-2-7b-hf", family: "llama-2", name: "Llama 2 7B", makers: ["Meta"], date: "2023-07", tasks: ["completion"], parameters: 6.74e9, context: 4096,
    licence: LLAMA, gated: true, openness: "restricted", lights: "cpcccc", gigabytes: [],
    about: { en: "The base that many others grew from.", "zh-Hans": "许多其他模型都由这个基础模型发展而来。", "zh-Hant": "許多其他模型都由這個基礎模型發展而來。" },
  },
  {
    id: "meta-llama/Llama-2-7b-chat-hf", family: "llama-2", name: "Llama 2 7B Chat", makers: ["Meta"], parent: "meta-llama/Llama-2-7b-hf", date: "2023-07",
    tasks: ["chat"], parameters: 6.74e9, context: 4096, licence: LLAMA, gated: true, openness: "restricted", lights: "cpcpcc", gigabytes: [4.08],
    about: {
      en: "Tuned with human feedback. ELYZA and LLaMA-Pro grew from the same base.", "zh-Hans": "用人类反馈调校而成。ELYZA 与 LLaMA-Pro 出自同一基础模型。",
      "zh-Hant": "以人類回饋調校而成。ELYZA 與 LLaMA-Pro 出自同一基礎模型。",
    },
  },
  {
    id: "elyza/ELYZA-japanese-Llama-2-7b-instruct", family: "llama-2", name: "ELYZA Llama 2 7B Instruct", makers: ["ELYZA"], parent: "meta-llama/Llama-2-7b-hf",
    date: "2023-08", tasks: ["chat"], domains: ["japanese"], languages: ["ja", "en"], parameters: 6.74e9, context: 4096, licence: LLAMA, openness: "restricted",
    lights: "cpcpuc", gigabytes: [4.08, 4.78, 7.16],
    about: {
      en: "Llama 2, trained further on Japanese text and then taught to follow instructions in Japanese. One Japanese character often costs two or three tokens.",
      "zh-Hans": "在日语文本上继续训练的 Llama 2，再学会用日语听从指令。一个日文字符往往要用两三个词元。",
      "zh-Hant": "在日語文字上繼續訓練的 Llama 2，再學會以日語聽從指令。一個日文字元往往要用兩三個詞元。",
    },
  },
  {
    id: "TencentARC/LLaMA-Pro-8B-Instruct", family: "llama-2", name: "LLaMA-Pro 8B Instruct", makers: ["Tencent ARC"], parent: "meta-llama/Llama-2-7b-hf",
    date: "2024-01", tasks: ["chat", "code", "maths"], parameters: 8.36e9, context: 4096, layers: 40, licence: LLAMA, openness: "restricted", lights: "ppooco",
    gigabytes: [5.9],
    about: {
      en: "Eight blocks added to Llama 2 for code and mathematics, the rest kept.", "zh-Hans": "为代码和数学给 Llama 2 加上八个模块，其余保持不变。",
      "zh-Hant": "為程式碼與數學替 Llama 2 加上八個區塊，其餘維持不變。",
    },
  },
  {
    id: "tiiuae/falcon-7b-instruct", family: "falcon", name: "Falcon 7B Instruct", makers: ["TII"], date: "2023-05", tasks: ["chat"], parameters: 7.22e9, context: 2048,
    kvHeads: 1, openness: "weights_only", lights: "pocpcu", gigabytes: [4.98],
    about: {
      en: "Multi-query attention: one set of keys for all 71 heads, so context is almost free.", "zh-Hans": "多查询注意力：71 个头共用一组键，上下文几乎不占内存。",
      "zh-Hant": "多查詢注意力：71 個頭共用一組鍵，上下文幾乎不占記憶體。",
    },
  },
  {
    id: "tiiuae/falcon-40b-instruct", family: "falcon", name: "Falcon 40B Instruct", makers: ["TII"], date: "2023-05", tasks: ["chat"], languages: ["en", "de", "es", "fr"],
    parameters: 41.3e9, context: 2048, layers: 60, kvHeads: 8, openness: "weights_only", lights: "pocpcu", gigabytes: [25.5],
    about: { en: "The larger Falcon, for computers with 32 GB and more.", "zh-Hans": "较大的 Falcon，适合 32 GB 以上内存的电脑。", "zh-Hant": "較大的 Falcon，適合記憶體 32 GB 以上的電腦。" },
  },
  {
    id: "BioMistral/BioMistral-7B", family: "mistral", name: "BioMistral 7B", makers: ["Avignon Université", "Nantes Université"], date: "2024-02",
    parent: "mistralai/Mistral-7B-Instruct-v0.2", tasks: ["chat"], domains: ["medicine"], languages: ["en", "fr"], parameters: 7.24e9, context: 2048, kvHeads: 8,
    openness: "weights_only", lights: "ooopcp", gigabytes: [4.37],
    about: {
      en: "Read PubMed Central. For research into medical text, not for decisions on care.", "zh-Hans": "学过 PubMed Central。用于研究医学文本，不用于诊疗决定。",
      "zh-Hant": "學過 PubMed Central。用於研究醫學文字，不用於診療決定。",
    },
  },
  {
    id: "mistralai/Mixtral-8x7B-Instruct-v0.1", family: "mixtral", name: "Mixtral 8×7B Instruct", makers: ["Mistral AI"], date: "2023-12", tasks: ["chat", "code"],
    languages: ["en", "fr", "de", "es", "it"], parameters: 46.7e9, active: 12.9e9, context: 32768, kvHeads: 8, openness: "weights_only", lights: "cocpcc",
    gigabytes: [26.4],
    about: {
      en: "A mixture of eight experts. Two of them answer for each token, the others rest.", "zh-Hans": "八个专家的混合模型。每个词元由其中两个作答，其余休息。",
      "zh-Hant": "八個專家的混合模型。每個詞元由其中兩個作答，其餘休息。",
    },
  },
];

const FAMILIES: [id: string, name: string, about: Words, technique: Words][] = [
  ["falcon", "Falcon", { en: "Models of the Technology Innovation Institute, Abu Dhabi.", "zh-Hans": "阿布扎比技术创新研究所的模型。", "zh-Hant": "阿布達比技術創新研究所的模型。" },
    { en: "Multi-query attention: all heads share one set of keys and values, so that a long conversation takes little memory.", "zh-Hans": "多查询注意力：所有头共用一组键和值，因此长对话只占很少内存。", "zh-Hant": "多查詢注意力：所有頭共用一組鍵與值，因此長對話只占很少記憶體。" }],
  ["llama-2", "Llama 2", { en: "Meta’s models of 2023, and what others have made from them.", "zh-Hans": "Meta 于 2023 年发布的模型，以及他人据此制作的模型。", "zh-Hant": "Meta 於 2023 年發表的模型，以及他人據此製作的模型。" },
    { en: "Human feedback: people said which of two answers was better, and the model learnt to give such answers.", "zh-Hans": "人类反馈：由人评判两个回答哪个更好，模型学着给出那样的回答。", "zh-Hant": "人類回饋：由人評判兩個回答哪個更好，模型學著給出那樣的回答。" }],
  ["mistral", "Mistral", { en: "Small and quick models of Mistral AI, Paris.", "zh-Hans": "巴黎 Mistral AI 的小而快的模型。", "zh-Hant": "巴黎 Mistral AI 的小而快的模型。" },
    { en: "Grouped-query attention: four heads share one set of keys and values.", "zh-Hans": "分组查询注意力：每四个头共用一组键和值。", "zh-Hant": "分組查詢注意力：每四個頭共用一組鍵與值。" }],
  ["mixtral", "Mixtral", { en: "Mixtures of experts of Mistral AI.", "zh-Hans": "Mistral AI 的混合专家模型。", "zh-Hant": "Mistral AI 的混合專家模型。" },
    { en: "Mixture of experts: a router chooses two of eight networks for each token, so that most of the model rests.", "zh-Hans": "混合专家：路由器为每个词元从八个网络中选两个，模型的大部分都在休息。", "zh-Hant": "混合專家：路由器為每個詞元從八個網路中選兩個，模型的大部分都在休息。" }],
  ["olmo-2", "OLMo 2", { en: "Fully open models of the Allen Institute for AI.", "zh-Hans": "艾伦人工智能研究所的完全开放的模型。", "zh-Hant": "艾倫人工智慧研究所的完全開放的模型。" },
    { en: "After reading the web it studies a smaller, better collection at the end.", "zh-Hans": "先读网络文本，最后再学一小批更好的资料。", "zh-Hant": "先讀網路文字，最後再學一小批更好的資料。" }],
];

export function catalogueIn(language: Language): CatalogueShown {
  const models = MODELS.map((told) => modelIn(told, language));
  const families = FAMILIES.map(([id, name, about, technique]) => ({
    id, name, about: about[language], technique: technique[language], models: models.filter((model) => model.family === id).map((model) => model.id),
  }));
  return { models, families, fits: MODELS.map(fitsOf) };
}

function found(repository: string, change: Partial<HubRepository> = {}): HubRepository {
  return {
    repository, catalogue: null, formats: ["gguf"], licence: "apache-2.0", languages: ["en"], parameters: 7.24e9, parent: null, gated: false, downloads: 48_210,
    likes: 311, changed: "2026-10-02T08:11:00.000Z", ...change,
  };
}

/** What the fake hub has; the last two are hostile. */
export const HUB: HubRepository[] = [
  found("parley-quants/Mistral-7B-Instruct-v0.2-GGUF", { catalogue: "mistralai/Mistral-7B-Instruct-v0.2", parent: "mistralai/Mistral-7B-Instruct-v0.2" }),
  found("elyza/Llama-3-ELYZA-JP-8B-GGUF", { licence: "llama3", languages: ["ja", "en"], parameters: 8.03e9, downloads: 12_004, likes: 121 }),
  found("google/gemma-2-2b-it", { formats: ["safetensors"], licence: "gemma", gated: true, parameters: 2.61e9, downloads: 410_332 }),
  found("someone/小さな日本語モデル", { languages: ["ja"], licence: null, parameters: null, downloads: 3, likes: 0, changed: null }),
  found("someone/<img src=x onerror=window.hacked=1>", { licence: "<script>window.hacked=1</script>", languages: ["<b>en</b>"], parent: "javascript:window.hacked=1", downloads: 0 }),
];

export function detailsOf(repository: HubRepository): HubDetails {
  const short = repository.repository.split("/")[1]!.toLowerCase();
  const folder = repository.formats[0] === "safetensors";
  const bytes = (repository.parameters ?? 1e9) * (folder ? 2 : 0.6);
  return {
    repository, revision: "3ad372fc79158a2148299e3318516c786aeded6c",
    files: folder
      ? [{ files: [], kind: "BF16", bytes, sha256: null, layers: null, context: null, fit: fitOf(bytes, 26, 4, 8192) }]
      : ["Q4_K_M", "Q8_0"].map((kind, at) => ({ files: [`${short}-${kind.toLowerCase()}.gguf`], kind, bytes: bytes * (1 + at * 0.8), sha256: null, layers: null, context: null, fit: fitOf(bytes * (1 + at * 0.8), 32, 8, 8192) })),
    card: repository.repository.startsWith("someone/") ? HOSTILE : `# ${repository.repository}\n\nQuantised for computers without a graphics card.\n\n| file | size |\n|---|--:|\n| Q4_K_M | 4.4 GB |\n\nSee [the paper](https://arxiv.org/abs/2310.06825).`,
  };
}
