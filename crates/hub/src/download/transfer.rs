//! One file, from the hub to its place: in ranges, several in flight, tried again as long as the
//! trouble is one that passes, and shown only whole, checked and flushed.

use super::part::Part;
use super::progress::{Progress, Stage};
use super::remote::{Address, Facts, Remote};
use super::repository::{self, Repository};
use super::trouble::{Trouble, back_off};
use super::{Tuning, space};
use protocol::{AppError, failure};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How often the hub is asked for another signed address without a byte coming.
const MOST_RENEWALS: u32 = 3;
/// How often the storage may answer nonsense without a byte coming.
const MOST_NONSENSE: u32 = 16;
/// How often a file that comes only whole is begun from its first byte.
const MOST_SINGLES: u32 = 8;

/// The transfer of a repository's files, one after another.
pub struct Transfer {
    pub remote: Remote,
    pub repository: Repository,
    pub commit: String,
    pub tuning: Arc<Tuning>,
    pub progress: Arc<Progress>,
}

/// A file that is in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The name of its content.
    pub etag: String,
    pub bytes: u64,
    /// Whether it came now, and was checked; false: it was there.
    pub checked: bool,
}

impl Transfer {
    /// Fetches `path` where it is not there already, and shows it in its commit. `known` hears
    /// the name of its content and its bytes before they come. What came of it stays for the
    /// next time where this ends early, or is dropped.
    pub async fn file(&self, path: &str, known: impl Fn(&str, u64)) -> Result<Fetched, Trouble> {
        let mut mismatches = 0;
        loop {
            let asked = || self.remote.facts(&self.commit, path);
            let mut facts = self.persist(asked).await?;
            known(&facts.etag, facts.bytes);
            match self.place(path, &mut facts).await {
                Err(Trouble::Mismatch) if mismatches == 0 => {
                    mismatches += 1;
                    tracing::warn!(path, "a file came that is not what the hub says");
                    let error = failure::download_mismatch(path);
                    self.rest(None, mismatches, error).await;
                }
                Err(Trouble::Mismatch) => {
                    return Err(Trouble::Over(failure::download_mismatch(path)));
                }
                Err(Trouble::Held) => {
                    self.progress.stage(Stage::Elsewhere);
                    tokio::time::sleep(self.tuning.poll).await;
                }
                placed => return placed,
            }
        }
    }

    async fn place(&self, path: &str, facts: &mut Facts) -> Result<Fetched, Trouble> {
        let (repository, commit) = (&self.repository, &self.commit);
        let etag = facts.etag.clone();
        let there = Fetched {
            etag: etag.clone(),
            bytes: facts.bytes,
            checked: false,
        };
        if repository.has(commit, path, facts.bytes) {
            return Ok(there);
        }
        let locked = repository.lock(&etag).map_err(Trouble::writing)?;
        let _lock = locked.ok_or(Trouble::Held)?;
        let show = || repository.show(commit, path, &etag);
        if repository::is_whole(&repository.blob(&etag), facts.bytes) {
            return show().map(|()| there).map_err(Trouble::writing);
        }
        let open = {
            let (repository, facts, range) = (repository.clone(), facts.clone(), self.tuning.range);
            blocking(move || Part::open(&repository, &facts, range)).await??
        };
        let part = &open.0;
        self.progress.part(Some(part.clone()));
        let hash = {
            let (part, etag) = (part.clone(), etag.clone());
            tokio::task::spawn_blocking(move || part.hash(&etag))
        };
        match self.bytes(path, facts, part).await {
            Err(Trouble::Changed) => {
                part.remove();
                let now = self.persist(|| self.remote.facts(commit, path)).await?;
                // The hub says that it is the same: then the storage is wrong.
                return Err(match (now.etag == etag, now.bytes == facts.bytes) {
                    (true, true) => Trouble::Mismatch,
                    _ => Trouble::Changed,
                });
            }
            came => came?,
        }
        if !hash.is_finished() {
            self.progress.stage(Stage::Checking);
        }
        let hash = hash.await.map_err(gone)?.map_err(Trouble::Over)?;
        if hash.as_deref() != Some(&etag) {
            part.remove();
            return Err(Trouble::Mismatch);
        }
        let finish = {
            let (part, repository, etag) = (part.clone(), repository.clone(), etag.clone());
            blocking(move || part.finish(&repository, &etag)).await?
        };
        finish.and_then(|()| show()).map_err(Trouble::writing)?;
        self.progress.part(None);
        Ok(Fetched {
            checked: true,
            ..there
        })
    }

