//! Every node shows the same rooms.

use super::Violation;
use super::reading::{Event, Reading, RoomRead};

const RULE: &str = "nodes-agree";

/// At rest all nodes show the same log (seq, kind, actor, time) and the same messages.
pub(crate) fn agree(readings: &[Reading]) -> Vec<Violation> {
    let Some((first, others)) = readings.split_first() else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    for other in others {
        for (one, two) in first.rooms.iter().zip(&other.rooms) {
            if let Some(difference) = difference(one, two) {
                violations.push(Violation {
                    rule: RULE,
                    room: one.id.clone(),
                    detail: format!("{} and {} differ {difference}", first.node, other.node),
                });
            }
        }
    }
    violations
}

/// Where two nodes' views of a room part.
fn difference(one: &RoomRead, two: &RoomRead) -> Option<String> {
    let same = |a: &Event, b: &Event| {
        (a.seq, &a.kind, &a.at, &a.actor) == (b.seq, &b.kind, &b.at, &b.actor)
    };
    let events = one.events.iter().zip(&two.events);
    if let Some((event, _)) = events.clone().find(|(a, b)| !same(a, b)) {
        return Some(format!("in the event at seq {}", event.seq));
    }
    if one.events.len() != two.events.len() {
        return Some(format!("in the head: {} and {}", one.head(), two.head()));
    }
    if one.messages.len() != two.messages.len() {
        let (one, two) = (one.messages.len(), two.messages.len());
        return Some(format!("in their number of messages: {one} and {two}"));
    }
    let mut messages = one.messages.iter().zip(&two.messages);
    let (message, _) = messages.find(|(a, b)| a != b)?;
    Some(format!("in message {}", message.id))
}

#[cfg(test)]
mod tests {
    use crate::check::sample::Sample;
    use crate::check::{Evidence, check};

    fn broken(change: impl FnOnce(&mut Sample)) -> Vec<&'static str> {
        let sample = Sample::good();
        let mut other = Sample::good();
        change(&mut other);
        let violations = check(&Evidence {
            records: &sample.records,
            heard: &[],
            readings: &[sample.reading(), other.reading()],
            restored: false,
        });
        violations.iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn nodes_that_show_the_same() {
        assert_eq!(broken(|_| ()), [""; 0]);
    }

    #[test]
    fn a_node_that_lags() {
        let lag = |other: &mut Sample| {
            other.room.events.pop();
        };
        assert_eq!(broken(lag), ["nodes-agree"]);
    }

    #[test]
    fn a_node_with_another_event_under_a_seq() {
        let swap = |other: &mut Sample| other.room.events[1].kind = "room.updated".into();
        assert_eq!(broken(swap), ["nodes-agree"]);
    }

    #[test]
    fn a_node_with_another_text() {
        let change = |other: &mut Sample| other.message("m-a").content = "other".into();
        assert_eq!(broken(change), ["nodes-agree"]);
    }
}
