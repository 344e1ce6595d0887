use std::sync::Arc;

use serde::Serialize;

use super::message::Place;
use super::{
    ActorRecord, ActorView, MessageRecord, MessageView, OrderRecord, OrderView, ParticipantRecord,
    ParticipantView, RoomRecord, RoomView, Surface, Viewer, actor, message, order, participant,
    room,
};
use crate::event::EventKind;
use crate::id::RoomId;
use crate::policy::NameStyle;
use crate::time::Millis;

/// An entry of the room log with what it is about, as that is now.
#[derive(Clone, Debug)]
pub struct EventRecord {
    pub seq: u64,
    pub kind: EventKind,
    pub at: Millis,
    /// `None`: the system or the service.
    pub actor: Option<ActorRecord>,
    pub thing: Thing,
}

/// What an event is about.
#[derive(Clone, Debug)]
pub enum Thing {
    Message(Arc<MessageRecord>),
    Participant(Arc<ParticipantRecord>),
    Order(Arc<OrderRecord>),
    /// The room itself, which goes with all events of it.
    Room,
    /// It should be in the database and is not. Shown as hidden: one broken row must not keep a
    /// room's people from all that follows.
    Lost,
}

/// What an event carries: the thing as it is when it is served.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventData {
    Message(Box<MessageView>),
    Room(Box<RoomView>),
    Participant(Box<ParticipantView>),
    Order(Box<OrderView>),
}

/// One entry of the room log, as a client sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventView {
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub room: RoomId,
    pub seq: u64,
    /// `message.created`, `participant.joined`, … or `hidden` for what the viewer may not know.
    pub kind: &'static str,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Millis,
    pub actor: Option<ActorView>,
    /// Null when hidden.
    pub data: Option<EventData>,
}

/// The event for this viewer. `record` is the room as it is now.
#[must_use]
pub fn event(viewer: Viewer<'_>, record: &RoomRecord, event: &EventRecord) -> EventView {
    if !may_know(viewer, event) {
        return hidden(record.id, event.seq, event.at);
    }
    EventView {
        room: record.id,
        seq: event.seq,
        kind: event.kind.as_str(),
        at: event.at,
        actor: event.actor.as_ref().map(|by| actor(viewer, by)),
        data: Some(data(viewer, record, &event.thing)),
    }
}

fn data(viewer: Viewer<'_>, record: &RoomRecord, thing: &Thing) -> EventData {
    let circumstances = record.circumstances(viewer.now);
    match thing {
        Thing::Message(about) => {
            let place = Place {
                room_status: record.status,
                circumstances,
            };
            let view = message(viewer, Surface::Event, place, about, None);
            EventData::Message(Box::new(view))
        }
        Thing::Participant(about) => {
            let view = participant(viewer, Surface::Event, circumstances, about);
            EventData::Participant(Box::new(view))
        }
        Thing::Order(about) => EventData::Order(Box::new(order(viewer, about))),
        Thing::Room | Thing::Lost => {
            EventData::Room(Box::new(room(viewer, Surface::Event, record, None)))
        }
    }
}

/// Whether the viewer may know what happened, beyond that something did: news of the order are
/// not for guests, and a message from before what they see may be edited or deleted after it.
fn may_know(viewer: Viewer<'_>, event: &EventRecord) -> bool {
    let about_order = match &event.thing {
        Thing::Message(message) if message.seq < viewer.visible_from() => return false,
        Thing::Message(message) => message.message_type.is_order_news(),
        Thing::Order(_) => true,
        Thing::Participant(_) | Thing::Room => false,
        Thing::Lost => return false,
    };
    viewer.sees_order() || !about_order
}

/// The entry whose content the viewer may not know. It keeps its place, so that a missing seq
/// always means loss.
fn hidden(room: RoomId, seq: u64, at: Millis) -> EventView {
    EventView {
        room,
        seq,
        kind: "hidden",
        at,
        actor: None,
        data: None,
    }
}

/// All of a viewer that an event's view hangs on: those with the same eyes for it are shown the
/// same, so it is made once for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Eyes {
    identities: bool,
    names: NameStyle,
    order: bool,
    /// The viewer's user key, if they stand in it.
    oneself: Option<i64>,
    message: bool,
    quote: bool,
}

/// The viewer's eyes for this event.
#[must_use]
pub fn eyes(viewer: Viewer<'_>, room: &RoomRecord, event: &EventRecord) -> Eyes {
    let from = viewer.visible_from();
    let (message, quote) = match &event.thing {
        Thing::Message(message) => {
            let quoted = message.reply_to.as_ref();
            (
                message.seq >= from,
                quoted.is_some_and(|quoted| quoted.seq >= from),
            )
        }
        _ => (true, false),
    };
    Eyes {
        identities: viewer.sees_identities(),
        names: viewer.name_style(),
        order: viewer.sees_order(),
        oneself: stands_in(viewer.user, room, event).then_some(viewer.user),
        message,
        quote,
    }
}

fn stands_in(user: i64, room: &RoomRecord, event: &EventRecord) -> bool {
    let is = |by: &Option<ActorRecord>| by.as_ref().is_some_and(|by| by.person.key == user);
    let in_thing = match &event.thing {
        Thing::Message(message) => {
            let quoted = message.reply_to.as_ref();
            is(&message.sender) || quoted.is_some_and(|quoted| is(&quoted.sender))
        }
        Thing::Participant(participant) => participant.person.key == user,
        Thing::Order(order) => {
            let rider = order.rider.as_ref();
            order.customer.key == user
                || rider.is_some_and(|rider| rider.key == user)
                || order.staff.iter().any(|staff| staff.key == user)
        }
        Thing::Room => is(&room.closed_by),
        Thing::Lost => false,
    };
    in_thing || is(&event.actor)
}
