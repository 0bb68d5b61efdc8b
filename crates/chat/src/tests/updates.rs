//! A newer revision of a model, as a window asks for it, from a hub on loopback.

use super::hub_server::{HubServer, Repository};
use super::*;
use runtime::Resident;

/// Between two looks, and how many there are.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const MOST_LOOKS: u32 = 3000;

/// A window whose hub is `server`, and a model that it has fetched from there.
async fn with_fetched(home: &Home, server: &HubServer) -> (Window, ModelId) {
    server.put(tiny(home, "Old"));
    let window = home.open_empty().await;
    let network = NetworkSettings {
        endpoint: Some(server.endpoint()),
        ..NetworkSettings::default()
    };
    window.app.network_change(network).await.unwrap();
    let wish = DownloadWish {
        repository: "maker/tiny".to_owned(),
        revision: None,
        files: vec!["tiny.gguf".to_owned()],
        name: None,
    };
    let id = window.app.download_start(wish).await.unwrap().id;
    let model = window.fetched(&id).await;
    (window, model)
}

fn tiny(home: &Home, name: &str) -> Repository {
    let bytes = std::fs::read(home.model(name)).unwrap();
    Repository::new("maker/tiny").with("tiny.gguf", bytes)
}

impl Window {
    /// What the download brought.
    async fn fetched(&self, id: &str) -> ModelId {
        for _ in 0..MOST_LOOKS {
            let downloads = self.app.downloads(Nothing {}).await.unwrap().downloads;
            let mut states = downloads.into_iter().filter(|one| one.id == id);
            match states.next().unwrap().state {
                DownloadState::Done { model } => return model,
                DownloadState::Failed { error } => panic!("{error}"),
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        panic!("it did not come");
    }

    /// The snapshot for which something is so.
    async fn once(&self, so: impl Fn(&Snapshot) -> bool) -> Snapshot {
        for _ in 0..MOST_LOOKS {
            let snapshot = self.snapshot().await;
            if so(&snapshot) {
                return snapshot;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("it was never so");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_uses_a_model_goes_on_with_its_newer_revision() {
    let (home, server) = (Home::new(), HubServer::start());
    let (mut window, old) = with_fetched(&home, &server).await;
    let at = ModelRef { model: old.clone() };
    let look = window.app.model_update_look(at.clone()).await.unwrap();
    assert_eq!(look.newer, None);
    let none = window.app.model_update(at.clone()).await.unwrap_err();
    assert_eq!(none.key, "update-none");
    let choose = ModelChoose {
        conversation: None,
        model: old.clone(),
    };
    window.app.model_choose(choose).await.unwrap();
    let answer = window.turn(None, "hello", "hi").await;
    let chosen = |model: &ModelId| ModelChoose {
        conversation: Some(answer.conversation.clone()),
        model: model.clone(),
    };
    window.app.model_choose(chosen(&old)).await.unwrap();
    window.fake.set_residents(vec![Resident {
        model: old.clone(),
        state: ModelState::Loaded { memory: 1 },
    }]);

    server.put(tiny(&home, "New"));
    let newer = window.app.model_update_look(at.clone()).await.unwrap();
    let newer = newer.newer.unwrap();
    assert_eq!(newer.revision, tiny(&home, "New").commit);
    let installed = window.app.installed(Nothing {}).await.unwrap();
    assert_eq!(installed.models[0].newer, Some(newer));
    let download = window.app.model_update(at).await.unwrap();
    assert_eq!(download.updates, Some(old.clone()));
    let new = window.fetched(&download.id).await;
    assert_ne!(new, old);
    // Whoever named the old one.
    let snapshot = window
        .once(|now| now.settings.model.as_ref() == Some(&new))
        .await;
    assert_eq!(snapshot.models.len(), 1);
    assert_eq!(snapshot.models[0].id, new);
    assert_eq!(snapshot.conversations[0].model.as_ref(), Some(&new));
    let residents = window.app.core.engine.residents();
    assert!(
        residents
            .borrow()
            .iter()
            .all(|resident| resident.model != old)
    );
    // What the old one wrote is its own.
    let messages = window.open(&answer.conversation).await.messages;
    assert_eq!(messages[1].author.as_ref().unwrap().model, old);
    let installed = window.app.installed(Nothing {}).await.unwrap().models;
    assert_eq!(
        (installed[0].conversations, &installed[0].newer),
        (1, &None)
    );
    window.turn(Some(&answer.conversation), "more", "yes").await;
    let asked = window.fake.requests();
    assert_eq!(asked.last().unwrap().model, new);
    window.app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_of_the_hub_before_the_person_asks() {
    let (home, server) = (Home::new(), HubServer::start());
    let (window, _) = with_fetched(&home, &server).await;
    server.put(tiny(&home, "New"));
    let before = server.requests().len();
    window.app.installed(Nothing {}).await.unwrap();
    window.app.downloads(Nothing {}).await.unwrap();
    window.app.close().await;
    let window = home.open_empty().await;
    let installed = window.app.installed(Nothing {}).await.unwrap();
    assert_eq!(installed.models[0].newer, None);
    window.app.downloads(Nothing {}).await.unwrap();
    window.app.close().await;
    assert_eq!(server.requests().len(), before);
}
