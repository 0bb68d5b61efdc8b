//! Newer revisions: looked for and fetched when that is asked for, the old one whole until then.

use crate::hub_server::{Fault, On, Repository};
use crate::scene::{FILE, Scene, hurry, listing, model, repository, wish};
use crate::support::{eventually, folder, gguf};
use hub::Network;
use hub::network::{Environment, Keyring};
use protocol::{
    AppError, DownloadState, DownloadWish, ModelId, ModelState, NetworkSettings, NewerRevision,
};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

impl Scene {
    /// One whose library has what the repository held at first.
    fn with_old(first: Repository, wish: &DownloadWish) -> (Scene, ModelId) {
        let scene = Scene::new();
        scene.server.put(first);
        let model = scene.got(wish);
        (scene, model)
    }

    fn got(&self, wish: &DownloadWish) -> ModelId {
        let id = self.hub.download_start(wish).unwrap().id;
        let _fetching = self.fetch();
        let DownloadState::Done { model } = self.ended() else {
            panic!("{:?}", self.only());
        };
        self.hub.download_dismiss(&id).unwrap();
        model
    }

    fn look(&self, model: &ModelId) -> Result<Option<NewerRevision>, AppError> {
        now(self.hub.look_newer(&self.network, model))
    }

    fn update(&self, model: &ModelId) -> String {
        let download = now(self.hub.update(&self.network, model)).unwrap();
        assert_eq!(download.updates.as_ref(), Some(model));
        download.id
    }

    fn path(&self, model: &ModelId) -> PathBuf {
        assert_eq!(self.hub.resolve(model).unwrap().state, ModelState::Ready);
        self.hub.path(model).unwrap()
    }

    /// The only model is `model`, as it was, and nothing of another is on the disk.
    fn is_as_it_was(&self, model: &ModelId, files: &[String]) {
        let models = self.hub.models();
        assert_eq!(models.iter().map(|m| &m.id).collect::<Vec<_>>(), [model]);
        self.path(model);
        assert_eq!(listing(&self.cache()), files);
    }
}

fn now<T>(asked: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(asked)
}

#[test]
fn a_newer_revision_is_fetched_beside_the_old_one_and_takes_its_place() {
    let (old_bytes, new_bytes) = (model(1), model(2));
    let (scene, old) = Scene::with_old(repository(&old_bytes), &wish());
    assert_eq!(scene.look(&old).unwrap(), None);
    let newest = repository(&new_bytes);
    scene.server.put(newest.clone());
    let sent = scene.server.bytes_sent(FILE);
    let newer = scene.look(&old).unwrap().unwrap();
    let bytes = new_bytes.len() as u64;
    let expected = NewerRevision {
        revision: newest.commit.clone(),
        bytes,
        fetch_bytes: bytes,
    };
    assert_eq!(newer, expected);
    assert_eq!(scene.hub.installed()[0].newer, Some(expected));
    // Looking fetches nothing.
    assert_eq!(scene.server.bytes_sent(FILE), sent);

    let old_path = scene.path(&old);
    scene.server.hold(200_000);
    let id = scene.update(&old);
    let fetching = scene.fetch();
    eventually("bytes", || scene.only().bytes_done > 100_000);
    assert_eq!(std::fs::read(scene.path(&old)).unwrap(), old_bytes);
    scene.hub.download_pause(&id).unwrap();
    scene.until("a pause", |state| {
        *state == DownloadState::Paused { error: None }
    });
    drop(fetching);
    assert_eq!(scene.path(&old), old_path);
    // Over a new start of the program.
    let hub = scene.desk.hub();
    scene.server.let_go();
    hub.download_resume(&id).unwrap();
    let _fetching = hub.fetch_tuned(&scene.network, None, hurry());
    let DownloadState::Done { model: new } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert_ne!(new, old);
    let models = hub.models();
    assert_eq!(models.len(), 1);
    assert_eq!(
        (&models[0].id, &models[0].state),
        (&new, &ModelState::Ready)
    );
    assert_eq!(std::fs::read(hub.path(&old).unwrap()).unwrap(), new_bytes);
    assert_eq!(hub.successor(&old), new);
    assert!(!old_path.exists());
    assert_eq!(hub.installed()[0].newer, None);
    let blobs = std::fs::read_dir(scene.cache().join("blobs")).unwrap();
    assert_eq!(blobs.count(), 1);
    let main = std::fs::read_to_string(scene.cache().join("refs/main")).unwrap();
    assert_eq!(main, newest.commit);
    assert_eq!(now(hub.look_newer(&scene.network, &new)).unwrap(), None);
    let none = now(hub.update(&scene.network, &new)).unwrap_err();
    assert_eq!(none.key, "update-none");
}

