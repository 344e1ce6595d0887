//! How a search goes about it: by how many rooms the caller has, and how much is in them.

use orderchat_domain::id::PharmacyId;
use orderchat_domain::permission::Action;
use orderchat_domain::search::{Gram, SHORT_REACH};
use orderchat_domain::{Refusal, RoomId};
use orderchat_store::search::{
    Document, Sieve, Walk, active_rooms, rooms_named, rooms_named_so, rooms_of,
};
use orderchat_store::{Tx, participants, users};

use super::rooms::Rooms;
use super::{By, Position, Search};
use crate::chat::access::{Scene, enter, id_of, look};
use crate::chat::{ChatError, Result};

/// A caller with more rooms is searched for like one who sees all; but for a short query, in so many
/// of the rooms in which something happened last, or in more when they have too few messages.
const FEW_ROOMS: u32 = 200;
/// Rooms with so many messages together are read as they are, without the index.
const FEW_MESSAGES: u64 = 2_000;
/// Rooms that the index is asked for by name; of more, all candidates are looked at.
const ROOMS_IN_SIEVE: usize = 16;
/// Grams that the index is asked for: more leave hardly fewer messages.
const GRAMS: usize = 8;
/// A query that begins the numbers of more orders names only one whose whole number it is.
const NAMED_ROOMS: u32 = 20;
/// Rooms that are named and have no more messages are read as they are, others through the index.
const SMALL_ROOM: u64 = 200;

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
    /// Messages of rooms that the query names, which the walk may not come by.
    pub(super) named: Vec<Document>,
    pub(super) sender: Option<Sender>,
}

/// How the messages are come by.
struct Found {
    walk: Walk,
    named: Vec<Document>,
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
            (None, None) => within(tx, rooms, search.query.is_short())?,
        };
        let Found { walk, named } = match within {
            Within::Rooms(keys) => in_rooms(tx, rooms, search, sender, &keys, before)?,
            Within::Everywhere if search.query.is_short() => Found {
                named: named_wholly(tx, rooms, search, None, before)?,
                walk: Walk::of_all(before),
            },
            Within::Everywhere => through_index(tx, rooms, search, sender, None, before)?,
        };
        Ok(Some(Self {
            walk,
            named,
            sender,
        }))
    }
}

/// The rooms that the caller's role and token leave.
fn within(tx: &mut Tx<'_>, rooms: &Rooms<'_>, short: bool) -> Result<Within> {
    if let Some(name) = &rooms.ctx.caller.room {
        let id = id_of(tx, name)?;
        let scene = id.map(|id| seen(look(tx, rooms.ctx, id))).transpose()?;
        return Ok(Within::Rooms(
            scene.flatten().iter().map(Scene::key).collect(),
        ));
    }
    if rooms.reaches_all() {
        return Ok(Within::Everywhere);
    }
    if rooms.only_own() {
        let own = rooms_of(tx, rooms.ctx.user, FEW_ROOMS + 1)?;
        if own.len() <= FEW_ROOMS as usize {
            return Ok(Within::Rooms(own));
        }
    }
    if !short {
        return Ok(Within::Everywhere);
    }
    // Every message is a candidate: what is others' must not be walked through.
    let pharmacies = &rooms.ctx.caller.pharmacies;
    let pharmacies: Vec<&str> = pharmacies.iter().map(PharmacyId::as_str).collect();
    let (user, least) = (rooms.ctx.user, FEW_ROOMS as usize);
    let active = active_rooms(tx, user, &pharmacies, least, u64::from(SHORT_REACH))?;
    Ok(Within::Rooms(
        active.into_iter().map(|(room, _)| room).collect(),
    ))
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
    keys: &[i64],
    before: Position,
) -> Result<Found> {
    rooms.ask(tx, keys.iter().copied())?;
    let counts: Vec<(i64, u64)> = keys
        .iter()
        .filter_map(|key| Some((*key, rooms.get(*key)?.room.record.message_count)))
        .collect();
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let mut named = Vec::new();
    if total <= FEW_MESSAGES {
        rooms.note_named(&search.query, keys);
    } else if search.query.is_short() {
        named = named_wholly(tx, rooms, search, Some(&counts), before)?;
    } else {
        return through_index(tx, rooms, search, sender, Some(&counts), before);
    }
    let shares = shares(counts, u64::from(SHORT_REACH));
    let walk = Walk::of_rooms(tx, &shares, before)?;
    Ok(Found { walk, named })
}

/// All of it, of many messages.
fn through_index(
    tx: &mut Tx<'_>,
    rooms: &mut Rooms<'_>,
    search: &Search,
    sender: Option<Sender>,
    among: Option<&[(i64, u64)]>,
    before: Position,
) -> Result<Found> {
    let named = named(tx, rooms, search, among)?;
    let (small, large): (Vec<_>, Vec<_>) = named
        .into_iter()
        .partition(|(_, count)| *count <= SMALL_ROOM);
    let of_room = |(key, _): &(i64, u64)| Gram::room(*key);
    let mut all = search.query.grams(GRAMS);
    all.extend(sender.map(|sender| Gram::sender(sender.user)));
    let any = among.filter(|among| among.len() <= ROOMS_IN_SIEVE);
    let sieve = Sieve {
        all,
        any: any.unwrap_or_default().iter().map(of_room).collect(),
        besides: large.iter().map(of_room).collect(),
    };
    Ok(Found {
        walk: Walk::sieved(tx, sieve, search.sent.clone(), before)?,
        named: Walk::of_rooms(tx, &small, before)?.into_documents(),
    })
}

/// The messages of the rooms that a short query names: of all these rooms together as many as such a
/// query looks at elsewhere.
fn named_wholly(
    tx: &mut Tx<'_>,
    rooms: &mut Rooms<'_>,
    search: &Search,
    among: Option<&[(i64, u64)]>,
    before: Position,
) -> Result<Vec<Document>> {
    let named = named(tx, rooms, search, among)?;
    let shares = shares(named, u64::from(SHORT_REACH));
    Ok(Walk::of_rooms(tx, &shares, before)?.into_documents())
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

/// The rooms that the query names and which the caller may read, with how many messages they have.
fn named(
    tx: &mut Tx<'_>,
    rooms: &mut Rooms<'_>,
    search: &Search,
    among: Option<&[(i64, u64)]>,
) -> Result<Vec<(i64, u64)>> {
    let name = search.query.name();
    let few = |keys: &Vec<i64>| keys.len() <= NAMED_ROOMS as usize;
    let beginning = if search.query.names_whole() {
        None
    } else {
        Some(rooms_named(tx, name, NAMED_ROOMS + 1)?).filter(few)
    };
    let mut keys = match beginning {
        Some(keys) => keys,
        // Many begin so; whose whole number it is, is meant all the same.
        None => Some(rooms_named_so(tx, name, NAMED_ROOMS + 1)?)
            .filter(few)
            .unwrap_or_default(),
    };
    keys.retain(|key| among.is_none_or(|among| among.iter().any(|(room, _)| room == key)));
    rooms.ask(tx, keys.iter().copied())?;
    rooms.note_named(&search.query, &keys);
    let counted = |key: &i64| Some((*key, rooms.get(*key)?.room.record.message_count));
    let named = keys.iter().filter(|key| rooms.is_named(**key));
    Ok(named.filter_map(counted).collect())
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
