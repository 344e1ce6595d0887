//! Does everything that can be done in a room, in a random order that a seed repeats.

use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::{Value, json};

use super::reader::THE_END;
use crate::harness::seed::rng;
use crate::harness::{Client, Fields as _, Room, Server, message_path, participant_path};

const STATUSES: [&str; 4] = ["accepted", "preparing", "ready_for_pickup", "picked_up"];
const ACTIONS: u64 = 16;

pub(super) struct Writer<'a> {
    room: &'a Room,
    rng: TestRng,
    guest: Client,
    guest_id: String,
    /// Texts that nobody has deleted, with who said them.
    said: Vec<(Value, &'a Client)>,
    count: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(server: &Server, room: &'a Room, seed: u64) -> Self {
        Self {
            room,
            rng: rng(seed),
            guest: server.customer("guest-1"),
            guest_id: String::new(),
            said: Vec::new(),
            count: 0,
        }
    }

    /// Puts a guest in whom everything can happen to.
    pub(super) async fn prepare(&mut self) {
        let guest = self.room.add(&self.guest, "customer").await;
        self.guest_id = guest.string("id");
        // Who acts is in the room from the beginning.
        self.room.admin.say(self.room, "I am here").await;
        self.say().await;
    }

    fn below(&mut self, most: usize) -> usize {
        (self.rng.next_u64() % most as u64) as usize
    }

    async fn say(&mut self) {
        let people = [
            &self.room.customer,
            &self.room.rider,
            &self.room.pharmacist,
            &self.room.admin,
        ];
        let by = people[self.below(people.len())];
        self.count += 1;
        let padding = "x".repeat(self.below(300));
        let content = format!("text {} {padding}", self.count);
        let mut draft =
            json!({ "content": content, "client_message_id": format!("k{}", self.count) });
        if self.below(4) == 0 && !self.said.is_empty() {
            let place = self.below(self.said.len());
            draft["reply_to"] = self.said[place].0["id"].clone();
        }
        let message = by.send(self.room, draft).await.ok(201);
        self.said.push((message, by));
    }

    async fn guest_is(&self, action: &str) {
        let path = participant_path(&self.guest_id, action);
        self.room.admin.act(&path).await.ok(200);
    }

    /// One action, or two that undo each other.
    pub(super) async fn act(&mut self) {
        let room = self.room;
        match self.rng.next_u64() % ACTIONS {
            0 if !self.said.is_empty() => {
                let place = self.below(self.said.len());
                let (message, by) = &self.said[place];
                let edit = json!({ "content": format!("edited {}", self.count) });
                by.patch(&message_path(message, ""), edit).await.ok(200);
            }
            1 if !self.said.is_empty() => {
                let place = self.below(self.said.len());
                let (message, by) = self.said.swap_remove(place);
                by.delete(&message_path(&message, "")).await.ok(204);
            }
            2 if !self.said.is_empty() => {
                let place = self.below(self.said.len());
                let (message, _) = self.said.swap_remove(place);
                let reason = json!({ "reason": "a test" });
                room.support
                    .delete_with(&message_path(&message, ""), reason)
                    .await
                    .ok(204);
            }
            3 => {
                self.guest_is("mute/").await;
                self.guest_is("unmute/").await;
            }
            4 => {
                self.guest_is("block/").await;
                self.guest_is("unblock/").await;
                self.guest_comes_back().await;
            }
            5 => {
                let path = participant_path(&self.guest_id, "");
                room.admin.delete(&path).await.ok(204);
                self.guest_comes_back().await;
            }
            6 => {
                room.colleague.act(&room.at("leave/")).await.ok(200);
                room.colleague.act(&room.at("join/")).await.ok(200);
            }
            7 => {
                let title = json!({ "title": format!("Title {}", self.count) });
                room.pharmacist.patch(&room.at(""), title).await.ok(200);
            }
            8 => {
                let status = STATUSES[self.below(STATUSES.len())];
                room.order_is(status).await;
            }
            9 => {
                room.close().await;
                room.pharmacist.act(&room.at("reopen/")).await.ok(200);
            }
            10 => {
                let people = [&room.customer, &room.rider, &room.colleague];
                let by = people[self.below(people.len())];
                by.act(&room.at("read/")).await.ok(200);
            }
            11 => {
                let own = room.participant_at(&room.customer, "").await;
                let sound = self.below(2) == 0;
                let preferences = json!({ "notification_preferences": { "sound": sound } });
                room.customer.patch(&own, preferences).await.ok(200);
            }
            _ => self.say().await,
        }
    }

    async fn guest_comes_back(&self) {
        let user = json!({ "user": self.guest.user });
        let path = self.room.at("participants/");
        let back = self.room.admin.post(&path, user).await;
        assert!([200, 201].contains(&back.status), "{}", back.text);
    }

    /// The last thing that is said.
    pub(super) async fn finish(&self) {
        self.room.pharmacist.say(self.room, THE_END).await;
    }
}
