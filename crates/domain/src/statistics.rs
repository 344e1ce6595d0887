//! Statistics of a room: a fold over its log, so that what is kept and what is not yet kept are
//! counted by the same rule.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Role;
use crate::message::MessageType;
use crate::time::{DAY, Millis};

/// Days of activity that are kept.
pub const DAYS: usize = 30;
/// Response times that are kept: percentiles are over so many of the newest.
pub const RESPONSES: usize = 100;

/// A message as statistics see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub message_type: MessageType,
    /// The sender's role in the room; `None` for the system.
    pub role: Option<Role>,
    pub at: Millis,
}

/// What is kept of a room's messages. Deleted ones stay counted, as in `message_count`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomStatistics {
    /// Messages by type.
    pub by_type: BTreeMap<String, u64>,
    /// Messages by day (UTC, days since 1970), the newest [`DAYS`] days that had any, ascending.
    pub days: Vec<(i64, u64)>,
    /// Since when a customer waits for an answer, in milliseconds since 1970.
    pub waiting_since: Option<i64>,
    /// How long the first answer took, in milliseconds.
    pub first_response: Option<i64>,
    /// How long the newest [`RESPONSES`] answers took, in milliseconds, oldest first.
    pub responses: Vec<i64>,
}

impl RoomStatistics {
    /// Counts the room's next message.
    pub fn count(&mut self, said: Said) {
        let kind = said.message_type.as_str();
        match self.by_type.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.by_type.insert(kind.to_owned(), 1)),
        }
        self.count_day(said.at);
        // What the server or the shop's backend writes is nobody's question or answer.
        if said.message_type.is_system() {
            return;
        }
        match (said.role, self.waiting_since) {
            (Some(Role::Customer), None) => self.waiting_since = Some(said.at.0),
            (Some(Role::Customer) | None, _) | (_, None) => {}
            (Some(_), Some(since)) => self.respond(said.at.0.saturating_sub(since).max(0)),
        }
    }

    fn count_day(&mut self, at: Millis) {
        let day = at.0.div_euclid(DAY);
        match self.days.last_mut() {
            // Times never run backwards within a room.
            Some((last, count)) if *last >= day => *count += 1,
            _ => self.days.push((day, 1)),
        }
        let surplus = self.days.len().saturating_sub(DAYS);
        self.days.drain(..surplus);
    }

    fn respond(&mut self, took: i64) {
        self.waiting_since = None;
        self.first_response.get_or_insert(took);
        self.responses.push(took);
        let surplus = self.responses.len().saturating_sub(RESPONSES);
        self.responses.drain(..surplus);
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_type.values().sum()
    }

    /// Messages on the day of this time.
    #[must_use]
    pub fn on(&self, time: Millis) -> u64 {
        let day = time.0.div_euclid(DAY);
        self.days
            .iter()
            .find(|(of, _)| *of == day)
            .map_or(0, |(_, count)| *count)
    }

    /// The response time, in milliseconds, that `percent` of those kept do not exceed (nearest
    /// rank).
    #[must_use]
    pub fn response_percentile(&self, percent: usize) -> Option<i64> {
        let mut sorted = self.responses.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{HOUR, MINUTE};

    fn said(role: Role, at: i64) -> Said {
        Said {
            message_type: MessageType::Text,
            role: Some(role),
            at: Millis(at),
        }
    }

    fn statistics(messages: impl IntoIterator<Item = Said>) -> RoomStatistics {
        let mut kept = RoomStatistics::default();
        messages.into_iter().for_each(|said| kept.count(said));
        kept
    }

    #[test]
    fn a_response_is_the_first_answer_to_a_waiting_customer() {
        let kept = statistics([
            said(Role::Pharmacy, 0),
            said(Role::Customer, 1_000),
            said(Role::Customer, 2_000),
            said(Role::Rider, 5_000),
            said(Role::Pharmacy, 6_000),
            said(Role::Customer, 10_000),
            said(Role::Support, 11_000),
            said(Role::Customer, 20_000),
        ]);
        assert_eq!(kept.responses, [4_000, 1_000]);
        assert_eq!(kept.first_response, Some(4_000));
        assert_eq!(kept.waiting_since, Some(20_000));
        assert_eq!(kept.response_percentile(50), Some(1_000));
        assert_eq!(kept.response_percentile(90), Some(4_000));
        assert_eq!(kept.total(), 8);
    }

    #[test]
    fn the_system_neither_asks_nor_answers() {
        let news = Said {
            message_type: MessageType::OrderUpdate,
            role: None,
            at: Millis(2),
        };
        let kept = statistics([said(Role::Customer, 1), news]);
        assert_eq!(kept.waiting_since, Some(1));
        assert_eq!(kept.by_type["order_update"], 1);
        assert_eq!(kept.response_percentile(50), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let round = |day: i64| {
            let at = day * DAY;
            [
                said(Role::Customer, at),
                said(Role::Rider, at + MINUTE),
                said(Role::Customer, at + HOUR),
                said(Role::Rider, at + HOUR + day),
            ]
        };
        let kept = statistics((1..=200).flat_map(round));
        assert_eq!((kept.days.len(), kept.responses.len()), (DAYS, RESPONSES));
        assert_eq!(kept.total(), 800);
        assert_eq!(kept.days.last(), Some(&(200, 4)));
        assert_eq!(kept.on(Millis(200 * DAY + 5)), 4);
        assert_eq!(kept.on(Millis(201 * DAY)), 0);
        assert_eq!(kept.first_response, Some(MINUTE));
    }
}
