//! What holds of settings and environment, and whence.

use crate::web::network;
use protocol::{Holds, NetworkSettings, TokenPlace};

/// What is shown of a network: `value (variable)` of each part.
async fn shown(settings: NetworkSettings, variables: &[(&str, &str)]) -> [String; 6] {
    let (network, _home) = network(settings, variables);
    let shown = network.shown().await;
    assert_eq!(shown.token_place, TokenPlace::File);
    let text = |holds: Option<Holds>| match holds {
        Some(Holds {
            value,
            variable: Some(variable),
        }) => format!("{value} ({variable})"),
        Some(Holds {
            value,
            variable: None,
        }) => value,
        None => "-".to_owned(),
    };
    [
        text(shown.offline),
        text(Some(shown.endpoint)),
        text(shown.proxy),
        text(shown.certificates),
        text(shown.token),
        shown.trouble.map_or("-".to_owned(), |trouble| trouble.key),
    ]
}

#[tokio::test]
async fn the_persons_setting_wins_and_an_offline_environment_holds() {
    let check = async |setting: &str, variables: &[(&str, &str)], part: usize, expected: &str| {
        let mut settings = NetworkSettings::default();
        let (name, value) = setting.split_once('=').unwrap_or_default();
        let some = Some(value.to_owned());
        match name {
            "offline" => settings.offline = true,
            "endpoint" => settings.endpoint = some,
            "proxy" => settings.proxy = some,
            "certificates" => settings.certificates = some,
            _ => {}
        }
        let all = shown(settings, variables).await;
        assert_eq!(all[part], expected, "{setting} {variables:?}");
    };
    const OFFLINE: usize = 0;
    for (setting, variables, expected) in [
        ("", &[][..], "-"),
        ("offline=", &[], "1"),
        ("", &[("HF_HUB_OFFLINE", "1")], "1 (HF_HUB_OFFLINE)"),
        ("", &[("HF_HUB_OFFLINE", "yes")], "yes (HF_HUB_OFFLINE)"),
        ("", &[("HF_HUB_OFFLINE", "0")], "-"),
        ("", &[("HF_HUB_OFFLINE", "")], "-"),
        ("offline=", &[("HF_HUB_OFFLINE", "0")], "1"),
        (
            "offline=",
            &[("HF_HUB_OFFLINE", "TRUE")],
            "TRUE (HF_HUB_OFFLINE)",
        ),
        (
            "",
            &[("TRANSFORMERS_OFFLINE", "1")],
            "1 (TRANSFORMERS_OFFLINE)",
        ),
    ] {
        check(setting, variables, OFFLINE, expected).await;
    }
    const ENDPOINT: usize = 1;
    const MIRROR: (&str, &str) = ("HF_ENDPOINT", "https://mirror.example/hf/");
    for (setting, variables, expected) in [
        ("", &[][..], "https://huggingface.co"),
        ("", &[MIRROR], "https://mirror.example/hf (HF_ENDPOINT)"),
        (
            "endpoint=http://127.0.0.1:8080/",
            &[MIRROR],
            "http://127.0.0.1:8080",
        ),
        (
            "endpoint= ",
            &[MIRROR],
            "https://mirror.example/hf (HF_ENDPOINT)",
        ),
        ("endpoint=hub.example", &[], "https://hub.example"),
        (
            "endpoint=https://me:secret@hub.example",
            &[],
            "…@hub.example",
        ),
        ("endpoint=file:///etc/passwd", &[], "file:///etc/passwd"),
    ] {
        check(setting, variables, ENDPOINT, expected).await;
    }
    const PROXY: usize = 2;
    const HTTPS: (&str, &str) = ("HTTPS_PROXY", "http://me:pa%20ss@proxy.example:3128");
    for (setting, variables, expected) in [
        ("", &[][..], "-"),
        (
            "",
            &[HTTPS],
            "http://me:••••@proxy.example:3128 (HTTPS_PROXY)",
        ),
        (
            "",
            &[("https_proxy", "proxy.example:80")],
            "http://proxy.example (https_proxy)",
        ),
        (
            "",
            &[("ALL_PROXY", "socks5h://s.example:1080")],
            "socks5h://s.example:1080 (ALL_PROXY)",
        ),
        ("", &[("HTTP_PROXY", "http://p.example:1")], "-"),
        (
            "proxy=http://own.example:8080",
            &[HTTPS],
            "http://own.example:8080",
        ),
        (
            "proxy=http://me@own.example:8080",
            &[],
            "http://me@own.example:8080",
        ),
        (
            "proxy=http://me:word@own.example:8080",
            &[],
            "http://me:••••@own.example:8080",
        ),
        ("", &[HTTPS, ("NO_PROXY", "huggingface.co")], "-"),
        ("", &[HTTPS, ("NO_PROXY", "a.example, .co")], "-"),
        ("", &[HTTPS, ("no_proxy", "*")], "-"),
        (
            "",
            &[HTTPS, ("NO_PROXY", "face.co,huggingface.co:80")],
            "http://me:••••@proxy.example:3128 (HTTPS_PROXY)",
        ),
        (
            "endpoint=http://10.1.2.3",
            &[("http_proxy", "p.example"), ("NO_PROXY", "10.1.0.0/16")],
            "-",
        ),
        (
            "endpoint=http://10.2.2.3",
            &[("http_proxy", "p.example"), ("NO_PROXY", "10.1.0.0/16")],
            "http://p.example (http_proxy)",
        ),
        (
            "endpoint=http://[::1]:80",
            &[("http_proxy", "p.example"), ("NO_PROXY", "::1")],
            "-",
        ),
    ] {
        check(setting, variables, PROXY, expected).await;
    }
    const CERTIFICATES: usize = 3;
    for (setting, variables, expected) in [
        ("", &[][..], "-"),
        ("", &[("SSL_CERT_FILE", "/a.pem")], "/a.pem (SSL_CERT_FILE)"),
        (
            "",
            &[("REQUESTS_CA_BUNDLE", "/b.pem")],
            "/b.pem (REQUESTS_CA_BUNDLE)",
        ),
        (
            "",
            &[("CURL_CA_BUNDLE", "/c.pem")],
            "/c.pem (CURL_CA_BUNDLE)",
        ),
        (
            "certificates=/own.pem",
            &[("SSL_CERT_FILE", "/a.pem")],
            "/own.pem",
        ),
    ] {
        check(setting, variables, CERTIFICATES, expected).await;
    }
    const TOKEN: usize = 4;
    const LONG: &str = "hf_abcdefghijklmnop1234";
    for (variables, expected) in [
        (&[][..], "-"),
        (&[("HF_TOKEN", LONG)], "••••1234 (HF_TOKEN)"),
        (
            &[("HUGGING_FACE_HUB_TOKEN", "short")],
            "•••• (HUGGING_FACE_HUB_TOKEN)",
        ),
        (&[("HF_TOKEN", "two words")], "-"),
        (
            &[("HF_TOKEN", LONG), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")],
            "-",
        ),
    ] {
        check("", variables, TOKEN, expected).await;
    }
    const TROUBLE: usize = 5;
    for (setting, variables, expected) in [
        ("", &[][..], "-"),
        ("endpoint=file:///etc/passwd", &[], "endpoint-invalid"),
        ("endpoint=https://", &[], "endpoint-invalid"),
        (
            "endpoint=https://me:secret@hub.example",
            &[],
            "endpoint-invalid",
        ),
        ("endpoint=https://hub.example/?a", &[], "endpoint-invalid"),
        (
            "",
            &[("HF_ENDPOINT", "ftp://hub.example")],
            "endpoint-invalid",
        ),
        ("proxy=ftp://proxy.example", &[], "proxy-invalid"),
        ("proxy=http://", &[], "proxy-invalid"),
        ("", &[("ALL_PROXY", "nothing://")], "proxy-invalid"),
        ("certificates=/none/such.pem", &[], "certificate-file"),
    ] {
        check(setting, variables, TROUBLE, expected).await;
    }
}

/// The file that Python's login writes.
#[tokio::test]
async fn the_token_of_pythons_login_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::create_dir_all(folder.path().join(".cache/huggingface")).unwrap();
    for name in ["own", "token", ".cache/huggingface/token"] {
        std::fs::write(folder.path().join(name), format!("hf_{}\n", name.len())).unwrap();
    }
    let check = async |variables: &[(&str, &str)], expected: Option<&str>| {
        let home = tempfile::tempdir().unwrap();
        let environment = hub::network::Environment::of(variables).at_home(folder.path().into());
        let network = hub::Network::with(
            &hub::Places::under(home.path()),
            NetworkSettings::default(),
            environment,
            hub::network::Keyring::none(),
        );
        assert_eq!(network.token().await.as_deref(), expected, "{variables:?}");
    };
    check(&[], Some("hf_24")).await;
    check(&[("HF_TOKEN_PATH", &path("own"))], Some("hf_3")).await;
    check(&[("HF_TOKEN_PATH", "~/own")], Some("hf_3")).await;
    check(&[("HF_HOME", &path(""))], Some("hf_5")).await;
    check(&[("HF_HOME", &path("none"))], None).await;
    check(&[("XDG_CACHE_HOME", &path(".cache"))], Some("hf_24")).await;
    check(
        &[("HF_TOKEN", "hf_env"), ("HF_TOKEN_PATH", &path("own"))],
        Some("hf_env"),
    )
    .await;
}
