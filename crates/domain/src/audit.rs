//! The audit: what no room shows, each entry holding the hash of the one before.

use crate::Millis;
use crate::event::{Hash, salted_digest};

/// What the chain covers of an entry of the audit. What people wrote is in it by its salted digest
/// only.
#[derive(Clone, Copy, Debug)]
pub struct AuditLink<'a> {
    pub at: Millis,
    /// The acting user's internal key, 0 for the server.
    pub actor: i64,
    pub actor_role: &'a str,
    pub action: &'a str,
    /// The room's internal key.
    pub room: Option<i64>,
    pub target: Option<&'a str>,
    pub digest: Hash,
    /// Where it came from. Entries of before this was covered are linked without it.
    pub trace: Option<Trace<'a>>,
}

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace<'a> {
    pub request_id: Option<&'a str>,
    pub ip: Option<&'a str>,
    pub user_agent: Option<&'a str>,
}

impl AuditLink<'_> {
    /// The hash of this entry, over its content and the hash of the entry before.
    #[must_use]
    pub fn after(&self, previous: &Hash) -> Hash {
        let (at, actor) = (self.at.0.to_be_bytes(), self.actor.to_be_bytes());
        let room = self.room.unwrap_or_default().to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![
            &at,
            &actor,
            self.actor_role.as_bytes(),
            self.action.as_bytes(),
            &room,
            self.target.unwrap_or_default().as_bytes(),
            &self.digest,
        ];
        if let Some(trace) = &self.trace {
            let given = [trace.request_id, trace.ip, trace.user_agent];
            parts.extend(given.map(|text| text.unwrap_or_default().as_bytes()));
        }
        salted_digest(previous, &parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::GENESIS;

    #[test]
    fn any_change_of_an_entry_changes_its_link() {
        let trace = Trace {
            request_id: Some("r"),
            ip: Some("127.0.0.1"),
            user_agent: None,
        };
        let link = AuditLink {
            at: Millis(5),
            actor: 7,
            actor_role: "admin",
            action: "room.read",
            room: Some(3),
            target: Some("t"),
            digest: [1; 32],
            trace: Some(trace),
        };
        let of_trace = |trace| AuditLink {
            trace: Some(trace),
            ..link
        };
        let original = link.after(&GENESIS);
        for changed in [
            AuditLink {
                at: Millis(6),
                ..link
            },
            AuditLink { actor: 8, ..link },
            AuditLink {
                actor_role: "support",
                ..link
            },
            AuditLink {
                action: "room.deleted",
                ..link
            },
            AuditLink { room: None, ..link },
            AuditLink {
                target: None,
                ..link
            },
            AuditLink {
                digest: [2; 32],
                ..link
            },
            AuditLink {
                trace: None,
                ..link
            },
            of_trace(Trace {
                request_id: None,
                ..trace
            }),
            of_trace(Trace {
                ip: Some("127.0.0.2"),
                ..trace
            }),
            of_trace(Trace {
                user_agent: Some("curl"),
                ..trace
            }),
        ] {
            assert_ne!(changed.after(&GENESIS), original, "{changed:?}");
        }
        assert_ne!(link.after(&[1; 32]), original);
    }
}
