//! Words of the shop that nothing here knows. They are taken, since shops have words of their own, and
//! said once in the log: a slip would otherwise pass in silence.

use std::collections::HashSet;

use parking_lot::Mutex;

use super::Chat;

/// Words that are said by one process: a shop may make up new ones for ever.
const MOST: usize = 200;

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Unfamiliar(Mutex<HashSet<(What, String)>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Status,
    Event,
}

impl Unfamiliar {
    fn is_new(&self, what: What, word: &str) -> bool {
        let mut said = self.0.lock();
        said.len() < MOST && said.insert((what, word.to_owned()))
    }
}

impl Chat {
    /// An order is in this status now.
    pub(crate) fn note_status(&self, status: &str) {
        let is_known = self.policy().statuses().any(|known| known == status);
        if !is_known && self.0.unfamiliar.is_new(What::Status, status) {
            tracing::warn!(
                status,
                "the order policy names no such status: it counts as active and opens no room; name it \
                 there under [order], or mend what the shop reports"
            );
        }
    }

    /// An event came of a type that changes nothing.
    pub(crate) fn note_event_type(&self, event_type: &str) {
        if self.0.unfamiliar.is_new(What::Event, event_type) {
            tracing::warn!(
                event_type,
                "events of this type are kept on the order's timeline and change nothing; \
                 docs/ORDERS.md lists the types that do"
            );
        }
    }
}
