//! Proves a room's log from its rows, as an auditor would.

use orderchat_domain::event::Hash;
use orderchat_domain::proof::{RoomWalk, StoredEntry, StoredMessage, StoredText};
use orderchat_domain::{MessageId, Millis, RoomId};
use uuid::Uuid;

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
        let id = RoomId(Uuid::from_slice(room[1].bytes()).expect("a room's id"));
        let head = (room[2].int().unsigned_abs(), room[3].hash());
        let entries = raw
            .rows(&format!(
                "SELECT l.seq, l.kind, l.at, l.actor, l.actor_role, l.subject, l.digest, l.chain,
                    t.salt, t.body, t.metadata, l.message_id, l.message_type, l.reply_to
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
    let mut walk = RoomWalk::new(room);
    for cells in entries {
        walk.step(&entry(cells)).map_err(|_| walk.head().seq + 1)?;
    }
    if (walk.head().seq, walk.head().chain) == head {
        Ok(())
    } else {
        Err(head.0)
    }
}

fn entry(cells: &[Cell]) -> StoredEntry {
    let is_message = cells[11] != Cell::Null;
    let message = || StoredMessage {
        id: MessageId(Uuid::from_slice(cells[11].bytes()).expect("a message's id")),
        message_type: cells[12].text().to_owned(),
        reply_to: (cells[13] != Cell::Null).then(|| cells[13].int().unsigned_abs()),
    };
    let text = || StoredText {
        salt: cells[8].bytes().to_vec(),
        body: cells[9].text().to_owned(),
        metadata: cells[10].text_or_empty().to_owned(),
        file: String::new(),
    };
    StoredEntry {
        seq: cells[0].int().unsigned_abs(),
        // The chain does not cover it.
        place: 0,
        kind: cells[1].text().to_owned(),
        at: Millis(cells[2].int()),
        actor: cells[3].int(),
        actor_role: cells[4].text().to_owned(),
        subject: cells[5].int().unsigned_abs(),
        message: is_message.then(message),
        digest: cells[6].hash(),
        chain: cells[7].hash(),
        text: (cells[8] != Cell::Null).then(text),
    }
}
