//! `parley update`: a newer revision of a model of the hub, looked for and fetched only when that
//! is asked for.

use crate::{
    keeping::known,
    output::{self, Ending, Terminal},
    pull,
};
use ::chat::messages::size;
use hub::{Hub, Network, Places};
use protocol::Arg;

/// Looks for it, and unless `look` fetches it, beside the old one, whose place it takes.
pub(crate) async fn run(
    model: &str,
    look: bool,
    json: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = Hub::open(places)?;
    let model = known(&hub, model)?;
    let network = Network::new(places, ::chat::stored_settings(places).network);
    let newer = hub.look_newer(&network, &model.id).await?;
    if newer.is_some() && !look {
        let id = hub.update(&network, &model.id).await?.id;
        hub.download_resume(&id)?;
        return pull::follow(&hub, &network, &id, json, terminal).await;
    }
    if json {
        let said = serde_json::json!({ "model": model.id, "newer": newer });
        return output::line(&said.to_string());
    }
    let name = ("name", Arg::from(&model.name));
    output::line(&match newer {
        None => terminal.say("update-newest", &[name]),
        Some(newer) => {
            let size = Arg::from(size(newer.fetch_bytes as f64));
            terminal.say("update-there", &[name, ("size", size)])
        }
    })
}
