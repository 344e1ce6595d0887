//! Checkpoints: what the WAL holds is copied into the database file, and the WAL starts anew.
//!
//! A thread of its own copies, beside the writer. But the WAL starts anew only when *all* of it is
//! copied, and under a steady load the writer has always added something meanwhile: so the thread
//! copies nearly all, and then asks the writer to copy the little rest itself, between two groups.
//! That bounds the WAL, and with it the disk and the time to find a page in it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::BUSY;
use super::space::Space;
use crate::{Result, StoreError};

/// A page of SQLite, and a frame of the WAL but for its header.
const PAGE_BYTES: i64 = 4_096;
/// Frames not yet copied from which on copying is worth an fsync: 4 MiB.
const COPY_AT: i64 = 1_024;
/// Frames in the WAL from which on it is to start anew: 32 MiB.
const RESTART_AT: i64 = 8_192;
/// Bytes the file of the WAL keeps when it starts anew: overwriting a file is cheaper to sync than
/// making it longer, and shortening it stalls the commit that does. Twice where it starts anew, for
/// what is written while the rest is copied.
pub(super) const KEPT_BYTES: i64 = 2 * RESTART_AT * PAGE_BYTES;
/// How often the WAL is looked at.
const EVERY: Duration = Duration::from_millis(100);
/// After how many of these the disk is looked at, while nobody writes.
const LOOK_AT_DISK: u32 = 10;
/// How long the writer waits for readers who still read the WAL; they are done in a millisecond or
/// are a backup, which may take long: then the WAL goes on for a while.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long it waits for them when it ends.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// What the checkpointing thread and the writer tell each other.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    /// Set by the thread, taken by the writer.
    restart: AtomicBool,
    stopped: Mutex<bool>,
    wake: Condvar,
}

/// How long the WAL is, in frames, and how many of these are copied.
#[derive(Clone, Copy, Debug)]
struct Wal {
    frames: i64,
    copied: i64,
}

impl Checkpoints {
    /// The writer, after its last group: copies all of the WAL, which is empty then.
    ///
    /// # Errors
    /// When somebody still reads from it, or the file cannot be written; nothing is lost then.
    pub(super) fn put_away(&self, connection: &Connection) -> Result<()> {
        // Waits for a copy that is under way.
        self.stop();
        let wal = patient(connection, LAST_PATIENCE, "TRUNCATE")?;
        if wal.frames == 0 {
            return Ok(());
        }
        Err(StoreError::Busy("another process reads the database"))
    }

    pub(super) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    /// The thread: until stopped.
    pub(super) fn run(&self, connection: &Connection, space: &Space) {
        let (mut failing, mut turn) = (false, 0_u32);
        let mut ask_at = RESTART_AT;
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            let waited = self.wake.wait_timeout(stopped, EVERY);
            (stopped, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if *stopped {
                break;
            }
            turn = turn.wrapping_add(1);
            let looked = self.look(connection, &mut ask_at).and_then(|()| {
                if turn.is_multiple_of(LOOK_AT_DISK) {
                    space.look();
                    give_back(connection, space)
                } else {
                    Ok(())
                }
            });
            match looked {
                Ok(()) => failing = false,
                // Said once, not ten times a second, until it works again.
                Err(error) if !failing => {
                    tracing::warn!(%error, "a checkpoint did not succeed");
                    failing = true;
                }
                Err(_) => {}
            }
        }
    }

    /// Copies what is worth it, and asks the writer once the WAL has `ask_at` frames.
    fn look(&self, connection: &Connection, ask_at: &mut i64) -> rusqlite::Result<()> {
        let mut wal = checkpoint(connection, "NOOP")?;
        if wal.frames - wal.copied >= COPY_AT {
            wal = checkpoint(connection, "PASSIVE")?;
        }
        metrics::gauge!("orderchat_store_wal_bytes").set((wal.frames * PAGE_BYTES) as f64);
        if wal.frames < RESTART_AT {
            *ask_at = RESTART_AT;
        } else if wal.frames >= *ask_at {
            self.restart.store(true, Ordering::Relaxed);
            // Should it be in vain, for a long backup holds the WAL, then not again at once: each
            // time costs the writer its patience.
            *ask_at = wal.frames + RESTART_AT;
        }
        Ok(())
    }

    /// The writer, between two groups.
    pub(super) fn restart_if_asked(&self, connection: &Connection) {
        if !self.restart.swap(false, Ordering::Relaxed) {
            return;
        }
        if let Err(error) = patient(connection, PATIENCE, "RESTART") {
            tracing::warn!(%error, "the write-ahead log could not start anew; it grows on");
        }
    }
}

/// On a disk that is nearly full, where nothing is written anyway, the WAL gives its room back.
fn give_back(connection: &Connection, space: &Space) -> rusqlite::Result<()> {
    if !space.is_low() || checkpoint(connection, "NOOP")?.frames == 0 {
        return Ok(());
    }
    patient(connection, PATIENCE, "TRUNCATE").map(drop)
}

/// [`checkpoint`], which waits so long for readers who are in its way.
fn patient(connection: &Connection, patience: Duration, mode: &str) -> rusqlite::Result<Wal> {
    let done = connection
        .busy_timeout(patience)
        .and_then(|()| checkpoint(connection, mode));
    let as_before = connection.busy_timeout(BUSY);
    done.and_then(|wal| as_before.map(|()| wal))
}

/// Runs a checkpoint, or with `NOOP` none. That somebody was in its way is no error: it did what it
/// could.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Wal> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Wal {
            frames: row.get(1)?,
            copied: row.get(2)?,
        })
    })
}
