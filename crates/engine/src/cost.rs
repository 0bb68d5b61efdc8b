//! What a model asks of a machine for each token, by its sizes: what measured times are held
//! against.

use crate::families::{Architecture, Described, Feed, Form, Mixer, Projection};
use formats::{Checkpoint, Tensor};
use kernels::{KvShape, Page};
use protocol::{Reach, TokenCost};

/// Types whose numbers are multiplied as fractions; all others are whole numbers with a scale.
const PLAIN: [&str; 3] = ["F32", "F16", "BF16"];

/// The cost of a model whose layers keep keys and values in pages of these shapes, or without pages
/// as they were computed; None where another computes it than we, in its own way.
pub(crate) fn of(
    described: &Described,
    checkpoint: &Checkpoint,
    shapes: &[KvShape],
) -> Option<TokenCost> {
    match described {
        Described::Decoder(architecture) => {
            Some(Reckoning { checkpoint }.whole(architecture, shapes))
        }
        Described::Stock(_) => None,
    }
}

struct Reckoning<'a> {
    checkpoint: &'a Checkpoint,
}

/// Of one matrix or some.
#[derive(Clone, Copy, Default)]
struct Sum {
    bytes: f64,
    integer: f64,
    float: f64,
}

impl Sum {
    fn and(self, other: Sum) -> Sum {
        Sum {
            bytes: self.bytes + other.bytes,
            integer: self.integer + other.integer,
            float: self.float + other.float,
        }
    }

    fn times(self, part: f64) -> Sum {
        Sum {
            bytes: self.bytes * part,
            integer: self.integer * part,
            float: self.float * part,
        }
    }
}

impl Reckoning<'_> {
    fn whole(&self, architecture: &Architecture, shapes: &[KvShape]) -> TokenCost {
        let mut layers = Sum::default();
        let mut reaches: Vec<Reach> = Vec::new();
        for (index, layer) in architecture.layers.iter().enumerate() {
            let Mixer::Attention(attention) = &layer.mixer;
            let parts = [&attention.q, &attention.k, &attention.v, &attention.o];
            layers = layers.and(self.all(parts)).and(self.feed(&layer.feed));
            let kept = attention.kv_heads * (attention.head_dim + attention.value_dim);
            let multiplied = attention.heads * (attention.head_dim + attention.value_dim);
            let window = attention
                .window
                .map(|window| u32::try_from(window).unwrap_or(u32::MAX));
            let bytes = match shapes.get(index) {
                Some(shape) => shape.page_bytes() as f64 / Page::POSITIONS as f64,
                None => (kept * size_of::<f32>()) as f64,
            };
            let multiply_adds = multiplied as f64;
            match reaches.iter_mut().find(|reach| reach.window == window) {
                Some(reach) => {
                    reach.bytes += bytes;
                    reach.multiply_adds += multiply_adds;
                }
                None => reaches.push(Reach {
                    window,
                    bytes,
                    multiply_adds,
                }),
            }
        }
        let output = self.one(&architecture.output);
        TokenCost {
            weight_bytes: layers.bytes + output.bytes,
            integer: layers.integer,
            float: layers.float,
            output_integer: output.integer,
            output_float: output.float,
            reaches,
        }
    }

    fn feed(&self, feed: &Feed) -> Sum {
        match feed {
            Feed::Gated(gated) => self.all([&gated.gate, &gated.up, &gated.down]),
            Feed::Plain { up, down, .. } => self.all([up, down]),
            Feed::Experts(experts) => {
                let every = experts.experts.iter().fold(Sum::default(), |sum, one| {
                    sum.and(self.all([&one.gate, &one.up, &one.down]))
                });
                let chosen = experts.used as f64 / experts.experts.len().max(1) as f64;
                every.times(chosen).and(self.one(&experts.router))
            }
        }
    }

    fn all<'p>(&self, parts: impl IntoIterator<Item = &'p Projection>) -> Sum {
        let each = parts.into_iter().map(|part| self.one(part));
        each.fold(Sum::default(), Sum::and)
    }

    /// A projection's share of its tensor.
    fn one(&self, projection: &Projection) -> Sum {
        let find = |name: &str| self.checkpoint.tensor(name);
        let name = &projection.weight;
        let tensors: [Option<&Tensor>; 2] = match projection.form {
            Form::Plain | Form::Transposed => [find(name), None],
            Form::Mxfp4Apart => [
                find(&format!("{name}_blocks")),
                find(&format!("{name}_scales")),
            ],
        };
        let whole: usize = projection.shape.iter().product();
        let columns = projection.shape.last().copied().unwrap_or(0);
        let numbers = (projection.rows.len() * columns) as f64;
        let bytes: u64 = tensors.iter().flatten().map(|tensor| tensor.bytes).sum();
        let plain = (tensors.iter().flatten()).any(|tensor| PLAIN.contains(&tensor.kind.name));
        Sum {
            bytes: bytes as f64 * numbers / (whole as f64).max(1.0),
            integer: if plain { 0.0 } else { numbers },
            float: if plain { numbers } else { 0.0 },
        }
    }
}
