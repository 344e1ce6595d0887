//! Threads: each page is right wherever it lies, and costs the same in a chain of 10,000.

use std::time::{Duration, Instant};

use orderchat_domain::Role;
use orderchat_domain::project::Person;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::threads::{self, Found, Part, Reply};
use orderchat_store::{Result, Tx};

use crate::database::Database;
use crate::fixture::{Given, NOW, acting, append, message, person, read, room, write};
use crate::harness::tests;

tests! {
    BOTH: pages_of_random_trees_are_what_a_walk_finds,
        a_page_of_a_long_chain_costs_what_one_of_a_short_chain_does,
        replies_of_before_the_migration_are_found;
}

/// A reply, or a message that is none, and its seq.
fn say(
    tx: &mut Tx<'_>,
    room: &mut StoredRoom,
    sender: &Person,
    parent: Option<u64>,
) -> Result<u64> {
    let mut entry = message(room, acting(sender, Role::Customer), "hello");
    entry.message.as_mut().expect("a message").reply_to = parent;
    let seq = append(tx, room, NOW, entry)?.seq;
    if let Some(parent) = parent {
        let room = room.record.key;
        threads::add(tx, &[Reply { room, seq, parent }])?;
    }
    Ok(seq)
}

/// Parents by seq, from 1 on; 0 is none.
struct Tree(Vec<u64>);

impl Tree {
    fn parent(&self, seq: u64) -> u64 {
        self.0[seq as usize - 1]
    }

    fn is_above(&self, above: u64, mut seq: u64) -> bool {
        while seq > above {
            seq = self.parent(seq);
        }
        seq == above
    }

    /// What the thread must be, by walking everything.
    fn thread(&self, seq: u64, visible_from: u64) -> Vec<u64> {
        let related = |other: &u64| self.is_above(*other, seq) || self.is_above(seq, *other);
        (visible_from..=self.0.len() as u64)
            .filter(related)
            .collect()
    }
}

/// The thread from where it begins to be read, up and down, in pages.
fn whole(tx: &mut Tx<'_>, room: i64, seq: u64, from: u64, limit: u32) -> Result<Vec<u64>> {
    let Found {
        seqs: mut all,
        mut before,
        mut after,
    } = threads::part(tx, room, seq, from, Part::Around, limit)?;
    while let Some(bound) = before {
        let page = threads::part(tx, room, seq, from, Part::Before(bound), limit)?;
        assert!(page.seqs.len() <= limit as usize);
        all.splice(0..0, page.seqs);
        before = page.before;
    }
    while let Some(bound) = after {
        let page = threads::part(tx, room, seq, from, Part::After(bound), limit)?;
        assert!(page.seqs.len() <= limit as usize);
        all.extend(page.seqs);
        after = page.after;
    }
    Ok(all)
}

async fn pages_of_random_trees_are_what_a_walk_finds(database: &Database) {
    let store = database.open().await;
    // xorshift64: the same trees in every run.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut shapes = Vec::new();
    for shape in 0..4 {
        let mut parents = vec![0];
        for seq in 2..=120_u64 {
            parents.push(match shape {
                // A chain, a bush, a random tree, a few long branches.
                0 => seq - 1,
                1 => 1 + next(3.min(seq - 1)),
                2 => next(seq),
                _ => seq.saturating_sub(3).max(1),
            });
        }
        let asked: Vec<(u64, u64)> = (0..12).map(|_| (1 + next(120), 1 + next(40))).collect();
        shapes.push((Tree(parents), asked));
    }
    write(&store, move |tx| {
        for (n, (tree, asked)) in shapes.iter().enumerate() {
            let mut room = room(tx, n as u32, Given::default())?;
            let ann = person(tx, "ann", Role::Customer)?;
            for parent in &tree.0 {
                say(
                    tx,
                    &mut room,
                    &ann,
                    Some(*parent).filter(|parent| *parent > 0),
                )?;
            }
            let key = room.record.key;
            for (seq, from) in asked {
                let from = *from.min(seq);
                let expected = tree.thread(*seq, from);
                for limit in [1, 2, 7, 200] {
                    let found = whole(tx, key, *seq, from, limit)?;
                    assert_eq!(found, expected, "tree {n}, {seq} from {from} by {limit}");
                }
                // Any bound, also one that no page gave out.
                for bound in [0, 1, 30, 60, 121, u64::MAX] {
                    let page = threads::part(tx, key, *seq, from, Part::After(bound), 5)?;
                    let wanted: Vec<u64> = expected
                        .iter()
                        .copied()
                        .filter(|one| *one > bound)
                        .take(5)
                        .collect();
                    assert_eq!(page.seqs, wanted, "tree {n}, {seq} after {bound}");
                    let page = threads::part(tx, key, *seq, from, Part::Before(bound), 5)?;
                    let mut wanted: Vec<u64> = expected
                        .iter()
                        .rev()
                        .copied()
                        .filter(|one| *one < bound)
                        .take(5)
                        .collect();
                    wanted.reverse();
                    assert_eq!(page.seqs, wanted, "tree {n}, {seq} before {bound}");
                }
            }
        }
        Ok(())
    })
    .await;
}

