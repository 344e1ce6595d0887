//! `POST /api/orders/events/`: the shop tells of its orders by CloudEvents.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::orders::{an_event, order_path};
use crate::harness::sql::Sql;
use crate::harness::wall_clock::{DAY, HOUR, can_move_clocks};
use crate::harness::{Answer, Client, Fields, Server, an_order, eventually};

/// The data of `order.created` of [`an_order`].
fn created(id: &str, sequence: i64) -> Value {
    let report = an_order(id).with("sequence", sequence);
    an_event(id, "order.created", report.body())
}

fn changed(id: &str, status: &str, sequence: i64) -> Value {
    let data = json!({"status": status, "sequence": sequence});
    an_event(id, "order.status_changed", data)
}

/// How many were taken, came before, and were refused.
fn counts(answer: Answer) -> [usize; 3] {
    let taken = answer.ok(202);
    let number = |field: &str| usize::try_from(taken.number(field)).expect("a count");
    let errors = taken["errors"].as_array().map_or(0, Vec::len);
    [number("accepted"), number("repeated"), errors]
}

/// The order without what tells of when it was heard.
async fn order(service: &Client, id: &str) -> Value {
    let mut order = service.get(&order_path(id)).await.ok(200);
    for field in ["version", "created_at", "updated_at"] {
        order[field] = Value::Null;
    }
    order
}

#[tokio::test]
async fn an_order_lives_by_events_alone_and_its_room_follows() {
    let server = Server::start().await;
    let service = server.service();
    for event in [
        created("o1", 1),
        changed("o1", "preparing", 2),
        an_event(
            "o1",
            "delivery.reassigned",
            json!({"rider": {"id": "rider-2", "name": "Rosa"}, "sequence": 3}),
        ),
        an_event(
            "o1",
            "delivery.status_changed",
            json!({"delivery_status": "delivering", "sequence": 4}),
        ),
        an_event(
            "o1",
            "delivery.eta_changed",
            json!({"eta": "2027-01-01T12:00:00Z", "sequence": 5}),
        ),
        an_event(
            "o1",
            "order.cancelled",
            json!({"reason": "out of stock", "sequence": 6}),
        ),
    ] {
        assert_eq!(counts(service.tell(&event).await), [1, 0, 0], "{event}");
        assert_eq!(counts(service.tell(&event).await), [0, 1, 0], "{event}");
    }
    let order = service.get(&order_path("o1")).await.ok(200);
    assert_eq!(order["status"], "cancelled");
    assert_eq!(order["is_active"], false);
    assert_eq!(order["rider"]["name"], "Rosa");
    assert_eq!(order["delivery_status"], "delivering");
    assert_eq!(order["eta"], "2027-01-01T12:00:00.000Z");
    assert_eq!(order["sequence"], 6);
    let rooms = server
        .rider("rider-2")
        .get("/api/chat/rooms/")
        .await
        .ok(200);
    assert_eq!(rooms.results().len(), 1);
    let rooms = server
        .rider("rider-o1")
        .get("/api/chat/rooms/")
        .await
        .ok(200);
    assert_eq!(rooms.results(), Vec::<Value>::new());
}

#[tokio::test]
async fn late_events_change_only_what_no_newer_one_has_set() {
    let server = Server::start().await;
    let service = server.service();
    let eta = json!({"eta": "2027-01-01T12:00:00Z", "sequence": 4});
    let batch = json!([
        created("late", 1),
        changed("late", "picked_up", 9),
        changed("late", "preparing", 5),
        an_event("late", "delivery.eta_changed", eta),
    ]);
    assert_eq!(counts(service.tell(&batch).await), [4, 0, 0]);
    let order = order(&service, "late").await;
    assert_eq!(order["status"], "picked_up");
    assert_eq!(order["eta"], "2027-01-01T12:00:00.000Z");
}

