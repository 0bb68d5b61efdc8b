//! The storage: bytes by signed addresses, whole or in ranges.

use super::faults::{Fault, On};
use super::http::{Request, Sender};
use super::repositories::HubFile;
use super::{State, lock};
use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Bytes that are written at once.
const CHUNK: usize = 64 << 10;

pub fn answer(state: &State, request: &Request, sender: &mut Sender) {
    let known = request.header("authorization").is_some();
    let noted = (request.method.clone(), request.target.clone(), known);
    lock(&state.requests).push(noted);
    let parts: Vec<&str> = request.path.trim_matches('/').splitn(5, '/').collect();
    let [_, owner, name, commit, path] = parts[..] else {
        return sender.answer(404, &[], "");
    };
    let signature = request
        .query("Signature")
        .and_then(|s| s.parse::<u64>().ok());
    if signature.is_none_or(|signature| signature < state.expired.load(Ordering::SeqCst)) {
        return sender.answer(403, &[], "<Error><Code>AccessDenied</Code></Error>");
    }
    let found = lock(&state.repositories)
        .iter()
        .find(|found| found.name == format!("{owner}/{name}") && found.commit == commit)
        .and_then(|found| found.files.get(path).cloned());
    match found {
        None => sender.answer(404, &[], ""),
        Some(file) => {
            let headers = [("ETag", format!("\"{}\"", file.etag))];
            send(state, path, &file, &headers, request, sender);
        }
    }
}

/// The bytes of a file, or of the range that is asked for.
pub fn send(
    state: &State,
    path: &str,
    file: &HubFile,
    headers: &[(&str, String)],
    request: &Request,
    sender: &mut Sender,
) {
    let fault = state.fault(On::Bytes);
    let range = request.header("range").and_then(|range| {
        let (from, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        let last: u64 = last.parse().unwrap_or(file.bytes.saturating_sub(1));
        Some((from.parse::<u64>().ok()?, (last + 1).min(file.bytes)))
    });
    let range = range.filter(|_| !matches!(fault, Some(Fault::Whole)));
    let (from, to) = range.unwrap_or((0, file.bytes));
    if from >= to && file.bytes > 0 {
        return sender.answer(416, &[], "");
    }
    let mut headers: Vec<(&str, String)> = headers.to_vec();
    let (mut said, mut total) = ((from, to), file.bytes);
    match &fault {
        Some(Fault::Status(status, name, value)) => {
            return sender.answer(*status, &[(*name, value.clone())], "");
        }
        Some(Fault::Redirect(to)) => return sender.answer(302, &[("Location", to.clone())], ""),
        Some(Fault::OtherRange) => said = (from + 1, to + 1),
        Some(Fault::OtherLength) => total += 1,
        Some(Fault::OtherEtag) => {
            for (name, value) in &mut headers {
                if *name == "ETag" {
                    *value = "\"another\"".to_owned();
                }
            }
        }
        _ => {}
    }
    match range {
        Some(_) => {
            let said = format!("bytes {}-{}/{total}", said.0, said.1 - 1);
            headers.push(("Content-Range", said));
            sender.head(206, &headers, Some(to - from));
        }
        None => {
            let length = total - file.bytes + (to - from);
            sender.head(200, &headers, Some(length));
        }
    }
    let wrote = body(state, file, from, to, fault.as_ref(), sender);
    sender.open &= wrote == to - from;
    let mut sent = lock(&state.sent);
    let ranges = sent.entry(path.to_owned()).or_default();
    ranges.push((from, from + wrote));
}

/// Writes the bytes `from..to`. Returns how many the system took.
fn body(
    state: &State,
    file: &HubFile,
    from: u64,
    to: u64,
    fault: Option<&Fault>,
    sender: &mut Sender,
) -> u64 {
    let speed = state.speed.load(Ordering::SeqCst);
    let began = Instant::now();
    let Ok(mut content) = file.content.from(from) else {
        return 0;
    };
    let held = state.allowed.load(Ordering::SeqCst) < u64::MAX;
    let mut chunk = vec![0; if speed == 0 && !held { CHUNK } else { 4096 }];
    let mut at = from;
    while at < to {
        let left = usize::try_from(to - at).unwrap_or(CHUNK).min(chunk.len());
        let length = match fault {
            Some(Fault::Cut(end) | Fault::Stall(end, _)) => {
                let until = from + end;
                if at >= until {
                    if let Some(Fault::Stall(_, time)) = fault {
                        std::thread::sleep(*time);
                    }
                    sender.open = false;
                    let _ = sender.stream.shutdown(std::net::Shutdown::Both);
                    return at - from;
                }
                left.min(usize::try_from(until - at).unwrap_or(left))
            }
            _ => left,
        };
        let chunk = &mut chunk[..length];
        if content.read_exact(chunk).is_err() {
            return at - from;
        }
        if let Some(Fault::Wrong(wrong)) = fault
            && (at..at + length as u64).contains(wrong)
        {
            chunk[usize::try_from(wrong - at).unwrap_or(0)] ^= 1;
        }
        while state.given.load(Ordering::SeqCst) >= state.allowed.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(2));
        }
        state.given.fetch_add(length as u64, Ordering::SeqCst);
        if sender.stream.write_all(chunk).is_err() {
            return at - from;
        }
        at += length as u64;
        if speed > 0 {
            let due = Duration::from_secs_f64((at - from) as f64 / speed as f64);
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
    }
    at - from
}
