//! G17: one room per order, one participant per user and room, never over capacity.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::seed::rounds;
use crate::harness::{Client, Fields, Room, Server, an_order};

#[tokio::test]
async fn g17_sixty_four_parallel_creates_make_one_room() {
    let server = Server::start().await;
    let service = server.service();
    for round in 0..rounds("ORDERCHAT_TEST_ROUNDS", 5) {
        let order = format!("race-{round}");
        service
            .report(&an_order(&order).with("status", "pending"))
            .await
            .ok(201);
        let clients = [server.admin("ada"), server.support("sam"), server.service()];
        let body = json!({ "order": order });
        let accepted = an_order(&order);
        let accepting = service.report(&accepted);
        let creates = join_all((0..64).map(|number| {
            let client: &Client = &clients[number % clients.len()];
            client.post("/api/chat/rooms/", body.clone())
        }));
        let (answers, accepted) = futures_util::future::join(creates, accepting).await;
        accepted.ok(200);

        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert!(made <= 1, "{made} of 64 made a room");
        let ids: BTreeSet<_> = answers
            .iter()
            .map(|answer| answer.json().string("id"))
            .collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        let path = format!("/api/chat/rooms/?scope=all&order={order}");
        let listed = service.get(&path).await.ok(200).results();
        assert_eq!(listed.len(), 1);
        assert!(ids.contains(&listed[0].string("id")));
    }
}

/// No user twice, nobody over capacity, and the room's own count is right.
async fn people_are_in_order(room: &Room) {
    let people = room.participants().await;
    let active: Vec<_> = people
        .iter()
        .filter(|participant| participant["is_active"] == true)
        .collect();
    let users: BTreeSet<_> = people
        .iter()
        .map(|participant| participant.string("user"))
        .collect();
    assert_eq!(
        users.len(),
        people.len(),
        "one participant per user: {people:?}"
    );
    let seen = room.seen_by(&room.admin).await;
    let count = i64::try_from(active.len()).expect("few people");
    assert_eq!(seen.number("participant_count"), count);
    assert!(count <= seen.number("max_participants"), "{count} people");
}

#[tokio::test]
async fn g17_sixty_four_parallel_joins_never_exceed_the_capacity() {
    let server = Server::start().await;
    let guests: Vec<_> = (0..64)
        .map(|number| server.customer(&format!("guest-{number}")))
        .collect();
    for _ in 0..rounds("ORDERCHAT_TEST_ROUNDS", 4) {
        let room = server.open_room().await;
        room.make_public().await;
        let answers = join_all(guests.iter().map(|guest| {
            let path = room.at("join/");
            async move { guest.act(&path).await }
        }))
        .await;
        let joined = answers
            .iter()
            .filter(|answer| [200, 201].contains(&answer.status))
            .count();
        assert_eq!(joined, 6, "four of ten seats were taken");
        for answer in answers.iter().filter(|answer| answer.status >= 300) {
            answer.refused(409);
        }
        people_are_in_order(&room).await;
    }
}

#[tokio::test]
async fn g17_one_person_who_comes_by_every_door_at_once_is_one_participant() {
    let server = Server::start().await;
    server.service().make_known("sam", "support").await;
    let sam = server.support("sam");
    for _ in 0..rounds("ORDERCHAT_TEST_ROUNDS", 5) {
        let room = server.open_room().await;
        let doors = (0..24).map(|number| {
            let (room, sam) = (&room, &sam);
            async move {
                match number % 3 {
                    0 => sam.act(&room.at("join/")).await,
                    1 => sam.send(room, json!({ "content": "hello" })).await,
                    _ => {
                        let body = json!({ "user": "sam" });
                        room.admin.post(&room.at("participants/"), body).await
                    }
                }
            }
        });
        for answer in join_all(doors).await {
            assert!(
                [200, 201].contains(&answer.status),
                "{}: {}",
                answer.request,
                answer.text
            );
        }
        people_are_in_order(&room).await;
        let joined = room.log_seen_by(&room.admin).await;
        let joined = joined
            .iter()
            .filter(|event| event["kind"] == "participant.joined")
            .count();
        assert_eq!(joined, 5, "four of the order and sam, once");
    }
}

#[tokio::test]
async fn g17_leaving_joining_removing_and_adding_at_once_keep_the_count() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let colleague = room.participant_at(&room.colleague, "").await;
    let join = room.at("join/");
    let leave = room.at("leave/");
    let add = room.at("participants/");
    for _ in 0..rounds("ORDERCHAT_TEST_ROUNDS", 5) {
        let storm = (0..32).map(|number| {
            let (room, join, leave, add) = (&room, &join, &leave, &add);
            let colleague = &colleague;
            async move {
                match number % 4 {
                    0 => room.customer.act(leave).await,
                    1 => room.customer.act(join).await,
                    2 => room.admin.delete(colleague).await,
                    _ => {
                        room.admin
                            .post(add, json!({ "user": room.colleague.user }))
                            .await
                    }
                }
            }
        });
        for answer in join_all(storm).await {
            assert!(answer.status < 500, "{}: {}", answer.request, answer.text);
        }
        people_are_in_order(&room).await;
    }
}
