//! Over random order events (changing statuses and riders, late, repeated), people's actions and time
//! that passes, nobody ever holds a right that the pure evaluator does not give: not by REST, not on a
//! connection that is open all the while. And all events in any order, with repeats, end in the same
//! order, room and people.

mod ends;
mod model;

use std::time::Duration;

use orderchat_domain::Millis;
use orderchat_domain::policy::OrderPolicy;
use orderchat_domain::room::{RoomStatus, Transition};
use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::{Value, json};

use crate::harness::orders::{an_event, order_path};
use crate::harness::seed::{rng, rounds, seed};
use crate::harness::server::Options;
use crate::harness::wall_clock::{HOUR, MINUTE, can_move_clocks};
use crate::harness::{Client, Fields as _, Live, Room, Server, an_order, eventually};
use model::{CUSTOMER, FIRST_RIDER, GUEST, May, Model, PEOPLE, Told};

const STEPS: usize = 30;
/// No sum of such is near one of the policy's times.
const JUMP: i64 = 11 * MINUTE;
/// Tokens live a day: so often the clock may be moved.
const JUMPS: usize = 20;

/// The longest that a connection may take to be told.
const PATIENCE: Duration = Duration::from_secs(10);

const STATUSES: [&str; 7] = [
    "accepted",
    "preparing",
    "ready_for_pickup",
    "picked_up",
    "delivered",
    "cancelled",
    "pending",
];

/// Rights that change with nearly every status.
const POLICY: &str = r#"
version = 2
[rights.active]
rider = { write = false }
[rights.status.preparing]
customer = { write = false }
rider = { write = true }
[rights.status.ready_for_pickup]
rider = { read = "never" }
guest = { read = "never" }
[rights.status.picked_up]
rider = { write = true }
customer = { read = "while_open" }
guest = { write = false }
[rights.status.cancelled]
customer = { read = "never", write = false }
"#;

/// A connection that is open all the time, and from when on nothing of the room may come.
struct Watch {
    live: Live,
    /// The seq of the event that took reading away is not above this.
    shut_out_at: Option<(usize, i64)>,
}

struct Run<'a> {
    server: &'a Server,
    room: Room,
    people: Vec<Client>,
    watches: Vec<Watch>,
    model: Model,
    rng: TestRng,
    /// Every event so far that was made, to be told late or again.
    made: Vec<(i64, Told)>,
    /// One of them that comes next.
    late: Option<(i64, Told)>,
    jumps: usize,
    history: Vec<String>,
}

fn rider_id(place: usize) -> String {
    format!("rider-turn-{place}")
}

/// Somebody whose token is good however far the clock is moved.
fn long_lived(server: &Server, role: &str, user: &str) -> Client {
    let now = server.now_s();
    let identity = server.identity(role, user).with("iat", now - HOUR);
    server.client(&identity.with("exp", now + 22 * HOUR))
}

impl<'a> Run<'a> {
    async fn begin(server: &'a Server, number: usize, seed: u64) -> Self {
        let report = an_order(&format!("r{number}")).with_rider(&rider_id(FIRST_RIDER));
        let mut room = Room::of(server, report.with("sequence", 1)).await;
        room.service = long_lived(server, "service", "shop");
        room.admin = long_lived(server, "admin", "admin-1");
        room.make_public().await;
        let customer = room.customer.user.clone();
        let mut people = vec![
            long_lived(server, "customer", &customer),
            long_lived(server, "customer", &format!("guest-{number}")),
        ];
        for place in FIRST_RIDER..PEOPLE {
            people.push(long_lived(server, "rider", &rider_id(place)));
        }
        let joined = people[GUEST].act(&room.at("join/")).await;
        assert!([200, 201].contains(&joined.status), "{}", joined.text);
        let mut watches = Vec::new();
        for person in &people {
            let (live, shut_out_at) = (Live::of(person).await, None);
            watches.push(Watch { live, shut_out_at });
        }
        Self {
            server,
            room,
            people,
            watches,
            model: Model::new(OrderPolicy::parse(POLICY).expect("a policy")),
            rng: rng(seed),
            made: vec![(1, Told::Status("accepted"))],
            late: None,
            jumps: 0,
            history: Vec::new(),
        }
    }

    fn below(&mut self, most: usize) -> usize {
        (self.rng.next_u64() % most as u64) as usize
    }

    fn now(&self) -> Millis {
        Millis(self.server.now_s() * 1_000)
    }

    fn may(&self) -> [May; PEOPLE] {
        std::array::from_fn(|place| self.model.may(place, self.now()))
    }

