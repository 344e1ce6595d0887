//! A message is sent. This is the hot path: on PostgreSQL many sends share each statement; on SQLite
//! the writer commits them together.

mod group;
mod writing;

use std::sync::Arc;

use orderchat_domain::event::{Hash, salted_digest};
use orderchat_domain::message::{Draft, IdempotencyKey, Notice};
use orderchat_domain::project::{MessageRecord, MessageView};
use orderchat_domain::{AttachmentId, RoomId};
use orderchat_store::{StoreError, messages, sends};

use super::access::Scene;
use super::{Chat, Context, Result};
pub(crate) use group::Sends;

/// One message to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    ctx: Context,
    room: RoomId,
    /// After the pre-send step: card numbers are masked.
    draft: Arc<Draft>,
    /// What a repeat is compared by, from before it.
    original: Vec<u8>,
    /// Of the draft's key.
    key_hash: Option<Hash>,
}

impl Request {
    /// The file that it names.
    fn attachment(&self) -> Option<AttachmentId> {
        self.draft.file.and_then(|file| file.attachment)
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    scene: Scene,
    seq: u64,
    /// `false`: an earlier send with the same key, which stands as it is.
    is_new: bool,
    /// A new message, where the database need not be asked what was given to it.
    fresh: Option<Arc<MessageRecord>>,
}

/// The answer to a send.
#[derive(Clone, Debug)]
pub(crate) struct SendAnswer {
    pub(crate) message: MessageView,
    pub(crate) notices: Vec<Notice>,
    pub(crate) is_new: bool,
}

impl Chat {
    /// Sends a message, once for each sender, room and key, however often it is asked for.
    pub(crate) async fn send(
        &self,
        ctx: &Context,
        room: RoomId,
        draft: Draft,
    ) -> Result<SendAnswer> {
        let original = draft.request();
        let (draft, notices) = draft.moderated();
        let draft = Arc::new(draft);
        let request = Request {
            ctx: ctx.clone(),
            room,
            key_hash: draft.key.as_ref().map(|key| key_hash(key.as_str())),
            draft: Arc::clone(&draft),
            original,
        };
        if let Err(full) = self.0.store.check_space()
            && !self.is_repeat(ctx, room, &draft).await?
        {
            return Err(full.into());
        }
        let sent = self.0.sends.submit(request).await?;
        let record = match &sent.fresh {
            Some(fresh) => Arc::clone(fresh),
            None => Arc::new(self.stored(&sent).await?),
        };
        let message = self.show_message(ctx, &sent.scene, &record, None);
        Ok(SendAnswer {
            message,
            notices,
            is_new: sent.is_new,
        })
    }

    /// Whether this was sent before with the same key.
    pub(crate) async fn is_repeat(
        &self,
        ctx: &Context,
        room: RoomId,
        draft: &Draft,
    ) -> Result<bool> {
        match &draft.key {
            Some(key) => self.is_key_known(ctx, room, key).await,
            None => Ok(false),
        }
    }

    /// Whether the caller has sent something in the room with this key.
    pub(crate) async fn is_key_known(
        &self,
        ctx: &Context,
        room: RoomId,
        key: &IdempotencyKey,
    ) -> Result<bool> {
        let (hash, user) = (key_hash(key.as_str()), ctx.user);
        self.look(move |tx| Ok(sends::is_known(tx, room, user, &hash)?))
            .await
    }

    /// The message as it now stands, which may be a tombstone.
    async fn stored(&self, sent: &Sent) -> Result<MessageRecord> {
        let (room, seq) = (sent.scene.room.clone(), sent.seq);
        self.read(move |tx| Ok(messages::by_seq(tx, &room, seq)?.ok_or(StoreError::Conflict)?))
            .await
    }
}

fn key_hash(key: &str) -> Hash {
    salted_digest(b"key", &[key.as_bytes()])
}
