//! Everybody comes back at once, as after a restart, and has missed something.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Serialize;

use super::crowd;
use super::frame::Cursor;
use super::line::Place;
use super::tally::Faults;
use crate::client::Target;
use crate::clock::monotonic_ns;
use crate::load;
use crate::measured::{micros, round, thousands};
use crate::memory::Memory;
use crate::send::Sends;
use crate::setup::World;

/// Connections that send what is missed.
const SENDERS: u64 = 64;

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Resumed {
    pub(crate) connections: usize,
    /// Events that each had missed.
    pub(crate) missed: u32,
    /// From the first connection until the last had everything.
    pub(crate) seconds: f64,
    pub(crate) events: u64,
    #[serde(flatten)]
    pub(crate) faults: Faults,
    /// The server's, at most, since it started.
    pub(crate) peak_rss_kib: Option<u64>,
}

impl Resumed {
    pub(crate) fn sentence(&self, what: &str) -> String {
        let mut sentence = format!(
            "{what}, {} connections resume, {} missed events each: {} s, {} events/s",
            self.connections,
            self.missed,
            self.seconds,
            thousands(micros(self.events) / self.seconds),
        );
        if let Some(kib) = self.peak_rss_kib {
            sentence += &format!("; the server's memory at most {kib} KiB");
        }
        sentence
    }
}

/// Connections that have gone and will come back.
#[derive(Debug)]
pub(crate) struct Away {
    places: Vec<Place>,
    cursors: Vec<Cursor>,
    missed: u32,
}

impl Away {
    /// Opens `connections`, closes them, and lets `missed` messages be sent in each room.
    pub(crate) async fn leave(
        target: &Target,
        world: &Arc<World>,
        connections: usize,
        missed: u32,
    ) -> Result<Self> {
        let places = Place::all(world, connections);
        ensure!(
            places.len() == connections,
            "there are only {} people",
            places.len()
        );
        let lines = crowd::open(|_| target, &places).await?;
        let cursors = lines.iter().map(super::line::Line::cursor).collect();
        drop(lines);
        let sends = Arc::new(Sends::new(Arc::clone(world), "missed", None));
        let count = world.rooms.len() as u64 * u64::from(missed);
        load::each(target, &sends, SENDERS, count).await?;
        Ok(Self {
            places,
            cursors,
            missed,
        })
    }

    /// All resume. `target` is the server after its restart, on another port.
    ///
    /// # Errors
    /// When a connection cannot be resumed. What did not come, or came twice, is counted.
    pub(crate) async fn come_back(
        &self,
        target: &Target,
        server_pid: Option<u32>,
    ) -> Result<Resumed> {
        let began_ns = monotonic_ns();
        let lines = crowd::resume(target, &self.places, &self.cursors).await?;
        let took = Duration::from_nanos(monotonic_ns() - began_ns);
        let peak = server_pid.map(Memory::of).transpose()?;
        let mut faults = Faults::default();
        let mut events = 0;
        for (line, cursor) in lines.iter().zip(&self.cursors) {
            let before = cursor.rooms.first().map_or(0, |&(_, seq)| seq);
            faults.add(Faults::of(&line.slice, before + u64::from(self.missed)));
            events += line.slice.events;
        }
        Ok(Resumed {
            connections: lines.len(),
            missed: self.missed,
            seconds: round(took.as_secs_f64()),
            events,
            faults,
            peak_rss_kib: peak.map(|memory| memory.peak),
        })
    }
}
