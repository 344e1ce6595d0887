//! Before a server takes requests.

use tokio::net::TcpListener;

use crate::harness::process::Starting;

/// `reload` right after `restart`: a SIGHUP that nobody hears ends a process, and to systemd such an end
/// is a clean one, after which it starts nothing again.
#[tokio::test]
async fn a_server_that_is_told_to_reload_while_it_starts_goes_on() {
    let keys = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = keys.local_addr().expect("it is bound");
    let keys_url = format!("http://{address}/keys.json");
    let mut server = Starting::with(&[
        ("ORDERCHAT_AUTH_SECRET", ""),
        ("ORDERCHAT_AUTH_JWKS", &keys_url),
    ]);
    let (asked, _) = keys.accept().await.expect("it asks for its keys");
    server.hang_up();
    // Nothing is answered: the shop's other half may be starting, too.
    drop((asked, keys));
    let url = server.listens();

    // Who can believe no token takes no requests, so that nobody else is stopped for it.
    let ready = reqwest::get(format!("{url}/readyz"))
        .await
        .expect("it answers");
    assert_eq!(ready.status(), 503);
    let text = ready.text().await.expect("a problem");
    assert!(text.contains("no keys yet"), "{text}");
}
