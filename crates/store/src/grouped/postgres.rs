//! Groups on PostgreSQL: a few writers, each on a thread and a connection of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::{Batch, Outcome, Patience, Pending, Ran};
use super::{alone, first_of_each_room, is_undone, stopped, too_many};
use crate::engine::postgres::Postgres;
use crate::store::committed;
use crate::{Result, Tx};

/// Writers; a room always has the same one.
const WRITERS: usize = 3;
/// Inputs in one group.
const GROUP: usize = 64;
/// Inputs that may wait for one writer.
const QUEUE: usize = 2_048;

/// Where inputs wait for their writers.
pub(super) struct Writers<B: Batch> {
    batch: Arc<B>,
    queues: Vec<mpsc::Sender<Pending<B>>>,
}

impl<B: Batch> Writers<B> {
    pub(super) fn start(
        engine: &Arc<Postgres>,
        batch: B,
        commits: &Arc<watch::Sender<u64>>,
    ) -> Self {
        let batch = Arc::new(batch);
        let start = |_| {
            let (queue, receive) = mpsc::channel(QUEUE);
            let writer = Writer {
                engine: Arc::clone(engine),
                batch: Arc::clone(&batch),
                commits: Arc::clone(commits),
                handle: Handle::current(),
            };
            drop(tokio::task::spawn_blocking(move || writer.run(receive)));
            queue
        };
        Self {
            queues: (0..WRITERS).map(start).collect(),
            batch,
        }
    }

    pub(super) fn submit(&self, pending: Pending<B>) -> Result<()> {
        use mpsc::error::TrySendError::{Closed, Full};
        let room = self.batch.room(&pending.input).unsigned_abs() as usize;
        let sent = self.queues[room % self.queues.len()].try_send(pending);
        sent.map_err(|error| match error {
            Full(_) => too_many(),
            Closed(_) => stopped(),
        })
    }
}

struct Writer<B> {
    engine: Arc<Postgres>,
    batch: Arc<B>,
    commits: Arc<watch::Sender<u64>>,
    handle: Handle,
}

impl<B: Batch> Writer<B> {
    fn run(self, mut queue: mpsc::Receiver<Pending<B>>) {
        let mut waiting: Vec<Pending<B>> = Vec::new();
        loop {
            if waiting.is_empty() {
                match queue.blocking_recv() {
                    Some(first) => waiting.push(first),
                    None => return,
                }
            }
            while waiting.len() < QUEUE {
                match queue.try_recv() {
                    Ok(next) => waiting.push(next),
                    Err(_) => break,
                }
            }
            let room = |pending: &Pending<B>| self.batch.room(&pending.input);
            self.commit(first_of_each_room(&mut waiting, GROUP, room));
        }
    }

    fn commit(&self, group: Vec<Pending<B>>) {
        metrics::histogram!("orderchat_store_group_size").record(group.len() as f64);
        let inputs: Vec<&B::Input> = group.iter().map(|pending| &pending.input).collect();
        match self.run_together(&inputs) {
            Some(Ok(all)) => {
                committed(&self.commits);
                for (pending, ran) in group.into_iter().zip(all) {
                    match ran {
                        Ran::Done(outcome) => pending.answer(outcome),
                        Ran::Held => self.run_alone(pending),
                    }
                }
            }
            Some(Err(error)) if !is_undone(&error) => {
                for pending in group {
                    pending.answer(Err(error.clone().into()));
                }
            }
            // Nothing of it was written. What one input met must not fail all others.
            Some(Err(_)) | None => {
                for pending in group {
                    self.run_alone(pending);
                }
            }
        }
    }

    /// `None` when it panicked, which undid all of it.
    fn run_together(&self, inputs: &[&B::Input]) -> Option<Result<Vec<Ran<Outcome<B>>>>> {
        let pool = self.engine.pool();
        let run = || {
            let mut used = pool.take(self.handle.block_on(pool.place())?)?;
            used.write(|tx| self.batch.run(tx, inputs, Patience::None))
        };
        catch_unwind(AssertUnwindSafe(run)).ok()
    }

    /// Runs an input beside the writer, which goes on with what others send: it waits for its room
    /// as any other command does.
    fn run_alone(&self, pending: Pending<B>) {
        let (engine, batch) = (Arc::clone(&self.engine), Arc::clone(&self.batch));
        let commits = Arc::clone(&self.commits);
        let Pending { input, reply } = pending;
        let room = batch.room(&input);
        drop(self.handle.spawn(async move {
            let write = move |tx: &mut Tx<'_>| alone(batch.as_ref(), tx, &input);
            let outcome = engine.write(Some(room), write).await;
            if outcome.is_ok() {
                committed(&commits);
            }
            // Whoever asked may have gone; what was written stands all the same.
            let _ = reply.send(outcome);
        }));
    }
}
