//! The table of prompt forms.

use super::{Form, Rule};

const fn named(all: &'static [&'static str], any: &'static [&'static str]) -> Rule {
    Rule {
        architectures: &[],
        all,
        any,
        none: &[],
    }
}

const TUNED: &[&str] = &["instruct", "chat"];
/// Both ways of writing the architecture: GGUF's, and the config.json's of the first release.
const FALCON: &[&str] = &["falcon", "RefinedWeb", "RefinedWebModel"];
const OLMO: &[&str] = &["olmo", "olmo2", "olmoe", "hf_olmo", "OLMo"];
const QWEN: &[&str] = &[
    "qwen2",
    "qwen3",
    "qwen3moe",
    "qwen3_moe",
    "qwen2moe",
    "qwen2_moe",
];

/// System words in front of the first message of a person, for forms that have no place for them.
macro_rules! before_first {
    ($between:literal) => {
        concat!(
            "{%- set system = namespace(words='') -%}",
            "{%- for message in messages if message.role == 'system' -%}",
            "{%- set system.words = system.words + message.content + '",
            $between,
            "' -%}{%- endfor -%}"
        )
    };
}

/// The older and the newer form of Mistral's models differ in the spaces alone.
macro_rules! mistral {
    ($open:literal, $close:literal, $answer:literal) => {
        concat!(
            before_first!("\\n\\n"),
            "{{- bos_token -}}",
            "{%- for message in messages if message.role != 'system' -%}",
            "{%- if message.role == 'user' -%}{{- '",
            $open,
            "' + system.words + message.content + '",
            $close,
            "' -}}{%- set system.words = '' -%}",
            "{%- else -%}{{- '",
            $answer,
            "' + message.content + eos_token -}}{%- endif -%}",
            "{%- endfor -%}"
        )
    };
}

/// Llama 2's form; `$default` stands where the conversation has no system message.
macro_rules! llama_2 {
    ($default:literal, $open:literal) => {
        concat!(
            "{%- set system = namespace(words='",
            $default,
            "') -%}",
            "{%- for message in messages if message.role == 'system' -%}",
            "{%- set system.words = message.content -%}{%- endfor -%}",
            "{%- if not messages -%}{{- bos_token -}}{%- endif -%}",
            "{%- for message in messages if message.role != 'system' -%}",
            "{%- if message.role == 'user' -%}{{- bos_token + '[INST] ' -}}",
            "{%- if system.words -%}{{- '<<SYS>>\\n' + system.words + '\\n<</SYS>>\\n\\n' -}}{%- endif -%}",
            "{{- message.content + ' [/INST]' -}}{%- set system.words = '' -%}",
            "{%- else -%}{{- ' ' + message.content + ' ' + eos_token -}}{%- endif -%}",
            "{%- if loop.last and add_generation_prompt and message.role == 'user' -%}{{- '",
            $open,
            "' -}}{%- endif -%}",
            "{%- endfor -%}"
        )
    };
}

