//! No statement reads more of a table the more there is in it: asked of each engine's own plans,
//! over 50,000 messages in 500 rooms.

use orderchat_store::{Sql, statements};

use crate::database::{Database, Engine};
use crate::fixture::NOW;
use crate::harness::tests;
use crate::raw::Raw;

tests! {
    BOTH: no_statement_scans_a_table, hot_reads_use_the_index_made_for_them;
}

/// Texts that may read a table from one end on, because they stop at the first row they meet.
const READS_ONE_END: [&str; 1] = ["SELECT chain FROM audit ORDER BY g DESC LIMIT 1"];

async fn no_statement_scans_a_table(database: &Database) {
    let raw = filled(database).await;
    let mut scanning = Vec::new();
    for sql in statements() {
        let text = text_of(sql, database.engine());
        if READS_ONE_END.contains(&text) {
            continue;
        }
        let plan = plan_of(&raw, text, Costs::Indexes).await;
        if plan
            .iter()
            .any(|step| is_scan(step) || is_sort_of_a_list(text, step))
        {
            scanning.push(format!("{text}\n  {}", plan.join("\n  ")));
        }
    }
    assert!(scanning.is_empty(), "\n{}", scanning.join("\n\n"));
}

/// What everybody waits for: a part of its text, and the index that its plan must name on SQLite
/// and on PostgreSQL, among the tables of today's size.
const HOT: [(&str, &str, &str); 10] = [
    (
        "AND l.seq > $2 ORDER BY l.seq LIMIT $3",
        "log_room_seq (room=? AND seq>?)",
        "log_room_seq",
    ),
    (
        "AND l.seq < $3 ORDER BY l.seq DESC LIMIT $6",
        "log_room_seq (room=? AND seq>? AND seq<?)",
        "log_room_seq",
    ),
    (
        "AND l.seq > $3 ORDER BY l.seq LIMIT $6",
        "log_room_seq (room=? AND seq>?)",
        "log_room_seq",
    ),
    ("WHERE l.message_id = $1", "log_message", "log_message"),
    ("l.key_hash = i.key_hash", "log_key", "log_key"),
    (
        "AND l.seq = i.seq AND l.kind = 'message.created'",
        "log_room_seq (room=? AND seq=?)",
        "log_room_seq",
    ),
    (
        "participant p ON p.room = i.room AND p.usr = i.usr JOIN app_user",
        "(room=? AND usr=?)",
        "participant_room_usr_key",
    ),
    (
        "$6 = 1 OR COALESCE(me.ended, '') <> 'blocked') AND r.deleted_at IS NULL",
        "room_activity",
        "room_activity",
    ),
    (
        "r.pharmacy = $2 AND COALESCE(me.ended, '') <> 'blocked' AND r.deleted_at",
        "room_pharmacy_activity",
        "room_pharmacy_activity",
    ),
    (
        "FROM receipt_mark WHERE room = $1 AND kind = $2 AND seq >= $3 ORDER BY",
        "(room=? AND kind=? AND seq>?)",
        "receipt_mark_pkey",
    ),
];

async fn hot_reads_use_the_index_made_for_them(database: &Database) {
    let raw = filled(database).await;
    let engine = database.engine();
    for (part, on_sqlite, on_postgres) in HOT {
        let hot: Vec<_> = statements()
            .into_iter()
            .filter(|sql| one_line(sql.postgres()).contains(part))
            .filter(|sql| !is_listing(sql.postgres()) || is_newest_first(sql.postgres()))
            .collect();
        assert!(
            !hot.is_empty(),
            "no text has {part:?}: it reads otherwise now"
        );
        for sql in hot {
            let index = if engine == Engine::Sqlite {
                on_sqlite
            } else {
                on_postgres
            };
            let plan = plan_of(&raw, text_of(sql, engine), Costs::Real).await;
            let text = one_line(sql.postgres());
            assert!(
                plan.iter().any(|step| step.contains(index)),
                "{text}\nwithout {index}: {plan:#?}"
            );
            assert!(!plan.iter().any(|step| is_scan(step)), "{text}\n{plan:#?}");
        }
    }
}

