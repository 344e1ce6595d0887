//! A15: pages of others.

use reqwest::Method;

use crate::harness::Server;

#[tokio::test]
async fn a15_an_unlisted_origin_gets_no_allow_header() {
    let server = Server::with("ORDERCHAT_ORIGINS", "https://shop.example")
        .start()
        .await;
    let kim = server.customer("kim");
    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://evil-shop.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example/",
        "https://SHOP.example.",
        "null",
        "*",
        "",
    ] {
        for method in [Method::OPTIONS, Method::GET] {
            let request = kim
                .request(method.clone(), "/api/chat/rooms/")
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "POST");
            let answer = kim.dispatch(request).await;
            for header in [
                "access-control-allow-origin",
                "access-control-allow-credentials",
            ] {
                assert_eq!(answer.header(header), None, "{method} from {origin:?}");
            }
        }
    }
}
