//! Public rooms, and how little outsiders learn of the others.

use serde_json::{Value, json};

use crate::harness::{Client, Fields, Server, an_order, message_path, random_id, shape};

#[tokio::test]
async fn outsiders_see_the_card_of_a_public_room_and_nothing_more() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.customer.say(&room, "before anybody came").await;
    let outsider = server.customer("passer-by");
    outsider.get(&room.at("")).await.refused(404);
    room.make_public().await;

    let card = outsider.get(&room.at("")).await.ok(200);
    shape::room(&card);
    assert_eq!(card["id"], room.id.as_str());
    assert_eq!(card["room_id"], room.code.as_str());
    assert_eq!(card["status"], "open");
    assert_eq!(card["participant_count"], 4);
    for hidden in [
        "order",
        "order_number",
        "order_status",
        "delivery_status",
        "description",
        "last_message",
        "last_message_preview",
        "my_participant",
        "unread_count",
        "closed_by",
        "close_reason",
    ] {
        assert_eq!(card[hidden], Value::Null, "{hidden} is not on the card");
    }
    let listed = outsider
        .get("/api/chat/rooms/?scope=public")
        .await
        .ok(200)
        .results();
    assert_eq!(listed, vec![card]);
    assert_eq!(
        outsider.get("/api/chat/rooms/").await.ok(200).results(),
        Vec::<Value>::new()
    );
    for rest in ["messages/", "participants/", "events/"] {
        let answer = outsider.get(&room.at(rest)).await;
        assert!(
            [403, 404].contains(&answer.status),
            "{}: {}",
            answer.request,
            answer.text
        );
    }

    let joined = outsider.act(&room.at("join/")).await;
    assert!([200, 201].contains(&joined.status), "{}", joined.text);
    room.customer.say(&room, "now somebody is here").await;
    let texts: Vec<_> = room
        .messages_seen_by(&outsider)
        .await
        .iter()
        .filter(|message| message["message_type"] == "text")
        .map(|message| message.string("content"))
        .collect();
    assert_eq!(texts, ["now somebody is here"]);
    let seen = room.seen_by(&outsider).await;
    assert_eq!(
        seen["order_number"],
        Value::Null,
        "guests see no order data"
    );
    assert_eq!(room.participant(&outsider).await["role"], "customer");
}

/// The ids of the rooms on a list.
async fn listed(client: &Client, query: &str) -> Vec<String> {
    let path = format!("/api/chat/rooms/?{query}");
    let rooms = client.get(&path).await.ok(200).results();
    rooms.iter().map(|room| room.string("id")).collect()
}

#[tokio::test]
async fn neither_outsiders_nor_guests_learn_the_order_of_a_public_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.make_public().await;
    let number = room.seen_by(&room.admin).await.string("order_number");
    let half = &number[..number.len() - 1];
    let none: [String; 0] = [];
    let found = std::slice::from_ref(&room.id);

    let outsider = server.customer("passer-by");
    let card = outsider.get(&room.at("")).await;
    assert_eq!(card.ok(200)["room_title"], "Public chat");
    assert!(!card.text.contains(&number), "{}", card.text);
    for query in [
        format!("scope=public&search={number}"),
        format!("scope=public&search={half}"),
        format!("scope=public&order={}", room.order),
        format!("order={}", room.order),
    ] {
        assert_eq!(listed(&outsider, &query).await, none, "{query}");
    }
    let by_code = format!("search={}", &room.code[..9]);
    assert_eq!(
        listed(&outsider, &format!("scope=public&{by_code}")).await,
        found
    );

    // Every action of a room takes a reason.
    let why = json!({ "reason": "to help" });
    outsider.post(&room.at("join/"), why.clone()).await.ok(200);
    outsider.post(&room.at("read/"), why).await.ok(200);
    // Nor by what is refused: of an order that is not, and of this one, the same.
    for order in [room.order.as_str(), "no-such-order"] {
        for path in ["", "policy/", "timeline/"] {
            let path = format!("/api/orders/{order}/{path}");
            outsider.get(&path).await.refused(404);
        }
    }
    let seen = outsider.get(&room.at("")).await;
    assert!(!seen.text.contains(&number), "{}", seen.text);
    for query in [
        format!("search={number}"),
        format!("search={half}"),
        format!("order={}", room.order),
    ] {
        assert_eq!(listed(&outsider, &query).await, none, "{query}");
    }
    assert_eq!(listed(&outsider, &by_code).await, found);
    for insider in [&room.customer, &room.pharmacist] {
        let by_number = format!("search={half}");
        assert_eq!(listed(insider, &by_number).await, found);
        let by_order = format!("order={}", room.order);
        assert_eq!(listed(insider, &by_order).await, found);
    }
    let everywhere = format!("scope=all&search={half}");
    assert_eq!(listed(&room.support, &everywhere).await, found);
}

#[tokio::test]
async fn the_words_of_a_given_title_find_a_public_room() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.make_public().await;
    let title = serde_json::json!({ "title": "Cold chain" });
    room.admin.patch(&room.at(""), title).await.ok(200);
    let outsider = server.customer("passer-by");
    let card = outsider.get(&room.at("")).await.ok(200);
    assert_eq!(card["room_title"], "Cold chain");
    let found = listed(&outsider, "scope=public&search=cold").await;
    assert_eq!(found, std::slice::from_ref(&room.id));
}

