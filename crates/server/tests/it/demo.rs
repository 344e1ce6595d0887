//! `orderchat demo`: orders live while it runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::demo::Demo;
use crate::harness::{Client, Fields as _, Live, Server, eventually};

/// Far quicker than for people, and slow enough that the steps of several orders do not pile up.
const PACE: &str = "25";

/// The first room that somebody has.
async fn first_room(client: &Client) -> String {
    eventually("the order opens its room", async || {
        let rooms = client.get("/api/chat/rooms/").await.ok(200).results();
        rooms.last().map(|room| room.string("id"))
    })
    .await
}

#[tokio::test]
async fn an_order_of_the_demo_can_be_followed_until_its_room_is_closed() {
    let mut demo = Demo::start(PACE);
    let customer = demo.followed();
    let first_rider = demo.of_role("rider");
    let room = first_room(&customer).await;
    let mut live = Live::of(&customer).await;
    live.done(json!({ "type": "subscribe", "room": room, "after": 0 }))
        .await;
    let mut event = async |kind: &str, data: Value| {
        let event = json!({ "type": "event", "room": room, "kind": kind, "data": data });
        live.expect(event).await
    };
    event(
        "message.created",
        json!({ "message": { "sender_name": "Mei (Pharmacy Staff)" } }),
    )
    .await;
    let rider_joins = json!({ "participant": { "user_full_name": "Bilal (Rider)" } });
    event("participant.joined", rider_joins).await;
    let handed_over = json!({ "participant":
        { "user_full_name": "Bilal (Rider)", "ended": "handed_over" } });
    event("participant.ended", handed_over).await;
    // Who handed it over no longer reaches the room.
    let path = format!("/api/chat/rooms/{room}/");
    first_rider.get(&path).await.refused(404);
    event(
        "message.created",
        json!({ "message": { "sender_name": "Kwame (Rider)" } }),
    )
    .await;
    for delivery in ["delivering", "completed"] {
        event(
            "order.updated",
            json!({ "order": { "delivery_status": delivery } }),
        )
        .await;
    }
    event(
        "order.updated",
        json!({ "order": { "status": "delivered" } }),
    )
    .await;
    event("room.closed", json!({ "room": { "status": "closed" } })).await;
    let closed = customer.get(&path).await.ok(200);
    assert_eq!(closed["status"], "closed", "{closed}");
    // Nothing of what is kept was left out. What came before the subscription came twice.
    let sent = live.received.iter();
    let sent: BTreeSet<i64> = sent
        .filter(|frame| frame["type"] == "event" && frame["room"] == room.as_str())
        .map(|frame| frame.number("seq"))
        .collect();
    let kept = customer
        .all(&format!("{path}events/?after=0&limit=200"))
        .await;
    let kept: Vec<i64> = kept.iter().map(|event| event.number("seq")).collect();
    assert!(kept.into_iter().eq(sent), "{live:?}");
}

#[tokio::test]
async fn an_order_of_the_demo_is_cancelled_and_others_begin() {
    let mut demo = Demo::start(PACE);
    let shop = demo.of_role("service");
    eventually("the second order is cancelled", async || {
        let order = shop.get("/api/orders/order-10502/").await;
        (order.status == 200 && order.json()["status"] == "cancelled").then_some(())
    })
    .await;
    // The third has the third life, the fourth begins with the first one again.
    for (order, customer) in [
        ("order-10503", "Inês Duarte"),
        ("order-10504", "Nora Lindgren"),
    ] {
        let begun = eventually(order, async || {
            let order = shop.get(&format!("/api/orders/{order}/")).await;
            (order.status == 200).then(|| order.json())
        })
        .await;
        assert_eq!(begun["customer"]["name"], customer, "{begun}");
    }
}

#[tokio::test]
async fn a_demo_without_a_pace_stands_still() {
    let mut demo = Demo::start("0");
    let service = demo.of_role("service");
    demo.prints("what the shop knows of an order");
    assert_eq!(
        service.get("/api/orders/order-10411/").await.ok(200)["status"],
        "picked_up"
    );
    service.get("/api/orders/order-10501/").await.refused(404);
}

/// An order of the playbill that is at this status.
fn at(playbill: &Value, status: &str) -> Value {
    let orders = playbill.list("orders");
    let found = orders.iter().find(|order| order["status"] == status);
    found
        .unwrap_or_else(|| panic!("no order is {status}: {playbill}"))
        .clone()
}

