//! `parley`, the command line: one file a sub-command, on the same core as the window.
//!
//! What was asked for goes to standard output, alone; everything else to standard error. It ends
//! with 0 where all went well (also where the reader of its output has gone), 1 after a failure
//! with its sentence, 2 where the command line was not understood, 130 after Ctrl-C.

mod arguments;
mod bench;
mod chat;
mod doctor;
mod help;
mod import;
mod input;
mod inspect;
mod keeping;
mod list;
mod logits;
mod machine;
mod output;
mod pull;
mod queue;
mod render;
mod search;
mod template;
mod tokenize;
mod update;
mod usage;
mod wish;

use arguments::{Arguments, Command};
use clap::FromArgMatches;
use hub::{Hub, Places};
use output::{Ending, Terminal};
use protocol::{AppError, WeightType, failure};
use runtime::{Options, Runtime};
use std::{process::ExitCode, time::Duration};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let places = Places::from_environment();
    let language = arguments::language(&words).unwrap_or_else(|| {
        let settings = places
            .as_ref()
            .map(::chat::stored_settings)
            .unwrap_or_default();
        ::chat::messages::chosen(&settings)
    });
    let terminal = Terminal { language };
    let _ = places.as_ref().map(::chat::log::begin);
    let matches = match help::command(language).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => return usage::explain(&error, &terminal),
    };
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => return usage::explain(&error, &terminal),
    };
    let ending = places
        .map_err(Ending::from)
        .and_then(|places| start(arguments, &places, &terminal));
    match ending {
        Ok(()) | Err(Ending::ReaderGone) => ExitCode::SUCCESS,
        Err(Ending::Said) => ExitCode::FAILURE,
        Err(Ending::Interrupted) => ExitCode::from(130),
        Err(Ending::Failed(error)) => {
            ::chat::log::failed("command line", &error);
            terminal.fail(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments, places: &Places, terminal: &Terminal) -> Result<(), Ending> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| failure::internal().detail(error))?;
    let result = runtime.block_on(run(arguments.command, places, terminal));
    // A thread may still wait for a line of standard input.
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn run(command: Command, places: &Places, terminal: &Terminal) -> Result<(), Ending> {
    match command {
        Command::Chat(options) => chat::run(options, places, terminal).await,
        Command::List {
            json,
            downloads: true,
            ..
        } => queue::run(json, places, terminal),
        Command::List {
            json, elsewhere, ..
        } => list::run(json, elsewhere, places, terminal),
        Command::Search {
            words,
            speaks,
            licence,
            format,
            fits,
            json,
        } => {
            let wanted = search::Wanted {
                words,
                language: speaks,
                licence,
                format: format.map(|format| match format.as_str() {
                    "gguf" => protocol::HubFormat::Gguf,
                    _ => protocol::HubFormat::Safetensors,
                }),
                fits,
            };
            search::run(wanted, json, places, terminal).await
        }
        Command::Pull { model, json } => pull::pull(&model, json, places, terminal).await,
        Command::Rm {
            model,
            keep_files,
            yes,
            json,
        } => keeping::remove(&model, keep_files, yes, json, places, terminal),
        Command::Verify { models, json } => keeping::verify(models, json, places, terminal).await,
        Command::Update { model, look, json } => {
            update::run(&model, look, json, places, terminal).await
        }
        Command::Mv { folder, json } => keeping::relocate(&folder, json, places, terminal).await,
        Command::Import { path, found, json } => match path {
            Some(path) => import::run(&path, json, places, terminal),
            None => import::found(&found.unwrap_or_default(), json, places, terminal),
        },
        Command::Inspect { file, json } => inspect::run(&file, json, places, terminal),
        Command::Tokenize(options) => tokenize::run(options, &plain(places)?).await,
        Command::Render(options) => render::run(options, &plain(places)?).await,
        Command::Template(options) => template::run(options, places, terminal).await,
        Command::Logits {
            file,
            ids,
            top,
            quantise,
            kv,
        } => {
            let options = Options {
                kv,
                ..options(quantise)
            };
            let engine = Runtime::with(Hub::open(places)?, options);
            logits::run(&file, &ids, top, &engine).await
        }
        Command::Doctor { json, report } => doctor::run(json, report, places, terminal).await,
        Command::Bench(options) => {
            let hub = Hub::open(places)?;
            bench::run(options, hub, terminal).await
        }
    }
}

/// For what needs no weights.
fn plain(places: &Places) -> Result<Runtime, AppError> {
    Ok(Runtime::with(Hub::open(places)?, options(None)))
}

/// As the environment says, with the weights of folders made smaller where a person asks for it.
fn options(quantise: Option<WeightType>) -> Options {
    Options {
        quantise,
        ..Options::from_environment()
    }
}
