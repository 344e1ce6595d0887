//! An order's room with its people.

use serde_json::{Value, json};

use super::orders::{OrderReport, an_order};
use super::{Client, Fields, Server, encode};

/// The room of one reported order, and a client for everybody who may come there.
pub(crate) struct Room {
    /// The report that opened it.
    pub(crate) report: OrderReport,
    /// The order's id.
    pub(crate) order: String,
    pub(crate) id: String,
    /// The short code, `room_id`.
    pub(crate) code: String,
    /// The shop's backend.
    pub(crate) service: Client,
    /// The order's customer, in the room.
    pub(crate) customer: Client,
    /// The order's rider, in the room.
    pub(crate) rider: Client,
    /// Staff of the order's pharmacy, in the room.
    pub(crate) pharmacist: Client,
    /// The other one.
    pub(crate) colleague: Client,
    /// Not in the room.
    pub(crate) support: Client,
    /// Not in the room.
    pub(crate) admin: Client,
}

impl Room {
    pub(super) async fn open(server: &Server, number: usize) -> Self {
        Self::of(server, an_order(&format!("o{number}"))).await
    }

    /// Reports this order, which must open its room, with the people of [`an_order`].
    pub(crate) async fn of(server: &Server, report: OrderReport) -> Self {
        let service = server.service();
        service.report(&report).await.ok(201);
        let found = room_of(&service, &report.id)
            .await
            .expect("the order opened its room");
        Self::with_people(server, report, found.string("id"), found.string("room_id"))
    }

    /// The same room with clients whose tokens are issued now: by the server's clock, hours may
    /// have passed.
    pub(crate) fn renewed(&self, server: &Server) -> Self {
        let (id, code) = (self.id.clone(), self.code.clone());
        Self::with_people(server, self.report.clone(), id, code)
    }

    fn with_people(server: &Server, report: OrderReport, id: String, code: String) -> Self {
        let order = report.id.clone();
        Self {
            id,
            code,
            service: server.service(),
            customer: server.customer(&format!("customer-{order}")),
            rider: server.rider(&format!("rider-{order}")),
            pharmacist: server.pharmacy(&format!("staff-{order}-a"), "ph1"),
            colleague: server.pharmacy(&format!("staff-{order}-b"), "ph1"),
            support: server.support("support-1"),
            admin: server.admin("admin-1"),
            report,
            order,
        }
    }

    /// One client of each role, all of whom may read the room.
    pub(crate) fn one_of_each_role(&self) -> [&Client; 6] {
        [
            &self.customer,
            &self.rider,
            &self.pharmacist,
            &self.support,
            &self.admin,
            &self.service,
        ]
    }

    /// A path under the room: `""` for the room itself, else ending with a slash.
    pub(crate) fn at(&self, rest: &str) -> String {
        format!("/api/chat/rooms/{}/{rest}", self.id)
    }

    /// Reports another status of the order. Gives the order.
    pub(crate) async fn order_is(&self, status: &str) -> Value {
        let report = self.report.clone().with("status", status);
        self.service.report(&report).await.ok(200)
    }

    /// Reports another rider of the order.
    pub(crate) async fn rider_is(&self, rider: &str) {
        let report = self.report.clone().with_rider(rider);
        self.service.report(&report).await.ok(200);
    }

    /// The room as one client sees it.
    pub(crate) async fn seen_by(&self, client: &Client) -> Value {
        client.get(&self.at("")).await.ok(200)
    }

    /// The seq of the room's newest event.
    pub(crate) async fn head(&self) -> i64 {
        self.seen_by(&self.service).await.number("seq")
    }

    /// All that one client sees of the room log.
    pub(crate) async fn log_seen_by(&self, client: &Client) -> Vec<Value> {
        client.all(&self.at("events/?after=0&limit=200")).await
    }

    /// All messages that one client sees.
    pub(crate) async fn messages_seen_by(&self, client: &Client) -> Vec<Value> {
        client.all(&self.at("messages/?after=0&limit=200")).await
    }

    /// The participants as an admin sees them.
    pub(crate) async fn participants(&self) -> Vec<Value> {
        self.admin.all(&self.at("participants/?limit=200")).await
    }

    /// The participant of a user, who must be listed.
    pub(crate) async fn participant(&self, user: &Client) -> Value {
        let all = self.participants().await;
        let found = all
            .iter()
            .find(|participant| participant["user"] == user.user.as_str());
        found
            .unwrap_or_else(|| panic!("{} is not listed in {all:?}", user.user))
            .clone()
    }

    /// The path of a user's participant; `rest` as in [`Room::at`].
    pub(crate) async fn participant_at(&self, user: &Client, rest: &str) -> String {
        participant_path(&self.participant(user).await.string("id"), rest)
    }

    pub(crate) async fn close(&self) {
        self.pharmacist.act(&self.at("close/")).await.ok(200);
    }

    pub(crate) async fn archive(&self) {
        self.admin.act(&self.at("archive/")).await.ok(200);
    }

    /// Mutes somebody until lifted.
    pub(crate) async fn mute(&self, user: &Client) {
        self.admin
            .act(&self.participant_at(user, "mute/").await)
            .await
            .ok(200);
    }

    /// Takes somebody out as staff do.
    pub(crate) async fn remove(&self, user: &Client) {
        self.admin
            .delete(&self.participant_at(user, "").await)
            .await
            .ok(204);
    }

    /// Puts a user of this role into the room; their client must have the same role.
    pub(crate) async fn add(&self, user: &Client, role: &str) -> Value {
        self.service.make_known(&user.user, role).await;
        self.admin
            .post(&self.at("participants/"), json!({ "user": user.user }))
            .await
            .ok(201)
    }

    /// Lets outsiders see the room's card and join it.
    pub(crate) async fn make_public(&self) {
        self.admin
            .patch(&self.at(""), json!({ "is_public": true }))
            .await
            .ok(200);
    }
}

/// The room of an order as the service sees it, if there is one.
pub(crate) async fn room_of(service: &Client, order: &str) -> Option<Value> {
    let path = format!("/api/chat/rooms/?scope=all&order={}", encode(order));
    let rooms = service.get(&path).await.ok(200).results();
    assert!(rooms.len() <= 1, "an order has one room: {rooms:?}");
    rooms.into_iter().next()
}

/// A path under a message: `""` for the message itself, else ending with a slash.
pub(crate) fn message_path(message: &Value, rest: &str) -> String {
    format!("/api/chat/messages/{}/{rest}", message.string("id"))
}

/// A path under a participant.
pub(crate) fn participant_path(id: &str, rest: &str) -> String {
    format!("/api/chat/participants/{id}/{rest}")
}
