//! What the whole machine and Parley's part of it are doing, from figures that cost the system
//! little: it is asked every few seconds.

use crate::{cgroup, processes};
use protocol::Machine;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Remembers what was computed until the last look.
#[derive(Default)]
pub(crate) struct Gauge {
    last: Mutex<Option<Look>>,
}

/// Ticks that were computed so far.
struct Look {
    busy: u64,
    all: u64,
    ours: HashMap<u32, u64>,
}

impl Gauge {
    /// How it is now; `workers` are their processes.
    ///
    /// Parley's memory is what its processes hold for themselves alone (anonymous pages, not
    /// libraries and what window and page share), and the weights that workers have mapped. The
    /// system counts mapped weights as free to be used, so they are added to what is used.
    pub fn look(&self, workers: &[u32]) -> Machine {
        let family = processes::family(std::process::id());
        let pages = |pid: &u32| Some((*pid, processes::pages(*pid)?));
        let pages: Vec<(u32, (u64, u64))> = family.iter().filter_map(pages).collect();
        let own: u64 = pages.iter().map(|(_, (own, _))| own).sum();
        let weights = pages.iter().filter(|(pid, _)| workers.contains(pid));
        let weights: u64 = weights.map(|(_, (_, mapped))| mapped).sum();
        let (total, used) = memory();
        let used = used.saturating_add(weights).min(total);
        let (cpu, parley_cpu) = self.computed(&family);
        Machine {
            memory_bytes: total,
            memory_used_bytes: used,
            parley_bytes: own.saturating_add(weights).min(used),
            cpu,
            parley_cpu,
        }
    }

    /// How busy the cores were since the last look, and with what of ours; 0 at the first one.
    fn computed(&self, family: &[u32]) -> (f32, f32) {
        let Some((busy, all)) = processes::cores() else {
            return (0.0, 0.0);
        };
        let ticks = |pid: &u32| Some((*pid, processes::ticks(*pid)?));
        let ours: HashMap<u32, u64> = family.iter().filter_map(ticks).collect();
        let now = Look { busy, all, ours };
        let mut last = self.last();
        let parts = last.as_ref().map_or((0.0, 0.0), |last| now.since(last));
        *last = Some(now);
        parts
    }

    fn last(&self) -> MutexGuard<'_, Option<Look>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Look {
    /// Parts of all cores' time since an earlier look, from 0 to 1: all programs', and ours.
    fn since(&self, last: &Look) -> (f32, f32) {
        let all = self.all.saturating_sub(last.all).max(1) as f32;
        let busy = self.busy.saturating_sub(last.busy) as f32;
        // A process that is new has computed all it has since then.
        let ours = self.ours.iter().map(|(pid, ticks)| {
            let before = last.ours.get(pid).copied().unwrap_or(0);
            ticks.saturating_sub(before)
        });
        let ours = ours.sum::<u64>() as f32;
        ((busy / all).min(1.0), (ours / all).min(1.0))
    }
}

/// Bytes of memory that there are, and of these in use: the machine's, or of the control group
/// that leaves this process less.
fn memory() -> (u64, u64) {
    let Ok(mut system) = sysinfo::System::new() else {
        return (0, 0);
    };
    system.refresh_memory();
    let total = system.total_memory();
    match cgroup::room() {
        Some(room) if room.limit < total => (room.limit, room.limit.saturating_sub(room.free)),
        _ => (total, total.saturating_sub(system.available_memory())),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn the_figures_are_real_and_cheap() {
        let gauge = Gauge::default();
        let first = gauge.look(&[]);
        assert_eq!((first.cpu, first.parley_cpu), (0.0, 0.0));
        assert!(first.memory_bytes > 1 << 28, "{first:?}");
        assert!(first.parley_bytes > 1 << 18, "{first:?}");
        let held = vec![1u8; 64 << 20];
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(300) {
            std::hint::spin_loop();
        }
        let second = gauge.look(&[]);
        assert!(second.parley_cpu > 0.0 && second.cpu <= 1.0, "{second:?}");
        assert!(
            second.parley_bytes > first.parley_bytes + (60 << 20),
            "{first:?} {second:?}"
        );
        drop(held);
        let quickest = (0..20)
            .map(|_| {
                let begun = Instant::now();
                gauge.look(&[]);
                begun.elapsed()
            })
            .min();
        assert!(quickest < Some(Duration::from_millis(5)), "{quickest:?}");
    }

    #[test]
    fn what_a_child_computes_is_ours() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "sh -c 'while :; do :; done'; :"])
            .spawn()
            .unwrap();
        let gauge = Gauge::default();
        let mut machine = gauge.look(&[]);
        // On a busy machine its share of the cores may be small for a while.
        let begun = Instant::now();
        while machine.parley_cpu <= 0.05 && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(400));
            machine = gauge.look(&[]);
        }
        let family = processes::family(std::process::id());
        let ours: Vec<u32> = family
            .into_iter()
            .filter(|pid| *pid != child.id())
            .collect();
        let grandchildren = processes::family(child.id());
        for pid in &grandchildren[1..] {
            let _ = std::process::Command::new("kill")
                .arg(pid.to_string())
                .status();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(grandchildren.len() > 1 && ours.contains(&grandchildren[1]));
        assert!(machine.parley_cpu > 0.05, "{machine:?}");
    }
}
