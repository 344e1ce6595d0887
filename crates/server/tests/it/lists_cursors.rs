//! Lists: filters, order, pages and cursors.

use serde_json::{Value, json};

use crate::harness::shape::steady;
use crate::harness::{Client, Fields, Room, Server, an_order, encode};

fn ids(rooms: &[Value]) -> Vec<String> {
    rooms.iter().map(|room| room.string("id")).collect()
}

async fn rooms(client: &Client, query: &str) -> Vec<Value> {
    client
        .get(&format!("/api/chat/rooms/?{query}"))
        .await
        .ok(200)
        .results()
}

/// Five rooms of the same customer, rider and staff, oldest first.
async fn five_rooms(server: &Server) -> Vec<Room> {
    let mut made = Vec::new();
    for number in 1..=5 {
        let order = an_order(&format!("five-{number}"))
            .with("customer", json!({ "id": "kim", "name": "Kim" }))
            .with_staff(&["noor"])
            .with_rider("ravi");
        made.push(Room::of(server, order).await);
    }
    made
}

#[tokio::test]
async fn rooms_come_newest_activity_first() {
    let server = Server::start().await;
    let made = five_rooms(&server).await;
    let kim = server.customer("kim");
    for index in [3, 0, 4, 1, 2] {
        kim.say(&made[index], "hello").await;
    }
    let expected: Vec<_> = [2, 1, 4, 0, 3]
        .map(|index: usize| made[index].id.clone())
        .into();
    assert_eq!(ids(&rooms(&kim, "").await), expected);
    assert_eq!(ids(&rooms(&kim, "ordering=-last_activity").await), expected);
    let reversed: Vec<_> = expected.iter().rev().cloned().collect();
    // As it is escaped, as it arrives when it is not, and without.
    for plus in ["%2B", "+", ""] {
        let ordering = format!("ordering={plus}last_activity");
        assert_eq!(ids(&rooms(&kim, &ordering).await), reversed, "{ordering}");
    }

    let by_age: Vec<_> = made.iter().map(|room| room.id.clone()).collect();
    assert_eq!(ids(&rooms(&kim, "ordering=created_at").await), by_age);
    let youngest: Vec<_> = by_age.iter().rev().cloned().collect();
    assert_eq!(ids(&rooms(&kim, "ordering=-created_at").await), youngest);
}

#[tokio::test]
async fn pages_go_through_everything_once_forth_and_back() {
    let server = Server::start().await;
    let made = five_rooms(&server).await;
    let kim = server.customer("kim");
    for ordering in [
        "last_activity",
        "-last_activity",
        "created_at",
        "-created_at",
    ] {
        let whole = ids(&rooms(&kim, &format!("ordering={ordering}")).await);
        assert_eq!(whole.len(), made.len());
        for limit in 1..=6 {
            let path = format!("/api/chat/rooms/?ordering={ordering}&limit={limit}");
            assert_eq!(ids(&kim.all(&path).await), whole, "{ordering} by {limit}");
        }
        let first = kim
            .get(&format!("/api/chat/rooms/?ordering={ordering}&limit=2"))
            .await
            .ok(200);
        assert_eq!(first["previous"], Value::Null);
        let next = first.string("next");
        assert!(
            next.starts_with("/api/chat/rooms/?"),
            "{next} is an absolute path"
        );
        let second = kim.get(&next).await.ok(200);
        assert_eq!(ids(&second.results()), whole[2..4]);
        let back = kim.get(&second.string("previous")).await.ok(200);
        assert_eq!(ids(&back.results()), whole[..2]);
    }
}

#[tokio::test]
async fn participants_and_events_have_pages_too() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for rest in ["participants/", "events/"] {
        let whole = room
            .customer
            .all(&room.at(&format!("{rest}?limit=200")))
            .await;
        let in_twos = room
            .customer
            .all(&room.at(&format!("{rest}?limit=2")))
            .await;
        assert_eq!(steady(in_twos.into()), steady(whole.into()), "{rest}");
        room.customer
            .get(&room.at(&format!("{rest}?limit=201")))
            .await
            .refused(422);
    }
}

#[tokio::test]
async fn rooms_are_filtered_by_what_they_are() {
    let server = Server::start().await;
    let made = five_rooms(&server).await;
    let kim = server.customer("kim");
    made[0].close().await;
    made[1].archive().await;
    made[2].make_public().await;

    assert_eq!(
        ids(&rooms(&kim, "status=closed").await),
        [made[0].id.clone()]
    );
    assert_eq!(
        ids(&rooms(&kim, "status=archived").await),
        [made[1].id.clone()]
    );
    assert_eq!(rooms(&kim, "status=open").await.len(), 3);
    assert_eq!(
        ids(&rooms(&kim, "is_public=true").await),
        [made[2].id.clone()]
    );
    assert_eq!(rooms(&kim, "is_public=false").await.len(), 4);
    assert_eq!(
        ids(&rooms(&kim, "order=five-4").await),
        [made[3].id.clone()]
    );
    assert_eq!(rooms(&kim, "order=five-9").await, Vec::<Value>::new());
    assert_eq!(
        ids(&rooms(&kim, "status=open&order=five-5").await),
        [made[4].id.clone()]
    );

    let ravi = server.rider("ravi");
    assert_eq!(
        rooms(&ravi, "role=rider").await.len(),
        3,
        "closed rooms are gone for riders"
    );
    assert_eq!(rooms(&ravi, "role=customer").await.len(), 0);
}

