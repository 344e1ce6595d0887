//! `/mute/`, `/unmute/`, `/block/`, `/unblock/`, and the rank that protects from them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Fields, Server, participant_path, shape};

#[tokio::test]
async fn nobody_acts_against_a_higher_rank_or_against_themselves() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sam = server.support("sam");
    let ada = server.admin("ada");
    let support = participant_path(&room.add(&sam, "support").await.string("id"), "");
    let admin = participant_path(&room.add(&ada, "admin").await.string("id"), "");

    for (client, target) in [(&room.pharmacist, &support), (&sam, &admin)] {
        client.act(&format!("{target}mute/")).await.refused(403);
        client.delete(target).await.refused(403);
        client
            .patch(target, json!({ "role": "pharmacy" }))
            .await
            .refused(403);
    }
    let colleague = room.participant_at(&room.colleague, "").await;
    room.pharmacist
        .act(&format!("{colleague}mute/"))
        .await
        .ok(200);
    room.pharmacist
        .act(&format!("{colleague}unmute/"))
        .await
        .ok(200);

    ada.act(&format!("{admin}mute/")).await.refused(403);
    ada.act(&format!("{admin}block/")).await.refused(403);
    sam.act(&format!("{support}mute/")).await.refused(403);
}

#[tokio::test]
async fn the_muted_read_but_do_not_write_until_unmuted() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let rider = room.participant_at(&room.rider, "").await;

    let quiet = json!({ "reason": "swearing", "duration": 3600 });
    let muted = room
        .pharmacist
        .post(&format!("{rider}mute/"), quiet)
        .await
        .ok(200);
    shape::participant(&muted);
    assert_eq!(
        (&muted["is_muted"], &muted["can_send_messages"]),
        (&json!(true), &json!(false))
    );
    shape::is_time(&muted.string("muted_until"));
    room.rider
        .send(&room, json!({ "content": "let me" }))
        .await
        .refused(403);
    room.rider.get(&room.at("messages/")).await.ok(200);
    room.rider.act(&room.at("read/")).await.ok(200);

    let unmuted = room
        .pharmacist
        .act(&format!("{rider}unmute/"))
        .await
        .ok(200);
    assert_eq!(
        (&unmuted["is_muted"], &unmuted["muted_until"]),
        (&json!(false), &Value::Null)
    );
    room.rider.say(&room, "thanks").await;

    let for_good = room.support.act(&format!("{rider}mute/")).await.ok(200);
    assert_eq!(
        (&for_good["is_muted"], &for_good["muted_until"]),
        (&json!(true), &Value::Null)
    );
    for wrong in [
        json!(0),
        json!(-5),
        json!(31_536_001),
        json!(1.5),
        json!("60"),
        json!([60]),
    ] {
        let answer = room
            .support
            .post(&format!("{rider}mute/"), json!({ "duration": wrong }))
            .await;
        answer.refused(422);
    }
    for client in [&room.customer, &room.rider] {
        client.act(&format!("{rider}unmute/")).await.refused(403);
    }
}

#[tokio::test]
async fn a_mute_ends_by_itself() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let path = room.participant_at(&room.customer, "mute/").await;
    room.pharmacist
        .post(&path, json!({ "duration": 1 }))
        .await
        .ok(200);
    room.customer
        .send(&room, json!({ "content": "now?" }))
        .await
        .refused(403);

    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = room
            .customer
            .send(&room, json!({ "content": "now?" }))
            .await;
        if answer.status == 201 {
            break;
        }
        answer.refused(403);
        assert!(Instant::now() < deadline, "a mute of one second lasts on");
    }
    assert_eq!(room.participant(&room.customer).await["is_muted"], false);
}

#[tokio::test]
async fn the_blocked_find_nothing_and_stay_out_until_unblocked() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sam = server.support("sam");
    let sams = participant_path(&room.add(&sam, "support").await.string("id"), "");
    let path = room.participant_at(&room.customer, "").await;
    room.make_public().await;

    for client in [&room.pharmacist, &room.support, &room.rider] {
        client.act(&format!("{path}block/")).await.refused(403);
    }
    let blocked = room
        .admin
        .post(&format!("{path}block/"), json!({ "reason": "threats" }))
        .await
        .ok(200);
    shape::participant(&blocked);
    assert_eq!(
        (&blocked["is_blocked"], &blocked["is_active"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(blocked["ended"], "blocked");
    room.customer.get(&room.at("")).await.refused(404);
    room.customer.act(&room.at("join/")).await.refused(404);
    assert_eq!(
        room.customer
            .get("/api/chat/rooms/?scope=public")
            .await
            .ok(200)
            .results()
            .len(),
        0
    );
    let add = json!({ "user": room.customer.user });
    room.admin
        .post(&room.at("participants/"), add.clone())
        .await
        .refused(409);

    sam.get(&room.at("")).await.ok(200);
    room.admin.act(&format!("{sams}block/")).await.ok(200);
    sam.get(&room.at("")).await.refused(404);
    sam.send(&room, json!({ "content": "x" }))
        .await
        .refused(404);
    assert_eq!(
        sam.get("/api/chat/rooms/?scope=all")
            .await
            .ok(200)
            .results()
            .len(),
        0
    );

    room.pharmacist
        .act(&format!("{path}unblock/"))
        .await
        .refused(403);
    let unblocked = room.admin.act(&format!("{path}unblock/")).await.ok(200);
    assert_eq!(unblocked["is_blocked"], false);
    let back = room
        .pharmacist
        .post(&room.at("participants/"), add)
        .await
        .ok(200);
    assert_eq!(
        (&back["id"], &back["is_active"]),
        (&blocked["id"], &json!(true))
    );
    room.customer.say(&room, "sorry").await;
}

#[tokio::test]
async fn a_mute_outlasts_leaving_and_coming_back() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sent = room.pharmacist.say(&room, "before").await;
    room.mute(&room.pharmacist).await;
    room.pharmacist.act(&room.at("leave/")).await.ok(200);
    // Staff who send in a room they are not in join it; the mute goes on all the same.
    let draft = json!({ "content": "after" });
    room.pharmacist
        .send(&room, draft.clone())
        .await
        .refused(403);
    let edit = crate::harness::message_path(&sent, "");
    room.pharmacist
        .patch(&edit, draft.clone())
        .await
        .refused(403);
    room.pharmacist.act(&room.at("join/")).await.ok(200);
    room.pharmacist.send(&room, draft).await.refused(403);
}
