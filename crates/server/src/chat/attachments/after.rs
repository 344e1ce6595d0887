//! What becomes of files when nobody asks: the scanner judges them, and what nobody wants is deleted.

use orderchat_domain::attachment::FileState;
use orderchat_domain::event::EventKind;
use orderchat_domain::{AttachmentId, Millis, Refusal, RoomId};
use orderchat_store::attachments::{self, StoredFile};
use orderchat_store::log::Text;
use orderchat_store::{Tx, rooms};

use super::super::{Chat, Result, Scribe};
use crate::{clock, random};

/// What came of a verdict of the scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// It counts.
    Now,
    /// What was said of the file before counts, as by another node that had it scanned, too.
    Before(FileState),
}

impl Chat {
    /// Nobody wants the file any more; its bytes are deleted by and by.
    pub(crate) async fn let_file_go(&self, key: i64) -> Result<()> {
        let now = Millis(clock::now_ms());
        self.write_anyway(None, move |tx| {
            attachments::let_go(tx, key, now)?;
            Ok(())
        })
        .await
    }

    /// Whether nobody can want the file any more: it is about to be deleted, or was.
    pub(crate) async fn is_file_gone(&self, id: AttachmentId) -> Result<bool> {
        self.read(move |tx| {
            let found = attachments::by_id(tx, id)?;
            Ok(found.is_none_or(|file| file.state == FileState::Leaving))
        })
        .await
    }

    /// Files whose time is over, or that were rejected: nobody is given them from now on. Their bytes
    /// are to be deleted, and then they are [forgotten](Self::forget_file).
    pub(crate) async fn files_to_delete(&self, limit: u32) -> Result<Vec<AttachmentId>> {
        let now = Millis(clock::now_ms());
        self.write_anyway(None, move |tx| {
            let mut going = Vec::new();
            for file in attachments::overdue(tx, now, limit)? {
                if file.only_bytes || attachments::let_go(tx, file.key, now)? {
                    going.push(file.id);
                }
            }
            Ok(going)
        })
        .await
    }

    /// The bytes of a file [to delete](Self::files_to_delete) could not be deleted: it is one again
    /// after this pause, in milliseconds.
    pub(crate) async fn put_file_off(&self, id: AttachmentId, pause: i64) -> Result<()> {
        let until = Millis(clock::now_ms()).plus(pause);
        self.write_anyway(None, move |tx| Ok(attachments::put_off(tx, id, until)?))
            .await
    }

    /// The file's bytes were deleted.
    pub(crate) async fn forget_file(&self, id: AttachmentId) -> Result<()> {
        self.write_anyway(None, move |tx| Ok(attachments::forget(tx, id)?))
            .await
    }

    /// Files that wait for the scanner, after the one of this key.
    pub(crate) async fn files_pending(&self, after: i64, limit: u32) -> Result<Vec<StoredFile>> {
        self.look(move |tx| Ok(attachments::pending(tx, after, limit)?))
            .await
    }

    /// The scanner has judged the file. Of one that it rejects and that was sent, the room is told; its
    /// bytes are [to be deleted](Self::files_to_delete) from now on. The first verdict counts.
    pub(crate) async fn judge_file(&self, file: &StoredFile, is_clean: bool) -> Result<Judged> {
        let (room, id) = (self.room_of_file(file.room).await?, file.id);
        let now = Millis(clock::now_ms());
        self.write_anyway(Some(room), move |tx| {
            // In the order in which a send locks them.
            rooms::lock_ids(tx, &[room])?;
            let Some(file) = attachments::lock(tx, id)? else {
                return Ok(Judged::Before(FileState::Leaving));
            };
            if !attachments::judged(tx, file.key, is_clean, now)? {
                return Ok(Judged::Before(file.state));
            }
            match file.seq {
                Some(seq) if is_clean => attachments::message_is_clean(tx, file.room, seq)?,
                Some(seq) => fail_message(tx, file.room, seq, now)?,
                None => {}
            }
            Ok(Judged::Now)
        })
        .await
    }

    /// The room of this internal key.
    pub(crate) async fn room_of_file(&self, key: i64) -> Result<RoomId> {
        self.read(move |tx| {
            let room = rooms::by_key(tx, key)?.ok_or(Refusal::NotFound)?;
            Ok(room.record.id)
        })
        .await
    }
}

/// The message at this seq has no file any more, and everybody in the room hears of it.
fn fail_message(tx: &mut Tx<'_>, room: i64, seq: u64, now: Millis) -> Result<()> {
    let mut room = rooms::by_key(tx, room)?.ok_or(Refusal::NotFound)?;
    let mut scribe = Scribe::of_the_server(now);
    let text = Text {
        salt: random::bytes(),
        ..Text::default()
    };
    let version = scribe.message(&mut room, EventKind::MessageFailed, seq, text);
    scribe.finish(tx, &room)?;
    let (key, at) = (room.record.key, room.record.last_activity);
    Ok(attachments::message_failed(tx, key, seq, version, at)?)
}
