//! How small the weights of a model are made, so that it fits.

use crate::shared::Shared;
use protocol::{AppError, KvType, Quantise, WeightType};
use std::path::Path;

/// How a model is to be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What its weights are made smaller to; None: they stay as they are.
    pub quantise: Option<WeightType>,
    /// What its keys and values are kept in.
    pub kv: KvType,
    /// Bytes that it then needs.
    pub memory: u64,
    /// Of these, bytes of one sequence: what each further one needs.
    pub sequence: u64,
}

impl Shared {
    /// The plan for the model at `path`: what the person asked for; else its weights as they are,
    /// or where what it needs so is more than `room`, in the largest type that fits. None fitting,
    /// the plan is larger than the room. Errors: of the files.
    pub fn plan(&self, path: &Path, context: Option<u32>, room: u64) -> Result<Plan, AppError> {
        self.plan_in(self.hub.kv_type(), path, context, room)
    }

    /// Bytes that the model would need with keys and values in 8 bits, where they are not and it
    /// would fit into `room` so.
    pub fn compact(&self, path: &Path, context: Option<u32>, room: u64) -> Option<u64> {
        let plan = self.plan_in(KvType::Q8_0, path, context, room).ok()?;
        let helps = self.hub.kv_type() != KvType::Q8_0 && plan.memory <= room;
        helps.then_some(plan.memory)
    }

    fn plan_in(
        &self,
        kv: KvType,
        path: &Path,
        context: Option<u32>,
        room: u64,
    ) -> Result<Plan, AppError> {
        let needed = |context, quantise| hub::memory_needed(path, context, quantise, kv);
        let memory = needed(context, None)?;
        let as_it_is = Plan {
            quantise: None,
            kv,
            memory,
            sequence: memory.saturating_sub(needed(Some(0), None)?),
        };
        let smaller = |kind| {
            needed(context, Some(kind)).map(|memory| Plan {
                quantise: Some(kind),
                memory,
                ..as_it_is
            })
        };
        if let Some(kind) = self.options.quantise {
            return smaller(kind);
        }
        if memory <= room {
            return Ok(as_it_is);
        }
        for kind in WeightType::ALL {
            let plan = smaller(kind)?;
            if plan.memory <= room && plan.memory < memory {
                return Ok(plan);
            }
        }
        Ok(as_it_is)
    }

    /// What a worker is told of a plan.
    pub fn quantise(&self, plan: Plan) -> Option<Quantise> {
        let folder = self.hub.weights().to_string_lossy().into_owned();
        plan.quantise.map(|kind| Quantise { kind, folder })
    }
}
