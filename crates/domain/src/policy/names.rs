//! How the names of others are shown to those who may not know who they are.

use crate::role::Role;

/// A way to show a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameStyle {
    FullName,
    FirstName,
    /// "Ravi (Rider)"
    FirstNameAndRole,
    Role,
}

impl NameStyle {
    pub const ALL: [Self; 4] = [
        Self::FullName,
        Self::FirstName,
        Self::FirstNameAndRole,
        Self::Role,
    ];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FullName => "full_name",
            Self::FirstName => "first_name",
            Self::FirstNameAndRole => "first_name_and_role",
            Self::Role => "role",
        }
    }

    /// The name as it is shown; the role stands for a name that is not known.
    #[must_use]
    pub fn show(self, name: &str, role: Role) -> String {
        let Some(first) = name.split_whitespace().next() else {
            return role.display().to_owned();
        };
        match self {
            Self::FullName => name.to_owned(),
            Self::FirstName => first.to_owned(),
            Self::FirstNameAndRole => format!("{first} ({})", role.display()),
            Self::Role => role.display().to_owned(),
        }
    }
}

/// Whose eyes a name is shown to: staff and the service see names as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    pub customer: NameStyle,
    pub rider: NameStyle,
    pub guest: NameStyle,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_in_four_ways_and_the_role_stands_for_none() {
        let shown = NameStyle::ALL.map(|style| style.show("Ravi Kumar", Role::Rider));
        assert_eq!(shown, ["Ravi Kumar", "Ravi", "Ravi (Rider)", "Rider"]);
        for style in NameStyle::ALL {
            assert_eq!(style.show(" ", Role::Rider), "Rider");
            assert_eq!(NameStyle::parse(style.as_str()), Some(style));
        }
    }
}
