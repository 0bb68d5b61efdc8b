//! The machine: memory, and the worker with the processor as it sees it.

use super::{Check, Finding, State};
use protocol::{AppError, EngineFacts, ModelEntry, ModelState, failure};
use runtime::{Engine, Runtime};

pub(super) fn memory(check: &Check<'_>, engine: &Runtime, models: &[ModelEntry]) -> Finding {
    let total = engine.memory().total;
    let usable = models
        .iter()
        .filter(|model| !matches!(model.state, ModelState::Unusable { .. }));
    match usable.min_by_key(|model| model.memory) {
        Some(smallest) if smallest.memory > total => check.failed(
            State::Trouble,
            &failure::memory_short(&smallest.name, smallest.memory, total, "none"),
        ),
        Some(smallest) => check.ok(
            "doctor-memory-ok",
            &[
                ("free_bytes", total.into()),
                ("name", (&smallest.name).into()),
                ("needed_bytes", smallest.memory.into()),
            ],
        ),
        None => check.ok("doctor-memory-free", &[("free_bytes", total.into())]),
    }
}

pub(super) fn worker(check: &Check<'_>, facts: &Result<EngineFacts, AppError>) -> Finding {
    match facts {
        Ok(facts) => check.ok("doctor-worker-ok", &[("version", (&facts.version).into())]),
        Err(error) => check.failed(State::Trouble, error),
    }
}

pub(super) fn processor(check: &Check<'_>, facts: &EngineFacts) -> Finding {
    let args = [
        ("device", (&facts.device).into()),
        ("kernels", (&facts.kernels).into()),
        ("cores", runtime::system().cores.into()),
    ];
    match facts.kernels.as_str() {
        "portable" => check.attention("doctor-processor-slow", &args),
        _ => check.ok("doctor-processor-ok", &args),
    }
}
