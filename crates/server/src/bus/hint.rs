//! What nodes tell each other, and how it is written.
//!
//! A message on the bus is a JSON array of hints. A hint that cannot be read, because a newer node
//! knows a kind or a value that this one does not, is skipped, and the others of its message are
//! taken.

use orderchat_domain::id::{ParticipantId, RoomId};
use orderchat_domain::time::Millis;
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

/// The longest message that is read. A full batch of ours is a fifth of it; what is longer was not
/// sent by a node.
const LONGEST: usize = 256 << 10;

/// What one node tells the others. Any of it may be lost, repeated or reordered: the database is
/// the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Hint {
    /// The room's log has come to this seq.
    Room {
        #[serde(deserialize_with = "room")]
        room: RoomId,
        seq: u64,
    },
    /// How far the participant has received and read now.
    Receipt {
        #[serde(deserialize_with = "room")]
        room: RoomId,
        #[serde(deserialize_with = "participant")]
        participant: ParticipantId,
        /// Internal key.
        user: i64,
        delivered_seq: u64,
        read_seq: u64,
        #[serde(deserialize_with = "time")]
        at: Millis,
    },
    /// The participant is typing.
    Typing {
        #[serde(deserialize_with = "room")]
        room: RoomId,
        #[serde(deserialize_with = "participant")]
        participant: ParticipantId,
        /// Internal key.
        user: i64,
    },
    /// `user` (internal key) is connected to the sending node, or was seen there last at `seen`.
    Presence {
        user: i64,
        online: bool,
        #[serde(deserialize_with = "time")]
        seen: Millis,
        /// Everybody was told so before: they come back, before anybody was told that they went.
        #[serde(default)]
        is_known: bool,
    },
    /// What the sending node said lately may have been lost.
    Missed,
    /// What the user may do has changed in rooms whose logs say nothing of it.
    Rights {
        /// Internal key.
        user: i64,
    },
    /// The user's tokens were revoked, or their role changed: look again.
    Revoked {
        /// Internal key.
        user: i64,
    },
}

/// A message with these hints.
pub(super) fn encode(hints: &[Hint]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(hints)
}

/// The hints of a message, as far as they can be read; `None` when it is no message of a node.
pub(super) fn decode(message: &[u8]) -> Option<Vec<Hint>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Readable {
        Hint(Hint),
        Other(IgnoredAny),
    }
    if message.len() > LONGEST {
        return None;
    }
    let read: Vec<Readable> = serde_json::from_slice(message).ok()?;
    let hints = read.into_iter().filter_map(|one| match one {
        Readable::Hint(hint) => Some(hint),
        Readable::Other(IgnoredAny) => None,
    });
    Some(hints.collect())
}

fn room<'de, D: Deserializer<'de>>(from: D) -> Result<RoomId, D::Error> {
    parsed(from, RoomId::parse, "a room's id")
}

fn participant<'de, D: Deserializer<'de>>(from: D) -> Result<ParticipantId, D::Error> {
    parsed(from, ParticipantId::parse, "a participant's id")
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Millis, D::Error> {
    parsed(from, Millis::parse, "a time")
}

/// Reads as the domain does: its types do not come out of JSON unread.
fn parsed<'de, D: Deserializer<'de>, T>(
    from: D,
    parse: fn(&str) -> Option<T>,
    what: &str,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).ok_or_else(|| D::Error::custom(format_args!("not {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    fn every_kind() -> [Hint; 7] {
        let room = RoomId(random::uuid_v7(1));
        let participant = ParticipantId(random::uuid_v7(2));
        [
            Hint::Room { room, seq: 17 },
            Hint::Receipt {
                room,
                participant,
                user: 3,
                delivered_seq: 5,
                read_seq: 4,
                at: Millis(1_795_000_000_123),
            },
            Hint::Typing {
                room,
                participant,
                user: 3,
            },
            Hint::Presence {
                user: 3,
                online: true,
                seen: Millis(1_795_000_000_123),
                is_known: true,
            },
            Hint::Missed,
            Hint::Rights { user: 3 },
            Hint::Revoked { user: 3 },
        ]
    }

    #[test]
    fn every_kind_is_read_as_it_was_written() {
        let hints = every_kind();
        assert_eq!(decode(&encode(&hints).unwrap()).unwrap(), hints);
    }

    #[test]
    fn a_full_batch_is_far_below_what_is_read() {
        let [_, longest, ..] = every_kind();
        let batch = vec![longest; super::super::link::BATCH];
        assert!(encode(&batch).unwrap().len() < LONGEST / 4);
    }

    #[test]
    fn what_a_newer_node_says_is_skipped_and_the_rest_taken() {
        let message = br#"[{"kind":"moved","to":[1]},{"kind":"revoked","user":3,"by":"x"},
            {"kind":"room","room":"x","seq":1},{"kind":"revoked","user":-0.5},7]"#;
        assert_eq!(decode(message).unwrap(), [Hint::Revoked { user: 3 }]);
    }

    #[test]
    fn what_is_no_message_of_a_node_is_not_read() {
        let deep = "[".repeat(10_000);
        let long = format!("[{}1]", "1,".repeat(LONGEST));
        for garbage in ["", "{}", "null", "[", "\u{0}", &deep, &long] {
            let shown = garbage.get(..20).unwrap_or(garbage);
            assert_eq!(decode(garbage.as_bytes()), None, "{shown:?}");
        }
        assert_eq!(decode(b"\xff\xfe"), None);
    }
}
