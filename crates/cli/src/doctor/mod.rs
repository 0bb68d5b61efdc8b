//! `parley doctor`: whether everything that Parley needs is there, line by line. It works where
//! the history is damaged or held by another, and where nothing may be written: then it is needed.
//!
//! It ends with 0 where nothing is in trouble; what only deserves attention is no trouble.

mod answer;
mod data;
mod desktop;
mod machine;

use crate::output::{self, Ending, Terminal};
use chat::{diagnostics, messages};
use hub::{Hub, Places};
use protocol::{AppError, Arg, failure};
use runtime::{Engine, Runtime};
use serde::Serialize;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Attention,
    Trouble,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Finding {
    /// What was looked at, for programs; for people it is `doctor-name-*`.
    check: &'static str,
    state: State,
    /// What was found, and what to do.
    sentence: String,
}

/// The words of a check.
struct Check<'a> {
    name: &'static str,
    terminal: &'a Terminal,
}

impl Check<'_> {
    fn found(&self, state: State, key: &str, args: &[(&str, Arg)]) -> Finding {
        Finding {
            check: self.name,
            state,
            sentence: self.terminal.say(key, args),
        }
    }

    fn ok(&self, key: &str, args: &[(&str, Arg)]) -> Finding {
        self.found(State::Ok, key, args)
    }

    fn attention(&self, key: &str, args: &[(&str, Arg)]) -> Finding {
        self.found(State::Attention, key, args)
    }

    fn failed(&self, state: State, error: &AppError) -> Finding {
        Finding {
            check: self.name,
            state,
            sentence: messages::sentence(error, self.terminal.language),
        }
    }
}

/// Looks at everything, and says what it found; with `report` it writes the text for a report.
pub(crate) async fn run(
    json: bool,
    report: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = crate::machine::library(places);
    let engine = hub.as_ref().ok().cloned().map(Runtime::start);
    if report {
        let engine = engine.as_ref().map(|engine| engine as &dyn Engine);
        let report = diagnostics::of(places, hub.as_ref().ok(), engine).await;
        return output::write(report.text);
    }
    let check = |name| Check { name, terminal };
    let mut findings = Vec::new();
    let mut add = |finding: Finding| -> Result<(), Ending> {
        if !json {
            output::line(&said(&finding, terminal))?;
        }
        findings.push(finding);
        Ok(())
    };
    add(data::folder(&check("folder"), places))?;
    add(data::disk(&check("disk"), places))?;
    add(data::logs(&check("logs"), places))?;
    if let Some(engine) = &engine {
        add(data::kept(&check("kept"), places, engine).await)?;
    }
    add(data::history(&check("history"), places).await)?;
    add(data::library(&check("library"), &hub))?;
    let models = hub.as_ref().map(Hub::models).unwrap_or_default();
    for finding in data::models(&check("model"), &models) {
        add(finding)?;
    }
    if let Some(engine) = &engine {
        add(machine::memory(&check("memory"), engine, &models))?;
        let facts = engine.facts().await;
        add(machine::worker(&check("worker"), &facts))?;
        if let Ok(facts) = &facts {
            add(machine::processor(&check("processor"), facts))?;
            let starter = hub.as_ref().ok().and_then(Hub::starter);
            add(answer::starter(&check("answer"), engine, starter).await)?;
        }
    }
    add(desktop::display(&check("display")))?;
    add(desktop::web_view(&check("web-view")))?;
    add(desktop::fonts(&check("fonts")))?;
    if json {
        let text =
            serde_json::to_string(&findings).map_err(|error| failure::internal().detail(error))?;
        output::line(&text)?;
    }
    match findings.iter().any(|found| found.state == State::Trouble) {
        true => Err(Ending::Said),
        false => Ok(()),
    }
}

/// A line for a person.
fn said(finding: &Finding, terminal: &Terminal) -> String {
    let state = match finding.state {
        State::Ok => "doctor-ok",
        State::Attention => "doctor-attention",
        State::Trouble => "doctor-trouble",
    };
    let name = format!("doctor-name-{}", finding.check);
    terminal.say(
        "doctor-line",
        &[
            ("state", terminal.say(state, &[]).into()),
            ("name", terminal.say(&name, &[]).into()),
            ("sentence", (&finding.sentence).into()),
        ],
    )
}
