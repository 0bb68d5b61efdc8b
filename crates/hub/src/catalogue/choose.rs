//! "Help me choose": a few models for a person and this machine, each with its reasons.

use super::{
    Catalogue, Standing,
    shown::{recommended_bytes, speaks},
};
use protocol::{
    Arg, CatalogueModel, Choice, ChooseAnswers, Language, Matters, OpennessClass, Purpose, Reason,
    Task,
};

/// So many are proposed.
const SHORT: usize = 3;

/// Tokens per second below which reading along is a wait.
const SLOW: f64 = 4.0;

/// What a model that is at home in the language has before others: to those who want quality, a
/// year's progress.
const HOME: f64 = 0.3;

/// Tokens per second that nobody reads faster than.
const QUICK: f64 = 12.0;

/// The best models for what a person has answered, the best first; models that are known not to
/// fit this machine, that cannot be fetched, or that do not speak the language are never among
/// them. `standing`: what the machine says of a model.
pub fn choose(
    catalogue: &Catalogue,
    answers: &ChooseAnswers,
    standing: &dyn Fn(&CatalogueModel) -> Standing,
) -> Vec<Choice> {
    // The words are looked up by who shows the reasons.
    let mut found: Vec<_> = catalogue
        .models(Language::En)
        .into_iter()
        .map(|model| (standing(&model), model))
        .filter(|(standing, model)| possible(answers, model, *standing))
        .map(|(standing, model)| (score(answers, &model, standing), standing, model))
        .collect();
    found.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    let mut families = Vec::new();
    // One of a family: three sizes of one model are no choice.
    found.retain(|(_, _, model)| {
        let new = !families.contains(&model.family);
        families.push(model.family.clone());
        new
    });
    found
        .into_iter()
        .take(SHORT)
        .map(|(_, standing, model)| Choice {
            reasons: reasons(answers, &model, standing),
            model: model.id,
        })
        .collect()
}

/// Whether a model can be proposed at all.
fn possible(answers: &ChooseAnswers, model: &CatalogueModel, standing: Standing) -> bool {
    let study = answers.purpose == Purpose::Study;
    !model.files.is_empty()
        && standing.fits != Some(false)
        && (study || model.tasks.contains(&Task::Chat))
        && speaks(model, &answers.language)
}

/// How well a model suits: what it is for first, then how good, quick, open and small it is, by
/// what matters to the person. All parts are about 0 to 1 but the first.
fn score(answers: &ChooseAnswers, model: &CatalogueModel, standing: Standing) -> f64 {
    let (quality, speed, open, small) = match answers.matters {
        Matters::Quality => (2.0, 0.5, 0.2, 0.0),
        Matters::Speed => (0.8, 2.0, 0.2, 0.3),
        Matters::Openness => (0.8, 0.5, 3.0, 0.0),
        Matters::Size => (0.5, 0.3, 0.2, 2.5),
    };
    suits(answers.purpose, model)
        + if at_home(&answers.language, model) {
            HOME
        } else {
            0.0
        }
        + quality * quality_of(model)
        + speed * speed_of(model, standing)
        + open * open_of(model)
        + small * small_of(model)
}

/// A model made for the language, not only able to speak it.
fn at_home(language: &str, model: &CatalogueModel) -> bool {
    let domain = match language.split('-').next() {
        Some("ja") => "japanese",
        Some("zh") => "chinese",
        _ => return false,
    };
    knows(model, domain)
}

fn knows(model: &CatalogueModel, domain: &str) -> bool {
    model.domains.iter().any(|known| known == domain)
}

/// Made for the purpose: 2. Able to, but made for all sorts of things: 1. Made for another: 0.
fn suits(purpose: Purpose, model: &CatalogueModel) -> f64 {
    let can = |task| model.tasks.contains(&task);
    let (made, able) = match purpose {
        Purpose::Everyday => (knows(model, "general"), true),
        Purpose::Code => (knows(model, "code"), can(Task::Code)),
        Purpose::Maths => (
            knows(model, "maths"),
            can(Task::Maths) || can(Task::Reasoning),
        ),
        Purpose::Medicine => (knows(model, "medicine"), knows(model, "general")),
        Purpose::Study => (model.openness == OpennessClass::FullyOpen, false),
    };
    match (made, able) {
        (true, _) => 2.0,
        (false, true) => 1.0,
        (false, false) => 0.0,
    }
}

