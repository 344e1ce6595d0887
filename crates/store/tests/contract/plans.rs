//! No statement reads more of a table the more there is in it: asked of each engine's own plans,
//! over 50,000 messages in 500 rooms.

use orderchat_store::{Sql, statements};

use crate::database::{Database, Engine};
use crate::filled::filled;
use crate::harness::tests;
use crate::raw::Raw;

tests! {
    BOTH: timing, no_statement_scans_a_table, hot_reads_use_the_index_made_for_them;
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
        let plan = plan_of(&raw, text).await;
        if plan
            .iter()
            .any(|step| is_scan(step) || is_sort_of_a_list(text, step))
        {
            scanning.push(format!("{text}\n  {}", plan.join("\n  ")));
        }
    }
    assert!(scanning.is_empty(), "\n{}", scanning.join("\n\n"));
}

/// What everybody waits for: a part of its text, and what one step of its plan must say on SQLite
/// and on PostgreSQL.
const HOT: [(&str, &str, &[&str]); 10] = [
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
        "= 1 OR COALESCE(me.ended, '') <> 'blocked') AND r.deleted_at IS NULL",
        "room_activity",
        &["Backward using room_activity"],
    ),
    (
        "r.pharmacy = $2 AND COALESCE(me.ended, '') <> 'blocked' AND r.deleted_at",
        "room_pharmacy_activity",
        &["Backward using room_pharmacy_activity"],
    ),
    (
        "FROM receipt_mark WHERE room = $1 AND kind = $2 AND seq >= $3 ORDER BY",
        "(room=? AND kind=? AND seq>?)",
        &["receipt_mark_pkey"],
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
            .filter(|sql| !is_listing(sql.postgres()) || is_newest_first(sql.postgres()))
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

fn is_listing(text: &str) -> bool {
    text.contains("r.k DESC LIMIT") || text.contains("r.k ASC LIMIT")
}

/// The list that every client opens with: newest activity first, nothing searched for.
fn is_newest_first(text: &str) -> bool {
    text.contains("r.last_at DESC") && !text.contains("room_word")
}

/// The steps of the plan, for any values of the parameters.
async fn plan_of(raw: &Raw, text: &str) -> Vec<String> {
    let client = match raw {
        Raw::Sqlite(_) => {
            let rows = raw.rows(&format!("EXPLAIN QUERY PLAN {text}")).await;
            return rows.iter().map(|row| row[3].text().to_owned()).collect();
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

/// Whether a step reads a table from end to end. SQLite calls the one row of parameters `i` or a
/// constant row, and an index read in its order is no scan of the table.
fn is_scan(step: &str) -> bool {
    let step = step.trim();
    let on_sqlite = step.starts_with("SCAN ")
        && !step.contains(" USING ")
        && !["SCAN i", "SCAN CONSTANT ROW", "SCAN counts"].contains(&step);
    on_sqlite || step.contains("Seq Scan on ")
}

/// Whether a list sorts what it found: then it reads all of it for one page. A search and the list
/// of one's own rooms do: they read what was found, and one's own rooms, and no others.
fn is_sort_of_a_list(text: &str, step: &str) -> bool {
    let bounded = text.contains("room_word") || text.contains("FROM participant me");
    is_listing(text) && !bounded && (step.contains("USE TEMP B-TREE") || step.contains("Sort Key"))
}

pub(crate) async fn timing(database: &Database) {
    use orderchat_store::rooms::*;
    let raw = filled(database).await;
    drop(raw);
    let store = database.open().await;
    for round in 2..3 {
        for (name, scope) in [
            ("mine", Scope::Mine),
            ("all", Scope::All),
            ("pharmacy", Scope::Pharmacy("ph1")),
            ("public", Scope::Public),
        ] {
            for ordering in [Ordering::LastActivity, Ordering::CreatedAt] {
                for search in [None, Some("n500"), Some("n")] {
                    let t = std::time::Instant::now();
                    let r: std::result::Result<usize, orderchat_store::StoreError> = store
                        .read(move |tx| {
                            let filter = Filter {
                                user: 1,
                                status: None,
                                is_public: None,
                                role: None,
                                search,
                                blocked_too: false,
                            };
                            for _ in 0..6 {
                                list(
                                    tx,
                                    scope,
                                    &filter,
                                    ordering,
                                    Direction::Descending,
                                    None,
                                    20,
                                )?;
                            }
                            Ok(list(
                                tx,
                                scope,
                                &filter,
                                ordering,
                                Direction::Descending,
                                None,
                                20,
                            )?
                            .len())
                        })
                        .await;
                    let n = match r {
                        Ok(n) => n,
                        Err(e) => {
                            eprintln!("TIME {name} {ordering:?} {search:?} {e}");
                            0
                        }
                    };
                    if round == 2 {
                        eprintln!(
                            "TIME {} {name} {ordering:?} {search:?}: {n} rooms, {:.2} ms each",
                            database.engine().name(),
                            t.elapsed().as_secs_f64() * 1e3 / 7.0
                        );
                    }
                }
            }
        }
    }
}
