//! Uploads that come in pieces: how far each is, until its file is whole.

use orderchat_domain::attachment::FileState;
use orderchat_domain::permission::Action;
use orderchat_domain::{AttachmentId, Millis, Refusal, Rule};
use orderchat_store::uploads::{self, StoredUpload};

use super::super::access::{NO_KEY, look_by_key};
use super::super::{Chat, Context, Result};
use crate::clock;

/// Uploads that are looked at in one go for whether their time is over.
const OLD_UPLOADS: u32 = 100;

impl Chat {
    /// The caller's upload that comes in pieces, while they may still see the room.
    pub(crate) async fn upload(&self, ctx: &Context, id: &str) -> Result<StoredUpload> {
        let id = AttachmentId::parse(id).ok_or(Refusal::NotFound)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        self.read(move |tx| {
            let found = uploads::by_id(tx, id)?;
            let room = found.as_ref().map_or(NO_KEY, |upload| upload.file.room);
            let mut scene = look_by_key(tx, &asked, room)?;
            scene.note_next_on_board(tx, chat.policy())?;
            scene.permit(chat.policy(), &asked, Action::ReadRoom)?;
            let own = found.filter(|upload| {
                upload.file.owner == asked.user && upload.file.state != FileState::Leaving
            });
            Ok(own.ok_or(Refusal::NotFound)?)
        })
        .await
    }

    /// These pieces of the upload are stored.
    pub(crate) async fn advance_upload(
        &self,
        key: i64,
        way: (u64, u64),
        pieces: Vec<(u64, String)>,
    ) -> Result<()> {
        self.write(None, move |tx| {
            if uploads::advance(tx, key, way, &pieces)? {
                return Ok(());
            }
            let detail = "somebody else went on with the upload; ask how far it is";
            Err(Refusal::conflict(Rule::UploadState, detail).into())
        })
        .await
    }

    /// The names of the upload's pieces, in their order.
    pub(crate) async fn upload_pieces(&self, key: i64) -> Result<Vec<String>> {
        self.look(move |tx| Ok(uploads::pieces(tx, key)?)).await
    }

    /// When an upload that was begun then is over. What is asked of it later has no answer.
    pub(crate) fn upload_until(&self, begun: Millis) -> Millis {
        begun.plus(self.rules().files.unsent)
    }

    /// Files that are whole, whose pieces may still be there, after the one of this key, with their
    /// keys.
    pub(crate) async fn uploads_done(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, AttachmentId)>> {
        self.look(move |tx| Ok(uploads::done(tx, after, limit)?))
            .await
    }

    /// The pieces of a file that is whole were deleted.
    pub(crate) async fn forget_pieces(&self, id: AttachmentId) -> Result<()> {
        self.write_anyway(None, move |tx| Ok(uploads::forget_pieces(tx, id)?))
            .await
    }

    /// Nobody asks any more how far the uploads are whose time is over and whose files are whole.
    pub(crate) async fn forget_old_uploads(&self) -> Result<()> {
        let begun_by = Millis(clock::now_ms()).plus(-self.rules().files.unsent);
        let old = self
            .read(move |tx| Ok(uploads::old(tx, begun_by, OLD_UPLOADS)?))
            .await?;
        if old.is_empty() {
            return Ok(());
        }
        self.write_anyway(None, move |tx| Ok(uploads::forget(tx, &old)?))
            .await
    }
}
