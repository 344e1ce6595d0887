//! Many connections at once.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, ensure};
use rand::seq::SliceRandom as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::frame::Cursor;
use super::line::{Line, Place};
use super::socket::Ended;
use crate::client::Target;

/// Connections that are being opened at the same time: more would not fit into the server's queue
/// of new connections, and wait a second each for the system to try again.
const AT_ONCE: usize = 500;

/// Opens a line for each place, at the server that `target_of` names, all following from now on.
pub(crate) async fn open<'t>(
    target_of: impl Fn(&Place) -> &'t Target,
    places: &[Place],
) -> Result<Vec<Line>> {
    let lines = places.iter().map(|place| {
        let (target, place) = (target_of(place).clone(), place.clone());
        async move { Line::open(&target, place).await }
    });
    together(lines).await
}

/// The same, each from where it stood, in a random order: after a restart the people of a room come back
/// whenever each of them does.
pub(crate) async fn resume(
    target: &Target,
    places: &[Place],
    cursors: &[Cursor],
) -> Result<Vec<Line>> {
    let mut order: Vec<_> = places.iter().zip(cursors).collect();
    order.shuffle(&mut rand::rng());
    let lines = order.into_iter().map(|(place, cursor)| {
        let (target, place, cursor) = (target.clone(), place.clone(), cursor.clone());
        async move { Line::resume(&target, place, &cursor).await }
    });
    together(lines).await
}

/// All lines, in the order of their places. Who is open listens while others are still opened: who
/// does not read answers no ping.
async fn together<F>(opening: impl ExactSizeIterator<Item = F>) -> Result<Vec<Line>>
where
    F: Future<Output = Result<Line, Ended>> + Send + 'static,
{
    let count = opening.len();
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let left = Arc::new(AtomicUsize::new(count));
    // Has no permits: it is waited for to be closed.
    let all_open = Arc::new(Semaphore::new(0));
    let mut all = JoinSet::new();
    for line in opening {
        let (gate, left, all_open) = (gate.clone(), left.clone(), all_open.clone());
        all.spawn(async move {
            let turn = gate.acquire().await;
            let mut line = line.await?;
            drop(turn);
            if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                all_open.close();
            }
            let mut closed = pin!(all_open.acquire());
            loop {
                tokio::select! {
                    _ = &mut closed => return Ok::<_, Ended>(line),
                    heard = line.hear() => heard?,
                }
            }
        });
    }
    let mut lines = Vec::with_capacity(count);
    while let Some(line) = all.join_next().await {
        let line = line.context("opening a connection ended")?;
        let open = count - left.load(Ordering::Relaxed);
        lines.push(line.with_context(|| format!("with {open} of {count} connections open"))?);
    }
    lines.sort_unstable_by_key(|line| line.place.number);
    Ok(lines)
}

/// Listens on all lines while `meanwhile` runs.
///
/// # Errors
/// When a line ends, and when one has a gap or a repetition.
pub(crate) async fn listening<T>(
    lines: Vec<Line>,
    meanwhile: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut readers = JoinSet::new();
    for mut line in lines {
        readers.spawn(async move {
            loop {
                let heard = line.hear().await;
                let faults = line.slice.gaps + line.slice.repeated;
                if let Err(ended) = heard {
                    return anyhow::Error::from(ended);
                }
                if faults > 0 {
                    return anyhow::anyhow!("{faults} events were lost or came twice");
                }
            }
        });
    }
    ensure!(!readers.is_empty(), "no connections; nothing was measured");
    tokio::select! {
        result = meanwhile => result,
        ended = readers.join_next() => match ended {
            Some(Ok(error)) => Err(error.context("a connection that only listens")),
            _ => anyhow::bail!("a connection that only listens ended"),
        },
    }
}
