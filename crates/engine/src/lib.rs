//! Weights to tokens: tokenizers, templates, families, executors, KV cache, sampling.
//!
//! Blocking; no network, no database, no async runtime. A [`Model`] never changes; everything
//! that does is in a [`Sequence`].

mod answer;
mod cancel;
mod cost;
mod exec;
mod facts;
mod families;
mod generate;
mod kept;
mod kv;
mod measure;
mod model;
mod prompt;
mod quantise;
mod reasoning;
mod sampling;
mod sequence;
mod speculation;
mod stops;
mod template;
mod threads;
mod tokenizer;
mod weights;

pub use answer::{Answer, round};
pub use cancel::Cancel;
pub use exec::Capabilities;
pub use facts::facts;
pub use generate::{Asked, Generated, generate};
pub use kernels::KvKind;
pub use kv::{KvStore, Saved};
pub use measure::{Timed, bench, ceilings, logits};
pub use model::{ExecutorKind, LoadOptions, Model};
pub use quantise::quantise;
pub use sequence::{Reading, Sequence, Wanted, step, step_together};
pub use speculation::Speculates;
pub use template::Template;
pub use tokenizer::{Detokenizer, Kind, Tokenizer};
