//! How a search goes about it: by how many rooms the caller has, and how much is in them.

use orderchat_domain::permission::Action;
use orderchat_domain::search::{Gram, SHORT_REACH};
use orderchat_domain::{Refusal, RoomId};
use orderchat_store::search::{Document, Sieve, Walk, rooms_named, rooms_named_so, rooms_of};
use orderchat_store::{Tx, participants, users};

use super::rooms::Rooms;
use super::{By, Position, Search};
use crate::chat::access::{Scene, enter, id_of, look};
use crate::chat::{ChatError, Result};

/// A caller with more rooms is searched for like one who sees all.
const FEW_ROOMS: u32 = 200;
/// Rooms with so many messages together are read as they are, without the index.
const FEW_MESSAGES: u64 = 2_000;
/// Rooms that the index is asked for by name; of more, all candidates are looked at.
const ROOMS_IN_SIEVE: usize = 16;
/// Grams that the index is asked for: more leave hardly fewer messages.
const GRAMS: usize = 8;
/// A query that begins the numbers of more orders names only one whose whole number it is.
const NAMED_ROOMS: u32 = 20;
/// Of a room that is named, so many of its newest messages are found.
const OF_NAMED_ROOM: u64 = 200;

/// Whose messages are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    user: i64,
    /// Named by the shop's id: found only where the caller sees those.
    pub(super) by_identity: bool,
}

impl Sender {
    pub(super) const fn wrote(self, document: &Document) -> bool {
        // The shop's backend writes for the system: nobody finds it by a person's id.
        self.user == document.sender && !document.message_type.is_system()
    }
}

pub(super) struct Plan {
    pub(super) walk: Walk,
    pub(super) named: Vec<Document>,
    pub(super) sender: Option<Sender>,
}

/// Where is searched.
enum Within {
    /// These rooms of the caller's.
    Rooms(Vec<i64>),
    Everywhere,
}

impl Plan {
    /// `None` when there is nothing to be found.
    pub(super) fn of(
        tx: &mut Tx<'_>,
        rooms: &mut Rooms<'_>,
        search: &Search,
    ) -> Result<Option<Self>> {
        let before = search.after.map_or(Position::END, |place| place.before);
        let room = match search.room {
            Some(room) => {
                Some(enter(tx, rooms.chat.policy(), rooms.ctx, room, Action::ReadRoom)?.key())
            }
            None => None,
        };
        let (sender, of_sender) = match sender(tx, rooms, search)? {
            Some(Whose::Nobody) => return Ok(None),
            Some(Whose::Of { sender, room }) => (Some(sender), room),
            None => (None, None),
        };
        let within = match (room, of_sender) {
            (Some(room), Some(other)) if room != other => return Ok(None),
            (Some(room), _) | (None, Some(room)) => Within::Rooms(vec![room]),
            (None, None) => within(tx, rooms)?,
        };
        let (walk, named) = match within {
            Within::Rooms(keys) => in_rooms(tx, rooms, search, sender, keys, before)?,
            Within::Everywhere if search.query.is_short() => (Walk::of_all(before), Vec::new()),
            Within::Everywhere => {
                let sieve = sieve(search, sender, &[]);
                let named = named(tx, rooms, search, None, before)?;
                (Walk::sieved(tx, sieve, search.sent.clone(), before)?, named)
            }
        };
        Ok(Some(Self {
            walk,
            named,
            sender,
        }))
    }
}

/// The rooms that the caller's role and token leave.
fn within(tx: &mut Tx<'_>, rooms: &Rooms<'_>) -> Result<Within> {
    if let Some(name) = &rooms.ctx.caller.room {
        let id = id_of(tx, name)?;
        let scene = id.map(|id| seen(look(tx, rooms.ctx, id))).transpose()?;
        return Ok(Within::Rooms(
            scene.flatten().iter().map(Scene::key).collect(),
        ));
    }
    if !rooms.only_own() {
        return Ok(Within::Everywhere);
    }
    let own = rooms_of(tx, rooms.ctx.user, FEW_ROOMS + 1)?;
    Ok(if own.len() > FEW_ROOMS as usize {
        Within::Everywhere
    } else {
        Within::Rooms(own)
    })
}

