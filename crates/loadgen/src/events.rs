//! `loadgen events`: a shop tells what happens to its orders, and their customers hear of it live.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::JoinSet;

use crate::api;
use crate::client::{TIMEOUT, Target};
use crate::clock::monotonic_ns;
use crate::live::socket::Socket;
use crate::live::{self, frame};
use crate::load::{self, Exchange, Plan, Workload};
use crate::measured::{Latency, Measured, histogram};
use crate::send::PaceArgs;
use crate::setup::{Person, ServerArgs, Size, World};
use crate::token::{Minter, Role};

/// Where events are told.
const PATH: &str = "/api/orders/events/";

/// An order goes from the one to the other and back, so that each event is news.
const STATUSES: [&str; 2] = ["preparing", "ready_for_pickup"];

/// After the last answer, how often it is looked whether all has been heard.
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    size: Size,
    #[command(flatten)]
    pace: PaceArgs,
}

/// What a load of events came to.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    #[serde(flatten)]
    pub(crate) answers: Measured,
    /// From when an event was due to when the order's customer had read the frame.
    pub(crate) delivery_ms: Latency,
    /// Accepted, and not heard within the time that a client waits for an answer.
    pub(crate) unheard: u64,
}

impl Told {
    pub(crate) fn print(&self, what: &str) -> Result<()> {
        let answers = self.answers.sentence(what);
        let heard = format!("heard live: ms {}{}", self.delivery_ms, self.unheard());
        live::print(what, self, &format!("{answers}; {heard}"))
    }

    /// "; N not heard" or nothing.
    fn unheard(&self) -> String {
        match self.unheard {
            0 => String::new(),
            some => format!("; errors: {some} not heard"),
        }
    }