#[tokio::test]
async fn all_events_of_an_order_in_any_order_and_with_repeats_end_in_the_same_order_object() {
    let server = Server::start().await;
    let service = server.service();
    let events = |id: &str| {
        let rider = json!({"rider": {"id": "rider-x", "name": "Xenia"}, "sequence": 4});
        let updated = json!({"number": "N-new", "metadata": {"a": 1}, "sequence": 3});
        [
            created(id, 1),
            changed(id, "preparing", 2),
            an_event(id, "order.updated", updated),
            an_event(id, "delivery.assigned", rider),
            an_event(
                id,
                "order.updated",
                json!({"language": "de", "sequence": 5}),
            ),
            changed(id, "picked_up", 6),
            an_event(id, "order.weighed", json!({"grams": 900})),
        ]
    };
    let mut ends = Vec::new();
    // Every rotation, forwards and backwards, each event twice.
    for turn in 0..7 {
        for backwards in [false, true] {
            let id = format!("any-{turn}-{backwards}");
            let mut sent = events(&id).to_vec();
            sent.rotate_left(turn);
            if backwards {
                sent.reverse();
            }
            for event in sent.iter().chain(&sent) {
                service.tell(event).await.ok(202);
            }
            let mut end = order(&service, &id).await;
            for (part, field) in [("customer", "id"), ("", "id"), ("pharmacy", "staff")] {
                let whole = if part.is_empty() {
                    &mut end
                } else {
                    &mut end[part]
                };
                whole[field] = Value::Null;
            }
            ends.push(end);
        }
    }
    assert_eq!(ends[0]["status"], "picked_up");
    assert_eq!(ends[0]["rider"]["name"], "Xenia");
    for end in &ends {
        assert_eq!(*end, ends[0]);
    }
}

#[tokio::test]
async fn events_for_an_unknown_order_wait_until_it_arrives() {
    let server = Server::start().await;
    let service = server.service();
    let early = json!([
        changed("early", "picked_up", 8),
        changed("early", "preparing", 7)
    ]);
    assert_eq!(counts(service.tell(&early).await), [2, 0, 0]);
    assert_eq!(counts(service.tell(&early).await), [0, 2, 0]);
    service.get(&order_path("early")).await.refused(404);

    let report = an_order("early").with("sequence", 1);
    let reported = service.report(&report).await.ok(201);
    assert_eq!(reported["status"], "picked_up");
    assert_eq!(reported["sequence"], 8);
    assert_eq!(counts(service.tell(&early).await), [0, 2, 0]);
}

