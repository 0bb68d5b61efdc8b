//! Asking the hub which repositories it has.

use super::{is_repository, text};
use crate::catalogue::of_repository;
use crate::network::{Network, Question};
use protocol::{AppError, HubFormat, HubFound, HubRepository, HubSearch, HubSort, failure};
use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};
use serde::Deserialize;
use serde_json::Value;

/// Repositories of one page of the hub's.
const PAGE: usize = 40;
/// Pages that are asked for until one has something that Parley runs.
const PAGES: usize = 3;
/// Longest page.
const LIMIT: usize = 4 << 20;
/// Tags of a repository that are looked at.
const TAGS: usize = 500;
/// Longest text that is searched for, and longest mark of the next page.
const LONGEST: usize = 2000;
/// ISO 639-1: which tags of two letters are languages.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu multilingual";
/// What is asked of each repository.
const FACTS: &[&str] = &[
    "downloads",
    "gated",
    "gguf",
    "lastModified",
    "likes",
    "safetensors",
    "tags",
];

/// A repository in the hub's words. What is missing or of another form counts as not said.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Said {
    pub id: Value,
    pub sha: Value,
    pub tags: Value,
    pub gated: Value,
    pub downloads: Value,
    pub likes: Value,
    pub last_modified: Value,
    pub safetensors: Value,
    pub gguf: Value,
}

impl Network {
    /// Searches the hub. Errors: those of any request, `hub-answer`.
    pub async fn search(&self, search: &HubSearch) -> Result<HubFound, AppError> {
        let mut address = self.first_page(search)?;
        let mut found = HubFound::default();
        for _ in 0..PAGES {
            let question = Question {
                address: address.clone(),
                repository: None,
                limit: LIMIT,
                start: false,
            };
            let (page, headers): (Vec<Said>, _) = self.ask_json(question, "models").await?;
            let repositories = page.iter().take(PAGE).filter_map(|said| shown(said, None));
            found.repositories.extend(repositories.filter(|it| {
                search.format.map_or(!it.formats.is_empty(), |format| {
                    it.formats.contains(&format)
                })
            }));
            found.next = next(&address, &headers);
            match &found.next {
                Some(query) if found.repositories.is_empty() => address.set_query(Some(query)),
                _ => break,
            }
        }
        Ok(found)
    }

    fn first_page(&self, search: &HubSearch) -> Result<Url, AppError> {
        let mut address = self.at(&["api", "models"])?;
        if let Some(query) = &search.after {
            if query.len() > LONGEST {
                return Err(failure::hub_answer("models"));
            }
            address.set_query(Some(query));
            return Ok(address);
        }
        let words: String = search.text.trim().chars().take(LONGEST).collect();
        {
            let mut query = address.query_pairs_mut();
            match words.split_once('/') {
                Some((author, name)) => {
                    query.append_pair("author", author.trim());
                    if !name.trim().is_empty() {
                        query.append_pair("search", name.trim());
                    }
                }
                None if words.is_empty() => {}
                None => {
                    query.append_pair("search", &words);
                }
            }
            match search.format {
                Some(HubFormat::Gguf) => query.append_pair("filter", "gguf"),
                Some(HubFormat::Safetensors) => query.append_pair("filter", "safetensors"),
                // The hub knows no "or"; what people talk with is most of what Parley runs.
                None => query.append_pair("pipeline_tag", "text-generation"),
            };
            if let Some(language) = &search.language {
                // The hub's tags know no regions.
                let language = language.split('-').next().unwrap_or_default();
                query.append_pair("filter", &language.to_lowercase());
            }
            if let Some(licence) = &search.licence {
                query.append_pair("filter", &format!("license:{licence}"));
            }
            query.append_pair(
                "sort",
                match search.sort {
                    HubSort::Downloads => "downloads",
                    HubSort::Likes => "likes",
                    HubSort::Changed => "lastModified",
                },
            );
            query.append_pair("direction", "-1");
            query.append_pair("limit", &PAGE.to_string());
            for fact in FACTS {
                query.append_pair("expand", fact);
            }
        }
        Ok(address)
    }
}

/// What asks for the next page: the query of the address in `Link: <…>; rel="next"`. Only that,
/// since it is asked of the endpoint, whatever host the link names.
pub(super) fn next(address: &Url, headers: &HeaderMap) -> Option<String> {
    let links = headers.get(LINK)?.to_str().ok()?;
    let next = links.split(',').find_map(|link| {
        let (link, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then_some(link)
    })?;
    let next = address.join(next).ok()?;
    let query = next.query()?.to_owned();
    let goes_on = query.len() <= LONGEST && Some(query.as_str()) != address.query();
    goes_on.then_some(query)
}

/// A repository as it is shown; None where it has no name that one could be asked for by.
pub(super) fn shown(said: &Said, name: Option<&str>) -> Option<HubRepository> {
    let repository = said
        .id
        .as_str()
        .or(name)
        .filter(|name| is_repository(name))?;
    let tags: Vec<&str> = said.tags.as_array().map_or(Vec::new(), |tags| {
        tags.iter().take(TAGS).filter_map(Value::as_str).collect()
    });
    let after = |prefix: &str| tags.iter().find_map(|tag| tag.strip_prefix(prefix));
    let has = |tag: &str| tags.contains(&tag);
    let formats = [
        (HubFormat::Gguf, "gguf"),
        (HubFormat::Safetensors, "safetensors"),
    ];
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_u64);
    // `base_model:owner/name`, and the same with the relation between.
    let mut parents = tags.iter().filter_map(|tag| {
        let rest = tag.strip_prefix("base_model:")?;
        let name = rest.rsplit(':').next()?;
        (is_repository(name) && name.contains('/')).then_some((rest != name, name))
    });
    let same = tags
        .iter()
        .find_map(|tag| tag.strip_prefix("base_model:quantized:"));
    let catalogue = of_repository(repository).or_else(|| of_repository(same?));
    Some(HubRepository {
        repository: repository.to_owned(),
        catalogue,
        formats: formats
            .into_iter()
            .filter(|(_, tag)| has(tag))
            .map(|(format, _)| format)
            .collect(),
        licence: after("license:").and_then(text),
        languages: tags
            .iter()
            .filter(|tag| LANGUAGES.split(' ').any(|known| known == **tag))
            .map(|tag| (*tag).to_owned())
            .collect(),
        parameters: number(&said.safetensors, "total").or(number(&said.gguf, "total")),
        parent: parents
            .find(|(related, _)| !related)
            .map(|(_, name)| name.to_owned()),
        gated: !matches!(said.gated, Value::Null | Value::Bool(false)),
        downloads: said.downloads.as_u64().unwrap_or(0),
        likes: said.likes.as_u64().unwrap_or(0),
        changed: said.last_modified.as_str().and_then(day),
    })
}

/// The day of a time such as `2024-11-22T10:20:30.000Z`.
fn day(time: &str) -> Option<String> {
    let day = time.get(..10)?;
    let form = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    form.then(|| day.to_owned())
}
