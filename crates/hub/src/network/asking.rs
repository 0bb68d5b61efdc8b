//! Short answers of the hub: bounded in bytes, redirects and time.

use super::{Following, Network, answered};
use protocol::{AppError, TokenChecked, failure};
use reqwest::header::{HeaderMap, RANGE};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long an answer may take, whole.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked for.
pub(crate) struct Question<'a> {
    pub address: Url,
    /// The repository that it is about, where it is about one.
    pub repository: Option<&'a str>,
    /// Most bytes that are read of the answer.
    pub limit: usize,
    /// Whether only the beginning is wanted, as long as the limit.
    pub start: bool,
}

/// An answer of success.
pub(crate) struct Reply {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Whether it was longer than the limit.
    pub cut: bool,
}

impl Network {
    /// Asks the hub, or where it redirects, with the token where it belongs. Errors: those of
    /// [`Network::client`], of [`super::unreached`] and of [`answered`], `redirect-refused`.
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Reply, AppError> {
        let client = self.client().await?;
        let host = question.address.host_str().unwrap_or_default().to_owned();
        let reply = self.reply(&client, question);
        let reply = tokio::time::timeout(PATIENCE, reply).await;
        reply.unwrap_or_else(|_| {
            Err(failure::hub_unreachable(host).detail("the answer took too long"))
        })
    }

    /// The answer as JSON. Errors: as [`Network::ask`], and `hub-answer` with `what` was asked for.
    pub(crate) async fn ask_json<T: DeserializeOwned>(
        &self,
        question: Question<'_>,
        what: &str,
    ) -> Result<(T, HeaderMap), AppError> {
        let reply = self.ask(question).await?;
        if reply.cut {
            return Err(failure::hub_answer(what).detail("it is too long"));
        }
        // What serde says would quote the answer.
        let read = serde_json::from_slice(&reply.body);
        let read =
            read.map_err(|e| failure::hub_answer(what).detail(format!("{:?}", e.classify())))?;
        Ok((read, reply.headers))
    }

    /// Asks the hub whose the token is. Errors: `token-refused` (also where there is none), and
    /// those of any request.
    pub async fn check_token(&self) -> Result<TokenChecked, AppError> {
        #[derive(Deserialize)]
        struct Me {
            name: String,
            auth: Option<Auth>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Auth {
            access_token: Option<Access>,
        }
        #[derive(Deserialize)]
        struct Access {
            role: Option<String>,
        }
        let question = Question {
            address: self.at(&["api", "whoami-v2"])?,
            repository: None,
            limit: 1 << 20,
            start: false,
        };
        let (me, _): (Me, _) = self.ask_json(question, "whoami-v2").await?;
        let role = me.auth.and_then(|auth| auth.access_token?.role);
        Ok(TokenChecked {
            account: formats::one_line(&me.name),
            role: role.map(|role| formats::one_line(&role)),
        })
    }

    /// An address at the hub. Errors: `endpoint-invalid`.
    pub(crate) fn at(&self, path: &[&str]) -> Result<Url, AppError> {
        let mut address = self.endpoint()?;
        if let Ok(mut segments) = address.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        Ok(address)
    }

    /// The page where people see a repository, and accept its terms.
    pub fn page(&self, repository: &str) -> String {
        let parts: Vec<&str> = repository.split('/').collect();
        self.at(&parts)
            .map_or_else(|_| repository.to_owned(), String::from)
    }

    async fn reply(&self, client: &Client, question: Question<'_>) -> Result<Reply, AppError> {
        let mut following = Following::from(question.address);
        loop {
            let mut request = client.get(following.address.clone());
            if question.start {
                request = request.header(RANGE, format!("bytes=0-{}", question.limit - 1));
            }
            let (response, known) = self.send(request, &following.address).await?;
            if following.redirect(self, &response)? {
                continue;
            }
            let page = question.repository.map(|name| (name, self.page(name)));
            let about = page.as_ref().map(|(name, page)| (*name, page.as_str()));
            answered(response.status(), response.headers(), about, known)?;
            return self
                .read(response, &following.address, question.limit)
                .await;
        }
    }

    async fn read(
        &self,
        mut response: Response,
        address: &Url,
        limit: usize,
    ) -> Result<Reply, AppError> {
        let mut reply = Reply {
            headers: response.headers().clone(),
            body: Vec::new(),
            cut: false,
        };
        while !reply.cut {
            let chunk = response.chunk().await;
            let Some(chunk) = chunk.map_err(|e| self.unreached(e, address))? else {
                break;
            };
            let room = limit - reply.body.len();
            reply.cut = chunk.len() > room;
            reply
                .body
                .extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok(reply)
    }
}
