//! The local engine: workers for the models of the hub.

use crate::engine::{Engine, GenerationStream, Loading, Resident};
use crate::keeping::{KvWish, Telling};
use crate::options::Options;
use crate::shared::Shared;
use hub::Hub;
use protocol::{
    AppError, EngineFacts, GenerateRequest, KvUse, Machine, MemoryUse, ModelId, failure,
};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// The local engine. A cheap clone; all workers end with the last one.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) shared: Arc<Shared>,
    _life: Arc<Life>,
}

/// Ends everything when the last [`Runtime`] is dropped.
struct Life(Arc<Shared>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Runtime {
    /// An engine for the models of `hub`, set by the environment. To be called inside a tokio
    /// runtime, which its work then runs on.
    pub fn start(hub: Hub) -> Runtime {
        Runtime::with(hub, Options::from_environment())
    }

    /// The same with given options.
    pub fn with(hub: Hub, options: Options) -> Runtime {
        let mut changes = hub.changes();
        let shared = Arc::new(Shared::new(hub, options));
        let weak = Arc::downgrade(&shared);
        shared.spawn(async move {
            // Identities change when the hub has hashed a file.
            while changes.changed().await.is_ok() {
                let Some(shared) = weak.upgrade() else { return };
                shared.publish();
            }
        });
        Runtime {
            _life: Arc::new(Life(shared.clone())),
            shared,
        }
    }
}

impl Engine for Runtime {
    fn generate(&self, request: GenerateRequest) -> GenerationStream {
        let (sink, stream) = GenerationStream::channel();
        let shared = self.shared.clone();
        self.shared.spawn(async move {
            match shared.answer(request, &sink).await {
                Ok(answered) => sink.send(protocol::GenerationEvent::Stopped(Box::new(answered))),
                Err(error) => sink.fail(error),
            }
        });
        stream
    }

    fn preload(&self, model: ModelId) -> Loading {
        let shared = self.shared.clone();
        let (ended, end) = oneshot::channel();
        self.shared.spawn(async move {
            // Nobody may wait for it: the log has a failure too.
            let _ = ended.send(shared.preload(&model).await);
        });
        Box::pin(async { end.await.unwrap_or_else(|_| Err(failure::cancelled())) })
    }

    fn unload(&self, model: &ModelId) {
        let shared = self.shared.clone();
        let seat = shared.seat(model);
        self.shared.spawn(async move {
            let mut slot = seat.worker.write().await;
            shared.vacate(&seat, &mut slot).await;
        });
    }

    fn residents(&self) -> watch::Receiver<Vec<Resident>> {
        self.shared.residents.subscribe()
    }

    fn memory(&self) -> MemoryUse {
        self.shared.memory()
    }

    fn machine(&self) -> Machine {
        self.shared.machine()
    }

    fn bandwidth(&self) -> Telling<u64> {
        let shared = self.shared.clone();
        let (done, told) = oneshot::channel();
        self.shared.spawn(async move {
            if let Some(bytes) = shared.bandwidth().await {
                let _ = done.send(bytes);
            }
        });
        Box::pin(async { told.await.ok() })
    }

    fn kept(&self, wish: KvWish) -> Telling<KvUse> {
        let shared = self.shared.clone();
        if let KvWish::Type(kind) = wish {
            // At once: the next load may be on its way already.
            shared.choose_kv_type(kind);
        }
        let (done, told) = oneshot::channel();
        self.shared.spawn(async move {
            if let Some(now) = shared.kept(wish).await {
                let _ = done.send(now);
            }
        });
        Box::pin(async { told.await.ok() })
    }

    fn close(&self) -> Telling<()> {
        let shared = self.shared.clone();
        Box::pin(async move {
            shared.end_workers().await;
            Some(())
        })
    }

    fn facts(&self) -> Pin<Box<dyn Future<Output = Result<EngineFacts, AppError>> + Send>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let worker = shared.worker().await?;
            let facts = worker.engine.clone();
            worker.end().await;
            Ok(facts)
        })
    }
}
