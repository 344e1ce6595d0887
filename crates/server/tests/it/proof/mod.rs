//! G30 and A34: `orderchat audit verify` names what was done to the record.

mod audit;
mod checkpoints;
mod heads;
mod keys;
mod rooms;
mod shown;

use serde_json::json;

use crate::harness::process::Stopped;
use crate::harness::sql::Sql;
use crate::harness::{Room, Server};

/// A server that has stopped, with two rooms of which the first has eight messages, some entries of
/// the audit, and everything under a signed checkpoint.
struct Record {
    server: Server,
    room: Room,
    other: Room,
    sql: Sql,
}

/// Messages in the first room.
const MESSAGES: usize = 8;

impl Record {
    async fn stopped() -> Self {
        let mut server = Server::start().await;
        let room = server.open_room().await;
        let other = server.open_room().await;
        for number in 1..=MESSAGES {
            let said = json!({ "content": format!("message {number}") });
            room.customer
                .post(&room.at("messages/"), said)
                .await
                .ok(201);
        }
        // Read by who is not in it, and somebody revoked: four entries of the audit.
        for reader in [&room.support, &room.admin] {
            reader.get(&room.at("messages/")).await.ok(200);
            reader.get(&other.at("messages/")).await.ok(200);
        }
        server.stop().await;
        let sql = Sql::connect(server.database_url()).await;
        Self {
            server,
            room,
            other,
            sql,
        }
    }

    /// Runs SQL in which `{room}` is the key of the first room.
    async fn tamper(&self, sql: &str) {
        let room = self.key(&self.room).await;
        self.sql
            .execute(&sql.replace("{room}", &room.to_string()))
            .await;
    }

    async fn key(&self, room: &Room) -> i64 {
        let code = &room.code;
        self.sql
            .int(&format!("SELECT k FROM room WHERE code = '{code}'"))
            .await
    }

    /// The seq of the first room's last entry.
    async fn head(&self) -> i64 {
        let room = self.key(&self.room).await;
        self.sql
            .int(&format!("SELECT MAX(seq) FROM log WHERE room = {room}"))
            .await
    }

    async fn verify(&self, arguments: &[&str]) -> Stopped {
        let arguments = [&["audit", "verify"], arguments].concat();
        self.server.run(&arguments, &[]).await
    }

    /// Verification must find just this; `{room}` stands for the first room.
    async fn finds(&self, expected: &[&str]) {
        let Stopped { status, output, .. } = self.verify(&[]).await;
        let room = format!("room {} ({})", self.room.code, self.room.id);
        let found: Vec<&str> = output.lines().filter(|line| is_finding(line)).collect();
        let expected: Vec<String> = expected
            .iter()
            .map(|finding| finding.replace("{room}", &room))
            .collect();
        assert_eq!(status.code(), Some(1), "{output}");
        assert_eq!(found.len(), expected.len(), "{expected:?} in {output}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                found.contains(expected.as_str()),
                "{expected:?} in {output}"
            );
        }
    }

    async fn is_good(&self) {
        let Stopped { status, output, .. } = self.verify(&[]).await;
        assert!(status.success(), "{output}");
        assert!(output.contains("good: 2 rooms with "), "{output}");
    }
}

/// The last lines are the summary.
fn is_finding(line: &str) -> bool {
    let summary = [
        "good: ",
        "BAD: ",
        "the exported head ",
        "newest checkpoint: ",
        "no checkpoint ",
    ];
    !summary.iter().any(|begin| line.starts_with(begin))
}
