//! What a request that fails is called, by real connections that fail.

use crate::tls::Authority;
use crate::web::{Web, answer, endpoint, network};
use protocol::{AppError, NetworkSettings, RepositoryRef};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// A port at which nobody listens.
async fn nobody() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

/// What asking for the details of a repository fails with.
async fn failed(settings: NetworkSettings, variables: &[(&str, &str)]) -> AppError {
    let (network, _home) = network(settings, variables);
    let wanted = RepositoryRef {
        repository: "owner/name".into(),
        revision: None,
    };
    network.details(&wanted).await.unwrap_err()
}

/// Key and arguments without the detail.
fn key(error: &AppError) -> String {
    let bare = AppError {
        detail: None,
        ..error.clone()
    };
    bare.to_string()
}

fn over(proxy: String, address: &str) -> NetworkSettings {
    NetworkSettings {
        proxy: Some(proxy),
        ..endpoint(address)
    }
}

#[tokio::test]
async fn connections_that_fail_say_why() {
    let here = "host=\"127.0.0.1\"";
    let nobody = nobody().await;
    let closed = format!("http://127.0.0.1:{nobody}");
    let refused = failed(endpoint(&closed), &[]).await;
    assert_eq!(key(&refused), format!("hub-unreachable {here}"));

    let unknown = failed(endpoint("http://name.invalid"), &[]).await;
    assert_eq!(key(&unknown), "hub-unreachable host=\"name.invalid\"");

    // A server that hangs up in the middle of its answer.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    let cut = failed(endpoint(&format!("http://127.0.0.1:{port}")), &[]).await;
    assert_eq!(key(&cut), format!("hub-unreachable {here}"));

    let web = Web::serve(|_| answer("200 OK", &[], "{}")).await;
    for scheme in ["http", "socks5", "socks5h"] {
        let proxy = format!("{scheme}://me:word@127.0.0.1:{nobody}");
        for address in [web.address(), "https://127.0.0.1:1".to_owned()] {
            let error = failed(over(proxy.clone(), &address), &[]).await;
            let shown = format!("{scheme}://me:••••@127.0.0.1:{nobody}");
            let expected = format!("proxy-unreachable address=\"{shown}\"");
            assert_eq!(key(&error), expected, "{error}");
        }
    }
    assert_eq!(web.asked().len(), 0);

    let proxy = Web::proxy(Some("eDp5")).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    for hub in [web.address(), "https://127.0.0.1:1".to_owned()] {
        let error = failed(over(address.clone(), &hub), &[]).await;
        let expected = format!("proxy-refused address=\"{address}\"");
        assert_eq!(key(&error), expected, "{error}");
    }
    // The proxy lets through, and what lies behind it does not answer.
    let proxy = Web::proxy(None).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let behind = format!("https://127.0.0.1:{nobody}");
    let error = failed(over(address, &behind), &[]).await;
    assert_eq!(key(&error), format!("hub-unreachable {here}"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_trusted_where_it_is_named() {
    let (own, other) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let pem = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let (own_file, other_file) = (pem("own.pem", &own.pem), pem("other.pem", &other.pem));
    let empty_file = pem("empty.pem", "no certificate");
    let port = own
        .serve("localhost", answer("404 Not Found", &[], ""))
        .await;
    let hub = format!("https://localhost:{port}");
    let check = async |setting: Option<&str>, variables: &[(&str, &str)], expected: &str| {
        let settings = NetworkSettings {
            certificates: setting.map(str::to_owned),
            ..endpoint(&hub)
        };
        let error = failed(settings, variables).await;
        assert_eq!(key(&error), expected, "{setting:?} {variables:?} {error}");
    };
    let through = "hub-unknown repository=\"owner/name\"";
    let unknown = "certificate-unknown host=\"localhost\"";
    check(Some(&own_file), &[], through).await;
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        check(None, &[(name, &own_file)], through).await;
    }
    check(None, &[], unknown).await;
    check(Some(&other_file), &[], unknown).await;
    check(Some(&other_file), &[("SSL_CERT_FILE", &own_file)], unknown).await;
    let broken = format!("certificate-file path={empty_file:?}");
    check(Some(&empty_file), &[], &broken).await;
    // Its own authority's word for another host.
    let port = own
        .serve("elsewhere.example", answer("200 OK", &[], ""))
        .await;
    let settings = NetworkSettings {
        certificates: Some(own_file.clone()),
        ..endpoint(&format!("https://localhost:{port}"))
    };
    assert_eq!(key(&failed(settings, &[]).await), unknown);
    // Through a tunnel of a proxy that asks for a password.
    let proxy = Web::proxy(Some("eDp5")).await;
    let settings = NetworkSettings {
        certificates: Some(own_file),
        ..over(format!("http://x:y@127.0.0.1:{}", proxy.port), &hub)
    };
    assert_eq!(key(&failed(settings, &[]).await), through);
    assert!(proxy.asked()[0].line.starts_with("CONNECT localhost:"));
}

#[tokio::test]
async fn statuses_say_why() {
    let check = async |status: &str, code: &str, token: Option<&str>, expected: &str| {
        let reply = answer(status, &[("x-error-code", code)], "");
        let web = Web::serve(move |_| reply.clone()).await;
        let variables: Vec<(&str, &str)> = token.iter().map(|token| ("HF_TOKEN", *token)).collect();
        let error = failed(endpoint(&web.address()), &variables).await;
        let page = format!("{}/owner/name", web.address());
        let expected = expected.replace("PAGE", &page);
        assert_eq!(key(&error), expected, "{status} {code} {token:?}");
        assert!(!error.to_string().contains("hf_secret"), "{error}");
    };
    let gated = "hub-gated address=\"PAGE\" repository=\"owner/name\"";
    let unknown = "hub-unknown repository=\"owner/name\"";
    let token = Some("hf_secret");
    check("401 Unauthorized", "", None, gated).await;
    check("401 Unauthorized", "GatedRepo", None, gated).await;
    check("401 Unauthorized", "GatedRepo", token, gated).await;
    check("401 Unauthorized", "RepoNotFound", None, unknown).await;
    check("401 Unauthorized", "", token, "token-refused").await;
    check("403 Forbidden", "GatedRepo", token, gated).await;
    check("403 Forbidden", "", token, gated).await;
    check("404 Not Found", "RepoNotFound", None, unknown).await;
    check("404 Not Found", "RevisionNotFound", None, unknown).await;
    check("429 Too Many Requests", "", None, "hub-busy").await;
    check(
        "500 Internal Server Error",
        "",
        None,
        "hub-failed status=500",
    )
    .await;
    check("503 Service Unavailable", "", None, "hub-failed status=503").await;
    check("418 I'm a teapot", "", None, "hub-failed status=418").await;
}
