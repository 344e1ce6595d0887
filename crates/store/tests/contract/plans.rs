//! No statement reads more of a table the more there is in it: asked of each engine's own plans,
//! over 50,000 messages in 500 rooms.

use orderchat_store::{Sql, statements};

use crate::database::{Database, Engine};
use crate::filled::filled;
use crate::harness::tests;
use crate::raw::{Cell, Raw};

tests! {
    BOTH: no_statement_scans_a_table, hot_reads_use_the_index_made_for_them;
}

/// Parts of texts that may read a table from one end on, because they stop at the first row they
/// meet.
const READ_ONE_END: [&str; 9] = [
    "SELECT a.g FROM audit a ORDER BY a.g DESC LIMIT 1",
    "SELECT g, chain FROM audit ORDER BY g DESC LIMIT 1",
    "FROM checkpoint ORDER BY number DESC LIMIT 1",
    "FROM checkpoint WHERE horizon <= ",
    "FROM policy ORDER BY version DESC LIMIT 1",
    "FROM policy WHERE version = (SELECT MAX(version) FROM policy)",
    "UPDATE checkpoint SET scanned = ",
    "SELECT l.tx, l.g FROM log l ORDER BY l.g DESC LIMIT 1",
    "SELECT k FROM search_unit ORDER BY k DESC LIMIT 1",
];

/// Parts of texts that go through a whole table page by page, in the order of its key: for
/// verifying all of it, or for what was added last. Or that touch all of it once, after a restore.
const GO_THROUGH: [&str; 13] = [
    "AND p.kind = 'delivery.proof_added' AND p.source IS NULL ORDER BY p.k LIMIT ",
    "FROM attachment a WHERE a.k > ",
    "FROM upload u JOIN attachment a ON a.k = u.attachment WHERE u.attachment > ",
    "FROM upload_piece p JOIN attachment a ON a.k = p.attachment WHERE p.attachment > ",
    "LEFT JOIN participant p ON l.kind = 'participant.joined'",
    " ORDER BY a.g LIMIT ",
    "SELECT g, room, seq, chain FROM log WHERE g > ",
    "FROM room r LEFT JOIN room_head h ON h.room = r.k WHERE r.k > ",
    "FROM audit WHERE g > ",
    "SELECT k FROM room WHERE k > ",
    "FROM checkpoint WHERE number > ",
    "1 WHERE state = 'receiving'",
    "UPDATE checkpoint SET horizon = 0",
];

/// What follows the log over all rooms, or reads a range of the search index, from a key on: the
/// rows of all rooms are what it wants, up to its limit or the end of the range.
const FOLLOWS: [&str; 6] = [
    "FROM log l WHERE l.g > ?2",
    "FROM log l JOIN room r ON r.k = l.room WHERE l.g > ?2",
    "LEFT JOIN entry_text t ON t.g = l.g WHERE l.g > ?2",
    "WHERE l.g > ?2 AND l.g < ?4",
    "JOIN log l ON l.g >= i.g AND l.g < i.end_g",
    "search_bits",
];

async fn no_statement_scans_a_table(database: &Database) {
    let raw = filled(database).await;
    let mut scanning = Vec::new();
    for sql in statements() {
        let text = text_of(sql, database.engine());
        let plan = plan_of(&raw, text).await;
        let reads_all = |step: &String| {
            let sieves = is_sieve(step)
                && !(is_range(step) && FOLLOWS.iter().any(|part| text.contains(part)));
            is_scan(step) || sieves || (is_walk(text) && is_inner_sort(step))
        };
        let line = one_line(text);
        let mut meant = READ_ONE_END.iter().chain(&GO_THROUGH);
        if !meant.any(|part| line.contains(part)) && plan.iter().any(reads_all) {
            scanning.push(format!("{text}\n  {}", plan.join("\n  ")));
        }
    }
    assert!(scanning.is_empty(), "\n{}", scanning.join("\n\n"));
}

