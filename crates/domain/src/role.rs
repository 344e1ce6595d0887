//! Who somebody is: the roles of SPEC 2 and their rank of SPEC 3.

use serde::{Deserialize, Serialize};

/// What a person is in a room, and what their account is in the shop.
///
/// The order of the variants is the order of rank, except that rider and customer are equal:
/// compare with [`Role::rank`], never with `<`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Customer,
    Rider,
    Pharmacy,
    Support,
    Admin,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::Customer,
        Self::Rider,
        Self::Pharmacy,
        Self::Support,
        Self::Admin,
    ];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Rider => "rider",
            Self::Pharmacy => "pharmacy",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// How the role is shown to people.
    #[must_use]
    pub const fn display(self) -> &'static str {
        match self {
            Self::Customer => "Customer",
            Self::Rider => "Rider",
            Self::Pharmacy => "Pharmacy Staff",
            Self::Support => "Support Staff",
            Self::Admin => "Admin",
        }
    }

    /// admin > support > pharmacy > rider = customer.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Customer | Self::Rider => 0,
            Self::Pharmacy => 1,
            Self::Support => 2,
            Self::Admin => 3,
        }
    }

    /// Pharmacy, support and admin: those who work for the business.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        self.rank() > 0
    }
}

/// What a token says its bearer is: a person's role, or the shop's backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenRole {
    Customer,
    Rider,
    Pharmacy,
    Support,
    Admin,
    Service,
}

impl TokenRole {
    pub const ALL: [Self; 6] = [
        Self::Customer,
        Self::Rider,
        Self::Pharmacy,
        Self::Support,
        Self::Admin,
        Self::Service,
    ];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self.person() {
            Some(role) => role.as_str(),
            None => "service",
        }
    }

    /// The role as a person; `None` for the service.
    #[must_use]
    pub const fn person(self) -> Option<Role> {
        match self {
            Self::Customer => Some(Role::Customer),
            Self::Rider => Some(Role::Rider),
            Self::Pharmacy => Some(Role::Pharmacy),
            Self::Support => Some(Role::Support),
            Self::Admin => Some(Role::Admin),
            Self::Service => None,
        }
    }

    /// The service ranks with the admin: it speaks for the whole business.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self.person() {
            Some(role) => role.rank(),
            None => Role::Admin.rank(),
        }
    }

    #[must_use]
    pub const fn is_staff(self) -> bool {
        self.rank() > 0
    }
}

impl From<Role> for TokenRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Customer => Self::Customer,
            Role::Rider => Self::Rider,
            Role::Pharmacy => Self::Pharmacy,
            Role::Support => Self::Support,
            Role::Admin => Self::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_is_admin_support_pharmacy_then_rider_and_customer_alike() {
        let ranks = Role::ALL.map(Role::rank);
        assert_eq!(ranks, [0, 0, 1, 2, 3]);
    }

    #[test]
    fn every_role_reads_back_from_its_name() {
        for role in TokenRole::ALL {
            assert_eq!(TokenRole::parse(role.as_str()), Some(role));
        }
        assert_eq!(TokenRole::parse("Admin"), None);
    }
}
