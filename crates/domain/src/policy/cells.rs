//! The table of rights: what each may do in each status.

use crate::role::Role;

/// As whom the table looks somebody up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    Customer,
    Rider,
    Guest,
    Pharmacy,
    Support,
    Admin,
}

impl Who {
    pub const ALL: [Self; 6] = [
        Self::Customer,
        Self::Rider,
        Self::Guest,
        Self::Pharmacy,
        Self::Support,
        Self::Admin,
    ];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|who| who.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Rider => "rider",
            Self::Guest => "guest",
            Self::Pharmacy => "pharmacy",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// Their rights are those of the role: no policy takes them away.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Pharmacy | Self::Support | Self::Admin)
    }

    pub(super) const fn place(self) -> usize {
        self as usize
    }
}

impl From<Role> for Who {
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

/// Until when the room may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Always,
    WhileOpen,
    Never,
}

impl Reading {
    pub const ALL: [Self; 3] = [Self::Always, Self::WhileOpen, Self::Never];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::WhileOpen => "while_open",
            Self::Never => "never",
        }
    }
}

/// Until when one may write, or attach files, in an open room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    Yes,
    No,
    /// So many milliseconds after the first final status or a manual reopening.
    For(i64),
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    pub const ALL: Self = Self(0b1_1111);

    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u8)
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

/// What somebody may do in a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub read: Reading,
    pub write: Writing,
    pub attach: Writing,
    /// Whether they are online.
    pub sees_online: Roles,
}

impl Cell {
    pub(super) const STAFF: Self = Self {
        read: Reading::Always,
        write: Writing::Yes,
        attach: Writing::Yes,
        sees_online: Roles::ALL,
    };
}

/// What each may do in a status, by [`Who::place`].
pub(super) type Row = [Cell; Who::ALL.len()];

/// What a file says of a cell; what it leaves out is as in the table below it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CellPart {
    pub(super) read: Option<Reading>,
    pub(super) write: Option<Writing>,
    pub(super) attach: Option<Writing>,
    pub(super) sees_online: Option<Roles>,
}

impl CellPart {
    pub(super) fn over(self, below: Cell) -> Cell {
        Cell {
            read: self.read.unwrap_or(below.read),
            write: self.write.unwrap_or(below.write),
            attach: self.attach.unwrap_or(below.attach),
            sees_online: self.sees_online.unwrap_or(below.sees_online),
        }
    }
}

pub(super) type RowPart = [CellPart; Who::ALL.len()];

pub(super) fn row_over(part: &RowPart, below: &Row) -> Row {
    let mut row = *below;
    for (cell, part) in row.iter_mut().zip(part) {
        *cell = part.over(*cell);
    }
    row
}
