//! What the hub says of repositories and files; the bytes of large ones are in the storage.

use super::faults::{Fault, On};
use super::http::{Request, Sender};
use super::repositories::{HubFile, Repository};
use super::{State, bytes, lock};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

/// Entries of a page.
const PAGE: usize = 20;
/// How long a signed address lasts.
const LASTS: Duration = Duration::from_secs(3600);

pub fn answer(state: &State, request: &Request, sender: &mut Sender) {
    let known = request.header("authorization").is_some();
    let noted = (request.method.clone(), request.target.clone(), known);
    lock(&state.requests).push(noted);
    let on = match (request.path.starts_with("/api/"), request.method.as_str()) {
        (true, _) => On::Api,
        (_, "HEAD") => On::Head,
        _ => On::Bytes,
    };
    // The bytes of small files come from here, and fail as those of the storage do.
    let fault = match on {
        On::Bytes => None,
        on => state.fault(on),
    };
    match fault {
        Some(Fault::Status(status, name, value)) => {
            return sender.answer(status, &[(name, value)], "{}");
        }
        Some(Fault::Redirect(to)) => return sender.answer(302, &[("Location", to)], ""),
        Some(Fault::Endless) => {
            sender.head(200, &[], None);
            while std::io::Write::write_all(&mut sender.stream, &[b' '; 4096]).is_ok() {}
            return;
        }
        Some(Fault::Cut(_)) => {
            sender.open = false;
            return;
        }
        Some(Fault::Stall(_, time)) => std::thread::sleep(time),
        _ => {}
    }
    let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match path[..] {
        ["api", "whoami-v2"] => whoami(state, request, sender),
        ["api", "models"] => listing(state, request, sender),
        ["api", "models", owner, name, ref rest @ ..] => {
            let Some(repository) = repository(state, owner, name, request, sender) else {
                return;
            };
            match rest {
                [] => sender.json(&[], &info(&repository)),
                ["revision", revision] if is(&repository, revision) => {
                    sender.json(&[], &info(&repository));
                }
                ["tree", revision, ..] if is(&repository, revision) => {
                    tree(state, &repository, request, sender);
                }
                _ => not_found("RevisionNotFound", sender),
            }
        }
        [owner, name, "resolve", revision, ref path @ ..] => {
            let Some(repository) = repository(state, owner, name, request, sender) else {
                return;
            };
            let path = path.join("/");
            match repository.files.get(&path) {
                _ if !is(&repository, revision) => not_found("RevisionNotFound", sender),
                None => not_found("EntryNotFound", sender),
                Some(file) => resolve(state, &repository, &path, file, request, sender),
            }
        }
        _ => not_found("EntryNotFound", sender),
    }
}

fn is(repository: &Repository, revision: &str) -> bool {
    revision == "main" || revision == repository.commit
}

fn not_found(code: &str, sender: &mut Sender) {
    sender.answer(404, &[("X-Error-Code", code.to_owned())], "{}");
}

/// The repository, if it may be seen; else that is answered.
fn repository(
    state: &State,
    owner: &str,
    name: &str,
    request: &Request,
    sender: &mut Sender,
) -> Option<Repository> {
    let name = format!("{owner}/{name}");
    let all = lock(&state.repositories);
    let Some(found) = all.iter().find(|found| found.name == name).cloned() else {
        drop(all);
        sender.answer(401, &[("X-Error-Code", "RepoNotFound".into())], "{}");
        return None;
    };
    drop(all);
    // What a gated repository is can be seen; its files not.
    let asked = found.gated && !request.path.starts_with("/api/");
    let right = lock(&state.token)
        .as_ref()
        .map(|token| format!("Bearer {token}"));
    match (request.header("authorization"), right) {
        (given, Some(right)) if !asked || given == Some(&right) => Some(found),
        (_, None) if !asked => Some(found),
        (None, _) => {
            sender.answer(401, &[("X-Error-Code", "GatedRepo".into())], "{}");
            None
        }
        _ => {
            sender.answer(403, &[("X-Error-Code", "GatedRepo".into())], "{}");
            None
        }
    }
}

fn whoami(state: &State, request: &Request, sender: &mut Sender) {
    let right = lock(&state.token)
        .as_ref()
        .map(|token| format!("Bearer {token}"));
    if right.is_none() || request.header("authorization") != right.as_deref() {
        return sender.answer(401, &[], "{\"error\":\"Invalid user token.\"}");
    }
    let token = json!({ "accessToken": { "displayName": "test", "role": "read" } });
    sender.json(
        &[],
        &json!({ "type": "user", "name": "tester", "auth": token }),
    );
}

