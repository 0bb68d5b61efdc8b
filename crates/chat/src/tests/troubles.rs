//! What a person should know of and did not ask for.

use super::*;
use crate::upkeep;

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_library_is_told_to_every_window() {
    let home = Home::new();
    std::fs::create_dir_all(home.places().data()).unwrap();
    std::fs::write(home.places().library_index(), "{ not json").unwrap();
    let window = home.open_empty().await;
    for _ in 0..2 {
        let keys: Vec<_> = window
            .snapshot()
            .await
            .troubles
            .into_iter()
            .map(|t| t.key)
            .collect();
        assert_eq!(keys, ["library-damaged"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_weekly_check_tells_damage_and_rests_after_a_sound_one() {
    let home = Home::new();
    let mut window = home.open_empty().await;
    let broken = home.places().data().join("broken.db");
    std::fs::write(&broken, [0xff; 8192]).unwrap();
    let core = window.app.core.clone();
    upkeep::check(core.clone(), broken.clone()).await;
    let told = window.next(|what| match what {
        EventKind::Trouble { error } => Some(error.key),
        _ => None,
    });
    assert_eq!(told.await, "history-damaged");
    assert_eq!(window.snapshot().await.troubles.len(), 1);
    upkeep::check(core.clone(), home.places().history()).await;
    upkeep::check(core, broken).await; // not due
    assert_eq!(window.snapshot().await.troubles.len(), 1);
}
