//! Which addresses are reached over which proxy.

use super::environment::Environment;
use super::secrets::Secret;
use protocol::{AppError, Holds, NetworkSettings, failure};
use reqwest::Url;
use std::net::IpAddr;

/// What reqwest speaks.
const SCHEMES: &[&str] = &["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
/// What stands in the place of a password.
const DOTS: &str = "••••";

/// The proxies, and what is reached without.
#[derive(Clone, Default)]
pub(super) struct Proxies {
    /// For addresses that begin with `http:`.
    http: Option<Proxy>,
    /// For addresses that begin with `https:`.
    https: Option<Proxy>,
    exempt: Vec<Exempt>,
    trouble: Option<AppError>,
}

#[derive(Clone)]
struct Proxy {
    address: Url,
    variable: Option<String>,
}

/// Hosts that need no proxy.
#[derive(Clone, Debug, PartialEq)]
enum Exempt {
    All,
    /// A network: its address and the bits of it that count.
    Net(IpAddr, u8),
    /// A host with all below it, and perhaps only one port of it.
    Host(String, Option<u16>),
}

impl Proxies {
    /// The person's proxy for everything, else those of the environment. `NO_PROXY` holds for both.
    pub(super) fn of(setting: Option<String>, environment: &Environment) -> Proxies {
        let mut proxies = Proxies {
            exempt: environment
                .first(&["no_proxy", "NO_PROXY"])
                .map(|(list, _)| list.split(',').filter_map(Exempt::parse).collect())
                .unwrap_or_default(),
            ..Proxies::default()
        };
        let mut read = |text: &str, variable: Option<&str>| match address(text) {
            Ok(address) => Some(Proxy {
                address,
                variable: variable.map(str::to_owned),
            }),
            Err(trouble) => {
                proxies.trouble = Some(trouble);
                None
            }
        };
        if let Some(text) = setting {
            let own = read(&text, None);
            (proxies.http, proxies.https) = (own.clone(), own);
            return proxies;
        }
        let mut of = |names: &[&str]| {
            let (text, name) = environment.first(names)?;
            read(text, Some(name))
        };
        let http = of(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]);
        let https = of(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]);
        (proxies.http, proxies.https) = (http, https);
        proxies
    }

    /// `proxy-invalid`, where an address is none.
    pub(super) fn trouble(&self) -> Option<&AppError> {
        self.trouble.as_ref()
    }

    /// The proxy for a request to `address`.
    pub(super) fn of_address(&self, address: &Url) -> Option<&Url> {
        self.chosen(address).map(|proxy| &proxy.address)
    }

    /// All proxies' addresses.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &Url> {
        let proxies = [&self.http, &self.https].into_iter().flatten();
        proxies.map(|proxy| &proxy.address)
    }

    /// For people: the proxy for a request to `address`.
    pub(super) fn shown(&self, address: &Url) -> Option<Holds> {
        let proxy = self.chosen(address)?;
        Some(Holds {
            value: shown(&proxy.address),
            variable: proxy.variable.clone(),
        })
    }

    /// Whether the person's proxy has a user without a password.
    pub(super) fn asks_password(&self) -> bool {
        let own = self.https.as_ref().filter(|p| p.variable.is_none());
        own.is_some_and(|p| !p.address.username().is_empty() && p.address.password().is_none())
    }

    /// The same with the password that is kept for the person's proxy.
    pub(super) fn with_password(mut self, password: Option<&Secret>) -> Proxies {
        if let (true, Some(password)) = (self.asks_password(), password) {
            for proxy in [&mut self.http, &mut self.https].into_iter().flatten() {
                // Percent-encodes it; an address with a host takes it.
                let _ = proxy.address.set_password(Some(password.reveal()));
            }
        }
        self
    }

    fn chosen(&self, address: &Url) -> Option<&Proxy> {
        let proxy = match address.scheme() {
            "http" => self.http.as_ref(),
            _ => self.https.as_ref(),
        };
        proxy.filter(|_| !self.exempt.iter().any(|exempt| exempt.has(address)))
    }
}

