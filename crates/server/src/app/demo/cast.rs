//! Everybody whom one can be in the demo.

use std::collections::BTreeMap;

use orderchat_domain::{Caller, TokenRole};
use serde_json::Value;

use super::people::{ADMIN, SUPPORT, caller};
use super::sample::Sample;
use super::script::Script;
use crate::chat::ChatError;

/// People by the shop's id of them.
#[derive(Debug, Default)]
pub(super) struct Cast(BTreeMap<String, Member>);

/// Somebody of the shop's people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) user: String,
    pub(super) name: String,
    pub(super) role: TokenRole,
    /// Of staff, whose.
    pub(super) pharmacy: Option<String>,
}

impl Member {
    pub(super) fn caller(&self) -> Result<Caller, ChatError> {
        let pharmacy = self.pharmacy.as_deref();
        caller(&self.user, self.role, Some(&self.name), pharmacy)
    }
}

impl Cast {
    /// Those of the sample's orders and of the script, and two of the house.
    pub(super) fn of(samples: &[Sample], script: &Script) -> anyhow::Result<Self> {
        let mut cast = Self::default();
        for order in samples.iter().flat_map(Sample::reports) {
            let pharmacy = order.pointer("/pharmacy/id").and_then(Value::as_str);
            cast.add_from(order.get("customer"), TokenRole::Customer, None);
            cast.add_from(order.get("rider"), TokenRole::Rider, None);
            let staff = order.pointer("/pharmacy/staff").and_then(Value::as_array);
            for person in staff.into_iter().flatten() {
                cast.add_from(Some(person), TokenRole::Pharmacy, pharmacy);
            }
        }
        for person in script.people() {
            let pharmacy = person.pharmacy.as_deref();
            cast.add(&person.id, &person.name, person.role()?, pharmacy);
        }
        cast.add(SUPPORT.0, SUPPORT.1, TokenRole::Support, None);
        cast.add(ADMIN.0, ADMIN.1, TokenRole::Admin, None);
        Ok(cast)
    }

    /// A person as orders have them.
    fn add_from(&mut self, person: Option<&Value>, role: TokenRole, pharmacy: Option<&str>) {
        let text = |name| person.and_then(|person| person.get(name)?.as_str());
        if let (Some(user), Some(name)) = (text("id"), text("name")) {
            self.add(user, name, role, pharmacy);
        }
    }

    fn add(&mut self, user: &str, name: &str, role: TokenRole, pharmacy: Option<&str>) {
        let member = Member {
            user: user.to_owned(),
            name: name.to_owned(),
            role,
            pharmacy: pharmacy.map(str::to_owned),
        };
        self.0.insert(member.user.clone(), member);
    }

    pub(super) fn get(&self, user: &str) -> Option<&Member> {
        self.0.get(user)
    }

    /// The rider who comes after this one; after the last the first.
    pub(super) fn rider_after(&self, current: Option<&str>) -> Option<&Member> {
        let riders = || self.0.values().filter(|one| one.role == TokenRole::Rider);
        let next = riders().find(|one| current.is_none_or(|now| one.user.as_str() > now));
        next.or_else(|| riders().next())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::samples;
    use super::*;

    fn cast() -> Cast {
        let script = Script::read().expect("the script");
        Cast::of(&samples().expect("the sample"), &script).expect("a cast")
    }

    #[test]
    fn everybody_of_sample_and_script_is_there_as_what_they_are() {
        let cast = cast();
        for (user, role) in [
            ("customer-aisha", TokenRole::Customer),
            ("customer-nora", TokenRole::Customer),
            ("rider-ravi", TokenRole::Rider),
            ("support-demo", TokenRole::Support),
            ("admin-demo", TokenRole::Admin),
        ] {
            assert_eq!(cast.get(user).expect(user).role, role);
        }
        let mei = cast.get("staff-mei").expect("staff");
        assert_eq!(mei.pharmacy.as_deref(), Some("ph-marigold"));
        assert!(cast.get("nobody").is_none());
    }

    #[test]
    fn riders_take_turns_and_nobody_follows_themselves() {
        let cast = cast();
        let first = cast.rider_after(None).expect("a rider").user.clone();
        let mut seen = vec![first.clone()];
        loop {
            let last = seen.last().expect("one").clone();
            let next = cast.rider_after(Some(&last)).expect("a rider");
            assert_ne!(next.user, last);
            if next.user == first {
                break;
            }
            seen.push(next.user.clone());
        }
        assert!(seen.len() > 2, "{seen:?}");
    }
}
