//! Every way in which a hub fails: what passes is outlived, what does not is said.

use crate::hub_server::{Fault, On, Repository};
use crate::scene::{FILE, RANGE, Scene, hurry, model, repository, wish};
use hub::Tuning;
use hub::network::SecretKind;
use protocol::{DownloadState, DownloadWish};
use std::time::Duration;

/// So often that it never ends.
const ALWAYS: usize = usize::MAX;
/// How long nothing may come where the hub stalls.
const STALL: Duration = Duration::from_millis(300);

/// With these faults a download ends well, or by the failure that is named. Returns the scene.
fn check(name: &str, faults: &[(On, Fault, usize)], ends: Result<(), &str>) -> Scene {
    let scene = Scene::new();
    let bytes = model(7);
    scene.server.put(repository(&bytes));
    for (on, fault, times) in faults {
        scene.server.fail(*on, fault.clone(), *times);
    }
    scene.hub.download_start(&wish()).unwrap();
    let stalls = faults
        .iter()
        .any(|(_, fault, _)| matches!(fault, Fault::Stall(..)));
    let tuning = match stalls {
        true => Tuning {
            stall: STALL,
            ..hurry()
        },
        false => hurry(),
    };
    let fetching = scene.hub.fetch_tuned(&scene.network, None, tuning);
    let ended = scene.ended();
    drop(fetching);
    match (&ended, ends) {
        (DownloadState::Done { model }, Ok(())) => {
            let path = scene.hub.path(model).unwrap();
            assert!(std::fs::read(path).unwrap() == bytes, "{name}: other bytes");
        }
        (DownloadState::Failed { error }, Err(key)) => {
            assert_eq!(error.key, key, "{name}: {error}");
            assert!(!scene.cache().join("snapshots").exists(), "{name}: shown");
        }
        _ => panic!("{name}: {ended:?}"),
    }
    scene
}

fn status(status: u16) -> Fault {
    Fault::Status(status, "X-Nothing", String::new())
}

#[test]
fn what_passes_is_outlived() {
    let range = u64::from(RANGE);
    let stall = |at: u64| Fault::Stall(at, 2 * STALL);
    let again = |seconds: &str| Fault::Status(429, "Retry-After", seconds.to_owned());
    for (on, fault, times) in [
        (On::Api, again("0"), 2),
        (On::Api, again("Sun, 06 Nov 1994 08:49:37 GMT"), 1),
        (On::Api, again("never"), 1),
        (On::Api, status(503), 3),
        (On::Api, Fault::Cut(0), 2),
        (On::Api, stall(0), 1),
        (On::Head, again("0"), 1),
        (On::Head, status(500), 3),
        (On::Head, status(502), 1),
        (On::Head, Fault::Cut(0), 2),
        (On::Head, stall(0), 1),
        (On::Bytes, again("0"), 2),
        (On::Bytes, status(503), 10),
        (On::Bytes, status(504), 4),
        (On::Bytes, status(403), 1),
        (On::Bytes, Fault::Cut(0), 5),
        (On::Bytes, Fault::Cut(1), 5),
        (On::Bytes, Fault::Cut(range / 2), 20),
        (On::Bytes, Fault::Cut(range - 1), 20),
        (On::Bytes, stall(0), 1),
        (On::Bytes, stall(range / 3), 5),
        (On::Bytes, Fault::Wrong(12_345), 1),
        (On::Bytes, Fault::Whole, 1),
        (On::Bytes, Fault::Whole, ALWAYS),
        (On::Bytes, Fault::OtherRange, 3),
        (On::Bytes, Fault::OtherLength, 1),
        (On::Bytes, Fault::OtherEtag, 1),
    ] {
        check(&format!("{on:?} {fault:?}"), &[(on, fault, times)], Ok(()));
    }
}

