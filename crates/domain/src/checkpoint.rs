//! Signed checkpoints: what all chains together were at one moment.
//!
//! A room's chain proves that nothing within it was changed, but not that its end is still there,
//! nor that there ever was such a room; and whoever writes to the database can compute a whole
//! chain anew. A checkpoint names, under a signature, how far each room that changed had come and
//! with which link, how far the audit had come, and the checkpoint before.

use sha2::{Digest, Sha256};

use crate::event::{Hash, salted_digest};
use crate::{Millis, RoomId};

/// How far a chain had come: its last entry and that entry's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// A room's seq, or the number of an entry of the audit.
    pub seq: u64,
    pub chain: Hash,
}

/// A checkpoint, without its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// 1, 2, 3 … without a gap.
    pub number: u64,
    /// The name of the database as it was signed; a restore gives another one.
    pub epoch: String,
    pub at: Millis,
    /// The hash of the checkpoint before, [`crate::event::GENESIS`] for the first.
    pub previous: Hash,
    /// The end of the audit; 0 and [`crate::event::GENESIS`] while it is empty.
    pub audit: Head,
    /// How many rooms it covers: those that changed since the one before.
    pub rooms: u64,
    /// Over those rooms, see [`Root`].
    pub root: Hash,
    /// The Ed25519 public key that it is signed with.
    pub key: [u8; 32],
}

/// What keeps a signature over this from being one over anything else.
const DOMAIN: &[u8] = b"orderchat checkpoint 1\n";

impl Checkpoint {
    /// The hash of everything in it: `sha256(domain ‖ number ‖ epoch ‖ at ‖ previous ‖ audit seq ‖
    /// audit chain ‖ rooms ‖ root ‖ key)`, every part after the domain preceded by its length in
    /// eight bytes, numbers in eight bytes, all big-endian.
    #[must_use]
    pub fn hash(&self) -> Hash {
        salted_digest(
            DOMAIN,
            &[
                &self.number.to_be_bytes(),
                self.epoch.as_bytes(),
                &self.at.0.to_be_bytes(),
                &self.previous,
                &self.audit.seq.to_be_bytes(),
                &self.audit.chain,
                &self.rooms.to_be_bytes(),
                &self.root,
                &self.key,
            ],
        )
    }

    /// The bytes that are signed: the domain and the [hash](Self::hash).
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        [DOMAIN, &self.hash()].concat()
    }
}

/// The root over the rooms of a checkpoint: `sha256(room ‖ seq ‖ chain ‖ room ‖ …)`, the rooms in
/// the order of their ids, 16, 8 and 32 bytes each.
#[derive(Clone, Debug, Default)]
pub struct Root {
    rooms: u64,
    hasher: Sha256,
}

impl Root {
    /// The next room, in the order of the ids.
    pub fn push(&mut self, room: RoomId, head: Head) {
        self.rooms += 1;
        self.hasher.update(room.0.as_bytes());
        self.hasher.update(head.seq.to_be_bytes());
        self.hasher.update(head.chain);
    }

    /// How many rooms there were, and the root over them.
    #[must_use]
    pub fn finish(self) -> (u64, Hash) {
        (self.rooms, self.hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            number: 2,
            epoch: "e".to_owned(),
            at: Millis(5),
            previous: [1; 32],
            audit: Head {
                seq: 3,
                chain: [2; 32],
            },
            rooms: 4,
            root: [3; 32],
            key: [4; 32],
        }
    }

    #[test]
    fn any_change_of_a_checkpoint_changes_its_hash() {
        let changes: [fn(&mut Checkpoint); 9] = [
            |c| c.number = 3,
            |c| c.epoch = "f".to_owned(),
            |c| c.at = Millis(6),
            |c| c.previous = [9; 32],
            |c| c.audit.seq = 4,
            |c| c.audit.chain = [9; 32],
            |c| c.rooms = 5,
            |c| c.root = [9; 32],
            |c| c.key = [9; 32],
        ];
        for change in changes {
            let mut changed = checkpoint();
            change(&mut changed);
            assert_ne!(changed.hash(), checkpoint().hash(), "{changed:?}");
        }
    }

    #[test]
    fn the_root_hangs_on_every_room_and_its_order() {
        let room = |n| RoomId(Uuid::from_u128(n));
        let head = |seq| Head {
            seq,
            chain: [0; 32],
        };
        let root = |rooms: &[(u128, u64)]| {
            let mut root = Root::default();
            for (n, seq) in rooms {
                root.push(room(*n), head(*seq));
            }
            root.finish()
        };
        let all = root(&[(1, 1), (2, 2)]);
        assert_eq!(all.0, 2);
        for other in [&[(1, 1)][..], &[(2, 2), (1, 1)], &[(1, 1), (2, 3)], &[]] {
            assert_ne!(root(other), all);
        }
    }
}
