//! G9: what the ack of a write says, the next read by anybody sees.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::seed::rounds;
use crate::harness::{Fields, Server, message_path};

#[tokio::test]
async fn g9_what_an_ack_says_the_next_read_sees() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let noise = server.open_room().await;
    let readers = [
        &room.customer,
        &room.pharmacist,
        &room.support,
        &room.service,
    ];
    for round in 0..rounds("ORDERCHAT_TEST_ROUNDS", 20) {
        let background =
            join_all((0..8).map(|_| noise.customer.send(&noise, json!({ "content": "n" }))));
        let checked = async {
            let sent = room.rider.say(&room, &format!("round {round}")).await;
            let path = message_path(&sent, "");
            for reader in readers {
                let newest = reader
                    .get(&room.at("messages/?limit=1"))
                    .await
                    .ok(200)
                    .results();
                assert_eq!(newest[0]["id"], sent["id"]);
                assert_eq!(room.seen_by(reader).await["last_message"]["id"], sent["id"]);
            }
            let edit = json!({ "content": format!("edited {round}") });
            let edited = room.rider.patch(&path, edit).await.ok(200);
            for reader in readers {
                let seen = reader.get(&path).await.ok(200);
                assert_eq!(
                    (&seen["content"], &seen["version"]),
                    (&edited["content"], &edited["version"])
                );
            }
            room.customer
                .act(&message_path(&sent, "read/"))
                .await
                .ok(200);
            assert_eq!(room.rider.get(&path).await.ok(200)["status"], "read");
            assert_eq!(room.seen_by(&room.customer).await["unread_count"], 0);
            room.rider.delete(&path).await.ok(204);
            for reader in readers {
                assert_eq!(reader.get(&path).await.ok(200)["is_deleted"], true);
            }
        };
        let ((), _answers) = futures_util::future::join(checked, background).await;
    }
}
