//! What computes here, for receipts.

use protocol::EngineFacts;

/// The engine's version, executor, kernels and device, with the threads it was given.
pub fn facts(threads: u32) -> EngineFacts {
    EngineFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        executor: "cpu".to_owned(),
        kernels: kernels::probe().name().to_owned(),
        device: match processor() {
            Some(name) => format!("cpu ({name})"),
            None => "cpu".to_owned(),
        },
        threads,
    }
}

/// The processor's own name, where the system tells it.
fn processor() -> Option<String> {
    let table = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = table.lines().find(|line| line.starts_with("model name"))?;
    let (_, name) = line.split_once(':')?;
    Some(name.trim().to_owned())
}
