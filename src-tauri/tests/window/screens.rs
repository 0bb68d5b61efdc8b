//! What it looks like: pictures in target/screens, and that languages and themes are really changed.

use crate::{
    computer::{Home, SECOND},
    page::*,
};

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_first_start_speaks_the_systems_language() {
    for (system, language) in [
        ("C.UTF-8", "en"),
        ("zh_CN.UTF-8", "zh-Hans"),
        ("zh_TW.UTF-8", "zh-Hant"),
    ] {
        let home = Home::new();
        let window = home.open_with(&[("LANG", system)]).await;
        assert_eq!(window.text("main h2").await, word(language, "hello"));
        assert_eq!(
            window.texts(VIEW).await,
            ["chat", "library", "settings"].map(|key| word(language, key))
        );
        assert_eq!(
            window
                .script("return document.documentElement.lang", vec![])
                .await,
            language
        );
        window.picture(&format!("first-run-{language}")).await;
        window.assert_nothing_refused().await;
    }
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn a_conversation_light_and_dark_in_three_languages() {
    let home = Home::new();
    let window = home.open().await;
    let second = window.import(SECOND).await;
    window
        .say("Explain why the sky is blue, in three sentences")
        .await;
    window.answered(1, 20).await;
    window.ended_within(100).await;
    window.choose(&second).await;
    window
        .say("Write a Python function that counts the words in a text.")
        .await;
    window.answered(2, 20).await;
    window.ended_within(250).await;
    window.picture("conversation").await;
    window.press(CHIP, 0).await;
    window.until("the picker", || window.shows(PICKER)).await;
    assert_eq!(window.texts(MODEL).await.len(), 2);
    window.picture("picker").await;
    window.press(CHIP, 0).await;

    for (language, theme, picture) in [
        ("zh-Hans", 1, "light"),
        ("zh-Hant", 2, "dark"),
        ("en", 2, "dark"),
    ] {
        window.set(language, theme).await;
        assert_eq!(
            window.texts(VIEW).await,
            ["chat", "library", "settings"].map(|key| word(language, key))
        );
        let dark = window
            .script(
                "return getComputedStyle(document.body).backgroundColor",
                vec![],
            )
            .await;
        assert_eq!(dark == "rgb(28, 28, 26)", theme == 2, "{dark}");
        window
            .picture(&format!("settings-{language}-{picture}"))
            .await;
        window.press(VIEW, 0).await;
        window.until("the thread", || window.shows(ANSWER)).await;
        window
            .picture(&format!("conversation-{language}-{picture}"))
            .await;
    }
    window.assert_nothing_refused().await;

    // it is set for good
    window.close(&home).await;
    let window = home.open().await;
    let ground = window
        .script(
            "return getComputedStyle(document.body).backgroundColor",
            vec![],
        )
        .await;
    assert_eq!(ground, "rgb(28, 28, 26)");
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn an_interrupted_answer_and_a_history_that_cannot_be_read() {
    let home = Home::new();
    let window = home.open().await;
    window.say("Tell me about the history of tea.").await;
    window.answered(1, 40).await;
    home.kill("parley-worker");
    window.until("it is said", || window.shows(TROUBLE)).await;
    window.picture("interrupted").await;
    window.close(&home).await;

    let history = home.path().join("parley/data/history.db");
    std::fs::write(&history, "not a database ".repeat(1000)).expect("written");
    let _ = std::fs::remove_file(history.with_extension("db-wal"));
    let _ = std::fs::remove_file(history.with_extension("db-shm"));
    let window = home.open().await;
    assert!(
        window
            .text("main")
            .await
            .starts_with(&word("en", "trouble"))
    );
    window.picture("damaged").await;

    std::fs::remove_file(&history).expect("moved away");
    window.press(TROUBLE_ACT, 0).await;
    window
        .until("a new history", || window.shows(COMPOSER))
        .await;
}
