//! Commands that are run many at once, all in one transaction, which shares its statements and one
//! fsync among them.

mod postgres;
mod sqlite;

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::store::Backend;
use crate::{AsStoreError, Result, Store, StoreError, Tx};

/// A command that takes many inputs at once, in one transaction.
pub trait Batch: Send + Sync + 'static {
    type Input: Send + Sync + 'static;
    type Output: Send + 'static;
    type Refused: From<StoreError> + AsStoreError + Send + 'static;

    /// The key of the room that an input is about.
    fn room(&self, input: &Self::Input) -> i64;

    /// What became of each input, in their order, which for those of one room is the order they came
    /// in. One that was refused, or whose room is held, has written nothing.
    ///
    /// # Errors
    /// What concerns all of them.
    fn run(
        &self,
        tx: &mut Tx<'_>,
        inputs: &[&Self::Input],
        patience: Patience,
    ) -> Result<Vec<Ran<Outcome<Self>>>>;
}

/// What a batch does about a room that another transaction holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Leaves its input as [`Ran::Held`]: the other inputs must not wait for it.
    None,
    /// Waits, as every command does that is alone in its transaction.
    Waits,
}

/// What became of one input.
#[derive(Debug)]
pub enum Ran<T> {
    Done(T),
    /// Its room is held by another transaction; never said to who [`Patience::Waits`].
    Held,
}

/// What whoever asked is told.
pub type Outcome<B> = std::result::Result<<B as Batch>::Output, <B as Batch>::Refused>;

/// Runs a [`Batch`] in groups of what waits: on SQLite in a transaction of the one writer, with
/// whatever else it commits then; on PostgreSQL by a few writers.
pub struct Grouped<B: Batch>(Writers<B>);

enum Writers<B: Batch> {
    Sqlite(Arc<sqlite::Lane<B>>),
    Postgres(postgres::Writers<B>),
}

impl<B: Batch> std::fmt::Debug for Grouped<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grouped").finish_non_exhaustive()
    }
}

/// An input, and who waits for what becomes of it.
struct Pending<B: Batch> {
    input: B::Input,
    reply: oneshot::Sender<Outcome<B>>,
}

impl<B: Batch> Pending<B> {
    fn answer(self, outcome: Outcome<B>) {
        // Whoever asked may have gone; what was written stands all the same.
        let _ = self.reply.send(outcome);
    }
}

impl<B: Batch> Grouped<B> {
    /// Starts the writers; they end when this is dropped, or with the process.
    #[must_use]
    pub fn new(store: &Store, batch: B) -> Self {
        let (commits, hearers) = (store.committing(), store.hearers());
        Self(match store.backend() {
            Backend::Sqlite(engine) => {
                let lane = sqlite::Lane::new(Arc::clone(engine), batch, commits, hearers);
                Writers::Sqlite(Arc::new(lane))
            }
            Backend::Postgres(engine) => {
                Writers::Postgres(postgres::Writers::start(engine, batch, &commits, &hearers))
            }
        })
    }

    /// Runs one input, with whatever others there are.
    ///
    /// # Errors
    /// Those of the command.
    pub async fn submit(&self, input: B::Input) -> Outcome<B> {
        let (reply, answer) = oneshot::channel();
        let pending = Pending { input, reply };
        match &self.0 {
            Writers::Sqlite(lane) => lane.submit(pending)?,
            Writers::Postgres(writers) => writers.submit(pending)?,
        }
        answer.await.unwrap_or_else(|_| Err(stopped().into()))
    }
}

fn stopped() -> StoreError {
    StoreError::Failed("the writer has stopped".to_owned())
}

fn too_many() -> StoreError {
    StoreError::Busy("too many writes are waiting")
}

fn panicked() -> StoreError {
    StoreError::Failed("a write panicked".to_owned())
}

fn lost() -> StoreError {
    StoreError::Statement("a batch lost one of its results".to_owned())
}

/// Whether nothing of a group was written for certain. It is tried again one by one then: what one
/// input meets must not fail all others. Of a lost connection or a failed write nobody knows.
const fn is_undone(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Busy(_) | StoreError::Statement(_) | StoreError::Corrupt(_)
    )
}

/// Runs one input alone, however long its room is held.
fn alone<B: Batch>(batch: &B, tx: &mut Tx<'_>, input: &B::Input) -> Outcome<B> {
    let ran = batch.run(tx, &[input], Patience::Waits)?.pop();
    match ran.ok_or_else(lost)? {
        Ran::Done(outcome) => outcome,
        Ran::Held => Err(StoreError::Busy("another transaction holds the room").into()),
    }
}
