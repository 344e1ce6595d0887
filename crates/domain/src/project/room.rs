use serde::Serialize;

use super::message::last;
use super::{
    ActorRecord, ParticipantRecord, ParticipantView, Quote, QuoteRecord, Surface, Viewer,
    participant, shown_name,
};
use crate::id::{OrderId, ParticipantId, PharmacyId, RoomCode, RoomId};
use crate::policy::Circumstances;
use crate::receipt::Unread;
use crate::role::Role;
use crate::room::{RoomStatus, shown_title};
use crate::time::Millis;

/// What a room shows of its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBrief {
    /// Internal key.
    pub key: i64,
    pub id: OrderId,
    pub number: String,
    pub status: String,
    pub delivery_status: Option<String>,
    pub pharmacy: PharmacyId,
    /// The internal keys of the order's customer and rider.
    pub customer: i64,
    pub rider: Option<i64>,
    /// When it first reached a final status; `None` while it is active.
    pub final_at: Option<Millis>,
}

/// A room as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomRecord {
    /// Internal key.
    pub key: i64,
    pub id: RoomId,
    pub code: RoomCode,
    pub order: OrderBrief,
    pub title: Option<String>,
    pub description: Option<String>,
    pub status: RoomStatus,
    pub is_public: bool,
    pub max_participants: u32,
    pub participant_count: u32,
    pub message_count: u64,
    /// Messages that count as unread, so far.
    pub ordinal: u64,
    /// How many messages there are about the order, which guests do not see.
    pub news: u64,
    pub language: Option<String>,
    pub created_at: Millis,
    pub closed_at: Option<Millis>,
    pub closed_by: Option<ActorRecord>,
    pub close_reason: Option<String>,
    /// Closed by the order policy, not by a person.
    pub closed_by_policy: bool,
    pub reopened_at: Option<Millis>,
    pub archived_at: Option<Millis>,
    pub deleted_at: Option<Millis>,
    pub last_activity: Millis,
    pub seq: u64,
    pub version: u64,
}

impl RoomRecord {
    /// What the order policy is asked about this room.
    #[must_use]
    pub fn circumstances(&self, now: Millis) -> Circumstances<'_> {
        Circumstances {
            order_status: &self.order.status,
            room_status: self.status,
            final_at: self.order.final_at,
            reopened_at: self.reopened_at,
            closed_at: self.closed_at,
            now,
        }
    }
}

/// Who closed a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClosedBy {
    /// Null for staff who are not in the room.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<uuid::Uuid>))]
    pub participant: Option<ParticipantId>,
    pub name: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub role: Role,
}

/// The room object of SPEC 11.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomView {
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub id: RoomId,
    /// The short human code, e.g. `CHAT-7K3M-9QXD`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub room_id: RoomCode,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub order: Option<OrderId>,
    pub order_number: Option<String>,
    pub order_status: Option<String>,
    pub delivery_status: Option<String>,
    pub title: Option<String>,
    pub room_title: String,
    pub description: Option<String>,
    /// `open`, `closed` or `archived`.
    pub status: &'static str,
    pub is_public: Option<bool>,
    pub max_participants: Option<u32>,
    pub participant_count: u32,
    /// Null in events.
    pub message_count: Option<u64>,
    /// Null for who is not in the room, and in events.
    pub unread_count: Option<u64>,
    /// Null in events, and in lists for staff who are not in the room.
    pub last_message: Option<Quote>,
    /// Null where `last_message` is, and of a deleted message.
    pub last_message_preview: Option<String>,
    pub is_active: Option<bool>,
    pub language: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub created_at: Option<Millis>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub closed_at: Option<Millis>,
    pub closed_by: Option<ClosedBy>,
    pub close_reason: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub archived_at: Option<Millis>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_activity: Option<Millis>,
    pub seq: Option<u64>,
    pub version: Option<u64>,
    /// The caller's participant; null for who is not in the room, and in events.
    pub my_participant: Option<ParticipantView>,
}