/// The page of a listing that a request asks for, and the header that leads to the next one.
fn page(state: &State, all: Vec<Value>, request: &Request) -> (Value, Vec<(&'static str, String)>) {
    let from: usize = request
        .query("cursor")
        .map_or(0, |at| at.parse().unwrap_or(0));
    let limit = request.query("limit").and_then(|limit| limit.parse().ok());
    let limit = limit.unwrap_or(PAGE).max(1);
    let mut headers = Vec::new();
    if from + limit < all.len() {
        let mut others = request.query.iter().filter(|(name, _)| name != "cursor");
        let query = others.try_fold(String::new(), |text, (name, value)| {
            Some(format!("{text}{name}={}&", value.replace(' ', "+")))
        });
        let next = format!(
            "<http://{}{}?{}cursor={}>; rel=\"next\"",
            state.hub,
            request.target.split('?').next().unwrap_or_default(),
            query.unwrap_or_default(),
            from + limit
        );
        headers.push(("Link", next));
    }
    let shown = all.into_iter().skip(from).take(limit).collect();
    (Value::Array(shown), headers)
}

fn listing(state: &State, request: &Request, sender: &mut Sender) {
    let text = request.query("search").unwrap_or_default().to_lowercase();
    let all = lock(&state.repositories);
    let found = all.iter().filter(|r| r.name.to_lowercase().contains(&text));
    let found = found.map(info).collect();
    drop(all);
    let (page, headers) = page(state, found, request);
    sender.json(&headers, &page);
}

fn info(repository: &Repository) -> Value {
    let files = repository.files.keys();
    let ends = |end: &str| repository.files.keys().any(|path| path.ends_with(end));
    let mut tags = vec!["text-generation", "en", "license:apache-2.0"];
    tags.extend(ends(".gguf").then_some("gguf"));
    tags.extend(ends(".safetensors").then_some("safetensors"));
    let bytes: u64 = repository.files.values().map(|file| file.bytes).sum();
    let mut info = json!({
        "_id": &repository.commit[..24], "id": repository.name, "modelId": repository.name,
        "author": repository.name.split('/').next(), "sha": repository.commit,
        "lastModified": "2026-11-01T00:00:00.000Z", "private": false,
        "gated": if repository.gated { json!("auto") } else { json!(false) },
        "downloads": 1234, "likes": 56, "tags": tags, "pipeline_tag": "text-generation",
        "cardData": { "license": "apache-2.0", "language": ["en"] },
        "siblings": files.map(|path| json!({ "rfilename": path })).collect::<Vec<_>>(),
    });
    if ends(".gguf") {
        info["gguf"] = json!({ "total": bytes, "architecture": "llama", "context_length": 2048 });
    }
    if ends(".safetensors") {
        info["safetensors"] = json!({ "parameters": { "BF16": bytes / 2 }, "total": bytes / 2 });
    }
    info
}

fn tree(state: &State, repository: &Repository, request: &Request, sender: &mut Sender) {
    if repository.circular {
        let folders = vec![json!({ "type": "directory", "oid": "", "path": "a" }); 10_000];
        let next = format!("<http://{}{}>; rel=\"next\"", state.hub, request.target);
        return sender.json(&[("Link", next)], &Value::Array(folders));
    }
    let entry = |(path, file): (&String, &HubFile)| {
        let mut entry = json!({
            "type": "file", "oid": &file.etag[..40], "size": file.bytes, "path": path,
        });
        if file.large {
            entry["lfs"] = json!({ "oid": file.etag, "size": file.bytes, "pointerSize": 135 });
        }
        entry
    };
    let (page, headers) = page(state, repository.files.iter().map(entry).collect(), request);
    sender.json(&headers, &page);
}

fn resolve(
    state: &State,
    repository: &Repository,
    path: &str,
    file: &HubFile,
    request: &Request,
    sender: &mut Sender,
) {
    let mut headers = vec![("X-Repo-Commit", repository.commit.clone())];
    if !file.large {
        headers.push(("ETag", format!("\"{}\"", file.etag)));
        headers.push(("Accept-Ranges", "bytes".to_owned()));
        if request.method == "HEAD" {
            return sender.head(200, &headers, Some(file.bytes));
        }
        return bytes::send(state, path, file, &headers, request, sender);
    }
    let now = match state.old.load(Ordering::SeqCst) {
        true => {
            headers.push(("Date", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()));
            SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
        }
        false => SystemTime::now(),
    };
    let until = (now + LASTS)
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let signature = state.signatures.fetch_add(1, Ordering::SeqCst);
    let query = format!("Expires={}&Signature={signature}", until.as_secs());
    headers.extend([
        ("X-Linked-Etag", format!("\"{}\"", file.etag)),
        ("X-Linked-Size", file.bytes.to_string()),
        (
            "Location",
            format!(
                "http://{}/storage/{}/{}/{path}?{query}",
                state.storage, repository.name, repository.commit
            ),
        ),
    ]);
    sender.answer(302, &headers, "Found. Redirecting");
}
