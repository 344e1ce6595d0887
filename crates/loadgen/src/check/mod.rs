//! The history checker: lays what clients were told beside what the server kept.
//!
//! Every rule is a pure function over the [`Evidence`] and has a name, under which it reports each
//! violation. Rules of one room see a [`Case`]; the two that look across nodes and rooms stand
//! beside them. Each is tested on a history that is bad in just its way.

mod block;
mod case;
mod changes;
mod command;
mod fetch;
mod following;
mod live;
mod nodes;
mod order;
mod prefix;
mod reading;
mod room_log;
#[cfg(test)]
mod sample;
mod sends;
mod watermarks;

use std::fmt;

pub(crate) use command::{Args, read_all, report, run};

use case::Case;
use following::Following;
use reading::Reading;

use crate::heard::Heard;
use crate::history::Record;

/// Everything there is to judge by.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    /// All that was done to the rooms by anybody; a message without a record is a violation.
    pub(crate) records: &'a [Record],
    /// What followers heard on live connections.
    pub(crate) heard: &'a [Heard],
    /// The rooms as each node shows them, at rest. Never empty.
    pub(crate) readings: &'a [Reading],
    /// The server runs on a restored backup: the end of the history may be missing.
    pub(crate) restored: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    pub(crate) room: String,
    pub(crate) detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: room {}: {}", self.rule, self.room, self.detail)
    }
}

/// A rule about one room. It answers a sentence for each violation.
type RoomRule = fn(&Case<'_>) -> Vec<String>;

const ROOM_RULES: [(&str, RoomRule); 26] = [
    ("ok-send-once", sends::ok_once),
    ("maybe-send-at-most-once", sends::maybe_at_most_once),
    ("failed-send-absent", sends::failed_absent),
    ("one-key-one-message", sends::one_key_one_message),
    ("no-message-unasked", sends::none_unasked),
    ("edit-applied", changes::edits_applied),
    ("delete-applied", changes::deletes_applied),
    ("no-change-unasked", changes::none_unasked),
    ("seq-without-gap", room_log::without_gap),
    ("log-and-messages-agree", room_log::agrees_with_messages),
    ("time-never-runs-back", room_log::time_never_runs_back),
    ("real-time-order", order::real_time),
    ("read-after-ack", order::heads_include_acked),
    ("head-never-falls", order::heads_never_fall),
    ("watermark-holds", watermarks::hold),
    ("nothing-after-block", block::nothing_after),
    ("live-without-gap", live::without_gap),
    ("live-exactly-once", live::exactly_once),
    ("live-caught-up-is-true", live::caught_up_is_true),
    ("live-to-the-end", live::to_the_end),
    ("live-only-what-is-logged", live::only_what_is_logged),
    ("live-as-logged", live::as_logged),
    ("live-texts-agree", live::texts_agree),
    ("live-nothing-after-end", live::nothing_after_end),
    ("live-real-time", live::real_time),
    ("live-resumes-are-served", live::resumes_are_served),
];

/// Every violation found. The rules of a room read the first node; another node that differs from
/// it is a violation of its own.
pub(crate) fn check(evidence: &Evidence<'_>) -> Vec<Violation> {
    let Some(first) = evidence.readings.first() else {
        return Vec::new();
    };
    let mut violations = nodes::agree(evidence.readings);
    let records = if evidence.restored {
        let restored = prefix::survivors(evidence.records, first);
        violations.extend(restored.violations);
        restored.records
    } else {
        evidence.records.to_vec()
    };
    for room in &first.rooms {
        let following = Following::all(&room.id, evidence.heard, evidence.restored);
        let case = Case::new(room, &records, following);
        for (rule, find) in ROOM_RULES {
            violations.extend(find(&case).into_iter().map(|detail| Violation {
                rule,
                room: room.id.clone(),
                detail,
            }));
        }
    }
    violations
}
