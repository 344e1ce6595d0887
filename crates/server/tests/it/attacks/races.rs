//! A33: two things at once. G17 in [`crate::guarantees`] has the rounds of creates and joins.

use futures_util::future::{join, join_all};
use serde_json::json;

use crate::harness::{Fields, Server, message_path};

#[tokio::test]
async fn a33_sends_that_race_a_close_are_before_it_or_refused() {
    let server = Server::start().await;
    for _ in 0..5 {
        let room = server.open_room().await;
        let sends = join_all((0..32).map(|number| {
            let writer = if number % 2 == 0 {
                &room.customer
            } else {
                &room.pharmacist
            };
            writer.send(&room, json!({ "content": format!("{number}") }))
        }));
        let closing = room.at("close/");
        let close = room.colleague.act(&closing);
        let (answers, closed) = join(sends, close).await;
        closed.ok(200);

        let log = room.log_seen_by(&room.admin).await;
        let end = log
            .iter()
            .find(|event| event["kind"] == "room.closed")
            .expect("the room was closed")
            .number("seq");
        for answer in answers {
            match answer.status {
                201 => assert!(answer.json().number("seq") < end, "{}", answer.text),
                _ => drop(answer.refused(409)),
            }
        }
        let after = log.iter().filter(|event| event.number("seq") > end).count();
        assert_eq!(after, 0, "nothing was said after the close");
    }
}

#[tokio::test]
async fn a33_edits_that_race_a_deletion_do_not_bring_the_text_back() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for round in 0..20 {
        let sent = room.customer.say(&room, "first").await;
        let path = message_path(&sent, "");
        let edits = join_all((0..4).map(|number| {
            room.customer.patch(
                &path,
                json!({ "content": format!("canary {round} {number}") }),
            )
        }));
        let (edits, deleted) = join(edits, room.customer.delete(&path)).await;
        deleted.ok(204);
        for edit in edits {
            assert!(
                edit.status == 200 || (400..500).contains(&edit.status),
                "{}",
                edit.text
            );
        }
        let seen = room.rider.get(&path).await.ok(200);
        assert_eq!(
            (&seen["content"], &seen["is_deleted"]),
            (&json!(""), &json!(true))
        );
    }
    let log = room.log_seen_by(&room.rider).await;
    assert!(
        log.iter()
            .all(|event| !event.to_string().contains("canary")),
        "{log:?}"
    );
}

#[tokio::test]
async fn a33_many_closes_and_reopens_keep_to_the_edges() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let head = room.head().await;
    let actions = join_all((0..32).map(|number| {
        let action = if number % 2 == 0 { "close/" } else { "reopen/" };
        let path = room.at(action);
        let admin = room.admin.clone();
        async move { admin.act(&path).await }
    }));
    for answer in actions.await {
        if answer.status != 200 {
            answer.refused(409);
        }
    }
    let mut open = true;
    let log = room.log_seen_by(&room.admin).await;
    for event in log.iter().filter(|event| event.number("seq") > head) {
        match event.string("kind").as_str() {
            "room.closed" => assert!(std::mem::replace(&mut open, false), "closed while open"),
            "room.reopened" => {
                assert!(!std::mem::replace(&mut open, true), "reopened while closed")
            }
            kind => assert_eq!(kind, "message.created"),
        }
    }
}

#[tokio::test]
async fn a33_reports_that_race_each_other_leave_one_rider() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let reports = join_all((0..16).map(|number| {
        let report = room.report.clone().with_rider(&format!("racer-{number}"));
        let service = room.service.clone();
        async move { service.report(&report).await }
    }));
    for answer in reports.await {
        answer.ok(200);
    }
    let order = room
        .service
        .get(&format!("/api/orders/{}/", room.order))
        .await
        .ok(200);
    let riders: Vec<_> = room
        .participants()
        .await
        .into_iter()
        .filter(|participant| participant["role"] == "rider" && participant["is_active"] == true)
        .collect();
    assert_eq!(riders.len(), 1, "{riders:?}");
    assert_eq!(riders[0]["user"], order["rider"]["id"]);
}
