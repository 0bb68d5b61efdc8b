//! Words by name, by expression and by what becomes of matches.

use super::*;
use protocol::failure;

fn cut(steps: &[Step], text: &str) -> Vec<String> {
    let words = words(steps, text.into(), Place::Start).unwrap();
    words.into_iter().map(Cow::into_owned).collect()
}

fn check(name: &str, text: &str, words: &[&str]) {
    assert_eq!(
        cut(&Named::of(name).unwrap().steps, text),
        words,
        "{name}: {text:?}"
    );
}

#[test]
fn words_are_cut_as_the_names_say() {
    check("gpt-2", "a  b\n\n c", &["a", " ", " b", "\n\n", " c"]);
    check("gpt-2", "it's  ", &["it", "'s", "  "]);
    check("smollm", "12 a", &["1", "2", " a"]);
    check("llama-bpe", "1234 \n x", &["123", "4", " \n", " x"]);
    check("qwen2", "12\t\tx", &["1", "2", "\t", "\tx"]);
    check("default", "a1234!", &["a", "123", "4", "!"]);
    check(
        "bailingmoe",
        "a\n\n b  \nc",
        &["a", "\n\n", " b", "  \n", "c"],
    );
    check("spark2_5", "a\n\n  b", &["a", "\n", "\n", " ", " b"]);
    check("kimi-k2", "a中文b's", &["a", "中文", "b's"]);
    check(
        "superbpe",
        "in 1234567 of 123",
        &["in ", "1", "234", "567", " of ", "123"],
    );
    check(
        "tiny_aya",
        "1234 1234a",
        &["1", "234", " ", "123", "4", "a"],
    );
    check("afmoe", "a1234  5", &["a", "1", "234", "  ", "5"]);
    check("jais-2", "a       b", &["a", "    ", "  ", " b"]);
    check("jais-2", "a   ", &["a", "  ", " "]);
    check("jais-2", "\t1", &["\t", "1"]);
    check("gemma4", "a b\n\nc", &["a b", "\n\n", "c"]);
    check("whitespace", "a  b", &["a", "b"]);
    check("exaone-moe", "ab cd 1/\n", &["ab cd", " ", "1", "/\n"]);
    check("seed-coder", "a.\n", &["a", ".", "\n"]);
    check("tekken", "HelloWorld DOOR", &["Hello", "World", " DOOR"]);
}

/// Every name of llama.cpp, as of its source in llama-cpp-python 0.3.36.
const NAMES: &[&str] = &[
    "default",
    "minicpm5",
    "llama3",
    "llama-v3",
    "llama-bpe",
    "falcon3",
    "falcon-h1",
    "pixtral",
    "midm-2.0",
    "lfm2",
    "jina-v5-nano",
    "deepseek-llm",
    "deepseek-coder",
    "deepseek-v3",
    "spark2_5",
    "youtu",
    "falcon",
    "mpt",
    "starcoder",
    "gpt-2",
    "phi-2",
    "jina-es",
    "jina-de",
    "gigachat",
    "jina-v2-es",
    "jina-v2-de",
    "a.x-4.0",
    "mellum",
    "modern-bert",
    "jais-2",
    "gemma4",
    "granite-embed-multi-311m",
    "sarvam-moe",
    "jina-v1-en",
    "jina-v2-code",
    "roberta-bpe",
    "whitespace",
    "refact",
    "command-r",
    "qwen2",
    "deepseek-r1-qwen",
    "kormo",
    "f2llmv2",
    "qwen35",
    "stablelm2",
    "olmo",
    "dbrx",
    "smaug-bpe",
    "poro-chat",
    "chatglm-bpe",
    "glm4",
    "glm5",
    "viking",
    "jais",
    "tekken",
    "smollm",
    "codeshell",
    "bloom",
    "gpt3-finnish",
    "exaone",
    "exaone4",
    "exaone-moe",
    "chameleon",
    "minerva-7b",
    "megrez",
    "gpt-4o",
    "llama4",
    "kanana2",
    "talkie",
    "granite-embed-multi-97m",
    "tiny_aya",
    "cohere2moe",
    "superbpe",
    "trillion",
    "granite-docling",
    "bailingmoe",
    "bailingmoe2",
    "llada-moe",
    "seed-coder",
    "hunyuan",
    "hunyuan-dense",
    "hy_v4",
    "joyai-llm",
    "kimi-k2",
    "ufakzeka",
    "grok-2",
    "afmoe",
    "laguna",
    "minimax-m2",
    "solar-open",
    "mellum2",
];

#[test]
fn every_name_cuts_in_linear_time_and_loses_nothing() {
    let text = "Ab1 日本 ,.\n\n  x\u{301}ｱ IMGIMGABZ  '\u{17f} 12345\u{a0}\u{2028}z\u{0}";
    for name in NAMES {
        let named = Named::of(name).unwrap();
        let words = cut(&named.steps, text).concat();
        assert_eq!(words == text, *name != "whitespace", "{name}: {words:?}");
        for step in &named.steps {
            let linear = !matches!(
                step,
                Step::Cut {
                    pattern: Pattern::Backtracking(_),
                    ..
                }
            );
            assert!(linear, "{name}");
        }
    }
}

#[test]
fn an_unknown_name_is_refused_by_name() {
    let error = Named::of("of-tomorrow").err().unwrap();
    assert_eq!(error, failure::unknown_pretokenizer("of-tomorrow"));
}

#[test]
fn what_becomes_of_matches() {
    let check = |behaviour, invert, words: &[&str]| {
        let pattern = Pattern::of("-").unwrap();
        let step = Step::Cut {
            pattern,
            behaviour,
            invert,
        };
        assert_eq!(cut(&[step], "-a--b-"), words, "{behaviour:?} {invert}");
    };
    check(Behaviour::Removed, false, &["a", "b"]);
    check(Behaviour::Removed, true, &["-", "-", "-", "-"]);
    check(Behaviour::Isolated, false, &["-", "a", "-", "-", "b", "-"]);
    check(Behaviour::Contiguous, false, &["-", "a", "--", "b", "-"]);
    check(
        Behaviour::MergedWithPrevious,
        false,
        &["-", "a-", "-", "b-"],
    );
    check(Behaviour::MergedWithNext, false, &["-a", "-", "-b", "-"]);
}

#[test]
fn an_expression_that_tries_for_ever_gives_up() {
    let step = Step::isolated(r"(?=(a+)+$)(a|aa)+\1b").unwrap();
    let error = words(&[step], "a".repeat(5000).into(), Place::Start).unwrap_err();
    assert_eq!(error.key, "tokenizer-damaged");
    assert_eq!(Step::isolated("(").unwrap_err().key, "tokenizer-damaged");
    assert_eq!(
        Step::isolated("(\\p{L}{999}){999}").unwrap_err().key,
        "tokenizer-damaged"
    );
}

/// What `+` behind a sign of repetition means in the language of `tokenizer.json`.
#[test]
fn possessive_repetition_gives_nothing_back() {
    assert_eq!(cut(&[Step::isolated("a?+a").unwrap()], "aaa"), ["aa", "a"]);
    assert_eq!(
        cut(&[Step::isolated("a++a|b").unwrap()], "aab"),
        ["aa", "b"]
    );
}
