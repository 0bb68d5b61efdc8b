//! What holds of settings and environment: the person's setting wins for Parley alone, but an
//! environment that is offline always holds.

use super::certificates;
use super::environment::Environment;
use super::proxies::Proxies;
use protocol::{AppError, Holds, NetworkSettings, failure};
use reqwest::{Certificate, Url};
use std::path::PathBuf;

/// The hub itself.
const HUB: &str = "https://huggingface.co";

/// What holds.
pub(super) struct Holding {
    /// Whether nothing goes out, and who says so.
    pub offline: Option<Holds>,
    /// The hub's address.
    pub endpoint: Result<Url, AppError>,
    /// The same as it was written.
    pub endpoint_shown: Holds,
    /// Which addresses are reached over which proxy.
    pub proxies: Proxies,
    certificates: Option<(PathBuf, Option<String>)>,
}

impl Holding {
    pub(super) fn of(settings: &NetworkSettings, environment: &Environment) -> Holding {
        let set = |setting: &Option<String>| {
            let text = setting.as_deref().map(str::trim).unwrap_or_default();
            (!text.is_empty()).then(|| (text.to_owned(), None))
        };
        let named = |names: &[&str]| {
            let (value, name) = environment.first(names)?;
            Some((value.to_owned(), Some(name.to_owned())))
        };
        let offline = environment.on(&["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]);
        let (address, variable) = set(&settings.endpoint)
            .or_else(|| named(&["HF_ENDPOINT"]))
            .unwrap_or_else(|| (HUB.to_owned(), None));
        let certificates = set(&settings.certificates)
            .or_else(|| named(&["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]));
        let endpoint = endpoint(&address);
        Holding {
            offline: match offline {
                Some((value, name)) => Some(Holds {
                    value: value.to_owned(),
                    variable: Some(name.to_owned()),
                }),
                None => settings.offline.then(|| Holds {
                    value: "1".to_owned(),
                    variable: None,
                }),
            },
            endpoint_shown: Holds {
                value: match &endpoint {
                    Ok(endpoint) => endpoint.as_str().trim_end_matches('/').to_owned(),
                    Err(_) => without_user(&address),
                },
                variable,
            },
            endpoint,
            proxies: Proxies::of(set(&settings.proxy).map(|(text, _)| text), environment),
            certificates: certificates.map(|(path, from)| (PathBuf::from(path), from)),
        }
    }

    /// Errors: `offline`, and what is wrong with the settings.
    pub(super) fn may_go_out(&self) -> Result<(), AppError> {
        if self.offline.is_some() {
            return Err(failure::offline());
        }
        self.trouble().map_or(Ok(()), Err)
    }

    /// A setting that cannot be used.
    pub(super) fn trouble(&self) -> Option<AppError> {
        let endpoint = self.endpoint.as_ref().err();
        endpoint.or(self.proxies.trouble()).cloned()
    }

    /// Certificates besides the system's own. Errors: `certificate-file`.
    pub(super) fn roots(&self) -> Result<Vec<Certificate>, AppError> {
        match &self.certificates {
            Some((path, _)) => certificates::read(path),
            None => Ok(Vec::new()),
        }
    }

    /// Whether the proxy that the person set has a user without a password.
    pub(super) fn asks_password(&self) -> bool {
        self.proxies.asks_password()
    }

    pub(super) fn proxy_shown(&self) -> Option<Holds> {
        self.proxies.shown(self.endpoint.as_ref().ok()?)
    }

    pub(super) fn certificates_shown(&self) -> Option<Holds> {
        let (path, variable) = self.certificates.as_ref()?;
        Some(Holds {
            value: path.display().to_string(),
            variable: variable.clone(),
        })
    }
}

/// Reads an endpoint: an address of the web, perhaps with a path; without a scheme it is https.
/// Errors: `endpoint-invalid`.
fn endpoint(text: &str) -> Result<Url, AppError> {
    let invalid = || failure::endpoint_invalid(without_user(text));
    let whole = match text.contains("://") {
        true => text.to_owned(),
        false => format!("https://{text}"),
    };
    let url = Url::parse(whole.trim_end_matches('/')).map_err(|e| invalid().detail(e))?;
    let plain = url.username().is_empty() && url.password().is_none();
    let address = url.host_str().is_some() && url.query().is_none() && url.fragment().is_none();
    match matches!(url.scheme(), "http" | "https") && plain && address {
        true => Ok(url),
        false => Err(invalid()),
    }
}

/// An address without who it is asked as: that may be a secret.
fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}
