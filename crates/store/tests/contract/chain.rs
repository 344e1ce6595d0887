//! Proves a room's log from its rows, as an auditor would.

use orderchat_domain::event::{EventKind, GENESIS, Hash, Link, salted_digest};
use orderchat_domain::{Millis, RoomId};

use crate::raw::{Cell, Raw};

/// The first seq at which each room's log does not hold: a missing seq, a text that is not the one
/// of its digest, a link that does not follow from the one before, a head that is another.
pub(crate) async fn breaks(raw: &Raw) -> Vec<(i64, u64)> {
    let mut broken = Vec::new();
    for room in raw
        .rows(
            "SELECT r.k, r.id, h.seq, h.chain FROM room r JOIN room_head h ON h.room = r.k
             ORDER BY r.k",
        )
        .await
    {
        let key = room[0].int();
        let id = RoomId(uuid::Uuid::from_slice(room[1].bytes()).expect("a room's id"));
        let head = (room[2].int().unsigned_abs(), room[3].hash());
        let entries = raw
            .rows(&format!(
                "SELECT l.seq, l.kind, l.at, l.actor, l.actor_role, l.subject, l.digest, l.chain,
                    t.salt, t.body, t.metadata
                 FROM log l LEFT JOIN entry_text t ON t.g = l.g WHERE l.room = {key} ORDER BY l.seq"
            ))
            .await;
        if let Err(seq) = follow(id, head, &entries) {
            broken.push((key, seq));
        }
    }
    broken
}

fn follow(room: RoomId, head: (u64, Hash), entries: &[Vec<Cell>]) -> Result<(), u64> {
    let mut previous = (0, GENESIS);
    for entry in entries {
        let seq = previous.0 + 1;
        let digest = entry[6].hash();
        let link = Link {
            room,
            seq,
            kind: EventKind::parse(entry[1].text()).ok_or(seq)?,
            at: Millis(entry[2].int()),
            actor: entry[3].int(),
            actor_role: entry[4].text(),
            subject: entry[5].int().unsigned_abs(),
            digest,
        };
        let whole = entry[0].int().unsigned_abs() == seq
            && has_digest(&entry[8..], &digest)
            && link.after(&previous.1) == entry[7].hash();
        if !whole {
            return Err(seq);
        }
        previous = (seq, entry[7].hash());
    }
    if previous == head {
        Ok(())
    } else {
        Err(head.0)
    }
}

/// Whether salt, text and metadata are those of the digest; an erased text has none to compare.
fn has_digest(text: &[Cell], digest: &Hash) -> bool {
    let [salt, body, metadata] = text else {
        return false;
    };
    if *salt == Cell::Null {
        return true;
    }
    let parts = [body.text().as_bytes(), metadata.text_or_empty().as_bytes()];
    salted_digest(salt.bytes(), &parts) == *digest
}
