//! How Parley reaches the hub: what the person set, and what holds.

use crate::AppError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the person set. The token is not here: it is in the system's keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct NetworkSettings {
    /// Nothing goes out, whatever is asked.
    pub offline: bool,
    /// The hub's or a mirror's address; None: `HF_ENDPOINT`, else the hub's own.
    pub endpoint: Option<String>,
    /// `http://`, `https://` or `socks5://` with host and port, a user name too; None: that of
    /// the environment. A password is not here: it is in the system's keyring.
    pub proxy: Option<String>,
    /// A file of certificates (PEM) that are trusted besides the system's own.
    pub certificates: Option<String>,
    /// Bytes a second that downloads together may take; None: all there is.
    #[ts(type = "number | null")]
    pub bytes_per_second: Option<u64>,
}

/// A setting as it holds, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Holds {
    /// The value, with a password as dots.
    pub value: String,
    /// The environment variable that says so, or the file that Python's login wrote; None: the
    /// settings, or Parley's own default.
    pub variable: Option<String>,
}

/// What holds for the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Network {
    /// What the person set.
    pub settings: NetworkSettings,
    /// Whether nothing may go out, and by which variable (`HF_HUB_OFFLINE`).
    pub offline: Option<Holds>,
    /// The hub's address.
    pub endpoint: Holds,
    /// The proxy; None: there is none.
    pub proxy: Option<Holds>,
    /// Certificates besides the system's own.
    pub certificates: Option<Holds>,
    /// The token, as dots and its last four characters; None: there is none.
    pub token: Option<Holds>,
    /// Where a token that the person gives is kept.
    pub token_place: TokenPlace,
    /// A setting that cannot be used as it is (a damaged certificate, an address that is none).
    pub trouble: Option<AppError>,
}

/// Where secrets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TokenPlace {
    /// The system's keyring.
    Keyring,
    /// A plain file for the person alone, because the system has no keyring that answers.
    File,
}

/// Gives a secret to be kept; None removes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SecretSet {
    /// The token, or the proxy's password.
    pub secret: Option<String>,
}

impl std::fmt::Debug for SecretSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretSet")
    }
}

/// What the hub says of the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TokenChecked {
    /// The name of its account.
    pub account: String,
    /// Such as `read` or `write`; None where the hub does not say.
    pub role: Option<String>,
}
