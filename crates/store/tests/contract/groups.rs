//! Commands of many rooms in one transaction: each answered, each room in its order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use orderchat_domain::{Role, RoomId};
use orderchat_store::log::Appender;
use orderchat_store::sends::{self, Lookups};
use orderchat_store::{Batch, Grouped, Outcome, Patience, Ran, Result, Store, StoreError, Tx};

use crate::chain::breaks;
use crate::database::{Database, Engine};
use crate::fixture::{Given, NOW, acting, message, panic_quietly, person, room, write};
use crate::harness::tests;

tests! {
    BOTH: each_room_keeps_its_order_and_each_input_is_answered,
        a_batch_that_panics_leaves_nothing_and_the_next_is_taken,
        a_group_takes_many_inputs_of_a_room;
    POSTGRES: held_rooms_stall_no_other;
}

/// Something said in a room.
#[derive(Clone, Debug)]
struct Said {
    room: i64,
    id: RoomId,
    text: String,
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Keep,
    Refuse,
    Panic,
}

/// Appends what is said; notes the rooms of each group.
#[derive(Default)]
struct Saying {
    groups: Arc<Mutex<Vec<Vec<i64>>>>,
}

impl Batch for Saying {
    type Input = Said;
    type Output = (RoomId, u64);
    type Refused = StoreError;

    fn room(&self, input: &Said) -> i64 {
        input.room
    }

    fn run(
        &self,
        tx: &mut Tx<'_>,
        inputs: &[&Said],
        patience: Patience,
    ) -> Result<Vec<Ran<Outcome<Self>>>> {
        let keys: Vec<i64> = inputs.iter().map(|said| said.room).collect();
        self.groups
            .lock()
            .expect("nobody panics here")
            .push(keys.clone());
        let asked = Lookups {
            rooms: inputs.iter().map(|said| said.id).collect(),
            ..Lookups::default()
        };
        let mut stored = sends::lock_and_look_up(tx, &asked, patience)?.rooms;
        let ann = person(tx, "ann", Role::Customer)?;
        let mut appender = Appender::default();
        let mut answers = Vec::new();
        for said in inputs {
            let Some(room) = stored.get_mut(&said.id).expect("the room") else {
                answers.push(Ran::Held);
                continue;
            };
            match said.then {
                Then::Keep => {
                    let entry = message(room, acting(&ann, Role::Customer), &said.text);
                    let seq = appender.append(room, NOW, entry);
                    appender.finish(room);
                    answers.push(Ran::Done(Ok((room.record.id, seq))));
                }
                Then::Refuse => answers.push(Ran::Done(Err(StoreError::Busy("refused")))),
                Then::Panic => panic_quietly(),
            }
        }
        appender.flush(tx)?;
        Ok(answers)
    }
}

async fn rooms_of(store: &Store, count: u32) -> Vec<(i64, RoomId)> {
    write(store, move |tx| {
        (0..count)
            .map(|n| room(tx, n, Given::default()).map(|room| (room.record.key, room.record.id)))
            .collect()
    })
    .await
}

async fn each_room_keeps_its_order_and_each_input_is_answered(database: &Database) {
    const EACH: usize = 25;
    let store = database.open().await;
    let rooms = rooms_of(&store, 40).await;
    let saying = Grouped::new(&store, Saying::default());
    // Round after round, every room once; in each round every third room's is refused.
    let inputs: Vec<(RoomId, Said)> = (0..EACH)
        .flat_map(|round| {
            rooms.iter().enumerate().map(move |(at, (key, id))| {
                let then = if (at + round).is_multiple_of(3) {
                    Then::Refuse
                } else {
                    Then::Keep
                };
                let text = format!("round {round:02}");
                (
                    *id,
                    Said {
                        room: *key,
                        id: *id,
                        text,
                        then,
                    },
                )
            })
        })
        .collect();
    let answers = join_all(inputs.iter().map(|(_, said)| saying.submit(said.clone()))).await;

    let mut expected: Vec<(i64, u64, String)> = Vec::new();
    for ((id, said), answer) in inputs.iter().zip(answers) {
        if said.then == Then::Refuse {
            answer.expect_err("refused");
            continue;
        }
        let (room, seq) = answer.expect("an answer");
        assert_eq!(room, *id, "the answer is another room's");
        expected.push((said.room, seq, said.text.clone()));
    }
    // In each room the texts, in the order of their seq, are those of round after round.
    let mut by_round = expected.clone();
    expected.sort_by_key(|(room, seq, _)| (*room, *seq));
    by_round.sort_by_key(|(room, _, text)| (*room, text.clone()));
    assert_eq!(expected, by_round);
    let raw = database.raw().await;
    let rows = raw
        .rows(
            "SELECT l.room, l.seq, t.body FROM log l JOIN entry_text t ON t.g = l.g
            ORDER BY l.room, l.seq",
        )
        .await;
    let stored: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row[0].int(),
                row[1].int().unsigned_abs(),
                row[2].text().to_owned(),
            )
        })
        .collect();
    assert_eq!(stored, expected);
    assert_eq!(breaks(&raw).await, []);
}

