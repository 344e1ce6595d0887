//! The signing key: read from where the settings say, made once where they say nothing.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use orderchat_store::copy::{folder_of, sync_folder};
use orderchat_store::{Store, StoreError, checkpoints};
use secrecy::ExposeSecret;

use crate::chat::Chat;
use crate::config::{KeyLocation, Settings};
use crate::signing::{PublicKey, SigningKey};

/// The key that signs; made when the settings name none and there is none yet.
pub(super) fn signing_key(settings: &Settings) -> anyhow::Result<SigningKey> {
    if let Some(KeyLocation::Given(pem)) = &settings.signing_key {
        return SigningKey::from_pem(pem.expose_secret()).context("ORDERCHAT_SIGNING_KEY");
    }
    let path = settings.signing_key_file().unwrap_or_default();
    match read(&path)? {
        Some(key) => Ok(key),
        None if settings.signing_key.is_none() => make(&path),
        None => anyhow::bail!(
            "ORDERCHAT_SIGNING_KEY names {}, which is not there; make it with: openssl genpkey \
             -algorithm ed25519 -out {0}",
            path.display()
        ),
    }
}

/// The key that signs, if there is one: looking makes none.
pub(super) fn own_key(settings: &Settings) -> anyhow::Result<Option<SigningKey>> {
    let is_there = match settings.signing_key_file() {
        Some(path) => path.try_exists()?,
        None => true,
    };
    if is_there {
        signing_key(settings).map(Some)
    } else {
        Ok(None)
    }
}

/// The public part of that.
pub(super) fn own_public_key(settings: &Settings) -> anyhow::Result<Option<PublicKey>> {
    Ok(own_key(settings)?.map(|key| key.public()))
}

pub(super) const NONE_YET: &str =
    "there is no signing key yet: orderchat serve makes one, or set ORDERCHAT_SIGNING_KEY";

/// What to do where another key signed last.
pub(super) const ANOTHER_SIGNED: &str = "give every node on the database the same key; after a change \
    on purpose audit verify needs the earlier public key, too (--public-key)";

/// Whether another key than this one signed the newest checkpoint.
pub(super) async fn another_signed(store: &Store, key: &PublicKey) -> Result<bool, StoreError> {
    let newest = store.read::<_, StoreError, _>(checkpoints::newest).await?;
    Ok(newest.is_some_and(|signed| signed.checkpoint.key != *key.as_bytes()))
}

/// Says so where another key signed last: the record would verify with neither alone.
pub(super) async fn note_another(chat: &Chat, key: &SigningKey) -> anyhow::Result<()> {
    if another_signed(chat.store(), &key.public()).await? {
        tracing::warn!(
            remedy = ANOTHER_SIGNED,
            "the newest checkpoint was signed with another key than this node's"
        );
    }
    Ok(())
}

/// The public key in a file.
pub(super) fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    PublicKey::from_pem(&text).with_context(|| shown.to_string())
}

fn read(path: &Path) -> anyhow::Result<Option<SigningKey>> {
    let named = || format!("the signing key {}", path.display());
    match std::fs::read_to_string(path) {
        Ok(text) => SigningKey::from_pem(&text).map(Some).with_context(named),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(named),
    }
}

/// Makes the key under a name of its own first: nobody reads half of it, and of two processes that
/// start together one makes it.
fn make(path: &Path) -> anyhow::Result<SigningKey> {
    let named = || format!("the signing key {} cannot be made", path.display());
    let pem = SigningKey::generate()?;
    // Mode 0600 from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path)).with_context(named)?;
    file.write_all(pem.as_bytes()).with_context(named)?;
    file.as_file().sync_all().with_context(named)?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            sync_folder(path).with_context(named)?;
            tracing::info!(file = %path.display(), "a signing key was made; keep a copy of it");
            SigningKey::from_pem(&pem).with_context(named)
        }
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            read(path)?.with_context(named)
        }
        Err(error) => Err(error.error).with_context(named),
    }
}
