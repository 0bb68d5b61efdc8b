//! How fast this machine reads memory, which is what the speed of writing hangs on: measured once
//! by a worker without a model, and noted beside what else can be made again. What was measured
//! while a model computed is too little: it holds until Parley ends, and is not noted.

use crate::shared::Shared;
use protocol::{WorkerEvent, WorkerRequest};
use serde::{Deserialize, Serialize};
use std::future::pending;
use std::path::Path;
use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// What was measured, and on what: another processor, number of threads or Parley measures anew.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Measured {
    #[serde(flatten)]
    on: On,
    /// Bytes a second.
    read: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct On {
    version: String,
    processor: String,
    threads: u32,
}

impl Shared {
    /// Bytes of memory that all threads together read in a second. None where no worker could
    /// measure it.
    pub async fn bandwidth(&self) -> Option<u64> {
        let mut known = self.bandwidth.lock().await;
        if known.is_some() {
            return *known;
        }
        let on = On {
            version: env!("CARGO_PKG_VERSION").into(),
            processor: processor(),
            threads: self.cores.total(),
        };
        let path = self.hub.machine().to_owned();
        *known = noted(&path, &on);
        if known.is_none() {
            let was_idle = self.cores.is_idle();
            *known = self.measure(on.threads).await;
            if let Some(read) = *known
                && was_idle
                && self.cores.is_idle()
            {
                note(&path, &Measured { on, read });
            }
        }
        *known
    }

    async fn measure(&self, threads: u32) -> Option<u64> {
        let worker = self.worker().await.ok()?;
        let mut asked = worker
            .ask(WorkerRequest::Ceilings { threads }, pending())
            .ok()?;
        loop {
            match asked.next().await {
                Ok(WorkerEvent::Ceilings(ceilings)) => {
                    worker.end().await;
                    tracing::info!(
                        bytes = ceilings.read_bytes as u64,
                        threads,
                        "memory's speed"
                    );
                    return Some(ceilings.read_bytes as u64).filter(|bytes| *bytes > 0);
                }
                Ok(_) => {}
                Err(trouble) => {
                    let _ = worker.bury(trouble, "").await;
                    return None;
                }
            }
        }
    }
}

/// The processor's name as it says it.
fn processor() -> String {
    let system =
        System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
    let system = system.ok();
    let first = system.as_ref().and_then(|system| system.cpus().first());
    first.map_or_else(String::new, |cpu| cpu.brand().to_owned())
}

fn noted(path: &Path, on: &On) -> Option<u64> {
    let measured: Measured = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (measured.on == *on && measured.read > 0).then_some(measured.read)
}

/// A note that cannot be written is measured again at the next start.
fn note(path: &Path, measured: &Measured) {
    let written = serde_json::to_vec(measured).map(|text| {
        let _ = path.parent().map(std::fs::create_dir_all);
        std::fs::write(path, text)
    });
    if let Ok(Err(error)) = written {
        tracing::info!(%error, "the memory's speed was not noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_holds_for_the_same_machine_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/machine.json");
        let on = On {
            version: "1".into(),
            processor: "A".into(),
            threads: 2,
        };
        assert_eq!(noted(&path, &on), None);
        let measured = Measured {
            on: on.clone(),
            read: 40,
        };
        note(&path, &measured);
        assert_eq!(noted(&path, &on), Some(40));
        let other = On {
            threads: 4,
            ..on.clone()
        };
        assert_eq!(noted(&path, &other), None);
        std::fs::write(&path, "{").unwrap();
        assert_eq!(noted(&path, &on), None);
    }
}
