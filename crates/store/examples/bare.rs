//! What a send costs SQLite alone, for docs/BENCHMARKS.md: the rows that it writes, with the same
//! settings and in groups of the same size, but without a server, a decision, a digest or a look at
//! anything that is stored.
//!
//! ```sh
//! cargo run --release -p orderchat-store --example bare -- FOLDER 100000 100
//! ```

#![expect(
    clippy::disallowed_methods,
    reason = "a program of its own, which times what it does"
)]

use std::time::{Duration, Instant};

use orderchat_store::{Options, Store};
use rusqlite::{Connection, params};
use rustix::time::{ClockId, clock_gettime};

const ROOMS: i64 = 200;
const PEOPLE: i64 = 5;
/// Groups after which the write-ahead log starts anew: some 8,000 pages, as in the server.
const RESTART_AFTER: u64 = 90;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, sends, group] = &arguments[..] else {
        return Err("give a folder on the disk, how many sends, how many in one commit".into());
    };
    let (sends, group): (i64, i64) = (sends.parse()?, group.parse()?);
    let folder = tempfile::tempdir_in(folder)?;
    let file = folder.path().join("bare.db");
    drop(Store::open(&Options::Sqlite(file.clone())).await?);
    let connection = Connection::open(&file)?;
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL")] {
        connection.pragma_update(None, name, value)?;
    }
    connection.set_prepared_statement_cache_capacity(16);
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    fill(&connection)?;
    let (began, used) = (Instant::now(), processor_time());
    let mut checkpoints = Duration::ZERO;
    for (turn, first) in (1_u64..).zip((0..sends).step_by(group as usize)) {
        send(&connection, first..(first + group).min(sends))?;
        if turn.is_multiple_of(RESTART_AFTER) {
            let before = processor_time();
            connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))?;
            checkpoints += processor_time() - before;
        }
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / sends as f64;
    println!(
        "{sends} sends in groups of {group}: {:.1} µs each, of the processor {:.1} µs for writing \
         and {:.1} µs for checkpoints",
        each(began.elapsed()),
        each(processor_time() - used - checkpoints),
        each(checkpoints)
    );
    Ok(())
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

/// Rooms with people in them, bare.
fn fill(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {people})
         INSERT INTO app_user (k, id, is_service, name_source, email_source, role, role_source,
            preferences, created_at, updated_at)
         SELECT k, 'user-' || k, 0, 0, 0, 'customer', 0, '{{}}', 0, 0 FROM n;
         WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {ROOMS})
         INSERT INTO shop_order (k, id, number, status, customer, pharmacy, pharmacy_name, version,
            created_at, updated_at)
         SELECT k, 'order-' || k, k, 'confirmed', k, 'p', 'P', 1, 0, 0 FROM n;
         INSERT INTO room (k, id, code, shop_order, pharmacy, status, is_public, max_participants,
            participant_count, version, created_at)
         SELECT k, randomblob(16), 'code-' || k, k, 'p', 'open', 0, 10, {PEOPLE}, 0, 0
         FROM shop_order;
         INSERT INTO room_head (room, pharmacy, is_public, seq, chain, ordinal, news, message_count,
            last_at)
         SELECT k, 'p', 0, 0, zeroblob(32), 0, 0, 0, 0 FROM room;
         INSERT INTO participant (id, room, usr, role, guest, readable, joined_at, visible_from,
            messages_before, read_ordinal, preferences, version)
         SELECT randomblob(16), (k - 1) % {ROOMS} + 1, k, 'customer', 0, 1, 0, 0, 0, 0, '{{}}', 0
         FROM app_user;",
        people = ROOMS * PEOPLE
    ))
}

/// One group: what a send writes, and nothing else.
fn send(connection: &Connection, numbers: std::ops::Range<i64>) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    for n in numbers {
        let (person, at) = (n % (ROOMS * PEOPLE) + 1, n / 20);
        let (room, seq) = ((person - 1) % ROOMS + 1, n / ROOMS + 1);
        connection
            .prepare_cached(
                "INSERT INTO log (room, seq, kind, at, actor, actor_role, subject, ordinal,
                    message_id, message_type, key_hash, digest, chain)
                 VALUES (?1, ?2, 'message.created', ?3, ?4, 'customer', ?2, ?2, ?5, 'text',
                    randomblob(32), randomblob(32), randomblob(32))",
            )?
            .execute(params![
                room,
                seq,
                at,
                person,
                uuid::Uuid::now_v7().as_bytes()
            ])?;
        connection
            .prepare_cached(
                "INSERT INTO entry_text (g, salt, body, client_key, request)
                 VALUES (?1, randomblob(16), ?2, ?3, randomblob(32))",
            )?
            .execute(params![
                connection.last_insert_rowid(),
                "I am at the door of the house with the green gate, please come down.",
                uuid::Uuid::now_v7().to_string()
            ])?;
        connection
            .prepare_cached(
                "UPDATE room_head SET seq = ?2, chain = randomblob(32), last_at = ?3, ordinal = ?2,
                    news = 0, message_count = ?2, last_message = ?2, last_said = ?2
                 WHERE room = ?1",
            )?
            .execute(params![room, seq, at])?;
        connection
            .prepare_cached("UPDATE participant SET own_after = own_after + 1 WHERE k = ?1")?
            .execute(params![person])?;
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}
