//! `loadgen send`: people talk in their rooms.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};

use crate::api::{self, Draft, Written, room_path};
use crate::client::Target;
use crate::history::{Journal, Op, Outcome, Record};
use crate::load::{self, Exchange, Plan, Workload};
use crate::setup::{Person, Room, Size, World};
use crate::text;
use crate::token::Minter;

/// Signs the tokens of a raw run: long enough, and nobody looks at them.
pub(crate) const NOBODY_S_SECRET: &str = "the yardstick verifies no tokens at all";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server; it must run with ORDERCHAT_RATE_LIMITS=off
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: Target,
    /// The server's HS256 secret, to sign people's tokens with
    #[arg(
        long,
        env = "ORDERCHAT_AUTH_SECRET",
        hide_env_values = true,
        required_unless_present = "raw"
    )]
    secret: Option<String>,
    #[command(flatten)]
    size: Size,
    #[command(flatten)]
    pace: PaceArgs,
    /// Append every attempt and its answer here, for `loadgen check`
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// The server is `loadgen limit`: set nothing up
    #[arg(long, conflicts_with = "history")]
    raw: bool,
}

/// How hard and how long; the same for every load.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct PaceArgs {
    /// Keep-alive connections, each with one request at a time
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    connections: u16,
    /// How long to measure
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How long to run before measuring
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// Open loop: requests per second, due at fixed times. Closed loop if absent
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// The server's process, to measure its CPU time per request
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
}

impl PaceArgs {
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            connections: usize::from(self.connections),
            warm_up: Duration::from_secs(self.warm_up),
            duration: Duration::from_secs(self.seconds),
            rate: self.rate,
            server_pid: self.server_pid,
        }
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let secret = args.secret.as_deref().filter(|_| !args.raw);
    let minter = Minter::new(secret.unwrap_or(NOBODY_S_SECRET))?;
    let world = if args.raw {
        World::unreported(&minter, args.size)?
    } else {
        World::open(&args.url, &minter, args.size).await?
    };
    let journal = args.history.as_deref().map(Journal::create).transpose()?;
    let sends = Arc::new(Sends::new(Arc::new(world), "s", journal));
    let measured = load::run(&args.url, &sends, &args.pace.plan()).await?;
    sends.close()?;
    measured.print(if args.raw { "limit" } else { "send" })
}

/// Everybody sends in turn, room after room.
#[derive(Debug)]
pub(crate) struct Sends {
    world: Arc<World>,
    /// Sets the keys of this load apart from those of other loads in the same world.
    tag: &'static str,
    journal: Option<Journal>,
}

impl Sends {
    pub(crate) fn new(world: Arc<World>, tag: &'static str, journal: Option<Journal>) -> Self {
        Self {
            world,
            tag,
            journal,
        }
    }

    /// Writes out what the journal still holds.
    pub(crate) fn close(&self) -> Result<()> {
        self.journal.as_ref().map_or(Ok(()), Journal::flush)
    }

    /// Where the `n`th message goes, and from whom.
    fn place(&self, n: u64) -> (&Room, &Person) {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        let rooms = &self.world.rooms;
        let room = &rooms[n % rooms.len()];
        (room, &room.people[n / rooms.len() % room.people.len()])
    }

    fn key(&self, n: u64) -> String {
        format!("{}-{}-{n}", self.world.run, self.tag)
    }

    fn record(&self, exchange: &Exchange) -> Result<Record> {
        let (room, person) = self.place(exchange.n);
        let key = self.key(exchange.n);
        let (outcome, seq) = match &exchange.result {
            Ok(answer) if answer.status.is_success() => {
                let message: Written = api::parse(answer)?;
                (Outcome::Ok, Some(message.seq))
            }
            Ok(answer) => (Outcome::of(answer.status), None),
            Err(_) => (Outcome::Maybe, None),
        };
        Ok(Record {
            process: format!("{}-{}", self.tag, exchange.client),
            user: person.user.clone(),
            op: Op::Send,
            room: room.id.clone(),
            invoke_ns: exchange.invoke_ns,
            return_ns: exchange.return_ns,
            outcome,
            seq,
            body_hash: Some(text::hash(&text::of(&key))),
            key: Some(key),
        })
    }
}

impl Workload for Sends {
    fn request(&self, n: u64) -> Result<Request<Full<Bytes>>> {
        let (room, person) = self.place(n);
        let key = self.key(n);
        send_request(room, person, key)
    }

    fn finished(&self, exchange: &Exchange) -> Result<()> {
        match &self.journal {
            Some(journal) => journal.append(&self.record(exchange)?),
            None => Ok(()),
        }
    }
}

/// `person` says in `room` what belongs to `key`.
pub(crate) fn send_request(
    room: &Room,
    person: &Person,
    key: String,
) -> Result<Request<Full<Bytes>>> {
    let draft = Draft {
        content: text::of(&key),
        client_message_id: key,
    };
    let body = serde_json::to_vec(&draft).context("the body of a send")?;
    let path = room_path(&room.id, "messages/");
    api::request(Method::POST, &path, &person.bearer, Some(body.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Staff;
    use crate::{history, limit};
    use std::collections::HashSet;

    fn world(rooms: u32, people: u32) -> Arc<World> {
        let minter = Minter::new(NOBODY_S_SECRET).unwrap();
        let staff = Staff::Shared;
        let size = Size {
            rooms,
            people,
            staff,
        };
        Arc::new(World::unreported(&minter, size).unwrap())
    }

    fn plan(rate: Option<u32>) -> Plan {
        Plan {
            connections: 4,
            warm_up: Duration::ZERO,
            duration: Duration::from_millis(100),
            rate,
            server_pid: Some(std::process::id()),
        }
    }

    #[test]
    fn everybody_in_every_room_gets_a_turn() {
        let sends = Sends::new(world(4, 3), "s", None);
        let turns: HashSet<(String, String)> = (0..12)
            .map(|n| sends.place(n))
            .map(|(room, person)| (room.id.clone(), person.user.clone()))
            .collect();
        assert_eq!(turns.len(), 12);
    }

    #[tokio::test]
    async fn a_closed_loop_measures_the_yardstick_and_writes_its_history() {
        let target = limit::tests::start().await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let journal = Journal::create(&path).unwrap();
        let sends = Arc::new(Sends::new(world(4, 3), "s", Some(journal)));
        let measured = load::run(&target, &sends, &plan(None)).await.unwrap();
        sends.close().unwrap();

        assert!(
            measured.answers > 0 && measured.failures().is_empty(),
            "{measured:?}"
        );
        let records: Vec<Record> = history::read(&path).unwrap();
        assert!(records.len() as u64 >= measured.answers);
        assert!(
            records
                .iter()
                .all(|r| r.outcome == Outcome::Ok && r.seq == Some(1))
        );
    }

    #[tokio::test]
    async fn an_open_loop_offers_exactly_what_was_asked() {
        let target = limit::tests::start().await;
        let sends = Arc::new(Sends::new(world(4, 3), "s", None));
        let measured = load::run(&target, &sends, &plan(Some(500))).await.unwrap();
        assert_eq!(measured.answers, 50, "{measured:?}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_an_error_that_names_it() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let sends = Arc::new(Sends::new(world(1, 3), "s", None));
        let error = load::run(&url.parse().unwrap(), &sends, &plan(None)).await;
        assert!(error.unwrap_err().to_string().contains(&url));
    }
}
