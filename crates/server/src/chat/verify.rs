//! Verifying the record: every chain from its entries, over all of them the signed checkpoints, and the
//! signed statements of proofs.
//!
//! It reads in pages and keeps of what was good only the states of one room's edited, deleted and
//! answered messages, so that its memory does not grow with the record. What is written while it runs
//! is left to the next time.

mod audit;
mod finding;
mod rooms;
mod statements;

use orderchat_domain::checkpoint::Root;
use orderchat_domain::event::GENESIS;
use orderchat_domain::{Millis, RoomId};
use orderchat_store::checkpoints::{self, Signed};
use orderchat_store::{Tx, proof};

pub(crate) use finding::{BytesFault, Findings, Place, Wrong};

use super::{Chat, ChatError, Result};
use crate::signing::PublicKey;

/// Rows read at once.
const PAGE: u32 = 1_000;
/// Rooms verified on one snapshot of the database.
const ROOMS: u32 = 50;

/// What to verify, and by what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verification {
    /// This room only, and the checkpoints that name it.
    pub(crate) room: Option<RoomId>,
    /// Who may have signed.
    pub(crate) keys: Vec<PublicKey>,
    /// A checkpoint that was exported: it must be there.
    pub(crate) against: Option<Signed>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) findings: Findings,
    pub(crate) rooms: u64,
    pub(crate) entries: u64,
    pub(crate) audit: u64,
    pub(crate) checkpoints: u64,
    /// Files, where these were read, too.
    pub(crate) files: Option<FilesRead>,
    /// The newest checkpoint that was verified: number and time.
    pub(crate) newest: Option<(u64, Millis)>,
    /// The exported checkpoint that was found in it: number and time.
    pub(crate) exported: Option<(u64, Millis)>,
    /// Rooms with entries that no checkpoint covers yet.
    pub(crate) uncovered: u64,
}

/// What was read of files.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FilesRead {
    /// Read whole, and as they should be.
    pub(crate) good: u64,
    /// Not read, since the scanner may still reject them.
    pub(crate) waiting: u64,
}

impl Chat {
    /// Verifies the record. What is wrong with it is in the report; an error is that it could not
    /// be read.
    pub(crate) async fn verify(&self, verification: Verification) -> Result<Report> {
        let mut report = Report::default();
        let newest = self.newest_checkpoint().await?;
        report.newest = newest.map(|newest| (newest.checkpoint.number, newest.checkpoint.at));
        let keys = verification.keys;
        if let Some(head) = verification.against {
            report = self.verify_against(report, keys.clone(), head).await?;
        }
        match verification.room {
            Some(room) => self.verify_room(report, keys, room).await,
            None => {
                report = self.verify_audit(report).await?;
                report = self.verify_checkpoints(report, keys.clone()).await?;
                report = self.verify_rooms(report).await?;
                self.verify_statements(report, keys).await
            }
        }
    }

    /// Runs one step on a snapshot. The report goes through it, so that it need not be shared.
    async fn step<T: Send + 'static>(
        &self,
        mut report: Report,
        step: impl FnOnce(&mut Tx<'_>, &mut Report) -> Result<T> + Send + 'static,
    ) -> Result<(Report, T)> {
        self.read(move |tx| {
            let done = step(tx, &mut report)?;
            Ok((report, done))
        })
        .await
    }

    async fn verify_against(
        &self,
        report: Report,
        keys: Vec<PublicKey>,
        head: Signed,
    ) -> Result<Report> {
        let compare = move |tx: &mut Tx<'_>, report: &mut Report| {
            compare(tx, &keys, &head, report)?;
            Ok(())
        };
        Ok(self.step(report, compare).await?.0)
    }

    async fn verify_checkpoints(&self, report: Report, keys: Vec<PublicKey>) -> Result<Report> {
        let (mut report, mut before) = (report, Before::default());
        let last = report.newest.map_or(0, |(number, _)| number);
        while before.number < last {
            let keys = keys.clone();
            let check = move |tx: &mut Tx<'_>, report: &mut Report| {
                let page = checkpoints::after(tx, before.number, ROOMS)?;
                for signed in page.iter().filter(|one| one.checkpoint.number <= last) {
                    before.precedes(signed, report);
                    check_signed(tx, &keys, signed, None, report)?;
                    audit::is_covered(tx, signed, report)?;
                    report.checkpoints += 1;
                    before = Before::of(signed);
                }
                Ok(if page.is_empty() { None } else { Some(before) })
            };
            let goes_on;
            (report, goes_on) = self.step(report, check).await?;
            match goes_on {
                Some(reached) => before = reached,
                None => break,
            }
        }
        Ok(report)
    }

    async fn verify_audit(&self, report: Report) -> Result<Report> {
        let (mut report, mut walk) = (report, Some(audit::start()));
        while let Some(reached) = walk {
            let go_on =
                move |tx: &mut Tx<'_>, report: &mut Report| audit::follow(tx, reached, report);
            (report, walk) = self.step(report, go_on).await?;
        }
        Ok(report)
    }

    async fn verify_rooms(&self, report: Report) -> Result<Report> {
        let (mut report, mut after) = (report, Some(0));
        while let Some(key) = after {
            let check = move |tx: &mut Tx<'_>, report: &mut Report| rooms::page(tx, key, report);
            (report, after) = self.step(report, check).await?;
        }
        Ok(report)
    }

    async fn verify_statements(&self, report: Report, keys: Vec<PublicKey>) -> Result<Report> {
        let (mut report, mut after) = (report, Some(0));
        while let Some(key) = after {
            let keys = keys.clone();
            let check = move |tx: &mut Tx<'_>, report: &mut Report| {
                statements::page(tx, &keys, key, report)
            };
            (report, after) = self.step(report, check).await?;
        }
        Ok(report)
    }

    async fn verify_room(
        &self,
        report: Report,
        keys: Vec<PublicKey>,
        room: RoomId,
    ) -> Result<Report> {
        let check = move |tx: &mut Tx<'_>, report: &mut Report| {
            let last = report.newest.map_or(0, |(number, _)| number);
            match proof::room(tx, room)? {
                Some(found) => rooms::check(tx, &found, report)?,
                None => {
                    let signed = checkpoints::of_room(tx, room, 0, last, 1)?;
                    let wrong = signed.first().map(|(checkpoint, head)| Wrong::RoomGone {
                        checkpoint: *checkpoint,
                        seq: head.seq,
                    });
                    let wrong = wrong.unwrap_or(Wrong::NoSuchRoom);
                    report.findings.add(Place::RoomId(room), wrong);
                }
            }
            let mut after = 0;
            loop {
                let naming = checkpoints::of_room(tx, room, after, last, PAGE)?;
                let Some((number, _)) = naming.last() else {
                    return Ok::<_, ChatError>(());
                };
                after = *number;
                for (number, _) in naming {
                    let mut found = checkpoints::after(tx, number - 1, 1)?;
                    found.retain(|one| one.checkpoint.number == number);
                    let Some(signed) = found.first() else {
                        let place = Place::Checkpoint(number);
                        report.findings.add(place, Wrong::CheckpointRemoved);
                        continue;
                    };
                    check_signed(tx, &keys, signed, Some(room), report)?;
                    report.checkpoints += 1;
                }
            }
        };
        Ok(self.step(report, check).await?.0)
    }
}

