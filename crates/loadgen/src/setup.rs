//! A world to load: orders with their people, reported as a shop does it, and the rooms that open.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Caller, Page, order_path};
use crate::client::Target;
use crate::text;
use crate::token::{Minter, Role};

/// A pharmacy's staff are in all its rooms: enough of them that a list of 20 rooms is a page and
/// not the whole.
const ROOMS_PER_PHARMACY: usize = 40;

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Size {
    /// Orders, and so rooms, to set up
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rooms: u32,
    /// People in each room: customer, rider, and staff of the pharmacy
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(3..=10))]
    pub(crate) people: u32,
}

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) user: String,
    name: String,
    pub(crate) role: Role,
    pub(crate) bearer: HeaderValue,
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: String,
    /// The customer, the rider, then the staff.
    pub(crate) people: Vec<Arc<Person>>,
}

#[derive(Debug)]
pub(crate) struct World {
    /// Begins every id of this run, so that several runs may share a database.
    pub(crate) run: String,
    pub(crate) rooms: Vec<Arc<Room>>,
}

impl World {
    /// Reports `size.rooms` orders and learns the rooms that opened.
    pub(crate) async fn open(target: &Target, minter: &Minter, size: Size) -> Result<Self> {
        let service = minter.bearer("loadgen-service", Role::Service, None)?;
        let mut caller = Caller::open(target, service).await?;
        let run = text::run_tag();
        let mut rooms = Vec::with_capacity(size.rooms as usize);
        for (n, people) in cast(minter, &run, size)?.into_iter().enumerate() {
            let id = open_room(&mut caller, &run, n, &people)
                .await
                .context("setting up")?;
            rooms.push(Arc::new(Room { id, people }));
        }
        Ok(Self { run, rooms })
    }

    /// A world with made-up room ids, for a server that keeps nothing.
    pub(crate) fn unreported(minter: &Minter, size: Size) -> Result<Self> {
        let run = text::run_tag();
        let cast = cast(minter, &run, size)?.into_iter().enumerate();
        let rooms = cast.map(|(n, people)| {
            let id = format!("00000000-0000-7000-8000-{n:012x}");
            Arc::new(Room { id, people })
        });
        Ok(Self {
            rooms: rooms.collect(),
            run,
        })
    }
}

/// The people of each room, with their tokens.
fn cast(minter: &Minter, run: &str, size: Size) -> Result<Vec<Vec<Arc<Person>>>> {
    let person = |name: String, role, pharmacy: Option<&str>| -> Result<Arc<Person>> {
        let user = format!("{run}-{name}");
        Ok(Arc::new(Person {
            bearer: minter.bearer(&user, role, pharmacy)?,
            user,
            name,
            role,
        }))
    };
    let mut staff: Vec<Arc<Person>> = Vec::new();
    let mut rooms = Vec::with_capacity(size.rooms as usize);
    for n in 0..size.rooms as usize {
        if n % ROOMS_PER_PHARMACY == 0 {
            let id = pharmacy(run, n);
            let shop = n / ROOMS_PER_PHARMACY;
            staff = (0..size.people - 2)
                .map(|s| person(format!("staff-{shop}-{s}"), Role::Pharmacy, Some(&id)))
                .collect::<Result<_>>()?;
        }
        let mut people = vec![
            person(format!("customer-{n}"), Role::Customer, None)?,
            person(format!("rider-{n}"), Role::Rider, None)?,
        ];
        people.extend(staff.iter().cloned());
        rooms.push(people);
    }
    Ok(rooms)
}

/// The id of the pharmacy that has the `n`th order.
fn pharmacy(run: &str, n: usize) -> String {
    format!("{run}-pharmacy-{}", n / ROOMS_PER_PHARMACY)
}

/// Reports the order and answers the id of its room.
async fn open_room(
    caller: &mut Caller,
    run: &str,
    n: usize,
    people: &[Arc<Person>],
) -> Result<String> {
    #[derive(Deserialize)]
    struct Opened {
        id: String,
    }
    let order = format!("{run}-order-{n}");
    let report = report(run, n, people)?;
    let _: Value = caller.put(&order_path(&order), &report).await?;
    let rooms: Page<Opened> = caller
        .get(&format!("/api/chat/rooms/?order={order}&scope=all"))
        .await?;
    ensure!(
        rooms.results.len() == 1,
        "the accepted order {order} has {} rooms; it should have opened one",
        rooms.results.len()
    );
    let room = rooms.results.into_iter().next();
    room.map(|room| room.id).context("no room")
}

/// The body of `PUT /api/orders/{id}/`. An accepted order opens its room.
fn report(run: &str, n: usize, people: &[Arc<Person>]) -> Result<Value> {
    let who = |person: &Person| json!({ "id": person.user, "name": person.name });
    let [customer, rider, staff @ ..] = people else {
        anyhow::bail!("a room needs a customer and a rider");
    };
    Ok(json!({
        "number": format!("{run}-{n}"),
        "status": "accepted",
        "customer": who(customer),
        "pharmacy": {
            "id": pharmacy(run, n),
            "name": format!("Pharmacy {}", n / ROOMS_PER_PHARMACY),
            "staff": staff.iter().map(|person| who(person)).collect::<Vec<_>>(),
        },
        "rider": who(rider),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(rooms: u32, people: u32) -> World {
        let minter = Minter::new("a secret of the tests, 32 bytes and more").unwrap();
        World::unreported(&minter, Size { rooms, people }).unwrap()
    }

    #[test]
    fn a_room_of_five_has_a_customer_a_rider_and_three_staff() {
        let world = world(3, 5);
        let roles: Vec<Role> = world.rooms[2].people.iter().map(|p| p.role).collect();
        use Role::{Customer, Pharmacy, Rider};
        assert_eq!(roles, [Customer, Rider, Pharmacy, Pharmacy, Pharmacy]);
        let report = report(&world.run, 2, &world.rooms[2].people).unwrap();
        assert_eq!(report["pharmacy"]["staff"].as_array().unwrap().len(), 3);
        assert_eq!(report["rider"]["id"], world.rooms[2].people[1].user);
    }

    #[test]
    fn staff_are_shared_within_a_pharmacy_and_not_beyond() {
        let world = world(41, 3);
        let staff = |room: usize| &world.rooms[room].people[2].user;
        assert_eq!(staff(0), staff(39));
        assert_ne!(staff(0), staff(40));
    }
}
