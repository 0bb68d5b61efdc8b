//! Names of hosts, and the addresses that they may stand for: no name that others chose leads to
//! this machine, or to what only it can reach. A redirect's text alone does not tell.

use super::holding::Holding;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

/// What the resolver says of a name that leads here; [`super::unreached`] knows it by that.
pub(super) const LEADS_HERE: &str = "the name leads to a service of this machine";
/// Where a machine at Amazon asks who it is (their guide "Instance metadata"); by IPv4 it is a
/// link-local address, as at all others.
const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Looks a name up; blocks as long as the system does.
pub(super) type Lookup = dyn Fn(&str) -> Result<Vec<SocketAddr>> + Send + Sync;

/// The system's word for a name.
pub(super) fn system(name: &str) -> Result<Vec<SocketAddr>> {
    (name, 0).to_socket_addrs().map(Iterator::collect)
}

/// What looks names up for the client.
pub(super) struct Names {
    lookup: Arc<Lookup>,
    /// What the person named: the endpoint and the proxies may be anywhere.
    own: Vec<String>,
    /// Whether the hub itself is on this machine: then its files may be too.
    here: bool,
}

impl Names {
    pub(super) fn new(holding: &Holding, lookup: Arc<Lookup>) -> Names {
        let endpoint = holding.endpoint.as_ref().ok();
        let named = endpoint.into_iter().chain(holding.proxies.addresses());
        Names {
            lookup,
            own: named
                .filter_map(|url| Some(plain(url.host_str()?)))
                .collect(),
            here: endpoint.is_some_and(is_here),
        }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, name) = (self.lookup.clone(), plain(name.as_str()));
        let anywhere = self.here || self.own.contains(&name);
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || lookup(&name)).await??;
            let some = !found.is_empty();
            let may = |address: &SocketAddr| anywhere || !leads_here(address.ip());
            let good: Vec<SocketAddr> = found.into_iter().filter(may).collect();
            if some && good.is_empty() {
                return Err(Error::new(ErrorKind::PermissionDenied, LEADS_HERE).into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// Whether the text of an address names this machine, or what only it can reach.
pub(super) fn is_here(address: &Url) -> bool {
    let name = plain(address.host_str().unwrap_or_default());
    match name.parse() {
        Ok(ip) => leads_here(ip),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

fn leads_here(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local() || ip.octets()[0] == 0,
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified() || ip == METADATA
        }
    }
}

/// A host without what does not count in it.
fn plain(host: &str) -> String {
    let name = host.trim_matches(['[', ']']).trim_end_matches('.');
    name.to_ascii_lowercase()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;
    use crate::network::connection;
    use crate::network::environment::Environment;
    use crate::network::failures::unreached;
    use protocol::NetworkSettings;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A server on loopback that counts its visitors. Returns its port.
    fn server() -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, visits) = (
            listener.local_addr().unwrap().port(),
            Arc::new(AtomicUsize::new(0)),
        );
        let counted = visits.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 204 None\r\nConnection: close\r\n\r\n");
            }
        });
        (port, visits)
    }

    #[tokio::test]
    async fn a_name_that_stood_for_this_machine_was_asked() {
        let (port, visits) = server();
        let mut expected = 0;
        let mut check = async |settings: &NetworkSettings, host: &str, ips: &[&str], key| {
            let holding = Holding::of(settings, &Environment::of(&[]));
            let ips: Vec<IpAddr> = ips.iter().map(|ip| ip.parse().unwrap()).collect();
            let lookup = move |_: &str| Ok(ips.iter().map(|ip| (*ip, 0).into()).collect());
            let client = connection::client(&holding, None, Arc::new(lookup)).unwrap();
            let address = Url::parse(&format!("http://{host}:{port}/file")).unwrap();
            let said = client.get(address.clone()).send().await;
            let proxy = holding.proxies.of_address(&address);
            let said = said.map(|_| ()).map_err(|e| unreached(e, &address, proxy));
            let said = said.map_err(|e| e.key);
            assert_eq!(said.as_ref().err().map(String::as_str), key, "{host}");
            expected += usize::from(key.is_none());
            assert_eq!(visits.load(Ordering::SeqCst), expected, "{host}");
        };
        let endpoint = |address: &str| NetworkSettings {
            endpoint: Some(address.to_owned()),
            ..NetworkSettings::default()
        };
        let refused = Some("redirect-refused");
        let hub = endpoint("https://hub.example");
        for ip in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
        ] {
            check(&hub, "cdn.example", &[ip], refused).await;
        }
        // One good address does not make up for another.
        check(&hub, "cdn.example", &["127.0.0.1", "::1"], refused).await;
        // The person's own endpoint and proxy may be here, and where the hub is, its files.
        let mirror = endpoint(&format!("http://Mirror.example.:{port}"));
        check(&mirror, "mirror.example", &["127.0.0.1"], None).await;
        check(&mirror, "cdn.example", &["127.0.0.1"], refused).await;
        let local = endpoint(&format!("http://127.0.0.1:{port}"));
        check(&local, "cdn.example", &["127.0.0.1"], None).await;
        let proxied = NetworkSettings {
            proxy: Some(format!("http://proxy.example:{port}")),
            ..hub
        };
        check(&proxied, "cdn.example", &["127.0.0.1"], None).await;
    }
}
