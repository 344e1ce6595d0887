//! The audit's own chain, and how far checkpoints signed it.

use orderchat_domain::proof::{AuditWalk, Fault, StoredAudit};
use orderchat_store::checkpoints::Signed;
use orderchat_store::{Tx, proof};

use super::finding::Witness;
use super::{PAGE, Place, Report, Result, Wrong};

pub(super) fn start() -> AuditWalk {
    AuditWalk::default()
}

/// Follows the chain for a page; `None` at its end, and at the first bad entry.
pub(super) fn follow(
    tx: &mut Tx<'_>,
    mut walk: AuditWalk,
    report: &mut Report,
) -> Result<Option<AuditWalk>> {
    let page = proof::audit(tx, walk.head().seq, PAGE)?;
    for entry in &page {
        if let Err(fault) = walk.step(entry) {
            let fault = match swapped(tx, walk, entry)? {
                Some(with) => Fault::Swapped { with },
                None => fault,
            };
            let seq = entry.number;
            report
                .findings
                .add(Place::Audit, Wrong::Entry { seq, fault });
            return Ok(None);
        }
        report.audit += 1;
    }
    Ok((page.len() == PAGE as usize).then_some(walk))
}

/// The later entry that stands in the place of the bad one.
fn swapped(tx: &mut Tx<'_>, walk: AuditWalk, bad: &StoredAudit) -> Result<Option<u64>> {
    let mut after = bad.number;
    loop {
        let page = proof::audit(tx, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        after = last.number;
        if let Some(found) = page.iter().find(|later| walk.is_swapped(bad, later)) {
            return Ok(Some(found.number));
        }
    }
}

/// Whether the audit still has the entry that the checkpoint signed as its last.
pub(super) fn is_covered(tx: &mut Tx<'_>, signed: &Signed, report: &mut Report) -> Result<()> {
    let head = signed.checkpoint.audit;
    if head.seq == 0 {
        return Ok(());
    }
    let checkpoint = signed.checkpoint.number;
    let wrong = match proof::audit_link(tx, head.seq)? {
        Some(chain) if chain == head.chain => return Ok(()),
        Some(_) => Wrong::Rewritten {
            after: 0,
            seq: head.seq,
            checkpoint,
        },
        None => Wrong::CutOff {
            seq: head.seq,
            to: head.seq,
            said_by: Witness::Checkpoint(checkpoint),
        },
    };
    report.findings.add_once(Place::Audit, wrong);
    Ok(())
}
