//! Files, beside their bytes: who may upload where, what a send knows of its file, and who is served
//! it. The bytes are `media`'s.

mod after;
mod pieces;

pub(crate) use after::Judged;
use orderchat_domain::attachment::{DraftFile, FileName, FileState, check_share};
use orderchat_domain::message::Draft;
use orderchat_domain::permission::Action;
use orderchat_domain::project::{FileView, ImageView, file_path, thumbnail_path};
use orderchat_domain::{AttachmentId, Millis, Refusal, RoomId, Rule};
use orderchat_store::attachments::{self, Finished, NewFile, StoredFile};
use orderchat_store::orders::{self, Told};
use orderchat_store::rooms;
use orderchat_store::uploads;
pub(crate) use orderchat_store::uploads::Said;
use orderchat_store::{StoreError, Tx};

use super::access::{NO_KEY, Scene, enter, look_by_key};
use super::messages::visible;
use super::{Chat, Context, Result};
use crate::random;

/// Files of one user that no message has, at most: what is begun and left costs something until it
/// is collected.
const UNSENT: u32 = 50;

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
    /// Of whose order.
    pub(crate) room: RoomId,
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
            .look(move |tx| Ok(attachments::by_id(tx, id)?))
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
        proof: Option<Proof>,
    ) -> Result<AttachmentView> {
        let now = ctx.now;
        let (key, owner) = (begun.key, ctx.user);
        let more = i64::try_from(finished.size).unwrap_or(i64::MAX)
            - i64::try_from(begun.kept_free).unwrap_or(i64::MAX);
        let mut view = AttachmentView::of(begun.id, &finished);
        if proof.is_some() {
            view.expires_at = None;
        }
        self.write(None, move |tx| {
            if !attachments::finish(tx, key, &finished)? {
                let detail = "the upload took too long and was given up; begin it again";
                return Err(Refusal::conflict(Rule::UploadState, detail).into());
            }
            attachments::take_space(tx, owner, more)?;
            if let Some(proof) = &proof {
                // Not one without the other: nobody would add it later.
                keep_proof(tx, key, proof, now)?;
            }
            Ok(())
        })
        .await?;
        Ok(view)
    }

    /// The file, if the caller may download it: they may see its message, or have uploaded it.
    pub(crate) async fn file(&self, ctx: &Context, id: &str) -> Result<ServedFile> {
        let id = AttachmentId::parse(id).ok_or(Refusal::NotFound)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, file) = self.read(move |tx| file_for(&chat, tx, &asked, id)).await?;
        self.note_reading(ctx, &scene).await?;
        Ok(file)
    }
}

/// What a photo proves of a delivery goes on the order's timeline; the photo stays.
fn keep_proof(tx: &mut Tx<'_>, file: i64, proof: &Proof, now: Millis) -> Result<()> {
    let found = rooms::by_id(tx, proof.room)?.ok_or(Refusal::NotFound)?;
    let order = &found.record.order;
    orders::lock(tx, &order.id)?;
    let told = Told {
        kind: "delivery.proof_added",
        event: None,
        sequence: None,
        body: &proof.body,
    };
    orders::keep(tx, order.key, told, now)?;
    Ok(attachments::keep(tx, file)?)
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