/// The room for somebody who reaches it.
#[must_use]
pub fn room(
    viewer: Viewer<'_>,
    surface: Surface,
    record: &RoomRecord,
    last_message: Option<&QuoteRecord>,
) -> RoomView {
    let order = &record.order;
    let circumstances = record.circumstances(viewer.now);
    let own = viewer.participant;
    let last_message = surface.own(last(viewer, last_message)).flatten();
    let preview = last_message
        .as_ref()
        .filter(|quote| !quote.is_deleted)
        .map(|quote| quote.excerpt.clone());
    let sees_order = viewer.sees_order();
    RoomView {
        id: record.id,
        room_id: record.code.clone(),
        order: sees_order.then(|| order.id.clone()),
        order_number: sees_order.then(|| order.number.clone()),
        order_status: sees_order.then(|| order.status.clone()),
        delivery_status: order.delivery_status.clone().filter(|_| sees_order),
        title: record.title.clone(),
        room_title: shown_title(
            record.title.as_deref(),
            sees_order.then_some(&*order.number),
        ),
        description: record.description.clone(),
        status: record.status.as_str(),
        is_public: Some(record.is_public),
        max_participants: Some(record.max_participants),
        participant_count: record.participant_count,
        message_count: surface.own(message_count(viewer, record)),
        unread_count: surface
            .own(own.map(|own| unread_count(record, own)))
            .flatten(),
        last_message,
        last_message_preview: preview,
        is_active: Some(record.status == RoomStatus::Open),
        language: record.language.clone(),
        created_at: Some(record.created_at),
        closed_at: record.closed_at,
        closed_by: record.closed_by.as_ref().map(|by| ClosedBy {
            participant: by.participant,
            name: shown_name(viewer, &by.person, by.role),
            role: by.role,
        }),
        close_reason: record.close_reason.clone(),
        archived_at: record.archived_at,
        last_activity: Some(record.last_activity),
        seq: Some(record.seq),
        version: Some(record.version),
        my_participant: surface
            .own(own.map(|own| participant(viewer, surface, circumstances, own)))
            .flatten(),
    }
}

/// The messages that the viewer may see: those from their coming on, and for a guest without what
/// is about the order.
fn message_count(viewer: Viewer<'_>, room: &RoomRecord) -> u64 {
    let all = match viewer.participant {
        Some(own) if !viewer.sees_identities() => {
            let since = room.message_count.saturating_sub(own.messages_before);
            let news = room.news.saturating_sub(own.news_before);
            (since, news)
        }
        _ => (room.message_count, room.news),
    };
    if viewer.sees_order() {
        all.0
    } else {
        all.0.saturating_sub(all.1)
    }
}

/// Unread in this room: 0 once it is archived. Guests do not see what is about the order.
#[must_use]
pub fn unread_count(room: &RoomRecord, own: &ParticipantRecord) -> u64 {
    let unseen = if own.guest { room.news } else { 0 };
    let seen_unseen = if own.guest { own.unread.read_news } else { 0 };
    match room.status {
        RoomStatus::Archived => 0,
        RoomStatus::Open | RoomStatus::Closed => Unread {
            room_ordinal: room.ordinal.saturating_sub(unseen),
            read_ordinal: own.unread.read_ordinal.saturating_sub(seen_unseen),
            ..own.unread
        }
        .count(),
    }
}

/// The card of a public room, for those outside: id, code, title, status, counts.
#[must_use]
pub fn card(record: &RoomRecord) -> RoomView {
    RoomView {
        id: record.id,
        room_id: record.code.clone(),
        order: None,
        order_number: None,
        order_status: None,
        delivery_status: None,
        title: record.title.clone(),
        room_title: shown_title(record.title.as_deref(), None),
        description: None,
        status: record.status.as_str(),
        is_public: None,
        max_participants: None,
        participant_count: record.participant_count,
        message_count: Some(record.message_count),
        unread_count: None,
        last_message: None,
        last_message_preview: None,
        is_active: None,
        language: None,
        created_at: None,
        closed_at: None,
        closed_by: None,
        close_reason: None,
        archived_at: None,
        last_activity: None,
        seq: None,
        version: None,
        my_participant: None,
    }
}
