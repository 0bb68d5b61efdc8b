//! The token, and addresses that are signed, are in nothing that Parley writes, says or shows.

use crate::hub_server::{Fault, On};
use crate::scene::{FILE, Scene, model, repository, wish};
use hub::network::SecretKind;
use protocol::DownloadState;
use std::fmt::{Debug, Write};
use std::sync::Mutex;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const TOKEN: &str = "hf_aTokenThatNobodyMayRead";
/// All that was logged, on all levels, by this process's tests.
static SAID: Mutex<String> = Mutex::new(String::new());

/// Keeps whatever anybody says.
struct Everything;

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Text(&mut SAID.lock().unwrap()));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Text(&mut SAID.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut said = SAID.lock().unwrap();
        said.push_str(event.metadata().name());
        event.record(&mut Text(&mut said));
        said.push('\n');
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn neither_the_token_nor_a_signed_address_is_written_or_said() {
    tracing::subscriber::set_global_default(Everything).unwrap();
    let scene = Scene::new();
    let mut gated = repository(&model(50));
    gated.gated = true;
    scene.server.put(gated);
    scene.server.set_token(TOKEN);
    let keep = scene
        .network
        .keep(SecretKind::Token, Some(TOKEN.to_owned()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(keep).unwrap();
    let mut shown = String::new();
    // What the storage says no to, and breaks off, is told of with its address at hand.
    let no = || Fault::Status(418, "X-Nothing", String::new());
    for (fault, times) in [(no(), usize::MAX), (Fault::Cut(9), 3)] {
        scene.server.mend();
        scene.server.fail(On::Bytes, fault, times);
        scene.hub.download_start(&wish()).unwrap();
        let fetching = scene.fetch();
        let ended = scene.until("an end", |state| {
            let _ = writeln!(shown, "{:?}", scene.hub.downloads());
            matches!(
                state,
                DownloadState::Done { .. } | DownloadState::Failed { .. }
            )
        });
        let _ = writeln!(shown, "{ended:?} {:?}", scene.hub.models());
        drop(fetching);
        let failed = matches!(ended, DownloadState::Failed { .. });
        assert_eq!(failed, times == usize::MAX, "{ended:?}");
    }
    let said = SAID.lock().unwrap().clone();
    assert!(
        said.contains("download stopped") && said.contains("download done"),
        "{said}"
    );
    assert!(shown.contains(FILE));
    let known = |text: &str| text.contains(TOKEN) || text.contains("Signature=");
    assert!(!known(&said), "{said}");
    assert!(!known(&shown), "{shown}");
    // The token's own file, for the person alone, is the one place.
    let home = scene.desk.path("");
    let files = crate::support::tree(&home);
    let with = |path: &&String| {
        let bytes = std::fs::read(home.join(path)).unwrap_or_default();
        known(&String::from_utf8_lossy(&bytes))
    };
    let with: Vec<&String> = files.iter().filter(with).collect();
    assert!(
        matches!(with[..], [one] if one.ends_with("secrets.json")),
        "{with:?} of {files:?}"
    );
}
