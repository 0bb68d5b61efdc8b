//! The command line's shape. Its words are in the catalogues: see `help`.

use clap::{Args, Parser, Subcommand};
use formats::forms::Form;
use protocol::{KvType, Language, WeightType};
use std::{ffi::OsString, path::PathBuf};

/// Seeds stay under this, so that every reader of JSON keeps them exact.
const SEED_LIMIT: u64 = 1 << 53;
/// Longer runs than any model's context are not reckoned with.
const MOST_BENCHED: i64 = 1 << 24;

#[derive(Parser)]
#[command(
    name = "parley",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true
)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[arg(long, global = true, value_parser = ["en", "zh-Hans", "zh-Hant"], hide_possible_values = true)]
    language: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Chat(Chat),
    List {
        #[arg(long)]
        json: bool,
        #[arg(long, conflicts_with = "downloads")]
        elsewhere: bool,
        #[arg(long)]
        downloads: bool,
    },
    Search {
        #[arg(required = true)]
        words: Vec<String>,
        #[arg(long)]
        speaks: Option<String>,
        #[arg(long)]
        licence: Option<String>,
        #[arg(long, value_parser = ["gguf", "safetensors"], hide_possible_values = true)]
        format: Option<String>,
        #[arg(long)]
        fits: bool,
        #[arg(long)]
        json: bool,
    },
    Pull {
        model: String,
        #[arg(long)]
        json: bool,
    },
    Rm {
        model: String,
        #[arg(long)]
        keep_files: bool,
        #[arg(long)]
        yes: bool,
        #[arg(long)]
        json: bool,
    },
    Verify {
        models: Vec<String>,
        #[arg(long)]
        json: bool,
    },
    Update {
        model: String,
        #[arg(long)]
        look: bool,
        #[arg(long)]
        json: bool,
    },
    Mv {
        folder: PathBuf,
        #[arg(long)]
        json: bool,
    },
    Import {
        #[arg(required_unless_present = "found", conflicts_with = "found")]
        path: Option<PathBuf>,
        #[arg(long, value_name = "N|NAME", num_args = 0..)]
        found: Option<Vec<String>>,
        #[arg(long)]
        json: bool,
    },
    Inspect {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    Tokenize(Tokenize),
    Render(Render),
    Template(Template),
    Logits {
        file: PathBuf,
        ids: PathBuf,
        #[arg(long, default_value_t = 10, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..))]
        top: u32,
        #[arg(long, value_name = "TYPE", value_parser = weight_type)]
        quantise: Option<WeightType>,
        #[arg(long, value_name = "TYPE", value_parser = kv_type)]
        kv: Option<KvType>,
    },
    Bench(Bench),
    Doctor {
        #[arg(long)]
        json: bool,
        #[arg(long, conflicts_with = "json")]
        report: bool,
    },
}

#[derive(Args)]
pub(crate) struct Chat {
    #[arg(long, value_name = "TEXT")]
    pub(crate) once: Option<String>,
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) system: String,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..SEED_LIMIT))]
    pub(crate) seed: Option<u64>,
    #[arg(long, value_name = "T", value_parser = temperature)]
    pub(crate) temperature: Option<f32>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_tokens: Option<u32>,
    #[arg(long, value_name = "TYPE", value_parser = weight_type)]
    pub(crate) quantise: Option<WeightType>,
    #[arg(long, value_name = "TYPE", value_parser = kv_type)]
    pub(crate) kv: Option<KvType>,
    #[arg(
        long,
        value_name = "FILE|MODEL|auto|none",
        conflicts_with = "no_speculation"
    )]
    pub(crate) draft: Option<String>,
    #[arg(long)]
    pub(crate) no_speculation: bool,
    #[arg(long)]
    pub(crate) temporary: bool,
    #[arg(long)]
    pub(crate) reasoning: bool,
    #[arg(long, requires = "once")]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Tokenize {
    pub(crate) file: PathBuf,
    #[arg(long)]
    pub(crate) special: bool,
    #[arg(long)]
    pub(crate) decode: bool,
}

#[derive(Args)]
pub(crate) struct Render {
    pub(crate) file: PathBuf,
    pub(crate) messages: PathBuf,
    #[arg(long, value_name = "TOOLS.json")]
    pub(crate) tools: Option<PathBuf>,
    #[arg(long, value_name = "on|off", value_parser = ["on", "off"], hide_possible_values = true)]
    pub(crate) thinking: Option<String>,
    #[arg(long)]
    pub(crate) no_generation_prompt: bool,
}

#[derive(Args)]
pub(crate) struct Template {
    pub(crate) model: String,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["form", "clear"])]
    pub(crate) set: Option<PathBuf>,
    #[arg(long, value_name = "NAME", value_parser = forms(), conflicts_with = "clear")]
    pub(crate) form: Option<String>,
    #[arg(long)]
    pub(crate) clear: bool,
    #[arg(long)]
    pub(crate) show: bool,
}

#[derive(Args)]
pub(crate) struct Bench {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "512", hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..MOST_BENCHED))]
    pub(crate) prefill: Vec<u32>,
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "128", hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..MOST_BENCHED))]
    pub(crate) decode: Vec<u32>,
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(0..MOST_BENCHED))]
    pub(crate) depth: Vec<u32>,
    #[arg(long, value_name = "N", default_value_t = 3, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
    #[arg(long, value_name = "TYPE", value_parser = weight_type)]
    pub(crate) quantise: Option<WeightType>,
    #[arg(long, value_name = "TYPE", value_parser = kv_type)]
    pub(crate) kv: Option<KvType>,
    #[arg(long, value_name = "llama.cpp", value_parser = ["llama.cpp"], hide_possible_values = true)]
    pub(crate) against: Option<String>,
    #[arg(long, value_name = "DIR", requires = "against")]
    pub(crate) peer_dir: Option<PathBuf>,
    #[arg(long, value_name = "FILE", requires = "against")]
    pub(crate) peer_file: Option<PathBuf>,
    #[arg(long)]
    pub(crate) no_amx: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

fn forms() -> Vec<&'static str> {
    Form::all().iter().map(|form| form.name).collect()
}

fn temperature(word: &str) -> Result<f32, String> {
    match word.parse::<f32>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err(String::new()),
    }
}

fn weight_type(word: &str) -> Result<WeightType, String> {
    let mut all = WeightType::ALL.into_iter();
    all.find(|kind| kind.name().eq_ignore_ascii_case(word))
        .ok_or_else(String::new)
}

fn kv_type(word: &str) -> Result<KvType, String> {
    let mut all = KvType::ALL.into_iter();
    all.find(|kind| kind.name().eq_ignore_ascii_case(word))
        .ok_or_else(String::new)
}

/// The language asked for, read before the rest so that the help can speak it.
pub(crate) fn language(words: &[OsString]) -> Option<Language> {
    let mut words = words.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        let tag = match word.strip_prefix("--language") {
            Some("") => words.next()?.into_owned(),
            Some(rest) => rest.strip_prefix('=')?.to_owned(),
            None if word == "--" => return None,
            None => continue,
        };
        return Language::ALL
            .into_iter()
            .find(|language| language.tag() == tag);
    }
    None
}
