//! A hub of our own, on loopback: it speaks as much of the real hub's protocol as Parley uses,
//! and fails in every way that a test asks for. Its storage is another origin, as the real one's.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and one that fails panics"
)]

mod answers;
mod bytes;
mod faults;
mod http;
mod repositories;

pub use faults::{Fault, On};
pub use repositories::Repository;

use http::{Request, Sender};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A hub that answers until it is dropped with the process.
#[derive(Clone)]
pub struct HubServer {
    state: Arc<State>,
}

/// What the threads of a hub share.
pub struct State {
    hub: SocketAddr,
    storage: SocketAddr,
    repositories: Mutex<Vec<Repository>>,
    faults: Mutex<Vec<(On, Fault, usize)>>,
    token: Mutex<Option<String>>,
    /// Requests in the order they came: method, path, and whether with a token.
    requests: Mutex<Vec<(String, String, bool)>>,
    /// For each path of a repository the ranges of bytes that were sent.
    sent: Mutex<HashMap<String, Vec<(u64, u64)>>>,
    /// Signed addresses with a lower number have expired.
    expired: AtomicU64,
    signatures: AtomicU64,
    /// Bytes a second of each connection to the storage; 0: all there is.
    speed: AtomicU64,
    /// Bytes that the storage sends before it waits, and those that it has sent of them.
    allowed: AtomicU64,
    given: AtomicU64,
    /// Whether its clock is that of the example in RFC 9110, 5.6.7.
    old: AtomicBool,
}

impl HubServer {
    /// A hub on free ports.
    pub fn start() -> HubServer {
        HubServer::on(0)
    }

    /// A hub on a port, its storage on a free one.
    pub fn on(port: u16) -> HubServer {
        let listen = |port: u16| TcpListener::bind(("127.0.0.1", port)).unwrap();
        let (hub, storage) = (listen(port), listen(0));
        let state = Arc::new(State {
            hub: hub.local_addr().unwrap(),
            storage: storage.local_addr().unwrap(),
            repositories: Mutex::default(),
            faults: Mutex::default(),
            token: Mutex::default(),
            requests: Mutex::default(),
            sent: Mutex::default(),
            expired: AtomicU64::new(0),
            signatures: AtomicU64::new(0),
            speed: AtomicU64::new(0),
            allowed: AtomicU64::new(u64::MAX),
            given: AtomicU64::new(0),
            old: AtomicBool::new(false),
        });
        accept(hub, state.clone(), answers::answer);
        accept(storage, state.clone(), bytes::answer);
        HubServer { state }
    }

    /// Its address, for `HF_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.state.hub)
    }

    /// Adds a repository, or puts it in the place of the one of the same name.
    pub fn put(&self, repository: Repository) {
        let mut all = lock(&self.state.repositories);
        all.retain(|other| other.name != repository.name);
        all.push(repository);
    }

    /// Fails so at the next `times` requests of that kind.
    pub fn fail(&self, on: On, fault: Fault, times: usize) {
        lock(&self.state.faults).push((on, fault, times));
    }

    /// Fails no more.
    pub fn mend(&self) {
        lock(&self.state.faults).clear();
    }

    /// Gated repositories ask for this token.
    pub fn set_token(&self, token: &str) {
        *lock(&self.state.token) = Some(token.to_owned());
    }

    /// Takes back all signed addresses there are.
    pub fn expire(&self) {
        let now = self.state.signatures.load(Ordering::SeqCst);
        self.state.expired.store(now, Ordering::SeqCst);
    }

    /// Bytes a second of each connection to the storage; 0: all there is.
    pub fn set_speed(&self, bytes_per_second: u64) {
        self.state.speed.store(bytes_per_second, Ordering::SeqCst);
    }

    /// The storage sends about so many bytes from now on, and then none until it is let go: what
    /// a test does meanwhile finds the download on its way, however slow the machine is.
    pub fn hold(&self, bytes: u64) {
        self.state.given.store(0, Ordering::SeqCst);
        self.state.allowed.store(bytes, Ordering::SeqCst);
    }

    /// Its clock, and when its addresses expire by it, is long behind all others.
    pub fn live_in_1994(&self) {
        self.state.old.store(true, Ordering::SeqCst);
    }

    /// Sends again all there is.
    pub fn let_go(&self) {
        self.state.allowed.store(u64::MAX, Ordering::SeqCst);
    }

    /// Requests so far: method, path and query, and whether with a token. Those to the storage
    /// begin with `/storage`.
    pub fn requests(&self) -> Vec<(String, String, bool)> {
        lock(&self.state.requests).clone()
    }

    /// The ranges of a file's bytes that were sent, in order of their requests' ends.
    pub fn sent(&self, path: &str) -> Vec<(u64, u64)> {
        lock(&self.state.sent)
            .get(path)
            .cloned()
            .unwrap_or_default()
    }

    /// Bytes of a file that were sent.
    pub fn bytes_sent(&self, path: &str) -> u64 {
        self.sent(path).iter().map(|(from, to)| to - from).sum()
    }
}

impl State {
    /// The fault of a request of that kind, if there is to be one.
    fn fault(&self, on: On) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let at = faults.iter().position(|(other, _, _)| *other == on)?;
        let fault = faults[at].1.clone();
        faults[at].2 -= 1;
        if faults[at].2 == 0 {
            faults.remove(at);
        }
        Some(fault)
    }
}

/// A thread for each connection.
fn accept(listener: TcpListener, state: Arc<State>, answer: fn(&State, &Request, &mut Sender)) {
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = state.clone();
            std::thread::spawn(move || {
                let _ = stream.set_nodelay(true);
                let _ = stream.set_write_timeout(Some(Duration::from_secs(60)));
                http::serve(stream, |request, sender| answer(&state, request, sender));
            });
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
