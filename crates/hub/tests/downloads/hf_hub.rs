//! The crate hf-hub, as other programs use it, beside ours in one cache: what either has fetched the
//! other finds, and our hub of the tests speaks what it understands.

use crate::scene::{FILE, Scene, model, repository, wish};
use hf_hub::HFClient;
use protocol::{DownloadState, DownloadWish};

fn client(scene: &Scene) -> HFClient {
    let cache = scene.cache();
    let client = HFClient::builder()
        .endpoint(scene.server.endpoint())
        .token("none")
        .cache_dir(cache.parent().unwrap());
    client.build().unwrap()
}

#[test]
fn what_we_fetch_hf_hub_finds_without_asking() {
    let scene = Scene::new();
    let bytes = model(40);
    scene.server.put(repository(&bytes));
    scene.hub.download_start(&wish()).unwrap();
    let _fetching = scene.fetch();
    let done = scene.ended();
    assert!(matches!(done, DownloadState::Done { .. }), "{done:?}");
    let asked = scene.server.requests().len();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let client = client(&scene);
        let tiny = client.model("maker", "tiny");
        let file = tiny.download_file().filename(FILE);
        let path = file.local_files_only(true).send().await;
        assert_eq!(std::fs::read(path.unwrap()).unwrap(), bytes);
        let found = client.scan_cache().send().await.unwrap();
        assert_eq!(found.warnings, [""; 0]);
        let [repo] = &found.repos[..] else {
            panic!("{:?}", found.repos);
        };
        assert_eq!((repo.repo_id.as_str(), repo.nb_files), ("maker/tiny", 1));
        let revision = &repo.revisions[0];
        assert_eq!(revision.commit_hash, repository(&bytes).commit);
        assert_eq!(revision.refs, ["main"]);
    });
    assert_eq!(scene.server.requests().len(), asked, "nothing was asked");
}

#[test]
fn what_hf_hub_fetches_we_find_without_fetching() {
    let scene = Scene::new();
    let bytes = model(41);
    scene.server.put(repository(&bytes));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let client = client(&scene);
        let tiny = client.model("maker", "tiny");
        let info = tiny.info().send().await.unwrap();
        assert_eq!(info.sha, Some(repository(&bytes).commit));
        let file = tiny.download_file().filename(FILE);
        let path = file.send().await.unwrap();
        assert_eq!(std::fs::read(path).unwrap(), bytes);
    });
    let sent = scene.server.bytes_sent(FILE);
    let again = DownloadWish {
        revision: Some("main".into()),
        ..wish()
    };
    scene.hub.download_start(&again).unwrap();
    let _fetching = scene.fetch();
    let done = scene.ended();
    assert!(matches!(done, DownloadState::Done { .. }), "{done:?}");
    assert_eq!(scene.server.bytes_sent(FILE), sent);
}
