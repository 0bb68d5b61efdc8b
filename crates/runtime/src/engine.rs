//! What answers: the boundary that the chat core and the command line see.

use crate::keeping::{KvWish, Telling};
use protocol::{
    AppError, EngineFacts, GenerateRequest, GenerationEvent, KvUse, Machine, MemoryUse, ModelId,
    ModelState,
};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;

/// What answers: local workers, later a remote server, and the scripted one of the tests.
pub trait Engine: Send + Sync {
    /// Asks for one answer. Dropping the stream cancels.
    fn generate(&self, request: GenerateRequest) -> GenerationStream;

    /// Begins to load a model, so that the first answer comes sooner. How that goes is seen in
    /// [`Engine::residents`]; how it ended is told by what this gives, which may be dropped: a
    /// failure is told again by the request that needs the model.
    fn preload(&self, model: ModelId) -> Loading;

    /// Takes a model out of memory, once it is idle.
    fn unload(&self, model: &ModelId);

    /// What is in memory or on its way there.
    fn residents(&self) -> watch::Receiver<Vec<Resident>>;

    /// The memory, as it is now.
    fn memory(&self) -> MemoryUse;

    /// What the whole machine and Parley's processes are doing, since the last time this was
    /// asked. Reads files of the system: a few milliseconds.
    fn machine(&self) -> Machine;

    /// Bytes of memory that all threads together read in a second. Measured where it is not known
    /// from before, which takes a second or two; nothing where it cannot be.
    fn bandwidth(&self) -> Telling<u64>;

    /// What is kept of what models have read, so that they need not read it again: does what is
    /// wished, and tells how much it is then. Done also where what this gives is dropped.
    fn kept(&self, wish: KvWish) -> Telling<KvUse>;

    /// Ends in order, what models have read put on the disk first; waits until then, some seconds
    /// at most.
    fn close(&self) -> Telling<()>;

    /// What computes: for the local engine what a new worker says of itself.
    /// Errors: `worker-missing`, `worker-not-started`, `worker-version`.
    fn facts(&self) -> Pin<Box<dyn Future<Output = Result<EngineFacts, AppError>> + Send>>;
}

/// Ready when a model is in memory, or when it is known why it is not.
pub type Loading = Pin<Box<dyn Future<Output = Result<(), AppError>> + Send>>;

/// A model in memory or on its way there.
#[derive(Clone, Debug, PartialEq)]
pub struct Resident {
    /// Its identity, as the hub knows it now.
    pub model: ModelId,
    /// `Loading` or `Loaded`.
    pub state: ModelState,
}

type Item = Result<GenerationEvent, AppError>;

/// An answer being made: events in the order of [`GenerationEvent`], at the end one `Stopped` or
/// one error, then nothing. Dropping it cancels; [`GenerationStream::stop`] cancels too, and one
/// can then read on to the receipt of what was made.
#[derive(Debug)]
pub struct GenerationStream {
    events: mpsc::UnboundedReceiver<Item>,
    stop: Arc<watch::Sender<bool>>,
}

/// The other end of a [`GenerationStream`].
#[derive(Debug)]
pub struct GenerationSink {
    events: mpsc::UnboundedSender<Item>,
    stop: watch::Receiver<bool>,
}

impl GenerationStream {
    /// A stream and its other end.
    pub fn channel() -> (GenerationSink, GenerationStream) {
        let (sink, events) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let sink = GenerationSink {
            events: sink,
            stop: stopped,
        };
        let stop = Arc::new(stop);
        (sink, GenerationStream { events, stop })
    }

    /// Stops the answer without letting go of the stream: it ends with `Stopped` and the reason
    /// `Cancelled`, or with the error `cancelled` where nothing had begun.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Something that stops the answer from elsewhere while the stream is being read.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }
}

/// Stops an answer: see [`GenerationStream::stop`]. Keeping one does not keep the answer going.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Stops the answer; at its end already, nothing happens.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stream for GenerationStream {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Item>> {
        self.events.poll_recv(context)
    }
}

impl GenerationSink {
    /// Tells the next event; where nobody listens any more, nothing happens.
    pub fn send(&self, event: GenerationEvent) {
        let _ = self.events.send(Ok(event));
    }

    /// Ends the stream with a failure.
    pub fn fail(self, error: AppError) {
        let _ = self.events.send(Err(error));
    }

    /// Waits until the stream is dropped or stopped.
    pub async fn stopped(&self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = self.events.closed() => {}
            // An error means that the stream and all its stoppers are gone: as good as dropped.
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
    }

    /// Whether the stream is dropped or stopped.
    pub fn is_stopped(&self) -> bool {
        self.events.is_closed() || *self.stop.borrow()
    }
}
