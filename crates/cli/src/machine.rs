//! What this machine gives models, as the person's settings say.

use hub::{Hub, Places, Room};
use protocol::AppError;
use runtime::Options;

/// The library, whose models' memory is reckoned by what conversations are kept in. Errors: those
/// of [`Hub::open`].
pub(crate) fn library(places: &Places) -> Result<Hub, AppError> {
    let hub = Hub::open(places)?;
    hub.choose_kv_type(chat::stored_settings(places).kv_type);
    Ok(hub)
}

/// Memory, and what conversations are kept in; how fast memory is read is not measured.
pub(crate) fn room(places: &Places) -> Room {
    let memory = Options::from_environment().memory;
    Room {
        memory_bytes: memory.unwrap_or_else(|| runtime::system().memory_bytes),
        bandwidth: None,
        kv_type: chat::stored_settings(places).kv_type,
    }
}
