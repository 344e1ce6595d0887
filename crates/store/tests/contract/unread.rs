//! Unread: counted from ordinals, never from messages.

use std::time::{Duration, Instant};

use orderchat_domain::Role;
use orderchat_domain::project::ParticipantRecord;
use orderchat_domain::room::RoomStatus;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Result, StoreError, Tx, participants, receipts, rooms, unread};

use crate::database::{Database, Engine};
use crate::fixture::{
    Given, NOW, acting, append, event, message, participant, person, read, room, say, write,
};
use crate::harness::tests;
use orderchat_domain::event::EventKind;
use orderchat_domain::message::MessageType;
use orderchat_store::log::Actor;

tests! {
    BOTH: others_messages_are_unread_until_the_read_mark_passes_them,
        a_deleted_message_is_unread_to_nobody,
        unread_is_counted_over_the_rooms_one_may_read,
        what_a_read_mark_passes_is_split_into_own_and_deleted,
        totals_and_lists_of_a_user_with_10_000_rooms_cost_what_is_unread,
        who_has_read_everything_is_noted_and_forgotten_again;
}

/// The unread count of this participant, as stored.
fn count(tx: &mut Tx<'_>, room: i64, participant: &ParticipantRecord) -> Result<u64> {
    let room = rooms::by_key(tx, room)?.expect("the room");
    let mut unread = participants::by_keys(tx, &[participant.key])?
        .pop()
        .expect("a participant")
        .unread;
    unread.room_ordinal = room.record.ordinal;
    Ok(unread.count())
}

fn both(tx: &mut Tx<'_>, n: u32) -> Result<(StoredRoom, ParticipantRecord, ParticipantRecord)> {
    let room = room(tx, n, Given::default())?;
    let (ann, ravi) = (
        person(tx, "ann", Role::Customer)?,
        person(tx, "ravi", Role::Rider)?,
    );
    let ann = participant(tx, &room, &ann, Role::Customer)?;
    let ravi = participant(tx, &room, &ravi, Role::Rider)?;
    Ok((room, ann, ravi))
}

async fn others_messages_are_unread_until_the_read_mark_passes_them(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (mut room, ann, mut ravi) = both(tx, 1)?;
        for _ in 0..3 {
            say(tx, &mut room, &ann.person, Role::Customer, "hello")?;
        }
        participants::sent(tx, &[(ann.key, 1), (ann.key + 1_000, 1)].into())?;
        participants::sent(tx, &[(ann.key, 2)].into())?;
        let mut system = message(&room, Actor::SERVER, "closed");
        system.message.as_mut().expect("a message").message_type = MessageType::System;
        append(tx, &mut room, NOW, system)?;
        let key = room.record.key;
        assert_eq!(count(tx, key, &ann)?, 0, "one's own are read");
        assert_eq!(count(tx, key, &ravi)?, 3, "system messages do not count");

        ravi.unread.read_ordinal = orderchat_store::log::ordinal_at(tx, key, 2)?;
        ravi.marks.read = 2;
        participants::update(tx, &ravi, true)?;
        assert_eq!(count(tx, key, &ravi)?, 1);
        Ok(())
    })
    .await;
}

async fn a_deleted_message_is_unread_to_nobody(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (mut room, ann, ravi) = both(tx, 1)?;
        let sam = person(tx, "sam", Role::Support)?;
        let mut late = participant(tx, &room, &sam, Role::Support)?;
        late.visible_from = 2;
        late.unread.read_ordinal = 1;
        participants::update(tx, &late, true)?;
        let mia = person(tx, "mia", Role::Pharmacy)?;
        let mut reader = participant(tx, &room, &mia, Role::Pharmacy)?;
        reader.marks.read = 1;
        reader.unread.read_ordinal = 1;
        participants::update(tx, &reader, true)?;

        let seq = say(tx, &mut room, &ann.person, Role::Customer, "oops")?;
        say(tx, &mut room, &ann.person, Role::Customer, "hello")?;
        for _ in 0..2 {
            participants::sent(tx, &[(ann.key, 1)].into())?;
        }
        let key = room.record.key;
        participants::deleted(tx, key, ann.person.key, seq, false)?;
        assert_eq!(count(tx, key, &ann)?, 0, "the sender never counted it");
        assert_eq!(
            count(tx, key, &ravi)?,
            1,
            "who had not read it counts one less"
        );
        assert_eq!(
            count(tx, key, &reader)?,
            1,
            "who had read it counts what is after"
        );
        assert_eq!(
            count(tx, key, &late)?,
            1,
            "who could not see it counts what is after"
        );
        Ok(())
    })
    .await;
}

async fn unread_is_counted_over_the_rooms_one_may_read(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let mut ravi_key = 0;
        for n in 0..7 {
            let (mut room, ann, mut ravi) = both(tx, n)?;
            ravi_key = ravi.person.key;
            for _ in 0..=n {
                say(tx, &mut room, &ann.person, Role::Customer, "hello")?;
            }
            match n {
                1 => ravi.unread.read_ordinal = 2,
                2 => participants::set_readable(tx, &[(ravi.key, false), (ann.key, true)])?,
                3 => ravi.ended = Some(orderchat_domain::participant::Ended::Left),
                4 => room.record.status = RoomStatus::Archived,
                5 => room.record.deleted_at = Some(NOW),
                _ => {}
            }
            if n != 2 {
                participants::update(tx, &ravi, true)?;
            }
            rooms::update(tx, &room)?;
        }
        // Room 0 has one, room 6 has seven; the others are read, hidden, left, archived, deleted.
        assert_eq!(rooms::unread_of(tx, ravi_key)?, (2, 8));
        assert_eq!(rooms::unread_of(tx, 9_999)?, (0, 0));
        Ok(())
    })
    .await;
}

