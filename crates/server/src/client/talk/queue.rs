//! What was typed and has no answer yet. It is sent one after another, and each again until it is
//! answered: a message under its key, so that it is there once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::Value;

/// When nothing more is typed, the next answer is waited for so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who is asked to come back later than so long after the last answer does not wait for it: the
/// slowest rate that a server can be given is one a minute.
const LONGEST_REST: Duration = Duration::from_secs(120);

/// A command without an answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) reference: String,
    pub(super) frame: Value,
    pub(super) line: Line,
}

/// A line that was typed, for who has to hear what became of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// The first is 1.
    pub(super) number: u64,
    pub(super) quoted: String,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// In the order typed.
    commands: VecDeque<Unanswered>,
    /// The first was sent on this connection. The others wait for its answer: sent together, one
    /// could be taken after one before it was refused for now.
    is_under_way: bool,
    /// The first was refused for now: it is sent again then, or was.
    again_at: Option<Instant>,
    /// Why the first was refused for now.
    why: Option<String>,
    answered_at: Option<Instant>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    pub(super) fn push(&mut self, command: Unanswered) {
        self.commands.push_back(command);
    }

    /// The lines that have no answer.
    pub(super) fn lines(&self) -> impl ExactSizeIterator<Item = &Line> {
        self.commands.iter().map(|command| &command.line)
    }

    pub(super) fn frames(&self) -> impl Iterator<Item = &Value> {
        self.commands.iter().map(|command| &command.frame)
    }

    /// What was under way may be lost.
    pub(super) fn interrupt(&mut self) {
        self.is_under_way = false;
    }

    /// The frame to be sent now, unless one is under way or put off.
    pub(super) fn next(&mut self) -> Option<Value> {
        if self.again_at.is_some() {
            return None;
        }
        self.send()
    }

    /// The frame that was put off until now.
    pub(super) fn due(&mut self, now: Instant) -> Option<Value> {
        if self.again_at.is_none_or(|at| at > now) {
            return None;
        }
        self.send()
    }

    fn send(&mut self) -> Option<Value> {
        if self.is_under_way {
            return None;
        }
        let frame = self.commands.front()?.frame.clone();
        self.is_under_way = true;
        Some(frame)
    }

    /// The command of this reference is refused until then. Whether it was not yet for this reason;
    /// `None`: it is none of these.
    pub(super) fn put_off(
        &mut self,
        reference: &str,
        again_at: Instant,
        why: &str,
    ) -> Option<bool> {
        if !self.is_first(reference) {
            return None;
        }
        self.is_under_way = false;
        self.again_at = Some(again_at);
        let is_news = self.why.as_deref() != Some(why);
        self.why = Some(why.to_owned());
        Some(is_news)
    }

    /// Why the first was refused for now, if it was.
    pub(super) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Takes out the command that is answered.
    pub(super) fn answered(&mut self, reference: &str, now: Instant) -> Option<Unanswered> {
        if !self.is_first(reference) {
            return None;
        }
        self.is_under_way = false;
        self.again_at = None;
        self.why = None;
        self.answered_at = Some(now);
        self.commands.pop_front()
    }

    /// Only the first is ever answered: no other is under way.
    fn is_first(&self, reference: &str) -> bool {
        let first = self.commands.front();
        first.is_some_and(|command| command.reference == reference)
    }

    /// Until when answers are waited for if nothing was typed since then.
    pub(super) fn waits_until(&self, since: Instant) -> Instant {
        let heard = self.answered_at.map_or(since, |at| at.max(since));
        match self.again_at {
            Some(at) if at > heard + LONGEST_REST => heard,
            Some(at) => at.max(heard) + PATIENCE,
            None => heard + PATIENCE,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn queue(references: &[&str]) -> Queue {
        let mut queue = Queue::default();
        for reference in references {
            queue.push(Unanswered {
                reference: (*reference).to_owned(),
                frame: json!(reference),
                line: Line::default(),
            });
        }
        queue
    }

    #[test]
    fn none_is_sent_before_the_one_before_it_is_answered() {
        let (mut queue, now) = (queue(&["a", "b"]), crate::clock::monotonic());
        assert_eq!(queue.next(), Some(json!("a")));
        assert_eq!(queue.next(), None);
        let later = now + Duration::from_secs(3);
        assert_eq!(queue.put_off("a", later, "busy"), Some(true));
        assert_eq!(queue.put_off("a", later, "busy"), Some(false));
        assert_eq!((queue.next(), queue.due(now)), (None, None));
        assert_eq!(queue.due(later), Some(json!("a")));
        assert_eq!(queue.due(later), None);
        assert!(queue.answered("b", later).is_none());
        assert!(queue.answered("a", later).is_some());
        assert_eq!(queue.next(), Some(json!("b")));
        queue.interrupt();
        assert_eq!(queue.next(), Some(json!("b")));
    }

    #[test]
    fn it_is_waited_as_long_as_answers_come_and_not_without_end() {
        let (mut queue, start) = (queue(&["a", "b"]), crate::clock::monotonic());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(queue.waits_until(start), at(10));
        queue.answered("a", at(8));
        assert_eq!(queue.waits_until(start), at(18));
        queue.put_off("b", at(60), "busy");
        assert_eq!(queue.waits_until(start), at(70));
        queue.due(at(60));
        assert_eq!(queue.waits_until(start), at(70));
        queue.put_off("b", at(128), "busy");
        assert_eq!(queue.waits_until(start), at(138));
        queue.put_off("b", at(129), "busy");
        assert!(queue.waits_until(start) < at(128));
    }
}
