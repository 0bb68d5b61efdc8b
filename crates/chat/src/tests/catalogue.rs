//! The catalogue as the library shows it on this machine.

use super::Home;
use protocol::*;

fn asked(filter: CatalogueFilter) -> CatalogueAsked {
    CatalogueAsked {
        language: Language::ZhHant,
        filter,
        order: CatalogueOrder::Fit,
        measured: true,
    }
}

const MEMORY: MemoryUse = MemoryUse {
    total: 13_000_000_000,
    models: 0,
    free: 13_000_000_000,
};

#[tokio::test]
async fn each_file_says_whether_it_fits_and_the_filter_believes_it() {
    let home = Home::new();
    let window = home.open_empty().await;
    window.fake.set_memory(MEMORY);
    let all = window
        .app
        .catalogue(asked(CatalogueFilter::default()))
        .await
        .unwrap();
    assert!(all.models.len() >= 60 && all.families.len() >= 20);
    assert_eq!(all.models.len(), all.fits.len());
    let mut fitting = Vec::new();
    for (model, fits) in all.models.iter().zip(&all.fits) {
        assert_eq!(model.files.len(), fits.len(), "{}", model.id);
        for fit in fits.iter().flatten() {
            assert_eq!(fit.memory_bytes, MEMORY.total, "{}", model.id);
            assert!(fit.tokens_per_second.is_some(), "{}", model.id);
        }
        let first = fits.first().copied().flatten();
        if first.is_some_and(|fit| fit.fits != Fits::No) {
            fitting.push(&model.id);
        }
    }
    let filter = CatalogueFilter {
        fits: true,
        ..CatalogueFilter::default()
    };
    let shown = window.app.catalogue(asked(filter)).await.unwrap().models;
    let shown: Vec<_> = shown.iter().map(|model| &model.id).collect();
    assert_eq!(shown, fitting);
    assert!(!fitting.is_empty() && fitting.len() < all.models.len());
}

#[tokio::test]
async fn what_is_not_to_wait_for_a_measurement_says_all_but_the_speed() {
    let home = Home::new();
    let window = home.open_empty().await;
    window.fake.set_memory(MEMORY);
    let told = |measured| CatalogueAsked {
        measured,
        ..asked(CatalogueFilter::default())
    };
    let mut all = window.app.catalogue(told(true)).await.unwrap();
    for fit in all.fits.iter_mut().flatten().flatten() {
        fit.tokens_per_second = None;
        fit.bandwidth = None;
    }
    assert_eq!(window.app.catalogue(told(false)).await.unwrap(), all);
}

#[tokio::test]
async fn help_in_choosing_proposes_only_what_fits_and_says_why() {
    let home = Home::new();
    let window = home.open_empty().await;
    window.fake.set_memory(MEMORY);
    let all = window
        .app
        .catalogue(asked(CatalogueFilter::default()))
        .await
        .unwrap();
    let answers = ChooseAnswers {
        purpose: Purpose::Code,
        language: "zh".to_owned(),
        matters: Matters::Quality,
    };
    let choices = window.app.choose_help(answers).await.unwrap().choices;
    assert!(!choices.is_empty());
    for choice in choices {
        let at = all.models.iter().position(|model| model.id == choice.model);
        let at = at.unwrap();
        let fit = all
            .fits
            .get(at)
            .and_then(|fits| fits.first())
            .copied()
            .flatten();
        assert_ne!(fit.map(|fit| fit.fits), Some(Fits::No), "{}", choice.model);
        assert!(!choice.reasons.is_empty(), "{}", choice.model);
    }
}
