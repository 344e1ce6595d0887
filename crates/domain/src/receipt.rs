//! How far people have received and read: SPEC 6.

/// What a participant has received and read; both only grow, and reading implies delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Watermarks {
    pub delivered: u64,
    pub read: u64,
}

impl Watermarks {
    #[must_use]
    pub fn with_delivered(self, seq: u64) -> Self {
        Self {
            delivered: self.delivered.max(seq),
            ..self
        }
    }

    #[must_use]
    pub fn with_read(self, seq: u64) -> Self {
        Self {
            delivered: self.delivered.max(seq),
            read: self.read.max(seq),
        }
    }
}

/// The two participants who are furthest in a room, which tells for any sender in constant time how
/// far anybody *else* is. It never falls, whoever leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    /// Who is furthest, by their internal key, 0 for nobody yet.
    pub leader: i64,
    /// How far the leader is.
    pub first: u64,
    /// How far the furthest of the others is or was.
    pub second: u64,
}

/// What an advance moved; such an advance is remembered with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Ahead of everybody.
    First,
    /// Ahead of everybody but the leader: tells when the leader's own messages arrived.
    Second,
}

impl Frontier {
    /// The frontier after this participant reached `seq`, and what that moved.
    #[must_use]
    pub fn advance(self, participant: i64, seq: u64) -> (Self, Option<Moved>) {
        if participant == self.leader {
            let moved = (seq > self.first).then_some(Moved::First);
            return (
                Self {
                    first: self.first.max(seq),
                    ..self
                },
                moved,
            );
        }
        if seq > self.first {
            let next = Self {
                leader: participant,
                first: seq,
                second: self.first,
            };
            return (next, Some(Moved::First));
        }
        let moved = (seq > self.second).then_some(Moved::Second);
        (
            Self {
                second: self.second.max(seq),
                ..self
            },
            moved,
        )
    }

    /// How far anybody but this participant is.
    #[must_use]
    pub const fn of_others(self, participant: i64) -> u64 {
        if participant == self.leader {
            self.second
        } else {
            self.first
        }
    }
}

/// A remembered advance: at this time somebody reached this seq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub participant: i64,
    /// The first seq that they saw then: their mark says nothing of what lies before. Who comes back
    /// and sees less has read all the same what they had read.
    pub visible_from: u64,
    pub seq: u64,
    pub at: crate::Millis,
}

/// When the first person other than the sender, of those who may see it, reached the message.
#[must_use]
pub fn reached_at(marks: &[Mark], sender: i64, seq: u64) -> Option<crate::Millis> {
    marks
        .iter()
        .filter(|mark| mark.seq >= seq && mark.visible_from <= seq && mark.participant != sender)
        .map(|mark| mark.at)
        .min()
}

/// What unread is counted from. Ordinals count the messages of a room that count as unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Unread {
    /// The room's newest ordinal.
    pub room_ordinal: u64,
    /// The ordinal at the participant's read mark, or before what they may see.
    pub read_ordinal: u64,
    /// How many of the messages up to there are about the order, which a guest is not counted.
    pub read_news: u64,
    /// Their own messages after it.
    pub own_after: u64,
    /// Deleted messages of others after it.
    pub deleted_after: u64,
}

impl Unread {
    #[must_use]
    pub const fn count(self) -> u64 {
        self.room_ordinal
            .saturating_sub(self.read_ordinal)
            .saturating_sub(self.own_after)
            .saturating_sub(self.deleted_after)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Millis;

    proptest! {
        /// The frontier and the remembered marks tell the same as every advance ever made.
        #[test]
        fn the_frontier_knows_how_far_others_are(
            steps in proptest::collection::vec((1i64..5, 1u64..40), 1..60)
        ) {
            let mut frontier = Frontier::default();
            let mut all: Vec<Mark> = Vec::new();
            let mut kept = Vec::new();
            for (time, (participant, seq)) in steps.into_iter().enumerate() {
                let own = all.iter().filter(|m| m.participant == participant).map(|m| m.seq).max();
                if own.is_some_and(|own| seq <= own) {
                    continue;
                }
                let mark = Mark { visible_from: 1, participant, seq, at: Millis(i64::try_from(time).unwrap_or(0)) };
                all.push(mark);
                let (next, moved) = frontier.advance(participant, seq);
                frontier = next;
                if moved.is_some() {
                    kept.push(mark);
                }
                for sender in 0..5 {
                    let others = all.iter().filter(|m| m.participant != sender).map(|m| m.seq).max();
                    prop_assert_eq!(frontier.of_others(sender), others.unwrap_or(0));
                    for message in 1..40 {
                        prop_assert_eq!(
                            reached_at(&kept, sender, message),
                            reached_at(&all, sender, message)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn reading_implies_delivery_and_neither_falls() {
        let marks = Watermarks::default()
            .with_read(5)
            .with_delivered(3)
            .with_read(2);
        assert_eq!(
            marks,
            Watermarks {
                delivered: 5,
                read: 5
            }
        );
    }

    #[test]
    fn who_came_later_has_not_read_what_was_before() {
        let late = Mark {
            participant: 2,
            visible_from: 5,
            seq: 9,
            at: Millis(1),
        };
        assert_eq!(reached_at(&[late], 1, 4), None);
        assert_eq!(reached_at(&[late], 1, 5), Some(Millis(1)));
    }
}
