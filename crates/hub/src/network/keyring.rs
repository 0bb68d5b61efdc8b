//! The system's keyring: Secret Service, Keychain or Credential Manager.
//!
//! It may ask the person to unlock it, or hang. So one thread of its own speaks with it, in the
//! order in which it is asked, and who asks waits a few seconds only; what was asked is still done
//! when the person has unlocked it.

use crate::places::Places;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// The name under which people find Parley's secrets in their keyring.
const SERVICE: &str = "Parley";
/// How long a keyring may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// A keyring, or none.
#[derive(Clone)]
pub struct Keyring {
    /// Tells the secrets of one set of folders from another's.
    home: String,
    patience: Duration,
    wishes: Option<Arc<Mutex<Wishes>>>,
}

/// A keyring that is absent, locked, hangs or fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Silent;

/// The way to the thread, which is started by the first wish.
#[derive(Default)]
struct Wishes {
    thread: Option<Sender<Wish>>,
}

struct Wish {
    user: String,
    what: What,
    answer: oneshot::Sender<Result<Option<String>, Silent>>,
}

enum What {
    Get,
    Set(String),
    Remove,
}

impl Keyring {
    /// That of the system. It is not spoken to before a secret is needed.
    pub fn system(places: &Places) -> Keyring {
        Keyring {
            home: places.fingerprint(),
            patience: PATIENCE,
            wishes: Some(Arc::default()),
        }
    }

    /// The same, given so long to answer.
    pub fn patient(mut self, patience: Duration) -> Keyring {
        self.patience = patience;
        self
    }

    /// None: secrets are in files.
    pub fn none() -> Keyring {
        Keyring {
            home: String::new(),
            patience: PATIENCE,
            wishes: None,
        }
    }

    /// Whether there may be one.
    pub(super) fn is_there(&self) -> bool {
        self.wishes.is_some()
    }

    /// The secret of this name; None where it has none. Errors: it does not say.
    pub(super) async fn get(&self, name: &str) -> Result<Option<String>, Silent> {
        self.ask(name, What::Get).await
    }

    /// Keeps a secret, or removes it. Errors: it did not within its time, and may still do so.
    pub(super) async fn set(&self, name: &str, secret: Option<String>) -> Result<(), Silent> {
        let what = secret.map_or(What::Remove, What::Set);
        self.ask(name, what).await.map(|_| ())
    }

    async fn ask(&self, name: &str, what: What) -> Result<Option<String>, Silent> {
        let (answer, answered) = oneshot::channel();
        let wish = Wish {
            user: format!("{name}-{}", self.home),
            what,
            answer,
        };
        self.send(wish)?;
        match tokio::time::timeout(self.patience, answered).await {
            Ok(Ok(said)) => said,
            Ok(Err(_)) | Err(_) => Err(Silent),
        }
    }

    fn send(&self, wish: Wish) -> Result<(), Silent> {
        let wishes = self.wishes.as_ref().ok_or(Silent)?;
        let mut wishes = wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = match &mut wishes.thread {
            Some(thread) => thread,
            none => {
                let (sender, receiver) = channel();
                let thread = std::thread::Builder::new().name("keyring".into());
                thread.spawn(move || serve(&receiver)).map_err(|_| Silent)?;
                none.insert(sender)
            }
        };
        thread.send(wish).map_err(|_| Silent)
    }
}

/// Does what is wished, one after the other, until nobody can wish any more.
fn serve(wishes: &Receiver<Wish>) {
    while let Ok(wish) = wishes.recv() {
        let said = fulfil(&wish.user, wish.what);
        // Who asked may have given up.
        let _ = wish.answer.send(said);
    }
}

fn fulfil(user: &str, what: What) -> Result<Option<String>, Silent> {
    let entry = keyring::Entry::new(SERVICE, user).map_err(|_| Silent)?;
    let done = match what {
        What::Get => entry.get_password().map(Some),
        What::Set(secret) => entry.set_password(&secret).map(|()| None),
        What::Remove => entry.delete_credential().map(|()| None),
    };
    match done {
        Ok(said) => Ok(said),
        Err(keyring::Error::NoEntry) => Ok(None),
        // What it says may hold what it was given.
        Err(_) => Err(Silent),
    }
}
