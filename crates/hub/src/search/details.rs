//! Asking the hub what a repository holds.

use super::listing::{Said, next, shown};
use super::models::{Entry, models};
use super::{card, is_repository};
use crate::network::{Network, Question};
use protocol::{AppError, HubDetails, RepositoryRef, failure};
use serde_json::Value;

/// Longest answer about a repository, and longest page of its files.
const LIMIT: usize = 16 << 20;
/// Most files of a repository that are looked at.
const MOST_FILES: usize = 10_000;
/// Longest name of a revision.
const LONGEST_REVISION: usize = 200;

impl Network {
    /// What a repository holds that Parley can run, and its card. Errors: `hub-unknown`,
    /// `hub-gated`, `hub-answer`, and those of any request.
    pub async fn details(&self, wanted: &RepositoryRef) -> Result<HubDetails, AppError> {
        let name = wanted.repository.as_str();
        let revision = wanted.revision.as_deref().unwrap_or("main");
        if !is_repository(name) || revision.is_empty() || revision.len() > LONGEST_REVISION {
            return Err(failure::hub_unknown(name));
        }
        let question = |path: &[&str], limit| -> Result<Question, AppError> {
            Ok(Question {
                address: self.at(path)?,
                repository: Some(name),
                limit,
                start: false,
            })
        };
        let parts: Vec<&str> = name.split('/').collect();
        let about = [&["api", "models"], &parts[..], &["revision", revision]].concat();
        let (said, _): (Said, _) = self.ask_json(question(&about, LIMIT)?, "model").await?;
        let commit = said.sha.as_str().filter(|sha| is_commit(sha));
        let commit = commit.ok_or_else(|| failure::hub_answer("sha"))?;
        let repository = shown(&said, Some(name)).ok_or_else(|| failure::hub_answer("id"))?;

        let tree = [&["api", "models"], &parts[..], &["tree", commit]].concat();
        let entries = self.entries(question(&tree, LIMIT)?).await?;
        let readme = [&parts[..], &["resolve", commit, "README.md"]].concat();
        let has_card = entries.iter().any(|entry| entry.path == "README.md");
        let readme = question(&readme, card::LIMIT)?;
        let mut files = models(&entries, kind(&said.safetensors));
        let card = async {
            match has_card {
                // A card that may not be read is no reason to show nothing.
                true => self.ask(readme).await.ok(),
                false => None,
            }
        };
        let (card, ()) = tokio::join!(card, self.add_layers(name, commit, &mut files));
        Ok(HubDetails {
            repository,
            revision: commit.to_owned(),
            files,
            card: card.and_then(|reply| card::card(&reply.body)),
        })
    }

    async fn entries(&self, question: Question<'_>) -> Result<Vec<Entry>, AppError> {
        let Question {
            mut address,
            repository,
            limit,
            start,
        } = question;
        address.set_query(Some("recursive=true"));
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let question = Question {
                address: address.clone(),
                repository,
                limit,
                start,
            };
            let (page, headers): (Vec<Entry>, _) = self.ask_json(question, "tree").await?;
            let empty = page.is_empty();
            entries.extend(page.into_iter().take(MOST_FILES - entries.len()));
            match next(&address, &headers) {
                Some(query) if !empty && entries.len() < MOST_FILES => {
                    address.set_query(Some(&query));
                }
                _ => return Ok(entries),
            }
        }
    }
}

/// The kind that most weights of the safetensors have.
fn kind(safetensors: &Value) -> Option<String> {
    let kinds = safetensors.get("parameters")?.as_object()?;
    let counted = kinds
        .iter()
        .filter_map(|(kind, count)| Some((count.as_u64()?, kind)));
    let (_, kind) = counted.max()?;
    let plain = kind.len() <= 16 && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then(|| kind.clone())
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
