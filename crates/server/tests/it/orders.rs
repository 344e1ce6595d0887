//! `/api/orders/{id}/`: reporting and reading orders.

use serde_json::{Value, json};

use crate::harness::orders::order_path;
use crate::harness::room::room_of;
use crate::harness::{Fields, Server, an_order, shape};

#[tokio::test]
async fn a_report_is_a_new_order_and_then_the_same_again() {
    let server = Server::start().await;
    let service = server.service();
    let report = an_order("o")
        .with("metadata", json!({ "till": 3 }))
        .with("language", "de");
    let made = service.report(&report).await.ok(201);
    shape::order(&made);
    assert_eq!(made["id"], "o");
    assert_eq!(made["number"], "N-o");
    assert_eq!(made["status"], "accepted");
    assert_eq!(made["delivery_status"], "assigned");
    assert_eq!(made["customer"]["id"], "customer-o");
    assert_eq!(made["customer"]["email"], "amina@example.com");
    assert_eq!(made["pharmacy"]["id"], "ph1");
    assert_eq!(made["pharmacy"]["staff"][1]["name"], "Pavel");
    assert_eq!(made["rider"]["name"], "Ravi");
    assert_eq!(
        (&made["eta"], &made["language"]),
        (&Value::Null, &json!("de"))
    );
    assert_eq!(
        (&made["is_active"], &made["metadata"]),
        (&json!(true), &json!({ "till": 3 }))
    );
    assert_eq!(made["sequence"], Value::Null);

    let head = room_of(&service, "o")
        .await
        .expect("it has a room")
        .number("seq");
    let again = service.report(&report).await.ok(200);
    assert_eq!(again, made, "an equal report changes nothing");
    let room = room_of(&service, "o").await.expect("it has a room");
    assert_eq!(room.number("seq"), head, "and posts nothing");
    assert_eq!(service.get(&order_path("o")).await.ok(200), made);
}

#[tokio::test]
async fn what_a_report_leaves_out_stays_and_is_null_on_a_new_order() {
    let server = Server::start().await;
    let service = server.service();
    let least = an_order("o").without("delivery_status").without("rider");
    let made = service.report(&least).await.ok(201);
    for absent in ["delivery_status", "rider", "eta", "language", "sequence"] {
        assert_eq!(made[absent], Value::Null, "{absent}");
    }
    let eta = "2030-01-02T03:04:05.678Z";
    service
        .report(
            &least
                .clone()
                .with("eta", eta)
                .with("delivery_status", "assigned")
                .with_rider("r"),
        )
        .await
        .ok(200);
    let left_out = service
        .report(&least.clone().with("status", "preparing"))
        .await
        .ok(200);
    assert_eq!(
        (&left_out["eta"], &left_out["delivery_status"]),
        (&json!(eta), &json!("assigned"))
    );
    assert_eq!(
        (&left_out["rider"]["id"], &left_out["status"]),
        (&json!("r"), &json!("preparing"))
    );

    let cleared = service
        .report(&least.with("rider", json!(null)))
        .await
        .ok(200);
    assert_eq!(
        cleared["rider"],
        Value::Null,
        "null is handed over to nobody"
    );
}

#[tokio::test]
async fn an_order_keeps_its_customer_and_its_pharmacy_but_names_may_change() {
    let server = Server::start().await;
    let service = server.service();
    let report = an_order("o");
    service.report(&report).await.ok(201);

    let other = json!({ "id": "somebody-else", "name": "Amina" });
    service
        .report(&report.clone().with("customer", other))
        .await
        .refused(409);
    let other = json!({ "id": "ph2", "name": "North Pharmacy" });
    service
        .report(&report.clone().with("pharmacy", other))
        .await
        .refused(409);
    let renamed = json!({ "id": "customer-o", "name": "Amina B." });
    let order = service
        .report(&report.with("customer", renamed))
        .await
        .ok(200);
    assert_eq!(order["customer"]["name"], "Amina B.");
    assert_eq!(order["pharmacy"]["id"], "ph1");
}

#[tokio::test]
async fn an_older_report_changes_only_what_no_newer_one_has_set() {
    let server = Server::start().await;
    let service = server.service();
    let report = an_order("o").without("delivery_status").without("rider");
    let at = |sequence: i64| report.clone().with("sequence", sequence);

    service.report(&at(10)).await.ok(201);
    service
        .report(&at(30).with("status", "ready_for_pickup"))
        .await
        .ok(200);
    let order = service
        .report(
            &at(20)
                .with("status", "preparing")
                .with("delivery_status", "assigned"),
        )
        .await
        .ok(200);
    assert_eq!(order["status"], "ready_for_pickup", "30 has set the status");
    assert_eq!(
        order["delivery_status"], "assigned",
        "nothing newer has set the delivery"
    );
    service
        .report(&report.clone().with("status", "picked_up"))
        .await
        .refused(422);
    assert_eq!(
        service.get(&order_path("o")).await.ok(200)["status"],
        "ready_for_pickup"
    );
}

