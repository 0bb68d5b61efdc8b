//! The client that everything outgoing goes through, and where a redirect may lead.

use super::holding::Holding;
use super::names::{Lookup, Names, is_here};
use super::secrets::Secret;
use protocol::{AppError, failure};
use reqwest::{Client, ClientBuilder, Proxy, Url, redirect::Policy};
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(15);
/// How long a connection may be silent while something is awaited.
const SILENCE: Duration = Duration::from_secs(60);

/// Makes the client, which finds hosts by `lookup`. Errors: `certificate-file`, `internal`.
pub(super) fn client(
    holding: &Holding,
    password: Option<&Secret>,
    lookup: Arc<Lookup>,
) -> Result<Client, AppError> {
    let roots = holding.roots()?;
    let proxies = holding.proxies.clone().with_password(password);
    let names = Arc::new(Names::new(holding, lookup));
    let builder = || -> ClientBuilder {
        let proxies = proxies.clone();
        Client::builder()
            .user_agent(concat!("Parley/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .tcp_nodelay(true)
            .dns_resolver(names.clone())
            // Each range of a download is to have a connection of its own.
            .http1_only()
            // The environment's proxies are judged here, and shown.
            .no_proxy()
            .proxy(Proxy::custom(move |address| {
                proxies.of_address(address).cloned()
            }))
    };
    let made = builder().tls_certs_merge(roots.clone()).build();
    // A system without any certificates can still reach a mirror over http.
    made.or_else(|_| builder().tls_certs_only(roots).build())
        .map_err(|e| failure::internal().detail(e))
}

/// Where a redirect from `from` leads. Errors: `redirect-refused`.
pub(super) fn redirected(from: &Url, location: &str) -> Result<Url, AppError> {
    let refused = || failure::redirect_refused(host(from));
    let to = from.join(location).map_err(|e| refused().detail(e))?;
    if !matches!(to.scheme(), "http" | "https") || to.host_str().is_none() {
        return Err(refused().detail("it leads out of the web"));
    }
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(refused().detail("it leads from https to http"));
    }
    if is_here(&to) && !is_here(from) {
        return Err(refused().detail("it leads to a service of this machine"));
    }
    Ok(to)
}

/// For people and logs: the host that an address names.
pub(super) fn host(address: &Url) -> String {
    address.host_str().unwrap_or_default().to_owned()
}
