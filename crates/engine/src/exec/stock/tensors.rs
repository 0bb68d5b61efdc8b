//! The tensors of a folder as candle-transformers' models ask for them: in 32 bits.

use crate::Cancel;
use crate::exec::failed;
use crate::exec::load::numbers;
use crate::families::stock::Taken;
use crate::weights::Weights;
use candle_core::{DType, Device, Error, Result, Shape, Tensor};
use candle_nn::Init;
use candle_nn::var_builder::SimpleBackend;
use formats::Checkpoint;
use protocol::{AppError, failure};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a model asks for, found out by building it once of nothing: names and shapes are checked
/// before any weight is read.
pub(super) struct Asking<'a> {
    checkpoint: &'a Checkpoint,
    taken: &'a [Taken],
    found: Arc<Mutex<Found>>,
}

/// What was asked for so far.
#[derive(Default)]
pub(super) struct Found {
    /// By the names that the model has for them.
    tensors: BTreeMap<String, From>,
    /// What was not as it must be.
    wrong: Option<AppError>,
}

/// Where a tensor comes from.
#[derive(Clone, Debug)]
pub(super) struct From {
    name: String,
    factor: f64,
}

impl<'a> Asking<'a> {
    pub fn new(checkpoint: &'a Checkpoint, taken: &'a [Taken]) -> Asking<'a> {
        Asking {
            checkpoint,
            taken,
            found: Arc::default(),
        }
    }

    /// What will have been asked for.
    pub fn found(&self) -> Arc<Mutex<Found>> {
        self.found.clone()
    }

    fn from(&self, asked: &str) -> From {
        let taken = self.taken.iter().find(|taken| asked.ends_with(taken.asked));
        From {
            name: taken
                .and_then(|taken| taken.name)
                .unwrap_or(asked)
                .to_owned(),
            factor: taken.map_or(1.0, |taken| taken.factor),
        }
    }
}

fn locked(found: &Mutex<Found>) -> MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was wrong, where something was.
pub(super) fn wrong(found: &Mutex<Found>) -> Option<AppError> {
    locked(found).wrong.take()
}

/// A tensor of that shape and no memory.
fn nothing(shape: &Shape) -> Result<Tensor> {
    Tensor::zeros(1, DType::F32, &Device::Cpu)?.broadcast_as(shape)
}

impl SimpleBackend for Asking<'_> {
    fn get(&self, shape: Shape, name: &str, _: Init, _: DType, _: &Device) -> Result<Tensor> {
        let from = self.from(name);
        let wrong = match self.checkpoint.tensor(&from.name) {
            None => failure::tensor_missing(&from.name),
            Some(tensor) => {
                let sizes = tensor.shape.iter().map(|size| *size as usize);
                if sizes.eq(shape.dims().iter().copied()) {
                    locked(&self.found).tensors.insert(name.to_owned(), from);
                    return nothing(&shape);
                }
                let (expected, has) =
                    (format!("{:?}", shape.dims()), format!("{:?}", tensor.shape));
                failure::tensor_shape(&from.name, expected, has)
            }
        };
        let said = Error::msg(wrong.key.clone());
        locked(&self.found).wrong.get_or_insert(wrong);
        Err(said)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        let tensor = self.checkpoint.tensor(&self.from(name).name);
        let shape = tensor.map(|it| {
            it.shape
                .iter()
                .map(|size| *size as usize)
                .collect::<Vec<_>>()
        });
        self.get(
            shape.unwrap_or_default().into(),
            name,
            Init::Const(0.0),
            dtype,
            device,
        )
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.checkpoint.tensor(&self.from(name).name).is_some()
    }
}

/// Numbers in memory, shared by all sequences. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<HashMap<String, Tensor>>);

impl Held {
    /// Reads what was asked for, in the order of the files. `progress` is told bytes done and in
    /// all.
    ///
    /// Errors: `unknown-architecture` (there is a tensor that nobody asked for), `unknown-type`,
    /// `model-damaged`, `model-gone`, `model-changed`, `cancelled`.
    pub fn read(
        family: &str,
        checkpoint: &Checkpoint,
        weights: &Weights,
        found: &Mutex<Found>,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64, u64),
    ) -> std::result::Result<Held, AppError> {
        let asked = std::mem::take(&mut locked(found).tensors);
        let used = asked.values().map(|from| from.name.clone()).collect();
        crate::exec::load::check_all_used(checkpoint, &used, family)?;
        let mut order: Vec<_> = asked
            .into_iter()
            .filter_map(|(name, from)| Some((checkpoint.tensor(&from.name)?, name, from.factor)))
            .collect();
        order.sort_by_key(|(tensor, ..)| (tensor.part, tensor.offset));
        let total = order.iter().map(|(tensor, ..)| tensor.bytes).sum();
        let mut done = 0;
        // A tensor that is asked for by two names as it is lies in memory once.
        let mut last: Option<(&str, f64, Tensor)> = None;
        let mut held = HashMap::new();
        progress(0, total);
        for (tensor, name, factor) in order {
            cancel.check()?;
            weights.check_unchanged()?;
            let shared = last
                .as_ref()
                .filter(|(of, times, _)| *of == tensor.name && *times == factor);
            let made = match shared {
                Some((.., made)) => made.clone(),
                None => {
                    let mut values = numbers(weights, tensor)?;
                    if factor != 1.0 {
                        let times = |value: &mut f32| *value = (f64::from(*value) * factor) as f32;
                        values.iter_mut().for_each(times);
                    }
                    let shape: Vec<usize> =
                        tensor.shape.iter().map(|size| *size as usize).collect();
                    Tensor::from_vec(values, shape, &Device::Cpu).map_err(failed)?
                }
            };
            last = Some((&tensor.name, factor, made.clone()));
            held.insert(name, made);
            done += tensor.bytes;
            progress(done, total);
        }
        Ok(Held(Arc::new(held)))
    }
}

impl SimpleBackend for Held {
    fn get(&self, _: Shape, name: &str, _: Init, dtype: DType, device: &Device) -> Result<Tensor> {
        self.get_unchecked(name, dtype, device)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        let tensor = self.0.get(name).cloned();
        tensor.ok_or_else(|| Error::msg(format!("{name} was not asked for")))
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}
