//! `/participants/`: joining, changing, ending and coming back.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Fields, Server, message_path, participant_path, random_id, shape};

#[tokio::test]
async fn every_participant_shows_all_its_fields() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for viewer in [
        &room.customer,
        &room.rider,
        &room.pharmacist,
        &room.support,
        &room.service,
    ] {
        let listed = viewer
            .get(&room.at("participants/"))
            .await
            .ok(200)
            .results();
        assert_eq!(listed.len(), 4);
        for participant in &listed {
            shape::participant(participant);
            let path = participant_path(&participant.string("id"), "");
            assert_eq!(viewer.get(&path).await.ok(200)["id"], participant["id"]);
            assert_eq!(participant["room"], room.id.as_str());
            assert_eq!(participant["is_active"], true);
            assert_eq!(participant["ended"], Value::Null);
            assert_eq!(participant["left_at"], Value::Null);
        }
    }
    let noor = room.participant(&room.pharmacist).await;
    assert_eq!(
        (&noor["role"], &noor["role_display"]),
        (&json!("pharmacy"), &json!("Pharmacy Staff"))
    );
    assert_eq!(
        (&noor["is_muted"], &noor["is_blocked"]),
        (&json!(false), &json!(false))
    );
    let unknown = participant_path(&random_id(), "");
    room.admin.get(&unknown).await.refused(404);
}

#[tokio::test]
async fn staff_add_known_users_in_a_role_that_is_not_above_their_own() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let service = server.service();
    service.make_known("kim", "customer").await;
    service.make_known("sam", "support").await;
    let add = room.at("participants/");

    room.pharmacist
        .post(&add, json!({ "user": "nobody" }))
        .await
        .refused(422);
    for above in ["pharmacy", "support", "admin"] {
        room.admin
            .post(&add, json!({ "user": "kim", "role": above }))
            .await
            .refused(422);
    }
    room.admin
        .post(&add, json!({ "user": "sam", "role": "service" }))
        .await
        .refused(422);
    room.admin
        .post(&add, json!({ "user": "sam", "role": "system" }))
        .await
        .refused(422);

    let added = room
        .pharmacist
        .post(&add, json!({ "user": "sam", "role": "pharmacy" }))
        .await
        .ok(201);
    shape::participant(&added);
    assert_eq!(
        (&added["role"], &added["user_role"]),
        (&json!("pharmacy"), &json!("support"))
    );
    let head = room.head().await;
    let again = room
        .pharmacist
        .post(&add, json!({ "user": "sam" }))
        .await
        .ok(200);
    assert_eq!(
        (&again["id"], &again["role"]),
        (&added["id"], &added["role"])
    );
    assert_eq!(
        room.head().await,
        head,
        "adding whoever is in it changes nothing"
    );

    for client in [&room.customer, &room.rider] {
        client
            .post(&add, json!({ "user": "kim" }))
            .await
            .refused(403);
    }
}

#[tokio::test]
async fn only_oneself_changes_ones_notification_preferences() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let own = room.participant_at(&room.customer, "").await;

    let defaults = room.customer.get(&own).await.ok(200)["notification_preferences"].clone();
    for sound in ["messages", "order_updates", "receipts", "sound"] {
        assert_eq!(
            defaults[sound], true,
            "{sound} is on by default: {defaults}"
        );
    }
    let wish = json!({ "notification_preferences": { "sound": false, "theme": "dark" } });
    let changed = room.customer.patch(&own, wish.clone()).await.ok(200);
    shape::participant(&changed);
    assert_eq!(changed["notification_preferences"]["sound"], false);
    assert_eq!(
        changed["notification_preferences"]["theme"], "dark",
        "other keys are kept"
    );
    for other in [&room.pharmacist, &room.support, &room.admin, &room.rider] {
        other.patch(&own, wish.clone()).await.refused(403);
    }

    let long = json!({ "notification_preferences": { "note": "x".repeat(5_000) } });
    for wrong in [
        json!({ "notification_preferences": { "sound": "loud" } }),
        json!({ "notification_preferences": { "mute_until": 7 } }),
        json!({ "notification_preferences": ["sound"] }),
        long,
        json!({ "is_muted": true }),
    ] {
        room.customer.patch(&own, wrong).await.refused(422);
    }
}

