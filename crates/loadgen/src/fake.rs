//! A server in memory, as much of the contract as this program uses: what the tests drive, and
//! spoil, to see the whole way from a write to a verdict.

mod live;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, patch, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::client::Target;
pub(crate) use live::Sabotage;

/// What the server keeps; it outlives a cut.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) rooms: Vec<Room>,
    sabotage: Option<Sabotage>,
    /// Events pushed to anybody.
    pushes: u64,
    /// Rings at every write.
    changed: Arc<Notify>,
}

impl Kept {
    /// Of a server that has this fault.
    pub(crate) fn spoilt(sabotage: Sabotage) -> Self {
        Self {
            sabotage: Some(sabotage),
            ..Self::default()
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Room {
    pub(crate) id: String,
    order: String,
    /// Users by participant id.
    participants: Vec<(String, String)>,
    pub(crate) events: Vec<Value>,
    pub(crate) messages: Vec<Value>,
    /// Message ids by sender and key.
    pub(crate) keys: HashMap<(String, String), String>,
    pub(crate) read: HashMap<String, u64>,
    blocked: HashSet<String>,
    /// Now and then an event is given the seq of the one before.
    reuses_seqs: bool,
}

impl Room {
    pub(crate) fn head(&self) -> u64 {
        self.events
            .last()
            .map_or(0, |event| event["seq"].as_u64().unwrap())
    }

    fn log(&mut self, kind: &str, data: &Value) -> u64 {
        let again = self.reuses_seqs && self.events.len() % 20 == 19;
        let seq = self.head() + u64::from(!again);
        self.events.push(json!({
            "seq": seq, "kind": kind, "at": "2026-11-22T20:30:00.000Z", "actor": null,
            "data": data,
        }));
        seq
    }

    fn log_message(&mut self, kind: &str, id: &str) -> u64 {
        self.log(kind, &json!({ "message": { "id": id } }))
    }

    fn participant(&self, user: &str) -> String {
        let mut participants = self.participants.iter();
        participants.find(|(_, u)| u == user).unwrap().0.clone()
    }

    fn send(&mut self, user: &str, draft: &Value) -> (StatusCode, Value) {
        let key = (user.to_owned(), draft["client_message_id"].to_string());
        if let Some(id) = self.keys.get(&key) {
            let message = self.messages.iter().find(|m| m["id"] == id.as_str());
            return (StatusCode::OK, message.unwrap().clone());
        }
        let id = format!("{}-m{}", self.id, self.messages.len());
        let seq = self.log_message("message.created", &id);
        let message = json!({
            "id": id, "seq": seq, "version": seq, "sender": self.participant(user),
            "message_type": "text", "content": draft["content"], "is_deleted": false,
        });
        self.messages.push(message.clone());
        self.keys.insert(key, id);
        (StatusCode::CREATED, message)
    }

    fn change(&mut self, id: &str, kind: &str, change: &Value) -> Value {
        let version = self.log_message(kind, id);
        let mut messages = self.messages.iter_mut();
        let message = messages.find(|m| m["id"] == id).unwrap();
        for (field, value) in change.as_object().unwrap() {
            message[field] = value.clone();
        }
        message["version"] = version.into();
        message.clone()
    }

    pub(crate) fn delete(&mut self, id: &str) {
        let tombstone = json!({ "is_deleted": true, "content": "" });
        self.change(id, "message.deleted", &tombstone);
    }
}

/// The server while it runs.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) target: Target,
    runtime: Runtime,
    cut: Arc<Notify>,
}

/// When the server dies: at the first send of something new after so many answers. That send is done
/// and not answered; what comes after it is not even done.
#[derive(Debug)]
struct Life {
    left: Mutex<Option<usize>>,
    cut: Arc<Notify>,
}

type Shared = Arc<Mutex<Kept>>;

impl Fake {
    /// On a runtime of its own, so that a cut takes every connection with it.
    pub(crate) fn start(kept: &Shared, answers: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let cut = Arc::new(Notify::new());
        let life = Arc::new(Life {
            left: Mutex::new(Some(answers)),
            cut: Arc::clone(&cut),
        });
        let router = router()
            .with_state(Arc::clone(kept))
            .layer(middleware::from_fn_with_state(life, live));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await
        });
        Self {
            target: url.parse().unwrap(),
            runtime,
            cut,
        }
    }

    /// Waits until the answers are used up, then ends like a killed process.
    pub(crate) async fn die(self) {
        self.cut.notified().await;
        self.stop();
    }

    pub(crate) fn stop(self) {
        self.runtime.shutdown_background();
    }
}

async fn live(State(life): State<Arc<Life>>, request: Request, next: Next) -> Response {
    let is_send = request.method() == Method::POST && request.uri().path().ends_with("/messages/");
    let before = {
        let mut left = life.left.lock().unwrap();
        let before = *left;
        *left = match before {
            Some(0) if is_send => None,
            left => left.map(|left| left.saturating_sub(1)),
        };
        before
    };
    let Some(before) = before else {
        return std::future::pending().await;
    };
    let response = next.run(request).await;
    if before == 0 && is_send {
        if response.status() == StatusCode::CREATED {
            life.cut.notify_one();
            return std::future::pending().await;
        }
        // It was known before.
        *life.left.lock().unwrap() = Some(0);
    }
    response
}

fn router() -> Router<Shared> {
    Router::new()
        .route("/api/orders/{order}/", put(report))
        .route("/api/chat/rooms/", get(find))
        .route("/api/chat/rooms/{room}/", get(room))
        .route("/api/chat/rooms/{room}/messages/", post(send).get(messages))
        .route("/api/chat/rooms/{room}/events/", get(events))
        .route("/api/chat/rooms/{room}/participants/", get(participants))
        .route("/api/chat/participants/{participant}/block/", post(block))
        .route("/api/chat/ws/", any(live::upgrade))
        .route("/api/chat/messages/{message}/", patch(edit).delete(delete))
        .route("/api/chat/messages/{message}/read/", post(read))
}

