//! Messages: in pages, by seq, with what they answer.

use orderchat_domain::event::EventKind;
use orderchat_domain::message::MessageType;
use orderchat_domain::{MessageId, Role};
use orderchat_store::log::Actor;
use orderchat_store::messages::{self, Bound, Select};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::sends::{self, Lookups};
use orderchat_store::{Patience, Result, Tx, rooms};

use crate::database::Database;
use crate::fixture::{
    Given, NOW, acting, append, event, message, message_id, participant, person, room, say, write,
};
use crate::harness::tests;

tests! {
    BOTH: pages_are_ascending_and_hold_the_nearest,
        nothing_before_visible_from_is_shown,
        pages_hold_one_type_when_asked,
        a_message_reads_back_as_it_was_sent,
        a_reply_quotes_and_is_counted,
        a_message_of_another_room_is_no_reply_target,
        rooms_show_their_newest_message;
}

const ALL: Select = Select {
    visible_from: 1,
    message_type: None,
    order_news: true,
    limit: 3,
};

/// Ten entries: messages at the odd seqs, events at the even ones. Message 5 is news of the order,
/// message 7 of the delivery, message 9 the system's.
fn ten(tx: &mut Tx<'_>) -> Result<StoredRoom> {
    let mut room = room(tx, 1, Given::default())?;
    let ann = person(tx, "ann", Role::Customer)?;
    for seq in 1..=10 {
        let mut entry = match seq {
            1 | 3 => message(&room, acting(&ann, Role::Customer), "hello"),
            5 | 7 | 9 => message(&room, Actor::SERVER, "news"),
            _ => event(&room, EventKind::RoomUpdated, Actor::SERVER, 0),
        };
        if let Some(message) = &mut entry.message {
            message.message_type = match seq {
                5 => MessageType::OrderUpdate,
                7 => MessageType::DeliveryUpdate,
                9 => MessageType::System,
                _ => MessageType::Text,
            };
        }
        append(tx, &mut room, NOW, entry)?;
    }
    Ok(room)
}

fn seqs(tx: &mut Tx<'_>, room: &StoredRoom, select: Select, bound: Bound) -> Result<Vec<u64>> {
    let page = messages::page(tx, room, select, bound)?;
    Ok(page.iter().map(|message| message.seq).collect())
}

async fn pages_are_ascending_and_hold_the_nearest(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let room = ten(tx)?;
        for (bound, expected) in [
            (Bound::Before(11), vec![5, 7, 9]),
            (Bound::Before(5), vec![1, 3]),
            (Bound::Before(1), vec![]),
            (Bound::After(0), vec![1, 3, 5]),
            (Bound::After(3), vec![5, 7, 9]),
            (Bound::After(4), vec![5, 7, 9]),
            (Bound::After(9), vec![]),
        ] {
            assert_eq!(seqs(tx, &room, ALL, bound)?, expected, "{bound:?}");
        }
        let some = messages::by_seqs(tx, &room, &[9, 2, 1, 77, 5])?;
        let some: Vec<u64> = some.iter().map(|message| message.seq).collect();
        assert_eq!(some, [1, 5, 9], "a seq that is no message's is left out");
        assert_eq!(messages::by_seq(tx, &room, 2)?, None);
        Ok(())
    })
    .await;
}

async fn nothing_before_visible_from_is_shown(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let room = ten(tx)?;
        let from = |visible_from| Select {
            visible_from,
            ..ALL
        };
        assert_eq!(seqs(tx, &room, from(4), Bound::Before(8))?, [5, 7]);
        assert_eq!(seqs(tx, &room, from(4), Bound::After(0))?, [5, 7, 9]);
        assert_eq!(seqs(tx, &room, from(5), Bound::After(0))?, [5, 7, 9]);
        assert_eq!(seqs(tx, &room, from(6), Bound::Before(99))?, [7, 9]);
        assert_eq!(seqs(tx, &room, from(10), Bound::Before(99))?, [0; 0]);
        Ok(())
    })
    .await;
}

async fn pages_hold_one_type_when_asked(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let room = ten(tx)?;
        let of = |message_type| Select {
            message_type: Some(message_type),
            ..ALL
        };
        assert_eq!(
            seqs(tx, &room, of(MessageType::Text), Bound::Before(99))?,
            [1, 3]
        );
        assert_eq!(
            seqs(tx, &room, of(MessageType::DeliveryUpdate), Bound::After(0))?,
            [7]
        );
        let for_guests = Select {
            order_news: false,
            ..ALL
        };
        assert_eq!(seqs(tx, &room, for_guests, Bound::Before(99))?, [1, 3, 9]);
        let news_for_guests = Select {
            order_news: false,
            ..of(MessageType::OrderUpdate)
        };
        assert_eq!(seqs(tx, &room, news_for_guests, Bound::After(0))?, [0; 0]);
        Ok(())
    })
    .await;
}

