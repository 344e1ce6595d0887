//! G11: whoever is shut out hears nothing after their own last event, on no connection; whoever is
//! muted, or in a room that closes, says nothing more and reads on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::seed::rounds;
use crate::harness::sse::Sse;
use crate::harness::{Client, Fields, Live, Room, Server, eventually};

/// Messages before the deed and after it.
const BEFORE: usize = 20;
const AFTER: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Block,
    Remove,
    CloseOnRider,
    HandOver,
    Mute,
    Close,
}

impl Deed {
    fn victim(self, room: &Room) -> &Client {
        match self {
            Self::CloseOnRider | Self::HandOver => &room.rider,
            _ => &room.customer,
        }
    }

    async fn path(self, room: &Room) -> String {
        let action = match self {
            Self::Block => "block/",
            Self::Mute => "mute/",
            _ => "",
        };
        room.participant_at(self.victim(room), action).await
    }

    /// Does it; acknowledged when this returns.
    async fn act(self, room: &Room, path: &str) {
        match self {
            Self::Block | Self::Mute => drop(room.admin.act(path).await.ok(200)),
            Self::Remove => drop(room.admin.delete(path).await.ok(204)),
            Self::CloseOnRider | Self::Close => room.close().await,
            Self::HandOver => {
                room.rider_is("another-rider").await;
            }
        }
    }

    /// The kind of the event that says so.
    const fn kind(self) -> &'static str {
        match self {
            Self::Block => "participant.blocked",
            Self::Remove | Self::HandOver => "participant.ended",
            Self::CloseOnRider | Self::Close => "room.closed",
            Self::Mute => "participant.muted",
        }
    }

    /// Whether it takes reading away, too.
    const fn shuts_out(self) -> bool {
        !matches!(self, Self::Mute | Self::Close)
    }
}

/// Says one thing after the other until told to stop; where the room closes they are refused.
pub(super) async fn talk(client: &Client, room: &Room, said: &AtomicUsize, stop: &AtomicBool) {
    let mut live = Live::following(client, room).await;
    while !stop.load(Ordering::SeqCst) {
        let send = json!({ "type": "send", "room": room.id, "content": "meanwhile" });
        live.ask(send).await;
        said.fetch_add(1, Ordering::SeqCst);
    }
}

/// Sends until told to stop: the seqs of what was taken, and whether anything sent after the ack was.
pub(super) async fn victim_sends(
    live: &mut Live,
    room: &Room,
    acked: &AtomicBool,
    stop: &AtomicBool,
) -> Vec<i64> {
    let mut taken = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let after_ack = acked.load(Ordering::SeqCst);
        let send = json!({ "type": "send", "room": room.id, "content": "from the victim" });
        let answer = live.ask(send).await;
        if answer["type"] == "ok" {
            assert!(!after_ack, "sent after the ack and taken: {answer}");
            taken.push(answer["message"].number("seq"));
        }
    }
    taken
}

pub(super) async fn has_said(said: &AtomicUsize, more: usize) {
    let until = said.load(Ordering::SeqCst) + more;
    eventually("the others go on", async || {
        (said.load(Ordering::SeqCst) >= until).then_some(())
    })
    .await;
}

/// Nothing of the room came after the event, on a connection that has everything sent for it.
pub(super) fn nothing_after(live: &Live, room: &Room, own: &Value) {
    let frames = live.frames_of(room);
    let place = frames.iter().position(|frame| frame == own);
    let place = place.unwrap_or_else(|| panic!("{own} did not come: {live:?}"));
    let later: Vec<_> = frames[place + 1..].iter().collect();
    assert!(later.is_empty(), "after {own}: {later:?}");
}

pub(super) async fn is_out(client: &Client, room: &Room, live: &Live) {
    for path in ["", "messages/", "events/?after=0", "participants/"] {
        client.get(&room.at(path)).await.refused(404);
    }
    let hits = client.get("/api/chat/search/?q=meanwhile").await.ok(200);
    assert_eq!(hits.results(), Vec::<Value>::new());
    let mut resumed = Live::resume(client, &live.cursor()).await;
    let gone = json!({ "type": "resync", "room": room.id, "reason": "gone", "seq": null });
    resumed.expect(gone).await;
    resumed.fence().await;
    assert_eq!(resumed.frames_of(room).len(), 1, "{resumed:?}");
}

async fn round(server: &Server, deed: Deed) {
    let (room, other) = (server.open_room().await, server.open_room().await);
    let victim = deed.victim(&room);
    let role = if victim.user == room.rider.user {
        "rider"
    } else {
        "customer"
    };
    other.add(victim, role).await;
    let path = deed.path(&room).await;
    let mut lives = [
        Live::following(victim, &room).await,
        Live::following(victim, &room).await,
    ];
    let mut sender = Live::following(victim, &room).await;
    let mut stream = Sse::open(victim, &[&room, &other], None).await;
    let mut witness = Live::following(&room.admin, &room).await;

    let (said, acked, stop) = (
        AtomicUsize::new(0),
        AtomicBool::new(false),
        AtomicBool::new(false),
    );
    let talkers = [&room.pharmacist, &room.colleague, &room.support];
    let talking = join_all(talkers.map(|client| talk(client, &room, &said, &stop)));
    let sending = victim_sends(&mut sender, &room, &acked, &stop);
    let doing = async {
        has_said(&said, BEFORE).await;
        deed.act(&room, &path).await;
        acked.store(true, Ordering::SeqCst);
        has_said(&said, AFTER).await;
        stop.store(true, Ordering::SeqCst);
    };
    let (_, taken, ()) = tokio::join!(talking, sending, doing);

    let head = room.head().await;
    witness.event_at(&room, head).await;
    let told = witness.events_of(&room);
    let own = told.iter().find(|event| event["kind"] == deed.kind());
    let own = own.expect("the deed is in the log").number("seq");
    assert!(taken.iter().all(|seq| *seq < own), "{taken:?} and {own}");
    for live in lives.iter_mut().chain([&mut sender]) {
        live.fence().await;
        if deed.shuts_out() {
            let last = live.events_of(&room).pop().expect("events");
            assert_eq!(
                (last.number("seq"), last.string("kind")),
                (own, deed.kind().to_owned())
            );
            nothing_after(live, &room, &last);
        } else {
            live.event_at(&room, head).await;
        }
        let seqs: Vec<_> = live
            .events_of(&room)
            .iter()
            .map(|e| e.number("seq"))
            .collect();
        assert!(
            seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{seqs:?}"
        );
    }
    if deed.shuts_out() {
        let told = other
            .pharmacist
            .say(&other, "to the other room")
            .await
            .number("seq");
        stream.expect(json!({ "room": room.id, "seq": own })).await;
        let next = stream.expect(json!({ "type": "event" })).await.frame;
        assert_eq!(
            (&next["room"], next.number("seq")),
            (&json!(other.id), told),
            "{next}"
        );
        is_out(victim, &room, &lives[0]).await;
    } else {
        room.seen_by(victim).await;
    }
}

#[rstest]
#[case::block(Deed::Block)]
#[case::remove(Deed::Remove)]
#[case::close_on_a_rider(Deed::CloseOnRider)]
#[case::hand_over(Deed::HandOver)]
#[case::mute(Deed::Mute)]
#[case::close(Deed::Close)]
#[tokio::test]
async fn g11_after_the_ack_nothing_more_gets_through(#[case] deed: Deed) {
    let server = Server::start().await;
    for _ in 0..rounds("ORDERCHAT_TEST_ROUNDS", 2) {
        round(&server, deed).await;
    }
}