impl Exempt {
    /// An entry of `NO_PROXY`, as curl and Python read it.
    fn parse(entry: &str) -> Option<Exempt> {
        let entry = entry.trim().to_lowercase();
        if entry.is_empty() {
            return None;
        }
        if entry == "*" {
            return Some(Exempt::All);
        }
        let (net, bits) = match entry.split_once('/') {
            Some((net, bits)) => (net, Some(bits.parse::<u8>().ok()?)),
            None => (entry.as_str(), None),
        };
        if let Ok(ip) = net.trim_matches(['[', ']']).parse::<IpAddr>() {
            let all = if ip.is_ipv4() { 32 } else { 128 };
            return Some(Exempt::Net(ip, bits.unwrap_or(all).min(all)));
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port.parse().ok()?)),
            None => (entry, None),
        };
        let host = host.trim_start_matches("*.").trim_matches('.').to_owned();
        let host = host.trim_matches(['[', ']']).to_owned();
        (!host.is_empty()).then_some(Exempt::Host(host, port))
    }

    fn has(&self, address: &Url) -> bool {
        let Some(host) = address.host_str() else {
            return false;
        };
        let host = host.trim_matches(['[', ']']).trim_end_matches('.');
        match self {
            Exempt::All => true,
            Exempt::Net(net, bits) => host.parse().is_ok_and(|ip: IpAddr| match (net, ip) {
                (IpAddr::V4(a), IpAddr::V4(b)) => same(
                    a.to_bits().into(),
                    b.to_bits().into(),
                    32 - u32::from(*bits),
                ),
                (IpAddr::V6(a), IpAddr::V6(b)) => {
                    same(a.to_bits(), b.to_bits(), 128 - u32::from(*bits))
                }
                _ => false,
            }),
            Exempt::Host(name, port) => {
                let below = host.strip_suffix(name.as_str());
                let matches = below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                matches && port.is_none_or(|port| address.port_or_known_default() == Some(port))
            }
        }
    }
}

/// Whether two addresses are the same but for their last bits.
fn same(a: u128, b: u128, but: u32) -> bool {
    (a ^ b).checked_shr(but).unwrap_or(0) == 0
}

/// Reads a proxy's address; without a scheme it is http, as for curl. Errors: `proxy-invalid`.
fn address(text: &str) -> Result<Url, AppError> {
    let whole = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    // Neither the text nor what is said of it: there may be a password in it.
    let invalid = || {
        let (_, rest) = whole.rsplit_once('@').unwrap_or(("", text));
        failure::proxy_invalid(rest)
    };
    let url = Url::parse(&whole).map_err(|_| invalid())?;
    let known = SCHEMES.contains(&url.scheme());
    match known && url.host_str().is_some_and(|host| !host.is_empty()) {
        true => Ok(url),
        false => Err(invalid()),
    }
}

/// A proxy's address for people: no password, no slash at the end.
pub(super) fn shown(address: &Url) -> String {
    let mut shown = address.clone();
    // The dots are put in afterwards: an address would percent-encode them.
    let password = address.password().is_some();
    let _ = shown.set_password(None);
    let text = shown.as_str().trim_end_matches('/');
    match (password, text.split_once('@')) {
        (true, Some((before, after))) => format!("{before}:{DOTS}@{after}"),
        (true, None) => text.replacen("://", &format!("://:{DOTS}@"), 1),
        (false, _) => text.to_owned(),
    }
}

/// Takes the password out of the proxy's address of the settings.
pub(super) fn take_password(settings: &mut NetworkSettings) -> Option<String> {
    let text = settings.proxy.as_ref()?;
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (user, host) = rest.rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    let decoded = decoded(password);
    let begin = match scheme {
        "" => String::new(),
        scheme => format!("{scheme}://"),
    };
    settings.proxy = Some(format!("{begin}{name}@{host}"));
    Some(decoded)
}

/// What a percent-encoded text means.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}
