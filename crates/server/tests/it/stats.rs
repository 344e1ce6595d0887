//! A room in numbers.

use serde_json::{Value, json};

use crate::harness::{Fields, Room, Server, message_path};

async fn stats(room: &Room) -> Value {
    room.pharmacist.get(&room.at("stats/")).await.ok(200)
}

#[tokio::test]
async fn statistics_count_people_and_messages() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let before = stats(&room).await;
    assert_eq!(before["first_response_s"], Value::Null);
    assert_eq!(before["response_p50_s"], Value::Null);
    room.customer.say(&room, "where is it?").await;
    let deleted = room.customer.say(&room, "hello?").await;
    room.rider.say(&room, "on my way").await;
    room.customer
        .delete(&message_path(&deleted, ""))
        .await
        .ok(204);
    room.rider.act(&room.at("leave/")).await.ok(200);

    let after = stats(&room).await;
    assert_eq!(after["total_participants"], 4);
    assert_eq!(after["active_participants"], 3);
    assert_eq!(
        after["by_participant_role"],
        json!({ "customer": 1, "rider": 0, "pharmacy": 2, "support": 0, "admin": 0 })
    );
    let count = room.seen_by(&room.admin).await.number("message_count");
    assert_eq!(
        after["total_messages"], count,
        "deleted messages stay counted"
    );
    assert_eq!(after["messages_today"], count);
    assert_eq!(after["by_message_type"]["text"], 3);
    let types = after["by_message_type"].as_object().expect("an object");
    let sum: i64 = types.values().filter_map(Value::as_i64).sum();
    assert_eq!(sum, count);
    let days = after.list("recent_activity");
    assert_eq!(days.len(), 30);
    assert_eq!(days[29]["count"], count);
    assert!(days[28].string("date") < days[29].string("date"));
    let first = after["first_response_s"].as_f64().expect("a response");
    assert!((0.0..60.0).contains(&first), "{first}");
    assert_eq!(after["response_p50_s"], after["response_p90_s"]);
}

#[tokio::test]
async fn staff_who_look_from_outside_are_recorded_and_people_are_refused() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for client in [
        &room.support,
        &room.admin,
        &room.service,
        &server.pharmacy("other", "ph1"),
    ] {
        client.get(&room.at("stats/")).await.ok(200);
    }
    room.customer.get(&room.at("stats/")).await.refused(403);
    room.rider.get(&room.at("stats/")).await.refused(403);
    for outsider in [server.customer("x"), server.pharmacy("y", "ph2")] {
        outsider.get(&room.at("stats/")).await.refused(404);
    }
}
