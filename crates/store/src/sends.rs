//! What a group of sends has to know before it is decided, asked in one go.

use std::collections::HashMap;

use orderchat_domain::project::ParticipantRecord;
use orderchat_domain::{MessageId, RoomId};

use crate::engine::Ask;
use crate::rooms::{self, StoredRoom};
use crate::row::Row;
use crate::sql::statements;
use crate::value::{Value, values};
use crate::{Patience, Result, Tx, participants};

statements! {
    // The room's key by a query of its own: one that is joined, PostgreSQL may look at last.
    BY_KEY (n: Int, room: Bytes, actor: Int, key_hash: Bytes) =
        "SELECT i.n, l.seq, t.salt, t.request FROM {rows} JOIN log l
            ON l.room = (SELECT r.k FROM room r WHERE r.id = i.room)
            AND l.actor = i.actor AND l.key_hash = i.key_hash
         LEFT JOIN entry_text t ON t.g = l.g WHERE l.key_hash IS NOT NULL";
    REPLY_TARGETS (n: Int, room: Bytes, message_id: Bytes) =
        "SELECT i.n, l.seq FROM {rows} JOIN log l ON l.message_id = i.message_id
            AND l.room = (SELECT r.k FROM room r WHERE r.id = i.room)
         WHERE l.message_id IS NOT NULL";
}

/// An earlier send with the same key.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub seq: u64,
    /// Its salt and the salted digest of its request; `None` once its text is erased.
    pub request: Option<(Vec<u8>, Vec<u8>)>,
}

/// What a send is looked up by: the place in the list asked for, room, sender, hash of the key.
pub type KeyLookup<'a> = (usize, RoomId, i64, &'a [u8; 32]);

/// A message that is replied to: the place in the list asked for, the room, the message's id.
pub type TargetLookup = (usize, RoomId, MessageId);

/// What a group of sends asks for. What is said of a room that does not exist is looked up all the
/// same: it costs what a hidden one does.
#[derive(Clone, Debug, Default)]
pub struct Lookups<'a> {
    /// The senders' rooms, each once.
    pub rooms: Vec<RoomId>,
    /// Room and user of each sender, likewise.
    pub senders: Vec<(RoomId, i64)>,
    pub keys: Vec<KeyLookup<'a>>,
    pub targets: Vec<TargetLookup>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The senders' rooms; of one that another transaction holds the id alone.
    pub rooms: HashMap<RoomId, Option<StoredRoom>>,
    /// The senders' places, by room and user.
    pub senders: HashMap<(i64, i64), ParticipantRecord>,
    /// The earlier sends of the keys, by their places in the list asked for.
    pub earlier: HashMap<usize, Earlier>,
    /// The seqs of the messages replied to, if they are of the same room; likewise.
    pub targets: HashMap<usize, u64>,
}

/// Locks the senders' rooms, and then looks up everything, all in one go.
///
/// # Errors
/// As any write.
pub fn lock_and_look_up(tx: &mut Tx<'_>, asked: &Lookups<'_>, patience: Patience) -> Result<Found> {
    let ids: Vec<_> = asked.rooms.iter().map(|id| values![&id.0]).collect();
    let senders: Vec<_> = asked
        .senders
        .iter()
        .map(|(room, user)| values![&room.0, *user])
        .collect();
    let (keys, targets) = (keys(asked), targets(asked));
    let free = Ask::Each(&rooms::LOCK_FREE, &ids);
    let others = [
        Ask::Each(&rooms::BY_IDS, &ids),
        Ask::Each(&participants::BY_ROOM_ID_AND_USER, &senders),
        Ask::Each(&BY_KEY, &keys),
        Ask::Each(&REPLY_TARGETS, &targets),
    ];
    let (rooms, [senders, keys, targets]) = match patience {
        // One writer has SQLite to itself.
        Patience::None if tx.as_sqlite().is_none() => {
            let [rooms, own, keys, targets] = others;
            let [locked, rooms, own, keys, targets] = tx.ask([free, rooms, own, keys, targets])?;
            (rooms::free(locked, rooms)?, [own, keys, targets])
        }
        Patience::None | Patience::Waits => {
            rooms::lock_ids(tx, &asked.rooms)?;
            let [rooms, own, keys, targets] = tx.ask(others)?;
            let rooms = rooms.into_iter().map(rooms::read);
            let rooms = rooms.map(|room| room.map(|room| (room.record.id, Some(room))));
            (rooms.collect::<Result<_>>()?, [own, keys, targets])
        }
    };
    let senders = senders.into_iter().map(participants::read_placed);
    Ok(Found {
        rooms,
        senders: senders.collect::<Result<_>>()?,
        earlier: keys.into_iter().map(earlier).collect::<Result<_>>()?,
        targets: targets.into_iter().map(target).collect::<Result<_>>()?,
    })
}

/// Whether there was a send with this key.
///
/// # Errors
/// As any read.
pub fn is_known(tx: &mut Tx<'_>, room: RoomId, user: i64, key: &[u8; 32]) -> Result<bool> {
    let key = vec![values![0_u64, &room.0, user, key]];
    Ok(!tx.query_rows(&BY_KEY, &key)?.is_empty())
}

fn keys<'a>(asked: &'a Lookups<'_>) -> Vec<[Value<'a>; 4]> {
    let keys = asked.keys.iter();
    keys.map(|(n, room, actor, key)| values![*n as u64, &room.0, *actor, *key])
        .collect()
}

fn targets<'a>(asked: &'a Lookups<'_>) -> Vec<[Value<'a>; 3]> {
    let targets = asked.targets.iter();
    targets
        .map(|(n, room, id)| values![*n as u64, &room.0, &id.0])
        .collect()
}

fn earlier(mut row: Row) -> Result<(usize, Earlier)> {
    let n: u64 = row.take()?;
    let seq = row.take()?;
    let (salt, request): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.take()?, row.take()?);
    let request = salt.zip(request);
    Ok((n as usize, Earlier { seq, request }))
}

fn target(mut row: Row) -> Result<(usize, u64)> {
    let n: u64 = row.take()?;
    Ok((n as usize, row.take()?))
}
