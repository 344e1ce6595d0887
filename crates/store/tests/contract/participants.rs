//! Users in rooms.

use orderchat_domain::participant::Ended;
use orderchat_domain::project::ParticipantRecord;
use orderchat_domain::receipt::{Unread, Watermarks};
use orderchat_domain::{ParticipantId, Role};
use orderchat_store::participants::{self, Page};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Result, StoreError, Tx, rooms};
use serde_json::json;

use crate::database::Database;
use crate::fixture::{Given, NOW, participant, person, read, room, write};
use crate::harness::tests;

tests! {
    BOTH: a_user_is_in_a_room_once,
        a_participant_reads_back_as_they_were_stored,
        pages_go_through_a_room_in_the_order_of_coming,
        participants_are_found_by_room_and_user_by_key_and_by_id;
}

/// A room with ten people, every third of whom has left.
fn ten(tx: &mut Tx<'_>) -> Result<(StoredRoom, Vec<ParticipantRecord>)> {
    let room = room(tx, 1, Given::default())?;
    let mut people = Vec::new();
    for n in 0..10 {
        // Names fall while keys rise: an order by name would show.
        let person = person(tx, &format!("person-{}", 9 - n), Role::Rider)?;
        let mut participant = participant(tx, &room, &person, Role::Rider)?;
        if n % 3 == 0 {
            participant.ended = Some(Ended::Left);
            participants::update(tx, &participant, false)?;
        }
        people.push(participant);
    }
    Ok((room, people))
}

async fn a_user_is_in_a_room_once(database: &Database) {
    let store = database.open().await;
    write(&store, ten).await;
    let again = store
        .write::<_, StoreError, _>(None, |tx| {
            let ravi = person(tx, "person-4", Role::Rider)?;
            let other = room(tx, 2, Given::default())?;
            participant(tx, &other, &ravi, Role::Rider)?;
            let first = rooms::by_key(tx, 1)?.expect("the first room");
            participant(tx, &first, &ravi, Role::Rider)
        })
        .await;
    again.expect_err("they are in it");
    let raw = database.raw().await;
    assert_eq!(raw.int("SELECT COUNT(*) FROM participant").await, 10);
    assert_eq!(raw.int("SELECT COUNT(*) FROM room").await, 1);
}

async fn a_participant_reads_back_as_they_were_stored(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let room = room(tx, 1, Given::default())?;
        let ravi = person(tx, "ravi", Role::Rider)?;
        let new = participant(tx, &room, &ravi, Role::Rider)?;
        let stored = participants::of_user(tx, room.record.key, ravi.key)?;
        assert_eq!(stored.as_ref(), Some(&new));

        let preferences = json!({"sound": false, "mute_until": "2026-12-01T00:00:00.000Z"});
        let changed = ParticipantRecord {
            role: Role::Customer,
            guest: true,
            ended: Some(Ended::HandedOver),
            muted: true,
            muted_until: Some(NOW.plus(60_000)),
            joined_at: NOW.plus(1),
            left_at: Some(NOW.plus(2)),
            preferences: preferences.as_object().expect("an object").clone(),
            marks: Watermarks {
                delivered: 12,
                read: 11,
            },
            unread: Unread {
                room_ordinal: 0,
                read_ordinal: 10,
                read_news: 1,
                own_after: 3,
                deleted_after: 2,
            },
            visible_from: 7,
            messages_before: 5,
            version: 9,
            ..new
        };
        participants::update(tx, &changed, false)?;
        let stored = participants::of_user(tx, room.record.key, ravi.key)?;
        assert_eq!(stored, Some(changed));
        Ok(())
    })
    .await;
}

async fn pages_go_through_a_room_in_the_order_of_coming(database: &Database) {
    let store = database.open().await;
    let (room, people) = write(&store, ten).await;
    let room = room.record.key;
    for ended_too in [false, true] {
        let expected: Vec<i64> = people
            .iter()
            .filter(|person| ended_too || person.is_active())
            .map(|person| person.key)
            .collect();
        let (forward, back) = read(&store, move |tx| {
            Ok((
                walk(tx, room, ended_too, false)?,
                walk(tx, room, ended_too, true)?,
            ))
        })
        .await;
        assert_eq!(forward, expected);
        assert_eq!(back, expected);
    }
    let active = read(&store, move |tx| participants::active(tx, room)).await;
    let expected = people.iter().filter(|person| person.is_active());
    assert!(active.iter().eq(expected), "{active:?}");
}

/// The keys of all pages, three people each, walked from either end.
fn walk(tx: &mut Tx<'_>, room: i64, ended_too: bool, backwards: bool) -> Result<Vec<i64>> {
    let mut keys: Vec<i64> = Vec::new();
    loop {
        let page = match (backwards, keys.first(), keys.last()) {
            (false, _, last) => Page::After(last.copied().unwrap_or(0)),
            (true, first, _) => Page::Before(first.copied().unwrap_or(i64::MAX)),
        };
        let page = participants::page(tx, room, page, ended_too, 3)?;
        if page.is_empty() {
            return Ok(keys);
        }
        assert!(page.len() <= 3);
        let found = page.iter().map(|participant| participant.key);
        let at = if backwards { 0 } else { keys.len() };
        keys.splice(at..at, found);
    }
}

async fn participants_are_found_by_room_and_user_by_key_and_by_id(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (room, people) = ten(tx)?;
        let key = room.record.key;
        let (first, second) = (&people[1], &people[2]);
        let pairs = [
            (key, first.person.key),
            (key, second.person.key),
            (key, 9_999),
            (77, 1),
        ];
        let mut found = participants::by_room_and_user(tx, &pairs)?;
        found.sort_by_key(|(_, participant)| participant.key);
        assert_eq!(found, [(key, first.clone()), (key, second.clone())]);

        let mut found = participants::by_keys(tx, &[second.key, first.key, 9_999])?;
        found.sort_by_key(|participant| participant.key);
        assert_eq!(found, [first.clone(), second.clone()]);

        assert_eq!(
            participants::locate(tx, first.id)?,
            Some((first.room, first.key))
        );
        assert_eq!(
            participants::locate(tx, ParticipantId(uuid::Uuid::nil()))?,
            None
        );
        assert_eq!(participants::of_user(tx, key, 9_999)?, None);
        Ok(())
    })
    .await;
}
