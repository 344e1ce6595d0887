//! `/close/`, `/reopen/`, `/archive/`: the states of a room, and what each still takes.

use serde_json::{Value, json};

use crate::harness::{Fields, Room, Server, message_path, random_id, shape};

async fn bring_to(room: &Room, state: &str) {
    match state {
        "open" => {}
        "closed" => room.close().await,
        "archived" => room.archive().await,
        other => panic!("no state {other}"),
    }
}

#[tokio::test]
async fn a_room_has_no_other_edges_than_these() {
    let server = Server::start().await;
    let edges = [
        ("open", "close/", Some("closed")),
        ("open", "reopen/", None),
        ("open", "archive/", Some("archived")),
        ("closed", "close/", None),
        ("closed", "reopen/", Some("open")),
        ("closed", "archive/", Some("archived")),
        ("archived", "close/", None),
        ("archived", "reopen/", None),
        ("archived", "archive/", None),
    ];
    for (from, action, to) in edges {
        let room = server.open_room().await;
        bring_to(&room, from).await;
        let head = room.head().await;
        let answer = room.admin.act(&room.at(action)).await;
        match to {
            Some(to) => {
                let changed = answer.ok(200);
                shape::room(&changed);
                assert_eq!(changed["status"], to);
            }
            None => {
                answer.refused(409);
                let seen = room.seen_by(&room.admin).await;
                assert_eq!(seen["status"], from, "{action} from {from}");
                assert_eq!(
                    seen.number("seq"),
                    head,
                    "a refused {action} leaves no trace"
                );
            }
        }
    }
}

#[tokio::test]
async fn closing_records_who_when_and_why() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let open = room.seen_by(&room.pharmacist).await;
    assert_eq!(
        (&open["closed_at"], &open["closed_by"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&open["close_reason"], &open["archived_at"]),
        (&Value::Null, &Value::Null)
    );

    let why = json!({ "reason": "all is said" });
    let closed = room.pharmacist.post(&room.at("close/"), why).await.ok(200);
    shape::is_time(&closed.string("closed_at"));
    assert_eq!(closed["close_reason"], "all is said");
    let participant = room.participant(&room.pharmacist).await;
    assert_eq!(closed["closed_by"]["participant"], participant["id"]);
    assert_eq!(closed["closed_by"]["role"], "pharmacy");
    assert!(closed["closed_by"]["name"].is_string());

    let archived = room.admin.act(&room.at("archive/")).await.ok(200);
    shape::is_time(&archived.string("archived_at"));
}

#[tokio::test]
async fn a_change_of_state_is_a_system_message_and_then_its_event() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let steps = [
        ("close/", "room.closed"),
        ("reopen/", "room.reopened"),
        ("archive/", "room.archived"),
    ];
    for (action, kind) in steps {
        let head = room.head().await;
        room.admin.act(&room.at(action)).await.ok(200);
        let path = room.at(&format!("events/?after={head}"));
        let events = room.admin.get(&path).await.ok(200).results();
        let kinds: Vec<_> = events.iter().map(|event| event.string("kind")).collect();
        assert_eq!(kinds, ["message.created", kind]);
        assert_eq!(events[0]["data"]["message"]["message_type"], "system");
        assert_eq!(events[1]["data"]["room"]["id"], room.id.as_str());
        assert_eq!(events[1]["actor"]["role"], "admin");
    }
}

#[tokio::test]
async fn each_change_of_state_has_its_roles() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let people = [&room.customer, &room.rider];
    for action in ["close/", "reopen/", "archive/"] {
        for client in people {
            client.act(&room.at(action)).await.refused(403);
        }
    }
    for client in [&room.pharmacist, &room.support] {
        client.act(&room.at("archive/")).await.refused(403);
        client.act(&room.at("close/")).await.ok(200);
        client.act(&room.at("reopen/")).await.ok(200);
    }
    room.service.act(&room.at("close/")).await.ok(200);
    room.service.act(&room.at("archive/")).await.ok(200);
}

#[tokio::test]
async fn a_closed_room_takes_only_reading_receipts_and_service_messages() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = room.customer.say(&room, "before the close").await;
    let answer = room.pharmacist.say(&room, "an answer").await;
    let colleague = room.participant_at(&room.colleague, "").await;
    server.service().make_known("late", "customer").await;
    room.close().await;

    for client in [&room.customer, &room.pharmacist, &room.support, &room.admin] {
        client
            .send(&room, json!({ "content": "after" }))
            .await
            .refused(409);
    }
    let own = message_path(&message, "");
    room.customer
        .patch(&own, json!({ "content": "x" }))
        .await
        .refused(409);
    room.customer.delete(&own).await.refused(409);
    let reply = message_path(&answer, "reply/");
    room.customer
        .post(&reply, json!({ "content": "x" }))
        .await
        .refused(409);
    room.admin
        .patch(&room.at(""), json!({ "title": "x" }))
        .await
        .refused(409);
    room.admin
        .post(&room.at("participants/"), json!({ "user": "late" }))
        .await
        .refused(409);
    room.admin
        .act(&format!("{colleague}mute/"))
        .await
        .refused(409);
    room.admin.act(&room.at("join/")).await.refused(409);

    room.customer.get(&room.at("messages/")).await.ok(200);
    room.customer
        .act(&message_path(&answer, "read/"))
        .await
        .ok(200);
    room.pharmacist.act(&room.at("read/")).await.ok(200);
    let news = json!({ "message_type": "system", "content": "The parcel was found." });
    room.service.send(&room, news).await.ok(201);
}

