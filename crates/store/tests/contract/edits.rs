//! Editing and deleting: what is shown changes, what was said stays.

use orderchat_domain::event::EventKind;
use orderchat_domain::{Millis, Role};
use orderchat_store::messages::{self, Bound, Select};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Result, Tx, rooms};

use crate::chain::breaks;
use crate::database::Database;
use crate::fixture::{Given, NOW, acting, append, event, message, person, room, say, text, write};
use crate::harness::tests;

tests! {
    BOTH: an_edited_message_shows_its_newest_text_and_keeps_its_place,
        a_deleted_message_is_a_tombstone_whose_text_stays,
        a_tombstone_stays_one_after_a_late_edit,
        a_room_says_who_closed_it_and_why;
}

/// Edits as a command does: the event holds the new text, the message points to it.
fn edit(tx: &mut Tx<'_>, room: &mut StoredRoom, seq: u64, body: &str, at: Millis) -> Result<u64> {
    let ann = person(tx, "ann", Role::Customer)?;
    let mut entry = event(
        room,
        EventKind::MessageEdited,
        acting(&ann, Role::Customer),
        seq,
    );
    entry.text = text(body, room.record.seq + 1);
    let edited = append(tx, room, at, entry)?;
    messages::edited(tx, room.record.key, seq, edited.seq, edited.g, at)?;
    Ok(edited.seq)
}

fn delete(tx: &mut Tx<'_>, room: &mut StoredRoom, seq: u64, at: Millis) -> Result<u64> {
    let sam = person(tx, "sam", Role::Support)?;
    let mut entry = event(
        room,
        EventKind::MessageDeleted,
        acting(&sam, Role::Support),
        seq,
    );
    entry.text = text("rude", room.record.seq + 1);
    let deleted = append(tx, room, at, entry)?;
    messages::deleted(tx, room.record.key, seq, deleted.seq, deleted.g, at)?;
    Ok(deleted.seq)
}

fn talk(tx: &mut Tx<'_>) -> Result<(StoredRoom, u64)> {
    let mut room = room(tx, 1, Given::default())?;
    let ann = person(tx, "ann", Role::Customer)?;
    let seq = say(tx, &mut room, &ann, Role::Customer, "first")?;
    let mut reply = message(&room, acting(&ann, Role::Customer), "reply");
    reply.message.as_mut().expect("a message").reply_to = Some(seq);
    append(tx, &mut room, NOW, reply)?;
    messages::count_replies(tx, &[((room.record.key, seq), 1)].into())?;
    Ok((room, seq))
}

const ALL: Select = Select {
    visible_from: 1,
    message_type: None,
    order_news: true,
    limit: 50,
};

async fn an_edited_message_shows_its_newest_text_and_keeps_its_place(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (mut room, seq) = talk(tx)?;
        edit(tx, &mut room, seq, "second", NOW.plus(5))?;
        let version = edit(tx, &mut room, seq, "third", NOW.plus(9))?;
        let page = messages::page(tx, &room, ALL, Bound::Before(99))?;
        let [edited, reply] = page.as_slice() else {
            panic!("{page:?}: an edit is no message");
        };
        assert_eq!((edited.seq, edited.content.as_str()), (seq, "third"));
        assert_eq!(
            (edited.version, edited.edited_at),
            (version, Some(NOW.plus(9)))
        );
        assert_eq!((edited.at, edited.deleted_at), (NOW, None));
        assert_eq!(edited.reply_count, 1, "an edit takes no replies away");
        let quote = reply.reply_to.as_ref().expect("a quote");
        assert_eq!(quote.content, "third", "a quote shows the message as it is");
        assert_eq!(room.record.message_count, 2);
        Ok(())
    })
    .await;
    let raw = database.raw().await;
    let rows = raw
        .rows("SELECT t.body FROM entry_text t JOIN log l ON l.g = t.g ORDER BY l.seq")
        .await;
    let bodies: Vec<&str> = rows.iter().map(|row| row[0].text()).collect();
    assert_eq!(bodies, ["first", "reply", "second", "third"]);
    assert_eq!(breaks(&raw).await, []);
}

