//! Who follows while others write, and who of them is blocked meanwhile.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hyper::Method;
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use super::follower::Follower;
use crate::api::{self, Caller, Page, room_path};
use crate::client::{Connection, Target};
use crate::clock::monotonic_ns;
use crate::heard::Heard;
use crate::history::{Journal, Op, Outcome, Record};
use crate::setup::{Person, Room, World};
use crate::token::{Minter, Role};

/// Of the people in a room these neither write nor stay: staff, blocked one after the other.
pub(super) const BYSTANDERS: std::ops::Range<usize> = 5..8;

#[derive(Debug)]
pub(super) struct Audience {
    followers: Vec<Follower>,
    doorkeeper: Doorkeeper,
}

impl Audience {
    /// Every customer follows their room, a rider theirs, and some of the staff follow all rooms.
    /// `patience` is how long what was acked may take to arrive.
    pub(super) async fn gather(
        target: &Target,
        minter: &Minter,
        world: &World,
        folder: &Path,
        patience: Duration,
    ) -> Result<Self> {
        let one = |room: &Arc<Room>, person: usize| {
            (Arc::clone(&room.people[person]), vec![Arc::clone(room)])
        };
        let mut places: Vec<(Arc<Person>, Vec<Arc<Room>>)> =
            world.rooms.iter().map(|room| one(room, 0)).collect();
        let first = world.rooms.first().context("a world without rooms")?;
        places.push(one(first, 1));
        for staff in 4..BYSTANDERS.end {
            places.push((Arc::clone(&first.people[staff]), world.rooms.clone()));
        }
        let followers = places
            .into_iter()
            .enumerate()
            .map(|(number, (person, rooms))| {
                let journal = folder.join(format!("heard-{number}.jsonl"));
                Follower::new(format!("f{number}"), person, rooms, &journal, patience)
            });
        Ok(Self {
            followers: followers.collect::<Result<_>>()?,
            doorkeeper: Doorkeeper::new(target, minter, world, folder).await?,
        })
    }

    pub(super) fn heard(&self) -> impl Iterator<Item = &Heard> {
        self.followers.iter().flat_map(Follower::heard)
    }

    /// The blocks.
    pub(super) fn records(&self) -> &[Record] {
        &self.doorkeeper.records
    }

    /// All come, or come back, and hear what was acked up to now.
    pub(super) async fn catch_up(
        &mut self,
        target: &Target,
        heads: &BTreeMap<String, u64>,
    ) -> Result<()> {
        for follower in &mut self.followers {
            follower.connect(target).await?;
        }
        self.wait_for(heads).await
    }

    /// All hear what was acked up to now.
    pub(super) async fn wait_for(&mut self, heads: &BTreeMap<String, u64>) -> Result<()> {
        for follower in &mut self.followers {
            follower.wait_for(heads).await?;
        }
        Ok(())
    }

    /// All hear what comes until the server is cut off; one is blocked after `delay`.
    pub(super) async fn until_cut(mut self, target: &Target, delay: Duration) -> Result<Self> {
        let mut hearing = JoinSet::new();
        for mut follower in self.followers.drain(..) {
            hearing.spawn(async move { follower.until_cut().await.map(|()| follower) });
        }
        // When is part of what the seed chooses; nothing waits for it to be over.
        tokio::time::sleep(delay).await;
        self.doorkeeper.block_next(target).await?;
        while let Some(follower) = hearing.join_next().await {
            self.followers.push(follower.context("a follower ended")??);
        }
        Ok(self)
    }
}

/// An admin who blocks bystanders.
#[derive(Debug)]
struct Doorkeeper {
    bearer: HeaderValue,
    /// Whom to block next: room, participant and user.
    next: VecDeque<(String, String, String)>,
    records: Vec<Record>,
    journal: Journal,
}

impl Doorkeeper {
    async fn new(target: &Target, minter: &Minter, world: &World, folder: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Participant {
            id: String,
            user: Option<String>,
        }
        let bearer = minter.bearer("loadgen-doorkeeper", Role::Admin, None)?;
        let mut caller = Caller::open(target, bearer.clone()).await?;
        let mut next = VecDeque::new();
        for room in &world.rooms {
            let path = room_path(&room.id, "participants/?limit=200");
            let page: Page<Participant> = caller.get(&path).await?;
            for person in &room.people[BYSTANDERS] {
                let mut participants = page.results.iter();
                let participant = participants
                    .find(|p| p.user.as_ref() == Some(&person.user))
                    .with_context(|| format!("{} is not in room {}", person.user, room.id))?;
                next.push_back((room.id.clone(), participant.id.clone(), person.user.clone()));
            }
        }
        Ok(Self {
            bearer,
            next,
            records: Vec::new(),
            journal: Journal::create(&folder.join("history-blocks.jsonl"))?,
        })
    }

    /// Blocks one more, if anybody is left; the server may be cut off meanwhile.
    async fn block_next(&mut self, target: &Target) -> Result<()> {
        #[derive(Deserialize)]
        struct Blocked {
            version: u64,
        }
        let Some((room, participant, user)) = self.next.pop_front() else {
            return Ok(());
        };
        let path = format!("/api/chat/participants/{participant}/block/");
        let body = json!({}).to_string();
        let request = api::request(Method::POST, &path, &self.bearer, Some(body.into()))?;
        let invoke_ns = monotonic_ns();
        let result = match Connection::open(target).await {
            Ok(mut connection) => connection.exchange(request).await,
            Err(lost) => Err(lost),
        };
        let (outcome, seq) = match &result {
            Ok(answer) if answer.status.is_success() => {
                let blocked: Blocked = api::parse(answer)?;
                (Outcome::Ok, Some(blocked.version))
            }
            Ok(answer) => (Outcome::of(answer.status), None),
            Err(_) => (Outcome::Maybe, None),
        };
        let record = Record {
            process: "doorkeeper".into(),
            user: "loadgen-doorkeeper".into(),
            op: Op::Block,
            key: Some(user),
            room,
            invoke_ns,
            return_ns: monotonic_ns(),
            outcome,
            seq,
            body_hash: None,
        };
        self.journal.append(&record)?;
        self.journal.flush()?;
        self.records.push(record);
        Ok(())
    }
}
