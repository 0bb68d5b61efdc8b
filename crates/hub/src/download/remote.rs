//! What the hub says of a repository and its files, and the bytes from where it says they are.
//!
//! Source: huggingface_hub's `get_hf_file_metadata` and the hub's API: a HEAD of
//! `/{repository}/resolve/{commit}/{path}` answers with `X-Repo-Commit`, `X-Linked-Etag` and
//! `X-Linked-Size`, and redirects to a signed address for large files.

use super::Tuning;
use super::repository;
use super::trouble::{Trouble, now_there};
use crate::network::{Following, Network, answered};
use protocol::{AppError, failure};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, HeaderMap, LINK,
    RANGE,
};
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime};

/// Longest answer that is not a file of a repository.
const LONGEST_ANSWER: usize = 32 << 20;
/// Longest wait for all of such an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// Most files and folders of a repository.
const MOST_FILES: usize = 100_000;
/// Most pages of a listing.
const MOST_PAGES: usize = 2000;
/// Longest file: no model comes near it.
const LONGEST_FILE: u64 = 8 << 40;
/// A signed address is used no longer than this, whatever it says.
const ADDRESS_AGE: Duration = Duration::from_secs(45 * 60);

/// A repository of the hub, as this machine reaches it.
#[derive(Clone)]
pub struct Remote {
    network: Network,
    client: Client,
    endpoint: Url,
    repository: String,
    /// Nothing may come for so long.
    stall: Duration,
}

/// A file of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Inside the repository.
    pub path: String,
    pub bytes: u64,
    /// The name of its content, as in [`Facts`], where the listing says it.
    pub etag: Option<String>,
}

/// What the hub says of one file.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The sha256 of a large file, git's sha1 of a small one, in hex.
    pub etag: String,
    pub bytes: u64,
    /// Where its bytes are.
    pub address: Address,
}

/// Where bytes are, for a while.
#[derive(Clone, Debug)]
pub struct Address {
    pub url: Url,
    /// Whether it is the hub's own, which does not expire.
    own: bool,
    until: Instant,
}

impl Address {
    /// Whether it is time for another.
    pub fn is_old(&self) -> bool {
        !self.own && Instant::now() >= self.until
    }
}

/// An answer with bytes of a file.
pub struct Bytes {
    response: Response,
    stall: Duration,
    url: Url,
    network: Network,
    /// What the storage calls this content.
    pub etag: Option<String>,
}

impl Bytes {
    /// The next bytes; None at the end.
    pub async fn next(&mut self) -> Result<Option<bytes::Bytes>, Trouble> {
        match tokio::time::timeout(self.stall, self.response.chunk()).await {
            Err(_) => Err(Trouble::stalled()),
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(e)) => Err(Trouble::unreached(self.network.unreached(e, &self.url))),
        }
    }
}

impl Remote {
    /// Errors: `offline`, `name-refused`, and what is wrong with the network's settings.
    pub async fn new(
        network: &Network,
        repository: &str,
        tuning: &Tuning,
    ) -> Result<Remote, AppError> {
        repository::check_repository(repository)?;
        Ok(Remote {
            client: network.client().await?,
            endpoint: network.endpoint()?,
            network: network.clone(),
            repository: repository.to_owned(),
            stall: tuning.stall,
        })
    }

    /// The limit on the speed of all downloads.
    pub fn limit(&self) -> &crate::network::Throttle {
        self.network.limit()
    }

    /// Which commit a branch or tag is now.
    pub async fn commit(&self, revision: &str) -> Result<String, Trouble> {
        #[derive(Deserialize)]
        struct Info {
            sha: String,
        }
        let url = self.at(&["api", "models"], &["revision", revision], None);
        let (info, _): (Info, _) = self.json(url).await?;
        if is_hex(&info.sha, 40) {
            Ok(info.sha)
        } else {
            Err(self.nonsense("no commit"))
        }
    }

