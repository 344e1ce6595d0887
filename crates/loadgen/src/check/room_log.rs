//! The room's log in itself: one total order without a gap.

use std::collections::HashMap;

use super::Case;

/// The events are 1, 2, 3 … in this order.
pub(crate) fn without_gap(case: &Case<'_>) -> Vec<String> {
    let mut violations = Vec::new();
    let mut expected = 1;
    for event in &case.room.events {
        if event.seq != expected {
            violations.push(format!("seq {} stands where {expected} should", event.seq));
        }
        // From there on by what is there: one gap is one violation.
        expected = event.seq + 1;
    }
    violations
}

/// Every message has its event at its seq and the last one about it at its version; every event of
/// a new message has its message; messages come in the order of their seqs.
pub(crate) fn agrees_with_messages(case: &Case<'_>) -> Vec<String> {
    let mut violations = Vec::new();
    let mut created = HashMap::new();
    let mut last = HashMap::new();
    for event in &case.room.events {
        let Some(message) = event.message() else {
            continue;
        };
        if event.kind == "message.created" && created.insert(message, event.seq).is_some() {
            violations.push(format!(
                "message {message} was created again at {}",
                event.seq
            ));
        }
        last.insert(message, event.seq);
    }
    for message in &case.room.messages {
        let id = message.id.as_str();
        if created.remove(id) != Some(message.seq) {
            violations.push(format!(
                "message {id} has seq {}, where the log does not create it",
                message.seq
            ));
        } else if last.get(id) != Some(&message.version) {
            violations.push(format!(
                "message {id} has version {}, its last event is {:?}",
                message.version,
                last.get(id)
            ));
        }
    }
    violations.extend(
        created
            .iter()
            .map(|(id, seq)| format!("message {id} of seq {seq} is in the log and in no list")),
    );
    for pair in case.room.messages.windows(2) {
        if pair[0].seq >= pair[1].seq {
            violations.push(format!(
                "seq {} is listed before {}",
                pair[0].seq, pair[1].seq
            ));
        }
    }
    violations
}

/// A later event has no earlier time.
pub(crate) fn time_never_runs_back(case: &Case<'_>) -> Vec<String> {
    let backwards = case
        .room
        .events
        .windows(2)
        .filter(|pair| pair[1].at < pair[0].at);
    backwards
        .map(|pair| {
            format!(
                "seq {} is of {}, after {}",
                pair[1].seq, pair[1].at, pair[0].at
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::check::sample::{Sample, broken};

    #[test]
    fn a_gap_in_the_log() {
        let mut sample = Sample::good();
        sample.room.events.retain(|event| event.seq != 2);
        assert_eq!(broken(&sample), ["seq-without-gap"]);
    }

    #[test]
    fn a_seq_that_stands_twice() {
        let mut sample = Sample::good();
        sample.room.events[1].seq = 1;
        assert_eq!(broken(&sample), ["seq-without-gap"]);
    }

    #[test]
    fn a_message_that_its_list_leaves_out() {
        let mut sample = Sample::good();
        sample
            .room
            .messages
            .retain(|message| message.id != "m-lost");
        assert_eq!(broken(&sample), ["log-and-messages-agree"]);
    }

    #[test]
    fn a_message_with_a_version_that_is_not_its_last_event() {
        let mut sample = Sample::good();
        sample.message("m-deleted").version += 1;
        assert_eq!(broken(&sample), ["log-and-messages-agree"]);
    }

    #[test]
    fn messages_out_of_order() {
        let mut sample = Sample::good();
        sample.room.messages.swap(0, 1);
        assert_eq!(broken(&sample), ["log-and-messages-agree"]);
    }

    #[test]
    fn a_clock_that_ran_back() {
        let mut sample = Sample::good();
        sample.room.events[3].at = "2026-11-22T00:00:00.000Z".into();
        assert_eq!(broken(&sample), ["time-never-runs-back"]);
    }
}
