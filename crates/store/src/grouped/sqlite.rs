//! Groups on SQLite: all that waits is one job for the writer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orderchat_domain::news::News;
use tokio::sync::watch;

use super::{Batch, Outcome, Patience, Pending, Ran};
use super::{lost, panicked, too_many};
use crate::engine::sqlite::{Done, GROUP, Job, QUEUE, Sqlite};
use crate::hearers::Hearers;
use crate::store::committed;
use crate::{Result, StoreError, Tx, sabotage};

/// Where inputs wait for the writer.
pub(super) struct Lane<B: Batch> {
    engine: Arc<Sqlite>,
    batch: Arc<B>,
    commits: Arc<watch::Sender<u64>>,
    hearers: Arc<Hearers>,
    waiting: Mutex<Vec<Pending<B>>>,
}

impl<B: Batch> Lane<B> {
    pub(super) fn new(
        engine: Arc<Sqlite>,
        batch: B,
        commits: Arc<watch::Sender<u64>>,
        hearers: Arc<Hearers>,
    ) -> Self {
        Self {
            engine,
            batch: Arc::new(batch),
            commits,
            hearers,
            waiting: Mutex::default(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Pending<B>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn submit(self: &Arc<Self>, pending: Pending<B>) -> Result<()> {
        let mut waiting = self.waiting();
        if waiting.len() >= QUEUE {
            return Err(too_many());
        }
        waiting.push(pending);
        let is_first = waiting.len() == 1;
        drop(waiting);
        // Whoever comes first calls the writer, for all who come before it takes them.
        if is_first {
            self.call_writer();
        }
        Ok(())
    }

    fn call_writer(self: &Arc<Self>) {
        self.write(Vec::new());
    }

    /// Lets the writer run these, or else what waits when it comes to it.
    fn write(self: &Arc<Self>, taken: Vec<Pending<B>>) {
        self.engine.submit(Box::new(Group {
            lane: Arc::clone(self),
            taken,
            outcomes: Vec::new(),
            news: Vec::new(),
            error: None,
        }));
    }

    /// What goes into one transaction; for what is left the writer is called again.
    fn take(self: &Arc<Self>, most: usize) -> Vec<Pending<B>> {
        let mut waiting = self.waiting();
        let most = most.min(waiting.len());
        let rest = waiting.split_off(most);
        let is_more = !rest.is_empty();
        let taken = std::mem::replace(&mut *waiting, rest);
        drop(waiting);
        if is_more {
            self.call_writer();
        }
        taken
    }
}

/// All that waited when the writer came to it.
struct Group<B: Batch> {
    lane: Arc<Lane<B>>,
    taken: Vec<Pending<B>>,
    /// In the order of `taken`; those that have none are not done.
    outcomes: Vec<Option<Outcome<B>>>,
    news: Vec<News>,
    /// What concerned all of them.
    error: Option<StoreError>,
}

impl<B: Batch> Group<B> {
    fn run_all(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let inputs: Vec<&B::Input> = self.taken.iter().map(|pending| &pending.input).collect();
        let all = self.lane.batch.run(tx, &inputs, Patience::Waits)?;
        let outcome = |ran| match ran {
            Ran::Done(outcome) => Some(outcome),
            Ran::Held => None,
        };
        self.outcomes = all.into_iter().map(outcome).collect();
        Ok(())
    }
}

impl<B: Batch> Job for Group<B> {
    fn run(&mut self, tx: &mut Tx<'_>) -> Done {
        if self.taken.is_empty() {
            self.taken = self.lane.take(GROUP);
        }
        // Until it has ended it counts as panicked.
        self.error = Some(panicked());
        match self.run_all(tx) {
            Ok(()) => {
                self.error = None;
                self.news = tx.take_news();
                sabotage::tell_early(&self.lane.hearers, &self.news);
                Done::Keep
            }
            Err(error) => {
                self.error = Some(error.clone());
                Done::Undo(Some(error))
            }
        }
    }

    fn commands(&self) -> usize {
        self.taken.len()
    }

    fn settle(mut self: Box<Self>, committed_all: Result<()>) {
        if self.taken.is_empty() {
            // The writer took none: they are told why.
            self.taken = std::mem::take(&mut *self.lane.waiting());
        }
        let taken = std::mem::take(&mut self.taken);
        if let Err(error) = committed_all {
            for pending in taken {
                pending.answer(Err(error.clone().into()));
            }
            return;
        }
        match self.error {
            None => {
                self.lane.hearers.hear(self.news);
                committed(&self.lane.commits);
                for (pending, outcome) in taken.into_iter().zip(self.outcomes) {
                    pending.answer(outcome.unwrap_or_else(|| Err(lost().into())));
                }
            }
            // Nothing of it was written. What one input met must not fail all others.
            Some(_) if taken.len() > 1 => {
                for pending in taken {
                    self.lane.write(vec![pending]);
                }
            }
            Some(error) => {
                for pending in taken {
                    pending.answer(Err(error.clone().into()));
                }
            }
        }
    }
}