async fn what_a_read_mark_passes_is_split_into_own_and_deleted(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (mut room, ann, ravi) = both(tx, 1)?;
        let joined = event(&room, EventKind::ParticipantJoined, Actor::SERVER, 0);
        append(tx, &mut room, NOW, joined)?;
        let mut say = |tx: &mut Tx<'_>, who: &ParticipantRecord| {
            let entry = message(&room, acting(&who.person, who.role), "hello");
            append(tx, &mut room, NOW, entry).map(|appended| (appended.seq, appended.g))
        };
        let own = say(tx, &ann)?;
        let gone = say(tx, &ravi)?;
        let own_gone = say(tx, &ann)?;
        let last = say(tx, &ravi)?;
        let key = room.record.key;
        for (seq, g) in [gone, own_gone] {
            orderchat_store::messages::deleted(tx, key, seq, 99, g, NOW)?;
        }
        let passed = |tx: &mut Tx<'_>, from, to| {
            receipts::passed(tx, key, (from, to), ann.person.key, false)
        };
        assert_eq!(passed(tx, 0, last.0)?, (2, 1));
        assert_eq!(passed(tx, own.0, last.0)?, (1, 1));
        assert_eq!(passed(tx, own_gone.0, last.0)?, (0, 0));
        assert_eq!(passed(tx, 0, own.0)?, (1, 0));
        Ok(())
    })
    .await;
}

/// Rooms of one user, in few of which something is unread.
const ROOMS: u32 = 10_000;

async fn totals_and_lists_of_a_user_with_10_000_rooms_cost_what_is_unread(database: &Database) {
    let store = database.open().await;
    let (staff, newcomer) = write(&store, |tx| {
        let staff = person(tx, "mei", Role::Pharmacy)?;
        let newcomer = person(tx, "noor", Role::Pharmacy)?;
        let ann = person(tx, "ann", Role::Customer)?;
        for n in 0..ROOMS {
            let mut room = room(tx, n, Given::default())?;
            let own = participant(tx, &room, &staff, Role::Pharmacy)?;
            participants::update(tx, &own, true)?;
            let has_few = n < 10;
            if has_few {
                let other = participant(tx, &room, &newcomer, Role::Pharmacy)?;
                participants::update(tx, &other, true)?;
            }
            if n % (ROOMS / 10) == 0 || has_few {
                say(tx, &mut room, &ann, Role::Customer, "hello")?;
            }
        }
        Ok((staff.key, newcomer.key))
    })
    .await;
    let raw = database.raw().await;
    if database.engine() == Engine::Postgres {
        // As it does by itself in time: every row was written twice just now.
        raw.execute("VACUUM ANALYZE").await;
    }
    let measured = read(&store, move |tx| {
        assert_eq!(rooms::unread_of(tx, staff)?, (19, 19));
        assert_eq!(rooms::unread_of(tx, newcomer)?, (10, 10));
        let mut time = |asked: &dyn Fn(&mut Tx<'_>, i64) -> Result<()>, user| {
            let mut times = Vec::new();
            for _ in 0..41 {
                let begun = Instant::now();
                asked(tx, user)?;
                times.push(begun.elapsed());
            }
            times.sort();
            Ok::<_, StoreError>(times[times.len() / 2])
        };
        let totals = |tx: &mut Tx<'_>, user| rooms::unread_of(tx, user).map(drop);
        let list = |tx: &mut Tx<'_>, user| unread::page(tx, user, None, None, 5).map(drop);
        Ok([
            ("totals", time(&totals, staff)?, time(&totals, newcomer)?),
            ("list", time(&list, staff)?, time(&list, newcomer)?),
        ])
    })
    .await;
    for (what, of_many, of_few) in measured {
        println!("{what}: {of_many:?} with {ROOMS} rooms, {of_few:?} with 10");
        // Nineteen unread rooms against ten, and two shared cores. All rooms would be thousands.
        let allowed = (of_few * 4).max(Duration::from_millis(2));
        assert!(of_many <= allowed, "{what}: {of_many:?} against {of_few:?}");
    }
}

async fn who_has_read_everything_is_noted_and_forgotten_again(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (mut room, ann, mut ravi) = both(tx, 1)?;
        let user = ravi.person.key;
        say(tx, &mut room, &ann.person, Role::Customer, "one")?;
        assert_eq!(rooms::unread_of(tx, user)?, (1, 1));
        let head = (ravi.key, room.record.seq, room.record.ordinal, 0);
        participants::have_read(tx, &[head])?;
        assert_eq!(rooms::unread_of(tx, user)?, (0, 0));
        assert!(unread::rooms(tx, user, 0, 10)?.is_empty());
        say(tx, &mut room, &ravi.person, Role::Rider, "my own")?;
        participants::sent(tx, &[(ravi.key, 1)].into())?;
        assert_eq!(rooms::unread_of(tx, user)?, (0, 0));
        say(tx, &mut room, &ann.person, Role::Customer, "two")?;
        assert_eq!(rooms::unread_of(tx, user)?, (1, 1));
        // Left, and back: what was said meanwhile is unread.
        ravi = participants::of_user(tx, room.record.key, user)?.expect("ravi");
        ravi.ended = Some(orderchat_domain::participant::Ended::Left);
        participants::update(tx, &ravi, false)?;
        say(tx, &mut room, &ann.person, Role::Customer, "three")?;
        ravi.ended = None;
        participants::update(tx, &ravi, true)?;
        assert_eq!(rooms::unread_of(tx, user)?, (1, 2));
        participants::nothing_unread(tx, room.record.key)?;
        assert_eq!(rooms::unread_of(tx, user)?, (0, 0));
        Ok(())
    })
    .await;
}
