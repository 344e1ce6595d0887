//! What the server and the service write: `system`, `order_update`, `delivery_update`.

use serde_json::{Value, json};

use crate::harness::{Fields, Room, Server, shape};

async fn newest(room: &Room) -> Value {
    room.messages_seen_by(&room.customer)
        .await
        .pop()
        .expect("the room has messages")
}

fn is_from_the_system(message: &Value) {
    shape::message(message);
    assert_eq!(message["sender"], Value::Null);
    assert_eq!(message["sender_name"], "System");
    assert_eq!(message["sender_role"], "system");
    assert_eq!(message["is_system_message"], true);
    assert_eq!(
        (&message["can_be_edited"], &message["can_be_deleted"]),
        (&json!(false), &json!(false))
    );
}

/// The metadata of an update: typed, and nothing beside the known fields.
fn update<'a>(message: &'a Value, room: &Room) -> &'a Value {
    let metadata = &message["metadata"];
    assert_eq!(metadata["order_id"], room.order.as_str());
    assert_eq!(metadata["order_number"], format!("N-{}", room.order));
    assert!(metadata["update_type"].is_string(), "{metadata}");
    let known = [
        "order_id",
        "order_number",
        "update_type",
        "from",
        "to",
        "eta",
        "rider",
    ];
    for field in metadata.as_object().expect("metadata is an object").keys() {
        assert!(known.contains(&field.as_str()), "{field} in {metadata}");
    }
    metadata
}

#[tokio::test]
async fn a_new_status_is_posted_from_and_to() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.order_is("preparing").await;
    let message = newest(&room).await;
    is_from_the_system(&message);
    assert_eq!(message["message_type"], "order_update");
    let metadata = update(&message, &room);
    assert_eq!(
        (&metadata["from"], &metadata["to"]),
        (&json!("accepted"), &json!("preparing"))
    );
}

#[tokio::test]
async fn a_new_delivery_status_rider_or_eta_is_posted() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let eta = "2030-01-02T03:04:05.000Z";

    room.service
        .report(&room.report.clone().with("delivery_status", "delivering"))
        .await
        .ok(200);
    let message = newest(&room).await;
    is_from_the_system(&message);
    assert_eq!(message["message_type"], "delivery_update");
    let metadata = update(&message, &room);
    assert_eq!(
        (&metadata["from"], &metadata["to"]),
        (&json!("assigned"), &json!("delivering"))
    );

    let with_eta = room
        .report
        .clone()
        .with("delivery_status", "delivering")
        .with("eta", eta);
    room.service.report(&with_eta).await.ok(200);
    let message = newest(&room).await;
    is_from_the_system(&message);
    assert_eq!(update(&message, &room)["eta"], eta);

    let next = with_eta.with("rider", json!({ "id": "next", "name": "Lena" }));
    room.service.report(&next).await.ok(200);
    let message = newest(&room).await;
    is_from_the_system(&message);
    let rider = update(&message, &room)["rider"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        rider.contains("Lena") && !rider.contains("next"),
        "the display name: {rider}"
    );
}

#[tokio::test]
async fn every_update_is_text_that_people_can_read() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for status in ["preparing", "ready_for_pickup", "picked_up", "delivered"] {
        room.order_is(status).await;
        let content = newest(&room).await.string("content");
        assert!(!content.trim().is_empty(), "{status}");
    }
}

#[tokio::test]
async fn the_service_writes_system_messages_into_any_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let people = room
        .seen_by(&room.service)
        .await
        .number("participant_count");
    let draft = json!({ "message_type": "system", "content": "The shop closes at six." });
    let sent = room.service.send(&room, draft).await.ok(201);
    is_from_the_system(&sent);
    assert_eq!(sent["content"], "The shop closes at six.");
    assert_eq!(newest(&room).await["id"], sent["id"]);
    let after = room.seen_by(&room.service).await;
    assert_eq!(
        after.number("participant_count"),
        people,
        "no participant stands for the system"
    );
}

#[tokio::test]
async fn the_service_writes_updates_with_typed_metadata_only() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let metadata = json!({
        "order_id": room.order, "order_number": format!("N-{}", room.order),
        "update_type": "status", "from": "accepted", "to": "packed",
    });
    let draft = |metadata: Value| json!({ "message_type": "order_update", "content": "Packed.", "metadata": metadata });
    let sent = room
        .service
        .send(&room, draft(metadata.clone()))
        .await
        .ok(201);
    is_from_the_system(&sent);
    assert_eq!(sent["metadata"]["to"], "packed");
    for wrong in [json!({ "update_type": 7 }), json!("text"), json!([1])] {
        room.service.send(&room, draft(wrong)).await.refused(422);
    }
}

#[tokio::test]
async fn nobody_changes_what_the_system_wrote() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.order_is("preparing").await;
    let path = crate::harness::message_path(&newest(&room).await, "");
    for client in [&room.customer, &room.pharmacist, &room.service] {
        let edit = client.patch(&path, json!({ "content": "x" })).await;
        assert!([403, 409].contains(&edit.status), "{}", edit.text);
        client.delete(&path).await.refused(403);
    }
}
