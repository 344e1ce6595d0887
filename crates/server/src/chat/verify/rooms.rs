//! The rooms' logs, how far checkpoints signed them, and what is shown beside them.

use std::collections::{BTreeSet, HashMap, VecDeque};

use orderchat_domain::RoomId;
use orderchat_domain::attachment::{FileRecord, FileState};
use orderchat_domain::checkpoint::Head;
use orderchat_domain::proof::{Fault, FromLog, MessageFile, RoomState, RoomWalk, StoredEntry};
use orderchat_store::proof::{self, RoomOnFile};
use orderchat_store::{Tx, checkpoints};

use super::finding::Witness;
use super::{PAGE, Place, ROOMS, Report, Result, Wrong};

/// Verifies some rooms after the one of this key; where to go on, `None` at the end.
pub(super) fn page(tx: &mut Tx<'_>, after: i64, report: &mut Report) -> Result<Option<i64>> {
    let rooms = proof::rooms(tx, after, ROOMS)?;
    let (mut after, whole) = (after, rooms.len() < ROOMS as usize);
    for room in &rooms {
        find_strays(tx, after, room.key, report)?;
        check(tx, room, report)?;
        after = room.key;
    }
    if whole {
        find_strays(tx, after, i64::MAX, report)?;
        return Ok(None);
    }
    Ok(Some(after))
}

/// Logs without a room, between two rooms.
fn find_strays(tx: &mut Tx<'_>, after: i64, before: i64, report: &mut Report) -> Result<()> {
    let mut after = after;
    while let Some((key, _)) = proof::stray_log(tx, after, before)? {
        report.findings.add(Place::RoomKey(key), Wrong::RowGone);
        after = key;
    }
    Ok(())
}

/// Verifies one room; at most its first bad entry is found.
pub(super) fn check(tx: &mut Tx<'_>, room: &RoomOnFile, report: &mut Report) -> Result<()> {
    let last = report.newest.map_or(0, |(number, _)| number);
    let mut checked = Checked {
        walk: RoomWalk::new(room.id),
        signed: SignedHeads::new(room.id, last),
        from_log: FromLog::default(),
        files: Files::default(),
        report: &mut *report,
    };
    let mut wrong = checked.follow(tx, room.key)?;
    if wrong.is_none() {
        wrong = checked.end(tx, room.head)?;
    }
    if wrong.is_none() {
        wrong = checked.shown(tx, room.key, &room.state)?;
    }
    report.rooms += 1;
    if let Some(wrong) = wrong {
        let place = Place::Room {
            code: room.code.clone(),
            id: room.id,
        };
        report.findings.add(place, wrong);
    }
    Ok(())
}

struct Checked<'a> {
    walk: RoomWalk,
    signed: SignedHeads,
    from_log: FromLog,
    files: Files,
    report: &'a mut Report,
}

impl Checked<'_> {
    /// Follows the log to its end.
    fn follow(&mut self, tx: &mut Tx<'_>, room: i64) -> Result<Option<Wrong>> {
        loop {
            let page = proof::entries(tx, room, self.walk.head().seq, PAGE)?;
            for entry in &page {
                if let Err(fault) = self.walk.step(entry) {
                    return self.name(tx, room, entry, fault).map(Some);
                }
                self.report.entries += 1;
                if entry.text.is_none() {
                    // Nothing erases texts, neither by retention nor on request.
                    let (seq, fault) = (entry.seq, Fault::TextGone);
                    return Ok(Some(Wrong::Entry { seq, fault }));
                }
                self.from_log.take(entry);
                if let Some(wrong) = self.signed.compare(tx, self.walk.head())? {
                    return Ok(Some(wrong));
                }
            }
            self.files.compare(tx, room, &page)?;
            if page.len() < PAGE as usize {
                return Ok(None);
            }
        }
    }

    /// What happened to a bad entry.
    fn name(&self, tx: &mut Tx<'_>, room: i64, bad: &StoredEntry, fault: Fault) -> Result<Wrong> {
        let seq = self.walk.head().seq + 1;
        if fault == Fault::Removed {
            return Ok(Wrong::Entry { seq, fault });
        }
        let mut after = bad.seq;
        loop {
            let page = proof::entries(tx, room, after, PAGE)?;
            let Some(last) = page.last() else {
                return Ok(Wrong::Entry { seq, fault });
            };
            after = last.seq;
            if let Some(with) = page.iter().find(|later| self.walk.is_swapped(bad, later)) {
                let fault = Fault::Swapped { with: with.seq };
                return Ok(Wrong::Entry { seq, fault });
            }
        }
    }

    /// Whether the log ends where others say that it does.
    fn end(&mut self, tx: &mut Tx<'_>, head: Head) -> Result<Option<Wrong>> {
        let reached = self.walk.head();
        let cut_off = |to, said_by| Wrong::CutOff {
            seq: reached.seq + 1,
            to,
            said_by,
        };
        if let Some((checkpoint, signed)) = self.signed.next(tx)? {
            return Ok(Some(cut_off(signed.seq, Witness::Checkpoint(checkpoint))));
        }
        self.report.uncovered += u64::from(self.signed.vouched < reached.seq);
        Ok(if head == reached {
            None
        } else if head.seq > reached.seq {
            Some(cut_off(head.seq, Witness::Room))
        } else if head.seq < reached.seq {
            Some(Wrong::BeyondHead { seq: head.seq + 1 })
        } else {
            Some(Wrong::Entry {
                seq: head.seq,
                fault: Fault::NotTheHead,
            })
        })
    }

    /// Whether what is shown is what the log says.
    fn shown(&mut self, tx: &mut Tx<'_>, room: i64, state: &RoomState) -> Result<Option<Wrong>> {
        if let Some(what) = state.differs_in(self.from_log.room()) {
            return Ok(Some(Wrong::RoomShown { what }));
        }
        let file = self.files.wrong(self.from_log.rejected());
        let mut after = None;
        loop {
            let page = proof::message_states(tx, room, after, PAGE)?;
            for (seq, state) in &page {
                if let Some(what) = state.differs_in(&self.from_log.compared(*seq)) {
                    return Ok(Some(Wrong::MessageShown { seq: *seq, what }));
                }
            }
            after = page.last().map(|(seq, _)| *seq);
            if page.len() < PAGE as usize {
                break;
            }
        }
        let forgotten = |seq| Wrong::MessageShown {
            seq,
            what: "all of it",
        };
        let forgotten = self.from_log.left().map(forgotten);
        Ok(forgotten.or(file))
    }
}

