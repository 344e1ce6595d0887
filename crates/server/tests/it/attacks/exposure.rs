//! A37, A38: what the public listener must not show, and headers that must not be believed.

use reqwest::Method;

use crate::harness::Server;

#[tokio::test]
async fn a37_the_public_listener_has_no_metrics_and_no_debugging() {
    let server = Server::start().await;
    let admin = server.admin("ada");
    for path in [
        "/metrics",
        "/metrics/",
        "/debug",
        "/debug/pprof/",
        "/healthz/details",
        "/status",
        "/env",
        "/config",
        "/.env",
        "/.git/config",
        "/api/metrics",
        "/server-status",
        "/orderchat.db",
    ] {
        for client in [&server.anonymous(), &admin] {
            let answer = client.get(path).await;
            assert!(
                [401, 404].contains(&answer.status),
                "{path}: {}",
                answer.text
            );
        }
    }
    for hidden in ["server", "x-powered-by", "x-runtime"] {
        let answer = server.anonymous().get("/healthz").await;
        assert_eq!(
            answer.header(hidden),
            None,
            "no answer tells what it runs on"
        );
    }
}

#[tokio::test]
async fn a38_headers_do_not_make_anybody_somebody_else() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let stranger = server.customer("stranger");
    for (name, value) in [
        ("X-User-Id", room.customer.user.as_str()),
        ("X-Forwarded-User", &room.customer.user),
        ("X-Remote-User", "admin-1"),
        ("X-Role", "admin"),
        ("X-Original-URL", "/api/chat/rooms/?scope=all"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Host", "admin.internal"),
        ("Forwarded", "for=127.0.0.1;host=admin.internal"),
    ] {
        for client in [&stranger, &server.anonymous()] {
            let request = client
                .request(Method::GET, &room.at(""))
                .header(name, value);
            let answer = client.dispatch(request).await;
            assert!(
                [401, 404].contains(&answer.status),
                "{name}: {}",
                answer.text
            );
        }
    }
    let request = room
        .customer
        .request(Method::GET, &room.at(""))
        .header("X-HTTP-Method-Override", "DELETE")
        .header("X-User-Id", "admin-1");
    room.customer.dispatch(request).await.ok(200);
}

#[tokio::test]
async fn a38_forwarded_addresses_do_not_lift_a_limit() {
    let server = Server::start_limited().await;
    let nobody = server.anonymous();
    let mut refused = 0;
    for number in 0..60 {
        let request = nobody
            .request(Method::GET, "/api/chat/rooms/")
            .header("X-Forwarded-For", format!("203.0.113.{number}"))
            .header("Forwarded", format!("for=203.0.113.{number}"))
            .header("X-Real-IP", format!("203.0.113.{number}"));
        let answer = nobody.dispatch(request).await;
        refused += usize::from(answer.status == 429);
    }
    assert!(refused >= 20, "only {refused} of 60 were refused");
}

#[tokio::test]
async fn a38_a_configured_proxy_is_believed() {
    let server = Server::with("ORDERCHAT_TRUSTED_PROXIES", "127.0.0.0/8")
        .with("ORDERCHAT_ANONYMOUS_RATE", "1/min burst 1")
        .with_rate_limits()
        .start()
        .await;
    let nobody = server.anonymous();
    let from = |chain: &str| {
        let request = nobody
            .request(Method::GET, "/api/chat/rooms/")
            .header("X-Forwarded-For", chain);
        nobody.dispatch(request)
    };
    from("203.0.113.1").await.refused(401);
    from("203.0.113.1").await.refused(429);
    from("203.0.113.2").await.refused(401);
    // Only the address that the proxy itself saw counts: the last one.
    from("198.51.100.9, 203.0.113.2").await.refused(429);
}
