//! One node's link to NATS: a queue that hints leave by, a channel that others' come in by.
//!
//! Every node says its hints under a subject of its own below one that all listen to, so that it
//! knows its own when they come back. They are let come back: a message heard again proves that the
//! server has this connection's subscription and passes on. After every connecting the node says
//! an empty message; once it hears that, it is connected, and whoever listens is told that they may
//! have missed something until then. The client library's own "connected" comes before it
//! subscribes again: what others say in between would be missed for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ClientError, ConnectOptions, Event, ServerAddr, Subscriber};
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::hint::{self, Hint};
use super::{BusError, Received};
use crate::{clock, random};

/// Hints that wait for the connection, and hints that a slow listener has not taken.
const QUEUE: usize = 4_096;
/// Hints in one message, if so many wait.
pub(super) const BATCH: usize = 256;
/// Messages on the way to the connection. Few: what waits in our queue instead goes together.
const MESSAGES_OUT: usize = 4;
/// Messages on the way from the connection, of at most [`BATCH`] hints each.
const MESSAGES_IN: usize = 256;
/// How often the node says something, if only to hear itself.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often the server is asked for a sign of life; after two without one the connection is given
/// up. So a server that hangs is noticed within 15 s.
const PING: Duration = Duration::from_secs(5);
/// The longest time between two attempts to connect.
const LONGEST_DELAY: Duration = Duration::from_secs(5);
/// Time for what is still waiting when the process ends.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where the link stands.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) connected: bool,
    /// What was wrong last, since it was connected; in the library's words, which quote no address.
    pub(super) problem: Option<String>,
}

/// The end of the link that the node holds.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) queue: mpsc::Sender<Hint>,
    pub(super) heard: broadcast::Sender<Received>,
    pub(super) state: watch::Sender<State>,
    /// A connection is there that has not been heard on yet.
    fresh: Notify,
    /// The client library had no place for a message.
    missed: Notify,
    /// Hints of this node may not have got through: the others are told so with the next ones.
    lost: AtomicBool,
}

/// The end of the link that talks to NATS.
pub(super) struct Driver {
    link: Arc<Link>,
    client: Client,
    subscriber: Subscriber,
    queue: mpsc::Receiver<Hint>,
    /// Taken from the queue and perhaps not said yet.
    batch: Vec<Hint>,
    /// Where this node speaks.
    own: String,
    stop: CancellationToken,
}

pub(super) fn count_missed() {
    metrics::counter!("orderchat_bus_missed_total").increment(1);
}

impl Link {
    pub(super) async fn open(
        address: &SecretString,
        epoch: &str,
        stop: CancellationToken,
    ) -> Result<(Arc<Self>, Driver), BusError> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let link = Arc::new(Self {
            queue,
            heard: broadcast::Sender::new(QUEUE),
            state: watch::Sender::default(),
            fresh: Notify::new(),
            missed: Notify::new(),
            lost: AtomicBool::new(false),
        });
        let (server, options) = options(address)?;
        let events = Arc::clone(&link);
        let client = options
            .event_callback(move |event| {
                events.on(event);
                std::future::ready(())
            })
            .connect(server)
            .await
            .map_err(|error| BusError::Client(error.to_string()))?;
        let all = format!("orderchat.{epoch}.hints");
        let subscriber = client
            .subscribe(format!("{all}.*"))
            .await
            .map_err(|error| BusError::Client(error.to_string()))?;
        let node = random::uuid_v7(clock::now_ms()).simple();
        metrics::gauge!("orderchat_bus_connected").set(0.0);
        let driver = Driver {
            link: Arc::clone(&link),
            client,
            subscriber,
            queue: waiting,
            batch: Vec::with_capacity(BATCH),
            own: format!("{all}.{node}"),
            stop,
        };
        Ok((link, driver))
    }

    /// So many hints of this node will not get through.
    pub(super) fn drop_hints(&self, hints: usize) {
        self.lost.store(true, Ordering::Relaxed);
        metrics::counter!("orderchat_bus_dropped_total").increment(hints as u64);
    }

    /// What the client library noticed.
    fn on(&self, event: Event) {
        match event {
            Event::Connected => {
                self.lose();
                self.fresh.notify_one();
            }
            Event::Disconnected => {
                // What was on its way may have gone with the connection.
                self.lost.store(true, Ordering::Relaxed);
                if self.lose() {
                    tracing::warn!("the bus is disconnected; other nodes' news come later");
                }
            }
            // One for each message: together they are told once.
            Event::SlowConsumer(_) => self.missed.notify_one(),
            Event::ServerError(error) => self.fail(error.to_string()),
            Event::ClientError(ClientError::Other(error)) => self.fail(error),
            Event::ClientError(error) => self.fail(error.to_string()),
            Event::LameDuckMode | Event::Draining | Event::Closed => {}
        }
    }

    /// Keeps the reason for whoever asks, and says it once until it works again.
    fn fail(&self, problem: String) {
        self.state.send_modify(|state| {
            if state.problem.is_none() {
                tracing::warn!(
                    %problem,
                    "the bus has a problem; until it works other nodes' news come later: check \
                     ORDERCHAT_BUS, orderchat doctor says more"
                );
            }
            state.problem = Some(problem);
        });
    }

    /// What this node said has come back.
    fn prove(&self) {
        let proved = self.state.send_if_modified(|state| {
            !std::mem::replace(
                state,
                State {
                    connected: true,
                    problem: None,
                },
            )
            .connected
        });
        if proved {
            metrics::gauge!("orderchat_bus_connected").set(1.0);
            tracing::info!("the bus is connected");
            self.miss();
        }
    }

    /// Not connected, until proved; whether it was.
    fn lose(&self) -> bool {
        metrics::gauge!("orderchat_bus_connected").set(0.0);
        self.state
            .send_if_modified(|state| std::mem::take(&mut state.connected))
    }

    fn miss(&self) {
        count_missed();
        self.pass(Received::Missed);
    }

    fn pass(&self, received: Received) {
        // Nobody need be listening.
        let _listeners = self.heard.send(received);
    }
}

