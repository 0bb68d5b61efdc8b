//! What goes out, to whom, and what it carries.

use crate::web::{Web, answer, endpoint, network, socks};
use hub::network::SecretKind;
use protocol::{HubSearch, NetworkSettings};
use reqwest::Url;

#[tokio::test]
async fn offline_sends_nothing() {
    let web = Web::serve(|_| answer("200 OK", &[], "")).await;
    let offline = NetworkSettings {
        offline: true,
        ..endpoint(&web.address())
    };
    for (settings, variables) in [
        (offline, &[][..]),
        (endpoint(&web.address()), &[("HF_HUB_OFFLINE", "1")]),
    ] {
        let (network, _home) = network(settings, variables);
        assert_eq!(network.client().await.unwrap_err().key, "offline");
    }
    assert_eq!(web.asked().len(), 0);
}

#[tokio::test]
async fn a_request_says_nothing_but_its_name() {
    let web = Web::serve(|_| answer("200 OK", &[("set-cookie", "a=b")], "")).await;
    let (network, _home) = network(endpoint(&web.address()), &[]);
    for _ in 0..2 {
        let client = network.client().await.unwrap();
        client.get(web.address()).send().await.unwrap();
    }
    let asked = web.asked();
    assert_eq!(asked.len(), 2);
    for asked in asked {
        let mut names: Vec<&str> = asked
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "host", "user-agent"]);
        let agent = concat!("Parley/", env!("CARGO_PKG_VERSION"));
        assert_eq!(asked.header("user-agent"), Some(agent));
    }
}

#[tokio::test]
async fn the_token_is_for_the_endpoint_alone() {
    let (network, _home) = network(
        endpoint("https://hub.example/mirror"),
        &[("HF_TOKEN", "hf_a")],
    );
    let check = async |address: &str, given: bool| {
        let value = network.authorization(&Url::parse(address).unwrap()).await;
        assert_eq!(value.is_some(), given, "{address}");
        if let Some(value) = value {
            assert_eq!(value.to_str().unwrap(), "Bearer hf_a");
            assert!(!format!("{value:?}").contains("hf_a"));
        }
    };
    check("https://hub.example/api/models", true).await;
    check("https://hub.example:443/", true).await;
    check("https://hub.example:444/", false).await;
    check("http://hub.example/", false).await;
    check("https://cdn.hub.example/", false).await;
    check("https://hub.example.evil.example/", false).await;
    check("https://hub.example@evil.example/", false).await;
}

#[tokio::test]
async fn no_redirect_is_followed_blindly() {
    let elsewhere = Web::serve(|_| answer("200 OK", &[], "")).await;
    let to = format!("http://localhost:{}/file", elsewhere.port);
    let web = Web::serve(move |_| answer("302 Found", &[("location", &to)], "")).await;
    let (network, _home) = network(endpoint(&web.address()), &[("HF_TOKEN", "hf_a")]);
    let client = network.client().await.unwrap();
    let answer = client.get(web.address()).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(elsewhere.asked().len(), 0);
}

#[test]
fn a_redirect_stays_in_the_web() {
    let (network, _home) = network(NetworkSettings::default(), &[]);
    let check = |from: &str, location: &str, to: Option<&str>| {
        let said = network.redirected(&Url::parse(from).unwrap(), location);
        let said = said.map(String::from).map_err(|e| e.key);
        let expected = to
            .map(str::to_owned)
            .ok_or_else(|| "redirect-refused".to_owned());
        assert_eq!(said, expected, "{from} -> {location}");
    };
    let hub = "https://hub.example/a/b/resolve/main/c";
    check(hub, "/x/y", Some("https://hub.example/x/y"));
    check(
        hub,
        "https://cdn.example/x?sign=1",
        Some("https://cdn.example/x?sign=1"),
    );
    check(hub, "http://cdn.example/x", None);
    check(hub, "file:///etc/passwd", None);
    check(hub, "ftp://cdn.example/x", None);
    check(hub, "data:text/plain,hello", None);
    for here in [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "[fe80::1]",
        "2130706433",
        "0x7f.1",
    ] {
        check(hub, &format!("https://{here}/x"), None);
        check(
            "http://hub.example/",
            &format!("http://{here}:8080/x"),
            None,
        );
    }
    // A hub on this machine has its files here too.
    check(
        "http://127.0.0.1:1/",
        "http://localhost:2/x",
        Some("http://localhost:2/x"),
    );
    check("http://127.0.0.1:1/", "file:///etc/passwd", None);
}

