//! How Parley reaches the hub: the one way out of the machine.
//!
//! Nothing goes out but what is asked through [`Network::client`]. The token is for the
//! endpoint's own origin: [`Network::authorization`] gives it for no other address, and no
//! client follows a redirect by itself.

mod asking;
mod certificates;
mod connection;
mod environment;
mod failures;
mod following;
mod holding;
mod keyring;
mod names;
mod proxies;
mod secrets;
mod throttle;

pub(crate) use asking::Question;
pub use environment::Environment;
pub use failures::{answered, unreached};
pub(crate) use following::Following;
pub use keyring::Keyring;
pub use throttle::Throttle;

use crate::places::Places;
use holding::Holding;
use protocol::{AppError, Holds, NetworkSettings, TokenPlace};
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrets::{Secret, Secrets};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How Parley reaches the hub. A cheap clone.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    environment: Environment,
    secrets: Secrets,
    throttle: Throttle,
    state: Mutex<State>,
}

struct State {
    settings: NetworkSettings,
    holding: Arc<Holding>,
    /// With the proxy's password that it was made with.
    client: Option<(Option<Secret>, reqwest::Client)>,
}

/// Which of Parley's secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// The hub's token.
    Token,
    /// The password of the proxy that the person set.
    ProxyPassword,
}

impl Network {
    /// The network as `settings` and this process's environment say, with the system's keyring.
    pub fn new(places: &Places, settings: NetworkSettings) -> Network {
        let (environment, keyring) = (Environment::of_process(), Keyring::system(places));
        Network::with(places, settings, environment, keyring)
    }

    /// The network in another environment, or with another keyring.
    pub fn with(
        places: &Places,
        settings: NetworkSettings,
        environment: Environment,
        keyring: Keyring,
    ) -> Network {
        let throttle = Throttle::default();
        throttle.set(settings.bytes_per_second);
        let holding = Arc::new(Holding::of(&settings, &environment));
        Network {
            shared: Arc::new(Shared {
                secrets: Secrets::new(places.config(), keyring),
                environment,
                throttle,
                state: Mutex::new(State {
                    settings,
                    holding,
                    client: None,
                }),
            }),
        }
    }

    /// Takes other settings, from the next request on.
    pub fn set(&self, settings: NetworkSettings) {
        self.shared.throttle.set(settings.bytes_per_second);
        let mut state = self.state();
        state.holding = Arc::new(Holding::of(&settings, &self.shared.environment));
        state.settings = settings;
        state.client = None;
    }

    /// What holds, for people: without any secret. Asks the keyring, a few seconds at most.
    pub async fn shown(&self) -> protocol::Network {
        let holding = self.holding();
        let mut settings = self.state().settings.clone();
        proxies::take_password(&mut settings);
        let (token, place) = tokio::join!(self.token_held(), self.shared.secrets.place());
        protocol::Network {
            settings,
            offline: holding.offline.clone(),
            endpoint: holding.endpoint_shown.clone(),
            proxy: holding.proxy_shown(),
            certificates: holding.certificates_shown(),
            token: token.map(|(token, variable)| Holds {
                value: token.dots(),
                variable,
            }),
            token_place: place,
            trouble: holding.trouble().or_else(|| holding.roots().err()),
        }
    }

    /// A client for requests to the hub and to where it redirects. It follows no redirect: see
    /// [`Network::redirected`]. Errors: `offline`, and what is wrong with the settings:
    /// `endpoint-invalid`, `proxy-invalid`, `certificate-file`.
    pub async fn client(&self) -> Result<reqwest::Client, AppError> {
        let holding = self.holding();
        holding.may_go_out()?;
        let password = match holding.asks_password() {
            true => self.shared.secrets.get(SecretKind::ProxyPassword).await,
            false => None,
        };
        if let Some((with, client)) = &self.state().client
            && *with == password
        {
            return Ok(client.clone());
        }
        // Off the async threads: it reads every certificate of the system.
        let made = {
            let (holding, password) = (holding.clone(), password.clone());
            tokio::task::spawn_blocking(move || {
                connection::client(&holding, password.as_ref(), Arc::new(names::system))
            })
        };
        let client = made
            .await
            .map_err(|e| protocol::failure::internal().detail(e))??;
        let mut state = self.state();
        if Arc::ptr_eq(&state.holding, &holding) {
            state.client = Some((password, client.clone()));
        }
        Ok(client)
    }

    /// The hub's address, without a slash at its end. Errors: `endpoint-invalid`.
    pub fn endpoint(&self) -> Result<Url, AppError> {
        self.holding().endpoint.clone()
    }

    /// The token that holds: what the person gave, else that of the environment.
    /// It belongs into no log and no error; for requests [`Network::authorization`] is the way.
    pub async fn token(&self) -> Option<String> {
        let (token, _) = self.token_held().await?;
        Some(token.reveal().to_owned())
    }

    /// What a request to `address` says of who asks: the token for the endpoint's own origin,
    /// nothing for any other.
    pub async fn authorization(&self, address: &Url) -> Option<HeaderValue> {
        let endpoint = self.endpoint().ok()?;
        if endpoint.origin() != address.origin() {
            return None;
        }
        let (token, _) = self.token_held().await?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Where a redirect leads. Errors: `redirect-refused`: it leads out of the web, from https to
    /// http, or from elsewhere to a service of this machine.
    pub fn redirected(&self, from: &Url, location: &str) -> Result<Url, AppError> {
        connection::redirected(from, location)
    }

    /// The limit that all downloads share.
    pub fn limit(&self) -> &Throttle {
        &self.shared.throttle
    }

    /// Keeps a secret, or removes it with None. Returns where it is kept. Errors: `token-invalid`
    /// (no token has such characters), `file-not-written`, `disk-full`.
    pub async fn keep(
        &self,
        kind: SecretKind,
        secret: Option<String>,
    ) -> Result<TokenPlace, AppError> {
        let secret = secret.map(|text| text.trim().to_owned());
        let secret = secret.filter(|text| !text.is_empty()).map(Secret::new);
        if kind == SecretKind::Token
            && secret
                .as_ref()
                .is_some_and(|s| !secrets::is_token(s.reveal()))
        {
            return Err(protocol::failure::token_invalid());
        }
        self.shared.secrets.set(kind, secret).await
    }

    /// The failure that a request to `address` without an answer is.
    pub fn unreached(&self, error: reqwest::Error, address: &Url) -> AppError {
        unreached(error, address, self.holding().proxies.of_address(address))
    }

    /// `proxy-refused`, with the proxy for requests to `address`.
    pub(crate) fn proxy_refused(&self, address: &Url) -> AppError {
        let shown = self.holding().proxies.shown(address);
        protocol::failure::proxy_refused(shown.map_or_else(String::new, |holds| holds.value))
    }

    /// The token, and the variable or file that it comes from.
    async fn token_held(&self) -> Option<(Secret, Option<String>)> {
        if let Some(own) = self.shared.secrets.get(SecretKind::Token).await {
            return Some((own, None));
        }
        let (token, from) = self.shared.environment.token()?;
        secrets::is_token(&token).then(|| (Secret::new(token), Some(from)))
    }

    fn holding(&self) -> Arc<Holding> {
        self.state().holding.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the password out of a proxy's address that a person wrote into the settings, to be kept
/// as a secret.
pub fn take_password(settings: &mut NetworkSettings) -> Option<String> {
    proxies::take_password(settings)
}
