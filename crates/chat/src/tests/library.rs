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

    /// How the work ended, and how many bytes of it were then said to be done.
    async fn work_ended(&mut self) -> (Option<LibraryWorkEnd>, u64) {
        self.next(|what| match what {
            EventKind::LibraryWorkChanged { work } if work.ended.is_some() => {
                if work.ended == Some(LibraryWorkEnd::Well) {
                    assert_eq!(work.bytes_done, work.bytes_total);
                }
                Some((work.ended, work.bytes_done))
            }
            _ => None,
        })
        .await
    }

    async fn verify(&self, model: &ModelId) -> Result<Nothing, AppError> {
        let model = model.clone();
        self.app.model_verify(ModelRef { model }).await
    }

    async fn move_to(&self, folder: Option<String>) -> Result<Nothing, AppError> {
        self.app.library_move(LibraryMove { folder }).await
    }

    fn moving(&self) -> Option<Option<String>> {
        let state = self.app.core.lock();
        state
            .histories
            .kept
            .read(crate::store::setting::moving)
            .unwrap()
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

#[tokio::test]
async fn a_model_was_deleted_while_it_was_read_or_moved() {
    let home = Home::new();
    let window = home.open_empty().await;
    let model = window.import(&snapshot(&home, "Tiny")).await;
    let busy = |result: Result<(), AppError>| assert_eq!(result.unwrap_err().key, "library-busy");
    let work = crate::library_work::working(LibraryWorkKind::Verify, Some(model.clone()));
    let held = crate::library_work::Held::of(&window.app.core, Some(work)).unwrap();
    let delete = || {
        let model = model.clone();
        window.app.model_delete(ModelDelete { model, files: true })
    };
    busy(delete().await.map(|_| ()));
    busy(window.verify(&model).await.map(|_| ()));
    busy(window.move_to(None).await.map(|_| ()));
    assert!(window.installed(&model).await.is_some());
    drop(held);
    delete().await.unwrap();
    assert!(window.installed(&model).await.is_none());
}

#[tokio::test]
async fn a_panic_in_a_work_kept_the_library_busy() {
    let home = Home::new();
    let mut window = home.open_empty().await;
    let model = window.import(&snapshot(&home, "Tiny")).await;
    let work = crate::library_work::working(LibraryWorkKind::Verify, Some(model.clone()));
    let ended = window.app.work(work, |_, tell, _| {
        tell(1, 2);
        std::panic::resume_unwind(Box::new("made up"))
    });
    assert_eq!(ended.await.unwrap_err().key, "internal");
    let (end, done) = window.work_ended().await;
    assert!(
        matches!(end, Some(LibraryWorkEnd::Failed { .. })),
        "{end:?}"
    );
    assert_eq!(done, 1);
    window.verify(&model).await.unwrap();
    assert_eq!(window.work_ended().await.0, Some(LibraryWorkEnd::Well));
}

#[tokio::test]
async fn a_move_that_the_end_interrupted_goes_on_with_the_next_window() {
    let home = Home::new();
    let window = home.open_empty().await;
    let path = snapshot(&home, "Tiny");
    window.import(&path).await;
    let folder = |name: &str| Some(home.folder.path().join(name).display().to_string());
    let settings = Settings {
        library: folder("library"),
        ..Settings::default()
    };
    window.app.settings_change(settings).await.unwrap();
    // Where it cannot be moved to, nothing is left to do.
    std::fs::write(home.folder.path().join("file"), "x").unwrap();
    assert!(window.move_to(folder("file")).await.is_err());
    assert_eq!(window.moving(), None);
    // The program is ending.
    window.app.core.closing.send_replace(true);
    let ended = window.move_to(folder("moved")).await;
    assert_eq!(ended.unwrap_err().key, "cancelled");
    assert_eq!(window.moving(), Some(folder("moved")));
    assert!(path.exists());
    drop(window);
    let mut window = home.open_empty().await;
    assert_eq!(window.snapshot().await.settings.library, folder("library"));
    assert!(path.exists());
    window.app.downloads(Nothing {}).await.unwrap();
    assert_eq!(window.work_ended().await.0, Some(LibraryWorkEnd::Well));
    let snapshot = window.snapshot().await;
    assert_eq!(snapshot.settings.library, folder("moved"));
    assert!(snapshot.models[0].path.contains("moved") && !path.exists());
    assert_eq!(window.moving(), None);
    window.app.close().await;
}
