//! Signed checkpoints: what all chains together were at one moment.

use orderchat_domain::Millis;
use orderchat_domain::checkpoint::{Checkpoint, Root};
use orderchat_domain::event::GENESIS;
use orderchat_store::checkpoints::{self, Changes, Signed};
use orderchat_store::{Tx, meta, restore};

use super::{Chat, Result, StoreError};
use crate::clock;
use crate::signing::SigningKey;

impl Chat {
    /// Signs a checkpoint if anything has changed since the newest, which must be this old, in
    /// milliseconds: of several nodes one does it. What is too much for one goes into several.
    pub(crate) async fn sign_checkpoint(&self, key: &SigningKey, not_within: i64) -> Result<()> {
        let mut not_within = not_within;
        loop {
            let changes = self.read(|tx| Ok(checkpoints::changes(tx)?)).await?;
            let more = changes.more;
            let (key, now) = (key.clone(), Millis(clock::now_ms()));
            let signed = self
                .write_anyway(None, move |tx| sign(tx, &key, &changes, not_within, now))
                .await?;
            if !(more && signed) {
                return Ok(());
            }
            not_within = 0;
        }
    }

    /// The newest checkpoint.
    pub(crate) async fn newest_checkpoint(&self) -> Result<Option<Signed>> {
        self.read(|tx| Ok(checkpoints::newest(tx)?)).await
    }
}

/// Whether a checkpoint was signed.
fn sign(
    tx: &mut Tx<'_>,
    key: &SigningKey,
    changes: &Changes,
    not_within: i64,
    now: Millis,
) -> Result<bool> {
    let (newest, audit) = checkpoints::lock(tx)?;
    let newest = newest.map(|signed| signed.checkpoint);
    let number = newest.as_ref().map_or(0, |newest| newest.number);
    if number != changes.after {
        // Another node was quicker; what it left out is found the next time.
        return Ok(false);
    }
    // A clock that was set back must not keep anything from being signed.
    let is_young = |newest: &Checkpoint| (0..not_within).contains(&(now.0 - newest.at.0));
    let is_news = !changes.rooms.is_empty()
        || newest
            .as_ref()
            .map_or(audit.seq > 0, |newest| newest.audit != audit);
    if !is_news || newest.as_ref().is_some_and(is_young) {
        return Ok(false);
    }
    let mut root = Root::default();
    for (room, head) in &changes.rooms {
        root.push(*room, *head);
    }
    let (rooms, root) = root.finish();
    let epoch = meta::get(tx, restore::EPOCH)?;
    let no_epoch = || StoreError::Corrupt("the database has no epoch".to_owned());
    let checkpoint = Checkpoint {
        number: number + 1,
        epoch: epoch.ok_or_else(no_epoch)?,
        at: now,
        previous: newest.map_or(GENESIS, |newest| newest.hash()),
        audit,
        rooms,
        root,
        key: *key.public().as_bytes(),
    };
    let signature = key.sign(&checkpoint.signed_bytes());
    let signed = Signed {
        checkpoint,
        signature,
    };
    checkpoints::insert(tx, &signed, changes)?;
    Ok(true)
}
