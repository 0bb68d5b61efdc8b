//! What a report of a trouble needs, as text: versions, the machine, the last failures. In English,
//! for the tracker. Nothing that was said, no token, not who the person is.
//!
//! It works where the history cannot be opened: that is when one needs it.

use crate::{
    log::{self, Redaction},
    messages, store, stored_settings,
};
use hub::{Hub, Places};
use protocol::{Diagnostics, ModelState, WORKER_PROTOCOL};
use runtime::Engine;
use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
    sync::{Mutex, PoisonError},
};

/// Lines of the log that are told.
const LINES: usize = 50;

/// Facts that only a program knows, such as the version of its web view.
static FACTS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Adds a fact of the program's to the reports of this process; the same name replaces it.
pub fn add_fact(name: &str, value: &str) {
    let mut facts = FACTS.lock().unwrap_or_else(PoisonError::into_inner);
    facts.insert(name.to_owned(), value.to_owned());
}

/// The report of the Parley in `places`, with as much as can be found out.
pub async fn of(places: &Places, hub: Option<&Hub>, engine: Option<&dyn Engine>) -> Diagnostics {
    let mut report = Report::default();
    report.versions();
    report.machine(engine).await;
    report.folders(places);
    report.library(hub);
    report.memory(engine, hub);
    report.failures();
    report.environment();
    report.log(places);
    let redaction = Redaction::of_this_person();
    Diagnostics {
        text: redaction.apply(&report.text),
        logs: places.logs().display().to_string(),
    }
}

#[derive(Default)]
struct Report {
    text: String,
}

impl Report {
    fn title(&mut self, title: &str) {
        let before = if self.text.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.text, "{before}## {title}");
    }

    fn line(&mut self, name: &str, value: impl Display) {
        let _ = writeln!(self.text, "{name}: {value}");
    }

    fn versions(&mut self) {
        self.title("Parley");
        self.line("Version", env!("CARGO_PKG_VERSION"));
        self.line("Worker protocol", WORKER_PROTOCOL);
        let facts = FACTS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, value) in facts {
            self.line(&name, value);
        }
    }

    async fn machine(&mut self, engine: Option<&dyn Engine>) {
        self.title("Machine");
        let system = runtime::system();
        self.line("System", system.os);
        self.line("Kernel", system.kernel);
        self.line("Cores", format!("{} ({})", system.cores, system.processor));
        self.line("Memory", size(system.memory_bytes));
        for (name, variable) in [
            ("Desktop", "XDG_CURRENT_DESKTOP"),
            ("Session", "XDG_SESSION_TYPE"),
            ("Language", "LANG"),
        ] {
            if let Ok(value) = std::env::var(variable) {
                self.line(name, value);
            }
        }
        if let Some(engine) = engine {
            match engine.facts().await {
                Ok(facts) => {
                    self.line("Engine", format!("{} {}", facts.executor, facts.version));
                    self.line("Processor", facts.device);
                    self.line("Kernels", facts.kernels);
                }
                Err(error) => self.line("Engine", said(&error)),
            }
        }
    }

    fn folders(&mut self, places: &Places) {
        self.title("Folders");
        let data = places.data();
        let free = runtime::disk_free(data).map_or("unknown".into(), size);
        self.line("Data", format!("{} ({free} free)", data.display()));
        self.line("Logs", places.logs().display());
        match store::look::look(&places.history(), false) {
            Ok(None) => self.line("History", "none yet"),
            Ok(Some(facts)) => self.line(
                "History",
                format!(
                    "form {} of {}, {}, {} conversations, {} messages",
                    facts.schema,
                    facts.known,
                    size(facts.bytes),
                    facts.conversations,
                    facts.messages
                ),
            ),
            Err(error) => self.line("History", said(&error)),
        }
        let settings = stored_settings(places);
        let language = settings.language.map_or("as the system", |l| l.tag());
        let theme = format!("{:?}", settings.theme).to_lowercase();
        let model = settings.model.map_or("none".into(), |model| model.0);
        self.line(
            "Settings",
            format!("language {language}, theme {theme}, model {model}"),
        );
    }

    fn library(&mut self, hub: Option<&Hub>) {
        self.title("Models");
        let Some(hub) = hub else {
            return self.line("Library", "could not be opened");
        };
        if let Some(error) = hub.damage() {
            self.line("Library", said(&error));
        }
        for model in hub.models() {
            let state = match &model.state {
                ModelState::Unusable { error } => said(error),
                _ => "there".into(),
            };
            self.line(
                &model.name,
                format!(
                    "{} {}, {}, needs {}, {state}",
                    model.architecture,
                    model.quantisation,
                    size(model.bytes),
                    size(model.memory)
                ),
            );
        }
    }

    fn memory(&mut self, engine: Option<&dyn Engine>, hub: Option<&Hub>) {
        let Some(engine) = engine else { return };
        self.title("Memory");
        let memory = engine.memory();
        self.line("For models", size(memory.total));
        self.line("Held by models", size(memory.models));
        let machine = engine.machine();
        self.line("Held by Parley", size(machine.parley_bytes));
        self.line("In use", size(machine.memory_used_bytes));
        for resident in engine.residents().borrow().iter() {
            let name = hub.and_then(|hub| hub.resolve(&resident.model).ok());
            let name = name.map_or_else(|| resident.model.0.clone(), |model| model.name);
            let state = match &resident.state {
                ModelState::Loaded { memory } => format!("loaded, {}", size(*memory)),
                ModelState::Loading { fraction } => format!("loading, {:.0}%", fraction * 100.0),
                other => format!("{other:?}"),
            };
            self.line(&name, state);
        }
    }

    fn failures(&mut self) {
        self.title("Last failures");
        for failed in log::last_failures() {
            let at = log::moment(failed.at);
            self.line(&at, format!("{}: {}", failed.doing, said(&failed.error)));
        }
    }

    fn environment(&mut self) {
        self.title("Environment");
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let ours = ["PARLEY_", "WEBKIT_", "GDK_BACKEND"];
            if ours.iter().any(|begin| name.starts_with(begin)) {
                self.line(&name, value.to_string_lossy());
            }
        }
    }

    fn log(&mut self, places: &Places) {
        self.title("Log");
        for line in log::last_lines(places, LINES) {
            let _ = writeln!(self.text, "{line}");
        }
    }
}

/// A failure without words of others.
fn said(error: &protocol::AppError) -> String {
    let detail = error.detail.as_deref().unwrap_or_default();
    let detail = protocol::failure::without_quotes(detail).replace('\n', " ");
    match detail.as_str() {
        "" => error.without_words(),
        detail => format!("{} ({detail})", error.without_words()),
    }
}

fn size(bytes: u64) -> String {
    messages::size(bytes as f64)
}
