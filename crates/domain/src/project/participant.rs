use serde::Serialize;
use serde_json::{Map, Value};

use super::{Person, Surface, Viewer, shown_name};
use crate::access::rights_of;
use crate::id::{ParticipantId, RoomId, UserId};
use crate::participant::Ended;
use crate::policy::Circumstances;
use crate::preferences;
use crate::receipt::{Unread, Watermarks};
use crate::role::Role;
use crate::room::RoomStatus;
use crate::time::Millis;

/// A participant as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct ParticipantRecord {
    /// Internal key.
    pub key: i64,
    pub id: ParticipantId,
    pub room: RoomId,
    pub person: Person,
    /// The user's own role in the shop.
    pub user_role: Role,
    pub role: Role,
    /// Came from outside the order.
    pub guest: bool,
    pub ended: Option<Ended>,
    pub muted: bool,
    /// `None` with `muted`: until lifted.
    pub muted_until: Option<Millis>,
    pub joined_at: Millis,
    pub left_at: Option<Millis>,
    pub last_seen: Option<Millis>,
    pub preferences: Map<String, Value>,
    pub marks: Watermarks,
    /// Without the room's ordinal, which comes from the room.
    pub unread: Unread,
    pub visible_from: u64,
    /// Messages of the room before `visible_from`.
    pub messages_before: u64,
    /// How many of these are about the order.
    pub news_before: u64,
    /// A rider of the order has another one on board now. Looked up only where the policy asks.
    pub next_on_board: bool,
    pub version: u64,
}

impl ParticipantRecord {
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.ended.is_none()
    }

    /// A mute ends by the clock, without an event.
    #[must_use]
    pub fn is_muted(&self, now: Millis) -> bool {
        self.muted && self.muted_until.is_none_or(|until| now < until)
    }
}

/// The participant object of SPEC 11.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParticipantView {
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub id: ParticipantId,
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub room: RoomId,
    /// The shop's user id; null for customers and riders except on themselves.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user: Option<UserId>,
    pub user_email: Option<String>,
    pub user_full_name: String,
    /// The user's own role in the shop.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user_role: Role,
    /// What the user is in this room: their own role or a lower one.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub role: Role,
    pub role_display: &'static str,
    pub is_active: bool,
    /// `left`, `removed`, `handed_over`, `blocked` or null.
    pub ended: Option<&'static str>,
    pub is_muted: bool,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub muted_until: Option<Millis>,
    pub is_blocked: bool,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub joined_at: Millis,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub left_at: Option<Millis>,
    /// Null where the policy hides presence.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_seen: Option<Millis>,
    /// Null where the policy hides presence, and in events.
    pub is_online: Option<bool>,
    /// Null on everybody but oneself.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub notification_preferences: Option<Map<String, Value>>,
    /// Null in events.
    pub can_send_messages: Option<bool>,
    /// Null in events.
    pub can_receive_messages: Option<bool>,
    pub delivered_seq: u64,
    pub read_seq: u64,
    pub version: u64,
}

/// The participant for this viewer.
#[must_use]
pub fn participant(
    viewer: Viewer<'_>,
    surface: Surface,
    circumstances: Circumstances<'_>,
    record: &ParticipantRecord,
) -> ParticipantView {
    let own = record.person.key == viewer.user;
    let identity = viewer.sees_identities() || own;
    let sees = |viewer_as| {
        let (policy, status) = (viewer.policy, circumstances.order_status);
        policy.sees_presence(viewer_as, record.role, status)
    };
    let presence = own || viewer.looks_as().is_none_or(sees);
    let last_seen = record.last_seen.filter(|_| presence);
    let online = presence.then(|| {
        record.is_active()
            && record
                .last_seen
                .is_some_and(|seen| viewer.now < seen.plus(viewer.online_window))
    });
    let rights = rights_of(viewer.policy, record, circumstances);
    let muted = record.is_muted(viewer.now);
    let can_send = record.is_active()
        && !muted
        && circumstances.room_status == RoomStatus::Open
        && rights.write.is_ok();
    ParticipantView {
        id: record.id,
        room: record.room,
        user: identity.then(|| record.person.user.clone()),
        user_email: record.person.email.clone().filter(|_| identity),
        user_full_name: shown_name(viewer, &record.person, record.role),
        user_role: record.user_role,
        role: record.role,
        role_display: record.role.display(),
        is_active: record.is_active(),
        ended: record.ended.map(Ended::as_str),
        is_muted: muted,
        muted_until: record.muted_until.filter(|_| muted),
        is_blocked: record.ended == Some(Ended::Blocked),
        joined_at: record.joined_at,
        left_at: record.left_at,
        last_seen: surface.own(last_seen).flatten(),
        is_online: surface.own(online).flatten(),
        notification_preferences: own
            .then(|| surface.own(preferences::shown(&record.preferences)))
            .flatten(),
        can_send_messages: surface.own(can_send),
        can_receive_messages: surface.own(record.is_active() && rights.read),
        delivered_seq: record.marks.delivered,
        read_seq: record.marks.read,
        version: record.version,
    }
}
