//! A photo that proves a delivery.

use serde_json::Value;

use crate::harness::upload::Form;
use crate::harness::{Client, Fields, Room, Server};

async fn proof_seen_by(room: &Room, client: &Client) -> Value {
    let path = format!("/api/orders/{}/timeline/", room.order);
    let timeline = client.get(&path).await.ok(200).results();
    let proof = timeline
        .into_iter()
        .find(|entry| entry["kind"] == "delivery.proof_added");
    proof.expect("the proof stands on the timeline")
}

#[tokio::test]
async fn place_and_time_of_a_proof_stand_signed_on_the_timeline_for_staff() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for by in [&room.rider, &room.service] {
        let uploaded = by.upload(&room, Form::proof()).await.ok(201);
        assert_eq!(uploaded["expires_at"], Value::Null);
        let bytes = room
            .pharmacist
            .download(uploaded.str("file_path"))
            .await
            .ok();
        assert!(!bytes.windows(4).any(|part| part == b"Exif"));
    }
    let seen = proof_seen_by(&room, &room.pharmacist).await.to_string();
    for part in ["12.97", "77.59", "2026-11-28T04:50:30.000Z", "signature"] {
        assert!(seen.contains(part), "{part} in {seen}");
    }
    let seen = proof_seen_by(&room, &room.customer).await.to_string();
    for part in ["12.97", "77.59", "signature"] {
        assert!(!seen.contains(part), "{part} in {seen}");
    }
}

#[tokio::test]
async fn others_prove_no_delivery() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for who in [&room.customer, &room.pharmacist, &room.admin] {
        who.upload(&room, Form::proof()).await.refused(403);
    }
    let elsewhere = server.open_room().await;
    elsewhere
        .rider
        .upload(&room, Form::proof())
        .await
        .refused(404);
}