fn user(headers: &HeaderMap) -> String {
    let bearer = headers["authorization"].to_str().unwrap();
    sub(bearer.strip_prefix("Bearer ").unwrap())
}

fn sub(token: &str) -> String {
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap();
    claims.claims["sub"].as_str().unwrap().to_owned()
}

fn lock(kept: &Shared) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap()
}

fn room_of<'k>(kept: &'k mut Kept, id: &str) -> &'k mut Room {
    let mut rooms = kept.rooms.iter_mut();
    rooms.find(|room| id.starts_with(&room.id)).unwrap()
}

async fn report(
    State(kept): State<Shared>,
    Path(order): Path<String>,
    Json(body): Json<Value>,
) -> Json<Value> {
    let mut people = vec![&body["customer"], &body["rider"]];
    people.extend(body["pharmacy"]["staff"].as_array().unwrap());
    let participants = people.iter().enumerate().map(|(n, person)| {
        (
            format!("{order}-p{n}"),
            person["id"].as_str().unwrap().to_owned(),
        )
    });
    let mut room = Room {
        id: format!("room-of-{order}-"),
        participants: participants.collect(),
        order,
        ..Room::default()
    };
    room.log("room.created", &Value::Null);
    let mut kept = lock(&kept);
    room.reuses_seqs = kept.sabotage == Some(Sabotage::ReuseSeq);
    kept.rooms.push(room);
    Json(body)
}

async fn find(
    State(kept): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let kept = lock(&kept);
    let rooms = kept
        .rooms
        .iter()
        .filter(|room| room.order == query["order"]);
    let found: Vec<_> = rooms.map(|room| json!({ "id": room.id })).collect();
    Json(json!({ "results": found, "next": null }))
}

async fn room(
    State(kept): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Json<Value> {
    let mut kept = lock(&kept);
    let room = room_of(&mut kept, &id);
    let read = room.read.get(&user(&headers)).copied().unwrap_or(0);
    Json(json!({ "seq": room.head(), "my_participant": { "read_seq": read } }))
}

async fn send(
    State(kept): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(draft): Json<Value>,
) -> Response {
    let mut kept = lock(&kept);
    let (status, message) = room_of(&mut kept, &id).send(&user(&headers), &draft);
    kept.changed.notify_waiters();
    (status, Json(message)).into_response()
}

async fn messages(
    State(kept): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let mut kept = lock(&kept);
    Json(page(
        &format!("rooms/{id}/messages"),
        &room_of(&mut kept, &id).messages,
        &query,
    ))
}

async fn events(
    State(kept): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let mut kept = lock(&kept);
    Json(page(
        &format!("rooms/{id}/events"),
        &room_of(&mut kept, &id).events,
        &query,
    ))
}

/// Small pages, so that the reader has to turn them.
fn page(list: &str, entries: &[Value], query: &HashMap<String, String>) -> Value {
    const SIZE: usize = 7;
    let after: u64 = query["after"].parse().unwrap();
    let rest = entries.iter().filter(|e| e["seq"].as_u64() > Some(after));
    let page: Vec<_> = rest.take(SIZE).collect();
    let next = page
        .last()
        .map(|last| format!("/api/chat/{list}/?after={}", last["seq"]));
    json!({ "results": page, "next": next })
}

async fn participants(State(kept): State<Shared>, Path(id): Path<String>) -> Json<Value> {
    let mut kept = lock(&kept);
    let room = room_of(&mut kept, &id);
    let participants = room.participants.iter().map(|(id, user)| {
        let read = room.read.get(user).copied().unwrap_or(0);
        json!({ "id": id, "user": user, "read_seq": read, "delivered_seq": read })
    });
    Json(json!({ "results": participants.collect::<Vec<_>>(), "next": null }))
}

async fn edit(
    State(kept): State<Shared>,
    Path(id): Path<String>,
    Json(change): Json<Value>,
) -> Json<Value> {
    let mut kept = lock(&kept);
    let message = room_of(&mut kept, &id).change(&id, "message.edited", &change);
    kept.changed.notify_waiters();
    Json(message)
}

async fn delete(State(kept): State<Shared>, Path(id): Path<String>) -> StatusCode {
    let mut kept = lock(&kept);
    room_of(&mut kept, &id).delete(&id);
    kept.changed.notify_waiters();
    StatusCode::NO_CONTENT
}

async fn read(
    State(kept): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Json<Value> {
    let mut kept = lock(&kept);
    let room = room_of(&mut kept, &id);
    let message = room
        .messages
        .iter()
        .find(|m| m["id"] == id.as_str())
        .unwrap()
        .clone();
    let mark = room.read.entry(user(&headers)).or_default();
    *mark = (*mark).max(message["seq"].as_u64().unwrap());
    Json(message)
}

async fn block(State(kept): State<Shared>, Path(id): Path<String>) -> Json<Value> {
    let mut kept = lock(&kept);
    let mut rooms = kept.rooms.iter_mut();
    let is_here = |room: &&mut Room| room.participants.iter().any(|(p, _)| *p == id);
    let room = rooms.find(is_here).unwrap();
    let mut participants = room.participants.iter();
    let user = participants.find(|(p, _)| *p == id).unwrap().1.clone();
    let participant = json!({ "id": id, "user": user });
    let version = room.log(
        "participant.blocked",
        &json!({ "participant": participant }),
    );
    room.blocked.insert(user);
    kept.changed.notify_waiters();
    Json(json!({ "id": id, "version": version }))
}
