use uuid::Uuid;

use super::*;

const ROOM: RoomId = RoomId(Uuid::nil());

/// A log of `count` messages, each saying its number.
fn log(count: u64) -> Vec<StoredEntry> {
    let mut previous = GENESIS;
    (1..=count)
        .map(|seq| {
            let text = StoredText {
                salt: vec![1; 16],
                body: format!("message {seq}"),
                metadata: String::new(),
                file: String::new(),
            };
            let digest = salted_digest(&text.salt, &[text.body.as_bytes(), b""]);
            let id = MessageId(Uuid::from_u128(u128::from(seq)));
            let link = Link {
                room: ROOM,
                seq,
                kind: EventKind::MessageCreated,
                at: Millis(1_000),
                actor: 7,
                actor_role: "customer",
                subject: seq,
                digest,
                message: Some(MessageLink {
                    id,
                    message_type: MessageType::Text,
                    reply_to: None,
                }),
            };
            previous = link.after(&previous);
            StoredEntry {
                seq,
                place: 100 + seq.cast_signed(),
                kind: link.kind.as_str().to_owned(),
                at: link.at,
                actor: link.actor,
                actor_role: link.actor_role.to_owned(),
                subject: seq,
                message: Some(StoredMessage {
                    id,
                    message_type: "text".to_owned(),
                    reply_to: None,
                }),
                digest,
                chain: previous,
                text: Some(text),
            }
        })
        .collect()
}

/// The seq of the first bad entry, what is wrong with it, and which later one it was swapped with.
fn first_fault(log: &[StoredEntry]) -> Option<(u64, Fault, Option<u64>)> {
    let mut walk = RoomWalk::new(ROOM);
    for (at, entry) in log.iter().enumerate() {
        if let Err(fault) = walk.step(entry) {
            let later = log[at..].iter().find(|later| walk.is_swapped(entry, later));
            return Some((walk.head().seq + 1, fault, later.map(|later| later.seq)));
        }
    }
    None
}

#[test]
fn a_log_as_it_was_written_holds() {
    assert_eq!(first_fault(&log(5)), None);
}

#[test]
fn a_text_that_is_gone_leaves_the_chain_whole() {
    let mut log = log(5);
    log[2].text = None;
    assert_eq!(first_fault(&log), None);
}

#[test]
fn what_is_no_message_cannot_be_given_the_columns_of_one() {
    let mut log = log(1);
    let entry = &mut log[0];
    entry.kind = EventKind::RoomCreated.as_str().to_owned();
    let link = Link {
        room: ROOM,
        seq: 1,
        kind: EventKind::RoomCreated,
        at: entry.at,
        actor: entry.actor,
        actor_role: &entry.actor_role,
        subject: 1,
        digest: entry.digest,
        message: None,
    };
    entry.chain = link.after(&GENESIS);
    let message = entry.message.take();
    assert_eq!(first_fault(&log), None);
    log[0].message = message;
    assert_eq!(first_fault(&log), Some((1, Fault::Changed, None)));
}

#[test]
fn a_change_of_any_field_is_found_where_it_is() {
    let changes: [fn(&mut StoredEntry); 9] = [
        |e| e.kind = "message.deleted".to_owned(),
        |e| e.kind = "unheard.of".to_owned(),
        |e| e.at = Millis(0),
        |e| e.actor = 8,
        |e| e.actor_role = "rider".to_owned(),
        |e| e.subject = 9,
        |e| e.digest = [0; 32],
        |e| e.chain = [0; 32],
        |e| e.message = None,
    ];
    for change in changes {
        let mut log = log(5);
        change(&mut log[2]);
        assert_eq!(first_fault(&log), Some((3, Fault::Changed, None)));
    }
    let changes: [fn(&mut StoredMessage); 4] = [
        |m| m.id = MessageId(Uuid::max()),
        |m| m.message_type = "system".to_owned(),
        |m| m.message_type = "unheard of".to_owned(),
        |m| m.reply_to = Some(1),
    ];
    for change in changes {
        let mut log = log(5);
        log[2].message.as_mut().into_iter().for_each(change);
        assert_eq!(first_fault(&log), Some((3, Fault::Changed, None)));
    }
}

#[test]
fn a_changed_text_is_told_from_a_changed_entry() {
    let mut log = log(5);
    log[2].text.as_mut().unwrap().body = "never said".to_owned();
    assert_eq!(first_fault(&log), Some((3, Fault::TextChanged, None)));
}

