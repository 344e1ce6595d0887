//! The rooms' logs.

use orderchat_domain::event::{EventKind, Link, MessageLink, salted_digest};
use orderchat_domain::message::MessageType;
use orderchat_domain::{MessageId, Millis, RoomId};
use uuid::Uuid;

use super::Record;
use crate::harness::Server;
use crate::harness::process::Stopped;

/// Makes the room's row agree with the end that its log has now, as whoever cuts it off would.
const ADJUST_HEAD: &str = "UPDATE room_head SET
        seq = (SELECT MAX(l.seq) FROM log l WHERE l.room = {room}),
        chain = (SELECT l.chain FROM log l WHERE l.room = {room} ORDER BY l.seq DESC LIMIT 1)
    WHERE room = {room}";

#[tokio::test]
async fn a_record_that_nobody_touched_is_good() {
    Record::stopped().await.is_good().await;
}

#[tokio::test]
async fn a_running_server_can_be_verified() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let Stopped { status, output, .. } = server.run(&["audit", "verify"], &[]).await;
    assert!(status.success(), "{output}");
    assert!(output.contains("good: 1 rooms with "), "{output}");
    room.customer
        .post(
            &room.at("messages/"),
            serde_json::json!({ "content": "and on" }),
        )
        .await
        .ok(201);
}

#[tokio::test]
async fn g30_a_changed_entry_is_named() {
    for (change, finding) in [
        ("at = at + 1", "entry 6 was changed"),
        ("actor = actor + 1", "entry 6 was changed"),
        ("kind = 'message.deleted'", "entry 6 was changed"),
        ("message_type = 'system'", "entry 6 was changed"),
        ("reply_to = 5", "entry 6 was changed"),
    ] {
        let record = Record::stopped().await;
        record
            .tamper(&format!(
                "UPDATE log SET {change} WHERE room = {{room}} AND seq = 6"
            ))
            .await;
        record.finds(&[&format!("{{room}}: {finding}")]).await;
    }
}

#[tokio::test]
async fn g30_a_changed_text_is_named() {
    let record = Record::stopped().await;
    record
        .tamper(
            "UPDATE entry_text SET body = 'never said'
             WHERE g = (SELECT g FROM log WHERE room = {room} AND seq = 6)",
        )
        .await;
    record
        .finds(&["{room}: entry 6 was changed: its text is not the one that was written"])
        .await;
    let code = record.room.code.clone();
    let alone = record.verify(&["--room", &code]).await;
    assert_eq!(alone.status.code(), Some(1), "{}", alone.output);
    let other = record.other.code.clone();
    let untouched = record.verify(&["--room", &other]).await;
    assert!(untouched.status.success(), "{}", untouched.output);
}

#[tokio::test]
async fn g30_a_text_that_is_gone_is_named() {
    let record = Record::stopped().await;
    record
        .tamper(
            "DELETE FROM entry_text
             WHERE g = (SELECT g FROM log WHERE room = {room} AND seq = 6)",
        )
        .await;
    record.finds(&["{room}: entry 6 has lost its text"]).await;
}

#[tokio::test]
async fn g30_an_entry_that_is_no_message_cannot_be_made_one() {
    let record = Record::stopped().await;
    let id = record.sql.literal(&[7; 16]);
    record
        .tamper(&format!(
            "UPDATE log SET message_id = {id}, message_type = 'text'
             WHERE room = {{room}} AND seq = 1"
        ))
        .await;
    record.finds(&["{room}: entry 1 was changed"]).await;
}

#[tokio::test]
async fn g30_a_removed_entry_is_named() {
    let record = Record::stopped().await;
    record
        .tamper("DELETE FROM log WHERE room = {room} AND seq = 6")
        .await;
    record.finds(&["{room}: entry 6 was removed"]).await;
}

#[tokio::test]
async fn g30_swapped_entries_are_named() {
    let record = Record::stopped().await;
    record
        .tamper(
            "UPDATE log SET seq = -6 WHERE room = {room} AND seq = 6;
             UPDATE log SET seq = 6 WHERE room = {room} AND seq = 8;
             UPDATE log SET seq = 8 WHERE room = {room} AND seq = -6;",
        )
        .await;
    record
        .finds(&["{room}: entry 6 was swapped with entry 8"])
        .await;
}

