//! Files, beside their bytes: who may upload where, what a send knows of its file, who is served
//! it, and when it goes. The bytes are `media`'s.

use orderchat_domain::attachment::{DraftFile, FileName, FileState, check_share};
use orderchat_domain::event::EventKind;
use orderchat_domain::message::Draft;
use orderchat_domain::permission::Action;
use orderchat_domain::project::{FileView, ImageView, file_path, thumbnail_path};
use orderchat_domain::{AttachmentId, Millis, Refusal, RoomId, Rule};
use orderchat_store::attachments::{self, Finished, NewFile, StoredFile};
use orderchat_store::log::Text;
use orderchat_store::orders::{self, Told};
use orderchat_store::rooms;
pub(crate) use orderchat_store::uploads::Said;
use orderchat_store::uploads::{self, StoredUpload};
use orderchat_store::{StoreError, Tx};

use super::access::{NO_KEY, Scene, enter, look_by_key};
use super::messages::visible;
use super::{Chat, Context, Result, Scribe};
use crate::{clock, random};

/// Files of one user that no message has, at most: what is begun and left costs something until it
/// is collected.
const UNSENT: u32 = 50;

/// Uploads that are looked at in one go for whether their time is over.
const OLD_UPLOADS: u32 = 100;

/// What the settings say about files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileRules {
    /// Largest file, in bytes.
    pub(crate) largest: u64,
    /// Bytes that one user's files may take.
    pub(crate) share: u64,
    /// How long a file stays that no message has, in milliseconds.
    pub(crate) unsent: i64,
}

/// A file that is about to be received.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) id: AttachmentId,
    pub(crate) key: i64,
    /// Bytes kept free for it.
    pub(crate) kept_free: u64,
}

/// What is to be received.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) room: RoomId,
    pub(crate) name: FileName,
    /// Its bytes at most.
    pub(crate) size: u64,
    pub(crate) is_proof: bool,
    /// How long it may take, in milliseconds.
    pub(crate) within: i64,
    /// It comes in pieces.
    pub(crate) in_pieces: Option<Said>,
}

/// A file as it is served.
#[derive(Clone, Debug)]
pub(crate) struct ServedFile {
    pub(crate) id: AttachmentId,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) size: u64,
    /// SHA-256 in hex.
    pub(crate) digest: String,
    pub(crate) has_thumbnail: bool,
}

/// An uploaded file, as its uploader is told of it.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct AttachmentView {
    /// To be named in a message as `attachment`.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: AttachmentId,
    pub(crate) file: FileView,
    pub(crate) file_path: String,
    pub(crate) file_name: String,
    /// Bytes.
    pub(crate) file_size: u64,
    /// Media type, as the content says.
    pub(crate) file_type: String,
    pub(crate) image: Option<ImageView>,
    /// When it goes, unless a message has it by then; null for a proof of delivery.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) expires_at: Option<Millis>,
}

impl AttachmentView {
    pub(crate) fn of(id: AttachmentId, finished: &Finished) -> Self {
        let image = finished.image.as_ref().map(|image| ImageView {
            width: image.width,
            height: image.height,
            thumbhash: image.thumbhash.clone(),
            thumbnail_path: thumbnail_path(id),
        });
        Self {
            id,
            file: FileView {
                attachment: id,
                pending: finished.state == FileState::Pending,
            },
            file_path: file_path(id),
            file_name: finished.name.clone(),
            file_size: finished.size,
            file_type: finished.mime.to_owned(),
            image,
            expires_at: finished.until,
        }
    }
}

/// What a photo proves.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    /// The photo's internal key.
    pub(crate) file: i64,
    /// As it stands on the timeline: JSON.
    pub(crate) body: String,
}

/// Whether it is this user's, for this room.
pub(super) fn is_for(file: &StoredFile, room: i64, user: i64) -> bool {
    file.room == room && file.owner == user
}

impl Chat {
    /// What is known of the file that the draft names; the type of its message hangs on it.
    pub(crate) async fn know_file(
        &self,
        ctx: &Context,
        draft: Draft,
        given_type: Option<&str>,
    ) -> Result<Draft> {
        let Some(id) = draft.file.and_then(|file| file.attachment) else {
            return Ok(draft);
        };
        let user = ctx.user;
        let found = self
            .read(move |tx| Ok(attachments::by_id(tx, id)?))
            .await?
            .filter(|file| file.owner == user);
        let file = DraftFile {
            attachment: Some(id),
            facts: found.and_then(|file| file.facts()),
        };
        Ok(draft.knowing(file, given_type)?)
    }

