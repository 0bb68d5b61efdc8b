//! The model library on disk: which models there are, where their files lie, and who they are.
//!
//! Models are used where they lie, never copied. Their identity is the sha256 of the file (of
//! several files that of their hashes in order), reckoned in the background; until then it is
//! that of header, size and date.

mod catalogue;
mod download;
mod drafting;
mod elsewhere;
mod fit;
mod hashing;
mod index;
mod keeping;
mod library;
mod lock;
pub mod network;
mod places;
mod record;
mod search;
mod shared_file;
mod starter;

pub use catalogue::{Catalogue, Standing, better_model, choose, file_bytes};
pub use download::{Fetching, Links, Tuning};
pub use elsewhere::Neighbours;
pub use fit::{Room, could_fit, fit_catalogue, fit_hub, fit_installed};
pub use keeping::{GoOn, Told};
pub use library::{Hub, memory_needed};
pub use network::Network;
pub use places::Places;
pub use record::Prompt;
