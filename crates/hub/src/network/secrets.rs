//! The token and the proxy's password: in the system's keyring, else in a file for the person
//! alone.
//!
//! A keyring that is absent, locked or hangs is given up after a few seconds, and the file has
//! the secret; it then counts more than the keyring, since it was written later, also where it says
//! that a secret was removed.

use super::SecretKind;
use super::keyring::{Keyring, Silent};
use crate::shared_file::SharedFile;
use protocol::{AppError, TokenPlace};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long what the keyring said is taken for what it says.
const FRESH: Duration = Duration::from_secs(60);
/// How long one that did not answer is not asked again: the person may have to unlock it first.
const MUTE: Duration = Duration::from_secs(15);
/// A longer file is none of ours.
const LIMIT: u64 = 64 << 10;
/// A longer text is no token.
const LONGEST: usize = 4096;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(text: String) -> Secret {
        Secret(text)
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// For people: dots and the last four characters, of a long one only.
    pub(super) fn dots(&self) -> String {
        let count = self.0.chars().count();
        let shown = if count >= 16 { 4 } else { 0 };
        let last: String = self.0.chars().skip(count - shown).collect();
        format!("••••{last}")
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Whether a text can be a token: something that a header may carry.
pub(super) fn is_token(text: &str) -> bool {
    text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What the file holds: of each name its secret, or none where it was removed.
type Filed = BTreeMap<String, Option<String>>;

/// Where secrets are kept.
pub(super) struct Secrets {
    file: SharedFile,
    keyring: Keyring,
    /// What the keyring said, and until when that counts.
    seen: Mutex<HashMap<&'static str, (Instant, Option<Secret>)>>,
}

impl Secrets {
    pub(super) fn new(folder: &Path, keyring: Keyring) -> Secrets {
        Secrets {
            file: SharedFile::new(folder.join("secrets.json")),
            keyring,
            seen: Mutex::default(),
        }
    }

    /// The secret; None where there is none, or nobody says it.
    pub(super) async fn get(&self, kind: SecretKind) -> Option<Secret> {
        let name = name(kind);
        if let Some(kept) = self.filed().remove(name) {
            return kept.map(Secret);
        }
        if let Some((until, secret)) = self.seen().get(name)
            && Instant::now() < *until
        {
            return secret.clone();
        }
        let (secret, counts) = match self.keyring.get(name).await {
            Ok(secret) => (secret.map(Secret), FRESH),
            Err(Silent) => (None, MUTE),
        };
        let until = Instant::now() + counts;
        self.seen().insert(name, (until, secret.clone()));
        secret
    }

    /// Keeps a secret, or removes it. Errors: `file-not-written`, `disk-full`.
    pub(super) async fn set(
        &self,
        kind: SecretKind,
        secret: Option<Secret>,
    ) -> Result<TokenPlace, AppError> {
        let name = name(kind);
        self.seen().remove(name);
        let text = secret.map(|secret| secret.0);
        let kept = match self.keyring.set(name, text.clone()).await {
            Ok(()) => TokenPlace::Keyring,
            Err(_) => TokenPlace::File,
        };
        match kept {
            TokenPlace::Keyring => self.file(name, None)?,
            // Where there is no keyring, a secret that is removed is nowhere.
            TokenPlace::File if text.is_none() && !self.keyring.is_there() => {
                self.file(name, None)?;
            }
            TokenPlace::File => self.file(name, Some(text))?,
        }
        Ok(kept)
    }

    /// Where a secret would be kept now.
    pub(super) async fn place(&self) -> TokenPlace {
        let name = name(SecretKind::Token);
        match !self.filed().contains_key(name) && self.keyring.get(name).await.is_ok() {
            true => TokenPlace::Keyring,
            false => TokenPlace::File,
        }
    }

    /// Changes what the file has of a name; None: nothing.
    fn file(&self, name: &str, secret: Option<Option<String>>) -> Result<(), AppError> {
        if secret.is_none() && !self.filed().contains_key(name) {
            return Ok(());
        }
        self.file.create_folder()?;
        let _lock = self.file.lock()?;
        let mut filed = self.filed();
        match secret {
            Some(secret) => filed.insert(name.to_owned(), secret),
            None => filed.remove(name),
        };
        self.file.write(&filed)
    }

    /// What the file has. One that is damaged has nothing: its secrets can be given again.
    fn filed(&self) -> Filed {
        let bytes = self.file.read(LIMIT).ok().flatten().unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<&'static str, (Instant, Option<Secret>)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a secret, in the keyring and in the file.
fn name(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Token => "hub-token",
        SecretKind::ProxyPassword => "proxy-password",
    }
}
