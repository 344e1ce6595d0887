//! Names of things, each a type of its own so that one cannot be taken for another.

use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::Refusal;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads the hyphenated form; anything else is not an id of ours.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                (text.len() == 36).then(|| Uuid::try_parse(text).ok().map(Self)).flatten()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id!(
    /// A room, UUIDv7.
    RoomId
);

impl RoomId {
    /// Stands for the room of a name that nothing has: under it nothing is found.
    pub const OF_NONE: Self = Self(Uuid::nil());
}

uuid_id!(
    /// A message, UUIDv7.
    MessageId
);
uuid_id!(
    /// A file that was uploaded, UUIDv7; it lies in the storage under this name.
    AttachmentId
);
uuid_id!(
    /// A participant, UUIDv7: one user in one room.
    ParticipantId
);

/// Letters and digits that cannot be taken for one another when read aloud: no I, L, O, U, 0, 1.
const CODE_ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The short human code of a room: `CHAT-7K3M-9QXD`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RoomCode(String);

impl RoomCode {
    /// Eight characters of 30: 6.5 × 10¹¹ codes. Bytes of 240 and above are folded, which favours
    /// 16 of the letters by 1 in 15; the code is a name, not a secret.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> Self {
        let c = bytes.map(|b| char::from(CODE_ALPHABET[usize::from(b) % CODE_ALPHABET.len()]));
        Self(format!(
            "CHAT-{}{}{}{}-{}{}{}{}",
            c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
        ))
    }

    /// Reads a code in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_uppercase();
        let known =
            |group: &str| group.len() == 4 && group.bytes().all(|b| CODE_ALPHABET.contains(&b));
        let (first, second) = text.strip_prefix("CHAT-")?.split_once('-')?;
        (known(first) && known(second)).then_some(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a route names a room: by its id or by its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomName {
    Id(RoomId),
    Code(RoomCode),
}

impl RoomName {
    /// # Errors
    /// [`Refusal::NotFound`]: what cannot be a room's name is the name of no room.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        RoomId::parse(text)
            .map(Self::Id)
            .or_else(|| RoomCode::parse(text).map(Self::Code))
            .ok_or(Refusal::NotFound)
    }
}

macro_rules! shop_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// 1–128 characters without controls.
            ///
            /// # Errors
            /// [`Refusal::Invalid`] at `pointer`.
            pub fn parse(pointer: &str, text: &str) -> Result<Self, Refusal> {
                shop_id_text(pointer, text).map(Self)
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

shop_id!(
    /// A user's id in the shop.
    UserId
);
shop_id!(
    /// An order's id in the shop.
    OrderId
);
shop_id!(
    /// A pharmacy's id in the shop.
    PharmacyId
);

fn shop_id_text(pointer: &str, text: &str) -> Result<String, Refusal> {
    let length = text.chars().count();
    if !(1..=128).contains(&length) {
        let detail = format!("is {length} characters long; an id has 1 to 128");
        return Err(Refusal::invalid(pointer, detail));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid(
            pointer,
            "has a control character; an id has none",
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_in_any_case() {
        let code = RoomCode::from_random([0, 1, 2, 3, 250, 251, 252, 253]);
        assert_eq!(RoomCode::parse(&code.as_str().to_lowercase()), Some(code));
        assert_eq!(RoomCode::parse("CHAT-7K3M-9QX"), None);
        assert_eq!(RoomCode::parse("CHAT-7K3M-9QX0"), None);
    }

    #[test]
    fn a_shop_id_has_1_to_128_characters_and_no_controls() {
        assert!(UserId::parse("/sub", "").is_err());
        assert!(UserId::parse("/sub", &"é".repeat(128)).is_ok());
        assert!(UserId::parse("/sub", &"é".repeat(129)).is_err());
        assert!(UserId::parse("/sub", "a\nb").is_err());
    }
}
