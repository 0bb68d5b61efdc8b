//! The token in a real keyring: gnome-keyring, on a message bus of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use hub::Places;
use hub::network::{Environment, Keyring, Network, SecretKind};
use protocol::{NetworkSettings, TokenPlace};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What the keyring is like, for the part of the test that runs on its bus.
const VARIABLE: &str = "PARLEY_TEST_KEYRING";
const TOKEN: &str = "hf_abcdefghijklmnop1234";
/// A keyring that should answer may be slow on a busy machine; one that does not would be for ever.
const LONG: Duration = Duration::from_secs(60);

/// A bus that starts nothing by itself.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>"#;

/// Starts the keyring, then this program (`$1`) once more on the same bus.
const SCRIPT: &str = r#"
ask() { dbus-send --session --print-reply --dest="$@" >/dev/null 2>&1; }
if [ $PARLEY_TEST_KEYRING != absent ]; then
    printf %s word | gnome-keyring-daemon --foreground --unlock --components=secrets &
    daemon=$!
    tries=0
    until ask org.freedesktop.secrets /org/freedesktop/secrets/collection/login \
        org.freedesktop.DBus.Properties.GetAll string:org.freedesktop.Secret.Collection
    do
        tries=$((tries + 1)); [ $tries -lt 100 ] || exit 7
        sleep 0.1
    done
fi
case $PARLEY_TEST_KEYRING in
    locked) ask org.freedesktop.secrets /org/freedesktop/secrets \
        org.freedesktop.Secret.Service.Lock \
        array:objpath:/org/freedesktop/secrets/collection/login || exit 8 ;;
    hanging) kill -STOP $daemon ;;
esac
"$1" --exact keyring --include-ignored
code=$?
[ -z "$daemon" ] || kill -KILL $daemon
exit $code
"#;

#[test]
#[ignore = "needs gnome-keyring and dbus-run-session: cargo xtask test"]
fn keyring() {
    if let Ok(state) = std::env::var(VARIABLE) {
        let home = std::env::var("HOME").unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(inside(&state, Path::new(&home)));
    }
    let this = std::env::current_exe().unwrap();
    for state in ["unlocked", "locked", "hanging", "absent", "busless"] {
        let home = tempfile::tempdir().unwrap();
        let bus = home.path().join("bus.conf");
        std::fs::write(&bus, BUS).unwrap();
        let mut command = if state == "busless" {
            let mut command = Command::new(&this);
            command.args(["--exact", "keyring", "--include-ignored"]);
            command
        } else {
            let mut command = Command::new("dbus-run-session");
            command.arg("--config-file").arg(&bus);
            command.args(["--", "sh", "-c", SCRIPT, "sh"]).arg(&this);
            command
        };
        for name in [
            "DBUS_SESSION_BUS_ADDRESS",
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "XDG_DATA_HOME",
        ] {
            command.env_remove(name);
        }
        command.env(VARIABLE, state).env("HOME", home.path());
        let output = command
            .env("XDG_RUNTIME_DIR", home.path())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let passed = output.status.success() && said.contains("1 passed");
        assert!(passed, "{state}: {:?}\n{said}", output.status);
    }
}

/// What a person sees who gives a token, uses it in another process, and takes it away.
async fn inside(state: &str, home: &Path) {
    let places = Places::under(home);
    let file = places.config().join("secrets.json");
    let network = || {
        let mut keyring = Keyring::system(&places);
        if state == "unlocked" {
            keyring = keyring.patient(LONG);
        }
        let settings = NetworkSettings::default();
        Network::with(&places, settings, Environment::default(), keyring)
    };
    let began = Instant::now();
    let in_time = |began: Instant| assert!(began.elapsed() < LONG, "{:?}", began.elapsed());
    let expected = match state {
        "unlocked" => TokenPlace::Keyring,
        _ => TokenPlace::File,
    };
    let first = network();
    let token = Some(TOKEN.to_owned());
    let place = first.keep(SecretKind::Token, token).await.unwrap();
    in_time(began);
    assert_eq!(place, expected);
    let filed = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(filed.contains(TOKEN), expected == TokenPlace::File);

    let (began, second) = (Instant::now(), network());
    assert_eq!(second.token().await.as_deref(), Some(TOKEN));
    let shown = second.shown().await;
    in_time(began);
    assert_eq!(shown.token_place, expected);
    assert_eq!(shown.token.unwrap().value, "••••1234");
    // Another person's folders have another token.
    let elsewhere = Places::under(&home.join("elsewhere"));
    let keyring = Keyring::system(&elsewhere);
    let other = Network::with(
        &elsewhere,
        NetworkSettings::default(),
        Environment::default(),
        keyring,
    );
    assert_eq!(other.token().await, None);

    let began = Instant::now();
    first.keep(SecretKind::Token, None).await.unwrap();
    in_time(began);
    assert_eq!(first.token().await, None);
    assert_eq!(network().token().await, None);
    let filed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(!filed.contains(TOKEN), "{filed}");
}