const LONG: u64 = 10_000;
const SHORT: u64 = 100;

/// The median time of a page of 50 of this thread, asked for again and again.
fn median(tx: &mut Tx<'_>, room: i64, seq: u64, part: Part) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..41 {
        let begun = Instant::now();
        let page = threads::part(tx, room, seq, 1, part, 50)?;
        times.push(begun.elapsed());
        assert_eq!(page.seqs.len(), 50);
    }
    times.sort();
    Ok(times[times.len() / 2])
}

async fn a_page_of_a_long_chain_costs_what_one_of_a_short_chain_does(database: &Database) {
    let store = database.open().await;
    let (long, short) = write(&store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut keys = Vec::new();
        for (n, length) in [(1, LONG), (2, SHORT)] {
            let mut room = room(tx, n, Given::default())?;
            let mut last = None;
            for _ in 0..length {
                last = Some(say(tx, &mut room, &ann, last)?);
            }
            keys.push(room.record.key);
        }
        Ok((keys[0], keys[1]))
    })
    .await;
    let measured = read(&store, move |tx| {
        let mut measured = Vec::new();
        for (what, seq, part, short_seq, short_part) in [
            (
                "the first page of the last",
                LONG,
                Part::Around,
                SHORT,
                Part::Around,
            ),
            (
                "the first page of the middle",
                LONG / 2,
                Part::Around,
                SHORT / 2,
                Part::Around,
            ),
            (
                "up from the middle",
                LONG,
                Part::Before(LONG / 2),
                SHORT,
                Part::Before(SHORT / 2 + 10),
            ),
            (
                "down from the top",
                LONG,
                Part::After(10),
                SHORT,
                Part::After(10),
            ),
            (
                "below the middle",
                LONG / 2,
                Part::After(LONG - 60),
                20,
                Part::After(SHORT - 60),
            ),
        ] {
            // The last has nothing below: its first page is what is nearest above.
            let (seq, short_seq) = match part {
                Part::Around if seq == LONG => (LONG - 25, SHORT - 25),
                _ => (seq, short_seq),
            };
            let of_short = median(tx, short, short_seq, short_part)?;
            let of_long = median(tx, long, seq, part)?;
            measured.push((what, of_long, of_short));
        }
        Ok(measured)
    })
    .await;
    for (what, of_long, of_short) in measured {
        println!("{what}: {of_long:?} in a chain of {LONG}, {of_short:?} in one of {SHORT}");
        // Coarse on purpose: two shared cores. Walking the chain would be a hundred times as much.
        let allowed = (of_short * 3).max(Duration::from_millis(5));
        assert!(
            of_long <= allowed,
            "{what}: {of_long:?} against {of_short:?}"
        );
    }
}

/// The backfill's own words, over messages that were written before there was a tree.
async fn replies_of_before_the_migration_are_found(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut room = room(tx, 1, Given::default())?;
        for parent in [0, 1, 1, 2, 4, 0, 5] {
            say(
                tx,
                &mut room,
                &ann,
                Some(parent).filter(|parent| *parent > 0),
            )?;
        }
        Ok(room.record.key)
    })
    .await;
    let raw = database.raw().await;
    raw.execute("DELETE FROM reply").await;
    let migration = include_str!("../../migrations/V6__threads_unread_reports.sql");
    let backfill: String = migration
        .split_inclusive(';')
        .filter(|statement| {
            [
                "INSERT INTO reply",
                "CREATE INDEX log_reply",
                "DROP INDEX log_reply",
            ]
            .iter()
            .any(|part| statement.contains(part))
        })
        .collect();
    raw.execute(&backfill).await;
    let tree = Tree(vec![0, 1, 1, 2, 4, 0, 5]);
    write(&store, move |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        for seq in 1..=7 {
            assert_eq!(whole(tx, key, seq, 1, 2)?, tree.thread(seq, 1), "{seq}");
        }
        // What is written from then on hangs on what was there before.
        let mut room = orderchat_store::rooms::by_key(tx, key)?.expect("the room");
        let seq = say(tx, &mut room, &ann, Some(7))?;
        assert_eq!(whole(tx, key, seq, 1, 50)?, [1, 2, 4, 5, 7, 8]);
        Ok(())
    })
    .await;
}