/// What everybody waits for: a part of its text, and what one step of its plan must say on SQLite
/// and on PostgreSQL.
const HOT: [(&str, &str, &[&str]); 29] = [
    (
        "AND l.seq > $2 ORDER BY l.seq LIMIT $3",
        "log_room_seq (room=? AND seq>?)",
        &["log_room_seq"],
    ),
    (
        "AND l.seq < $3 ORDER BY l.seq DESC LIMIT $6",
        "log_room_seq (room=? AND seq>? AND seq<?)",
        &["Backward using log_room_seq"],
    ),
    (
        "AND l.seq > $3 ORDER BY l.seq LIMIT $6",
        "log_room_seq (room=? AND seq>?)",
        &["log_room_seq"],
    ),
    (
        "AND l.seq = i.seq AND l.kind = 'message.created'",
        "log_room_seq (room=? AND seq=?)",
        &["log_room_seq"],
    ),
    ("WHERE l.message_id = $1", "log_message", &["log_message"]),
    ("l.key_hash = i.key_hash", "log_key", &["log_key"]),
    (
        "participant p ON p.room = i.room AND p.usr = i.usr LEFT JOIN app_user",
        "(room=? AND usr=?)",
        &["Index Cond", "(room = i.room)", "(usr = "],
    ),
    (
        "WHERE p.room = $1 AND p.k > $2",
        "participant_room (room=? AND k>?)",
        &["Index Cond", "(room = $1)", "(k > $2)"],
    ),
    (
        "LEFT JOIN message_state s ON",
        "s USING INDEX sqlite_autoindex_message_state_1 (room=? AND seq=?)",
        &["Index Cond", "(room = l.room)", "(seq = l.seq)"],
    ),
    (
        "WHERE r.k = h.room AND h.seq >= 0 AND (CAST($6 AS BIGINT) = 1 OR COALESCE(",
        "room_head_activity (",
        &["Backward using room_head_activity"],
    ),
    (
        "WHERE r.k = h.room AND 1 = 1 AND h.pharmacy = $2",
        "room_head_pharmacy (pharmacy=? AND last_at<?)",
        &["Backward using room_head_pharmacy"],
    ),
    (
        "WHERE r.k = h.room AND 1 = 1 AND h.is_public = 1",
        "room_head_public (",
        &["Backward using room_head_public"],
    ),
    (
        "WHERE r.k = h.room AND 1 = 1 AND h.is_public = 1 AND (CAST($6 AS BIGINT) = 1",
        "room_head_public (",
        &["Backward using room_head_public"],
    ),
    (
        "FROM order_event_waiting w WHERE w.at >= $1 AND w.at < $2",
        "order_event_waiting_at (at>? AND at<?)",
        &["order_event_waiting_at"],
    ),
    (
        "WHERE me.usr = $1 AND me.ended IS NULL AND me.readable = 1 LIMIT $2",
        "participant_own (usr=?)",
        &["participant_own"],
    ),
    (
        "WHERE m.room = $1 AND m.kind = $2 AND m.seq >= $3 ORDER BY",
        "(room=? AND kind=? AND seq>?)",
        &["receipt_mark_pkey"],
    ),
    (
        "t.root = $2 AND t.seq > $3 ORDER BY t.seq LIMIT",
        "reply_root (room=? AND root=? AND seq>?)",
        &["reply_root"],
    ),
    (
        "reply t ON t.room = $1 AND t.seq = up.at WHERE up.n < $3",
        "(room=? AND seq=?)",
        &["reply_pkey"],
    ),
    (
        "l.subject = $2 AND l.seq > $3 AND (l.kind",
        "log_message_change (room=? AND subject=? AND seq>?)",
        &["log_message_change"],
    ),
    (
        "p.visible_from, p.guest FROM participant p JOIN room r",
        "participant_unread (usr=? AND room>?)",
        &["participant_unread"],
    ),
    (
        "participant.has_unread = 0 AND participant.ended IS NULL",
        "participant_active (room=?)",
        &["using participant_all_read"],
    ),
    (
        "participant.has_unread = 0 AND participant.ended IS NULL",
        "participant_active (room=?)",
        &["Index Cond: (room = i.room)"],
    ),
    (
        "FROM timer t LEFT JOIN room r ON r.k = t.room ORDER BY",
        "USING COVERING INDEX timer_due",
        &["Scan using timer_due"],
    ),
    (
        "ORDER BY l.tx DESC, l.g DESC LIMIT $5",
        "l USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        &["Backward using log_tx"],
    ),
    (
        "ORDER BY l.tx, l.g LIMIT $3",
        "l USING INTEGER PRIMARY KEY (rowid>?)",
        &["using log_tx"],
    ),
    (
        "ORDER BY c.tx, c.g LIMIT 2000",
        "l USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        &["using log_tx"],
    ),
    (
        "c.kind = 'message.created' ORDER BY c.seq DESC",
        "log_room_seq (room=?)",
        &["Backward using log_room_seq"],
    ),
    (
        "JOIN search_bits b ON b.k = i.k",
        "b USING INTEGER PRIMARY KEY (rowid=?)",
        &["using search_bits_pkey"],
    ),
    (
        "(u.first_tx, u.first_g) < ($1, $2)",
        "search_unit_first (",
        &["Backward using search_unit_first"],
    ),
];