    /// All files of a commit. Names that lead out of a folder are errors: `name-refused`.
    pub async fn files(&self, commit: &str) -> Result<Vec<Listed>, Trouble> {
        #[derive(Deserialize)]
        struct Entry {
            r#type: String,
            path: String,
            #[serde(default)]
            size: u64,
            #[serde(default)]
            oid: String,
            lfs: Option<Large>,
        }
        #[derive(Deserialize)]
        struct Large {
            oid: String,
        }
        let mut files: Vec<Listed> = Vec::new();
        let (mut entries, mut asked) = (0, HashSet::new());
        let mut next = Some(self.at(
            &["api", "models"],
            &["tree", commit],
            Some("recursive=true"),
        ));
        while let Some(url) = next {
            let (page, headers): (Vec<Entry>, _) = self.json(url.clone()).await?;
            // Folders count too: a listing of nothing else would never end.
            entries += page.len();
            for entry in page.into_iter().filter(|entry| entry.r#type == "file") {
                repository::check_path(&entry.path).map_err(Trouble::Over)?;
                if entry.size > LONGEST_FILE {
                    return Err(Trouble::Over(failure::download_too_large(entry.size)));
                }
                // Of a large file git has only a pointer.
                let content = entry.lfs.map_or(entry.oid, |large| large.oid);
                files.push(Listed {
                    path: entry.path,
                    bytes: entry.size,
                    etag: plain_etag(&content),
                });
            }
            next = next_page(&headers)
                .and_then(|link| self.network.redirected(&url, &link).ok())
                .filter(|link| link.origin() == url.origin());
            asked.insert(url);
            let again = next.as_ref().is_some_and(|next| asked.contains(next));
            if entries > MOST_FILES || asked.len() > MOST_PAGES || again {
                return Err(self.nonsense("an endless listing"));
            }
        }
        Ok(files)
    }