    /// What makes the figure worthless: "; errors …", or nothing.
    pub(crate) fn failures(&self) -> String {
        self.answers.failures() + &self.unheard()
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let minter = args.server.minter()?;
    let world = World::open(&args.server.url, &minter, args.size).await?;
    tell(
        &args.server.url,
        &minter,
        Arc::new(world),
        &args.pace.plan(),
    )
    .await?
    .print("events")
}

/// Tells events of all orders in turn, as planned, and measures when they are heard.
///
/// # Errors
/// When the server cannot be reached, or the connection of somebody who listens ends.
pub(crate) async fn tell(
    target: &Target,
    minter: &Minter,
    world: Arc<World>,
    plan: &Plan,
) -> Result<Told> {
    let orders = world.rooms.len() as u64;
    let heard = Arc::new(Heard::of(orders));
    let mut listeners = JoinSet::new();
    for (number, room) in world.rooms.iter().enumerate() {
        let customer = room.people.first().context("a room without people")?;
        let socket = listen(target, number, customer).await?;
        listeners.spawn(hear(socket, Arc::clone(&heard)));
    }
    let service = minter.bearer("loadgen-service", Role::Service, None)?;
    let events = Arc::new(Events {
        world,
        service,
        due: Mutex::default(),
    });
    let answers = load::run(target, &events, plan).await?;
    let due = std::mem::take(&mut *locked(&events.due));
    wait_for_all(&due, &heard, &mut listeners).await?;
    let mut us = histogram()?;
    for (sequence, due_ns) in &due {
        if let Some(heard_ns) = heard.at(*sequence) {
            us.saturating_record(heard_ns.saturating_sub(*due_ns) / 1_000);
        }
    }
    Ok(Told {
        answers,
        delivery_ms: Latency::of(&us),
        unheard: due.len() as u64 - us.len(),
    })
}

/// Gives up after [`TIMEOUT`].
async fn wait_for_all(
    due: &[(u64, u64)],
    heard: &Heard,
    listeners: &mut JoinSet<Result<()>>,
) -> Result<()> {
    let looking = async {
        while !due
            .iter()
            .all(|(sequence, _)| heard.at(*sequence).is_some())
        {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(TIMEOUT, looking) => Ok(()),
        Some(ended) = listeners.join_next() => ended.context("somebody who listens ended")?,
    }
}

/// When what was told of each order was heard. A frame shows the order as it is when it is sent: who
/// has heard a newer sequence has heard the older ones of that order, too.
#[derive(Debug)]
struct Heard {
    orders: u64,
    /// By sequence and when it was read, of each order in the order in which it was.
    at: Mutex<HashMap<u64, Vec<(u64, u64)>>>,
}

impl Heard {
    fn of(orders: u64) -> Self {
        Self {
            orders,
            at: Mutex::default(),
        }
    }

    fn note(&self, sequence: u64, at_ns: u64) {
        let order = sequence % self.orders;
        let mut at = locked(&self.at);
        let of_order = at.entry(order).or_default();
        if of_order.last().is_none_or(|(last, _)| *last < sequence) {
            of_order.push((sequence, at_ns));
        }
    }

    /// When the sequence, or a newer one of its order, was read first.
    fn at(&self, sequence: u64) -> Option<u64> {
        let at = locked(&self.at);
        let of_order = at.get(&(sequence % self.orders))?;
        let first = of_order.partition_point(|(heard, _)| *heard < sequence);
        of_order.get(first).map(|(_, at_ns)| *at_ns)
    }
}

/// What is behind it is whole after each change.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A customer's connection, which follows their room.
async fn listen(target: &Target, number: usize, customer: &Person) -> Result<Socket> {
    let mut socket = Socket::open(target, number).await?;
    socket.send(frame::hello(customer.token(), None)).await?;
    loop {
        let text = socket.next_soon().await?;
        let frame = frame::Frame::parse(&text)?;
        ensure!(frame.sort != "bye", "a customer was not let in: {text}");
        if frame.sort == "caught_up" {
            return Ok(socket);
        }
    }
}

/// Notes what is told of orders until the connection ends, which is an error.
async fn hear(mut socket: Socket, heard: Arc<Heard>) -> Result<()> {
    loop {
        let text = socket.next().await?;
        if let Some(sequence) = news_of(&text) {
            heard.note(sequence, monotonic_ns());
        }
    }
}

/// The newest sequence of the order, if the frame tells of one.
fn news_of(text: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Frame {
        kind: Option<String>,
        data: Option<Data>,
    }
    #[derive(Deserialize)]
    struct Data {
        order: Option<Order>,
    }
    #[derive(Deserialize)]
    struct Order {
        sequence: Option<u64>,
    }
    let frame: Frame = serde_json::from_str(text).ok()?;
    let is_news = frame.kind.as_deref() == Some("order.updated");
    frame.data.filter(|_| is_news)?.order?.sequence
}

/// The events of all orders in turn. The sequence of the `n`th is `n + 1`: it grows with every event
/// of an order.
#[derive(Debug)]
struct Events {
    world: Arc<World>,
    service: HeaderValue,
    /// Sequence and due time of what was accepted and counts.
    due: Mutex<Vec<(u64, u64)>>,
}

impl Workload for Events {
    fn request(&self, n: u64) -> Result<Request<Full<Bytes>>> {
        let orders = self.world.rooms.len() as u64;
        let turn = usize::try_from(n / orders)?;
        let event = json!({
            "specversion": "1.0",
            "id": format!("{}-{n}", self.world.run),
            "source": "loadgen",
            "type": "order.status_changed",
            "subject": self.world.order(usize::try_from(n % orders)?),
            "data": { "status": STATUSES[turn % STATUSES.len()], "sequence": n + 1 },
        });
        let body = serde_json::to_vec(&event).context("the body of an event")?;
        let mut request = api::request(Method::POST, PATH, &self.service, Some(body.into()))?;
        let kind = HeaderValue::from_static("application/cloudevents+json");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        Ok(request)
    }

    fn finished(&self, exchange: &Exchange) -> Result<()> {
        let accepted = exchange
            .result
            .as_ref()
            .is_ok_and(|it| it.status.is_success());
        if accepted && exchange.counts {
            locked(&self.due).push((exchange.n + 1, exchange.due_ns));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::NOBODY_S_SECRET;
    use crate::setup::Staff;
    use http_body_util::BodyExt as _;

    #[test]
    fn news_of_an_order_is_told_from_other_frames() {
        let news = r#"{"type":"event","kind":"order.updated","data":{"order":{"sequence":7}}}"#;
        assert_eq!(news_of(news), Some(7));
        for other in [
            r#"{"type":"event","kind":"message.created","data":{"message":{"seq":7}}}"#,
            r#"{"type":"caught_up","seq":7}"#,
            r#"{"type":"event","kind":"order.updated","data":{"order":{"sequence":null}}}"#,
        ] {
            assert_eq!(news_of(other), None, "{other}");
        }
    }

    #[test]
    fn who_heard_a_newer_sequence_of_an_order_has_heard_the_older_ones() {
        let heard = Heard::of(10);
        for (sequence, at_ns) in [(3, 100), (23, 200), (23, 300), (5, 400)] {
            heard.note(sequence, at_ns);
        }
        assert_eq!(heard.at(3), Some(100));
        assert_eq!(heard.at(13), Some(200), "with the newer one");
        assert_eq!(heard.at(23), Some(200), "the first time");
        assert_eq!(heard.at(33), None);
        assert_eq!(heard.at(4), None, "another order's");
    }

    #[tokio::test]
    async fn each_event_of_an_order_is_another_status_with_a_higher_sequence() {
        let minter = Minter::new(NOBODY_S_SECRET).unwrap();
        let size = Size {
            rooms: 3,
            people: 3,
            staff: Staff::Shared,
        };
        let events = Events {
            world: Arc::new(World::unreported(&minter, size).unwrap()),
            service: minter.bearer("s", Role::Service, None).unwrap(),
            due: Mutex::default(),
        };
        let mut told = Vec::new();
        for n in [1, 4] {
            let request = events.request(n).unwrap();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            told.push(serde_json::from_slice::<serde_json::Value>(&body).unwrap());
        }
        assert_eq!(told[0]["subject"], told[1]["subject"]);
        assert_ne!(told[0]["data"]["status"], told[1]["data"]["status"]);
        assert_eq!(
            (&told[0]["data"]["sequence"], &told[1]["data"]["sequence"]),
            (&json!(2), &json!(5))
        );
    }
}
