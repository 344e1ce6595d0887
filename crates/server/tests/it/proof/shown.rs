//! What is shown beside the log: a room's state, and which text of a message.

use serde_json::json;

use super::Record;
use crate::harness::upload::{Form, pdf};

/// The seqs of the first three messages of the first room.
async fn first_messages(record: &Record) -> [i64; 3] {
    let room = record.key(&record.room).await;
    let mut seqs = [0; 3];
    for (offset, seq) in seqs.iter_mut().enumerate() {
        let nth = format!(
            "SELECT seq FROM log WHERE room = {room} AND message_type = 'text'
             ORDER BY seq LIMIT 1 OFFSET {offset}"
        );
        *seq = record.sql.int(&nth).await;
    }
    seqs
}

/// A record in which the first message was edited, the second deleted, the third replied to.
async fn with_changes() -> (Record, [i64; 3]) {
    let mut record = Record::stopped().await;
    let [edited, deleted, replied] = first_messages(&record).await;
    record.server.start_again();
    let customer = record.room.customer.asking(record.server.url());
    let list = customer.get(&record.room.at("messages/?type=text")).await;
    let messages = list.ok(200)["results"].clone();
    let id_of = |seq: i64| {
        let mut messages = messages.as_array().expect("a list").iter();
        let found = messages.find(|message| message["seq"] == seq);
        found.expect("the message")["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    let at = |seq: i64, rest: &str| format!("/api/chat/messages/{}/{rest}", id_of(seq));
    customer
        .patch(&at(edited, ""), json!({ "content": "said better" }))
        .await
        .ok(200);
    customer.delete(&at(deleted, "")).await.ok(204);
    customer
        .post(&at(replied, "reply/"), json!({ "content": "and so" }))
        .await
        .ok(201);
    record.server.stop().await;
    (record, [edited, deleted, replied])
}

#[tokio::test]
async fn g30_a_message_shown_with_a_text_that_is_in_no_entry_is_named() {
    let (record, [edited, ..]) = with_changes().await;
    record.is_good().await;
    let salt = record.sql.literal(&[7; 16]);
    record
        .tamper(&format!(
            "INSERT INTO entry_text (g, salt, body) VALUES (999999, {salt}, 'never said');
             UPDATE message_state SET text_g = 999999 WHERE room = {{room}} AND seq = {edited}"
        ))
        .await;
    let shown = format!(
        "{{room}}: message {edited} is not shown as its log has it: which of its texts is shown"
    );
    record.finds(&[&shown]).await;
}

#[tokio::test]
async fn g30_a_message_is_shown_as_its_log_has_it_or_named() {
    let (record, [edited, deleted, replied]) = with_changes().await;
    let whole = "all of it";
    let (texts, deletion) = ("which of its texts is shown", "its deletion");
    for (seq, change, what) in [
        (edited, "UPDATE message_state SET text_g = NULL", texts),
        (
            edited,
            "UPDATE message_state SET edited_at = NULL",
            "when it was edited",
        ),
        (edited, "DELETE FROM message_state", whole),
        (
            deleted,
            "UPDATE message_state SET deleted_at = NULL",
            deletion,
        ),
        (
            deleted,
            "UPDATE message_state SET deleted_at = deleted_at + 1",
            deletion,
        ),
        (deleted, "DELETE FROM message_state", whole),
        (replied, "UPDATE message_state SET deleted_at = 1", deletion),
        (
            replied,
            "UPDATE message_state SET reply_count = 0",
            "how many replies it has",
        ),
    ] {
        // Each on a copy of its own: what was changed is put back.
        let kept = format!(
            "CREATE TABLE kept AS SELECT * FROM message_state WHERE room = {{room}} AND seq = {seq}"
        );
        record.tamper(&kept).await;
        record
            .tamper(&format!("{change} WHERE room = {{room}} AND seq = {seq}"))
            .await;
        let shown =
            format!("{{room}}: message {seq} is not shown as its log has it: {what} was changed");
        record.finds(&[&shown]).await;
        record
            .tamper(&format!(
                "DELETE FROM message_state WHERE room = {{room}} AND seq = {seq};
                 INSERT INTO message_state SELECT * FROM kept; DROP TABLE kept"
            ))
            .await;
    }
    record.is_good().await;
}

#[tokio::test]
async fn g30_a_message_has_the_file_that_its_log_has_or_is_named() {
    let mut record = Record::stopped().await;
    let [other, ..] = first_messages(&record).await;
    record.server.start_again();
    let customer = record.room.customer.asking(record.server.url());
    let sent = customer
        .send_file(
            &record.room,
            Form::file("leaflet.pdf", "application/pdf", &pdf(500)),
        )
        .await;
    let seq = &sent.ok(201)["seq"];
    record.server.stop().await;
    record.is_good().await;
    let hash = record.sql.literal(&[7; 32]);
    let id = record.sql.literal(&[7; 16]);
    record
        .tamper("CREATE TABLE kept AS SELECT id, size, mime, digest, seq, state FROM attachment WHERE room = {room}")
        .await;
    for (change, wrong, seq) in [
        (format!("digest = {hash}"), "its SHA-256", seq.to_string()),
        (format!("id = {id}"), "which file it is", seq.to_string()),
        ("size = size + 1".to_owned(), "its size", seq.to_string()),
        ("mime = 'text/html'".to_owned(), "its type", seq.to_string()),
        ("state = 'leaving'".to_owned(), "its state", seq.to_string()),
        (
            "state = 'failed'".to_owned(),
            "whether it was rejected",
            seq.to_string(),
        ),
        ("seq = NULL".to_owned(), "that it has one", seq.to_string()),
        (
            format!("seq = {other}"),
            "that it has none",
            other.to_string(),
        ),
    ] {
        let change = format!("UPDATE attachment SET {change} WHERE room = {{room}}");
        record.tamper(&change).await;
        let finding = format!(
            "{{room}}: the file of message {seq} is not the one that its log has: {wrong} was changed in attachment"
        );
        record.finds(&[&finding]).await;
        let back = ["id", "size", "mime", "digest", "seq", "state"]
            .map(|column| format!("{column} = (SELECT {column} FROM kept)"))
            .join(", ");
        let back = format!("UPDATE attachment SET {back} WHERE room = {{room}}");
        record.tamper(&back).await;
    }
    record.is_good().await;
}

#[tokio::test]
async fn g30_the_bytes_of_a_file_are_those_that_were_sent_or_it_is_named() {
    let mut record = Record::stopped().await;
    record.server.start_again();
    let customer = record.room.customer.asking(record.server.url());
    let form = Form::file("leaflet.pdf", "application/pdf", &pdf(500));
    let sent = customer.send_file(&record.room, form).await;
    let message = sent.ok(201)["id"].as_str().expect("an id").to_owned();
    record.server.stop().await;
    let good = record.verify(&["--files"]).await;
    assert!(
        good.output.contains(", 1 files read and good"),
        "{}",
        good.output
    );
    let folder = record.server.folder().join("orderchat-files/files");
    let shelf = std::fs::read_dir(folder).expect("a folder").next();
    let shelf = shelf.expect("a shelf").expect("a shelf").path();
    let file = std::fs::read_dir(shelf).expect("a shelf").next();
    let file = file.expect("the file").expect("the file").path();
    let changed = format!("message {message}: its file ");
    std::fs::write(&file, pdf(501)).expect("another file");
    for said in ["was changed: its SHA-256", "is missing in the storage"] {
        let bad = record.verify(&["--files"]).await;
        assert_eq!(bad.status.code(), Some(1), "{}", bad.output);
        let named = |line: &str| line.starts_with(&changed) && line.contains(said);
        assert!(bad.output.lines().any(named), "{}", bad.output);
        let _ = std::fs::remove_file(&file);
    }
    std::os::unix::fs::symlink(&file, &file).expect("a name of itself");
    let bad = record.verify(&["--files"]).await;
    assert!(
        bad.output.contains("could not be read") && bad.output.contains("BAD: 2 rooms"),
        "{}",
        bad.output
    );
    // Without being asked to, nothing reads the files.
    record.is_good().await;
}

#[tokio::test]
async fn g30_what_a_photo_proves_is_what_was_signed_or_it_is_named() {
    let mut record = Record::stopped().await;
    record.server.start_again();
    let rider = record.room.rider.asking(record.server.url());
    rider.upload(&record.room, Form::proof()).await.ok(201);
    record.server.stop().await;
    record.is_good().await;

    let statement = "its statement was changed";
    let photo = "its photo is not the one that its statement has";
    let of_proof = "WHERE kind = 'delivery.proof_added'";
    for (changed, wrong) in [
        (
            format!("UPDATE order_report SET body = REPLACE(body, '12.97', '13.97') {of_proof}"),
            statement,
        ),
        (
            format!("UPDATE order_report SET body = REPLACE(body, '13.97', '12.97') {of_proof}"),
            "",
        ),
        (
            "UPDATE attachment SET digest = source WHERE purpose = 'proof'".to_owned(),
            photo,
        ),
        (
            format!("UPDATE order_report SET body = '{{}}' {of_proof}"),
            statement,
        ),
    ] {
        record.tamper(&changed).await;
        if wrong.is_empty() {
            record.is_good().await;
        } else {
            let place = format!("proof of a delivery of order {}: ", record.room.order);
            record.finds(&[&(place + wrong)]).await;
        }
    }
}

#[tokio::test]
async fn g30_a_room_that_was_hidden_closed_or_opened_by_hand_is_named() {
    let record = Record::stopped().await;
    for (change, back, what) in [
        ("deleted_at = 5", "deleted_at = NULL", "its deletion"),
        ("status = 'closed'", "status = 'open'", "its status"),
        ("closed_at = 5", "closed_at = NULL", "when it was closed"),
        (
            "archived_at = 5",
            "archived_at = NULL",
            "when it was archived",
        ),
        ("closed_by = 1", "closed_by = NULL", "who closed it"),
        (
            "close_reason = 5",
            "close_reason = NULL",
            "the reason for closing it",
        ),
    ] {
        record
            .tamper(&format!("UPDATE room SET {change} WHERE k = {{room}}"))
            .await;
        let changed = format!("{{room}}: its row was changed: {what} is not what its log says");
        record.finds(&[&changed]).await;
        record
            .tamper(&format!("UPDATE room SET {back} WHERE k = {{room}}"))
            .await;
    }
    record.is_good().await;
}

#[tokio::test]
async fn rooms_that_were_closed_reopened_archived_and_deleted_are_good() {
    let mut record = Record::stopped().await;
    record.server.start_again();
    let (room, other) = (&record.room, &record.other);
    let admin = room.admin.asking(record.server.url());
    let why = || json!({ "reason": "the shop is shut" });
    for step in ["close/", "reopen/", "close/"] {
        admin.post(&room.at(step), why()).await.ok(200);
    }
    admin.post(&other.at("archive/"), why()).await.ok(200);
    let title = json!({ "title": "A title" });
    let deleted = record.server.open_room().await;
    deleted.admin.patch(&deleted.at(""), title).await.ok(200);
    deleted.admin.delete(&deleted.at("")).await.ok(204);
    record.server.stop().await;
    let verified = record.verify(&[]).await;
    assert!(verified.status.success(), "{}", verified.output);
    assert!(
        verified.output.contains("good: 3 rooms with "),
        "{}",
        verified.output
    );
    record
        .tamper("UPDATE room SET close_reason = NULL WHERE k = {room}")
        .await;
    record
        .finds(&["{room}: its row was changed: the reason for closing it"])
        .await;
}
