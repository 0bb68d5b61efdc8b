//! How much memory there is for models.

use crate::{cgroup, processes};
use std::time::Duration;

/// Where nothing is known of the memory, nothing is refused for the want of it.
const UNKNOWN: u64 = 1 << 50;

/// Bytes that models may use altogether: the person's setting, else what is available now and
/// what the workers with `pids` hold already, less a sixteenth for everybody else. Weights that
/// are mapped count as available to the system, so only the workers' own pages are added.
pub(crate) fn total(setting: Option<u64>, pids: impl Iterator<Item = u32>) -> u64 {
    if let Some(setting) = setting {
        return setting;
    }
    let known = [available(), cgroup::room().map(|room| room.free)];
    let available = known.into_iter().flatten().min().unwrap_or(UNKNOWN);
    let held: u64 = pids.filter_map(|pid| Some(processes::pages(pid)?.0)).sum();
    let all = available.saturating_add(held);
    all - all / 16
}

/// Bytes that the system could give a program now; None where it does not say.
fn available() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    Some(system.available_memory()).filter(|bytes| *bytes > 0)
}

/// How many processes the kernel has killed for want of memory since it started; None where the
/// system does not say.
pub(crate) fn kills() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/vmstat").ok()?;
    let mut lines = counters.lines();
    lines.find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// Milliseconds of a duration, as receipts give them.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