async fn a_message_reads_back_as_it_was_sent(database: &Database) {
    const BODY: &str = "it's \"cold\" ❄\n\t100 % 'sure' \u{1F9CA}";
    let store = database.open().await;
    write(&store, |tx| {
        let mut room = room(tx, 1, Given::default())?;
        let ann = person(tx, "ann", Role::Customer)?;
        let in_room = participant(tx, &room, &ann, Role::Customer)?;
        let mut entry = message(&room, acting(&ann, Role::Customer), BODY);
        entry.text.metadata = Some(r#"{"b":1,"a":[null,"x"]}"#.to_owned());
        entry.text.client_key = Some("key-1".to_owned());
        let appended = append(tx, &mut room, NOW, entry)?;
        let message = messages::by_seq(tx, &room, appended.seq)?.expect("a message");
        assert_eq!(message.content, BODY);
        let metadata = serde_json::to_string(&message.metadata).expect("JSON");
        assert_eq!(metadata, r#"{"b":1,"a":[null,"x"]}"#);
        assert_eq!(message.client_message_id.as_deref(), Some("key-1"));
        assert_eq!(
            (message.id, message.at),
            (message_id(room.record.key, 1), NOW)
        );
        assert_eq!((message.version, message.room), (1, room.record.id));
        let sender = message.sender.expect("a sender");
        assert_eq!(sender.participant, Some(in_room.id));
        assert_eq!((sender.person, sender.role), (ann, Role::Customer));

        let news = message_of_the_server(tx, &mut room)?;
        let news = messages::by_seq(tx, &room, news)?.expect("a message");
        assert_eq!(
            (news.sender, news.message_type),
            (None, MessageType::System)
        );
        Ok(())
    })
    .await;
}

fn message_of_the_server(tx: &mut Tx<'_>, room: &mut StoredRoom) -> Result<u64> {
    let mut entry = message(room, Actor::SERVER, "This chat was closed.");
    entry.message.as_mut().expect("a message").message_type = MessageType::System;
    append(tx, room, NOW, entry).map(|appended| appended.seq)
}

async fn a_reply_quotes_and_is_counted(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let mut room = room(tx, 1, Given::default())?;
        let ann = person(tx, "ann", Role::Customer)?;
        let first = say(tx, &mut room, &ann, Role::Customer, "where is it?")?;
        for answer in ["on its way", "here"] {
            let mut entry = message(&room, acting(&ann, Role::Customer), answer);
            entry.message.as_mut().expect("a message").reply_to = Some(first);
            append(tx, &mut room, NOW, entry)?;
            let key = room.record.key;
            messages::count_replies(tx, &[((key, first), 1), ((key, 99), 1)].into())?;
        }
        let page = messages::page(tx, &room, ALL, Bound::After(0))?;
        assert_eq!(page[0].reply_count, 2);
        assert_eq!((page[0].version, page[0].reply_to.clone()), (first, None));
        for reply in &page[1..] {
            let quote = reply.reply_to.as_ref().expect("a quote");
            assert_eq!((quote.seq, quote.content.as_str()), (first, "where is it?"));
            assert_eq!((quote.id, quote.is_deleted), (page[0].id, false));
            assert_eq!(quote.sender, page[0].sender);
        }
        // Quotes come along though their message is on another page.
        let newest = messages::page(tx, &room, Select { limit: 1, ..ALL }, Bound::Before(99))?;
        assert_eq!(
            newest[0].reply_to.as_ref().map(|quote| quote.seq),
            Some(first)
        );
        Ok(())
    })
    .await;
}

async fn a_message_of_another_room_is_no_reply_target(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut rooms = Vec::new();
        for n in [1, 2] {
            let mut room = room(tx, n, Given::default())?;
            say(tx, &mut room, &ann, Role::Customer, "hello")?;
            rooms.push(room.record);
        }
        let (own, other) = (message_id(rooms[0].key, 1), message_id(rooms[1].key, 1));
        let nothing = MessageId(uuid::Uuid::nil());
        let asked = Lookups {
            targets: vec![
                (0, rooms[0].id, other),
                (1, rooms[0].id, own),
                (2, rooms[0].id, nothing),
            ],
            ..Lookups::default()
        };
        let found = sends::lock_and_look_up(tx, &asked, Patience::None)?;
        assert_eq!(found.targets, [(1, 1)].into());
        Ok(())
    })
    .await;
}

async fn rooms_show_their_newest_message(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        let ann = person(tx, "ann", Role::Customer)?;
        let mut busy = room(tx, 1, Given::default())?;
        say(tx, &mut busy, &ann, Role::Customer, "hello")?;
        say(tx, &mut busy, &ann, Role::Customer, "bye")?;
        let joined = event(&busy, EventKind::ParticipantJoined, Actor::SERVER, 0);
        append(tx, &mut busy, NOW, joined)?;
        let silent = room(tx, 2, Given::default())?;
        let mut stored = rooms::by_keys(tx, &[busy.record.key, silent.record.key])?;
        stored.sort_by_key(|room| room.record.key);
        let pairs: Vec<_> = stored
            .iter()
            .map(|room| (room.record.key, ann.key))
            .collect();
        let (places, newest) = messages::places_and_newest(tx, &stored, &pairs)?;
        assert!(places.is_empty(), "{places:?}");
        assert_eq!(newest.len(), 1);
        let quote = &newest[&(busy.record.key, 2)];
        assert_eq!((quote.seq, quote.content.as_str()), (2, "bye"));
        let quoted = messages::quoted(tx, &stored[0], 1)?.expect("the first");
        assert_eq!(quoted.content, "hello");
        assert_eq!(messages::quoted(tx, &stored[0], 3)?, None);
        Ok(())
    })
    .await;
}