/// How good its answers can be expected to be: no benchmark covers all models of the catalogue,
/// but larger models and newer ones answer better. Doubling the weights counts as much as eight
/// months; a mixture of experts as the geometric mean of all and active weights.
pub(super) fn quality_of(model: &CatalogueModel) -> f64 {
    let active = model.active_parameters.unwrap_or(model.parameters);
    let weights = (model.parameters as f64 * active as f64).sqrt();
    let size = (weights / 1e8).max(1.0).log2() / 10.0;
    size + 0.15 * (years(&model.date) - 2023.0)
}

/// Such as 2024.5 for `2024-07`; the beginning of a year where only that is known.
fn years(date: &str) -> f64 {
    let mut parts = date.split('-').map(|part| part.parse().unwrap_or(0.0));
    let year: f64 = parts.next().unwrap_or_default();
    let month: f64 = parts.next().unwrap_or(1.0);
    year + (month - 1.0) / 12.0
}

/// By its measured speed; where that is not known, by how many weights each token is computed with.
fn speed_of(model: &CatalogueModel, standing: Standing) -> f64 {
    let tokens = standing.tokens_per_second.unwrap_or_else(|| {
        let active = model.active_parameters.unwrap_or(model.parameters);
        40e9 / active.max(1) as f64
    });
    (tokens / QUICK).min(1.0)
}

fn open_of(model: &CatalogueModel) -> f64 {
    match model.openness {
        OpennessClass::FullyOpen => 1.0,
        OpennessClass::WeightsOnly => 0.4,
        OpennessClass::Restricted => 0.0,
    }
}

/// From 1 for 100 MB to 0 for 10 GB and more.
fn small_of(model: &CatalogueModel) -> f64 {
    let bytes = recommended_bytes(model).unwrap_or(u64::MAX) as f64;
    (1.0 - (bytes / 1e8).log10() / 2.0).clamp(0.0, 1.0)
}

/// Why a model is proposed, and what to know before, as messages of the catalogues.
fn reasons(answers: &ChooseAnswers, model: &CatalogueModel, standing: Standing) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut say = |key: &str, args: &[(&str, Arg)]| {
        reasons.push(Reason {
            key: format!("choose-{key}"),
            args: args
                .iter()
                .map(|(n, a)| ((*n).to_owned(), a.clone()))
                .collect(),
        });
    };
    let made = suits(answers.purpose, model) >= 2.0;
    match (answers.purpose, made) {
        (Purpose::Everyday, _) => say("everyday", &[]),
        (Purpose::Code, true) => say("code", &[]),
        (Purpose::Maths, true) => say("maths", &[]),
        (Purpose::Medicine, true) => say("medicine", &[]),
        (Purpose::Study, true) => say("study", &[]),
        (_, false) => say("general", &[]),
    }
    if at_home(&answers.language, model) {
        say("home", &[]);
    } else if answers.language != "en" {
        say("language", &[]);
    }
    match model.openness {
        OpennessClass::FullyOpen if answers.purpose != Purpose::Study => say("open", &[]),
        OpennessClass::Restricted => {
            say(
                "restricted",
                &[("licence", model.licence.name.as_str().into())],
            );
        }
        _ => {}
    }
    if let Some(tokens) = standing.tokens_per_second {
        let n = [("n", Arg::Number(tokens.round().max(1.0)))];
        if tokens >= QUICK {
            say("quick", &n);
        } else if tokens < SLOW {
            say("slow", &n);
        }
    }
    if let Some(bytes) = recommended_bytes(model) {
        say("bytes", &[("bytes", Arg::Number(bytes as f64))]);
    }
    if answers.purpose == Purpose::Medicine {
        say("no-advice", &[]);
    }
    reasons
}
