//! `loadgen read`: people open their rooms and their lists.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::api::{self, Caller, Page, room_path};
use crate::client::Target;
use crate::load::{self, Workload};
use crate::send::{PaceArgs, Sends};
use crate::setup::{Person, ServerArgs, Size, World};
use crate::token::Role;

/// Messages on a page of history.
const PAGE: u64 = 50;
/// Messages at the opening of a room that a rider may not see: pages do not reach down to them.
const OPENING: u64 = 10;
/// Rooms on a page of the list.
const LIST: usize = 20;
/// A room is filled up to so many messages, so that pages lie at different depths.
const DEPTH: u64 = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum What {
    /// A page of 50 messages, anywhere in a room
    History,
    /// A pharmacy's list of 20 rooms
    Rooms,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to read
    #[arg(long, value_enum)]
    what: What,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    size: Size,
    #[command(flatten)]
    pace: PaceArgs,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let minter = args.server.minter()?;
    let world = Arc::new(World::open(&args.server.url, &minter, args.size).await?);
    fill(&args.server.url, &world).await?;
    let plan = args.pace.plan();
    match args.what {
        What::History => {
            let pages = Arc::new(HistoryPages::prepare(&args.server.url, world).await?);
            load::run(&args.server.url, &pages, &plan)
                .await?
                .print("history")
        }
        What::Rooms => {
            let lists = Arc::new(RoomLists::prepare(&args.server.url, &world).await?);
            load::run(&args.server.url, &lists, &plan)
                .await?
                .print("rooms")
        }
    }
}

/// Sends until every room holds [`DEPTH`] messages of people.
async fn fill(target: &Target, world: &Arc<World>) -> Result<()> {
    let sends = Arc::new(Sends::new(Arc::clone(world), "fill", None));
    let count = world.rooms.len() as u64 * DEPTH;
    load::each(target, &sends, 64, count)
        .await
        .context("filling the rooms")
}

/// Pages of messages, each room's at another depth each time.
#[derive(Debug)]
pub(crate) struct HistoryPages {
    world: Arc<World>,
    /// Of each room: its head, and how far before it a page may end and still be full.
    spans: Vec<(u64, u64)>,
}

impl HistoryPages {
    /// Learns how long the rooms are.
    ///
    /// # Errors
    /// When a room holds no full page: half-empty pages would be measured as fast ones.
    pub(crate) async fn prepare(target: &Target, world: Arc<World>) -> Result<Self> {
        #[derive(Deserialize)]
        struct Length {
            seq: u64,
            message_count: u64,
        }
        let mut spans = Vec::with_capacity(world.rooms.len());
        for room in &world.rooms {
            let mut caller = Caller::open(target, room.people[0].bearer.clone()).await?;
            let length: Length = caller.get(&room_path(&room.id, "")).await?;
            let span = length.message_count.saturating_sub(PAGE + OPENING);
            ensure!(
                span > 0,
                "room {} has {} messages; a page of {PAGE} for everybody needs more than {}",
                room.id,
                length.message_count,
                PAGE + OPENING
            );
            spans.push((length.seq, span));
        }
        let pages = Self { world, spans };
        for n in 0..pages.world.rooms.len() as u64 {
            let (path, reader) = pages.page(n);
            expect_page(target, reader, &path, PAGE).await?;
        }
        Ok(pages)
    }

    fn page(&self, n: u64) -> (String, &Person) {
        let rooms = self.world.rooms.len() as u64;
        let index = usize::try_from(n % rooms).unwrap_or(0);
        let room = &self.world.rooms[index];
        let (head, span) = self.spans[index];
        let visit = n / rooms;
        // A step without a common divisor with most spans visits every depth before any twice.
        let before = head - visit.wrapping_mul(7919) % span;
        let path = room_path(&room.id, &format!("messages/?limit={PAGE}&before={before}"));
        let reader = usize::try_from(visit).unwrap_or(0) % room.people.len();
        (path, &room.people[reader])
    }
}

impl Workload for HistoryPages {
    fn request(&self, n: u64) -> Result<Request<Full<Bytes>>> {
        let (path, reader) = self.page(n);
        api::request(Method::GET, &path, &reader.bearer, None)
    }
}

/// The first page of the room list, of every member of a pharmacy's staff in turn.
#[derive(Debug)]
pub(crate) struct RoomLists {
    staff: Vec<Arc<Person>>,
    path: String,
}

impl RoomLists {
    /// Finds the people whose list fills a page.
    pub(crate) async fn prepare(target: &Target, world: &World) -> Result<Self> {
        let mut rooms_of = std::collections::BTreeMap::<&str, (usize, &Arc<Person>)>::new();
        for person in world.rooms.iter().flat_map(|room| &room.people) {
            if person.role == Role::Pharmacy {
                rooms_of.entry(&person.user).or_insert((0, person)).0 += 1;
            }
        }
        let staff: Vec<Arc<Person>> = rooms_of
            .into_values()
            .filter(|(rooms, _)| *rooms >= LIST)
            .map(|(_, person)| Arc::clone(person))
            .collect();
        ensure!(
            !staff.is_empty(),
            "nobody is in {LIST} of {} rooms; give at least --rooms {LIST}",
            world.rooms.len()
        );
        let path = format!("/api/chat/rooms/?limit={LIST}");
        for reader in &staff {
            expect_page(target, reader, &path, LIST as u64).await?;
        }
        Ok(Self { staff, path })
    }
}

impl Workload for RoomLists {
    fn request(&self, n: u64) -> Result<Request<Full<Bytes>>> {
        let reader = usize::try_from(n).unwrap_or(0) % self.staff.len();
        api::request(Method::GET, &self.path, &self.staff[reader].bearer, None)
    }
}

/// Asks once before measuring: a page that is not full is not the page that is promised.
async fn expect_page(target: &Target, reader: &Person, path: &str, size: u64) -> Result<()> {
    let mut caller = Caller::open(target, reader.bearer.clone()).await?;
    let page: Page<IgnoredAny> = caller.get(path).await?;
    ensure!(
        page.results.len() as u64 == size,
        "{path} has {} entries for {}, not {size}",
        page.results.len(),
        reader.user
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Minter;
    use std::collections::HashSet;

    #[test]
    fn history_pages_are_of_every_room_and_never_reach_below_a_full_page() {
        let minter = Minter::new("a secret of the tests, 32 bytes and more").unwrap();
        let size = Size {
            rooms: 2,
            people: 3,
            staff: crate::setup::Staff::Shared,
        };
        let world = World::unreported(&minter, size).unwrap();
        let rooms: Vec<String> = world.rooms.iter().map(|room| room.id.clone()).collect();
        let pages = HistoryPages {
            world: Arc::new(world),
            // 60 messages in 70 events: ten full pages end in the last ten events.
            spans: vec![(70, 10), (70, 10)],
        };
        let paths: HashSet<String> = (0..40).map(|n| pages.page(n).0).collect();
        let expected: HashSet<String> = rooms
            .iter()
            .flat_map(|room| (61..=70).map(move |before| (room, before)))
            .map(|(room, before)| room_path(room, &format!("messages/?limit=50&before={before}")))
            .collect();
        assert_eq!(paths, expected);
    }
}