#[test]
fn a_file_that_did_not_change_costs_no_download() {
    let bytes = model(1);
    let (scene, old) = Scene::with_old(repository(&bytes), &wish());
    scene
        .server
        .put(repository(&bytes).with("README.md", "A better model."));
    let sent = scene.server.bytes_sent(FILE);
    assert_eq!(scene.look(&old).unwrap(), None);
    assert_eq!(scene.server.bytes_sent(FILE), sent);

    // Of a folder, only what changed is fetched.
    let files = folder();
    let with = |changed: &str| {
        let repository = Repository::new("maker/folder");
        files.iter().fold(repository, |repository, (name, bytes)| {
            let mut bytes = bytes.clone();
            if *name == changed {
                bytes.push(b' ');
            }
            repository.with(name, bytes)
        })
    };
    let all = DownloadWish {
        repository: "maker/folder".into(),
        files: Vec::new(),
        ..wish()
    };
    scene.server.put(with(""));
    let old = scene.got(&all);
    scene.server.put(with("tokenizer_config.json"));
    let newer = scene.look(&old).unwrap().unwrap();
    assert_eq!(newer.fetch_bytes, 3);
    assert!(newer.bytes > 100);
    let shard = "model-00001-of-00002.safetensors";
    let sent = scene.server.bytes_sent(shard);
    scene.update(&old);
    let _fetching = scene.fetch();
    let DownloadState::Done { model: new } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert_ne!(new, old);
    assert_eq!(scene.server.bytes_sent(shard), sent);
    assert_eq!(scene.hub.models().len(), 2);
    assert_eq!(scene.path(&new), scene.hub.path(&old).unwrap());
}

#[test]
fn an_update_that_is_cancelled_or_fails_leaves_all_as_it_was() {
    let (scene, old) = Scene::with_old(repository(&model(1)), &wish());
    let files = listing(&scene.cache());
    scene.server.put(repository(&model(2)));
    scene.server.hold(200_000);
    let id = scene.update(&old);
    let fetching = scene.fetch();
    eventually("bytes", || scene.only().bytes_done > 50_000);
    scene.hub.download_cancel(&id).unwrap();
    eventually("nothing left", || listing(&scene.cache()) == files);
    drop(fetching);
    scene.is_as_it_was(&old, &files);
    // What comes is not what the hub says, again and again.
    scene.server.let_go();
    scene.server.fail(On::Bytes, Fault::Wrong(0), 1000);
    let id = scene.update(&old);
    let fetching = scene.fetch();
    let DownloadState::Failed { error } = scene.ended() else {
        panic!("{:?}", scene.only());
    };
    assert_eq!(error.key, "download-mismatch");
    drop(fetching);
    scene.hub.download_dismiss(&id).unwrap();
    scene.is_as_it_was(&old, &files);
    // The model it was for is deleted.
    scene.server.mend();
    scene.server.hold(200_000);
    scene.update(&old);
    let _fetching = scene.fetch();
    eventually("bytes", || scene.only().bytes_done > 50_000);
    scene.hub.delete(&old, true).unwrap();
    eventually("nothing left", || listing(&scene.cache()).is_empty());
    assert!(scene.hub.downloads().downloads.is_empty());
    assert_eq!(scene.hub.models(), []);
}

