//! What is kept of what models have read: who wants what done with it, and the workers told.

use crate::process::Worker;
use crate::seat::{Holding, Seat};
use crate::shared::Shared;
use protocol::{KvPlace, KvType, KvUse, WorkerEvent, WorkerRequest};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long beyond their own patience all workers together are waited for at the end.
const SLACK: Duration = Duration::from_secs(1);

/// What is to be done with what is kept.
pub enum KvWish {
    /// Nothing.
    Look,
    /// Nothing: it is told how it would stand if it might take so many bytes; None: as usual.
    Weigh(Option<u64>),
    /// It may take so many bytes of the disk from now on; None: as usual, 0: none.
    Most(Option<u64>),
    /// Models that are loaded from now on keep keys and values in this type.
    Type(KvType),
    /// What is a conversation's goes.
    Forget(String),
    /// What is of conversations of which this is not true goes.
    Retain(Box<dyn Fn(&str) -> bool + Send>),
    /// All of it goes.
    Clear,
}

impl fmt::Debug for KvWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KvWish::Look => "Look",
            KvWish::Weigh(_) => "Weigh",
            KvWish::Most(_) => "Most",
            KvWish::Type(_) => "Type",
            KvWish::Forget(_) => "Forget",
            KvWish::Retain(_) => "Retain",
            KvWish::Clear => "Clear",
        })
    }
}

/// Ready when it is done; may be dropped. Nothing is told where the engine ends before.
pub type Telling<T> = Pin<Box<dyn Future<Output = Option<T>> + Send>>;

impl Shared {
    /// Does what is wished, and tells how it stands then.
    pub async fn kept(self: &Arc<Self>, wish: KvWish) -> Option<KvUse> {
        match &wish {
            KvWish::Look | KvWish::Weigh(_) | KvWish::Type(_) | KvWish::Retain(_) => {}
            KvWish::Most(most) => {
                self.kv.choose(*most);
                self.tell_place();
            }
            KvWish::Forget(conversation) => {
                let conversation = Some(conversation.clone());
                self.tell_workers(&WorkerRequest::Forget { conversation });
            }
            KvWish::Clear => self.tell_workers(&WorkerRequest::Forget { conversation: None }),
        }
        let kv = self.kv.clone();
        let done = tokio::task::spawn_blocking(move || {
            match wish {
                KvWish::Look | KvWish::Type(_) => return kv.look(),
                KvWish::Weigh(most) => return kv.weigh(most),
                KvWish::Most(_) => {}
                KvWish::Forget(conversation) => kv.forget(&conversation),
                KvWish::Retain(is_there) => {
                    let mut kept = kv.conversations();
                    kept.retain(|conversation| !is_there(conversation));
                    kept.iter().for_each(|conversation| kv.forget(conversation));
                }
                KvWish::Clear => kv.clear(),
            }
            kv.trim()
        });
        done.await.ok()
    }

    /// A worker has written: what is too much now goes.
    pub fn saved(self: &Arc<Self>, bytes: u64, failed: Option<&str>) {
        match failed {
            Some(why) => tracing::warn!(bytes, why, "what was read is not kept on the disk"),
            None => tracing::info!(bytes, "what was read is kept on the disk"),
        }
        let shared = self.clone();
        self.spawn(async move {
            let (kv, before) = (shared.kv.clone(), shared.kv_share());
            let _ = tokio::task::spawn_blocking(move || kv.trim()).await;
            // The disk may have less room than when they were told.
            if shared.kv_share() != before {
                shared.tell_place();
            }
        });
    }

    /// Bytes that a worker may write of what it reads: each as many.
    fn kv_share(&self) -> Option<u64> {
        let seats = self.seats().into_iter();
        self.kv
            .share(seats.filter_map(|seat| seat.holding()).count())
    }

    /// Where the worker of a seat puts what it reads.
    pub fn place(&self, seat: &Seat) -> Option<KvPlace> {
        let model = self.hub.kv_model(&seat.model(&self.hub));
        Some(self.kv.place(model, self.kv_share()?))
    }

    /// Tells the workers where they put what they read.
    pub fn tell_place(&self) {
        for seat in self.seats() {
            if let Some(holding) = seat.holding() {
                let place = self.place(&seat);
                tell(&holding, WorkerRequest::Keep { place });
            }
        }
    }

    /// Ends all workers that are idle or soon are, what they have read put on the disk before.
    pub async fn end_workers(self: &Arc<Self>) {
        let options = &self.options;
        // One that is still being loaded has read nothing.
        let is_loaded = |holding: Holding| holding.fraction >= 1.0;
        let mut seats = self.seats();
        seats.retain(|seat| seat.holding().is_some_and(is_loaded));
        let ending = seats.into_iter().map(|seat| {
            let shared = self.clone();
            tokio::spawn(async move {
                let mut slot = seat.worker.write().await;
                shared.vacate(&seat, &mut slot).await;
            })
        });
        let ending: Vec<_> = ending.collect();
        let all = async {
            for end in ending {
                let _ = end.await;
            }
        };
        let _ = timeout(options.stop + options.save + SLACK, all).await;
    }

    fn tell_workers(&self, request: &WorkerRequest) {
        let holdings = self.seats().into_iter().filter_map(|seat| seat.holding());
        holdings.for_each(|holding| tell(&holding, request.clone()));
    }
}

fn tell(holding: &Holding, request: WorkerRequest) {
    if let Some(outbox) = holding.outbox.upgrade() {
        // None of these is too long for a line.
        let _ = outbox.tell(request);
    }
}

impl Worker {
    /// Ends the process in order: what it has read is put on the disk first, as far as there is
    /// time for it.
    pub async fn retire(self) {
        let patience = self.save_patience();
        if let Ok(mut asked) = self.ask(WorkerRequest::Save, sleep(patience)) {
            // However it ends: what was not written is read again. Signs of life come before.
            while asked
                .next()
                .await
                .is_ok_and(|event| event != WorkerEvent::Done)
            {}
        }
        self.end().await;
    }
}
