//! What a repository has now of the files that make one model.

use super::remote::{Listed, Remote};
use super::trouble::Trouble;
use super::{Tuning, choice};
use crate::network::Network;
use protocol::{AppError, failure};

/// The files of one model at the newest commit of a branch.
#[derive(Debug)]
pub struct Newest {
    pub commit: String,
    /// None where the commit is the one that is known already.
    pub files: Option<Vec<Listed>>,
}

/// Asks the hub once, without a second try: somebody waits for the answer. Errors: `offline`,
/// `hub-unknown`, `hub-gated`, `hub-file-missing`, and those of any request.
pub async fn newest(
    network: &Network,
    repository: &str,
    branch: &str,
    wanted: &[String],
    known: &str,
) -> Result<Newest, AppError> {
    let told = |trouble| error(trouble, repository);
    let remote = Remote::new(network, repository, &Tuning::default()).await?;
    let commit = remote.commit(branch).await.map_err(told)?;
    if commit == known {
        let files = None;
        return Ok(Newest { commit, files });
    }
    let listed = remote.files(&commit).await.map_err(told)?;
    let mut files = choice::choose(repository, wanted, &listed)?;
    for file in files.iter_mut().filter(|file| file.etag.is_none()) {
        let facts = remote.facts(&commit, &file.path).await.map_err(told)?;
        (file.etag, file.bytes) = (Some(facts.etag), facts.bytes);
    }
    let files = Some(files);
    Ok(Newest { commit, files })
}

fn error(trouble: Trouble, repository: &str) -> AppError {
    match trouble {
        Trouble::Again { error, .. } | Trouble::Expired(error) | Trouble::Over(error) => error,
        Trouble::Changed => failure::download_changed(repository),
        other => failure::internal().detail(format!("{other:?}")),
    }
}
