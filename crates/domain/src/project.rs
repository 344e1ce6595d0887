//! What a viewer sees of a thing: the objects of SPEC 11, masked for their eyes. Every surface
//! answers with these and nothing else.

mod event;
mod history;
mod message;
mod order;
mod participant;
mod room;
mod timeline;

use serde::Serialize;

pub use event::{EventData, EventRecord, EventView, Eyes, Thing, event, eyes};
pub use history::{RevisionRecord, RevisionView, revision};
pub use message::{
    FileView, ImageView, MessageRecord, MessageView, Place, Quote, QuoteRecord, ReceiptView, by,
    file_path, message, thumbnail_path,
};
pub use order::{OrderPerson, OrderPharmacy, OrderRecord, OrderView, order};
pub use participant::{ParticipantRecord, ParticipantView, participant};
pub use room::{ClosedBy, OrderBrief, RoomRecord, RoomView, card, room, unread_count};
pub use timeline::{Proof, ToldRecord, ToldView, told};

use crate::id::{ParticipantId, UserId};
use crate::policy::{As, NameStyle, OrderPolicy};
use crate::role::{Role, TokenRole};
use crate::time::Millis;

/// Who looks, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// The token's role.
    pub role: TokenRole,
    /// The user's internal key.
    pub user: i64,
    /// Their participant in the room they look at, while active.
    pub participant: Option<&'a ParticipantRecord>,
    pub policy: &'a OrderPolicy,
    /// Seen within so many milliseconds counts as online.
    pub online_window: i64,
    pub now: Millis,
}

impl Viewer<'_> {
    /// Staff and the service see names, addresses and the shop's ids; customers, riders and guests
    /// do not.
    #[must_use]
    pub fn sees_identities(&self) -> bool {
        looks_as_staff(self.role, self.participant)
    }

    /// Guests see no order data.
    #[must_use]
    pub fn sees_order(&self) -> bool {
        self.sees_identities() || self.participant.is_none_or(|own| !own.guest)
    }

    /// As whom the policy looks them up; `None` for the service.
    #[must_use]
    pub fn looks_as(&self) -> Option<As> {
        let role = self.participant.map(|own| own.role);
        Some(As {
            role: role.or(self.role.person())?,
            guest: self.participant.is_some_and(|own| own.guest),
        })
    }

    /// How they are shown the names of others.
    #[must_use]
    pub fn name_style(&self) -> NameStyle {
        match self.looks_as() {
            Some(viewer) if !self.sees_identities() => self.policy.name_style(viewer),
            _ => NameStyle::FullName,
        }
    }

    /// The first seq they may see.
    #[must_use]
    pub fn visible_from(&self) -> u64 {
        visible_from(self.role, self.participant)
    }
}

fn looks_as_staff(role: TokenRole, participant: Option<&ParticipantRecord>) -> bool {
    role.is_staff() && participant.is_none_or(|own| !own.guest)
}

/// The first seq that somebody with a token of this role may see, `participant` their place in the
/// room while they are in it.
#[must_use]
pub fn visible_from(role: TokenRole, participant: Option<&ParticipantRecord>) -> u64 {
    match participant {
        Some(own) if !looks_as_staff(role, participant) => own.visible_from,
        _ => 1,
    }
}

/// A person behind a message, a participant, an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Internal key.
    pub key: i64,
    pub user: UserId,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// The name a viewer is shown: as the policy says for customers, riders and guests, the full name
/// for staff and for oneself. Without a name the role stands for it.
#[must_use]
pub fn shown_name(viewer: Viewer<'_>, person: &Person, role: Role) -> String {
    let style = if viewer.user == person.key {
        NameStyle::FullName
    } else {
        viewer.name_style()
    };
    style.show(person.name.as_deref().unwrap_or_default(), role)
}

/// Who did something in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorRecord {
    /// `None` for staff who are not in the room.
    pub participant: Option<ParticipantId>,
    pub person: Person,
    pub role: Role,
}

/// `actor` of an event; null for the system and the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActorView {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<uuid::Uuid>))]
    pub participant: Option<ParticipantId>,
    pub name: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub role: Role,
}

#[must_use]
pub fn actor(viewer: Viewer<'_>, actor: &ActorRecord) -> ActorView {
    ActorView {
        participant: actor.participant,
        name: shown_name(viewer, &actor.person, actor.role),
        role: actor.role,
    }
}

/// Where a view goes. In an event, which is encoded once for many, the caller's own fields are
/// null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    Answer,
    Event,
}

impl Surface {
    /// A field of the caller's own.
    fn own<T>(self, value: T) -> Option<T> {
        (self == Self::Answer).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_sees_a_first_name_and_a_role_and_staff_the_full_name() {
        let policy = OrderPolicy::default();
        let ravi = Person {
            key: 2,
            user: UserId::parse("/id", "r1").expect("an id"),
            name: Some("Ravi Kumar".to_owned()),
            email: Some("ravi@example.com".to_owned()),
        };
        let looks = |role, user| Viewer {
            role,
            user,
            participant: None,
            policy: &policy,
            online_window: 0,
            now: Millis(0),
        };
        let name = |role, user| shown_name(looks(role, user), &ravi, Role::Rider);
        assert_eq!(name(TokenRole::Customer, 1), "Ravi (Rider)");
        assert_eq!(name(TokenRole::Rider, 1), "Ravi (Rider)");
        assert_eq!(name(TokenRole::Rider, 2), "Ravi Kumar");
        assert_eq!(name(TokenRole::Pharmacy, 1), "Ravi Kumar");
        assert_eq!(name(TokenRole::Service, 0), "Ravi Kumar");
        let nameless = Person { name: None, ..ravi };
        assert_eq!(
            shown_name(looks(TokenRole::Customer, 1), &nameless, Role::Rider),
            "Rider"
        );
    }
}
