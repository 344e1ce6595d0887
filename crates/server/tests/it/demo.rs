//! `orderchat demo`: orders live while it runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::demo::Demo;
use crate::harness::{Client, Fields as _, Live, eventually};

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
