//! A11, A12: tokens that were not signed by us, or say impossible things.

use serde_json::json;

use crate::harness::identity::base64url;
use crate::harness::{Identity, Server, now_s};

fn admin() -> Identity {
    Identity::new("admin", "eve")
}

async fn is_refused(server: &Server, token: &str, what: &str) {
    let answer = server
        .bearer(token, "eve")
        .get("/api/chat/rooms/?scope=all")
        .await;
    assert_eq!(answer.status, 401, "{what}: {}", answer.text);
    answer.problem();
}

#[tokio::test]
async fn a11_the_token_does_not_choose_its_algorithm() {
    let server = Server::start().await;
    let claims = admin().claims();
    let payload = base64url(claims.as_bytes());
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS256 ", "null", "HS384", "HS512", "RS256", "ES256",
        "EdDSA", "PS256", "hs256",
    ] {
        let header = json!({ "alg": alg, "typ": "JWT" }).to_string();
        let head = base64url(header.as_bytes());
        for signature in ["", "AAAA", &base64url(b"signature")] {
            is_refused(&server, &format!("{head}.{payload}.{signature}"), alg).await;
        }
        is_refused(&server, &format!("{head}.{payload}"), alg).await;
        // Rightly signed with our key, but the header claims another algorithm.
        is_refused(&server, &server.secret.sign_bytes(&header, &claims), alg).await;
    }
    for header in [
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        "{}",
        "[]",
        "",
    ] {
        is_refused(&server, &server.secret.sign_bytes(header, &claims), header).await;
    }
}

#[tokio::test]
async fn a11_a_signature_must_be_ours_and_over_these_bytes() {
    let server = Server::start().await;
    let token = server.secret.sign(&admin());
    let parts: Vec<_> = token.split('.').collect();
    let (head, payload, signature) = (parts[0], parts[1], parts[2]);
    let other = base64url(admin().with("role", "service").claims().as_bytes());
    let mut bent = signature.to_owned();
    let first = if bent.starts_with('A') { "B" } else { "A" };
    bent.replace_range(..1, first);
    for (what, forged) in [
        ("no signature", format!("{head}.{payload}.")),
        ("no last part", format!("{head}.{payload}")),
        ("other claims", format!("{head}.{other}.{signature}")),
        ("bent signature", format!("{head}.{payload}.{bent}")),
        (
            "short signature",
            format!("{head}.{payload}.{}", &signature[..signature.len() - 4]),
        ),
        ("four parts", format!("{token}.{signature}")),
        ("five parts", format!("{token}..")),
        ("padding", format!("{token}=")),
        ("space", format!("{head}.{payload}. {signature}")),
        ("empty", "..".to_owned()),
        (
            "very long",
            format!("{head}.{}.{signature}", "A".repeat(7_000)),
        ),
    ] {
        is_refused(&server, &forged, what).await;
    }
    let other_key = crate::harness::identity::Secret::random();
    is_refused(&server, &other_key.sign(&admin()), "another key").await;
}

#[tokio::test]
async fn a11_keys_named_in_the_token_are_ignored() {
    let server = Server::start().await;
    let forger = crate::harness::identity::Secret::random();
    for header in [
        json!({ "alg": "HS256", "jku": "http://127.0.0.1:9/jwks.json" }),
        json!({ "alg": "HS256", "x5u": "http://127.0.0.1:9/cert" }),
        json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "AAAA" } }),
        json!({ "alg": "HS256", "kid": "../../dev/null" }),
        json!({ "alg": "HS256", "kid": "' UNION SELECT 'key" }),
    ] {
        let forged = forger.sign_bytes(&header.to_string(), &admin().claims());
        is_refused(&server, &forged, &header.to_string()).await;
    }
}

#[tokio::test]
async fn a12_impossible_times_are_not_taken_for_absent_ones() {
    let server = Server::start().await;
    let now = now_s();
    // Without their braces; each is the claims of an admin but for one time.
    let rest = r#""sub":"eve","role":"admin","iss":"orderchat","aud":"orderchat""#;
    let odd = [
        "\"1\"",
        "1.5",
        "-1",
        "1e400",
        "[]",
        "[1]",
        "{}",
        "null",
        "true",
        "1e3",
        "\"\"",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
    ];
    for odd in odd {
        for claims in [
            format!(r#"{{{rest},"iat":{now},"exp":{odd}}}"#),
            format!(r#"{{{rest},"iat":{odd},"exp":{}}}"#, now + 60),
            format!(r#"{{{rest},"iat":{now},"exp":{},"nbf":{odd}}}"#, now + 60),
        ] {
            // An nbf in the distant past is a possible time.
            if claims.contains(r#""nbf":-1"#) && odd == "-1" || claims.contains(r#""nbf":1e3"#) {
                continue;
            }
            let token = server
                .secret
                .sign_bytes(r#"{"alg":"HS256","typ":"JWT"}"#, &claims);
            is_refused(&server, &token, &claims).await;
        }
    }
    for claims in [
        format!(r#"{{{rest},"iat":{now}}}"#),
        format!(r#"{{{rest},"exp":{}}}"#, now + 60),
        format!(
            r#"{{{rest},"iat":{now},"exp":{},"exp":{}}}"#,
            now - 60,
            now + 60
        ),
        format!(r#"{{{rest},"iat":{now},"exp":{}}} "#, now - 1),
        "[]".to_owned(),
        "null".to_owned(),
        String::new(),
        "{".to_owned(),
    ] {
        let token = server
            .secret
            .sign_bytes(r#"{"alg":"HS256","typ":"JWT"}"#, &claims);
        is_refused(&server, &token, &claims).await;
    }
}

#[tokio::test]
async fn a12_tokens_for_somebody_else_or_something_else_are_refused() {
    let server = Server::start().await;
    for (claim, value) in [
        ("aud", json!("orderchat-admin")),
        ("aud", json!("Orderchat")),
        ("aud", json!([])),
        ("aud", json!([["orderchat"]])),
        ("iss", json!("orderchat.example")),
        ("iss", json!(["orderchat"])),
    ] {
        let token = server.secret.sign(&admin().with(claim, value.clone()));
        is_refused(&server, &token, &format!("{claim} {value}")).await;
    }
    let claims = admin().claims();
    for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "JWE"] {
        let header = json!({ "alg": "HS256", "typ": typ }).to_string();
        is_refused(&server, &server.secret.sign_bytes(&header, &claims), typ).await;
    }
    let plain = server.secret.sign_bytes(r#"{"alg":"HS256"}"#, &claims);
    server
        .bearer(&plain, "eve")
        .get("/api/chat/rooms/")
        .await
        .ok(200);
}