impl Driver {
    /// Speaks and listens until stopped; then says what is still waiting.
    pub(super) async fn run(mut self) {
        let stop = self.stop.clone();
        let Self {
            link,
            client,
            subscriber,
            queue,
            batch,
            own,
            ..
        } = &mut self;
        tokio::select! {
            () = stop.cancelled() => {}
            () = speak(link, client, own, queue, batch) => {}
            () = listen(link, own, subscriber) => {}
        }
        queue.close();
        let rest = async {
            loop {
                // Should it have been said already, it is said twice: that changes nothing.
                say(link, client, own, batch).await;
                if queue.recv_many(batch, BATCH).await == 0 {
                    return client.flush().await;
                }
            }
        };
        if timeout(LAST_WORDS, rest).await.is_err() {
            link.drop_hints(batch.len() + queue.len());
        }
    }
}

/// Says what waits, and now and then something to hear itself by.
async fn speak(
    link: &Link,
    client: &Client,
    own: &str,
    queue: &mut mpsc::Receiver<Hint>,
    batch: &mut Vec<Hint>,
) {
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = link.fresh.notified() => {}
            _ = heartbeat.tick() => {}
            taken = queue.recv_many(batch, BATCH) => if taken == 0 { return },
        }
        say(link, client, own, batch).await;
    }
}

/// Says the batch in one message; waits while the connection takes none.
async fn say(link: &Link, client: &Client, own: &str, batch: &mut Vec<Hint>) {
    if link.lost.swap(false, Ordering::Relaxed) {
        batch.push(Hint::Missed);
    }
    let said = match hint::encode(batch) {
        Ok(message) => {
            let sent = client.publish(own.to_owned(), message.into()).await;
            sent.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    match said {
        Ok(()) => metrics::counter!("orderchat_bus_sent_total").increment(batch.len() as u64),
        Err(error) => {
            link.drop_hints(batch.len());
            tracing::warn!(error, hints = batch.len(), "hints cannot be sent");
        }
    }
    batch.clear();
}

/// Passes on what others say. Never waits for a listener: who is slow is told so.
async fn listen(link: &Link, own: &str, subscriber: &mut Subscriber) {
    loop {
        let message = tokio::select! {
            () = link.missed.notified() => {
                link.miss();
                continue;
            }
            message = subscriber.next() => message,
        };
        let Some(message) = message else { return };
        if message.subject.as_str() == own {
            link.prove();
            continue;
        }
        let Some(hints) = hint::decode(&message.payload) else {
            metrics::counter!("orderchat_bus_unreadable_total").increment(1);
            continue;
        };
        metrics::counter!("orderchat_bus_received_total").increment(hints.len() as u64);
        for hint in hints {
            link.pass(Received::Hint(hint));
        }
    }
}

/// The server without what authenticates us, which the library logs at `debug`, and how to connect
/// to it.
fn options(address: &SecretString) -> Result<(ServerAddr, ConnectOptions), BusError> {
    let server: ServerAddr = address
        .expose_secret()
        .parse()
        .map_err(|_| BusError::Address)?;
    let options = ConnectOptions::new()
        .name("orderchat")
        .require_tls(server.tls_required())
        .retry_on_initial_connect()
        .max_reconnects(None)
        .reconnect_delay_callback(|attempts| delay(attempts, random::bytes()))
        .ping_interval(PING)
        .client_capacity(MESSAGES_OUT)
        .subscription_capacity(MESSAGES_IN);
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| BusError::Address)
    };
    let options = match (server.username(), server.password()) {
        (Some(user), Some(password)) => {
            options.user_and_password(decoded(user)?, decoded(password)?)
        }
        (Some(token), None) => options.token(decoded(token)?),
        (None, _) => options,
    };
    let mut bare = server.into_inner();
    let stripped = bare.set_username("").and_then(|()| bare.set_password(None));
    stripped.map_err(|()| BusError::Address)?;
    let server = ServerAddr::from_url(bare).map_err(|_| BusError::Address)?;
    Ok((server, options))
}

/// Twice as long from attempt to attempt, the half of it by chance: nodes that lost the server
/// together do not come back together.
fn delay(attempts: usize, chance: [u8; 4]) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    let longest = Duration::from_millis(100)
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(LONGEST_DELAY);
    let part = f64::from(u32::from_le_bytes(chance)) / f64::from(u32::MAX);
    longest.mul_f64(0.5 + part / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_slower_and_never_slower_than_every_five_seconds() {
        let (least, most) = ([0; 4], [0xff; 4]);
        assert_eq!(delay(1, least), Duration::from_millis(50));
        assert_eq!(delay(1, most), Duration::from_millis(100));
        assert_eq!(delay(3, most), Duration::from_millis(400));
        for attempts in [7, 100, usize::MAX] {
            assert_eq!(delay(attempts, least), LONGEST_DELAY / 2);
            assert_eq!(delay(attempts, most), LONGEST_DELAY);
        }
    }

    #[test]
    fn what_authenticates_is_taken_out_of_the_address() {
        for address in [
            "nats://u:c%40nary@h.example:4223",
            "tls://c%40nary@h.example:4223",
            "nats://h.example:4223",
        ] {
            let (server, _) = options(&address.into()).unwrap();
            let expected = format!("{}://h.example:4223", server.scheme());
            assert_eq!(server.as_url_str(), expected);
        }
    }
}
