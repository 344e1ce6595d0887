//! A35: texts that would forge lines of the log.

use serde_json::json;

use crate::harness::raw::exchange;
use crate::harness::{Identity, Server, encode};

/// Long enough for a line with its fields, short enough that a megabyte would show.
const LONGEST_LINE: usize = 16 * 1024;

#[tokio::test]
async fn a35_nothing_from_outside_makes_a_line_of_its_own() {
    for format in ["text", "json"] {
        let server = Server::with("ORDERCHAT_LOG", "trace")
            .with("ORDERCHAT_LOG_FORMAT", format)
            .start()
            .await;
        let room = server.open_room().await;
        let forged = "\r\n2026-01-01T00:00:00Z  INFO forged line \u{1b}[31mred\u{1b}[0m\u{202e}";
        let path = encode(forged);

        room.customer
            .get(&format!("/api/chat/rooms/{path}/"))
            .await
            .problem();
        room.customer
            .get(&format!("/api/chat/rooms/?search={path}"))
            .await;
        room.customer
            .send(&room, json!({ "content": forged, "message_type": forged }))
            .await
            .problem();
        room.service
            .report(&crate::harness::an_order("o").with("number", forged))
            .await
            .problem();
        room.service
            .put(
                &format!("/api/users/{path}/"),
                json!({ "name": forged, "role": forged }),
            )
            .await
            .problem();
        server
            .client(&Identity::new("customer", forged))
            .get("/api/chat/rooms/")
            .await
            .refused(401);
        let megabyte = "x".repeat(100_000);
        room.customer
            .send(
                &room,
                json!({ "content": megabyte, "client_message_id": megabyte }),
            )
            .await
            .problem();
        room.customer
            .get(&format!("/api/chat/rooms/?search={}", &megabyte[..20_000]))
            .await;
        let odd_header = "GET /healthz HTTP/1.1\r\nHost: x\r\nUser-Agent: \u{1b}[31mforged line\r\n\
             X-Request-Id: forged \u{1b}[31mline\r\nConnection: close\r\n\r\n";
        exchange(server.url(), odd_header).await;

        let log = server.log();
        assert!(
            !log.contains('\u{1b}'),
            "an escape character stands in the log"
        );
        assert!(
            !log.contains('\u{202e}'),
            "a bidi override stands in the log"
        );
        for line in log.lines() {
            assert!(
                !line.contains("INFO forged line") || !line.starts_with("2026-01-01"),
                "{line}"
            );
            assert!(line.len() <= LONGEST_LINE, "a line of {} bytes", line.len());
        }
        assert!(!log.contains('\r'), "a carriage return stands in the log");
    }
}
