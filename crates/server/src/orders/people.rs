//! The people of an order: who they are is learned from what the shop reports of it.

use std::collections::HashMap;

use orderchat_domain::order::{Named, Order, Report};
use orderchat_domain::participant::check_role;
use orderchat_domain::project::{OrderRecord, Person};
use orderchat_domain::{Role, UserId};
use orderchat_store::users::{Source, Told};
use orderchat_store::{StoreError, Tx, orders, users};

use crate::chat::{Context, Result};

/// An order's people after a report.
#[derive(Debug)]
pub(super) struct People {
    pub(super) customer: Person,
    pub(super) rider: Option<Person>,
    /// In list order.
    pub(super) staff: Vec<Person>,
}

impl People {
    fn all(&self) -> impl Iterator<Item = &Person> {
        std::iter::once(&self.customer)
            .chain(&self.rider)
            .chain(&self.staff)
    }

    pub(super) fn keys(&self) -> orders::People {
        orders::People {
            customer: self.customer.key,
            rider: self.rider.as_ref().map(|rider| rider.key),
            staff: self.staff.iter().map(|person| person.key).collect(),
        }
    }

    /// Whether somebody who was in the order before has another name or address now.
    pub(super) fn are_renamed(&self, known: &OrderRecord) -> bool {
        people_of(known).any(|before| self.all().any(|now| now.key == before.key && now != before))
    }
}

fn people_of(order: &OrderRecord) -> impl Iterator<Item = &Person> {
    std::iter::once(&order.customer)
        .chain(&order.rider)
        .chain(&order.staff)
}

/// Takes note of the people a report names, and gives those of the order after it. What an order
/// says of somebody overrides neither their token nor `PUT /users`.
pub(super) fn learn(
    tx: &mut Tx<'_>,
    ctx: &Context,
    known: Option<&OrderRecord>,
    report: &Report,
    order: &Order,
) -> Result<People> {
    let named = learn_named(tx, ctx, known, report)?;
    let find = |user: &UserId| {
        let before = || known.and_then(|known| people_of(known).find(|one| one.user == *user));
        let found = named.get(user).or_else(before).cloned();
        // Whoever is in an order was named by this report or an earlier one.
        found.ok_or_else(|| StoreError::Corrupt("an order names somebody unknown".to_owned()))
    };
    Ok(People {
        customer: find(&order.customer)?,
        rider: order.rider.as_ref().map(find).transpose()?,
        staff: order
            .staff
            .iter()
            .map(find)
            .collect::<std::result::Result<_, _>>()?,
    })
}

/// Learns of everybody the report names. A report that is older than the one that set the names
/// tells no new ones.
fn learn_named(
    tx: &mut Tx<'_>,
    ctx: &Context,
    known: Option<&OrderRecord>,
    report: &Report,
) -> Result<HashMap<UserId, Person>> {
    let sequences = known.map(|known| known.order.sequences).unwrap_or_default();
    let is_newer = |set_by| report.sequence >= set_by;
    let staff = report
        .pharmacy
        .iter()
        .flat_map(|pharmacy| pharmacy.staff.iter().flatten());
    let mut named: Vec<(&Named, Role, bool, String)> = Vec::new();
    named.extend(report.customer.iter().map(|one| {
        (
            one,
            Role::Customer,
            is_newer(sequences.customer),
            "/customer".into(),
        )
    }));
    let reported_rider = report.rider.iter().flatten();
    named.extend(
        reported_rider.map(|one| (one, Role::Rider, is_newer(sequences.rider), "/rider".into())),
    );
    named.extend(staff.enumerate().map(|(place, one)| {
        (
            one,
            Role::Pharmacy,
            is_newer(sequences.staff),
            format!("/pharmacy/staff/{place}"),
        )
    }));
    // In one order everywhere, so that two reports never wait for each other's users.
    named.sort_by(|(one, ..), (other, ..)| one.id.cmp(&other.id));
    let mut people = HashMap::with_capacity(named.len());
    for (one, role, is_newer, pointer) in named {
        let told = Told {
            user: &one.id,
            role: Some(role),
            name: Some(one.name.as_str()).filter(|_| is_newer),
            email: one.email.as_deref().filter(|_| is_newer),
            pharmacy: None,
            language: None,
            source: Source::Order,
        };
        let (user, _) = users::learn(tx, told, ctx.now)?;
        check_role(&pointer, role, user.role.unwrap_or(role))?;
        people.insert(one.id.clone(), user.person);
    }
    Ok(people)
}