#[test]
fn what_does_not_pass_is_said() {
    let to = |address: &str| Fault::Redirect(address.to_owned());
    for (on, fault, times, key) in [
        (On::Api, status(404), ALWAYS, "hub-unknown"),
        (On::Api, status(418), ALWAYS, "hub-failed"),
        (On::Api, Fault::Endless, 1, "hub-answer"),
        (On::Api, to("file:///etc/passwd"), 1, "redirect-refused"),
        (
            On::Api,
            to("/api/models/maker/tiny"),
            ALWAYS,
            "redirect-refused",
        ),
        (On::Head, status(404), ALWAYS, "hub-unknown"),
        (On::Head, status(401), ALWAYS, "hub-gated"),
        (On::Head, to("file:///etc/passwd"), 1, "redirect-refused"),
        (
            On::Bytes,
            to("gopher://127.0.0.1/"),
            ALWAYS,
            "redirect-refused",
        ),
        (On::Bytes, status(403), ALWAYS, "hub-failed"),
        (On::Bytes, status(418), ALWAYS, "hub-failed"),
        (On::Bytes, Fault::Wrong(12_345), ALWAYS, "download-mismatch"),
        (On::Bytes, Fault::OtherLength, ALWAYS, "download-mismatch"),
        (On::Bytes, Fault::OtherRange, ALWAYS, "hub-answer"),
    ] {
        let name = format!("{on:?} {fault:?}");
        check(&name, &[(on, fault, times)], Err(key));
    }
}

#[test]
fn a_hub_says_when_to_come_again_and_is_obeyed() {
    let began = std::time::Instant::now();
    let rest = Fault::Status(429, "Retry-After", "2".to_owned());
    check("rest", &[(On::Bytes, rest, 1)], Ok(()));
    assert!(began.elapsed() > Duration::from_secs(2));
}

#[test]
fn storage_without_ranges_sends_the_file_once() {
    let scene = check("whole", &[(On::Bytes, Fault::Whole, ALWAYS)], Ok(()));
    // The first ranges were asked for together, and cut off when the whole came.
    assert_eq!(scene.server.sent(FILE).last().unwrap().0, 0);
}

#[test]
fn an_expired_address_is_asked_for_again() {
    let scene = Scene::new();
    let bytes = model(8);
    scene.server.put(repository(&bytes));
    scene.server.hold(300_000);
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    let before = |server: &crate::hub_server::HubServer| {
        server
            .requests()
            .iter()
            .filter(|(method, ..)| method == "HEAD")
            .count()
    };
    crate::support::eventually("bytes", || scene.only().bytes_done > 200_000);
    let asked = before(&scene.server);
    scene.server.expire();
    scene.server.let_go();
    assert!(matches!(scene.ended(), DownloadState::Done { .. }));
    assert!(before(&scene.server) > asked);
    let most = bytes.len() as u64 + 4 * u64::from(RANGE);
    assert!(scene.server.bytes_sent(FILE) <= most);
}

