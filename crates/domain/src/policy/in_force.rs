//! The policy in force, which may be replaced while others look something up in it.

use std::sync::OnceLock;

use super::OrderPolicy;

/// The policy in force and those before it. A policy that was ever in force stays until the end:
/// commands hold it by reference, nobody waits for anybody, and files change a few times a day.
#[derive(Debug)]
pub struct InForce {
    policy: OrderPolicy,
    next: OnceLock<Box<InForce>>,
}

impl InForce {
    #[must_use]
    pub const fn new(policy: OrderPolicy) -> Self {
        Self {
            policy,
            next: OnceLock::new(),
        }
    }

    /// The policy in force.
    #[must_use]
    pub fn now(&self) -> &OrderPolicy {
        let mut newest = self;
        while let Some(next) = newest.next.get() {
            newest = next;
        }
        &newest.policy
    }

    /// Puts a policy into force, in place of the one that is.
    pub fn replace(&self, policy: OrderPolicy) {
        let mut newest = self;
        let mut link = Box::new(Self::new(policy));
        // Of two who replace it at once, the later goes behind the earlier.
        while let Err(refused) = newest.next.set(link) {
            link = refused;
            if let Some(next) = newest.next.get() {
                newest = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_the_policy_of_before_keeps_it() {
        let in_force = InForce::new(OrderPolicy::default());
        let before = in_force.now();
        for version in [2, 3] {
            in_force.replace(OrderPolicy {
                version,
                ..OrderPolicy::default()
            });
            assert_eq!(in_force.now().version, version);
        }
        assert_eq!(before.version, 1);
    }
}
