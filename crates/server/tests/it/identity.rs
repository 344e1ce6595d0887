//! Tokens: what they must say, what they are good for, how they end.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fields, Identity, Server, now_s};

fn kim() -> Identity {
    Identity::new("customer", "kim")
}

async fn status_of(server: &Server, identity: &Identity) -> u16 {
    let answer = server.client(identity).get("/api/chat/rooms/").await;
    if answer.status != 200 {
        answer.problem();
    }
    answer.status
}

#[tokio::test]
async fn every_route_asks_for_a_token() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let nobody = server.anonymous();
    for path in [
        "/api/chat/rooms/".to_owned(),
        room.at(""),
        room.at("messages/"),
        room.at("events/"),
        room.at("participants/"),
        "/api/chat/me/".into(),
        format!("/api/orders/{}/", room.order),
    ] {
        nobody.get(&path).await.refused(401);
    }
    nobody
        .send(&room, json!({ "content": "a" }))
        .await
        .refused(401);
    nobody
        .put("/api/users/x/", json!({ "name": "x", "role": "admin" }))
        .await
        .refused(401);
    nobody.report(&room.report).await.refused(401);
}

#[tokio::test]
async fn a_token_comes_as_bearer_and_in_no_other_way() {
    let server = Server::start().await;
    let token = server.secret.sign(&kim());
    let nobody = server.anonymous();
    let path = "/api/chat/rooms/";
    let with = |value: String| {
        nobody
            .request(Method::GET, path)
            .header("Authorization", value)
    };
    for header in [
        format!("Basic {token}"),
        token.clone(),
        format!("Bearer {token}x"),
        "Bearer ".into(),
        "Bearer".into(),
    ] {
        nobody.dispatch(with(header)).await.refused(401);
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        nobody
            .dispatch(with(format!("{scheme} {token}")))
            .await
            .ok(200);
    }
    nobody
        .get(&format!("{path}?token={token}"))
        .await
        .refused(401);
    nobody
        .get(&format!("{path}?access_token={token}"))
        .await
        .refused(401);
    let cookie = nobody
        .request(Method::GET, path)
        .header("Cookie", format!("token={token}"));
    nobody.dispatch(cookie).await.refused(401);
}

#[tokio::test]
async fn good_tokens_are_taken_in_every_form_the_contract_allows() {
    let server = Server::start().await;
    let now = now_s();
    for good in [
        kim(),
        kim().with("aud", json!(["other", "orderchat"])),
        kim()
            .with("name", "Kim")
            .with("email", "kim@example.com")
            .with("language", "de"),
        kim().with("exp", now + 86_400),
        kim().with("iat", now + 20),
        kim().with("nbf", now + 20),
        kim().with("nbf", now - 60),
        kim().with("jti", "unknown claims are not our business"),
        Identity::new("customer", &"x".repeat(128)),
        Identity::new("customer", "ä ö/?"),
        Identity::new("pharmacy", "noor").with("pharmacy", json!(["ph1", "ph2"])),
        Identity::new("pharmacy", "noor").with("pharmacy", "ph1"),
        Identity::new("service", "shop"),
    ] {
        assert_eq!(status_of(&server, &good).await, 200, "{}", good.claims());
    }
}

#[tokio::test]
async fn a_claim_that_is_missing_of_the_wrong_type_or_out_of_range_is_401() {
    let server = Server::start().await;
    let now = now_s();
    for claim in ["sub", "role", "iss", "aud", "iat", "exp"] {
        assert_eq!(
            status_of(&server, &kim().without(claim)).await,
            401,
            "without {claim}"
        );
        for wrong in [json!(null), json!([]), json!({}), json!(true)] {
            let bad = kim().with(claim, wrong);
            assert_eq!(status_of(&server, &bad).await, 401, "{}", bad.claims());
        }
    }
    for bad in [
        kim().with("sub", ""),
        kim().with("sub", "x".repeat(129)),
        kim().with("sub", "a\u{0}b"),
        kim().with("sub", 7),
        kim().with("role", "king"),
        kim().with("role", "Customer"),
        kim().with("role", "system"),
        kim().with("role", json!(["customer"])),
        kim().with("iss", "elsewhere"),
        kim().with("aud", "elsewhere"),
        kim().with("aud", json!(["elsewhere"])),
        kim().with("iat", now + 3_600),
        kim().with("exp", now - 1),
        kim().with("exp", now + 86_460),
        kim().with("iat", now - 90_000).with("exp", now + 60),
        kim().with("exp", now - 10).with("iat", now - 5),
        kim().with("nbf", now + 3_600),
        kim().with("name", 7),
        kim().with("email", json!(["a@example.com"])),
        kim().with("language", json!({})),
        kim().with("room", 7),
        kim().with("room", json!([])),
        Identity::new("pharmacy", "noor").with("pharmacy", 7),
        Identity::new("pharmacy", "noor").with("pharmacy", json!(["ph1", 7])),
        Identity::new("pharmacy", "noor").with("pharmacy", json!({ "id": "ph1" })),
    ] {
        assert_eq!(status_of(&server, &bad).await, 401, "{}", bad.claims());
    }
}

