//! What the process holds.

/// Bytes that are resident now; 0 where the system does not say.
pub fn resident() -> u64 {
    #[cfg(target_os = "linux")]
    return of_status("VmRSS:");
    #[cfg(all(unix, not(target_os = "linux")))]
    return crate::stdio::peak_memory();
    #[cfg(not(unix))]
    0
}

/// Most bytes that were ever resident; 0 where the system does not say.
pub fn peak() -> u64 {
    #[cfg(target_os = "linux")]
    return of_status("VmHWM:");
    #[cfg(all(unix, not(target_os = "linux")))]
    return crate::stdio::peak_memory();
    #[cfg(not(unix))]
    0
}

/// When memory runs out, the system had better end a worker, which can be started again, than
/// the window or another program. Where it cannot be told so, nothing is lost.
pub fn offer_to_be_killed_first() {
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
}

#[cfg(target_os = "linux")]
fn of_status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    kilobytes.unwrap_or(0u64) * 1024
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_process_holds_something() {
        let resident = super::resident();
        assert!(resident > 1 << 16, "{resident}");
        assert!(super::peak() >= resident);
    }
}