    /// Whether the caller may send a file in the room now. What takes an upload asks before it reads
    /// it.
    pub(crate) async fn may_attach(&self, ctx: &Context, room: RoomId) -> Result<()> {
        let (chat, asked) = (self.clone(), ctx.clone());
        self.read(move |tx| may_attach(&chat, tx, &asked, room).map(drop))
            .await
    }

    /// Notes a file that is about to be received, before its first byte is.
    pub(crate) async fn begin_file(&self, ctx: &Context, wanted: Wanted) -> Result<Begun> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let id = AttachmentId(random::uuid_v7(ctx.now.0));
        self.write(Some(wanted.room), move |tx| {
            let scene = if wanted.is_proof {
                may_prove(&chat, tx, &asked, wanted.room)?
            } else {
                may_attach(&chat, tx, &asked, wanted.room)?
            };
            // First: who begins several at once is counted one after the other.
            let more = i64::try_from(wanted.size).unwrap_or(i64::MAX);
            let taken = attachments::take_space(tx, asked.user, more)?;
            if !asked.caller.is_service() {
                let share = chat.rules().files.share;
                check_share(taken.saturating_sub(wanted.size), wanted.size, share)?;
                check_unsent(attachments::unsent(tx, asked.user, asked.now, UNSENT)?)?;
            }
            let file = NewFile {
                id,
                room: scene.key(),
                owner: asked.user,
                purpose: wanted.is_proof.then_some("proof"),
                name: wanted.name.as_str(),
                size: wanted.size,
                at: asked.now,
                until: asked.now.plus(wanted.within),
            };
            let key = attachments::begin(tx, &file)?;
            if let Some(said) = &wanted.in_pieces {
                uploads::begin(tx, key, wanted.size, said)?;
            }
            Ok(Begun {
                id,
                key,
                kept_free: wanted.size,
            })
        })
        .await
    }

    /// The file lies in the storage, whole: from now on a message may name it.
    pub(crate) async fn finish_file(
        &self,
        ctx: &Context,
        begun: &Begun,
        finished: Finished,
    ) -> Result<AttachmentView> {
        let (key, owner) = (begun.key, ctx.user);
        let more = i64::try_from(finished.size).unwrap_or(i64::MAX)
            - i64::try_from(begun.kept_free).unwrap_or(i64::MAX);
        let view = AttachmentView::of(begun.id, &finished);
        self.write(None, move |tx| {
            if !attachments::finish(tx, key, &finished)? {
                let detail = "the upload took too long and was given up; begin it again";
                return Err(Refusal::conflict(Rule::UploadState, detail).into());
            }
            attachments::take_space(tx, owner, more)?;
            Ok(())
        })
        .await?;
        Ok(view)
    }

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

    /// The file, if the caller may download it: they may see its message, or have uploaded it.
    pub(crate) async fn file(&self, ctx: &Context, id: &str) -> Result<ServedFile> {
        let id = AttachmentId::parse(id).ok_or(Refusal::NotFound)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, file) = self.read(move |tx| file_for(&chat, tx, &asked, id)).await?;
        self.note_reading(ctx, &scene).await?;
        Ok(file)
    }

    /// Files whose time is over: nobody is given them from now on. Their bytes are to be deleted, and
    /// then they are [forgotten](Self::forget_file).
    pub(crate) async fn files_to_delete(&self, limit: u32) -> Result<Vec<AttachmentId>> {
        let now = Millis(clock::now_ms());
        self.write_anyway(None, move |tx| {
            let mut going = Vec::new();
            for (key, id) in attachments::overdue(tx, now, limit)? {
                if attachments::let_go(tx, key, now)? {
                    going.push(id);
                }
            }
            Ok(going)
        })
        .await
    }

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
        self.read(move |tx| Ok(uploads::pieces(tx, key)?)).await
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
        self.read(move |tx| Ok(uploads::done(tx, after, limit)?))
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

    /// Files that wait for the scanner, after the one of this key.
    pub(crate) async fn files_pending(&self, after: i64, limit: u32) -> Result<Vec<StoredFile>> {
        self.read(move |tx| Ok(attachments::pending(tx, after, limit)?))
            .await
    }

    /// The scanner has judged the file. Of one that it rejects and that was sent, the room is told.
    pub(crate) async fn judge_file(&self, file: &StoredFile, is_clean: bool) -> Result<()> {
        let (room, id) = (self.room_of_file(file.room).await?, file.id);
        let now = Millis(clock::now_ms());
        self.write_anyway(Some(room), move |tx| {
            // In the order in which a send locks them.
            rooms::lock_ids(tx, &[room])?;
            let Some(file) = attachments::lock(tx, id)? else {
                return Ok(());
            };
            let state = if is_clean {
                FileState::Ready
            } else {
                FileState::Failed
            };
            if !attachments::judged(tx, file.key, state)? {
                return Ok(());
            }
            match file.seq {
                Some(seq) if is_clean => Ok(attachments::message_is_clean(tx, file.room, seq)?),
                Some(seq) => fail_message(tx, file.room, seq, now),
                None => Ok(()),
            }
        })
        .await
    }

    /// What a photo proves of a delivery goes on the order's timeline; the photo stays.
    pub(crate) async fn add_proof(&self, ctx: &Context, room: RoomId, proof: Proof) -> Result<()> {
        let now = ctx.now;
        self.write(None, move |tx| {
            let scene = rooms::by_id(tx, room)?.ok_or(Refusal::NotFound)?;
            let order = &scene.record.order;
            orders::lock(tx, &order.id)?;
            let told = Told {
                kind: "delivery.proof_added",
                event: None,
                sequence: None,
                body: &proof.body,
            };
            orders::keep(tx, order.key, told, now)?;
            Ok(attachments::keep(tx, proof.file)?)
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

fn check_unsent(unsent: usize) -> std::result::Result<(), Refusal> {
    if unsent < UNSENT as usize {
        return Ok(());
    }
    let detail = format!(
        "{unsent} files of yours were uploaded, or begun, and not sent; send them, end them, or wait \
         until they expire"
    );
    Err(Refusal::conflict(Rule::UploadState, detail))
}

/// The room, if the caller may send a file there now.
fn may_attach(chat: &Chat, tx: &mut Tx<'_>, ctx: &Context, room: RoomId) -> Result<Scene> {
    let policy = chat.policy();
    let scene = enter(tx, policy, ctx, room, Action::SendMessage)?;
    if ctx.caller.is_service() {
        let detail =
            "the service sends no files; it may upload a proof of delivery (purpose=proof)";
        return Err(Refusal::forbidden(Rule::Permission, detail).into());
    }
    scene.check_state(ctx, Action::SendMessage)?;
    scene.situation(policy, ctx).may_attach()?;
    Ok(scene)
}

/// The room, if the caller may prove the delivery of its order: its rider, or the service.
fn may_prove(chat: &Chat, tx: &mut Tx<'_>, ctx: &Context, room: RoomId) -> Result<Scene> {
    if ctx.caller.is_service() {
        return enter(tx, chat.policy(), ctx, room, Action::SendMessage);
    }
    let scene = may_attach(chat, tx, ctx, room)?;
    let is_rider = |own: &orderchat_domain::project::ParticipantRecord| {
        own.role == orderchat_domain::Role::Rider && !own.guest
    };
    if !scene.active().is_some_and(is_rider) {
        let detail = "only the order's rider and the service prove a delivery";
        return Err(Refusal::forbidden(Rule::Permission, detail).into());
    }
    Ok(scene)
}

fn file_for(
    chat: &Chat,
    tx: &mut Tx<'_>,
    ctx: &Context,
    id: AttachmentId,
) -> Result<(Scene, ServedFile)> {
    let found = attachments::by_id(tx, id)?;
    // What does not exist costs what is hidden costs.
    let key = found.as_ref().map_or(NO_KEY, |file| file.room);
    let mut scene = look_by_key(tx, ctx, key)?;
    scene.note_next_on_board(tx, chat.policy())?;
    scene.permit(chat.policy(), ctx, Action::ReadRoom)?;
    let file = found.ok_or(Refusal::NotFound)?;
    let viewer = chat.viewer(ctx, scene.own.as_ref());
    let name = match file.seq {
        Some(seq) => {
            let message = visible(tx, viewer, &scene.room, seq)?;
            // A deleted or rejected one has no file any more.
            let shown = message.file.filter(|_| message.failed_at.is_none());
            shown.ok_or(Refusal::NotFound)?.name
        }
        None if file.owner == ctx.user || is_proof_for(&file, viewer) => {
            file.name.clone().unwrap_or_default()
        }
        None => return Err(Refusal::NotFound.into()),
    };
    file.state.may_be_served()?;
    let no_kind = || StoreError::Corrupt("a file that is ready has no kind".to_owned());
    let served = ServedFile {
        id: file.id,
        name,
        size: file.size,
        digest: file.record().sha256,
        has_thumbnail: file.image.is_some(),
        mime: file.mime.ok_or_else(no_kind)?,
    };
    Ok((scene, served))
}

/// A proof of delivery is for staff and the service.
fn is_proof_for(file: &StoredFile, viewer: orderchat_domain::project::Viewer<'_>) -> bool {
    file.purpose.is_some() && viewer.sees_identities()
}