async fn a_deleted_message_is_a_tombstone_whose_text_stays(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (mut room, seq) = talk(tx)?;
        let version = delete(tx, &mut room, seq, NOW.plus(7))?;
        let page = messages::page(tx, &room, ALL, Bound::After(0))?;
        let [tombstone, reply] = page.as_slice() else {
            panic!("{page:?}: a tombstone keeps its place");
        };
        assert_eq!(
            (tombstone.content.as_str(), &tombstone.metadata),
            ("", &None)
        );
        assert_eq!(
            (tombstone.version, tombstone.deleted_at),
            (version, Some(NOW.plus(7)))
        );
        assert!(tombstone.sender.is_some());
        let quote = reply.reply_to.as_ref().expect("a quote");
        assert_eq!((quote.content.as_str(), quote.is_deleted), ("", true));
        Ok(())
    })
    .await;
    let raw = database.raw().await;
    let kept = "SELECT COUNT(*) FROM entry_text WHERE body IN ('first', 'rude')";
    assert_eq!(raw.int(kept).await, 2);
    assert_eq!(breaks(&raw).await, []);
}

async fn a_tombstone_stays_one_after_a_late_edit(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let (mut room, seq) = talk(tx)?;
        edit(tx, &mut room, seq, "second", NOW.plus(1))?;
        delete(tx, &mut room, seq, NOW.plus(2))?;
        // The rules refuse this; what is stored must not show the text again all the same.
        edit(tx, &mut room, seq, "third", NOW.plus(3))?;
        let message = messages::by_seq(tx, &room, seq)?.expect("a message");
        assert_eq!(
            (message.content.as_str(), message.deleted_at),
            ("", Some(NOW.plus(2)))
        );
        Ok(())
    })
    .await;
}

async fn a_room_says_who_closed_it_and_why(database: &Database) {
    use orderchat_domain::project::ActorRecord;
    use orderchat_domain::room::RoomStatus;
    let store = database.open().await;
    write(&store, |tx| {
        let (mut room, _) = talk(tx)?;
        let sam = person(tx, "sam", Role::Support)?;
        let mut entry = event(&room, EventKind::RoomClosed, acting(&sam, Role::Support), 0);
        entry.text = text("the order is done", 77);
        let closed = append(tx, &mut room, NOW.plus(3), entry)?;
        room.close_reason = Some(closed.g);
        let record = &mut room.record;
        record.status = RoomStatus::Closed;
        record.closed_at = Some(NOW.plus(3));
        record.closed_by = Some(ActorRecord {
            participant: None,
            person: sam,
            role: Role::Support,
        });
        record.title = Some("About the insulin".to_owned());
        record.description = Some("it's \"cold\" ❄".to_owned());
        record.is_public = true;
        record.max_participants = 12;
        record.participant_count = 3;
        record.version = closed.seq;
        rooms::update(tx, &room)?;
        room.record.close_reason = Some("the order is done".to_owned());
        let stored = rooms::by_key(tx, room.record.key)?;
        assert_eq!(stored.as_ref(), Some(&room));

        room.close_reason = None;
        let record = &mut room.record;
        record.status = RoomStatus::Open;
        (record.closed_at, record.closed_by, record.close_reason) = (None, None, None);
        record.closed_by_policy = true;
        record.reopened_at = Some(NOW.plus(4));
        record.archived_at = Some(NOW.plus(5));
        record.deleted_at = Some(NOW.plus(6));
        (record.title, record.description) = (None, None);
        rooms::update(tx, &room)?;
        assert_eq!(rooms::by_key(tx, room.record.key)?, Some(room));
        Ok(())
    })
    .await;
}
