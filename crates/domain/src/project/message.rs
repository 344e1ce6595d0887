use serde::Serialize;
use serde_json::{Map, Value};

use super::{ActorRecord, ParticipantRecord, Surface, Viewer, shown_name};
use crate::access::may_write;
use crate::attachment::FileRecord;
use crate::id::{AttachmentId, MessageId, ParticipantId, RoomId};
use crate::message::{MessageType, Standing, may_delete, may_edit};
use crate::permission::{Action, grant};
use crate::policy::Circumstances;
use crate::room::{By, RoomStatus, check_state};
use crate::text::excerpt;
use crate::time::Millis;

/// Longest excerpt of a quoted message, in characters.
const EXCERPT: usize = 100;

/// A message that another one or a room points to.
#[derive(Clone, Debug, PartialEq)]
pub struct QuoteRecord {
    pub id: MessageId,
    pub seq: u64,
    /// `None`: the system.
    pub sender: Option<ActorRecord>,
    pub message_type: MessageType,
    pub content: String,
    pub is_deleted: bool,
}

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRecord {
    pub id: MessageId,
    pub room: RoomId,
    pub seq: u64,
    pub version: u64,
    /// `None`: the system.
    pub sender: Option<ActorRecord>,
    pub message_type: MessageType,
    /// Empty when deleted.
    pub content: String,
    pub metadata: Option<Map<String, Value>>,
    pub reply_to: Option<QuoteRecord>,
    pub reply_count: u64,
    pub at: Millis,
    pub edited_at: Option<Millis>,
    pub deleted_at: Option<Millis>,
    /// `None` when deleted, too.
    pub file: Option<FileRecord>,
    /// The scanner has not looked at the file yet.
    pub file_pending: bool,
    /// When its file was rejected.
    pub failed_at: Option<Millis>,
    /// When the first other person's mark reached it.
    pub delivered_at: Option<Millis>,
    pub read_at: Option<Millis>,
    pub client_message_id: Option<String>,
}

impl MessageRecord {
    /// A message as it is when it was just written, of the system unless a sender is put in: nobody
    /// has received, changed or answered it.
    #[must_use]
    pub const fn written(
        id: MessageId,
        (room, seq): (RoomId, u64),
        at: Millis,
        message_type: MessageType,
        content: String,
    ) -> Self {
        Self {
            id,
            room,
            seq,
            version: seq,
            sender: None,
            message_type,
            content,
            metadata: None,
            reply_to: None,
            reply_count: 0,
            at,
            edited_at: None,
            deleted_at: None,
            file: None,
            file_pending: false,
            failed_at: None,
            delivered_at: None,
            read_at: None,
            client_message_id: None,
        }
    }
}

/// `reply_to` of a message, `last_message` of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quote {
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub id: MessageId,
    pub seq: u64,
    pub sender_name: String,
    /// At most 100 characters; empty when deleted.
    pub excerpt: String,
    pub is_deleted: bool,
}

/// How far one participant is with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptView {
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub participant: ParticipantId,
    pub name: String,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub delivered_at: Option<Millis>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub read_at: Option<Millis>,
}

/// The file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileView {
    /// Its id, for `/attachments/{id}/`.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attachment: AttachmentId,
    /// It waits for the scanner, and cannot be downloaded yet.
    pub pending: bool,
}

/// What an image has beside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageView {
    pub width: u32,
    pub height: u32,
    /// A [thumbhash](https://evanw.github.io/thumbhash/) in base64: some 25 bytes to show until the
    /// thumbnail is there.
    pub thumbhash: String,
    /// Needs the bearer, as `file_path`.
    pub thumbnail_path: String,
}

/// Where a file is downloaded.
#[must_use]
pub fn file_path(attachment: AttachmentId) -> String {
    format!("/api/chat/attachments/{attachment}/")
}

/// Where the thumbnail of an image is downloaded.
#[must_use]
pub fn thumbnail_path(attachment: AttachmentId) -> String {
    format!("/api/chat/attachments/{attachment}/thumbnail/")
}