/// Who has this role in an order of the playbill.
fn who(order: &Value, role: &str) -> String {
    let people = order.list("people");
    let found = people.iter().find(|person| person["role"] == role);
    found
        .unwrap_or_else(|| panic!("no {role}: {order}"))
        .string("user")
}

#[tokio::test]
async fn a_visitor_steps_in_as_anybody_and_they_talk() {
    let demo = Demo::start("0");
    let playbill = demo.visitor().get("/api/demo/").await.ok(200);
    let order = at(&playbill, "picked_up");
    let room = format!("/api/chat/rooms/{}/messages/", order.string("room"));
    for role in ["customer", "rider", "pharmacy", "support", "admin"] {
        let person = demo.step_in(&who(&order, role)).await;
        assert_eq!(person.get("/api/chat/me/").await.ok(200)["role"], role);
        let said = person.post(&room, json!({ "content": role })).await;
        assert_eq!(said.ok(201)["content"], role);
    }
    let nobody = json!({ "user": "nobody" });
    let refused = demo.visitor().post("/api/demo/token/", nobody).await;
    assert_eq!(refused.refused(422)["errors"][0]["pointer"], "/user");
}

#[tokio::test]
async fn a_visitor_moves_an_order_on_until_it_is_over() {
    let demo = Demo::start("0");
    let visitor = demo.visitor();
    let order = at(&visitor.get("/api/demo/").await.ok(200), "accepted");
    let path = format!("/api/demo/orders/{}", order.string("order"));
    let mut passed = Vec::new();
    let refused = loop {
        let answer = visitor.act(&format!("{path}/next/")).await;
        if answer.status != 200 {
            break answer;
        }
        let order = answer.json();
        let delivery = order["delivery_status"].as_str().unwrap_or("none");
        passed.push(format!("{} {delivery}", order.string("status")));
        assert!(passed.len() < 10, "{passed:?}");
    };
    assert_eq!(
        passed.last().map(String::as_str),
        Some("delivered completed")
    );
    assert!(
        passed.contains(&"picked_up delivering".to_owned()),
        "{passed:?}"
    );
    let over = "urn:orderchat:problem:order-inactive";
    assert_eq!(refused.refused(409)["type"], over);
    let refused = visitor.act(&format!("{path}/hand-over/")).await;
    assert_eq!(refused.refused(409)["type"], over);
    visitor
        .act("/api/demo/orders/nothing/next/")
        .await
        .refused(404);
}

#[tokio::test]
async fn a_visitor_hands_an_order_to_the_next_rider() {
    let demo = Demo::start("0");
    let visitor = demo.visitor();
    let order = at(&visitor.get("/api/demo/").await.ok(200), "picked_up");
    let first = demo.step_in(&who(&order, "rider")).await;
    let path = format!("/api/demo/orders/{}/hand-over/", order.string("order"));
    let rider = visitor.act(&path).await.ok(200)["rider"].string("id");
    assert_ne!(rider, first.user);
    let room = format!("/api/chat/rooms/{}/", order.string("room"));
    first.get(&room).await.refused(404);
    demo.step_in(&rider).await.get(&room).await.ok(200);
}

#[tokio::test]
async fn an_order_that_somebody_moves_by_hand_is_left_alone() {
    let mut demo = Demo::start(PACE);
    let shop = demo.of_role("service");
    let visitor = demo.visitor();
    let next = eventually("the first order that lives has begun", async || {
        let answer = visitor.act("/api/demo/orders/order-10501/hand-over/").await;
        (answer.status == 200).then(|| answer.json())
    })
    .await;
    // The third begins after the first would have been over.
    eventually("others begin", async || {
        let order = shop.get("/api/orders/order-10505/").await;
        (order.status == 200).then_some(())
    })
    .await;
    let left = shop.get("/api/orders/order-10501/").await.ok(200);
    assert_eq!(left["status"], next["status"]);
    assert_eq!(left["rider"], next["rider"]);
}

#[tokio::test]
async fn a_shop_has_no_stage() {
    let server = Server::start().await;
    let anonymous = server.anonymous();
    anonymous.get("/api/demo/").await.refused(404);
    let wanted = json!({ "user": "admin-demo" });
    anonymous
        .post("/api/demo/token/", wanted)
        .await
        .refused(404);
}
