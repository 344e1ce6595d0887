//! What a database needs that was restored from a copy.

use orderchat_domain::Millis;
use orderchat_store::audit::{Entry, append};
use orderchat_store::{Tx, attachments, restore};

use super::{Chat, Result, StoreError};
use crate::{clock, random};

const RESTORED: &str = "database.restored";

/// Makes a restored copy a database of its own and records it: it gets a new epoch, so that no
/// client goes on in it from where another database was. Uploads that were under way are over. Answers
/// the epoch.
pub(crate) fn adopt(tx: &mut Tx<'_>, now: Millis) -> Result<String> {
    let epoch = random::uuid_v7(now.0).simple().to_string();
    let before = restore::adopt(tx, &epoch)?.ok_or_else(|| {
        StoreError::Unusable("this is no database of orderchat that was ever served".to_owned())
    })?;
    let detail = format!("the copy was of the epoch {before}");
    let entry = Entry {
        actor: 0,
        actor_role: "",
        action: RESTORED,
        room: None,
        target: Some(&epoch),
        request_id: None,
        ip: None,
        user_agent: None,
        salt: random::bytes(),
        detail: &detail,
    };
    append(tx, &entry, now)?;
    attachments::end_all(tx, now)?;
    Ok(epoch)
}

impl Chat {
    /// [`adopt`] on the database that is open; nobody may be serving it.
    pub(crate) async fn adopt_restored(&self) -> Result<String> {
        let now = Millis(clock::now_ms());
        self.write_anyway(None, move |tx| adopt(tx, now)).await
    }
}