/// Fine-tunes stand before their families: the first line that fits is taken.
pub(super) const FORMS: &[Form] = &[
    Form {
        name: "gpt4all-falcon",
        source: "https://huggingface.co/nomic-ai/gpt4all-falcon",
        template: concat!(
            "{%- for message in messages -%}",
            "{%- if message.role == 'user' -%}{{- '### Instruction:\\n' + message.content + '\\n\\n' -}}",
            "{%- elif message.role == 'assistant' -%}{{- '### Response:\\n' + message.content + '\\n\\n' -}}",
            "{%- else -%}{{- message.content + '\\n\\n' -}}{%- endif -%}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '### Response:\\n' -}}{%- endif -%}"
        ),
        stops: &[
            "\n\n### Instruction:",
            "\n### Instruction:",
            "### Instruction:",
        ],
        of: &[Rule {
            architectures: FALCON,
            all: &["gpt4all"],
            any: &[],
            none: &[],
        }],
    },
    Form {
        name: "openassistant",
        source: "https://huggingface.co/OpenAssistant/falcon-40b-sft-top1-560",
        template: concat!(
            before_first!("\\n\\n"),
            "{%- for message in messages if message.role != 'system' -%}",
            "{%- if message.role == 'user' -%}",
            "{{- '<|prompter|>' + system.words + message.content -}}{%- set system.words = '' -%}",
            "{%- else -%}{{- '<|assistant|>' + message.content -}}{%- endif -%}",
            "{{- '<|endoftext|>' -}}{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
        ),
        stops: &["<|prompter|>"],
        of: &[Rule {
            architectures: FALCON,
            all: &[],
            any: &["openassistant", "oasst", "sft top1", "sft mix"],
            none: &[],
        }],
    },
    Form {
        name: "falcon",
        source: "https://huggingface.co/tiiuae/falcon-7b-instruct/discussions/1",
        template: concat!(
            "{%- for message in messages -%}",
            "{%- if message.role == 'user' -%}{{- 'User: ' + message.content + '\\n\\n' -}}",
            "{%- elif message.role == 'assistant' -%}{{- 'Assistant: ' + message.content + '\\n\\n' -}}",
            "{%- else -%}{{- message.content + '\\n\\n' -}}{%- endif -%}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- 'Assistant:' -}}{%- endif -%}"
        ),
        stops: &["\n\nUser", "\nUser"],
        of: &[Rule {
            architectures: FALCON,
            all: &[],
            any: TUNED,
            none: &[],
        }],
    },
    Form {
        name: "elyza-llama-2",
        source: "https://huggingface.co/elyza/ELYZA-japanese-Llama-2-7b-instruct",
        template: llama_2!("あなたは誠実で優秀な日本人のアシスタントです。", " "),
        stops: &[],
        of: &[Rule {
            architectures: &[],
            all: &["elyza", "instruct"],
            any: &[],
            none: &["llama 3"],
        }],
    },
    Form {
        name: "llama-pro",
        source: "https://huggingface.co/TencentARC/LLaMA-Pro-8B-Instruct",
        template: concat!(
            "{%- for message in messages -%}",
            "{{- '<|' + message.role + '|>\\n' + message.content -}}",
            "{%- if message.role == 'assistant' -%}{{- eos_token -}}{%- endif -%}{{- '\\n' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}"
        ),
        stops: &["\n<|user|>", "<|user|>"],
        of: &[named(&["llama pro", "instruct"], &[])],
    },
    Form {
        name: "openmath-mistral",
        source: "https://huggingface.co/nvidia/OpenMath-Mistral-7B-v0.1-hf",
        template: concat!(
            "{%- set system = namespace(words=\"You're an expert Python programmer and mathematician. Help the user to solve this problem using code when necessary. Make sure to put the answer (and only answer) inside \\\\boxed{}.\") -%}",
            "{%- for message in messages if message.role == 'system' -%}",
            "{%- set system.words = message.content -%}{%- endfor -%}",
            "{{- 'System:\\n' + system.words + '\\n\\n' -}}",
            "{%- for message in messages if message.role != 'system' -%}",
            "{{- ('User' if message.role == 'user' else 'Assistant') + ':\\n' + message.content + '\\n\\n' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- 'Assistant:\\n' -}}{%- endif -%}"
        ),
        stops: &["\n\nUser:", "\nUser:"],
        of: &[named(&["openmath"], &["mistral"])],
    },
    Form {
        name: "mistral-v3-tekken",
        source: "https://github.com/mistralai/cookbook/blob/main/concept-deep-dive/tokenization/chat_templates.md",
        template: mistral!("[INST]", "[/INST]", ""),
        stops: &[],
        of: &[named(&["nemo", "instruct"], &["mistral"])],
    },
    Form {
        name: "mistral-v3",
        source: "https://github.com/mistralai/cookbook/blob/main/concept-deep-dive/tokenization/chat_templates.md",
        template: mistral!("[INST] ", "[/INST]", " "),
        stops: &[],
        of: &[
            named(&["mistral", "instruct", "v0 3"], &[]),
            named(&["mixtral", "8x22b", "instruct"], &[]),
        ],
    },
    Form {
        name: "mistral-v1",
        source: "https://github.com/mistralai/cookbook/blob/main/concept-deep-dive/tokenization/chat_templates.md",
        template: mistral!("[INST] ", " [/INST]", " "),
        stops: &[],
        of: &[
            named(&["instruct"], &["mistral", "mixtral"]),
            named(&["biomistral"], &[]),
        ],
    },
    Form {
        name: "llama-2",
        source: "https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-2/",
        template: llama_2!("", ""),
        stops: &[],
        of: &[named(&["chat"], &["llama 2", "llama2"])],
    },
    Form {
        name: "deepseek-r1",
        source: "https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
        template: concat!(
            "{{- bos_token -}}",
            "{%- for message in messages -%}",
            "{%- if message.role == 'user' -%}{{- '<｜User｜>' + message.content -}}",
            "{%- elif message.role == 'assistant' -%}",
            "{{- '<｜Assistant｜>' + message.content.split('</think>')[-1] + '<｜end▁of▁sentence｜>' -}}",
            "{%- else -%}{{- message.content -}}{%- endif -%}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<｜Assistant｜>' -}}{%- endif -%}"
        ),
        stops: &[],
        of: &[named(&["deepseek r1"], &[])],
    },
    Form {
        name: "llama-3",
        source: "https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/",
        template: concat!(
            "{{- bos_token -}}",
            "{%- for message in messages -%}",
            "{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}{%- endif -%}"
        ),
        stops: &[],
        of: &[named(&["instruct"], &["llama 3", "llama3"])],
    },
    Form {
        name: "falcon-3",
        source: "https://huggingface.co/tiiuae/Falcon3-7B-Instruct",
        template: concat!(
            "{%- for message in messages -%}",
            "{{- '<|' + message.role + '|>\\n' + message.content -}}",
            "{%- if message.role == 'assistant' -%}{{- eos_token -}}{%- endif -%}{{- '\\n' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}"
        ),
        stops: &["\n<|user|>", "<|user|>"],
        of: &[named(&["instruct"], &["falcon3", "falcon 3"])],
    },
    Form {
        name: "phi-3",
        source: "https://huggingface.co/microsoft/Phi-3.5-mini-instruct",
        template: concat!(
            "{%- for message in messages -%}",
            "{{- '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}"
        ),
        stops: &[],
        of: &[named(&["instruct"], &["phi 3", "phi3"])],
    },
    Form {
        name: "phi-4",
        source: "https://huggingface.co/microsoft/phi-4",
        template: concat!(
            "{%- for message in messages -%}",
            "{{- '<|im_start|>' + message.role + '<|im_sep|>' + message.content + '<|im_end|>' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant<|im_sep|>' -}}{%- endif -%}"
        ),
        stops: &[],
        of: &[Rule {
            architectures: &[],
            all: &[],
            any: &["phi 4", "phi4"],
            none: &["mini"],
        }],
    },
    Form {
        name: "gemma",
        source: "https://ai.google.dev/gemma/docs/core/prompt-structure",
        template: concat!(
            before_first!("\\n\\n"),
            "{{- bos_token -}}",
            "{%- for message in messages if message.role != 'system' -%}",
            "{{- '<start_of_turn>' + ('user' if message.role == 'user' else 'model') + '\\n' -}}",
            "{%- if message.role == 'user' -%}{{- system.words -}}{%- set system.words = '' -%}{%- endif -%}",
            "{{- message.content | trim + '<end_of_turn>\\n' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<start_of_turn>model\\n' -}}{%- endif -%}"
        ),
        stops: &[],
        of: &[named(&["gemma"], &["it ", "instruct"])],
    },
    Form {
        name: "gpt-oss",
        source: "https://cookbook.openai.com/articles/openai-harmony",
        template: concat!(
            "{{- '<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\\nKnowledge cutoff: 2024-06\\nCurrent date: ' + strftime_now('%Y-%m-%d') + '\\n\\nReasoning: ' + (reasoning_effort | default('medium')) + '\\n\\n# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|>' -}}",
            "{%- for message in messages -%}",
            "{%- if message.role == 'user' -%}{{- '<|start|>user<|message|>' + message.content + '<|end|>' -}}",
            "{%- elif message.role == 'assistant' -%}{{- '<|start|>assistant<|channel|>final<|message|>' + message.content + '<|end|>' -}}",
            "{%- else -%}{{- '<|start|>developer<|message|># Instructions\\n\\n' + message.content + '\\n\\n<|end|>' -}}{%- endif -%}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|start|>assistant' -}}{%- endif -%}"
        ),
        stops: &[],
        of: &[named(&[], &["gpt oss"])],
    },
    Form {
        name: "chatml",
        source: "https://github.com/openai/openai-python/blob/v0.28.1/chatml.md",
        template: concat!(
            "{%- for message in messages -%}",
            "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
        ),
        stops: &[],
        of: &[
            named(&["smollm2", "instruct"], &[]),
            Rule {
                architectures: &[],
                all: &[],
                any: &["smollm3"],
                none: &["base"],
            },
            Rule {
                architectures: QWEN,
                all: &[],
                any: TUNED,
                none: &[],
            },
            Rule {
                architectures: QWEN,
                all: &["qwen3"],
                any: &[],
                none: &["base"],
            },
            Rule {
                architectures: &["olmo2", "olmo3"],
                all: &["olmo 3"],
                any: &["instruct", "think"],
                none: &[],
            },
        ],
    },
    Form {
        name: "olmo",
        source: "https://huggingface.co/allenai/OLMo-7B-Instruct",
        template: concat!(
            "{{- eos_token -}}",
            "{%- for message in messages -%}",
            "{{- '<|' + message.role + '|>\\n' + message.content -}}",
            "{%- if message.role == 'assistant' -%}{{- eos_token -}}{%- endif -%}{{- '\\n' -}}",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}"
        ),
        stops: &["\n<|user|>", "<|user|>"],
        of: &[Rule {
            architectures: OLMO,
            all: &["olmo"],
            any: &["instruct", "sft", "dpo"],
            none: &["olmo 3"],
        }],
    },
    TEXT,
];

/// Nothing but the words.
pub(super) const TEXT: Form = Form {
    name: "text",
    source: "https://huggingface.co/docs/transformers/llm_tutorial",
    template: "{%- for message in messages -%}{{- message.content -}}{%- if not loop.last -%}{{- '\\n\\n' -}}{%- endif -%}{%- endfor -%}",
    stops: &[],
    of: &[],
};