/// The files of a room's messages, as the table of files has them, which says what is served.
#[derive(Default)]
struct Files {
    /// The first that is not the one of its message.
    other: Option<Wrong>,
    /// The messages whose file was rejected, ascending.
    rejected: Vec<u64>,
}

impl Files {
    fn compare(&mut self, tx: &mut Tx<'_>, room: i64, entries: &[StoredEntry]) -> Result<()> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(());
        };
        let files = proof::files(tx, room, first.seq, last.seq)?;
        let is_rejected =
            |(_, file): &&(u64, MessageFile)| file.state == FileState::Failed.as_str();
        let rejected = files.iter().filter(is_rejected).map(|(seq, _)| *seq);
        self.rejected.extend(rejected);
        if self.other.is_none() {
            let mut files: HashMap<u64, MessageFile> = files.into_iter().collect();
            self.other = entries.iter().find_map(|entry| {
                let what = differs(entry, files.remove(&entry.seq))?;
                Some(file_shown(entry.seq, what))
            });
        }
        Ok(())
    }

    /// What is wrong with them, when the log says that these were rejected.
    fn wrong(&mut self, logged: impl Iterator<Item = u64>) -> Option<Wrong> {
        let logged: BTreeSet<u64> = logged.collect();
        let stored: BTreeSet<u64> = self.rejected.drain(..).collect();
        let otherwise = logged.symmetric_difference(&stored).next();
        let rejected = |seq: &u64| file_shown(*seq, "whether it was rejected");
        self.other.take().or_else(|| otherwise.map(rejected))
    }
}

const fn file_shown(seq: u64, what: &'static str) -> Wrong {
    Wrong::FileShown { seq, what }
}

/// What of the file is otherwise than the entry has it.
fn differs(entry: &StoredEntry, file: Option<MessageFile>) -> Option<&'static str> {
    let logged = entry.text.as_ref().filter(|text| !text.file.is_empty());
    match (logged, file) {
        (None, None) => None,
        (Some(text), Some(file)) => match serde_json::from_str::<FileRecord>(&text.file) {
            Ok(logged) => file.differs_in(&logged),
            Err(_) => Some("all of it"),
        },
        (Some(_), None) => Some("that it has one"),
        (None, Some(_)) => Some("that it has none"),
    }
}

/// What checkpoints signed of a room, in their order, read page by page.
struct SignedHeads {
    room: RoomId,
    /// The last checkpoint that counts, and the last that was read.
    last: u64,
    read: u64,
    at_end: bool,
    waiting: VecDeque<(u64, Head)>,
    /// The last seq that was found as it was signed.
    vouched: u64,
}

impl SignedHeads {
    fn new(room: RoomId, last: u64) -> Self {
        Self {
            room,
            last,
            read: 0,
            at_end: false,
            waiting: VecDeque::new(),
            vouched: 0,
        }
    }

    /// The next one that no entry was compared with.
    fn next(&mut self, tx: &mut Tx<'_>) -> Result<Option<(u64, Head)>> {
        if self.waiting.is_empty() && !self.at_end {
            let page = checkpoints::of_room(tx, self.room, self.read, self.last, PAGE)?;
            self.at_end = page.len() < PAGE as usize;
            self.read = page.last().map_or(self.read, |(number, _)| *number);
            self.waiting = page.into();
        }
        Ok(self.waiting.front().copied())
    }

    /// Compares an entry with what was signed of it.
    fn compare(&mut self, tx: &mut Tx<'_>, reached: Head) -> Result<Option<Wrong>> {
        while let Some((checkpoint, signed)) = self.next(tx)?
            && signed.seq <= reached.seq
        {
            if signed != reached {
                return Ok(Some(Wrong::Rewritten {
                    after: self.vouched,
                    seq: signed.seq,
                    checkpoint,
                }));
            }
            self.vouched = signed.seq;
            self.waiting.pop_front();
        }
        Ok(None)
    }
}