    /// All bytes, in ranges; of storage that gives none, in one piece.
    async fn bytes(&self, path: &str, facts: &mut Facts, part: &Arc<Part>) -> Result<(), Trouble> {
        let (mut refused, mut singles, mut renewals) = (0, 0, 0);
        loop {
            match self.ranges(path, facts, part).await {
                // One that did give ranges may do so again.
                Err(Trouble::Whole) if refused == 0 && part.written() > 0 => {
                    refused += 1;
                    let error = failure::hub_failed(200_u32);
                    self.rest(None, refused, error).await;
                }
                Err(Trouble::Whole) => match self.single(facts, part).await {
                    Err(Trouble::Again { after, error }) if singles < MOST_SINGLES => {
                        (refused, singles) = (1, singles + 1);
                        self.rest(after, singles, error).await;
                    }
                    Err(Trouble::Expired(_)) if renewals < MOST_RENEWALS => {
                        renewals += 1;
                        self.renew(path, facts).await?;
                    }
                    Err(Trouble::Again { error, .. } | Trouble::Expired(error)) => {
                        return Err(Trouble::Over(error));
                    }
                    ended => return ended,
                },
                ended => return ended,
            }
        }
    }

    async fn ranges(&self, path: &str, facts: &mut Facts, part: &Arc<Part>) -> Result<(), Trouble> {
        let mut missing: BTreeSet<usize> = part.missing().into_iter().collect();
        let mut running = JoinSet::new();
        let mut flushing = JoinSet::new();
        let mut tick = tokio::time::interval(self.tuning.flush);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tick.reset();
        let mut rest: Option<(Instant, AppError)> = None;
        let (mut failures, mut renewals, mut most) = (0, 0, self.tuning.in_flight.max(1));
        let mut before = part.written();
        let content = Arc::new(OnceLock::new());
        loop {
            if missing.is_empty() && running.is_empty() {
                return Ok(());
            }
            if rest.is_none() {
                if facts.address.is_old() && !missing.is_empty() {
                    self.renew(path, facts).await?;
                }
                while running.len() < most
                    && let Some(at) = missing.pop_first()
                {
                    let (remote, address) = (self.remote.clone(), facts.address.clone());
                    let (part, content, total) = (part.clone(), content.clone(), facts.bytes);
                    running.spawn(async move {
                        let came = range(&remote, &address, &part, at, total, &content).await;
                        (at, address, came)
                    });
                }
            }
            match &rest {
                Some((until, error)) if running.is_empty() => {
                    self.progress.stage(Stage::Resting {
                        until: *until,
                        error: error.clone(),
                    });
                }
                _ => self.progress.stage(Stage::Running),
            }
            let until = rest.as_ref().map_or_else(Instant::now, |(until, _)| *until);
            tokio::select! {
                Some(ended) = running.join_next() => {
                    let (at, address, came) = ended.map_err(gone)?;
                    let Err(trouble) = came else { continue };
                    missing.insert(at);
                    if part.written() > before {
                        (failures, renewals, before) = (0, 0, part.written());
                    }
                    match trouble {
                        // What is nonsense so often does not pass.
                        Trouble::Again { error, .. }
                            if failures >= MOST_NONSENSE && error.key == "hub-answer" =>
                        {
                            return Err(Trouble::Over(error));
                        }
                        Trouble::Again { after, error } => {
                            failures += 1;
                            if after.is_some() || error.key == "hub-busy" {
                                most = (most / 2).max(1);
                            }
                            let wait = back_off(failures, &self.tuning).max(after.unwrap_or_default());
                            let until = Instant::now() + wait;
                            if rest.as_ref().is_none_or(|(other, _)| *other < until) {
                                rest = Some((until, error));
                            }
                        }
                        Trouble::Expired(error) if renewals >= MOST_RENEWALS => {
                            return Err(Trouble::Over(error));
                        }
                        // Others of the same old address may fail after it was renewed.
                        Trouble::Expired(_) if address.url == facts.address.url => {
                            renewals += 1;
                            self.renew(path, facts).await?;
                        }
                        Trouble::Expired(_) => {}
                        other => {
                            // None of them may write when the part is begun anew.
                            running.shutdown().await;
                            return Err(other);
                        }
                    }
                }
                () = tokio::time::sleep_until(until), if rest.is_some() => rest = None,
                Some(flushed) = flushing.join_next() => {
                    let flushed: Result<(), AppError> = flushed.map_err(gone)?;
                    flushed.map_err(Trouble::writing)?;
                }
                _ = tick.tick() => {
                    if flushing.is_empty() {
                        let part = part.clone();
                        flushing.spawn_blocking(move || part.flush());
                    }
                    self.room(part, facts)?;
                }
            }
        }
    }

