//! What went wrong on the way to the hub, in Parley's own words.

use super::connection::host;
use super::names::LEADS_HERE;
use super::proxies;
use protocol::{AppError, failure};
use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};
use std::error::Error;

/// How hyper says that a proxy asks for a name and a password, or for others.
const REFUSED: &[&str] = &[
    "proxy authorization required",
    "credentials not accepted",
    "server does not support user/pass authentication",
    "server implements authentication incorrectly",
];

/// How hyper says that the first connection failed.
const NOT_THERE: &[&str] = &[
    "tcp connect error",
    "dns error",
    "failed to create underlying connection",
];

/// The failure that a request to `address` without an answer is; `proxy` is what it went over.
/// Its detail has no address: there are signed ones, which are secrets while they last.
pub fn unreached(error: reqwest::Error, address: &Url, proxy: Option<&Url>) -> AppError {
    let error = error.without_url();
    let said = said(&error);
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let failure = match proxy {
        _ if has(&[LEADS_HERE]) => failure::redirect_refused(host(address)),
        _ if has(&["invalid peer certificate"]) => failure::certificate_unknown(host(address)),
        Some(proxy) if has(REFUSED) => failure::proxy_refused(proxies::shown(proxy)),
        // Whoever was to be reached: the first connection is to the proxy.
        Some(proxy) if has(NOT_THERE) && !has(&["resolving for"]) => {
            failure::proxy_unreachable(proxies::shown(proxy))
        }
        _ => failure::hub_unreachable(host(address)),
    };
    failure.detail(said)
}

/// What an answer's status says, where it is none of success: of the repository that was asked
/// for, where it was one. `page` is where people see the repository, `known` whether a token was sent.
pub fn answered(
    status: StatusCode,
    headers: &HeaderMap,
    repository: Option<(&str, &str)>,
    known: bool,
) -> Result<(), AppError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let code = header("x-error-code").unwrap_or_default();
    let number = u32::from(status.as_u16());
    let failure = match (status.as_u16(), repository) {
        (200..300, _) => return Ok(()),
        (407, _) => failure::proxy_refused("HTTP"),
        (429, _) => failure::hub_busy(),
        (_, Some((name, page))) if code == "GatedRepo" => failure::hub_gated(name, page),
        (401 | 404, Some((name, _))) if code == "RepoNotFound" => failure::hub_unknown(name),
        (401, _) if known => failure::token_refused(),
        (401 | 403, Some((name, page))) => failure::hub_gated(name, page),
        (401, None) => failure::token_refused(),
        (404 | 410, Some((name, _))) => failure::hub_unknown(name),
        _ => failure::hub_failed(number),
    };
    Err(failure.detail(format!("status {number} {}", plain(code))))
}

/// A word of the hub's, for a report: only what can be no more than a word.
fn plain(code: &str) -> &str {
    let word = code.chars().all(|c| c.is_ascii_alphanumeric()) && code.len() <= 40;
    if word { code } else { "" }
}

/// What an error says, with what caused it.
fn said(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}
