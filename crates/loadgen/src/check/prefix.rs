//! After a restore the rooms are a prefix of what happened: the end may be missing, the middle not.

use std::collections::HashMap;

use super::Violation;
use super::reading::{Reading, RoomRead};
use crate::history::{Op, Outcome, Record};

const RULE: &str = "restored-prefix";

#[derive(Debug)]
pub(crate) struct Restored {
    /// What the other rules still hold for.
    pub(crate) records: Vec<Record>,
    pub(crate) violations: Vec<Violation>,
}

/// Parts the records into those the backup holds and those it was made too early for. One backup
/// is of one instant: what it holds, in any room, did not begin after the ack of what it lacks.
pub(crate) fn survivors(records: &[Record], reading: &Reading) -> Restored {
    let rooms: HashMap<&str, &RoomRead> =
        reading.rooms.iter().map(|r| (r.id.as_str(), r)).collect();
    let mut kept = Vec::new();
    let mut first_lost: Option<&Record> = None;
    for record in records {
        let room = rooms.get(record.room.as_str()).copied();
        match fate(record, room) {
            Fate::Held => kept.push(record.clone()),
            Fate::Open => kept.push(Record {
                outcome: Outcome::Maybe,
                ..record.clone()
            }),
            Fate::Lost if first_lost.is_none_or(|lost| record.return_ns < lost.return_ns) => {
                first_lost = Some(record);
            }
            Fate::Lost | Fate::NoMatter => {}
        }
    }
    let violations = first_lost.map_or(Vec::new(), |lost| begun_after(lost, &kept));
    Restored {
        records: kept,
        violations,
    }
}

enum Fate {
    Held,
    Lost,
    /// Not in the log, so either is right.
    Open,
    /// A look at what was then.
    NoMatter,
}

fn fate(record: &Record, room: Option<&RoomRead>) -> Fate {
    let logged = match record.op {
        Op::Head | Op::Watermark => return Fate::NoMatter,
        Op::Read => return Fate::Open,
        _ if record.outcome != Outcome::Ok => return Fate::Held,
        Op::Delete => room.is_some_and(|room| {
            let mut events = room.events.iter();
            events.any(|e| e.kind == "message.deleted" && e.message() == record.key.as_deref())
        }),
        Op::Send | Op::Edit | Op::Block => {
            room.is_some_and(|room| record.seq.is_some_and(|seq| seq <= room.head()))
        }
    };
    if logged { Fate::Held } else { Fate::Lost }
}

fn begun_after(lost: &Record, kept: &[Record]) -> Vec<Violation> {
    let acked = kept
        .iter()
        .filter(|record| record.outcome == Outcome::Ok && record.invoke_ns > lost.return_ns);
    acked
        .map(|record| Violation {
            rule: RULE,
            room: record.room.clone(),
            detail: format!(
                "the backup holds the {:?} {:?} and lacks {:?} in room {}, acked before it began",
                record.op, record.key, lost.key, lost.room
            ),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::check::sample::Sample;
    use crate::check::{Evidence, check};

    fn broken(sample: &Sample) -> Vec<&'static str> {
        let violations = check(&Evidence {
            records: &sample.records,
            heard: &[],
            readings: &[sample.reading()],
            restored: true,
        });
        violations.iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn a_backup_may_lack_the_end() {
        for head in 0..=Sample::good().room.head() {
            let mut sample = Sample::good();
            sample.cut_after(head);
            assert_eq!(broken(&sample), [""; 0], "cut after {head}");
        }
    }

    #[test]
    fn a_backup_that_lacks_the_middle() {
        let mut sample = Sample::good();
        let head = sample.room.head();
        let mut early = sample.record("a").clone();
        early.room = "room-lost".into();
        early.invoke_ns = 1;
        early.return_ns = 2;
        sample.records.push(early);
        assert_eq!(sample.room.head(), head);
        assert!(broken(&sample).contains(&"restored-prefix"));
    }

    #[test]
    fn a_backup_with_another_text_is_no_prefix() {
        let mut sample = Sample::good();
        sample.message("m-a").content = "other".into();
        assert_eq!(broken(&sample), ["ok-send-once"]);
    }
}
