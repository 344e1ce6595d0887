//! Messages that people reported, each person each message once.

use orderchat_domain::Millis;
use orderchat_domain::message::ReportReason;

use crate::sql::statements;
use crate::value::values;
use crate::{Result, StoreError, Tx};

statements! {
    INSERT = "INSERT INTO message_report (room, seq, reporter, reason, at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (room, seq, reporter) DO NOTHING";
    GET = "SELECT m.reason, m.at FROM message_report m
        WHERE m.room = $1 AND m.seq = $2 AND m.reporter = $3";
}

/// A report as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    pub reason: ReportReason,
    pub at: Millis,
}

/// Keeps the report, unless the user has reported the message before. Gives the one that is kept,
/// and whether it is new.
///
/// # Errors
/// As any write.
pub fn add(
    tx: &mut Tx<'_>,
    room: i64,
    seq: u64,
    reporter: i64,
    report: Report,
) -> Result<(Report, bool)> {
    let reason = report.reason.as_str();
    let added = tx.change(&INSERT, &values![room, seq, reporter, reason, report.at])?;
    if added == 1 {
        return Ok((report, true));
    }
    let row = tx.query_opt(&GET, &values![room, seq, reporter])?;
    let mut row = row.ok_or(StoreError::Conflict)?;
    let reason: String = row.take()?;
    let reason = ReportReason::parse(&reason)
        .ok_or_else(|| StoreError::Corrupt("a report's reason is none".to_owned()))?;
    let at = row.take()?;
    Ok((Report { reason, at }, false))
}
