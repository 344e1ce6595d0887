//! A database of some size: 50,000 messages in 500 rooms, of 5,000 people.

use crate::database::{Database, Engine};
use crate::fixture::NOW;
use crate::raw::Raw;

const MESSAGES: u32 = 50_000;
const ROOMS: u32 = 500;
const USERS: u32 = 5_000;

/// Fills the database and lets PostgreSQL count what is there, as it does by itself in time.
pub(crate) async fn filled(database: &Database) -> Raw {
    drop(database.open().await);
    let raw = database.raw().await;
    for sql in inserts(database.engine()) {
        raw.execute(&sql).await;
    }
    if database.engine() == Engine::Postgres {
        raw.execute("ANALYZE").await;
    }
    assert_eq!(
        raw.int("SELECT COUNT(*) FROM log").await,
        i64::from(MESSAGES)
    );
    raw
}

/// Writes `count` rows, the select list giving the `i`th.
fn insert(into: &str, count: u32, select: &str) -> String {
    format!(
        "INSERT INTO {into} WITH RECURSIVE n (i) AS
            (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         SELECT {select} FROM n"
    )
}

/// User 1 is in every room, as staff may be; everybody else is in one at most.
fn inserts(engine: Engine) -> [String; 18] {
    // The ith sixteen bytes, in each engine's words.
    let id = match engine {
        Engine::Sqlite => "unhex(printf('%032x', i))",
        Engine::Postgres => "decode(lpad(to_hex(i), 32, '0'), 'hex')",
    };
    let tx = match engine {
        Engine::Sqlite => "0",
        Engine::Postgres => "i / 10",
    };
    let now = NOW.0;
    let (room, seq) = (
        format!("(i - 1) % {ROOMS} + 1"),
        format!("(i - 1) / {ROOMS} + 1"),
    );
    [
        insert(
            "app_user (id, is_service, name, name_source, email_source, role, role_source,
                preferences, created_at, updated_at)",
            USERS,
            &format!("'user-' || i, 0, 'User ' || i, 3, 0, 'customer', 3, '{{}}', {now}, {now}"),
        ),
        insert(
            "shop_order (id, number, status, customer, pharmacy, pharmacy_name, version,
                created_at, updated_at)",
            ROOMS,
            &format!("'o' || i, 'n' || i, 'accepted', i, 'ph' || (i % 3), 'Corner', 0, {now}, {now}"),
        ),
        insert(
            "room (id, code, shop_order, pharmacy, status, is_public, max_participants,
                participant_count, version, created_at)",
            ROOMS,
            &format!(
                "{id}, 'code-' || i, i, 'ph' || (i % 3), 'open', CASE WHEN i % 9 = 0 THEN 1 ELSE 0 END,
                 10, 5, 0, {now} + i"
            ),
        ),
        insert(
            "room_head (room, pharmacy, is_public, seq, chain, ordinal, news, message_count,
                last_message, last_said, last_at)",
            ROOMS,
            &format!(
                "i, 'ph' || (i % 3), CASE WHEN i % 9 = 0 THEN 1 ELSE 0 END, 100, {id}, 100, 0, 100,
                 100, 100, {now} + i"
            ),
        ),
        insert("room_word (word, room)", ROOMS, "'n' || i, i"),
        insert("timer (room, due_at)", ROOMS, &format!("i, {now} + i")),
        insert(
            "participant (id, room, usr, role, guest, readable, joined_at, visible_from,
                messages_before, read_ordinal, preferences, version, has_unread)",
            5 * ROOMS,
            &format!(
                "{id}, {room}, CASE WHEN i <= {ROOMS} THEN 1 ELSE i END, 'customer', 0, 1, {now}, 1,
                 0, 0, '{{}}', 0, i % 2"
            ),
        ),
        insert(
            "log (room, seq, kind, at, actor, actor_role, subject, ordinal, message_id,
                message_type, key_hash, digest, chain, tx)",
            MESSAGES,
            &format!(
                "{room}, {seq}, 'message.created', {now} + i, i % {USERS} + 1, 'customer', {seq},
                 {seq}, {id}, 'text', {id}, {id}, {id}, {tx}"
            ),
        ),
        insert("entry_text (g, salt, body)", MESSAGES, &format!("i, {id}, 'message ' || i")),
        insert(
            "message_state (room, seq, version, text_g)",
            MESSAGES / 20,
            &format!("{room}, {seq}, 101, i"),
        ),
        insert(
            "reply (room, seq, parent, root, depth, jump, jump_depth)",
            MESSAGES / 10,
            &format!("{room}, {seq} + 1, {seq}, 1, {seq}, {seq}, {seq} - 1"),
        ),
        insert(
            "message_report (room, seq, reporter, reason, at)",
            MESSAGES / 100,
            &format!("{room}, {seq}, 1, 'spam', {now} + i"),
        ),
        insert(
            "receipt_mark (room, kind, seq, participant, at)",
            MESSAGES,
            &format!("{room}, 1, {seq}, i % 5 + 1, {now} + i"),
        ),
        insert(
            "receipt_advance (participant, kind, seq, at)",
            MESSAGES,
            &format!("{room}, 1, {seq}, {now} + i"),
        ),
        insert(
            "search_unit (k, first_tx, first_g, oldest_at, newest_at, starts)",
            MESSAGES / 50,
            &format!("i - 1, {tx}, i, {now}, {now} + i, {id}"),
        ),
        insert("search_bits (k, bits)", MESSAGES, &format!("i, {id}")),
        insert("room_statistics (room, seq, state)", ROOMS, "i, 100, '{}'"),
        insert(
            "audit (at, actor, actor_role, action, room, salt, detail, digest, chain)",
            MESSAGES / 10,
            &format!("{now} + i, i % 9, 'support', 'room.read', {room}, {id}, '', {id}, {id}"),
        ),
    ]
}