    /// One thing happens.
    async fn act(&mut self) {
        if let Some((sequence, told)) = self.late.take() {
            return self.tell(sequence, told).await;
        }
        match self.below(12) {
            0 => self.close_or_reopen().await,
            1 => self.mute_or_unmute().await,
            2 | 3 if self.jumps < JUMPS => self.let_time_pass().await,
            4 => {
                // Late or repeated, as it comes.
                let place = self.below(self.made.len());
                let (sequence, told) = self.made[place].clone();
                self.tell(sequence, told).await;
            }
            5 => {
                // The one made after it comes before it.
                self.late = Some(self.make());
                let (sequence, told) = self.make();
                self.tell(sequence, told).await;
            }
            _ => {
                let (sequence, told) = self.make();
                self.tell(sequence, told).await;
            }
        }
    }

    fn make(&mut self) -> (i64, Told) {
        let told = if self.below(3) == 0 {
            let rider = self.below(PEOPLE - FIRST_RIDER + 1);
            Told::Rider((rider > 0).then(|| FIRST_RIDER + rider - 1))
        } else {
            Told::Status(STATUSES[self.below(STATUSES.len())])
        };
        let made = (self.made.len() as i64 + 1, told);
        self.made.push(made.clone());
        made
    }

    async fn tell(&mut self, sequence: i64, told: Told) {
        self.history.push(format!("{sequence}: {told:?}"));
        let event = event(&self.room.order, sequence, &told);
        self.room.service.tell(&event).await.ok(202);
        let now = self.now();
        self.model.hear(sequence, &told, now);
    }

    async fn close_or_reopen(&mut self) {
        let (path, transition) = match self.model.room {
            RoomStatus::Open => ("close/", Transition::Close),
            _ => ("reopen/", Transition::Reopen),
        };
        self.history.push(path.to_owned());
        self.room.admin.act(&self.room.at(path)).await.ok(200);
        let now = self.now();
        self.model.person_does(transition, now);
    }

    async fn mute_or_unmute(&mut self) {
        let place = self.below(PEOPLE);
        if !self.model.is_in(place) || self.model.room != RoomStatus::Open {
            return;
        }
        let action = if self.model.muted[place] {
            "unmute/"
        } else {
            "mute/"
        };
        self.history.push(format!("{action} {place}"));
        let path = self.room.participant_at(&self.people[place], action).await;
        self.room.admin.act(&path).await.ok(200);
        self.model.muted[place] = !self.model.muted[place];
    }

    async fn let_time_pass(&mut self) {
        self.jumps += 1;
        let by = JUMP * (1 + self.below(4) as i64);
        self.history.push(format!("{} minutes pass", by / MINUTE));
        self.server.jump(by);
        let now = self.now();
        if self.model.closes_by_itself(now) {
            let room = &self.room;
            eventually("the room closes by itself", async || {
                (room.seen_by(&room.admin).await["status"] == "closed").then_some(())
            })
            .await;
        }
    }

    /// Everything that was held before and is not now is lost on every path.
    async fn step(&mut self) {
        let before = self.may();
        let counts: Vec<usize> = (self.watches.iter())
            .map(|watch| watch.live.events_of(&self.room).len())
            .collect();
        self.act().await;
        let after = self.may();
        let head = self.room.seen_by(&self.room.admin).await.number("seq");
        for place in 0..PEOPLE {
            let watch = &mut self.watches[place];
            if before[place].read && !after[place].read {
                watch.shut_out_at = Some((counts[place], head));
            } else if !before[place].read && after[place].read {
                watch.shut_out_at = None;
            }
        }
        self.facts_agree().await;
        for place in 0..PEOPLE {
            self.rest_agrees(place).await;
        }
        let head = self.room.seen_by(&self.room.admin).await.number("seq");
        for place in 0..PEOPLE {
            self.live_agrees(place, head).await;
        }
    }

    /// The order and the room are what the events have made of them.
    async fn facts_agree(&self) {
        let room = self.room.seen_by(&self.room.admin).await;
        let order = self.room.service.get(&order_path(&self.room.order)).await;
        let order = order.ok(200);
        let rider = self.model.rider.map(rider_id);
        assert_eq!(order["status"], self.model.status, "{}", self.told());
        assert_eq!(
            order["rider"]["id"].as_str(),
            rider.as_deref(),
            "{}",
            self.told()
        );
        assert_eq!(room["status"], self.model.room.as_str(), "{}", self.told());
        let path = format!("{}policy/", order_path(&self.room.order));
        let table = self.room.service.get(&path).await.ok(200);
        for (place, role) in [
            (CUSTOMER, "customer"),
            (GUEST, "guest"),
            (FIRST_RIDER, "rider"),
        ] {
            let row = table
                .list("now")
                .into_iter()
                .find(|row| row["role"] == role);
            let row = row.expect("a row of every role");
            let may = self.model.role_may(place, self.now());
            assert_eq!(
                (&row["read"], &row["write"]),
                (&json!(may.read), &json!(may.write)),
                "the table says {row}; {}",
                self.told()
            );
        }
    }

