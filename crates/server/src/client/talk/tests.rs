use serde_json::json;

use super::*;

const ROOM: &str = "r1";

fn talk() -> Talk {
    let mut talk = Talk::new("run".to_owned());
    let person =
        |id: &str, name: &str| json!({ "id": id, "user_full_name": name, "is_active": true });
    talk.open(Opened {
        room: json!({ "id": ROOM, "room_title": "Order", "room_id": "CHAT", "seq": 10,
                      "my_participant": { "id": "me" } }),
        participants: vec![person("me", "Aisha"), person("ravi", "Ravi")],
        messages: Vec::new(),
    });
    talk
}

fn now() -> Instant {
    crate::clock::monotonic()
}

fn connected() -> (Talk, Instant) {
    let (mut talk, now) = (talk(), now());
    talk.hello("token");
    let effects = talk.take(
        &json!({ "type": "welcome", "epoch": "e1", "heartbeat": 25 }),
        now,
    );
    assert!(
        sent(&effects)
            .iter()
            .any(|frame| frame["type"] == "subscribe" && frame["after"] == 10)
    );
    (talk, now)
}

fn sent(effects: &[Effect]) -> Vec<&Value> {
    let mut frames = Vec::new();
    for effect in effects {
        if let Effect::Send(frame) = effect {
            frames.push(frame);
        }
    }
    frames
}

fn printed(effects: &[Effect]) -> Vec<&str> {
    let mut lines = Vec::new();
    for effect in effects {
        if let Effect::Print(line) | Effect::Undone(line) = effect {
            lines.push(line.as_str());
        }
    }
    lines
}

fn said(seq: u64, by: &str) -> Value {
    json!({ "type": "event", "room": ROOM, "seq": seq, "kind": "message.created",
            "data": { "message": { "id": format!("m{seq}"), "seq": seq, "sender": by, "room": ROOM,
                                   "sender_name": "Ravi", "content": format!("text {seq}"),
                                   "timestamp": "2026-11-22T17:30:48.912Z" } } })
}

#[test]
fn each_event_is_shown_once_and_none_after_one_that_is_missing() {
    let (mut talk, now) = connected();
    assert_eq!(
        printed(&talk.take(&said(11, "ravi"), now)),
        ["#11 17:30 Ravi: text 11"]
    );
    assert!(talk.take(&said(11, "ravi"), now).is_empty());
    // The rest was asked for already: what is missing comes with it.
    assert!(talk.take(&said(13, "ravi"), now).is_empty());
    talk.take(&json!({ "type": "ok", "ref": "1" }), now);
    let effects = talk.take(&said(14, "ravi"), now);
    let asked = sent(&effects);
    assert_eq!(asked[0]["type"], "subscribe");
    assert_eq!(asked[0]["after"], 11);
    assert!(printed(&effects).is_empty());
    for seq in 12..=14 {
        assert_eq!(
            printed(&talk.take(&said(seq, "ravi"), now)).len(),
            1,
            "{seq}"
        );
    }
}

#[test]
fn what_was_not_answered_is_sent_again_under_its_key() {
    let (mut talk, now) = connected();
    let first = talk.typed("hello");
    assert_eq!(printed(&first), ["  … hello"]);
    talk.typed("/edit #9 no such number");
    let hello = talk.hello("token");
    assert_eq!(
        hello["resume"],
        json!({ "epoch": "e1", "rooms": { ROOM: 10 } })
    );
    let again = talk.take(
        &json!({ "type": "welcome", "epoch": "e1", "heartbeat": 25 }),
        now,
    );
    assert_eq!(sent(&again), sent(&first));
    let reference = sent(&first)[0]["ref"].clone();
    talk.take(
        &json!({ "type": "ok", "ref": reference, "message": {}, "notices": [] }),
        now,
    );
    assert!(talk.is_idle());
}

#[test]
fn an_acknowledged_message_is_waited_for_until_it_was_shown() {
    let (mut talk, now) = connected();
    let reference = sent(&talk.typed("hello"))[0]["ref"].clone();
    assert!(talk.has_seen_own());
    let message = json!({ "id": "m11", "room": ROOM, "seq": 11, "version": 11, "sender": "me" });
    talk.take(
        &json!({ "type": "ok", "ref": reference, "message": message }),
        now,
    );
    assert!(talk.is_idle() && !talk.has_seen_own());
    // The newest that is there is not the newest that was meant.
    assert!(sent(&talk.typed("/delete")).is_empty());
    assert_eq!(
        printed(&talk.take(&said(11, "me"), now)),
        ["#11 17:30 you: text 11"]
    );
    assert!(talk.has_seen_own());
    assert_eq!(sent(&talk.typed("/delete"))[0]["message"], "m11");
}

#[test]
fn what_is_refused_for_now_is_tried_again_and_what_is_refused_is_told() {
    let (mut talk, now) = connected();
    let first = talk.typed("hello");
    let reference = sent(&first)[0]["ref"].clone();
    let busy = json!({ "type": "error", "ref": reference, "retry_after": 2,
                       "problem": { "status": 429, "detail": "too often" } });
    assert!(talk.take(&busy, now).is_empty());
    assert!(sent(&talk.tick(now + Duration::from_secs(1))).is_empty());
    assert_eq!(sent(&talk.tick(now + Duration::from_secs(2))), sent(&first));
    let muted = json!({ "type": "error", "ref": reference,
                        "problem": { "status": 403, "detail": "you are muted" } });
    assert_eq!(
        printed(&talk.take(&muted, now)),
        ["“hello” was not done: you are muted"]
    );
    assert!(talk.is_idle());
}

#[test]
fn what_others_said_is_read_and_their_reading_is_shown_once() {
    let (mut talk, now) = connected();
    talk.take(&said(11, "ravi"), now);
    talk.take(&said(12, "me"), now);
    let read = talk.tick(now);
    assert_eq!(
        sent(&read),
        [&json!({ "type": "read", "room": ROOM, "seq": 11 })]
    );
    assert!(talk.tick(now).is_empty());
    let receipt = json!({ "type": "receipt", "room": ROOM, "participant": "ravi",
                          "delivered_seq": 12, "read_seq": 12 });
    assert_eq!(
        printed(&talk.take(&receipt, now)),
        ["-- ✓✓ read by Ravi up to #12"]
    );
    assert!(talk.take(&receipt, now).is_empty());
    let typing = json!({ "type": "typing", "room": ROOM, "participant": "ravi" });
    assert_eq!(printed(&talk.take(&typing, now)), ["-- Ravi is typing …"]);
    assert!(talk.take(&typing, now).is_empty());
}

#[test]
fn a_cursor_that_cannot_be_served_shows_the_room_anew() {
    let (mut talk, now) = connected();
    let resync = json!({ "type": "resync", "room": ROOM, "reason": "epoch", "seq": 3 });
    assert!(
        talk.take(&resync, now)
            .contains(&Effect::Open(ROOM.to_owned()))
    );
    let gone = json!({ "type": "resync", "room": ROOM, "reason": "gone", "seq": null });
    let effects = talk.take(&gone, now);
    assert_eq!(printed(&effects).len(), 1);
    assert!(sent(&talk.typed("anybody?")).is_empty());
}
