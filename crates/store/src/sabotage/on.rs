//! The defects.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orderchat_domain::news::News;

use crate::hearers::Hearers;

#[cfg(not(debug_assertions))]
compile_error!("the feature `sabotage` is for tests: no server for use is built with it");

/// Every so many events one is lost.
const LOSES_EVERY: u64 = 500;
/// Every so many entries one has the seq of the one before. More often than that is of no use: what is
/// written beside an entry is found by its seq.
const REUSES_EVERY: u64 = 50;
/// How long before it is committed a send is told of: what a kill has to meet.
const EARLY: Duration = Duration::from_millis(30);

/// The database itself refuses a seq that was given, but for this.
const NOT_UNIQUE: &str = "DROP INDEX IF EXISTS log_room_seq;
    CREATE INDEX log_room_seq ON log (room, seq);";

/// What is wrong with this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    PublishesEarly,
    LosesEvents,
    ReusesSeqs,
    ForgetsBlocks,
}

static CHOSEN: OnceLock<Defect> = OnceLock::new();

/// Gives this process the defect of this name. `false`: there is none, or it has one.
#[must_use]
pub fn choose(name: &str) -> bool {
    let defect = match name {
        "publish-before-commit" => Defect::PublishesEarly,
        "drop-every-500th" => Defect::LosesEvents,
        "reuse-a-seq" => Defect::ReusesSeqs,
        "forget-blocks" => Defect::ForgetsBlocks,
        _ => return false,
    };
    CHOSEN.set(defect).is_ok()
}

fn has(defect: Defect) -> bool {
    CHOSEN.get() == Some(&defect)
}

fn is_nth(count: &AtomicU64, every: u64) -> bool {
    (count.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(every)
}

pub(crate) fn schema() -> &'static str {
    if has(Defect::ReusesSeqs) {
        NOT_UNIQUE
    } else {
        ""
    }
}

pub(crate) fn tell_early(hearers: &Hearers, news: &[News]) {
    if has(Defect::PublishesEarly) {
        hearers.hear(news.to_vec());
        std::thread::sleep(EARLY);
    }
}

pub(crate) fn reuses_seq() -> bool {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    has(Defect::ReusesSeqs) && is_nth(&COUNT, REUSES_EVERY)
}

#[must_use]
pub fn loses_event() -> bool {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    has(Defect::LosesEvents) && is_nth(&COUNT, LOSES_EVERY)
}

#[must_use]
pub fn forgets_block() -> bool {
    has(Defect::ForgetsBlocks)
}