    async fn rest_agrees(&self, place: usize) {
        let (person, room) = (&self.people[place], &self.room);
        let may = self.model.may(place, self.now());
        for path in [
            "messages/?limit=1",
            "events/?after=0&limit=1",
            "participants/?limit=1",
        ] {
            let read = person.get(&room.at(path)).await;
            assert_eq!(
                read.status == 200,
                may.read,
                "person {place} asked {path}: {}; {}",
                read.text,
                self.told()
            );
        }
        let sent = person.send(room, json!({ "content": "may I?" })).await;
        assert_eq!(
            sent.status == 201,
            may.write,
            "person {place} sent: {}; {}",
            sent.text,
            self.told()
        );
    }

    /// The connection of who may read has everything, and what it was told of their rights comes to
    /// what they are; that of who may not has had nothing since.
    async fn live_agrees(&mut self, place: usize, head: i64) {
        let (may, now, told) = (self.model.may(place, self.now()), self.now(), self.told());
        let watch = &mut self.watches[place];
        if may.read {
            let wanted = may.write;
            let is_there = |live: &Live| {
                let has = live.cursor().rooms.get(&self.room.id).copied();
                has >= Some(head) && writes(live, &self.room, now) == Some(wanted)
            };
            let mut looked_at = watch.live.received.len();
            while !is_there(&watch.live) {
                let next = watch.live.next_after(looked_at);
                let heard = tokio::time::timeout(PATIENCE, next).await;
                assert!(
                    heard.is_ok_and(|frame| frame.is_ok()),
                    "person {place} was not told all up to {head} and that write is {wanted}; {told}\n{:?}",
                    watch.live
                );
                looked_at = watch.live.received.len();
            }
        } else {
            watch.live.fence().await;
            let events = watch.live.events_of(&self.room);
            let (since, last) = watch.shut_out_at.unwrap_or((0, 0));
            let later = events[since..]
                .iter()
                .find(|event| event.number("seq") > last);
            assert!(
                later.is_none(),
                "person {place} was shut out and heard {later:?}; {told}"
            );
        }
    }

    fn told(&self) -> String {
        self.history.join("\n")
    }
}

/// Whether the connection was told that they may write, by what it was told last.
fn writes(live: &Live, room: &Room, now: Millis) -> Option<bool> {
    let of_room = live
        .received
        .iter()
        .filter(|frame| frame["room"] == room.id.as_str());
    let mut told = of_room.filter_map(|frame| match frame["type"].as_str() {
        Some("capabilities") => Some(frame),
        Some("caught_up") => Some(&frame["capabilities"]),
        _ => None,
    });
    let last = told.next_back()?;
    let until = last["until"].as_str().and_then(Millis::parse);
    // Of a mute `until` is when it ends; none of these has an end.
    Some(last["write"] == true && until.is_none_or(|until| now < until))
}

fn event(order: &str, sequence: i64, told: &Told) -> Value {
    let (kind, mut data) = match told {
        Told::Status(status) => ("order.status_changed", json!({ "status": status })),
        Told::Rider(rider) => {
            let rider = rider.map(rider_id);
            let rider = rider.map(|id| json!({ "id": id, "name": id }));
            ("delivery.reassigned", json!({ "rider": rider }))
        }
    };
    data["sequence"] = json!(sequence);
    an_event(order, kind, data)
}

async fn server_with_policy() -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("shop.toml");
    std::fs::write(&file, POLICY).expect("the policy file is written");
    let path = file.to_str().expect("a path in UTF-8");
    let options = Options::default()
        .with("ORDERCHAT_POLICY", path)
        .with_clock();
    (options.start().await, folder)
}

#[tokio::test]
async fn nobody_ever_holds_a_right_that_the_evaluator_does_not_give() {
    if !can_move_clocks() {
        return;
    }
    let (server, _folder) = server_with_policy().await;
    let seed = seed();
    for number in 0..rounds("ORDERCHAT_TEST_ROUNDS", 2) {
        let mut run = Run::begin(&server, number, seed.wrapping_add(number as u64)).await;
        for _ in 0..STEPS {
            run.step().await;
        }
    }
}
