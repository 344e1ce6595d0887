//! One cell: a room in the wanted state, a caller, and the answers of every route.

use std::collections::BTreeMap;

use orderchat_domain::TokenRole;
use orderchat_domain::permission::Action;
use orderchat_domain::room::RoomStatus;
use reqwest::Method;
use serde_json::json;

use super::expected::{Expected, Place, Situation};
use super::routes::{Asks::Table, ROUTES, Route};
use crate::harness::orders::an_event;
use crate::harness::upload::Form;
use crate::harness::{Answer, Client, Fields, Identity, Room, Server, participant_path};

/// Ids and texts that stand for the names in braces of a [`Route`].
type Things = BTreeMap<&'static str, String>;

/// A situation on a server.
pub(super) struct Cell<'a> {
    pub(super) server: &'a Server,
    pub(super) situation: Situation,
}

impl Cell<'_> {
    /// Whether the caller comes in by joining; the order brings in the others.
    fn comes_by_joining(&self) -> bool {
        matches!(self.situation.role, TokenRole::Support | TokenRole::Admin)
    }

    /// A room for this cell, and the caller's client.
    pub(super) async fn set_up(&self) -> (Room, Client, Things) {
        let room = self.server.open_room().await;
        let client = self.client(&room);
        let add = room.at("participants/");
        let mut things = BTreeMap::new();
        for user in ["bystander", "muted", "blocked"] {
            let added = room
                .service
                .post(&add, json!({ "user": user }))
                .await
                .ok(201);
            let id = added.string("id");
            let path = participant_path(&id, "");
            match user {
                "muted" => drop(room.service.act(&format!("{path}mute/")).await.ok(200)),
                "blocked" => drop(room.service.act(&format!("{path}block/")).await.ok(200)),
                _ => {}
            }
            things.insert(user, id);
        }
        if self.situation.place == Place::In && self.comes_by_joining() {
            client.act(&room.at("join/")).await;
        }
        things.insert(
            "others",
            room.colleague
                .say(&room, "of somebody else")
                .await
                .string("id"),
        );
        let own = match self.situation.place {
            Place::In => client.say(&room, "one's own").await.string("id"),
            _ => things["others"].clone(),
        };
        things.insert("own", own);
        let form = Form::file("a.txt", "text/plain", b"said in a file");
        let with_file = room.colleague.send_file(&room, form).await.ok(201);
        let file = with_file["file"]["attachment"].as_str();
        things.insert("file", file.expect("an id").to_owned());
        things.insert("room", room.id.clone());
        things.insert("order", room.order.clone());
        things.insert("report", room.report.body().to_string());
        let event = an_event(&room.order, "matrix.asked", json!({}));
        things.insert("event", event.to_string());
        if self.situation.public {
            room.make_public().await;
        }
        match self.situation.status {
            RoomStatus::Open => {}
            RoomStatus::Closed => drop(room.service.act(&room.at("close/")).await.ok(200)),
            RoomStatus::Archived => drop(room.service.act(&room.at("archive/")).await.ok(200)),
        }
        (room, client, things)
    }

    fn client(&self, room: &Room) -> Client {
        let identity = |sub: &str| Identity::new(self.situation.role.as_str(), sub);
        match (self.situation.role, self.situation.place) {
            (TokenRole::Customer, Place::In) => room.customer.clone(),
            (TokenRole::Rider, Place::In) => room.rider.clone(),
            (TokenRole::Pharmacy, Place::In) => room.pharmacist.clone(),
            (TokenRole::Pharmacy, Place::Theirs) => self.server.pharmacy("matrix", "ph1"),
            (TokenRole::Pharmacy, Place::Outside) => self.server.pharmacy("matrix", "ph2"),
            _ => self.server.client(&identity("matrix")),
        }
    }

    pub(super) async fn ask(&self, client: &Client, things: &Things, route: &Route) -> Answer {
        let mut body = fill(route.body, things);
        if self.situation.role == TokenRole::Service && route.asks == Table(Action::SendMessage) {
            body = r#"{"content":"said","message_type":"system"}"#.into();
        }
        let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
        let request = client.request(method, &fill(route.path, things));
        if route.body == "{form}" {
            let form = Form::file("a.txt", "text/plain", b"said in a file");
            return client.dispatch(form.into(request)).await;
        }
        let content_type = match route.body {
            "{event}" => "application/cloudevents+json",
            _ => "application/json",
        };
        client
            .dispatch(if body.is_empty() {
                request
            } else {
                request.header("Content-Type", content_type).body(body)
            })
            .await
    }

    /// What is wrong with the answer, if anything.
    fn verdict(&self, route: &Route, expected: &Expected, answer: &Answer) -> Option<String> {
        let fits = match expected {
            // Joining is 201 for who was not in it, creating the same again 200.
            Expected::Done if route.asks == Table(Action::JoinRoom) => {
                [200, 201].contains(&answer.status)
            }
            Expected::Done => answer.status == route.done,
            Expected::Refused(statuses) => statuses.contains(&answer.status),
            Expected::Open => answer.status < 500,
        };
        (!fits).then(|| {
            format!(
                "{:?} {:?}, {} room{}: {} {} answered {} where {expected:?} was due: {}",
                self.situation.role,
                self.situation.place,
                self.situation.status.as_str(),
                if self.situation.public {
                    " (public)"
                } else {
                    ""
                },
                route.method,
                route.path,
                answer.status,
                answer.text,
            )
        })
    }

    /// Tries every route; what is refused may share a room, what is done needs its own.
    pub(super) async fn hold(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let (_room, client, things) = self.set_up().await;
        for route in &ROUTES {
            let expected = self.situation.expected(route.asks);
            let answer = if matches!(expected, Expected::Refused(_)) || route.method == "GET" {
                self.ask(&client, &things, route).await
            } else {
                let (_room, client, things) = self.set_up().await;
                self.ask(&client, &things, route).await
            };
            wrong.extend(self.verdict(route, &expected, &answer));
        }
        wrong
    }
}

/// Puts the things of a room in the place of their names in braces.
fn fill(text: &str, things: &Things) -> String {
    things.iter().fold(text.to_owned(), |text, (name, thing)| {
        text.replace(&format!("{{{name}}}"), thing)
    })
}
