//! A server that `orderchat chat` does not reach, or that does not take it: what is to be done.

use std::process::Stdio;

use super::chat;
use crate::harness::Server;
use crate::harness::identity::Secret;

/// What a client says that ends at once, with exit status 1.
fn refused(secret: &Secret, url: &str) -> String {
    let output = chat(secret, "aisha", "customer", url)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .expect("the orderchat binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

#[tokio::test]
async fn an_address_without_http_is_mended() {
    let secret = Secret::random();
    for (url, mended) in [
        ("127.0.0.1:8080", "--url http://127.0.0.1:8080"),
        ("localhost:8080/", "--url http://localhost:8080"),
        ("ws://chat.example", "--url http://chat.example"),
        ("wss://chat.example", "--url https://chat.example"),
        ("", "http://127.0.0.1:8080"),
        ("http://", "http://127.0.0.1:8080"),
    ] {
        let said = refused(&secret, url);
        assert!(said.contains("http:// or https://"), "{said}");
        assert!(said.contains(mended), "{said}");
    }
}

#[tokio::test]
async fn https_to_a_server_that_speaks_http_is_noticed() {
    let server = Server::start().await;
    let url = server.url().replace("http://", "https://");
    let said = refused(&server.secret, &url);
    let remedy = format!("does the server speak http? try {}", server.url());
    assert!(said.contains(&remedy), "{said}");
}

#[tokio::test]
async fn another_secret_than_the_servers_is_named() {
    let server = Server::start().await;
    let said = refused(&Secret::random(), server.url());
    assert!(said.contains("401 Unauthorized"), "{said}");
    assert!(
        said.contains("--as signs with ORDERCHAT_AUTH_SECRET"),
        "{said}"
    );
    assert!(said.contains("must be the server's"), "{said}");
}