#[test]
fn a_removed_entry_is_named() {
    let mut log = log(5);
    log.remove(2);
    assert_eq!(first_fault(&log), Some((3, Fault::Removed, None)));
}

#[test]
fn rows_that_changed_numbers_are_named_as_swapped() {
    let mut log = log(5);
    (log[1].seq, log[3].seq) = (4, 2);
    log.swap(1, 3);
    assert_eq!(first_fault(&log), Some((2, Fault::Changed, Some(4))));
}

#[test]
fn numbers_that_changed_what_stands_under_them_are_named_as_swapped() {
    let mut log = log(5);
    let (second, fourth) = (log[1].clone(), log[3].clone());
    let under = |number: &StoredEntry, content: &StoredEntry| StoredEntry {
        seq: number.seq,
        subject: number.subject,
        chain: number.chain,
        ..content.clone()
    };
    log[1] = under(&second, &fourth);
    log[3] = under(&fourth, &second);
    assert_eq!(first_fault(&log), Some((2, Fault::Changed, Some(4))));
}

#[test]
fn texts_that_changed_places_are_named_as_swapped() {
    let mut log = log(5);
    let text = log[1].text.clone();
    log[1].text = std::mem::replace(&mut log[3].text, text);
    assert_eq!(first_fault(&log), Some((2, Fault::TextChanged, Some(4))));
}

#[test]
fn an_entry_linked_before_messages_were_covered_holds() {
    let mut log = log(1);
    let entry = &mut log[0];
    let link = Link {
        room: ROOM,
        seq: 1,
        kind: EventKind::MessageCreated,
        at: entry.at,
        actor: entry.actor,
        actor_role: &entry.actor_role,
        subject: 1,
        digest: entry.digest,
        message: None,
    };
    entry.chain = link.after(&GENESIS);
    assert_eq!(first_fault(&log), None);
}

/// An audit of `count` entries.
fn audit(count: u64) -> Vec<StoredAudit> {
    let mut previous = GENESIS;
    (1..=count)
        .map(|n| {
            let detail = format!("reason {n}");
            let digest = salted_digest(&[2; 16], &[detail.as_bytes()]);
            let mut entry = StoredAudit {
                number: n * 10,
                at: Millis(5),
                actor: 7,
                actor_role: "admin".to_owned(),
                action: "room.deleted".to_owned(),
                room: Some(3),
                target: None,
                request_id: Some("r".to_owned()),
                ip: None,
                user_agent: None,
                salt: vec![2; 16],
                detail,
                digest,
                chain: GENESIS,
            };
            entry.chain = AuditLink {
                at: entry.at,
                actor: entry.actor,
                actor_role: &entry.actor_role,
                action: &entry.action,
                room: entry.room,
                target: None,
                digest,
                trace: Some(Trace {
                    request_id: Some("r"),
                    ip: None,
                    user_agent: None,
                }),
            }
            .after(&previous);
            previous = entry.chain;
            entry
        })
        .collect()
}

fn first_audit_fault(audit: &[StoredAudit]) -> Option<(u64, Fault, Option<u64>)> {
    let mut walk = AuditWalk::default();
    for (at, entry) in audit.iter().enumerate() {
        if let Err(fault) = walk.step(entry) {
            let mut later = audit[at..].iter();
            let later = later.find(|later| walk.is_swapped(entry, later));
            return Some((entry.number, fault, later.map(|later| later.number)));
        }
    }
    None
}

#[test]
fn the_audit_holds_as_it_was_written_and_names_what_was_done_to_it() {
    assert_eq!(first_audit_fault(&audit(4)), None);

    let mut changed = audit(4);
    changed[1].ip = Some("127.0.0.1".to_owned());
    assert_eq!(
        first_audit_fault(&changed),
        Some((20, Fault::Unlinked, None))
    );

    let mut changed = audit(4);
    changed[1].detail = "nobody asked".to_owned();
    assert_eq!(
        first_audit_fault(&changed),
        Some((20, Fault::TextChanged, None))
    );

    let mut removed = audit(4);
    removed.remove(1);
    assert_eq!(
        first_audit_fault(&removed),
        Some((30, Fault::Unlinked, None))
    );

    let mut swapped = audit(4);
    (swapped[1].number, swapped[2].number) = (30, 20);
    swapped.swap(1, 2);
    assert_eq!(
        first_audit_fault(&swapped),
        Some((20, Fault::Unlinked, Some(30)))
    );
}
