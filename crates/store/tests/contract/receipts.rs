//! Receipts: who has received and read what, and since when.

use orderchat_domain::event::EventKind;
use orderchat_domain::project::{MessageRecord, ParticipantRecord};
use orderchat_domain::receipt::{Frontier, Mark, reached_at};
use orderchat_domain::{Millis, Role};
use orderchat_store::messages::{self, Bound, Select};
use orderchat_store::receipts::{self, Advance, Kind};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Result, Tx, actors, rooms};

use crate::database::Database;
use crate::fixture::{
    Given, NOW, acting, append, event, participant, person, room, say, text, write,
};
use crate::harness::tests;

tests! {
    BOTH: times_are_those_of_the_first_other_person_whatever_the_page,
        one_who_jumps_ahead_is_first_though_others_follow_step_by_step,
        times_are_those_also_where_a_part_of_the_log_is_about_earlier_messages,
        the_receipts_of_a_message_are_each_persons_first_advance_beyond_it,
        what_was_read_stays_read_when_its_reader_comes_back_and_sees_less,
        an_advance_is_remembered_once;
}

const MESSAGES: u64 = 120;

/// A room where four people talked, and every advance they made.
struct Talk {
    room: StoredRoom,
    people: Vec<ParticipantRecord>,
    advances: [Vec<Mark>; 2],
    clock: i64,
    /// The first seq that whoever advances sees.
    sees_from: u64,
}

impl Talk {
    fn begin(tx: &mut Tx<'_>) -> Result<Self> {
        let mut room = room(tx, 1, Given::default())?;
        let mut people = Vec::new();
        for name in ["ann", "ravi", "sam", "mia"] {
            let person = person(tx, name, Role::Rider)?;
            people.push(participant(tx, &room, &person, Role::Rider)?);
        }
        for n in 0..MESSAGES {
            let sender = &people[n as usize % people.len()].person.clone();
            say(tx, &mut room, sender, Role::Rider, "hello")?;
        }
        Ok(Self {
            room,
            people,
            advances: [Vec::new(), Vec::new()],
            clock: 0,
            sees_from: 1,
        })
    }

    /// As a command does: the frontier says whether it moved, and such an advance is remembered.
    fn advance(&mut self, tx: &mut Tx<'_>, who: usize, kind: Kind, seq: u64) -> Result<()> {
        self.clock += 10;
        let participant = self.people[who].key;
        let advances = &mut self.advances[kind as usize];
        let own = advances
            .iter()
            .filter(|mark| mark.participant == participant);
        if own.map(|mark| mark.seq).max() >= Some(seq) {
            return Ok(());
        }
        let mark = Mark {
            visible_from: self.sees_from,
            participant,
            seq,
            at: NOW.plus(self.clock),
        };
        advances.push(mark);
        let frontier = match kind {
            Kind::Delivered => &mut self.room.delivered,
            Kind::Read => &mut self.room.read,
        };
        let (next, moved) = frontier.advance(participant, seq);
        *frontier = next;
        let advance = Advance {
            room: self.room.record.key,
            kind,
            mark,
            moved: moved.is_some(),
        };
        receipts::add(tx, &[advance])
    }

    /// What the message's times must be, from every advance there was.
    fn expected(&self, message: &MessageRecord) -> [Option<Millis>; 2] {
        let sender = message.sender.as_ref().expect("a person sent it");
        let sender = self
            .people
            .iter()
            .find(|participant| participant.person.key == sender.person.key)
            .expect("the sender is in the room");
        [0, 1].map(|kind| reached_at(&self.advances[kind], sender.key, message.seq))
    }

    /// Compares every message, read in pages of several sizes.
    fn check(&self, tx: &mut Tx<'_>) -> Result<()> {
        let key = self.room.record.key;
        rooms::set_frontiers(tx, key, self.room.delivered, self.room.read)?;
        let room = rooms::by_key(tx, key)?.expect("the room");
        assert_eq!(
            (room.delivered, room.read),
            (self.room.delivered, self.room.read)
        );
        for limit in [1, 7, 200] {
            let select = Select {
                visible_from: 1,
                message_type: None,
                order_news: true,
                limit,
            };
            let mut after = 0;
            while after < MESSAGES {
                let page = messages::page(tx, &room, select, Bound::After(after))?;
                for message in &page {
                    let found = [message.delivered_at, message.read_at];
                    let seq = message.seq;
                    assert_eq!(
                        found,
                        self.expected(message),
                        "message {seq}, pages of {limit}"
                    );
                }
                after = page.last().expect("a message").seq;
            }
        }
        Ok(())
    }
}

async fn times_are_those_of_the_first_other_person_whatever_the_page(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let mut talk = Talk::begin(tx)?;
        talk.check(tx)?;
        // A fixed course of xorshift: some step, some jump, some fall behind.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..400 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let who = (state >> 8) as usize % 4;
            let kind = if state & 1 == 0 {
                Kind::Delivered
            } else {
                Kind::Read
            };
            talk.advance(tx, who, kind, 1 + (state >> 16) % MESSAGES)?;
        }
        talk.check(tx)
    })
    .await;
}

async fn one_who_jumps_ahead_is_first_though_others_follow_step_by_step(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let mut talk = Talk::begin(tx)?;
        talk.advance(tx, 0, Kind::Delivered, MESSAGES)?;
        for seq in 1..=MESSAGES {
            talk.advance(tx, 1, Kind::Delivered, seq)?;
            talk.advance(tx, 2, Kind::Delivered, seq)?;
        }
        talk.check(tx)
    })
    .await;
}