    /// What the hub says of a file, without its bytes.
    pub async fn facts(&self, commit: &str, path: &str) -> Result<Facts, Trouble> {
        let mut url = self.at(&[], &["resolve", commit], None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path.split('/'));
        }
        let mut said = HeaderMap::new();
        let mut following = Following::from(url);
        loop {
            let (response, known) = self.send(Method::HEAD, &following.address, None).await?;
            let (status, headers) = (response.status(), response.headers());
            // What a redirect says of the file counts before what the storage says of it.
            if let Some(date) = headers.get(DATE) {
                said.insert(DATE, date.clone());
            }
            for name in ["x-repo-commit", "x-linked-etag", "x-linked-size"] {
                if let (None, Some(value)) = (said.get(name), headers.get(name)) {
                    said.insert(name, value.clone());
                }
            }
            if self.redirect(&mut following, &response)? {
                if following.address.origin() == self.endpoint.origin() {
                    continue;
                }
                return self.told(&said, commit, following.address);
            }
            self.success(status, headers, known)?;
            for name in [ETAG, CONTENT_LENGTH] {
                if let Some(value) = headers.get(&name) {
                    said.insert(name, value.clone());
                }
            }
            return self.told(&said, commit, following.address);
        }
    }

    /// The facts that headers tell.
    fn told(&self, said: &HeaderMap, commit: &str, url: Url) -> Result<Facts, Trouble> {
        let text = |name: &str| said.get(name).and_then(|value| value.to_str().ok());
        let etag = text("x-linked-etag").or(text("etag")).and_then(plain_etag);
        let bytes = text("x-linked-size").or(text("content-length"));
        let bytes = bytes.and_then(|bytes| bytes.trim().parse().ok());
        if text("x-repo-commit").is_some_and(|said| said != commit) {
            return Err(Trouble::Changed);
        }
        let own = url.origin() == self.endpoint.origin();
        match (etag, bytes) {
            (_, Some(bytes)) if bytes > LONGEST_FILE => {
                Err(Trouble::Over(failure::download_too_large(bytes)))
            }
            (Some(etag), Some(bytes)) => Ok(Facts {
                etag,
                bytes,
                address: Address {
                    until: Instant::now()
                        + lasts(&url, now_there(said)).map_or(ADDRESS_AGE, |t| t.min(ADDRESS_AGE)),
                    own,
                    url,
                },
            }),
            _ => Err(self.nonsense("no size or hash")),
        }
    }

    /// Asks for the bytes `from..to` of a file of `total`.
    pub async fn range(
        &self,
        address: &Address,
        from: u64,
        to: u64,
        total: u64,
    ) -> Result<Bytes, Trouble> {
        let asked = format!("bytes={from}-{}", to.saturating_sub(1));
        let answer = self.bytes(address, Some(&asked)).await?;
        match answer.response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let said = answer.response.headers().get(CONTENT_RANGE);
                let said = said.and_then(|said| said.to_str().ok());
                match said.and_then(content_range) {
                    Some((f, t, all)) if (f, t) == (from, to) && all == Some(total) => Ok(answer),
                    Some((f, t, None)) if (f, t) == (from, to) => Ok(answer),
                    Some((_, _, Some(all))) if all != total => Err(Trouble::Changed),
                    _ => Err(self.again("another range than was asked for")),
                }
            }
            StatusCode::OK => Err(Trouble::Whole),
            _ => Err(self.again("no bytes")),
        }
    }

    /// Asks for all bytes of a file of `total`.
    pub async fn whole(&self, address: &Address, total: u64) -> Result<Bytes, Trouble> {
        let answer = self.bytes(address, None).await?;
        if answer.response.status() != StatusCode::OK {
            return Err(self.again("a part where the whole was asked for"));
        }
        match number(answer.response.headers(), CONTENT_LENGTH) {
            Some(length) if length != total => Err(Trouble::Changed),
            _ => Ok(answer),
        }
    }

    async fn bytes(&self, address: &Address, range: Option<&str>) -> Result<Bytes, Trouble> {
        let (response, known, url) = self.get(address.url.clone(), range).await?;
        let (status, headers) = (response.status(), response.headers());
        let storage = url.origin() != self.endpoint.origin();
        if let Err(trouble) = self.success(status, headers, known) {
            return Err(match (status.as_u16(), trouble) {
                (412 | 416, _) => Trouble::Changed,
                (400 | 401 | 403 | 404 | 410, Trouble::Over(_)) if storage => {
                    let failed = failure::hub_failed(u32::from(status.as_u16()));
                    Trouble::Expired(failed.detail("the storage refuses its signed address"))
                }
                (_, trouble) => trouble,
            });
        }
        if headers
            .get(CONTENT_ENCODING)
            .is_some_and(|coding| coding != "identity")
        {
            return Err(self.nonsense("bytes in another coding"));
        }
        let etag = headers.get(ETAG).and_then(|etag| etag.to_str().ok());
        Ok(Bytes {
            etag: etag.map(str::to_owned),
            stall: self.stall,
            network: self.network.clone(),
            url,
            response,
        })
    }

    async fn json<T: DeserializeOwned>(&self, url: Url) -> Result<(T, HeaderMap), Trouble> {
        let (mut response, known, url) = self.get(url, None).await?;
        self.success(response.status(), response.headers(), known)?;
        let mut body = Vec::new();
        let until = Instant::now() + LONGEST_WAIT;
        loop {
            // Nor may it come for ever, a byte at a time.
            let patience = self
                .stall
                .min(until.saturating_duration_since(Instant::now()));
            let chunk = tokio::time::timeout(patience, response.chunk()).await;
            let chunk = chunk.map_err(|_| Trouble::stalled())?;
            let chunk = chunk.map_err(|e| Trouble::unreached(self.network.unreached(e, &url)))?;
            let Some(chunk) = chunk else { break };
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(self.nonsense("an endless answer"));
            }
            body.extend_from_slice(&chunk);
        }
        match serde_json::from_slice(&body) {
            Ok(value) => Ok((value, response.headers().clone())),
            Err(_) => Err(self.nonsense("no answer of the hub's form")),
        }
    }

    /// The answer of where `url` leads at last, whether that was said who asks, and where it is.
    async fn get(&self, url: Url, range: Option<&str>) -> Result<(Response, bool, Url), Trouble> {
        let mut following = Following::from(url);
        loop {
            let (response, known) = self.send(Method::GET, &following.address, range).await?;
            if !self.redirect(&mut following, &response)? {
                return Ok((response, known, following.address));
            }
        }
    }

    /// One request; with the answer whether it said who asks.
    async fn send(
        &self,
        method: Method,
        url: &Url,
        range: Option<&str>,
    ) -> Result<(Response, bool), Trouble> {
        let mut request = self
            .client
            .request(method, url.clone())
            .header(ACCEPT_ENCODING, "identity");
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let answer = tokio::time::timeout(self.stall, self.network.send(request, url)).await;
        let answer = answer.map_err(|_| Trouble::stalled())?;
        answer.map_err(Trouble::unreached)
    }

    fn redirect(&self, following: &mut Following, response: &Response) -> Result<bool, Trouble> {
        let redirected = following.redirect(&self.network, response);
        redirected.map_err(Trouble::Over)
    }

    fn success(&self, status: StatusCode, headers: &HeaderMap, known: bool) -> Result<(), Trouble> {
        let page = self.at(&[], &[], None);
        answered(
            status,
            headers,
            Some((&self.repository, page.as_str())),
            known,
        )
        .map_err(|error| Trouble::answered(status, headers, error))
    }

    /// `<endpoint>/<before>/<repository>/<after>`.
    fn at(&self, before: &[&str], after: &[&str], query: Option<&str>) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            segments.extend(before);
            segments.extend(self.repository.split('/'));
            segments.extend(after);
        }
        url.set_query(query);
        url
    }

    /// The hub said what it should not: not tried again.
    fn nonsense(&self, what: &str) -> Trouble {
        Trouble::Over(failure::hub_answer(what))
    }

    /// The storage said what it should not, and may not do so again.
    fn again(&self, what: &str) -> Trouble {
        Trouble::Again {
            after: None,
            error: failure::hub_answer(what),
        }
    }
}