fn seen(looked: Result<Scene>) -> Result<Option<Scene>> {
    match looked {
        Ok(scene) => Ok(Some(scene)),
        Err(ChatError::Refused(Refusal::NotFound)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn in_rooms(
    tx: &mut Tx<'_>,
    rooms: &mut Rooms<'_>,
    search: &Search,
    sender: Option<Sender>,
    keys: Vec<i64>,
    before: Position,
) -> Result<(Walk, Vec<Document>)> {
    rooms.ask(tx, keys.iter().copied())?;
    let counts: Vec<(i64, u64)> = keys
        .iter()
        .filter_map(|key| Some((*key, rooms.get(*key)?.room.record.message_count)))
        .collect();
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    if total <= FEW_MESSAGES || search.query.is_short() {
        rooms.note_named(&search.query, &keys);
        let shares = shares(counts, u64::from(SHORT_REACH));
        return Ok((Walk::of_rooms(tx, &shares, before)?, Vec::new()));
    }
    let any = if counts.len() <= ROOMS_IN_SIEVE {
        &counts[..]
    } else {
        &[]
    };
    let sieve = sieve(search, sender, any);
    let named = named(tx, rooms, search, Some(&counts), before)?;
    Ok((Walk::sieved(tx, sieve, search.sent.clone(), before)?, named))
}

fn sieve(search: &Search, sender: Option<Sender>, rooms: &[(i64, u64)]) -> Sieve {
    let mut all = search.query.grams(GRAMS);
    all.extend(sender.map(|sender| Gram::sender(sender.user)));
    let any = rooms.iter().map(|(key, _)| Gram::room(*key)).collect();
    Sieve { all, any }
}

/// How many of its newest messages each room gives when all of them may give `most`: small rooms
/// all they have, the others equal parts of the rest.
fn shares(mut rooms: Vec<(i64, u64)>, most: u64) -> Vec<(i64, u64)> {
    rooms.sort_unstable_by_key(|(_, count)| *count);
    let (mut left, mut others) = (most, rooms.len() as u64);
    for (_, count) in &mut rooms {
        *count = (*count).min(left / others.max(1));
        left -= *count;
        others -= 1;
    }
    rooms
}

/// The newest messages of the rooms that the query names, and which the caller may read.
fn named(
    tx: &mut Tx<'_>,
    rooms: &mut Rooms<'_>,
    search: &Search,
    among: Option<&[(i64, u64)]>,
    before: Position,
) -> Result<Vec<Document>> {
    let Some(name) = search.query.name() else {
        return Ok(Vec::new());
    };
    let mut keys = rooms_named(tx, name, NAMED_ROOMS + 1)?;
    if keys.len() > NAMED_ROOMS as usize {
        // Many begin so; whose whole number it is, is meant all the same.
        keys = rooms_named_so(tx, name, NAMED_ROOMS + 1)?;
        if keys.len() > NAMED_ROOMS as usize {
            return Ok(Vec::new());
        }
    }
    keys.retain(|key| among.is_none_or(|among| among.iter().any(|(room, _)| room == key)));
    rooms.ask(tx, keys.iter().copied())?;
    rooms.note_named(&search.query, &keys);
    keys.retain(|key| rooms.is_named(*key));
    let newest: Vec<_> = keys.iter().map(|key| (*key, OF_NAMED_ROOM)).collect();
    Ok(Walk::of_rooms(tx, &newest, before)?.into_documents())
}

enum Whose {
    Nobody,
    Of { sender: Sender, room: Option<i64> },
}

/// Who is meant, if the caller may know them.
fn sender(tx: &mut Tx<'_>, rooms: &mut Rooms<'_>, search: &Search) -> Result<Option<Whose>> {
    match &search.sender {
        None => Ok(None),
        Some(By::Participant(id)) => {
            let Some((room, key)) = participants::locate(tx, *id)? else {
                return Ok(Some(Whose::Nobody));
            };
            let Some(room) = room_key(tx, rooms, room)? else {
                return Ok(Some(Whose::Nobody));
            };
            let found = participants::by_keys(tx, &[key])?.pop();
            Ok(Some(found.map_or(Whose::Nobody, |found| Whose::Of {
                sender: Sender {
                    user: found.person.key,
                    by_identity: false,
                },
                room: Some(room),
            })))
        }
        Some(By::User(id)) => {
            let own = *id == rooms.ctx.caller.user && !rooms.ctx.caller.is_service();
            if !own && !rooms.ctx.caller.role.is_staff() {
                return Ok(Some(Whose::Nobody));
            }
            let found = users::by_id(tx, id, false)?;
            Ok(Some(found.map_or(Whose::Nobody, |found| Whose::Of {
                sender: Sender {
                    user: found.person.key,
                    by_identity: !own,
                },
                room: None,
            })))
        }
    }
}

/// The room's key, if the caller may read it.
fn room_key(tx: &mut Tx<'_>, rooms: &mut Rooms<'_>, room: RoomId) -> Result<Option<i64>> {
    let Some(scene) = seen(look(tx, rooms.ctx, room))? else {
        return Ok(None);
    };
    rooms.ask(tx, [scene.key()].into_iter())?;
    Ok(rooms.get(scene.key()).map(Scene::key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_rooms_give_all_and_large_ones_share_the_rest() {
        assert_eq!(shares(vec![(1, 9_000)], 5_000), [(1, 5_000)]);
        assert_eq!(
            shares(vec![(1, 9_000), (2, 3), (3, 9_000)], 5_000),
            [(2, 3), (1, 2_498), (3, 2_499)]
        );
        assert_eq!(shares(vec![(1, 10), (2, 20)], 5_000), [(1, 10), (2, 20)]);
    }
}