#[tokio::test]
async fn scope_says_whose_rooms_are_meant() {
    let server = Server::start().await;
    let made = five_rooms(&server).await;
    let elsewhere =
        an_order("elsewhere").with("pharmacy", json!({ "id": "ph2", "name": "South Pharmacy" }));
    server.service().report(&elsewhere).await.ok(201);
    let support = server.support("sam");
    support.say(&made[1], "hello").await;

    assert_eq!(ids(&rooms(&support, "").await), [made[1].id.clone()]);
    assert_eq!(
        ids(&rooms(&support, "scope=mine").await),
        [made[1].id.clone()]
    );
    assert_eq!(rooms(&support, "scope=all").await.len(), 6);
    assert_eq!(rooms(&server.service(), "scope=all").await.len(), 6);
    assert_eq!(
        rooms(&server.pharmacy("new", "ph1"), "scope=all")
            .await
            .len(),
        5
    );
    assert_eq!(
        rooms(&server.pharmacy("new", "ph2"), "scope=all")
            .await
            .len(),
        1
    );
    assert_eq!(rooms(&server.pharmacy("new", "ph1"), "").await.len(), 0);
    assert_eq!(
        rooms(&server.pharmacy("new", "ph1"), "scope=public")
            .await
            .len(),
        0
    );
}

#[tokio::test]
async fn searching_rooms_matches_beginnings_and_nothing_else() {
    let server = Server::start().await;
    let made = five_rooms(&server).await;
    let noor = server.pharmacy("noor", "ph1");
    noor.patch(
        &made[0].at(""),
        json!({ "title": "Insulin for grandmother" }),
    )
    .await
    .ok(200);
    noor.patch(&made[1].at(""), json!({ "title": "100% natural_soap" }))
        .await
        .ok(200);
    let found = |term: &str| {
        let (noor, query) = (noor.clone(), format!("search={}", encode(term)));
        async move { ids(&rooms(&noor, &query).await) }
    };

    assert_eq!(
        found("N-five-3").await,
        [made[2].id.clone()],
        "order number"
    );
    assert_eq!(found("N-five").await.len(), 5);
    assert_eq!(found(&made[3].code).await, [made[3].id.clone()], "code");
    assert_eq!(
        found("grand").await,
        [made[0].id.clone()],
        "beginning of a word"
    );
    assert_eq!(found("INSULIN").await, [made[0].id.clone()], "in any case");
    assert!(found("mother").await.is_empty(), "the middle of a word");
    for wildcard in [
        "%",
        "_",
        "100_",
        "natural%",
        "*",
        "N-five-_",
        "' OR 1=1 --",
        "\"",
        "\\",
    ] {
        let hits = found(wildcard).await;
        assert!(
            hits.len() <= 1,
            "{wildcard:?} is taken literally, found {}",
            hits.len()
        );
    }
    assert_eq!(found("100%").await, [made[1].id.clone()]);
}

#[tokio::test]
async fn a_bad_page_is_named() {
    let server = Server::start().await;
    let room = server.open_room().await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "ordering=title",
        "ordering=--created_at",
        "ordering=",
        "cursor=x",
        "cursor=AAAA",
        "status=gone",
        "scope=everything",
        "is_public=maybe",
        "role=king",
    ] {
        let problem = room
            .customer
            .get(&format!("/api/chat/rooms/?{query}"))
            .await
            .refused(422);
        let name = query.split('=').next().unwrap_or_default();
        assert!(problem.to_string().contains(name), "{query}: {problem}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_the_list_it_came_from_and_shows_nobody_elses_rooms() {
    let server = Server::start().await;
    five_rooms(&server).await;
    let other = server.open_room().await;
    let kim = server.customer("kim");
    let page = kim.get("/api/chat/rooms/?limit=2").await.ok(200);
    let next = page.string("next");

    let theirs = other.customer.get(&next).await;
    match theirs.status {
        200 => {
            for room in theirs.json().results() {
                assert_eq!(room["id"], other.id.as_str(), "only what is theirs anyway");
            }
        }
        _ => drop(theirs.refused(422)),
    }
    let cursor = next.split("cursor=").nth(1).expect("the path has a cursor");
    let cursor = cursor.split('&').next().unwrap_or_default();
    let bent: String = cursor.chars().rev().collect();
    let answers = [
        kim.get(&other.at(&format!("messages/?cursor={cursor}")))
            .await,
        kim.get(&format!("/api/chat/rooms/?cursor={bent}")).await,
        kim.get(&format!("/api/chat/rooms/?cursor={cursor}{cursor}"))
            .await,
    ];
    for answer in &answers {
        answer.refused(422);
    }
}
