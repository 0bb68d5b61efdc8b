//! The way to the hub, and its live search: only what the person asks for goes out.

use crate::App;
use hub::network::{SecretKind, take_password};
use protocol::*;

impl App {
    /// How the hub is reached, without any secret.
    pub async fn network(&self, _: Nothing) -> Result<Network, AppError> {
        Ok(self.core.network.shown().await)
    }

    /// Sets how the hub is reached; a password in the proxy's address goes to the keyring.
    /// Errors: `disk-full`, `file-not-written`.
    pub async fn network_change(&self, request: NetworkSettings) -> Result<Network, AppError> {
        let mut network = request;
        if let Some(password) = take_password(&mut network) {
            let secret = Some(password);
            self.core
                .network
                .keep(SecretKind::ProxyPassword, secret)
                .await?;
        }
        self.with(move |core, state| {
            core.network.set(network.clone());
            state.change_settings(Settings {
                network,
                ..state.settings.clone()
            })
        })
        .await?;
        Ok(self.core.network.shown().await)
    }

    /// Keeps the hub's token, or removes it. Errors: `token-invalid`, `file-not-written`.
    pub async fn token_set(&self, request: SecretSet) -> Result<Network, AppError> {
        self.core
            .network
            .keep(SecretKind::Token, request.secret)
            .await?;
        Ok(self.core.network.shown().await)
    }

    /// Keeps the proxy's password, or removes it. Errors: `file-not-written`.
    pub async fn proxy_password_set(&self, request: SecretSet) -> Result<Network, AppError> {
        let kept = self
            .core
            .network
            .keep(SecretKind::ProxyPassword, request.secret);
        kept.await?;
        Ok(self.core.network.shown().await)
    }

    /// Asks the hub whose the token is. Errors: those of a request.
    pub async fn token_check(&self, _: Nothing) -> Result<TokenChecked, AppError> {
        self.core.network.check_token().await
    }

    /// Searches the hub. Errors: those of a request.
    pub async fn hub_search(&self, request: HubSearch) -> Result<HubFound, AppError> {
        self.core.network.search(&request).await
    }

    /// What the hub says of one repository. Errors: those of a request.
    pub async fn hub_details(&self, request: RepositoryRef) -> Result<HubDetails, AppError> {
        let mut details = self.core.network.details(&request).await?;
        let room = self.room(true).await?;
        for file in &mut details.files {
            file.fit = Some(hub::fit_hub(file, &details.repository, &room));
        }
        Ok(details)
    }
}