#[test]
fn what_cannot_be_looked_for_is_told() {
    let (scene, old) = Scene::with_old(repository(&model(1)), &wish());
    let check = |key: &str| {
        assert_eq!(scene.look(&old).unwrap_err().key, key);
        assert!(now(scene.hub.update(&scene.network, &old)).is_err());
        assert!(scene.hub.downloads().downloads.is_empty());
        scene.path(&old);
    };
    // The newest revision has another file.
    scene
        .server
        .put(Repository::new("maker/tiny").with("other.gguf", gguf("Other", 1.0)));
    check("hub-file-missing");
    scene.server.fail(
        On::Api,
        Fault::Status(404, "X-Error-Code", "RevisionNotFound".into()),
        2,
    );
    check("hub-unknown");
    scene.server.fail(
        On::Api,
        Fault::Status(401, "X-Error-Code", "RepoNotFound".into()),
        2,
    );
    check("hub-unknown");
    scene.server.fail(
        On::Api,
        Fault::Status(403, "X-Error-Code", "GatedRepo".into()),
        2,
    );
    check("hub-gated");
    scene.server.fail(
        On::Api,
        Fault::Status(503, "X-Error-Code", String::new()),
        2,
    );
    check("hub-failed");
    let reached = |endpoint: String, offline: bool| {
        let settings = NetworkSettings {
            endpoint: Some(endpoint),
            offline,
            ..NetworkSettings::default()
        };
        let places = scene.desk.places();
        let network = Network::with(&places, settings, Environment::of(&[]), Keyring::none());
        now(scene.hub.look_newer(&network, &old)).unwrap_err().key
    };
    assert_eq!(reached(scene.server.endpoint(), true), "offline");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    assert_eq!(reached(nobody, false), "hub-unreachable");
    // Not from the hub.
    let own = scene.hub.import(&scene.desk.model("Own", 1.0)).unwrap().id;
    assert_eq!(scene.look(&own).unwrap_err().key, "update-unknown");
    let unknown = scene.look(&ModelId("sha256:00".into()));
    assert_eq!(unknown.unwrap_err().key, "model-unknown");
}

#[test]
fn a_newer_revision_waits_for_who_reads_the_old_one() {
    let (scene, old) = Scene::with_old(repository(&model(1)), &wish());
    scene.server.put(repository(&model(2)));
    let (began, may_end) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let verify = scope.spawn(|| {
            scene.hub.verify(&old, &mut |_, _| {}, &|| {
                began.store(true, Ordering::SeqCst);
                eventually("the update is there", || may_end.load(Ordering::SeqCst));
                true
            })
        });
        eventually("it reads", || began.load(Ordering::SeqCst));
        assert_eq!(
            scene.hub.delete(&old, true).unwrap_err().key,
            "library-busy"
        );
        let to = scene.desk.path("to");
        let moved = scene.hub.move_library(None, &to, &mut |_, _| {}, &|| true);
        assert_eq!(moved.unwrap_err().key, "library-busy");
        scene.update(&old);
        let fetching = scene.fetch();
        scene.until("all bytes", |state| *state == DownloadState::Checking);
        assert_eq!(scene.hub.models().len(), 1);
        scene.path(&old);
        may_end.store(true, Ordering::SeqCst);
        verify.join().unwrap().unwrap();
        assert!(matches!(scene.ended(), DownloadState::Done { .. }));
        drop(fetching);
    });
    assert_eq!(scene.hub.models().len(), 1);
    assert_ne!(scene.hub.successor(&old), old);
}

#[test]
fn an_update_that_was_killed_before_it_took_the_place_takes_it() {
    let (scene, old) = Scene::with_old(repository(&model(1)), &wish());
    scene.server.put(repository(&model(2)));
    scene.update(&old);
    // As after the kill: the new one is whole and in the library, the old one too, and the
    // download stands in the queue.
    let waiting = scene.desk.places().data().join("downloads.json");
    let queue = std::fs::read(&waiting).unwrap();
    std::fs::remove_file(&waiting).unwrap();
    scene.got(&wish());
    assert_eq!(scene.hub.models().len(), 2);
    std::fs::write(&waiting, queue).unwrap();
    let sent = scene.server.bytes_sent(FILE);
    let _fetching = scene.fetch();
    assert!(matches!(scene.ended(), DownloadState::Done { .. }));
    assert_eq!(scene.server.bytes_sent(FILE), sent);
    assert_eq!(scene.hub.models().len(), 1);
    assert_ne!(scene.hub.successor(&old), old);
}