#[tokio::test]
async fn g30_a_cut_tail_is_named() {
    let record = Record::stopped().await;
    let head = record.head().await;
    record
        .tamper(&format!(
            "DELETE FROM log WHERE room = {{room}} AND seq > {}",
            head - 3
        ))
        .await;
    let cut = format!("{{room}}: entry {} was cut off", head - 2);
    record.finds(&[&cut]).await;
    // Nor does it help to make the room agree.
    record.tamper(ADJUST_HEAD).await;
    let signed = format!("{cut}: the log ends before it, and checkpoint 1 signed it up to {head}");
    record.finds(&[&signed]).await;
}

#[tokio::test]
async fn g30_a_vanished_room_is_named() {
    let record = Record::stopped().await;
    record
        .tamper(
            "DELETE FROM log WHERE room = {room};
             DELETE FROM receipt_mark WHERE room = {room};
             DELETE FROM participant WHERE room = {room};
             DELETE FROM room_word WHERE room = {room};
             DELETE FROM room_head WHERE room = {room};
             DELETE FROM room WHERE k = {room};",
        )
        .await;
    let vanished = format!("room {}: has vanished; checkpoint 1", record.room.id);
    record.finds(&[&vanished]).await;
    let asked_for = record.verify(&["--room", &record.room.id]).await.output;
    assert!(asked_for.contains(&vanished), "{asked_for}");
    let other = record.verify(&["--room", &record.other.id]).await;
    assert!(other.status.success(), "{}", other.output);
    // Without the checkpoint that signed it, too, whose list of rooms is left.
    record.sql.execute("UPDATE checkpoint SET number = 2").await;
    let hidden = record.verify(&["--room", &record.room.id]).await.output;
    assert!(hidden.contains(&vanished), "{hidden}");
    assert!(hidden.contains("checkpoint 1: was removed"), "{hidden}");
    for name in [record.room.code.as_str(), "nonsense"] {
        let unknown = record.verify(&["--room", name]).await;
        assert_eq!(unknown.status.code(), Some(1), "{}", unknown.output);
        let said = format!("--room {name}: there is no such room; one that has vanished");
        assert!(unknown.output.contains(&said), "{}", unknown.output);
    }
}

#[tokio::test]
async fn g30_a_chain_that_was_computed_anew_is_named() {
    let record = Record::stopped().await;
    let head = record.head().await;
    forge_last(&record, head).await;
    record.tamper(ADJUST_HEAD).await;
    let forged = format!("{{room}}: entry {head} is not the one that checkpoint 1 signed");
    record.finds(&[&forged]).await;
}

/// Gives the last message of the first room another text and everything that follows from it.
async fn forge_last(record: &Record, head: i64) {
    let room = record.key(&record.room).await;
    let entry = format!("FROM log WHERE room = {room} AND seq = {head}");
    let sql = &record.sql;
    let previous = format!(
        "SELECT chain FROM log WHERE room = {room} AND seq = {}",
        head - 1
    );
    let previous = sql.bytes(&previous).await.try_into().expect("a hash");
    let digest = salted_digest(&[7; 16], &[b"never said", b""]);
    let id = sql.bytes(&format!("SELECT message_id {entry}")).await;
    let role = sql.text(&format!("SELECT actor_role {entry}")).await;
    let link = Link {
        room: RoomId(record.room.id.parse::<Uuid>().expect("an id")),
        seq: head.unsigned_abs(),
        kind: EventKind::MessageCreated,
        at: Millis(sql.int(&format!("SELECT at {entry}")).await),
        actor: sql.int(&format!("SELECT actor {entry}")).await,
        actor_role: &role,
        subject: head.unsigned_abs(),
        digest,
        message: Some(MessageLink {
            id: MessageId(Uuid::from_slice(&id).expect("an id")),
            message_type: MessageType::Text,
            reply_to: None,
        }),
    };
    let (chain, digest) = (link.after(&previous), digest);
    record
        .tamper(&format!(
            "UPDATE entry_text SET body = 'never said', metadata = NULL, salt = {salt}
             WHERE g = (SELECT g {entry});
             UPDATE log SET digest = {digest}, chain = {chain}
             WHERE room = {room} AND seq = {head}",
            salt = sql.literal(&[7; 16]),
            digest = sql.literal(&digest),
            chain = sql.literal(&chain),
        ))
        .await;
}