async fn hot_reads_use_the_index_made_for_them(database: &Database) {
    let raw = filled(database).await;
    let engine = database.engine();
    for (part, on_sqlite, on_postgres) in HOT {
        let wanted = match engine {
            Engine::Sqlite => &[on_sqlite][..],
            Engine::Postgres => on_postgres,
        };
        let hot: Vec<_> = statements()
            .into_iter()
            .filter(|sql| one_line(sql.postgres()).contains(part))
            .filter(|sql| !is_walk(sql.postgres()) || is_newest_first(sql.postgres()))
            .collect();
        assert!(!hot.is_empty(), "no text has {part:?} any more");
        for sql in hot {
            let text = text_of(sql, engine);
            let plan = plan_of(&raw, text).await;
            let uses = |step: &String| wanted.iter().all(|part| step.contains(part));
            assert!(
                plan.iter().any(uses),
                "{text}\nwithout {wanted:?}: {plan:#?}"
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

/// A list that walks all rooms in its order until the page is full: sorting, it would read them all.
fn is_walk(text: &str) -> bool {
    text.contains("WHERE r.k IS NOT NULL AND") || text.contains("WHERE r.k = h.room AND")
}

/// The order in which every client opens its list.
fn is_newest_first(text: &str) -> bool {
    text.contains("h.last_at DESC")
}

/// The steps of the plan, for any values of the parameters.
async fn plan_of(raw: &Raw, text: &str) -> Vec<String> {
    let client = match raw {
        Raw::Sqlite(_) => {
            let rows = raw.rows(&format!("EXPLAIN QUERY PLAN {text}")).await;
            // Of each step: its parent, 0 for none, and what it does.
            let depth = |row: &[Cell]| if row[1].int() == 0 { "" } else { "  " };
            let steps = rows
                .iter()
                .map(|row| format!("{}{}", depth(row), row[3].text()));
            return steps.collect();
        }
        Raw::Postgres(client) => client,
    };
    raw.execute(&format!(
        "SET plan_cache_mode = force_generic_plan; PREPARE asked AS {text}"
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

/// Whether a step reads a table from end to end. An index read in its order does not, nor does a
/// step over what an inner statement gave, which SQLite names as the text does.
fn is_scan(step: &str) -> bool {
    let step = step.trim();
    let on_sqlite = step.starts_with("SCAN ")
        && !step.contains(" USING ")
        && ![
            "SCAN i",
            "SCAN CONSTANT ROW",
            "SCAN counts",
            "SCAN own",
            "SCAN found",
            "SCAN up",
            "SCAN page",
        ]
        .contains(&step);
    on_sqlite || step.contains("Seq Scan on ")
}

/// Whether a step goes through rows of other rooms, or through all pairs of two tables' rows, to find
/// those it wants.
fn is_sieve(step: &str) -> bool {
    let on_sqlite = step.contains("(rowid>?") || step.contains("(rowid<?");
    let by_room = step.contains("Filter: ") && step.contains("(room = $1)");
    // Rooms that an index has found already are compared once more where three tables meet.
    let once_more = step.contains("Join Filter: (me.room = h_1.room)");
    on_sqlite || by_room || (step.contains("Join Filter: ") && !once_more)
}

/// Whether a step reads a range of keys on SQLite.
fn is_range(step: &str) -> bool {
    step.contains("(rowid>?")
}

/// Whether a step sorts what the page is taken from. The page itself may be sorted.
fn is_inner_sort(step: &str) -> bool {
    step.starts_with("  USE TEMP B-TREE FOR") || step.contains("Sort Key")
}