/// The message object of SPEC 11.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageView {
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub id: MessageId,
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub room: RoomId,
    pub seq: u64,
    pub version: u64,
    /// A participant's id; null for the system.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<uuid::Uuid>))]
    pub sender: Option<ParticipantId>,
    pub sender_name: String,
    /// A role, or `system`.
    pub sender_role: &'static str,
    pub message_type: &'static str,
    pub message_type_display: &'static str,
    /// Never null; empty when deleted.
    pub content: String,
    /// Null when deleted, and when the file was rejected.
    pub file: Option<FileView>,
    /// Where it is downloaded, with the bearer; null as `file`.
    pub file_path: Option<String>,
    pub file_name: Option<String>,
    /// Bytes.
    pub file_size: Option<u64>,
    /// Media type, as the content says.
    pub file_type: Option<String>,
    /// Of an image; null as `file`.
    pub image: Option<ImageView>,
    /// `sent`, `delivered`, `read`, or `failed` when its file was rejected.
    pub status: &'static str,
    pub status_display: &'static str,
    pub is_edited: bool,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub edited_at: Option<Millis>,
    pub is_deleted: bool,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub deleted_at: Option<Millis>,
    /// Null also when the quoted message lies before what the viewer may see.
    pub reply_to: Option<Quote>,
    pub reply_count: u64,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Millis,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub delivered_at: Option<Millis>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub read_at: Option<Millis>,
    /// Filled in the answer to `GET /messages/{id}/` for its sender and staff; else null.
    pub receipts: Option<Vec<ReceiptView>>,
    pub is_system_message: bool,
    pub is_media_message: bool,
    /// Null in events.
    pub can_be_edited: Option<bool>,
    /// Null in events.
    pub can_be_deleted: Option<bool>,
    /// The caller's own key; null for others' messages.
    pub client_message_id: Option<String>,
}

/// What the rights to edit and delete hang on, beside the message itself.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub room_status: RoomStatus,
    pub circumstances: Circumstances<'a>,
}

fn quote(viewer: Viewer<'_>, quoted: &QuoteRecord) -> Option<Quote> {
    let visible = quoted.seq >= viewer.visible_from()
        && (viewer.sees_order() || !quoted.message_type.is_order_news());
    visible.then(|| Quote {
        id: quoted.id,
        seq: quoted.seq,
        sender_name: sender_name(viewer, quoted.sender.as_ref()),
        excerpt: excerpt(&quoted.content, EXCERPT),
        is_deleted: quoted.is_deleted,
    })
}

/// The room's last message as the viewer may see it.
#[must_use]
pub(super) fn last(viewer: Viewer<'_>, record: Option<&QuoteRecord>) -> Option<Quote> {
    record.and_then(|record| quote(viewer, record))
}

fn sender_name(viewer: Viewer<'_>, sender: Option<&ActorRecord>) -> String {
    sender.map_or_else(
        || "System".to_owned(),
        |sender| shown_name(viewer, &sender.person, sender.role),
    )
}

/// The typed metadata of a system message, without the order for those who see none.
fn metadata(viewer: Viewer<'_>, message: &MessageRecord) -> Option<Map<String, Value>> {
    let mut metadata = message.metadata.clone()?;
    if message.message_type.is_system() && !viewer.sees_order() {
        metadata.retain(|name, _| !name.starts_with("order_"));
    }
    Some(metadata)
}

