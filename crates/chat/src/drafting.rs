//! Which model proposes tokens for another: kept in the library, with the model that answers.

use crate::App;
use hub::Hub;
use protocol::{
    AppError, DraftChoose, DraftModel, Drafted, Drafting, ModelEntry, ModelState, Nothing,
};

impl App {
    /// The models that others can propose tokens for, and what the person chose of each.
    pub async fn drafting(&self, _: Nothing) -> Result<Drafting, AppError> {
        let hub = self.core.hub.clone();
        let models = hub.models().into_iter();
        Ok(Drafting {
            models: models.filter_map(|model| drafted(&hub, model)).collect(),
        })
    }

    /// Chooses what proposes for a model, from its next answer on. Errors: `model-unknown`,
    /// `disk-full`, `file-not-written`.
    pub async fn draft_choose(&self, request: DraftChoose) -> Result<Nothing, AppError> {
        self.core.hub.choose_draft(&request.model, request.choice)?;
        Ok(Nothing {})
    }
}

/// None where nothing can propose for the model.
fn drafted(hub: &Hub, model: ModelEntry) -> Option<Drafted> {
    let drafts = hub.drafts(&model.id);
    let is_there = !matches!(model.state, ModelState::Unusable { .. });
    (is_there && !drafts.is_empty()).then(|| Drafted {
        choice: hub.draft_choice(&model.id),
        model: model.id,
        name: model.name,
        drafts: drafts
            .into_iter()
            .map(|draft| DraftModel {
                id: draft.id,
                name: draft.name,
                quantisation: draft.quantisation,
            })
            .collect(),
    })
}