    /// The whole file from its first byte.
    async fn single(&self, facts: &Facts, part: &Arc<Part>) -> Result<(), Trouble> {
        self.progress.stage(Stage::Running);
        part.clear()?;
        let mut answer = self.remote.whole(&facts.address, facts.bytes).await?;
        let mut ranges = part.missing().into_iter().peekable();
        while let Some(bytes) = answer.next().await? {
            self.remote.limit().take(bytes.len() as u64).await;
            let mut bytes = &bytes[..];
            while !bytes.is_empty() {
                // More than the file has: its hash will say what it is.
                let Some(&at) = ranges.peek() else {
                    return Ok(());
                };
                let (from, to) = part.rest(at);
                let now = bytes
                    .len()
                    .min(usize::try_from(to - from).unwrap_or(usize::MAX));
                part.append(at, &bytes[..now])?;
                bytes = &bytes[now..];
                if from + now as u64 == to {
                    ranges.next();
                }
            }
        }
        match ranges.peek() {
            None => Ok(()),
            Some(_) => Err(Trouble::Again {
                after: None,
                error: failure::download_stalled(),
            }),
        }
    }

    /// Asks the hub for another address of the same file.
    async fn renew(&self, path: &str, facts: &mut Facts) -> Result<(), Trouble> {
        let now = self
            .persist(|| self.remote.facts(&self.commit, path))
            .await?;
        if (&now.etag, now.bytes) != (&facts.etag, facts.bytes) {
            return Err(Trouble::Changed);
        }
        facts.address = now.address;
        Ok(())
    }

    /// Whether the disk still has room for what is not set aside.
    fn room(&self, part: &Part, facts: &Facts) -> Result<(), Trouble> {
        let needed = facts.bytes.saturating_sub(part.taken());
        match space::free(&self.repository.blob("")) {
            Some(free) if needed > 0 && free < needed => Err(Trouble::Short(needed - free)),
            _ => Ok(()),
        }
    }

    async fn persist<T, F>(&self, step: impl Fn() -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        persist(&self.progress, &self.tuning, step).await
    }

    async fn rest(&self, after: Option<Duration>, failures: u32, error: AppError) {
        rest(&self.progress, &self.tuning, after, failures, error).await;
    }
}

/// Tries until it is no trouble that passes.
pub async fn persist<T, F>(
    progress: &Progress,
    tuning: &Tuning,
    step: impl Fn() -> F,
) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let mut failures = 0;
    loop {
        match step().await {
            Err(Trouble::Again { after, error }) => {
                failures += 1;
                rest(progress, tuning, after, failures, error).await;
            }
            ended => return ended,
        }
    }
}

/// Rests after `failures` in a row, and says why.
pub async fn rest(
    progress: &Progress,
    tuning: &Tuning,
    after: Option<Duration>,
    failures: u32,
    error: AppError,
) {
    let until = Instant::now() + back_off(failures, tuning).max(after.unwrap_or_default());
    progress.stage(Stage::Resting { until, error });
    tokio::time::sleep_until(until).await;
    progress.stage(Stage::Asking);
}

/// What is missing of one range.
async fn range(
    remote: &Remote,
    address: &Address,
    part: &Part,
    at: usize,
    total: u64,
    content: &OnceLock<String>,
) -> Result<(), Trouble> {
    let (mut from, to) = part.rest(at);
    let mut answer = remote.range(address, from, to, total).await?;
    // Each range has to be of the same content as the others, as far as the storage says.
    if let Some(etag) = answer.etag.take()
        && *content.get_or_init(|| etag.clone()) != etag
    {
        return Err(Trouble::Changed);
    }
    while from < to {
        let Some(bytes) = answer.next().await? else {
            return Err(Trouble::Again {
                after: None,
                error: failure::download_stalled(),
            });
        };
        remote.limit().take(bytes.len() as u64).await;
        part.append(at, &bytes)?;
        from += bytes.len() as u64;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(work).await.map_err(gone)
}

/// A task ended without its result.
fn gone(error: tokio::task::JoinError) -> Trouble {
    Trouble::Over(failure::internal().detail(error))
}