fn text_of(sql: &'static Sql, engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => sql.sqlite(),
        Engine::Postgres => sql.postgres(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_listing(text: &str) -> bool {
    text.contains("r.k DESC LIMIT") || text.contains("r.k ASC LIMIT")
}

/// The list that every client opens with: newest activity first, nothing searched for.
fn is_newest_first(text: &str) -> bool {
    text.contains("r.last_at DESC") && !text.contains("room_word")
}

/// How PostgreSQL weighs what it could do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Costs {
    /// As it does.
    Real,
    /// Scans and sorts only where there is no other way: small tables are scanned because they are
    /// small, and would hide that.
    Indexes,
}

/// The steps of the plan, for any values of the parameters.
async fn plan_of(raw: &Raw, text: &str, costs: Costs) -> Vec<String> {
    let client = match raw {
        Raw::Sqlite(_) => {
            let rows = raw.rows(&format!("EXPLAIN QUERY PLAN {text}")).await;
            return rows.iter().map(|row| row[3].text().to_owned()).collect();
        }
        Raw::Postgres(client) => client,
    };
    let seldom = if costs == Costs::Indexes { "off" } else { "on" };
    raw.execute(&format!(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = {seldom};
         SET enable_sort = {seldom}; PREPARE asked AS {text}"
    ))
    .await;
    let statement = client.prepare(text).await.expect("the text prepares");
    let nulls = vec!["NULL"; statement.params().len()].join(", ");
    let arguments = if nulls.is_empty() {
        nulls
    } else {
        format!("({nulls})")
    };
    let rows = raw.rows(&format!("EXPLAIN EXECUTE asked{arguments}")).await;
    raw.execute("DEALLOCATE asked").await;
    rows.iter().map(|row| row[0].text().to_owned()).collect()
}

/// Whether a step reads a table from end to end. SQLite calls the one row of parameters `i` or a
/// constant row, and an index read in its order is no scan of the table.
fn is_scan(step: &str) -> bool {
    let step = step.trim();
    let on_sqlite = step.starts_with("SCAN ")
        && !step.contains(" USING ")
        && !["SCAN i", "SCAN CONSTANT ROW", "SCAN counts"].contains(&step);
    on_sqlite || step.contains("Seq Scan on ")
}

/// Whether a list sorts what it found: then it reads all of it for one page.
fn is_sort_of_a_list(text: &str, step: &str) -> bool {
    is_listing(text) && (step.contains("USE TEMP B-TREE") || step.contains("Sort Key"))
}

/// Fills the database and lets PostgreSQL count what is there, as it does by itself in time.
async fn filled(database: &Database) -> Raw {
    drop(database.open().await);
    let raw = database.raw().await;
    // The nth sixteen bytes, in each engine's words.
    let bytes = |n: &str| match database.engine() {
        Engine::Sqlite => format!("unhex(printf('%032x', {n}))"),
        Engine::Postgres => format!("decode(lpad(to_hex({n}), 32, '0'), 'hex')"),
    };
    let up_to = |n: u32| {
        format!(
            "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {n})"
        )
    };
    let now = NOW.0;
    let (i, five) = (bytes("i"), bytes("(i - 1) * 5 + p"));
    for sql in [
        format!(
            "INSERT INTO app_user (id, is_service, name, name_source, email_source, role,
                role_source, preferences, created_at, updated_at)
             {} SELECT 'user-' || i, 0, 'User ' || i, 3, 0, 'customer', 3, '{{}}', {now}, {now} FROM n",
            up_to(500)
        ),
        format!(
            "INSERT INTO shop_order (id, number, status, customer, pharmacy, pharmacy_name, version,
                created_at, updated_at)
             {} SELECT 'order-' || i, 'n' || i, 'accepted', i, 'ph-' || (i % 3), 'Corner', 0, {now}, {now} FROM n",
            up_to(500)
        ),
        format!(
            "INSERT INTO room (id, code, shop_order, pharmacy, status, is_public, max_participants,
                participant_count, message_count, ordinal, last_message, seq, chain, version,
                last_at, created_at)
             {} SELECT {i}, 'code-' || i, i, 'ph-' || (i % 3), 'open', CASE WHEN i % 10 = 0 THEN 1 ELSE 0 END,
                10, 5, 100, 100, 100, 100, {i}, 0, {now} + i, {now} + i FROM n",
            up_to(500)
        ),
        format!(
            "INSERT INTO room_word (word, room) {} SELECT 'n' || i, i FROM n",
            up_to(500)
        ),
        format!(
            "INSERT INTO participant (id, room, usr, role, guest, readable, joined_at,
                visible_from, messages_before, read_ordinal, preferences, version)
             {}, five (p) AS (SELECT i FROM n WHERE i <= 5)
             SELECT {five}, i, (i + p * 97) % 500 + 1, 'customer', 0, 1, {now}, 1, 0, 0, '{{}}', 0
             FROM n CROSS JOIN five",
            up_to(500)
        ),
        format!(
            "INSERT INTO log (room, seq, kind, at, actor, actor_role, subject, ordinal, message_id,
                message_type, key_hash, digest, chain)
             {} SELECT (i - 1) % 500 + 1, (i - 1) / 500 + 1, 'message.created', {now} + i,
                i % 500 + 1, 'customer', (i - 1) / 500 + 1, (i - 1) / 500 + 1, {i}, 'text', {i}, {i}, {i}
             FROM n",
            up_to(50_000)
        ),
        format!(
            "INSERT INTO entry_text (g, salt, body) {} SELECT i, {i}, 'message ' || i FROM n",
            up_to(50_000)
        ),
        format!(
            "INSERT INTO receipt_mark (room, kind, seq, participant, at)
             {} SELECT (i - 1) % 500 + 1, 1, (i - 1) / 500 + 1, i % 5 + 1, {now} + i FROM n",
            up_to(25_000)
        ),
        format!(
            "INSERT INTO receipt_advance (participant, kind, seq, at)
             {} SELECT (i - 1) % 2500 + 1, 1, (i - 1) / 2500 + 1, {now} + i FROM n",
            up_to(25_000)
        ),
        format!(
            "INSERT INTO audit (at, actor, actor_role, action, room, salt, detail, digest, chain)
             {} SELECT {now} + i, i % 500 + 1, 'support', 'room.read', i % 500 + 1, {i}, '', {i}, {i} FROM n",
            up_to(5_000)
        ),
    ] {
        raw.execute(&sql).await;
    }
    if database.engine() == Engine::Postgres {
        raw.execute("ANALYZE").await;
    }
    assert_eq!(raw.int("SELECT COUNT(*) FROM log").await, 50_000);
    raw
}