#[test]
fn a_revision_that_changes_is_fetched_whole_and_of_one_piece() {
    let scene = Scene::new();
    scene.server.put(repository(&model(9)));
    scene.server.hold(300_000);
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    crate::support::eventually("bytes", || scene.only().bytes_done > 200_000);
    let newer = model(10);
    scene.server.put(repository(&newer));
    scene.server.let_go();
    let DownloadState::Done { model } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert!(std::fs::read(scene.hub.path(&model).unwrap()).unwrap() == newer);
    assert_eq!(scene.only().revision, repository(&newer).commit);
    // Nothing of the other one is left.
    assert_eq!(
        std::fs::read_dir(scene.cache().join("blobs"))
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn a_gated_model_needs_the_token_which_goes_to_the_hub_alone() {
    let scene = Scene::new();
    let mut gated = repository(&model(11));
    gated.gated = true;
    scene.server.put(gated);
    scene.server.set_token("hf_right");
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    let DownloadState::Failed { error } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert_eq!(error.key, "hub-gated");
    let page = format!("{}/maker/tiny", scene.server.endpoint());
    assert_eq!(error.args["address"], page.into());
    let keep = |token: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let kept = scene
            .network
            .keep(SecretKind::Token, Some(token.to_owned()));
        runtime.unwrap().block_on(kept).unwrap();
    };
    keep("hf_right");
    let id = scene.only().id;
    scene.hub.download_resume(&id).unwrap();
    assert!(matches!(scene.ended(), DownloadState::Done { .. }));
    for (_, path, known) in scene.server.requests() {
        assert!(
            !(known && path.starts_with("/storage")),
            "{path} heard the token"
        );
    }
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let scene = Scene::new();
    let evil = repository(&model(12)).with("../../../evil", "x");
    scene.server.put(evil);
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    let DownloadState::Failed { error } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert_eq!(error.key, "name-refused");
    let refused = |wish: DownloadWish| scene.hub.download_start(&wish).unwrap_err().key;
    let repository = |name: &str| DownloadWish {
        repository: name.into(),
        ..wish()
    };
    assert_eq!(refused(repository("../x")), "name-refused");
    assert_eq!(refused(repository("a/b/c")), "name-refused");
    let files = |file: &str| DownloadWish {
        files: vec![file.into()],
        ..wish()
    };
    assert_eq!(refused(files("../x")), "name-refused");
    assert_eq!(refused(files("/etc/passwd")), "name-refused");
}

#[test]
fn a_listing_of_folders_went_on_for_ever() {
    let scene = Scene::new();
    scene.server.put(Repository {
        circular: true,
        ..repository(&model(14))
    });
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    let DownloadState::Failed { error } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert_eq!(error.key, "hub-answer");
    let requests = scene.server.requests();
    let pages = requests
        .iter()
        .filter(|(_, path, _)| path.contains("/tree/"));
    assert_eq!(pages.count(), 1, "a page is not asked for twice");
}

#[test]
fn an_address_that_expired_before_the_whole_file_came_was_an_internal_error() {
    let scene = Scene::new();
    let bytes = model(15);
    scene.server.put(repository(&bytes));
    // No ranges, then an old address, then the whole file.
    for (fault, times) in [(Fault::Whole, 1), (status(403), 1), (Fault::Whole, ALWAYS)] {
        scene.server.fail(On::Bytes, fault, times);
    }
    scene.hub.download_start(&wish()).unwrap();
    let one = Tuning {
        in_flight: 1,
        ..hurry()
    };
    let _fetching = scene.hub.fetch_tuned(&scene.network, None, one);
    let DownloadState::Done { model } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert!(std::fs::read(scene.hub.path(&model).unwrap()).unwrap() == bytes);
}

#[test]
fn a_clock_ahead_of_the_hub_made_each_range_ask_for_an_address() {
    let scene = Scene::new();
    scene.server.put(repository(&model(16)));
    scene.server.live_in_1994();
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    assert!(matches!(scene.ended(), DownloadState::Done { .. }));
    let requests = scene.server.requests();
    let asked = requests.iter().filter(|(method, ..)| method == "HEAD");
    assert_eq!(asked.count(), 1);
}

#[test]
fn an_absurd_size_is_refused() {
    for bytes in [u64::MAX / 4, 9 << 40] {
        let scene = Scene::new();
        let mut absurd = repository(&model(13));
        absurd.files.get_mut(FILE).unwrap().bytes = bytes;
        scene.server.put(absurd);
        scene.hub.download_start(&wish()).unwrap();
        let _fetching = scene.fetch();
        let DownloadState::Failed { error } = scene.ended() else {
            panic!("{:?}", scene.only());
        };
        assert_eq!(error.key, "download-too-large");
        assert!(!scene.cache().exists());
    }
}

#[test]
fn what_the_hub_does_not_have_is_said() {
    let scene = Scene::new();
    scene.server.put(Repository::new("maker/other"));
    scene
        .server
        .put(Repository::new("maker/tiny").with("README.md", "words"));
    let missing = |wish: &DownloadWish, key: &str| {
        let id = scene.hub.download_start(wish).unwrap().id;
        let fetching = scene.fetch();
        let DownloadState::Failed { error } = scene.ended() else {
            panic!("{:?}", scene.only());
        };
        drop(fetching);
        assert_eq!(error.key, key);
        scene.hub.download_cancel(&id).unwrap();
    };
    missing(&wish(), "hub-file-missing");
    let wish = |repository: &str, revision: Option<&str>| DownloadWish {
        repository: repository.into(),
        revision: revision.map(str::to_owned),
        files: Vec::new(),
        name: None,
    };
    missing(&wish("maker/none", None), "hub-unknown");
    missing(&wish("maker/other", Some("v9")), "hub-unknown");
    missing(&wish("maker/other", None), "hub-file-missing");
}