/// A part of the log shows the messages that it is about as asking for those by their seqs does.
async fn times_are_those_also_where_a_part_of_the_log_is_about_earlier_messages(
    database: &Database,
) {
    let store = database.open().await;
    write(&store, |tx| {
        let mut talk = Talk::begin(tx)?;
        for (who, seq) in [(0, 40), (1, 10), (2, 90)] {
            talk.advance(tx, who, Kind::Delivered, seq)?;
            talk.advance(tx, who, Kind::Read, seq / 2)?;
        }
        let sender = talk.people[0].person.clone();
        for (seq, kind) in [
            (3, EventKind::MessageEdited),
            (50, EventKind::MessageDeleted),
            (3, EventKind::MessageEdited),
            (119, EventKind::MessageEdited),
        ] {
            let room = &mut talk.room;
            let mut entry = event(room, kind, acting(&sender, Role::Rider), seq);
            entry.text = text("other", room.record.seq + 1);
            let written = append(tx, room, NOW, entry)?;
            let key = room.record.key;
            if kind == EventKind::MessageEdited {
                messages::edited(tx, key, seq, written.seq, written.g, NOW)?;
            } else {
                messages::deleted(tx, key, seq, written.seq, written.g, NOW)?;
            }
            say(tx, room, &sender, Role::Rider, "and then")?;
        }
        let (key, head) = (talk.room.record.key, talk.room.record.seq);
        rooms::set_frontiers(tx, key, talk.room.delivered, talk.room.read)?;
        let room = rooms::by_key(tx, key)?.expect("the room");
        for limit in [1, 3, 200] {
            for after in 0..head {
                let part = messages::in_log(tx, &room, after, limit)?;
                let seqs: Vec<u64> = part.entries.iter().map(|entry| entry.seq).collect();
                let last = head.min(after + u64::from(limit));
                assert_eq!(seqs, (after + 1..=last).collect::<Vec<_>>());
                let mut about: Vec<u64> = part.entries.iter().map(|entry| entry.subject).collect();
                about.sort_unstable();
                about.dedup();
                assert_eq!(part.messages, messages::by_seqs(tx, &room, &about)?);
                for message in &part.messages {
                    let found = [message.delivered_at, message.read_at];
                    assert_eq!(
                        found,
                        talk.expected(message),
                        "{} after {after}",
                        message.seq
                    );
                }
                let acted = part.entries.iter().map(|entry| (key, entry.actor));
                let all = actors::of(tx, acted)?;
                for entry in &part.entries {
                    let record = |actors: &actors::Actors| {
                        actors.record(key, entry.actor, &entry.actor_role)
                    };
                    assert_eq!(record(&part.actors), record(&all));
                }
            }
        }
        Ok(())
    })
    .await;
}

async fn the_receipts_of_a_message_are_each_persons_first_advance_beyond_it(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let mut talk = Talk::begin(tx)?;
        for (who, kind, seq) in [
            (0, Kind::Delivered, 3),
            (0, Kind::Delivered, 9),
            (0, Kind::Read, 9),
            (1, Kind::Delivered, 4),
            (0, Kind::Delivered, 50),
        ] {
            talk.advance(tx, who, kind, seq)?;
        }
        let keys: Vec<i64> = talk
            .people
            .iter()
            .map(|participant| participant.key)
            .collect();
        let at = |step: i64| Some(NOW.plus(10 * step));
        let found = receipts::of_message(tx, &keys[..3], 4)?;
        let expected = [
            (keys[0], at(2), at(3)),
            (keys[1], at(4), None),
            (keys[2], None, None),
        ];
        assert_eq!(found, expected);
        let found = receipts::of_message(tx, &keys[..1], 10)?;
        assert_eq!(found, [(keys[0], at(5), None)]);
        assert_eq!(receipts::of_message(tx, &[], 4)?, []);
        Ok(())
    })
    .await;
}

async fn what_was_read_stays_read_when_its_reader_comes_back_and_sees_less(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let mut talk = Talk::begin(tx)?;
        talk.advance(tx, 0, Kind::Read, 5)?;
        talk.sees_from = 20;
        talk.advance(tx, 0, Kind::Read, 30)?;
        talk.advance(tx, 1, Kind::Read, 40)?;
        talk.check(tx)?;
        let key = talk.people[0].key;
        for (seq, read) in [(5, Some(10)), (6, None), (19, None), (20, Some(20))] {
            let found = receipts::of_message(tx, &[key], seq)?;
            let expected = [(key, None, read.map(|at| NOW.plus(at)))];
            assert_eq!(found, expected, "message {seq}");
        }
        Ok(())
    })
    .await;
}

async fn an_advance_is_remembered_once(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let talk = Talk::begin(tx)?;
        let (room, person) = (talk.room.record.key, talk.people[0].key);
        for later in 0..3 {
            let mark = Mark {
                participant: person,
                visible_from: 1,
                seq: 5,
                at: NOW.plus(later),
            };
            let advance = Advance {
                room,
                kind: Kind::Read,
                mark,
                moved: true,
            };
            receipts::add(tx, &[advance])?;
        }
        assert_eq!(
            receipts::of_message(tx, &[person], 5)?,
            [(person, None, Some(NOW))]
        );
        rooms::set_frontiers(tx, room, Frontier::default(), Frontier::default())
    })
    .await;
    let raw = database.raw().await;
    for table in ["receipt_mark", "receipt_advance"] {
        let rows = raw.int(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(rows, 1, "{table}");
    }
}