#[tokio::test]
async fn an_event_that_came_at_the_same_moment_as_its_order_is_taken_all_the_same() {
    let server = Server::start().await;
    let service = server.service();
    let ids: Vec<String> = (0..12).map(|number| format!("race-{number}")).collect();
    let both = ids.iter().map(|id| async {
        let event = changed(id, "picked_up", 5);
        let report = an_order(id).with("sequence", 1);
        tokio::join!(service.tell(&event), service.report(&report))
    });
    futures_util::future::join_all(both).await;
    for id in &ids {
        eventually("the order has the event's status", async || {
            let order = order(&service, id).await;
            (order["status"] == "picked_up").then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_taken_waits_on_and_holds_up_no_other_order() {
    let mut server = Server::start().await;
    let service = server.service();
    let sql = Sql::connect(server.database_url()).await;
    // As when an order and its event came at the same moment and did not see each other.
    for id in ["a-bad", "b-good"] {
        service
            .report(&an_order(id).with("sequence", 1))
            .await
            .ok(201);
        let elsewhere = format!("not-yet-{id}");
        let event = changed(&elsewhere, "picked_up", 5);
        assert_eq!(counts(service.tell(&event).await), [1, 0, 0]);
    }
    sql.refuse_orders_with_id("a-bad").await;
    sql.execute(
        "UPDATE order_event_waiting SET order_id = REPLACE(order_id, 'not-yet-', ''),
         body = REPLACE(body, 'not-yet-', '')",
    )
    .await;
    server.restart_after_kill();
    let service = server.service();
    let status = async |id: &str| order(&service, id).await.string("status");
    eventually("the other order's event is taken", async || {
        (status("b-good").await == "picked_up").then_some(())
    })
    .await;
    assert_eq!(status("a-bad").await, "accepted");
    assert!(server.log().contains("a-bad"), "nothing is said of it");

    sql.take_orders_again().await;
    eventually("the event that failed is taken", async || {
        (status("a-bad").await == "picked_up").then_some(())
    })
    .await;
}

#[tokio::test]
async fn names_of_wide_characters_are_taken_or_refused_alike_on_either_engine() {
    let server = Server::start().await;
    let service = server.service();
    service.report(&an_order("o1")).await.ok(201);
    // Of four bytes each, and none like the next: nothing that an index could compress.
    let wide = |from: u32, length: u32| -> String {
        let place = |n: u32| (from + n) * 7_919 % 40_000;
        let letter = |n| char::from_u32(0x20000 + place(n)).expect("a character");
        (0..length).map(letter).collect()
    };
    for (id, order) in [("longest", "o1"), ("waiting", "o2")] {
        let mut event = changed(order, "preparing", 2);
        event["source"] = json!(wide(0, 256));
        event["id"] = json!(wide(id.len() as u32 + 256 * u32::from(order == "o2"), 256));
        assert_eq!(counts(service.tell(&event).await), [1, 0, 0], "{id}");
        assert_eq!(counts(service.tell(&event).await), [0, 1, 0], "{id} again");
    }
    for field in ["source", "id"] {
        let mut event = changed("o1", "picked_up", 3);
        event[field] = json!(wide(0, 257));
        let refused = service.tell(&event).await.refused(422);
        let pointer = refused["errors"][0].string("pointer");
        assert!(pointer.ends_with(field), "{pointer}");
    }
}

#[tokio::test]
async fn an_event_waits_seven_days_for_its_order() {
    if !can_move_clocks() {
        return;
    }
    let server = Server::start_with_clock().await;
    for id in ["too-late", "in-time"] {
        let event = changed(id, "preparing", 2);
        assert_eq!(counts(server.service().tell(&event).await), [1, 0, 0]);
        server.jump(HOUR);
    }
    // One came 7 days and half an hour ago, the other half an hour less than 7 days ago.
    server.jump(7 * DAY - HOUR - HOUR / 2);
    let service = server.service();
    for (id, status) in [("too-late", "accepted"), ("in-time", "preparing")] {
        assert_eq!(counts(service.tell(&created(id, 1)).await), [1, 0, 0]);
        assert_eq!(order(&service, id).await["status"], status, "{id}");
    }
}

#[tokio::test]
async fn binary_events_need_no_content_type_and_their_attributes_are_percent_decoded() {
    let server = Server::start().await;
    let service = server.service();
    service.tell(&created("bin é", 1)).await.ok(202);
    for (number, content_type) in [(2, Some("application/json; charset=utf-8")), (3, None)] {
        let mut request = service
            .request(Method::POST, "/api/orders/events")
            .header("ce-specversion", "1.0")
            .header("ce-id", format!("b{number}"))
            .header("ce-source", "/shop")
            .header("ce-type", "order.status_changed")
            .header("ce-subject", "bin%20%C3%A9")
            .body(format!(r#"{{"status":"s{number}","sequence":{number}}}"#));
        if let Some(kind) = content_type {
            request = request.header("Content-Type", kind);
        }
        assert_eq!(counts(service.dispatch(request).await), [1, 0, 0]);
        let status = order(&service, "bin é").await["status"].clone();
        assert_eq!(status, format!("s{number}"));
    }
}

#[tokio::test]
async fn a_batch_is_taken_event_by_event_and_a_malformed_single_one_is_refused() {
    let server = Server::start().await;
    let service = server.service();
    let mut nameless = changed("b1", "preparing", 2);
    nameless["id"] = json!("");
    let batch = json!([created("b1", 1), nameless, changed("b1", "picked_up", 3), 5]);
    let taken = service.tell(&batch).await.ok(202);
    assert_eq!(taken["accepted"], 2);
    let errors = taken["errors"].as_array().expect("a list");
    let of = |error: &Value| (error.number("index"), error["problem"]["status"].clone());
    let indices: Vec<_> = errors.iter().map(of).collect();
    assert_eq!(indices, [(1, json!(422)), (3, json!(422))]);
    assert_eq!(errors[0]["problem"]["errors"][0]["pointer"], "/id");

    let refused = service.tell(&nameless).await.refused(422);
    assert_eq!(refused["errors"][0]["pointer"], "/id");
    let mut other = created("b1", 9);
    other["id"] = json!("other customer");
    other["data"]["customer"]["id"] = json!("somebody else");
    service.tell(&other).await.refused(409);
    let without = an_event("b1", "order.status_changed", json!({"status": "preparing"}));
    service.tell(&without).await.refused(422);
    for (kind, data, at) in [
        (
            "order.status_changed",
            json!({"status": null, "sequence": 9}),
            "/data/status",
        ),
        (
            "delivery.proof_added",
            json!({"kind": "photo", "note": "a\u{0}b"}),
            "/data/note",
        ),
        (
            "delivery.proof_added",
            json!({"kind": "photo", "note": "x".repeat(5_000)}),
            "/data/note",
        ),
    ] {
        let mut event = an_event("b1", kind, data);
        event["id"] = json!("wrong");
        let refused = service.tell(&event).await.refused(422);
        assert_eq!(refused["errors"][0]["pointer"], at);
    }
    let incomplete = an_event("b2", "order.created", json!({"number": "7"}));
    let refused = service.tell(&incomplete).await.refused(422);
    assert_eq!(refused["errors"][0]["pointer"], "/data/status");
}

#[tokio::test]
async fn only_the_service_tells_and_only_in_the_three_ways() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let event = changed(&room.order, "picked_up", 1);
    for client in [&room.customer, &room.rider, &room.pharmacist, &room.admin] {
        client.tell(&event).await.refused(403);
    }
    for kind in [
        "application/json",
        "text/plain",
        "application/cloudevents+xml",
    ] {
        let request = room
            .service
            .request(Method::POST, "/api/orders/events/")
            .header("Content-Type", kind)
            .body(event.to_string());
        room.service.dispatch(request).await.refused(415);
    }
    let padding = json!({"status": "picked_up", "padding": "x".repeat(200_000)});
    let large = an_event(&room.order, "order.status_changed", padding);
    room.service.tell(&large).await.refused(413);
    let order = order(&room.service, &room.order).await;
    assert_eq!(order["status"], "accepted");
}

#[tokio::test]
async fn of_the_same_event_sent_many_times_at_once_one_is_taken() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let event = changed(&room.order, "preparing", 1);
    let sends = (0..16).map(|_| room.service.tell(&event));
    let answers = futures_util::future::join_all(sends).await;
    let taken = answers.into_iter().map(counts);
    assert_eq!(taken.filter(|counts| *counts == [1, 0, 0]).count(), 1);
    let said = room.messages_seen_by(&room.customer).await;
    let told = said
        .iter()
        .filter(|one| one["message_type"] == "order_update");
    assert_eq!(told.count(), 1);
}

/// A shop may have words of its own, so they are taken; a slip is seen in the log.
#[tokio::test]
async fn a_word_that_nothing_knows_is_taken_and_said_once_in_the_log() {
    let server = Server::start().await;
    let service = server.service();
    for id in ["o1", "o2"] {
        let report = an_order(id).with("status", "acepted");
        service.report(&report).await.ok(201);
        let kind = "order.status_chnaged";
        let data = json!({ "status": "preparing" });
        let taken = service.tell(&an_event(id, kind, data)).await;
        assert_eq!(counts(taken), [1, 0, 0]);
    }
    service.report(&an_order("o3")).await.ok(201);
    let log = server.log();
    for word in ["acepted", "order.status_chnaged"] {
        assert_eq!(log.matches(word).count(), 1, "{word}: {log}");
    }
    assert_eq!(log.matches("the order policy names no such").count(), 1);
}
