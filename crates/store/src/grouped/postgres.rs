//! Groups on PostgreSQL: a few writers, each on a thread and a connection of its own.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orderchat_domain::news::News;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::{Batch, Outcome, Patience, Pending, Ran};
use super::{alone, is_undone, stopped, too_many};
use crate::engine::postgres::{Postgres, WAIT};
use crate::hearers::Hearers;
use crate::store::committed;
use crate::{Result, StoreError, Tx, sabotage};

/// Writers; a room always has the same one.
const WRITERS: usize = 3;
/// Inputs in one group.
const GROUP: usize = 64;
/// Inputs that may wait for one writer.
const QUEUE: usize = 2_048;
/// Inputs that may wait for one room.
const WAITING: usize = 256;
/// Of so many connections one may wait for a room that somebody else holds: whoever holds many rooms
/// must not hold up all others.
const SHARE_OF_HELD: usize = 3;

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
        hearers: &Arc<Hearers>,
    ) -> Self {
        let batch = Arc::new(batch);
        let patient = Arc::new(Semaphore::new(engine.pool().size() / SHARE_OF_HELD));
        let start = |_| {
            let (queue, receive) = mpsc::channel(QUEUE);
            let writer = Writer {
                engine: Arc::clone(engine),
                batch: Arc::clone(&batch),
                commits: Arc::clone(commits),
                hearers: Arc::clone(hearers),
                held: Arc::default(),
                patient: Arc::clone(&patient),
                handle: Handle::current(),
            };
            // Not one of the runtime's: at its end that would wait for a writer, who waits for
            // inputs. Without its thread a queue is closed, and says so to who asks.
            let thread = std::thread::Builder::new().name("postgres-writer".to_owned());
            if let Err(error) = thread.spawn(move || writer.run(receive)) {
                tracing::error!(%error, "a writer cannot be started");
            }
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

struct Writer<B: Batch> {
    engine: Arc<Postgres>,
    batch: Arc<B>,
    commits: Arc<watch::Sender<u64>>,
    hearers: Arc<Hearers>,
    held: Arc<Held<B>>,
    /// Who may wait for a held room, of all writers.
    patient: Arc<Semaphore>,
    handle: Handle,
}

/// What waits for rooms that others hold, by room: one after the other, in the order it came. A room
/// that is in here takes nothing from the writer's groups, which would overtake it.
struct Held<B: Batch>(Mutex<HashMap<i64, VecDeque<Pending<B>>>>);

impl<B: Batch> Default for Held<B> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<B: Batch> Held<B> {
    fn rooms(&self) -> MutexGuard<'_, HashMap<i64, VecDeque<Pending<B>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the input behind those of its room. `true` when it is the first, and somebody has to run
    /// them.
    fn put(&self, room: i64, pending: Pending<B>) -> bool {
        let mut rooms = self.rooms();
        let is_first = !rooms.contains_key(&room);
        rooms.entry(room).or_default().push_back(pending);
        is_first
    }

    /// The room's next; when there is none the room may go into groups again.
    fn next(&self, room: i64) -> Option<Pending<B>> {
        let mut rooms = self.rooms();
        let next = rooms.get_mut(&room)?.pop_front();
        if next.is_none() {
            rooms.remove(&room);
        }
        next
    }

    /// Takes out those whose rooms are in here, and puts them behind what waits there.
    fn take_theirs(
        &self,
        group: Vec<Pending<B>>,
        room: impl Fn(&B::Input) -> i64,
    ) -> Vec<Pending<B>> {
        let mut rooms = self.rooms();
        if rooms.is_empty() {
            return group;
        }
        let mut others = Vec::with_capacity(group.len());
        for pending in group {
            match rooms.get_mut(&room(&pending.input)) {
                Some(waiting) if waiting.len() < WAITING => waiting.push_back(pending),
                Some(_) => pending.answer(Err(too_many().into())),
                None => others.push(pending),
            }
        }
        others
    }
}

impl<B: Batch> Writer<B> {
    fn run(self, mut queue: mpsc::Receiver<Pending<B>>) {
        while let Some(first) = queue.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            self.commit(group);
        }
    }

    fn commit(&self, group: Vec<Pending<B>>) {
        let group = self.held.take_theirs(group, |input| self.batch.room(input));
        if group.is_empty() {
            return;
        }
        metrics::histogram!("orderchat_store_group_size").record(group.len() as f64);
        let inputs: Vec<&B::Input> = group.iter().map(|pending| &pending.input).collect();
        match self.run_together(&inputs) {
            Some(Ok((all, news))) => {
                self.hearers.hear(news);
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
    fn run_together(&self, inputs: &[&B::Input]) -> Option<Result<Together<B>>> {
        let pool = self.engine.pool();
        let run = || {
            let mut used = pool.take(self.handle.block_on(pool.place())?)?;
            used.write(|tx| {
                let all = self.batch.run(tx, inputs, Patience::None)?;
                sabotage::tell_early(&self.hearers, tx.news());
                Ok(all)
            })
        };
        catch_unwind(AssertUnwindSafe(run)).ok()
    }

    /// Runs an input beside the writer, which goes on with what others send: it waits for its room
    /// as any other command does.
    fn run_alone(&self, pending: Pending<B>) {
        let room = self.batch.room(&pending.input);
        if !self.held.put(room, pending) {
            return;
        }
        let (engine, batch) = (Arc::clone(&self.engine), Arc::clone(&self.batch));
        let (commits, hearers) = (Arc::clone(&self.commits), Arc::clone(&self.hearers));
        let (held, patient) = (Arc::clone(&self.held), Arc::clone(&self.patient));
        drop(self.handle.spawn(async move {
            while let Some(Pending { input, reply }) = held.next(room) {
                // Nobody waits for it any more, and nothing of it was written.
                if reply.is_closed() {
                    continue;
                }
                let Ok(_place) = timeout(WAIT, patient.acquire()).await else {
                    let _ = reply.send(Err(held_too_long().into()));
                    continue;
                };
                let batch = Arc::clone(&batch);
                let write = move |tx: &mut Tx<'_>| alone(batch.as_ref(), tx, &input);
                let outcome = engine.write(Some(room), Arc::clone(&hearers), write).await;
                if outcome.is_ok() {
                    committed(&commits);
                }
                // Whoever asked may have gone; what was written stands all the same.
                let _ = reply.send(outcome);
            }
        }));
    }
}

/// What became of a group, and what is to be heard of it.
type Together<B> = (Vec<Ran<Outcome<B>>>, Vec<News>);

const fn held_too_long() -> StoreError {
    StoreError::Busy("others hold too many rooms")
}
