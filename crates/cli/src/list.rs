//! `parley list`: the library.

use crate::output::{self, Ending, Terminal};
use chat::messages::{self, size};
use hub::{Hub, Places};
use protocol::{Arg, Installed, Keeper, ModelEntry, ModelState, failure};
use std::time::{SystemTime, UNIX_EPOCH};

/// Shows every model.
pub(crate) fn run(
    json: bool,
    elsewhere: bool,
    places: &Places,
    terminal: &Terminal,
) -> Result<(), Ending> {
    let hub = crate::machine::library(places)?;
    if let Some(damage) = hub.damage() {
        terminal.fail(&damage);
    }
    if elsewhere {
        return others(json, &hub, terminal);
    }
    let installed = ::chat::installed_used(places, &hub);
    if json {
        let text = serde_json::to_string(&facts(&installed)?)
            .map_err(|error| failure::internal().detail(error))?;
        return output::line(&text);
    }
    if installed.is_empty() {
        terminal.note(&terminal.say("list-empty", &[]));
    }
    for model in &installed {
        show(&model.entry, terminal)?;
        let used = [("n", Arg::from(model.conversations))];
        let mut said = vec![terminal.say("list-used", &used)];
        if let Some(days) = model.last_used.and_then(days_since) {
            said.push(terminal.say("list-last-used", &[("n", Arg::from(days))]));
        }
        said.push(whose(model.keeper, terminal));
        output::line(&format!("  {}", said.join(" · ")))?;
    }
    Ok(())
}

/// Whole days since a Unix time in seconds; None where that is yet to come by far.
fn days_since(time: i64) -> Option<u32> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let now = i64::try_from(now.as_secs()).ok()?;
    u32::try_from(now.saturating_sub(time) / 86_400).ok()
}

/// Whose folder a model lies in.
fn whose(keeper: Keeper, terminal: &Terminal) -> String {
    match keeper {
        Keeper::Parley => terminal.say("list-keeper-parley", &[]),
        Keeper::HubCache => terminal.say("list-keeper-hub", &[]),
        Keeper::Person => terminal.say("list-keeper-person", &[]),
        Keeper::Ollama => "Ollama".to_owned(),
        Keeper::LmStudio => "LM Studio".to_owned(),
        Keeper::Jan => "Jan".to_owned(),
        Keeper::Gpt4all => "GPT4All".to_owned(),
    }
}

/// Each model as it always was told, with who uses it and whose it is beside.
fn facts(installed: &[Installed]) -> Result<Vec<serde_json::Value>, Ending> {
    let facts = installed.iter().map(|model| {
        let mut value = serde_json::to_value(&model.entry)?;
        value["keeper"] = serde_json::to_value(model.keeper)?;
        value["last_used"] = model.last_used.into();
        value["conversations"] = model.conversations.into();
        value["catalogue"] = model.catalogue.clone().into();
        value["repository"] = model.repository.clone().into();
        value["newer"] = serde_json::to_value(&model.newer)?;
        Ok(value)
    });
    let facts: Result<_, serde_json::Error> = facts.collect();
    Ok(facts.map_err(|error| failure::internal().detail(error))?)
}

/// Shows what other programs have that the library does not.
fn others(json: bool, hub: &Hub, terminal: &Terminal) -> Result<(), Ending> {
    let models = hub.elsewhere();
    if json {
        let text =
            serde_json::to_string(&models).map_err(|error| failure::internal().detail(error))?;
        return output::line(&text);
    }
    if models.is_empty() {
        terminal.note(&terminal.say("elsewhere-none", &[]));
    }
    for (at, model) in models.iter().enumerate() {
        // By that number it can be imported.
        let number = at + 1;
        let size = size(model.bytes as f64);
        output::line(&format!("{number}. {} · {size}", model.name))?;
        output::line(&format!(
            "   {} · {}",
            whose(model.keeper, terminal),
            model.path
        ))?;
    }
    Ok(())
}

/// A model in words: its name, then what it is.
pub(crate) fn show(model: &ModelEntry, terminal: &Terminal) -> Result<(), Ending> {
    output::line(&model.name)?;
    let facts = [
        ("parameters", Arg::from(short_count(model.parameters))),
        ("quantisation", Arg::from(&model.quantisation)),
        ("context", Arg::from(model.context)),
        ("disk", Arg::from(size(model.bytes as f64))),
        ("memory", Arg::from(size(model.memory as f64))),
    ];
    output::line(&format!("  {}", terminal.say("model-facts", &facts)))?;
    output::line(&format!("  {}", model.path))?;
    output::line(&format!("  {}", model.id))?;
    if let ModelState::Unusable { error } = &model.state {
        output::line(&format!(
            "  {}",
            messages::sentence(error, terminal.language)
        ))?;
    }
    Ok(())
}

/// Such as `135M` or `1.5B`.
pub(crate) fn short_count(count: u64) -> String {
    let count = count as f64;
    match count {
        c if c >= 1e12 => format!("{:.1}T", c / 1e12),
        c if c >= 999.5e6 => format!("{:.1}B", c / 1e9),
        c if c >= 999.5e3 => format!("{:.0}M", c / 1e6),
        c if c >= 1e3 => format!("{:.0}k", c / 1e3),
        c => format!("{c:.0}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn counts_are_short() {
        let check = |count: u64, shown: &str| assert_eq!(super::short_count(count), shown);
        check(0, "0");
        check(12_345, "12k");
        check(134_515_008, "135M");
        check(494_032_768, "494M");
        check(999_900_000, "1.0B");
        check(7_241_732_096, "7.2B");
    }
}