/// An etag without its quotation marks, where it is a hash that a file can be checked by.
fn plain_etag(text: &str) -> Option<String> {
    let plain = text.trim().trim_start_matches("W/").trim_matches('"');
    (is_hex(plain, 64) || is_hex(plain, 40)).then(|| plain.to_owned())
}

fn is_hex(text: &str, length: usize) -> bool {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    text.len() == length && text.bytes().all(hex)
}

fn number(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// First byte, the one after the last, and the length of the whole where it is told
/// (RFC 9110, 14.4).
fn content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, all) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (from, last) = range.trim().split_once('-')?;
    let all = match all.trim() {
        "*" => None,
        number => Some(number.parse().ok()?),
    };
    let last: u64 = last.parse().ok()?;
    Some((from.parse().ok()?, last.checked_add(1)?, all))
}

/// The address of the next page of a listing: `Link: <...>; rel="next"`.
fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get(LINK)?.to_str().ok()?;
    links.split(',').find_map(|link| {
        let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then(|| address.to_owned())
    })
}

/// How long a signed address says that it lasts: `Expires`, in seconds since 1970, as CloudFront
/// and the hub's own storage write it.
fn lasts(url: &Url, now: SystemTime) -> Option<Duration> {
    let (_, at) = url.query_pairs().find(|(name, _)| name == "Expires")?;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(at.parse().ok()?))?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_strictly() {
        let check = |text: &str, range: Option<(u64, u64, Option<u64>)>| {
            assert_eq!(content_range(text), range, "{text}");
        };
        check("bytes 0-9/25", Some((0, 10, Some(25))));
        check("bytes 10-24/*", Some((10, 25, None)));
        check("bytes 0-18446744073709551615/1", None);
        check("bytes */25", None);
        check("bytes 0-9", None);
        check("items 0-9/25", None);
        check("bytes -9/25", None);
        check("", None);
    }

    #[test]
    fn etags_that_are_no_hash_are_none() {
        let sha256 = "a".repeat(64);
        let sha1 = "0".repeat(40);
        let check = |text: &str, plain: Option<&str>| {
            assert_eq!(plain_etag(text).as_deref(), plain, "{text}");
        };
        check(&format!("\"{sha256}\""), Some(&sha256));
        check(&format!("W/\"{sha1}\""), Some(&sha1));
        check(&sha256, Some(&sha256));
        check("\"../../x\"", None);
        check("\"\"", None);
        check(&"A".repeat(64), None);
        check(&"a".repeat(63), None);
    }
}