#[tokio::test]
async fn a_new_rider_takes_over_and_the_former_one_is_out() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "to the first rider").await;
    let next = server.rider("next");
    next.get(&order_path(&room.order)).await.refused(404);
    room.rider_is("next").await;

    room.rider.get(&room.at("")).await.refused(404);
    room.rider.get(&order_path(&room.order)).await.refused(404);
    next.say(&room, "I am the new one").await;
    let seen = room.messages_seen_by(&next).await;
    assert!(
        seen.iter()
            .all(|message| message["content"] != "to the first rider"),
        "{seen:?}"
    );

    room.service
        .report(&room.report.clone().with("rider", json!(null)))
        .await
        .ok(200);
    next.get(&room.at("")).await.refused(404);
    room.service.report(&room.report.clone()).await.ok(200);
    room.rider.say(&room, "back again").await;
    let seen = room.messages_seen_by(&room.rider).await;
    assert!(
        seen.iter()
            .all(|message| message["content"] != "I am the new one"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn added_staff_join_and_dropped_staff_stay() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let keep = format!("staff-{}-a", room.order);
    let changed = room.report.clone().with_staff(&[&keep, "new-here"]);
    room.service.report(&changed).await.ok(200);
    let users: Vec<_> = room
        .participants()
        .await
        .iter()
        .map(|participant| participant.string("user"))
        .collect();
    assert!(users.contains(&"new-here".to_owned()), "{users:?}");
    assert!(users.contains(&room.colleague.user), "{users:?}");
}

#[tokio::test]
async fn an_order_is_active_until_a_final_status() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for (status, active) in [
        ("picked_up", true),
        ("delivered", false),
        ("preparing", true),
    ] {
        let order = room.order_is(status).await;
        assert_eq!(order["is_active"], active, "{status}");
        let seen = room.seen_by(&room.customer).await;
        assert_eq!(seen["order_status"], status);
        assert_eq!(seen["status"], "open", "the closing has its timer");
    }
    room.order_is("waiting_for_doctor").await;
}

#[tokio::test]
async fn reports_are_checked_field_by_field() {
    let server = Server::start().await;
    let service = server.service();
    let report = an_order("o");
    for required in ["number", "status", "customer", "pharmacy"] {
        service
            .report(&report.clone().without(required))
            .await
            .refused(422);
    }
    let wrong = [
        ("number", json!(7)),
        ("number", json!("")),
        ("status", json!(null)),
        ("status", json!("a\u{0}b")),
        ("customer", json!("customer-o")),
        ("customer", json!({ "name": "without id" })),
        ("customer", json!({ "id": "", "name": "A" })),
        ("customer", json!({ "id": "x".repeat(129), "name": "A" })),
        ("customer", json!({ "id": "a\u{1}", "name": "A" })),
        (
            "customer",
            json!({ "id": "customer-o", "name": "A", "role": "admin" }),
        ),
        (
            "pharmacy",
            json!({ "id": "ph1", "name": "P", "staff": "noor" }),
        ),
        ("rider", json!("r")),
        ("eta", json!("tomorrow")),
        ("eta", json!(1_700_000_000)),
        ("sequence", json!("1")),
        ("sequence", json!(1.5)),
        ("metadata", json!([])),
        ("surprise", json!(true)),
        ("is_active", json!(true)),
    ];
    for (field, value) in wrong {
        service
            .report(&report.clone().with(field, value))
            .await
            .refused(422);
    }
    service.get(&order_path("o")).await.refused(404);
}

#[tokio::test]
async fn ids_of_orders_are_percent_encoded_in_paths() {
    let server = Server::start().await;
    let service = server.service();
    for id in ["a/b", "ä ö?&#%", "2026-11-22:0001", &"x".repeat(110)] {
        let path = format!("/api/orders/{}/", percent(id));
        let body = an_order(id).body();
        let raw = service.put(&path, body).await;
        let made = raw.ok(201);
        assert_eq!(made["id"], id);
        assert_eq!(service.get(&path).await.ok(200)["id"], id);
        assert!(room_of(&service, id).await.is_some());
    }
    let long = format!("/api/orders/{}/", "x".repeat(129));
    let answer = service.put(&long, an_order("o").body()).await;
    assert!([404, 422].contains(&answer.status), "{}", answer.text);
}

/// Percent-encodes dots too: an HTTP client would take `/../` for a step back.
fn percent(id: &str) -> String {
    id.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn only_the_service_reports_orders() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let people = [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.support,
        &room.admin,
    ];
    for client in people {
        client
            .report(&room.report.clone().with("status", "cancelled"))
            .await
            .refused(403);
    }
    let order = room.service.get(&order_path(&room.order)).await.ok(200);
    assert_eq!(order["status"], "accepted");
}

#[tokio::test]
async fn an_order_is_read_by_who_reads_its_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let path = order_path(&room.order);
    let readers = room.one_of_each_role();
    for reader in readers {
        shape::order(&reader.get(&path).await.ok(200));
    }
    for stranger in [
        server.customer("other"),
        server.rider("other"),
        server.pharmacy("other", "ph2"),
    ] {
        let real = stranger.get(&path).await;
        real.refused(404);
        let unreal = stranger.get(&order_path("no-such-order")).await;
        assert_eq!(real.fingerprint(), unreal.fingerprint());
    }
    room.customer.act(&room.at("leave/")).await.ok(200);
    room.customer.get(&path).await.refused(404);
}
