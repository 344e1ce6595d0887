//! Threads that may block. The runtime's own for that are not used: it starts another one whenever
//! none is idle at that moment, also when one is just about to be, and each has memory of its own.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::Result;

/// What is done with what the member has.
type Work<S> = Box<dyn FnOnce(&S) + Send>;
/// How a member is given work; it ends when this is gone.
type Member<S> = Sender<Work<S>>;
/// Members that have nothing to do. The one that came back last goes first: it has in its caches what
/// is asked for now, and those that only a rush needs keep little.
type Idle<S> = Mutex<Vec<Member<S>>>;

/// Threads, each with something of its own that it works with. When this is dropped they end by
/// themselves, each after what it is at: nobody waits for them, nor does the end of the process.
pub(crate) struct Crew<S: 'static> {
    /// One for each idle member.
    places: Arc<Semaphore>,
    idle: Arc<Idle<S>>,
}

impl<S: Send + 'static> Crew<S> {
    /// Starts a thread for each of these.
    pub(crate) fn start(name: &'static str, members: Vec<S>) -> Result<Self> {
        let places = Arc::new(Semaphore::new(members.len()));
        let mut idle = Vec::with_capacity(members.len());
        for own in members {
            let (give, given) = channel::<Work<S>>();
            super::thread(name, move || {
                for work in given {
                    // A panic is told of where it was asked for, and ends nothing else.
                    let _ = catch_unwind(AssertUnwindSafe(|| work(&own)));
                }
            })?;
            idle.push(give);
        }
        Ok(Self {
            places,
            idle: Arc::new(Mutex::new(idle)),
        })
    }

    /// Has somebody do this once they are free. Who goes while they wait for that is forgotten; what
    /// was begun is brought to its end, whether or not anybody waits. `None`: it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&S) -> T + Send + 'static,
    ) -> Option<T> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let member = lock(&self.idle).pop()?;
        let turn = Turn {
            member: Some(member.clone()),
            idle: Arc::downgrade(&self.idle),
            _place: place,
        };
        let (tell, told) = oneshot::channel();
        let work: Work<S> = Box::new(move |own| {
            let done = run(own);
            // Before it is told: who asks again at once finds the same member.
            drop(turn);
            let _ = tell.send(done);
        });
        member.send(work).ok()?;
        told.await.ok()
    }
}

/// A member is taken, and comes back however its work ends, if the crew is still there.
struct Turn<S: 'static> {
    member: Option<Member<S>>,
    idle: Weak<Idle<S>>,
    // Freed after `drop` has put the member back.
    _place: OwnedSemaphorePermit,
}

impl<S> Drop for Turn<S> {
    fn drop(&mut self) {
        if let Some(idle) = self.idle.upgrade() {
            lock(&idle).extend(self.member.take());
        }
    }
}

impl<S> fmt::Debug for Crew<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").finish_non_exhaustive()
    }
}

fn lock<S>(idle: &Idle<S>) -> MutexGuard<'_, Vec<Member<S>>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::mpsc;
    use std::thread::{ThreadId, current};

    use futures_util::future::{join_all, poll_immediate};

    use super::*;

    fn crew(members: usize) -> Crew<()> {
        Crew::start("test", vec![(); members]).expect("threads")
    }

    #[tokio::test]
    async fn there_are_as_many_threads_as_members_and_the_last_one_back_goes_first() {
        let crew = crew(4);
        let all = join_all((0..1_000).map(|_| crew.run(|()| current().id()))).await;
        let threads: HashSet<ThreadId> = all.into_iter().flatten().collect();
        assert!((1..=4).contains(&threads.len()), "{}", threads.len());
        let first = crew.run(|()| current().id()).await;
        for _ in 0..100 {
            assert_eq!(crew.run(|()| current().id()).await, first);
        }
    }

    #[tokio::test]
    async fn a_panic_is_told_to_who_asked_and_ends_nobody() {
        let crew = crew(1);
        assert_eq!(crew.run(|()| panic!("on purpose")).await, None::<()>);
        assert_eq!(crew.run(|()| 5).await, Some(5));
    }

    #[tokio::test]
    async fn who_goes_while_they_wait_is_forgotten_and_what_was_begun_is_ended() {
        let crew = crew(1);
        let (go_on, waits) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let first = tell.clone();
        let mut begun = Box::pin(crew.run(move |()| {
            waits.recv().expect("the test goes on");
            first.send("the first").expect("the test listens");
        }));
        assert_eq!(poll_immediate(&mut begun).await, None);
        let mut second = Box::pin(crew.run(move |()| tell.send("the second")));
        assert!(poll_immediate(&mut second).await.is_none());
        drop((begun, second));
        go_on.send(()).expect("the first was begun");
        assert_eq!(crew.run(|()| "the third").await, Some("the third"));
        assert_eq!(told.iter().collect::<Vec<_>>(), ["the first"]);
    }

    #[tokio::test]
    async fn the_threads_end_with_their_crew_and_who_works_after_that() {
        let [(idle, is_idle), (busy, is_busy)] = [(); 2].map(|()| mpsc::channel::<()>());
        let crew = Crew::start("test", vec![idle, busy]).expect("threads");
        let (go_on, waits) = mpsc::channel::<()>();
        let mut working = Box::pin(crew.run(move |_| waits.recv()));
        assert!(poll_immediate(&mut working).await.is_none());
        drop(working);
        drop(crew);
        assert_eq!(is_idle.recv(), Err(mpsc::RecvError));
        assert_eq!(is_busy.try_recv(), Err(mpsc::TryRecvError::Empty));
        go_on.send(()).expect("it works");
        assert_eq!(is_busy.recv(), Err(mpsc::RecvError));
    }
}