async fn a_batch_that_panics_leaves_nothing_and_the_next_is_taken(database: &Database) {
    let store = database.open().await;
    let rooms = rooms_of(&store, 3).await;
    let saying = Grouped::new(&store, Saying::default());
    let said = |room: usize, then| Said {
        room: rooms[room].0,
        id: rooms[room].1,
        text: "hello".to_owned(),
        then,
    };
    for round in 1..=3 {
        let answer = saying.submit(said(0, Then::Panic)).await;
        assert!(matches!(answer, Err(StoreError::Failed(_))), "{answer:?}");
        for at in 0..rooms.len() {
            let (_, seq) = saying
                .submit(said(at, Then::Keep))
                .await
                .expect("an answer");
            assert_eq!(seq, round, "room {at}");
        }
    }
    assert_eq!(breaks(&database.raw().await).await, []);
}

/// A room in which much is said does not wait for one transaction a message.
async fn a_group_takes_many_inputs_of_a_room(database: &Database) {
    let store = database.open().await;
    let rooms = rooms_of(&store, 3).await;
    let groups = Arc::default();
    let saying = Grouped::new(
        &store,
        Saying {
            groups: Arc::clone(&groups),
        },
    );
    let inputs = (0..200).flat_map(|_| &rooms).map(|(key, id)| Said {
        room: *key,
        id: *id,
        text: "hello".to_owned(),
        then: Then::Keep,
    });
    let mut seqs: HashMap<RoomId, Vec<u64>> = HashMap::new();
    for answer in join_all(inputs.map(|said| saying.submit(said))).await {
        let (room, seq) = answer.expect("an answer");
        seqs.entry(room).or_default().push(seq);
    }
    for seqs in seqs.values() {
        assert!(seqs.iter().copied().eq(1..=200), "{seqs:?}");
    }
    let groups = groups.lock().expect("nobody panics").clone();
    let largest = groups.iter().map(Vec::len).max().unwrap_or_default();
    let most = if database.engine() == Engine::Postgres {
        64
    } else {
        256
    };
    assert!(largest <= most, "{largest} inputs in one group");
    assert!(groups.len() < 100, "{} groups for 600 inputs", groups.len());
    assert_eq!(breaks(&database.raw().await).await, []);
}

/// More rooms than there can be connections to PostgreSQL.
const HELD: usize = 30;

/// Somebody holds many rooms, more than there are connections that could wait for them; the sends of
/// all others, whose group they are in, are answered meanwhile, and their own when they are free.
async fn held_rooms_stall_no_other(database: &Database) {
    let store = database.open().await;
    let rooms = rooms_of(&store, 40).await;
    let (theirs, free) = rooms.split_at(HELD);
    let saying = Grouped::new(&store, Saying::default());
    let said = |(room, id): (i64, RoomId)| {
        saying.submit(Said {
            room,
            id,
            text: "hello".to_owned(),
            then: Then::Keep,
        })
    };
    let raw = database.raw().await;
    let keys: Vec<String> = theirs.iter().map(|(room, _)| room.to_string()).collect();
    let hold = format!(
        "BEGIN; SELECT seq FROM room_head WHERE room IN ({}) FOR UPDATE",
        keys.join(", ")
    );
    raw.execute(&hold).await;
    let three_times = |rooms: &[(i64, RoomId)]| {
        let all = (0..3).flat_map(|_| rooms).map(|room| said(*room));
        Box::pin(join_all(all.collect::<Vec<_>>()))
    };
    let (mut held, mut others) = (three_times(theirs), three_times(free));
    tokio::select! {
        biased;
        _ = &mut held => panic!("a send was answered though its room is held"),
        answers = &mut others => for answer in answers {
            answer.expect("an answer");
        },
    }
    raw.execute("COMMIT").await;
    let mut seqs: HashMap<RoomId, Vec<u64>> = HashMap::new();
    for answer in held.await {
        let (room, seq) = answer.expect("an answer");
        seqs.entry(room).or_default().push(seq);
    }
    assert_eq!(seqs.len(), HELD);
    for mut of_one in seqs.into_values() {
        of_one.sort_unstable();
        assert_eq!(of_one, [1, 2, 3]);
    }
    assert_eq!(breaks(&raw).await, []);
}