/// The message for this viewer.
#[must_use]
pub fn message(
    viewer: Viewer<'_>,
    surface: Surface,
    place: Place<'_>,
    message: &MessageRecord,
    receipts: Option<Vec<ReceiptView>>,
) -> MessageView {
    let own = message
        .sender
        .as_ref()
        .is_some_and(|sender| sender.person.key == viewer.user);
    let (can_edit, can_delete) = rights(viewer, place, message, own);
    let (status, status_display) = status(message);
    let file = message.file.as_ref();
    let served = file.filter(|_| message.failed_at.is_none());
    let key = message.client_message_id.clone().filter(|_| own);
    MessageView {
        id: message.id,
        room: message.room,
        seq: message.seq,
        version: message.version,
        sender: message
            .sender
            .as_ref()
            .and_then(|sender| sender.participant),
        sender_name: sender_name(viewer, message.sender.as_ref()),
        sender_role: message
            .sender
            .as_ref()
            .map_or("system", |sender| sender.role.as_str()),
        message_type: message.message_type.as_str(),
        message_type_display: message.message_type.display(),
        content: message.content.clone(),
        file: served.map(|file| FileView {
            attachment: file.attachment,
            pending: message.file_pending,
        }),
        file_path: served.map(|file| file_path(file.attachment)),
        file_name: file.map(|file| file.name.clone()),
        file_size: file.map(|file| file.size),
        file_type: file.map(|file| file.r#type.clone()),
        image: served.and_then(image),
        status,
        status_display,
        is_edited: message.edited_at.is_some(),
        edited_at: message.edited_at,
        is_deleted: message.deleted_at.is_some(),
        deleted_at: message.deleted_at,
        reply_to: message
            .reply_to
            .as_ref()
            .and_then(|quoted| quote(viewer, quoted)),
        reply_count: message.reply_count,
        metadata: metadata(viewer, message),
        timestamp: message.at,
        delivered_at: message.delivered_at,
        read_at: message.read_at,
        receipts,
        is_system_message: message.message_type.is_system(),
        is_media_message: message.message_type.is_media(),
        can_be_edited: surface.own(can_edit),
        can_be_deleted: surface.own(can_delete),
        client_message_id: key,
    }
}

fn status(message: &MessageRecord) -> (&'static str, &'static str) {
    if message.failed_at.is_some() {
        return ("failed", "Failed");
    }
    match (message.read_at, message.delivered_at) {
        (Some(_), _) => ("read", "Read"),
        (None, Some(_)) => ("delivered", "Delivered"),
        (None, None) => ("sent", "Sent"),
    }
}

fn image(file: &FileRecord) -> Option<ImageView> {
    file.image.as_ref().map(|image| ImageView {
        width: image.width,
        height: image.height,
        thumbhash: image.thumbhash.clone(),
        thumbnail_path: thumbnail_path(file.attachment),
    })
}

fn rights(
    viewer: Viewer<'_>,
    place: Place<'_>,
    message: &MessageRecord,
    own: bool,
) -> (bool, bool) {
    let standing = Standing {
        message_type: message.message_type,
        deleted: message.deleted_at.is_some(),
        own,
        sent_at: message.at,
    };
    let by = by(viewer.role);
    let allowed = |action| {
        check_state(place.room_status, action, by).is_ok()
            && viewer
                .participant
                .is_none_or(|own| may_write_at_all(viewer, own, place))
    };
    let edit = grant(viewer.role, Action::EditMessage);
    let delete = grant(viewer.role, Action::DeleteMessage);
    let policy = viewer.policy;
    let can_edit = edit != crate::permission::Grant::No
        && allowed(Action::EditMessage)
        && may_edit(edit, standing, viewer.now, policy.edit_window).is_ok();
    let can_delete = delete != crate::permission::Grant::No
        && !standing.deleted
        && check_state(place.room_status, Action::DeleteMessage, by).is_ok()
        && may_delete(
            delete,
            standing,
            Some("given"),
            viewer.now,
            policy.delete_window,
        )
        .is_ok();
    (can_edit, can_delete)
}

/// Editing is writing: who is muted or past the policy's time may not. Deleting takes away, and
/// is left to them.
fn may_write_at_all(viewer: Viewer<'_>, own: &ParticipantRecord, place: Place<'_>) -> bool {
    may_write(viewer.policy, own, place.circumstances).is_ok()
}

/// How the room's state looks at this role.
#[must_use]
pub const fn by(role: crate::TokenRole) -> By {
    match role {
        crate::TokenRole::Support | crate::TokenRole::Admin => By::Moderator,
        crate::TokenRole::Service => By::System,
        _ => By::Person,
    }
}
