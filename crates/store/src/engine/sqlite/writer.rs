//! The writer: takes what is queued and commits it together.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;
use tokio::sync::Notify;

use super::checkpoint::Checkpoints;
use super::space::Space;
use super::statements::statement;
use super::{Done, GROUP, Job};
use crate::engine::Tx;
use crate::{Result, StoreError};

/// Takes what is queued, up to [`GROUP`], and commits it together. One fsync pays for all of them.
///
/// Before each group it looks at the disk: at full speed a reserve is gone within a second.
pub(super) fn write(
    connection: &Connection,
    queue: &Receiver<Box<dyn Job>>,
    checkpoints: &Checkpoints,
    space: &Space,
    fatal: &Notify,
) {
    while let Ok(first) = queue.recv() {
        checkpoints.restart_if_asked(connection);
        space.look();
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP - 1));
        let committed = commit(connection, &mut group);
        let commands: usize = group.iter().map(|job| job.commands()).sum();
        metrics::histogram!("orderchat_store_group_size").record(commands as f64);
        let failed = matches!(committed, Err(StoreError::Failed(_)));
        let ends = group.iter().any(|job| job.is_last());
        let ended = match ends {
            true => committed
                .clone()
                .and_then(|()| checkpoints.put_away(connection)),
            false => Ok(()),
        };
        for job in group {
            let outcome = if job.is_last() { &ended } else { &committed };
            job.settle(outcome.clone());
        }
        if failed {
            // After a failed write or fsync SQLite's state is unknown: stop, do not retry.
            tracing::error!("the database file could not be written; the process must end");
            fatal.notify_one();
            break;
        }
        if ends {
            break;
        }
    }
    while let Ok(job) = queue.try_recv() {
        job.settle(Err(StoreError::Failed("the writer has stopped".to_owned())));
    }
}

fn commit(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<()> {
    // Refused commands have seldom written anything: then nothing needs to be undone for them
    // alone, and a savepoint each would only cost.
    let result = attempt(connection, group, Isolation::Shared);
    if !matches!(result, Ok(Outcome::Entangled)) {
        return result.map(|_| ());
    }
    attempt(connection, group, Isolation::Savepoints).map(|_| ())
}

/// How the commands of a group are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Isolation {
    /// Not at all.
    Shared,
    Savepoints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Committed,
    /// A command wrote something and then refused or panicked: undone with all others.
    Entangled,
}

fn attempt(
    connection: &Connection,
    group: &mut [Box<dyn Job>],
    isolation: Isolation,
) -> Result<Outcome> {
    let result = run(connection, group, isolation);
    if !matches!(result, Ok(Outcome::Committed)) && !connection.is_autocommit() {
        // Whatever is left of the transaction must go; disk full leaves it open, too.
        connection.execute_batch("ROLLBACK")?;
    }
    result
}

fn run(
    connection: &Connection,
    group: &mut [Box<dyn Job>],
    isolation: Isolation,
) -> Result<Outcome> {
    statement(connection, "BEGIN IMMEDIATE")?;
    for job in group {
        if isolation == Isolation::Savepoints {
            statement(connection, "SAVEPOINT command")?;
        }
        let changes = connection.total_changes();
        let mut tx = Tx::sqlite(connection);
        // A defect in one command must not take its neighbours with it.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job.run(&mut tx)));
        let why = match done {
            Ok(Done::Keep) => None,
            Ok(Done::Undo(why)) => Some(why),
            Err(_panic) => Some(None),
        };
        if connection.is_autocommit() {
            // SQLite itself rolled everything back. Only of a full disk is it known that the
            // handle can go on.
            let unknown = || StoreError::Failed("SQLite ended the transaction".to_owned());
            return Err(why.flatten().unwrap_or_else(unknown));
        }
        match isolation {
            Isolation::Shared if why.is_some() && connection.total_changes() != changes => {
                return Ok(Outcome::Entangled);
            }
            Isolation::Shared => {}
            Isolation::Savepoints => {
                if why.is_some() {
                    statement(connection, "ROLLBACK TO command")?;
                }
                statement(connection, "RELEASE command")?;
            }
        }
    }
    statement(connection, "COMMIT")?;
    Ok(Outcome::Committed)
}
