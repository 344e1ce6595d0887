//! Sends: what was acked is there once, what was lost at most once, what was refused not at all.

use std::collections::HashSet;

use super::Case;
use super::case::Operation;
use crate::history::{Op, Outcome};
use crate::text;

/// Every ok send is there, under its seq, from its sender, with its text, and nowhere else.
pub(crate) fn ok_once(case: &Case<'_>) -> Vec<String> {
    let ok = case.of(Op::Send).filter(|send| send.is_ok());
    ok.flat_map(|send| {
        let found = send.seq().and_then(|seq| misfit(case, send, seq));
        let copies = case.unclaimed(send.body_hash).into_iter();
        let copies = copies.map(|seq| format!("send {} is there again at seq {seq}", send.key));
        found.into_iter().chain(copies)
    })
    .collect()
}

/// What is wrong with the message at the seq that `send` was acked with.
fn misfit(case: &Case<'_>, send: &Operation<'_>, seq: u64) -> Option<String> {
    let key = send.key;
    let Some(message) = case.message_at(seq) else {
        return Some(format!(
            "send {key} was acked as seq {seq}, where no message is"
        ));
    };
    if case.sender(message).is_some_and(|user| user != send.user) {
        return Some(format!(
            "send {key} of {} stands under another's name",
            send.user
        ));
    }
    // The text of a changed message is the matter of the rules on edits and deletes.
    let unchanged = message.version == message.seq;
    (unchanged && Some(text::hash(&message.content).as_str()) != send.body_hash)
        .then(|| format!("send {key} was acked as seq {seq}, which has another text"))
}

/// A send without an answer is there once or not at all.
pub(crate) fn maybe_at_most_once(case: &Case<'_>) -> Vec<String> {
    let maybe = case
        .of(Op::Send)
        .filter(|send| send.outcome == Outcome::Maybe);
    maybe
        .filter_map(|send| {
            let seqs = case.unclaimed(send.body_hash);
            (seqs.len() > 1).then(|| format!("send {} is there at seqs {seqs:?}", send.key))
        })
        .collect()
}

/// A refused send is not there.
pub(crate) fn failed_absent(case: &Case<'_>) -> Vec<String> {
    let failed = case
        .of(Op::Send)
        .filter(|send| send.outcome == Outcome::Fail);
    failed
        .flat_map(|send| {
            let seqs = case.unclaimed(send.body_hash).into_iter();
            seqs.map(|seq| format!("send {} was refused and is there at seq {seq}", send.key))
        })
        .collect()
}

/// However often a key is sent, the answer is the same message.
pub(crate) fn one_key_one_message(case: &Case<'_>) -> Vec<String> {
    let several = case.of(Op::Send).filter(|send| send.seqs.len() > 1);
    several
        .map(|send| format!("send {} was acked as seqs {:?}", send.key, send.seqs))
        .collect()
}

/// Every text in the room was sent by somebody.
pub(crate) fn none_unasked(case: &Case<'_>) -> Vec<String> {
    let sent: HashSet<&str> = case
        .of(Op::Send)
        .filter_map(|send| send.body_hash)
        .collect();
    let texts = case.room.messages.iter();
    texts
        .filter(|message| message.message_type == "text" && !case.is_claimed(message.seq))
        .filter(|message| {
            let unchanged = message.version == message.seq;
            !(unchanged && sent.contains(text::hash(&message.content).as_str()))
        })
        .map(|message| format!("the message at seq {} was never sent", message.seq))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::check::sample::{Sample, broken};
    use crate::history::Outcome;

    #[test]
    fn an_acked_send_that_is_gone() {
        let mut sample = Sample::good();
        sample.erase_message("m-a");
        assert_eq!(broken(&sample), ["ok-send-once"]);
    }

    #[test]
    fn an_acked_send_with_another_text() {
        let mut sample = Sample::good();
        sample.message("m-a").content = "something else".into();
        assert_eq!(broken(&sample), ["ok-send-once"]);
    }

    #[test]
    fn an_acked_send_under_another_s_name() {
        let mut sample = Sample::good();
        sample.message("m-a").sender = Some("p-rider".into());
        assert_eq!(broken(&sample), ["ok-send-once"]);
    }

    #[test]
    fn an_acked_send_that_is_there_twice() {
        let mut sample = Sample::good();
        sample.append_copy_of("m-a");
        assert_eq!(broken(&sample), ["ok-send-once"]);
    }

    #[test]
    fn two_acked_sends_on_one_seq() {
        let mut sample = Sample::good();
        let seq = sample.record("a").seq;
        sample.record("b").seq = seq;
        assert_eq!(broken(&sample), ["ok-send-once", "real-time-order"]);
    }

    #[test]
    fn a_lost_send_that_is_there_twice() {
        let mut sample = Sample::good();
        sample.append_copy_of("m-lost");
        assert_eq!(broken(&sample), ["maybe-send-at-most-once"]);
    }

    #[test]
    fn a_refused_send_that_is_there() {
        let mut sample = Sample::good();
        sample.append_text("m-refused", "refused");
        assert_eq!(broken(&sample), ["failed-send-absent"]);
    }

    #[test]
    fn a_repeated_key_that_made_another_message() {
        let mut sample = Sample::good();
        let seq = sample.append_copy_of("m-a");
        let mut again = sample.record("a").clone();
        again.invoke_ns = 900;
        again.return_ns = 901;
        again.seq = Some(seq);
        sample.records.push(again);
        assert_eq!(broken(&sample), ["one-key-one-message"]);
    }

    #[test]
    fn a_repeated_key_that_made_the_same_message_is_good() {
        let mut sample = Sample::good();
        let mut again = sample.record("a").clone();
        again.invoke_ns = 900;
        again.return_ns = 901;
        sample.records.push(again);
        assert_eq!(broken(&sample), [""; 0]);
    }

    #[test]
    fn a_message_that_nobody_sent() {
        let mut sample = Sample::good();
        sample.append_text("m-ghost", "ghost");
        assert_eq!(broken(&sample), ["no-message-unasked"]);
    }

    #[test]
    fn a_lost_send_is_good_there_or_not() {
        let mut sample = Sample::good();
        assert_eq!(sample.record("lost").outcome, Outcome::Maybe);
        assert_eq!(sample.record("lost-too").outcome, Outcome::Maybe);
        assert_eq!(broken(&sample), [""; 0]);
    }
}
