//! Who asks: what a verified token says.

use crate::id::{PharmacyId, RoomCode, RoomId, UserId};
use crate::role::{Role, TokenRole};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    pub role: TokenRole,
    pub name: Option<String>,
    pub email: Option<String>,
    pub pharmacies: Vec<PharmacyId>,
    pub language: Option<String>,
    /// The token is good for this room only (its id or its code).
    pub room: Option<String>,
}

impl Caller {
    /// The caller's role as a person; `None` for the service.
    #[must_use]
    pub const fn person(&self) -> Option<Role> {
        self.role.person()
    }

    #[must_use]
    pub const fn is_service(&self) -> bool {
        matches!(self.role, TokenRole::Service)
    }

    /// Whether they act for the business: its staff, or the shop itself.
    #[must_use]
    pub const fn acts_for_business(&self) -> bool {
        self.role.is_staff() || self.is_service()
    }

    /// Whether the pharmacy is in the token's `pharmacy` claim.
    #[must_use]
    pub fn works_for(&self, pharmacy: &str) -> bool {
        self.pharmacies.iter().any(|own| own.as_str() == pharmacy)
    }

    /// Whether the token is good for the room: it names it, or names none.
    #[must_use]
    pub fn may_enter(&self, id: RoomId, code: &RoomCode) -> bool {
        self.room.as_ref().is_none_or(|room| {
            RoomId::parse(room) == Some(id) || RoomCode::parse(room).as_ref() == Some(code)
        })
    }
}
