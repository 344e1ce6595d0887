//! What a connection costs that only follows its room.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::crowd;
use super::line::Place;
use crate::client::Target;
use crate::measured::{micros, round};
use crate::memory::Memory;
use crate::setup::World;

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Idle {
    pub(crate) connections: usize,
    /// Of the server, before the connections and with them.
    pub(crate) rss_before_kib: u64,
    pub(crate) rss_kib: u64,
    pub(crate) kib_each: f64,
}

impl Idle {
    fn new(connections: usize, before: Memory, with: Memory) -> Self {
        let more = with.now.saturating_sub(before.now);
        Self {
            connections,
            rss_before_kib: before.now,
            rss_kib: with.now,
            kib_each: round(micros(more) / micros(connections.max(1) as u64)),
        }
    }

    pub(crate) fn sentence(&self, what: &str) -> String {
        format!(
            "{what}, {} idle connections: {} KiB each ({} KiB before, {} KiB with them)",
            self.connections, self.kib_each, self.rss_before_kib, self.rss_kib
        )
    }
}

/// Opens the connections, holds them for `hold` and looks at the server's memory then.
///
/// # Errors
/// When one cannot be opened or ends meanwhile.
pub(crate) async fn run(
    target: &Target,
    world: &World,
    connections: usize,
    hold: Duration,
    server_pid: u32,
) -> Result<Idle> {
    let places = Place::all(world, connections);
    let before = Memory::of(server_pid)?;
    let lines = crowd::open(|_| target, &places).await?;
    let count = lines.len();
    let with = crowd::listening(lines, async {
        // Time for what was allocated only to open them to be given back.
        tokio::time::sleep(hold).await;
        Memory::of(server_pid)
    });
    Ok(Idle::new(count, before, with.await?))
}
