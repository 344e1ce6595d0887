//! Who acted: the people behind the user keys of log entries, as they stand to the room now.

use std::collections::HashMap;

use orderchat_domain::project::{ActorRecord, Person};
use orderchat_domain::{ParticipantId, Role, UserId};
use uuid::Uuid;

use crate::log::Actor;
use crate::orders::corrupt;
use crate::row::Row;
use crate::sql::statements;
use crate::value::{Value, values};
use crate::{Result, Tx};

statements! {
    ACTORS (room: Int, usr: Int) =
        "SELECT i.room, u.k, u.id, u.name, u.email, p.k, p.id, p.role FROM {rows}
         JOIN app_user u ON u.k = i.usr
         LEFT JOIN participant p ON p.room = i.room AND p.usr = i.usr";
}

/// Everybody who acted in what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Actors(HashMap<(i64, i64), Acting>);

#[derive(Clone, Debug)]
struct Acting {
    person: Person,
    /// `None` for staff who were never in the room.
    place: Option<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    key: i64,
    id: ParticipantId,
    /// The role that the room shows.
    role: Option<Role>,
}

impl Actors {
    /// The person and the role they acted in; `None` for the service and the server. The role is
    /// the one that the room shows now; staff who were never in it acted in their own.
    #[must_use]
    pub fn record(&self, room: i64, user: i64, acted_as: &str) -> Option<ActorRecord> {
        let acted_as = Role::parse(acted_as)?;
        let acting = self.0.get(&(room, user))?;
        Some(ActorRecord {
            participant: acting.place.map(|place| place.id),
            person: acting.person.clone(),
            role: acting
                .place
                .and_then(|place| place.role)
                .unwrap_or(acted_as),
        })
    }

    /// The user's participant key in the room, 0 without one.
    pub(crate) fn participant(&self, room: i64, user: i64) -> i64 {
        let place = self.0.get(&(room, user)).and_then(|acting| acting.place);
        place.map_or(0, |place| place.key)
    }
}

/// The people of these pairs of room and user key. A page of a room has few of them, so each is
/// read once and not with every row.
///
/// # Errors
/// As any read.
pub fn of(tx: &mut Tx<'_>, pairs: impl IntoIterator<Item = (i64, i64)>) -> Result<Actors> {
    let rows = asked(pairs);
    found(tx.query_rows(&ACTORS, &rows)?)
}

/// What [`ACTORS`] is asked for these pairs.
pub(crate) fn asked(pairs: impl IntoIterator<Item = (i64, i64)>) -> Vec<[Value<'static>; 2]> {
    let mut pairs: Vec<_> = pairs
        .into_iter()
        .filter(|(_, user)| *user != Actor::SERVER.user)
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
        .into_iter()
        .map(|(room, user)| values![room, user])
        .collect()
}

/// What it answered.
pub(crate) fn found(rows: Vec<Row>) -> Result<Actors> {
    let actors = rows.into_iter().map(read).collect::<Result<_>>()?;
    Ok(Actors(actors))
}

fn read(mut row: Row) -> Result<((i64, i64), Acting)> {
    let (room, user): (i64, i64) = (row.take()?, row.take()?);
    let id: String = row.take()?;
    let person = Person {
        key: user,
        user: UserId::parse("id", &id).map_err(|e| corrupt(&e))?,
        name: row.take()?,
        email: row.take()?,
    };
    let key: Option<i64> = row.take()?;
    let id: Option<Uuid> = row.take()?;
    let role: Option<String> = row.take()?;
    let place = key.zip(id).map(|(key, id)| Place {
        key,
        id: ParticipantId(id),
        role: role.as_deref().and_then(Role::parse),
    });
    Ok(((room, user), Acting { person, place }))
}