#[tokio::test]
async fn staff_change_a_participants_role_within_the_users_own() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let sam = server.support("sam");
    let added = room.add(&sam, "support").await;
    let path = participant_path(&added.string("id"), "");

    let changed = room
        .admin
        .put(&path, json!({ "role": "pharmacy" }))
        .await
        .ok(200);
    assert_eq!(
        (&changed["role"], &changed["user_role"]),
        (&json!("pharmacy"), &json!("support"))
    );
    room.admin
        .put(&path, json!({ "role": "admin" }))
        .await
        .refused(422);
    room.admin
        .put(&path, json!({ "role": "king" }))
        .await
        .refused(422);
    room.customer
        .put(&path, json!({ "role": "customer" }))
        .await
        .refused(403);
    let customer = room.participant_at(&room.customer, "").await;
    room.admin
        .patch(&customer, json!({ "role": "pharmacy" }))
        .await
        .refused(422);
}

#[tokio::test]
async fn whoever_left_finds_nothing_until_they_join_again() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.rider.say(&room, "before").await;
    let id = room.participant(&room.customer).await.string("id");

    room.customer.act(&room.at("leave/")).await.ok(200);
    assert_eq!(room.seen_by(&room.pharmacist).await["participant_count"], 3);
    for path in ["", "messages/", "participants/", "events/"] {
        room.customer.get(&room.at(path)).await.refused(404);
    }
    room.customer.act(&room.at("leave/")).await.refused(404);
    room.customer
        .send(&room, json!({ "content": "x" }))
        .await
        .refused(404);
    let ended = room.admin.get(&participant_path(&id, "")).await.ok(200);
    assert_eq!(
        (&ended["is_active"], &ended["ended"]),
        (&json!(false), &json!("left"))
    );
    shape::is_time(&ended.string("left_at"));

    let joined = room.customer.act(&room.at("join/")).await;
    assert!([200, 201].contains(&joined.status), "{}", joined.text);
    assert_eq!(
        room.participant(&room.customer).await.string("id"),
        id,
        "the same participant"
    );
    let texts = room.messages_seen_by(&room.customer).await;
    assert!(
        texts.iter().any(|message| message["content"] == "before"),
        "visible as before"
    );
}

#[tokio::test]
async fn the_removed_come_back_only_by_staff() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let id = room.participant(&room.customer).await.string("id");
    room.make_public().await;

    room.pharmacist
        .delete(&participant_path(&id, ""))
        .await
        .ok(204);
    for path in ["", "messages/", "events/"] {
        room.customer.get(&room.at(path)).await.refused(404);
    }
    room.customer.act(&room.at("join/")).await.refused(404);
    let ended = room.admin.get(&participant_path(&id, "")).await.ok(200);
    assert_eq!(ended["ended"], "removed");
    room.order_is("preparing").await;
    room.customer.get(&room.at("")).await.refused(404);

    let back = json!({ "user": room.customer.user });
    let back = room
        .pharmacist
        .post(&room.at("participants/"), back)
        .await
        .ok(200);
    assert_eq!(
        (&back["id"], &back["is_active"]),
        (&json!(id), &json!(true))
    );
    room.customer.say(&room, "here again").await;
}

#[tokio::test]
async fn staff_who_send_join_in_the_same_step() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let head = room.head().await;
    let sent = room.support.say(&room, "may I help?").await;

    let events = room
        .admin
        .get(&room.at(&format!("events/?after={head}")))
        .await
        .ok(200)
        .results();
    let kinds: Vec<_> = events.iter().map(|event| event.string("kind")).collect();
    assert_eq!(kinds, ["participant.joined", "message.created"]);
    assert_eq!(room.seen_by(&room.support).await["participant_count"], 5);
    let participant = room.participant(&room.support).await;
    assert_eq!(
        (&participant["role"], &sent["sender"]),
        (&json!("support"), &participant["id"])
    );
}

