//! This process and all that it has started, as Linux tells of them: the window's page, the workers.

use std::collections::HashSet;
use std::fs;

/// More are not looked at: a bound, not a number that is ever reached.
const MOST: usize = 512;

/// Each process below `root`, and `root` itself.
pub(crate) fn family(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut known = HashSet::from([root]);
    let mut at = 0;
    while at < found.len() && found.len() < MOST {
        for child in children(found[at]) {
            if known.insert(child) {
                found.push(child);
            }
        }
        at += 1;
    }
    found
}

/// The kernel lists the children of each thread apart.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter();
    let threads = threads.flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            let pids: Vec<u32> = list
                .split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect();
            pids
        })
        .collect()
}

/// What a process has computed so far, in ticks of the system.
pub(crate) fn ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; user and system time are the 12th and 13th after.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// Bytes of a process that are its alone and of no file, and those of files that it has mapped.
pub(crate) fn pages(pid: u32) -> Option<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kilobytes * 1024)
    };
    Some((field("RssAnon:")?, field("RssFile:").unwrap_or(0)))
}

/// What all cores have done so far, in ticks: computing, and altogether.
pub(crate) fn cores() -> Option<(u64, u64)> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
    let ticks: Vec<u64> = line
        .split_whitespace()
        .take(8)
        .filter_map(|ticks| ticks.parse().ok())
        .collect();
    let all: u64 = ticks.iter().sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    Some((all - idle, all))
}