#[tokio::test]
async fn rooms_that_one_may_not_know_do_not_exist() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let strangers = [
        server.customer("other"),
        server.rider("other-rider"),
        server.pharmacy("elsewhere", "ph2"),
    ];
    for stranger in strangers {
        let nothing = format!("/api/chat/rooms/{}/", random_id());
        let (real, unreal) = (
            stranger.get(&room.at("")).await,
            stranger.get(&nothing).await,
        );
        real.refused(404);
        assert_eq!(real.fingerprint(), unreal.fingerprint());
        stranger.act(&room.at("join/")).await.refused(404);
        for list in ["", "?scope=public", &format!("?order={}", room.order)] {
            let rooms = stranger
                .get(&format!("/api/chat/rooms/{list}"))
                .await
                .ok(200)
                .results();
            assert_eq!(rooms, Vec::<Value>::new());
        }
    }
}

#[tokio::test]
async fn staff_of_another_pharmacy_are_guests_without_a_say() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.make_public().await;
    let guest = server.pharmacy("visiting-staff", "ph-elsewhere");
    guest.act(&room.at("join/")).await.ok(200);
    guest.say(&room, "may I ask something?").await;

    for action in ["close/", "archive/"] {
        guest.act(&room.at(action)).await.refused(403);
    }
    let customer = room.participant_at(&room.customer, "").await;
    guest.delete(&customer).await.refused(403);
    let mute = format!("{customer}mute/");
    guest.act(&mute).await.refused(403);
    let title = serde_json::json!({ "title": "mine now" });
    guest.patch(&room.at(""), title).await.refused(403);

    for order in [room.order.as_str(), "no-such-order"] {
        for path in ["", "policy/", "timeline/"] {
            let path = format!("/api/orders/{order}/{path}");
            guest.get(&path).await.refused(404);
        }
        let draft = json!({ "order": order });
        guest.post("/api/chat/rooms/", draft).await.refused(404);
    }

    let seen = room.seen_by(&guest).await;
    assert_eq!(
        seen["order_number"],
        Value::Null,
        "guests see no order data"
    );
    let people = guest.get(&room.at("participants/")).await.ok(200).results();
    for person in people {
        let own = person["user"] == guest.user.as_str();
        assert!(
            own || person["user"].is_null(),
            "guests see no ids: {person}"
        );
        assert!(
            own || person["user_email"].is_null(),
            "nor addresses: {person}"
        );
    }
}

#[tokio::test]
async fn what_a_guest_is_counted_is_what_a_guest_is_shown() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.make_public().await;
    let status = async |status| {
        let order = an_order(&room.order).with("status", status);
        server.service().report(&order).await.ok(200);
    };
    status("preparing").await;
    let guest = server.customer("passer-by");
    guest.act(&room.at("join/")).await.ok(200);

    room.customer.say(&room, "one for everybody").await;
    status("ready_for_pickup").await;
    status("picked_up").await;
    let counted = |seen: &Value| (seen["message_count"].clone(), seen["unread_count"].clone());
    let seen = room.seen_by(&guest).await;
    let shown = room.messages_seen_by(&guest).await;
    assert_eq!(shown.len(), 1, "what was said: {shown:?}");
    assert_eq!(counted(&seen), (json!(1), json!(1)));
    assert_eq!(seen["last_message"]["excerpt"], "one for everybody");
    let mine = guest.get("/api/chat/rooms/").await.ok(200).results();
    assert_eq!(counted(&mine[0]), (json!(1), json!(1)));
    assert_eq!(mine[0]["last_message"]["excerpt"], "one for everybody");
    let me = guest.get("/api/chat/me/").await.ok(200);
    assert_eq!(me["unread_count"], 1);

    // Up to the message that they see, with news behind it; and then up to the head.
    let read = format!("/api/chat/messages/{}/read/", shown[0].string("id"));
    guest.act(&read).await.ok(200);
    assert_eq!(counted(&room.seen_by(&guest).await), (json!(1), json!(0)));
    room.customer.say(&room, "two").await;
    assert_eq!(counted(&room.seen_by(&guest).await), (json!(2), json!(1)));
    guest.act(&room.at("read/")).await.ok(200);
    status("delivered").await;
    assert_eq!(counted(&room.seen_by(&guest).await), (json!(2), json!(0)));
}

#[tokio::test]
async fn a_guest_who_becomes_the_rider_is_counted_no_deleted_news() {
    let server = Server::start().await;
    let room = server.open_room().await;
    room.make_public().await;
    let guest = server.rider("passer-by");
    guest.act(&room.at("join/")).await.ok(200);
    room.order_is("preparing").await;
    room.order_is("ready_for_pickup").await;
    room.customer.say(&room, "one for everybody").await;
    let all = room.messages_seen_by(&room.admin).await;
    let news = all
        .iter()
        .rfind(|one| one["message_type"] == "order_update");
    let path = message_path(news.expect("an update"), "");
    let why = json!({ "reason": "wrong" });
    let request = room
        .admin
        .request(reqwest::Method::DELETE, &path)
        .json(&why);
    room.admin.dispatch(request).await.ok(204);
    assert_eq!(room.seen_by(&guest).await["unread_count"], 1);

    let rider = json!({ "id": "passer-by", "name": "Pat" });
    let report = room.report.clone().with("status", "ready_for_pickup");
    room.service
        .report(&report.with("rider", rider))
        .await
        .ok(200);
    let seen = room.seen_by(&guest).await;
    assert_eq!(seen["my_participant"]["role"], "rider");
    let unread = guest.all("/api/chat/messages/unread/?limit=50").await;
    assert_eq!(seen["unread_count"], unread.len(), "{unread:#?}");
    let me = guest.get("/api/chat/me/").await.ok(200);
    assert_eq!(me["unread_count"], unread.len());
}