/// The checkpoint before the one that is looked at.
#[derive(Clone, Copy, Debug)]
struct Before {
    number: u64,
    hash: orderchat_domain::event::Hash,
}

impl Default for Before {
    fn default() -> Self {
        Self {
            number: 0,
            hash: GENESIS,
        }
    }
}

impl Before {
    fn of(signed: &Signed) -> Self {
        Self {
            number: signed.checkpoint.number,
            hash: signed.checkpoint.hash(),
        }
    }

    fn precedes(self, signed: &Signed, report: &mut Report) {
        let number = self.number + 1;
        if signed.checkpoint.number != number {
            report
                .findings
                .add(Place::Checkpoint(number), Wrong::CheckpointRemoved);
        } else if signed.checkpoint.previous != self.hash {
            report
                .findings
                .add(Place::Checkpoint(number), Wrong::CheckpointUnlinked);
        }
    }
}

/// The signature, the root over the rooms, and whether they are all still there; or of them the only
/// one that is asked for.
fn check_signed(
    tx: &mut Tx<'_>,
    keys: &[PublicKey],
    signed: &Signed,
    only: Option<RoomId>,
    report: &mut Report,
) -> Result<()> {
    let checkpoint = &signed.checkpoint;
    let place = Place::Checkpoint(checkpoint.number);
    if let Some(wrong) = signature_fault(keys, signed) {
        report.findings.add(place.clone(), wrong);
    }
    let (mut root, mut after) = (Root::default(), None);
    loop {
        let page = checkpoints::rooms_of(tx, checkpoint.number, after, PAGE)?;
        let whole = page.len() < PAGE as usize;
        for covered in page {
            root.push(covered.room, covered.head);
            after = Some(covered.room);
            if !covered.exists && only.is_none_or(|only| only == covered.room) {
                let gone = Wrong::RoomGone {
                    checkpoint: checkpoint.number,
                    seq: covered.head.seq,
                };
                report.findings.add_once(Place::RoomId(covered.room), gone);
            }
        }
        if whole {
            break;
        }
    }
    if root.finish() != (checkpoint.rooms, checkpoint.root) {
        report.findings.add(place, Wrong::RoomsOfCheckpointChanged);
    }
    Ok(())
}

fn signature_fault(keys: &[PublicKey], signed: &Signed) -> Option<Wrong> {
    let checkpoint = &signed.checkpoint;
    match keys.iter().find(|key| *key.as_bytes() == checkpoint.key) {
        None => Some(Wrong::UnknownKey {
            key: checkpoint.key,
        }),
        Some(key) if !key.verifies(&checkpoint.signed_bytes(), &signed.signature) => {
            Some(Wrong::CheckpointChanged)
        }
        Some(_) => None,
    }
}

/// Whether the exported head is one of the checkpoints.
fn compare(tx: &mut Tx<'_>, keys: &[PublicKey], head: &Signed, report: &mut Report) -> Result<()> {
    let exported = &head.checkpoint;
    if let Some(wrong) = signature_fault(keys, head) {
        report.findings.add(Place::Head, wrong);
        return Ok(());
    }
    let found = checkpoints::after(tx, exported.number.saturating_sub(1), 1)?;
    let same_number = found
        .iter()
        .find(|found| found.checkpoint.number == exported.number);
    let wrong = match same_number {
        Some(found) if found.checkpoint.hash() == exported.hash() => {
            report.exported = Some((exported.number, exported.at));
            return Ok(());
        }
        Some(_) => Wrong::OtherHistory {
            number: exported.number,
            at: exported.at,
        },
        None => Wrong::OlderCopy {
            number: exported.number,
            at: exported.at,
            last: report.newest.map_or(0, |(number, _)| number),
        },
    };
    report.findings.add(Place::Head, wrong);
    Ok(())
}
