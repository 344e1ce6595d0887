//! G27: logs and metrics hold no text, token, name, phone number or address.

use serde_json::json;

use crate::harness::{Identity, Room, Server, an_order, message_path};

#[tokio::test]
async fn g27_logs_and_metrics_hold_nothing_that_people_said_or_are_called() {
    let server = Server::with("ORDERCHAT_LOG", "trace").start().await;
    let order = an_order("o")
        .with(
            "customer",
            json!({ "id": "kim", "name": "Canaryname", "email": "canary@example.com" }),
        )
        .with(
            "metadata",
            json!({ "phone": "+49-170-canaryphone", "street": "Canarystreet 5" }),
        );
    let room = Room::of(&server, order).await;
    let identity = Identity::new("customer", "kim")
        .with("name", "Canarytokenname")
        .with("email", "canarytoken@example.com");
    let token = server.secret.sign(&identity);
    let kim = server.bearer(&token, "kim");

    let draft = json!({
        "content": "canarytext", "metadata": { "x": "canarymetadata" }, "client_message_id": "canarykey",
    });
    let sent = kim.send(&room, draft.clone()).await.ok(201);
    kim.send(&room, draft).await.ok(200);
    kim.send(&room, json!({ "content": "canaryrefused\u{0}" }))
        .await
        .refused(422);
    kim.send(
        &room,
        json!({ "content": "a", "canaryfield": "canaryvalue" }),
    )
    .await
    .refused(422);
    let path = message_path(&sent, "");
    kim.patch(&path, json!({ "content": "canaryedit" }))
        .await
        .ok(200);
    room.rider
        .post(
            &message_path(&sent, "reply/"),
            json!({ "content": "canaryreply" }),
        )
        .await
        .ok(201);
    room.support
        .delete_with(&path, json!({ "reason": "canaryreason" }))
        .await
        .ok(204);
    room.admin
        .patch(&room.at(""), json!({ "title": "canarytitle" }))
        .await
        .ok(200);
    kim.get("/api/chat/rooms/?search=canarysearch")
        .await
        .ok(200);
    kim.get("/api/chat/rooms/?ordering=canaryordering")
        .await
        .refused(422);
    room.pharmacist
        .post(&room.at("close/"), json!({ "reason": "canaryclose" }))
        .await
        .ok(200);
    let bad = format!("{token}x");
    server
        .bearer(&bad, "kim")
        .get("/api/chat/rooms/")
        .await
        .refused(401);
    room.service
        .put(
            "/api/users/kim/",
            json!({ "name": "Canaryuser", "role": "customer" }),
        )
        .await
        .ok(200);

    let seen = [
        ("log", server.log()),
        ("metrics", server.metrics().get("/metrics").await.text),
    ];
    let signature = token.rsplit('.').next().unwrap_or_default();
    for (place, text) in seen {
        let lower = text.to_lowercase();
        if let Some(at) = lower.find("canary") {
            let from = text.floor_char_boundary(at.saturating_sub(200));
            let to = text.floor_char_boundary(at + 100);
            panic!("a canary stands in the {place}: …{}…", &text[from..to]);
        }
        for (what, secret) in [("token", signature), ("key", server.secret.as_str())] {
            assert!(!text.contains(secret), "the {what} stands in the {place}");
        }
    }
    assert!(
        !server.log().is_empty(),
        "trace logs something, or this test proves nothing"
    );
}