/// Sends of one room that come at once are written together.
#[tokio::test]
async fn staff_join_amid_a_flood_of_sends_and_each_finds_the_room_as_the_one_before_left_it() {
    const EACH: usize = 12;
    let server = Server::start().await;
    let room = server.open_room().await;
    let question = room.customer.say(&room, "Is it cooled?").await;
    let head = room.head().await;
    let newcomers = ["sue", "sam", "sol"].map(|name| server.support(name));
    let mut senders = vec![&room.customer, &room.rider, &room.pharmacist];
    senders.extend(&newcomers);

    let drafts = (0..EACH).flat_map(|n| senders.iter().map(move |sender| (n, *sender)));
    let sends = drafts.map(|(n, sender)| {
        let draft =
            json!({ "content": format!("{} {n}", sender.user), "reply_to": question["id"] });
        sender.send(&room, draft)
    });
    let answers = join_all(sends).await;
    let seqs: BTreeSet<i64> = answers
        .into_iter()
        .map(|answer| answer.ok(201).number("seq"))
        .collect();
    assert_eq!(
        seqs.len(),
        EACH * senders.len(),
        "each has a place of its own"
    );

    let log = room.log_seen_by(&room.admin).await;
    let after = log.iter().filter(|event| event.number("seq") > head);
    let joined = after
        .clone()
        .filter(|event| event["kind"] == "participant.joined");
    assert_eq!(
        joined.count(),
        newcomers.len(),
        "each of them comes in once"
    );
    let seen: Vec<i64> = after.map(|event| event.number("seq")).collect();
    let whole = head + 1..=head + (seqs.len() + newcomers.len()) as i64;
    assert!(seen.iter().copied().eq(whole), "{seen:?}");
    let asked = room
        .customer
        .get(&message_path(&question, ""))
        .await
        .ok(200);
    assert_eq!(asked["reply_count"], EACH * senders.len());
    // Of what others said all is unread, of what one said oneself nothing.
    let unread = room.seen_by(&room.rider).await["unread_count"].clone();
    assert_eq!(unread, 1 + EACH * (senders.len() - 1));
}

#[tokio::test]
async fn staff_may_leave_and_keep_what_their_role_reaches() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.support.act(&room.at("join/")).await;
    for client in [&room.pharmacist, &room.support] {
        client.act(&room.at("leave/")).await.ok(200);
        let seen = room.seen_by(client).await;
        assert_eq!(
            seen["unread_count"],
            Value::Null,
            "no counting for who is not in it"
        );
        client.get(&room.at("messages/")).await.ok(200);
    }
}

#[tokio::test]
async fn who_comes_back_with_less_of_a_role_is_what_that_role_is() {
    let server = Server::start().await;
    let room = server.open_room().await;
    // The shop's word counts more than the token's for what they are, and not for what they may.
    let staff = &room.pharmacist.user;
    room.service.make_known(staff, "pharmacy").await;
    room.pharmacist.act(&room.at("leave/")).await.ok(200);
    let rider = server.rider(staff);
    room.close().await;
    // What a closed room is to riders, it is to who comes back as one.
    for path in ["messages/", ""] {
        rider.get(&room.at(path)).await.refused(404);
    }
    rider.act(&room.at("join/")).await.refused(404);
    room.admin.act(&room.at("reopen/")).await.ok(200);
    rider.act(&room.at("join/")).await.ok(200);
    let own = room.seen_by(&rider).await["my_participant"].clone();
    assert_eq!(
        (&own["role"], &own["is_active"]),
        (&json!("rider"), &json!(true))
    );
    // More of a role than before is not got by leaving.
    rider.act(&room.at("leave/")).await.ok(200);
    room.pharmacist.act(&room.at("join/")).await.ok(200);
    let own = room.seen_by(&room.pharmacist).await["my_participant"].clone();
    assert_eq!(own["role"], "rider");
}