#[tokio::test]
async fn a_proxy_lets_through_who_has_the_password() {
    // `me:p@ss w%rd`
    const CREDENTIALS: &str = "bWU6cEBzcyB3JXJk";
    const PASSWORD: &str = "p@ss w%rd";
    let web = Web::serve(|_| answer("200 OK", &[], "through")).await;
    let proxy = Web::proxy(Some(CREDENTIALS)).await;
    let here = format!("127.0.0.1:{}", proxy.port);
    let check = async |setting: Option<String>,
                       variable: Option<String>,
                       password: Option<&str>,
                       through: bool| {
        let variables: Vec<(&str, &str)> = variable
            .iter()
            .map(|v| ("http_proxy", v.as_str()))
            .collect();
        let settings = NetworkSettings {
            proxy: setting.clone(),
            ..endpoint(&web.address())
        };
        let (network, _home) = network(settings, &variables);
        if let Some(password) = password {
            network
                .keep(SecretKind::ProxyPassword, Some(password.to_owned()))
                .await
                .unwrap();
        }
        let client = network.client().await.unwrap();
        let said = client.get(web.address()).send().await.unwrap();
        assert_eq!(
            said.status(),
            if through { 200 } else { 407 },
            "{setting:?} {variable:?}"
        );
        let shown = format!("{:?} {client:?}", network.shown().await);
        for secret in [PASSWORD, "p%40ss", CREDENTIALS] {
            assert!(!shown.contains(secret), "{shown}");
        }
    };
    let of = |user: &str| format!("http://{user}{here}");
    check(Some(of("me@")), None, Some(PASSWORD), true).await;
    check(Some(of("me@")), None, Some("another"), false).await;
    check(Some(of("me@")), None, None, false).await;
    check(Some(of("")), None, None, false).await;
    check(Some(of("me:p%40ss%20w%25rd@")), None, None, true).await;
    check(None, Some(of("me:p%40ss%20w%25rd@")), None, true).await;
    // The password that is kept is for the person's own proxy.
    check(None, Some(of("me@")), Some(PASSWORD), false).await;
    assert_eq!(proxy.asked().len(), 7);
}

#[test]
fn a_password_is_taken_out_of_the_settings() {
    let check = |proxy: &str, left: &str, password: Option<&str>| {
        let mut settings = NetworkSettings {
            proxy: Some(proxy.to_owned()),
            ..NetworkSettings::default()
        };
        assert_eq!(
            hub::network::take_password(&mut settings).as_deref(),
            password,
            "{proxy}"
        );
        assert_eq!(settings.proxy.as_deref(), Some(left));
    };
    check("http://p.example:80", "http://p.example:80", None);
    check("http://me@p.example:80", "http://me@p.example:80", None);
    check(
        "http://me:a%20b%zc@p.example:80",
        "http://me@p.example:80",
        Some("a b%zc"),
    );
    check("me:a:b@p.example", "me@p.example", Some("a:b"));
    check("socks5://me:@p.example", "socks5://me@p.example", Some(""));
    check(
        "http://me:\u{5bc6}@p.example",
        "http://me@p.example",
        Some("\u{5bc6}"),
    );
}

#[tokio::test]
async fn a_socks_proxy_lets_through_who_has_the_password() {
    let web = Web::serve(|_| answer("200 OK", &[], "[]")).await;
    let port = socks("me", "p@ss").await;
    for scheme in ["socks5", "socks5h"] {
        let check = async |user: &str, password: Option<&str>, expected: Option<&str>| {
            let settings = NetworkSettings {
                proxy: Some(format!("{scheme}://{user}127.0.0.1:{port}")),
                ..endpoint(&web.address())
            };
            let (network, _home) = network(settings, &[]);
            if let Some(password) = password {
                let kept = network.keep(SecretKind::ProxyPassword, Some(password.to_owned()));
                kept.await.unwrap();
            }
            let said = network.search(&HubSearch::default()).await;
            let said = said.map_err(|e| e.to_string().split(' ').next().unwrap().to_owned());
            assert_eq!(
                said.err().as_deref(),
                expected,
                "{scheme} {user} {password:?}"
            );
        };
        check("me@", Some("p@ss"), None).await;
        check("me:p%40ss@", None, None).await;
        check("me@", Some("other"), Some("proxy-refused")).await;
        check("", None, Some("proxy-refused")).await;
    }
    assert_eq!(web.asked().len(), 4);
}