#[tokio::test]
async fn who_left_learns_the_state_of_a_room_only_if_they_could_read_it() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for who in [&room.rider, &room.customer] {
        who.act(&room.at("leave/")).await.ok(200);
    }
    room.close().await;
    let nothing = format!("/api/chat/rooms/{}/join/", random_id());
    let unreal = room.rider.act(&nothing).await;
    let real = room.rider.act(&room.at("join/")).await;
    real.refused(404);
    assert_eq!(real.fingerprint(), unreal.fingerprint());
    room.customer.act(&room.at("join/")).await.refused(409);
}

#[tokio::test]
async fn a_room_that_closed_does_not_exist_for_its_rider() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let message = room.rider.say(&room, "at the door").await;
    room.close().await;
    for rest in ["", "messages/", "participants/", "events/"] {
        room.rider.get(&room.at(rest)).await.refused(404);
    }
    room.rider
        .get(&message_path(&message, ""))
        .await
        .refused(404);
    room.rider
        .send(&room, json!({ "content": "x" }))
        .await
        .refused(404);
    assert_eq!(
        room.rider.get("/api/chat/rooms/").await.ok(200).results(),
        Vec::<Value>::new()
    );
}

#[tokio::test]
async fn an_archived_room_takes_only_reading() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let own = room.customer.say(&room, "before").await;
    let answer = room.pharmacist.say(&room, "an answer").await;
    let colleague = room.participant_at(&room.colleague, "").await;
    room.archive().await;

    let news = json!({ "message_type": "system", "content": "news" });
    let refused = [
        room.service.send(&room, news).await,
        room.customer.act(&message_path(&answer, "read/")).await,
        room.customer
            .act(&message_path(&answer, "delivered/"))
            .await,
        room.customer.act(&room.at("read/")).await,
        room.customer.send(&room, json!({ "content": "x" })).await,
        room.customer
            .patch(&message_path(&own, ""), json!({ "content": "x" }))
            .await,
        room.admin
            .patch(&colleague, json!({ "role": "pharmacy" }))
            .await,
        room.admin.act(&format!("{colleague}mute/")).await,
    ];
    for answer in refused {
        answer.refused(409);
    }
    for client in [&room.customer, &room.pharmacist, &room.support, &room.admin] {
        client.get(&room.at("messages/")).await.ok(200);
    }
    assert_eq!(room.seen_by(&room.customer).await["unread_count"], 0);
}

#[tokio::test]
async fn order_news_of_an_archived_room_leave_its_log_alone() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.archive().await;
    let log = room.log_seen_by(&room.admin).await.len();

    let later = room
        .report
        .clone()
        .with("status", "preparing")
        .with_rider("another-rider");
    let order = room.service.report(&later).await.ok(200);
    assert_eq!(order["status"], "preparing");
    assert_eq!(room.log_seen_by(&room.admin).await.len(), log);
    server
        .rider("another-rider")
        .get(&room.at(""))
        .await
        .refused(404);
}

/// What takes access or content away, which every state must allow.
async fn everything_that_takes_away_works(server: &Server, state: &str) {
    let room = server.open_room().await;
    let first = room
        .customer
        .say(&room, "phone number of somebody else")
        .await;
    let second = room.customer.say(&room, "and their address").await;
    let blocked = room.participant_at(&room.rider, "block/").await;
    let removed = room.participant_at(&room.colleague, "").await;
    bring_to(&room, state).await;

    let why = json!({ "reason": "privacy" });
    room.support
        .delete_with(&message_path(&first, ""), why.clone())
        .await
        .ok(204);
    room.admin
        .delete_with(&message_path(&second, ""), why)
        .await
        .ok(204);
    room.admin.act(&blocked).await.ok(200);
    room.rider.get(&room.at("")).await.refused(404);
    room.pharmacist.delete(&removed).await.ok(204);
    room.customer.act(&room.at("leave/")).await.ok(200);
    room.customer.get(&room.at("messages/")).await.refused(404);
    room.admin.delete(&room.at("")).await.ok(204);
}

#[tokio::test]
async fn what_takes_access_or_content_away_works_in_every_state() {
    let server = Server::start().await;
    for state in ["open", "closed", "archived"] {
        everything_that_takes_away_works(&server, state).await;
    }
}

#[tokio::test]
async fn an_active_order_does_not_reopen_a_room_that_a_person_closed() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.close().await;
    room.order_is("delivered").await;
    room.order_is("preparing").await;
    assert_eq!(room.seen_by(&room.admin).await["status"], "closed");
}

#[tokio::test]
async fn after_a_reopening_people_write_again() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.close().await;
    let reopened = room.support.act(&room.at("reopen/")).await.ok(200);
    assert_eq!(reopened["status"], "open");
    for client in [&room.customer, &room.pharmacist] {
        client.say(&room, "here again").await;
    }
}
