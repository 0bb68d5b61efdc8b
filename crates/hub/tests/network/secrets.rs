//! Where the token and the proxy's password are kept, where there is no keyring.

use crate::web::network;
use hub::network::SecretKind;
use protocol::{NetworkSettings, TokenPlace};

#[tokio::test]
async fn without_a_keyring_they_are_in_files_for_the_person_alone() {
    let (network, home) = network(
        NetworkSettings::default(),
        &[("HF_TOKEN", "hf_environment")],
    );
    let own = "hf_abcdefghijklmnop1234";
    let place = network
        .keep(SecretKind::Token, Some(format!(" {own}\n")))
        .await
        .unwrap();
    assert_eq!(place, TokenPlace::File);
    assert_eq!(network.token().await.as_deref(), Some(own));
    let file = home.path().join("config/secrets.json");
    assert!(std::fs::read_to_string(&file).unwrap().contains(own));
    #[cfg(unix)]
    for (path, mode) in [(file.as_path(), 0o600), (file.parent().unwrap(), 0o700)] {
        use std::os::unix::fs::PermissionsExt;
        let found = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
    let shown = network.shown().await;
    assert_eq!(shown.token.unwrap().value, "••••1234");
    for said in [
        format!("{:?}", network.shown().await),
        serde_json::to_string(&shown.settings).unwrap(),
    ] {
        assert!(!said.contains(own), "{said}");
    }
    // Removed, the environment's holds again.
    network.keep(SecretKind::Token, None).await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), "{}");
    assert_eq!(network.token().await.as_deref(), Some("hf_environment"));
}

#[tokio::test]
async fn what_can_be_no_token_is_refused() {
    let (network, home) = network(NetworkSettings::default(), &[]);
    for text in ["two words", "line\nbreak", "naïve", &"a".repeat(5000)] {
        let refused = network.keep(SecretKind::Token, Some(text.to_owned())).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.key, "token-invalid");
        assert!(!refused.to_string().contains(text));
    }
    assert!(!home.path().join("config/secrets.json").exists());
}