#[tokio::test]
async fn a_token_for_one_room_opens_no_other() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let other = server.open_room().await;
    // Support reaches every room: nothing but the claim stands in the way.
    for named in [&room.id, &room.code] {
        let bound = server.client(&Identity::new("support", "sam").with("room", named.as_str()));
        bound.get(&room.at("")).await.ok(200);
        bound.get(&room.at("messages/")).await.ok(200);
        bound.get(&other.at("")).await.refused(404);
        bound.get(&other.at("messages/")).await.refused(404);
        bound
            .send(&other, json!({ "content": "a" }))
            .await
            .refused(404);
        let message = other.customer.say(&other, "hello").await;
        bound
            .get(&crate::harness::message_path(&message, ""))
            .await
            .refused(404);
        let listed = bound
            .get("/api/chat/rooms/?scope=all")
            .await
            .ok(200)
            .results();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["id"], room.id.as_str());
        bound
            .get(&format!("/api/orders/{}/", other.order))
            .await
            .refused(404);
    }
    let customer = Identity::new("customer", &room.customer.user).with("room", room.id.as_str());
    server.client(&customer).say(&room, "hello").await;
    let elsewhere = Identity::new("customer", &room.customer.user).with("room", other.id.as_str());
    server
        .client(&elsewhere)
        .get(&room.at(""))
        .await
        .refused(404);
}

#[tokio::test]
async fn a_token_for_one_room_is_good_for_nothing_that_is_of_all() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let bound = |role: &str, sub: &str| {
        server.client(&Identity::new(role, sub).with("room", room.id.as_str()))
    };
    let (service, admin) = (bound("service", "shop"), bound("admin", "alma"));
    let order = json!({ "number": "1", "status": "accepted", "customer": { "id": "c", "name": "C" },
        "pharmacy": { "id": "ph1", "name": "P" } });
    let user = json!({ "name": "Sam", "role": "admin" });
    let event = json!({ "specversion": "1.0", "id": "1", "source": "shop", "type": "order.cancelled",
        "subject": room.order, "data": {} });
    for answer in [
        service.put("/api/orders/another/", order).await,
        service.put("/api/users/sam/", user).await,
        service.act("/api/users/sam/revoke/").await,
        service.tell(&event).await,
        admin.get("/api/audit/").await,
    ] {
        let problem = answer.refused(403);
        assert_eq!(
            problem["type"], "urn:orderchat:problem:token-room",
            "{problem}"
        );
    }
    service.get(&room.at("")).await.ok(200);
}

#[tokio::test]
async fn the_pharmacy_claim_decides_which_rooms_are_theirs() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let without = server.client(&Identity::new("pharmacy", "noor"));
    without.get(&room.at("")).await.refused(404);
    server
        .pharmacy("noor", "ph2")
        .get(&room.at(""))
        .await
        .refused(404);
    server
        .pharmacy("noor", "ph1")
        .get(&room.at(""))
        .await
        .ok(200);
    let both = Identity::new("pharmacy", "noor").with("pharmacy", json!(["ph2", "ph1"]));
    server.client(&both).get(&room.at("")).await.ok(200);
    // The claim is the pharmacies' alone.
    let pretending = Identity::new("customer", "eve").with("pharmacy", "ph1");
    server
        .client(&pretending)
        .get(&room.at(""))
        .await
        .refused(404);
}

#[tokio::test]
async fn the_role_is_the_tokens_role() {
    let server = Server::start().await;
    let room = server.open_room().await;
    // Somebody whose account is staff, with a customer's token: the token decides.
    let as_customer = server.customer(&room.pharmacist.user);
    as_customer.act(&room.at("close/")).await.refused(403);
    room.pharmacist.act(&room.at("close/")).await.ok(200);
}

#[tokio::test]
async fn whoever_is_refused_learns_nothing_of_their_token_back() {
    let server = Server::start().await;
    let token = server.secret.sign(&kim().with("exp", now_s() - 1));
    let answer = server.bearer(&token, "kim").get("/api/chat/rooms/").await;
    let problem: Value = answer.refused(401);
    let parts: Vec<_> = token.split('.').collect();
    for part in parts {
        assert!(!problem.to_string().contains(part), "{problem}");
    }
}
