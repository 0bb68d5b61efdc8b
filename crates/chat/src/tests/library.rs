//! What is installed and who uses it, deleting, checking and moving, as a window asks for it.

use super::*;

/// A file of the hub's layout below the home's own cache.
fn snapshot(home: &Home, name: &str) -> PathBuf {
    let bytes = std::fs::read(home.model(name)).unwrap();
    let folder = home.folder.path().join("library/models--owner--tiny");
    let path = folder.join("snapshots/aaaa").join(format!("{name}.gguf"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

impl Window {
    async fn import(&self, path: &std::path::Path) -> ModelId {
        let path = path.display().to_string();
        let entry = self.app.model_import(ModelImport { path }).await.unwrap();
        entry.id
    }

    async fn installed(&self, id: &ModelId) -> Option<Installed> {
        let all = self.app.installed(Nothing {}).await.unwrap().models;
        all.into_iter().find(|one| one.entry.id == *id)
    }

    async fn work_ended(&mut self) -> (Option<LibraryWorkEnd>, u64) {
        self.next(|what| match what {
            EventKind::LibraryWorkChanged { work } if work.ended.is_some() => {
                Some((work.ended, work.bytes_total))
            }
            _ => None,
        })
        .await
    }
}

#[tokio::test]
async fn it_is_known_who_uses_a_model_and_deleting_it_says_so() {
    let home = Home::new();
    let mut window = home.open_empty().await;
    let id = window.import(&snapshot(&home, "Tiny")).await;
    assert_eq!(window.installed(&id).await.unwrap().conversations, 0);
    let answer = window.turn(None, "hello", "hi").await;
    window.turn(Some(&answer.conversation), "more", "yes").await;
    window.turn(None, "another", "hi").await;
    let one = window.installed(&id).await.unwrap();
    assert_eq!(one.conversations, 2);
    assert!(one.last_used.is_some_and(|at| at > 1_700_000_000));
    let look = window.app.model_delete_look(ModelRef { model: id.clone() });
    let look = look.await.unwrap();
    assert_eq!((look.conversations, look.files.len()), (2, 1));
    let request = ModelDelete {
        model: id.clone(),
        files: true,
    };
    let gone = window.app.model_delete(request).await.unwrap();
    assert_eq!(gone.freed_bytes, look.freed_bytes);
    assert!(window.installed(&id).await.is_none());
    assert!(
        !home
            .folder
            .path()
            .join("library/models--owner--tiny")
            .exists()
    );
    // What was said stays.
    assert_eq!(window.open(&answer.conversation).await.messages.len(), 4);
}

#[tokio::test]
async fn checking_and_moving_are_told() {
    let home = Home::new();
    let mut window = home.open_empty().await;
    let path = snapshot(&home, "Tiny");
    let id = window.import(&path).await;
    let folder = |name: &str| Some(home.folder.path().join(name).display().to_string());
    let settings = Settings {
        library: folder("library"),
        ..Settings::default()
    };
    window.app.settings_change(settings).await.unwrap();
    let verified = window
        .app
        .model_verify(ModelRef { model: id.clone() })
        .await;
    verified.unwrap();
    let (end, bytes) = window.work_ended().await;
    assert_eq!(end, Some(LibraryWorkEnd::Well));
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    let to = folder("moved");
    let request = LibraryMove { folder: to.clone() };
    window.app.library_move(request).await.unwrap();
    assert_eq!(window.work_ended().await.0, Some(LibraryWorkEnd::Well));
    let snapshot = window.app.snapshot(Nothing {}).await.unwrap();
    assert_eq!(snapshot.settings.library, to);
    assert!(snapshot.models[0].path.contains("moved") && !path.exists());
    assert_eq!(window.app.core.hub.downloads().folder, to.unwrap());
    let wrong = LibraryMove {
        folder: Some("beside".to_owned()),
    };
    let refused = window.app.library_move(wrong).await.unwrap_err();
    assert_eq!(refused.key, "file-not-found");
    let found = window.app.models_elsewhere(Nothing {}).await.unwrap();
    assert_eq!(found.models, []);
}
