//! A14: a page of somebody else cannot open a connection with our user's browser.

use rstest::rstest;

use crate::harness::Server;
use crate::harness::frames::RawSocket;

const LISTED: &str = "https://shop.example";

/// The status of an upgrade whose headers have this line; `{own}` is the server's own origin.
async fn status(server: &Server, line: &str) -> u16 {
    let lines = line.replace("{own}", server.url());
    let port = server.address().port();
    let lines = lines.replace("{port}", &port.to_string());
    let (_, upgrade) = RawSocket::ask(server.url(), &lines).await;
    if upgrade.status == 403 {
        assert!(
            upgrade.head.contains("application/problem+json"),
            "{}",
            upgrade.head
        );
        let head = upgrade.head.to_ascii_lowercase();
        assert!(!head.contains("sec-websocket-accept"), "{head}");
    }
    upgrade.status
}

#[rstest]
#[case::no_page("", 101)]
#[case::our_page("Origin: {own}\r\n", 101)]
#[case::listed("Origin: https://shop.example\r\n", 101)]
#[case::foreign("Origin: https://evil.example\r\n", 403)]
#[case::null("Origin: null\r\n", 403)]
#[case::empty("Origin:\r\n", 403)]
#[case::longer("Origin: https://shop.example.evil.example\r\n", 403)]
#[case::prefixed("Origin: https://evilshop.example\r\n", 403)]
#[case::subdomain("Origin: https://a.shop.example\r\n", 403)]
#[case::other_scheme("Origin: http://shop.example\r\n", 403)]
#[case::other_port("Origin: https://shop.example:8443\r\n", 403)]
#[case::userinfo("Origin: https://shop.example@evil.example\r\n", 403)]
#[case::trailing_slash("Origin: https://shop.example/\r\n", 403)]
#[case::trailing_dot("Origin: https://shop.example.\r\n", 403)]
#[case::homoglyph("Origin: https://sh\u{43e}p.example\r\n", 403)]
#[case::no_scheme("Origin: shop.example\r\n", 403)]
#[case::file("Origin: file://127.0.0.1:{port}\r\n", 403)]
#[case::our_port_elsewhere("Origin: http://127.0.0.1.evil.example:{port}\r\n", 403)]
#[case::two(
    "Origin: https://shop.example\r\nOrigin: https://evil.example\r\n",
    403
)]
#[case::in_one_line("Origin: https://shop.example, https://evil.example\r\n", 403)]
#[tokio::test]
async fn a14_only_our_pages_and_listed_ones_may_connect(#[case] line: &str, #[case] expected: u16) {
    let server = Server::with("ORDERCHAT_ORIGINS", LISTED).start().await;
    assert_eq!(status(&server, line).await, expected, "{line:?}");
}
