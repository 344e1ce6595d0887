//! A world to load: orders with their people, reported as a shop does it, and the rooms that open.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Caller, Page, order_path, room_path};
use crate::client::Target;
use crate::text;
use crate::token::{Minter, Role};

/// A pharmacy's staff are in all its rooms: enough of them that a list of 20 rooms is a page and
/// not the whole.
const ROOMS_PER_PHARMACY: usize = 40;

/// A room takes ten people unless told otherwise.
const SEATS: usize = 10;

/// The server that is measured.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServerArgs {
    /// The server; it must run with ORDERCHAT_RATE_LIMITS=off
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(crate) url: Target,
    /// The server's HS256 secret, to sign people's tokens with
    #[arg(long, env = "ORDERCHAT_AUTH_SECRET", hide_env_values = true)]
    secret: String,
}

impl ServerArgs {
    pub(crate) fn minter(&self) -> Result<Minter> {
        Minter::new(&self.secret)
    }
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Size {
    /// Orders, and so rooms, to set up
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rooms: u32,
    /// People in each room: customer, rider, and staff of the pharmacy
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(3..=10))]
    pub(crate) people: u32,
    #[arg(skip)]
    pub(crate) staff: Staff,
}

/// Whether staff are in several rooms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Staff {
    /// Of a pharmacy with [`ROOMS_PER_PHARMACY`] rooms.
    #[default]
    Shared,
    /// Everybody is in one room only, for loads where each connection follows one.
    OfOneRoom,
}

impl Staff {
    fn rooms_per_pharmacy(self) -> usize {
        match self {
            Self::Shared => ROOMS_PER_PHARMACY,
            Self::OfOneRoom => 1,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) user: String,
    name: String,
    pub(crate) role: Role,
    pub(crate) bearer: HeaderValue,
}

impl Person {
    /// Customers and riders follow their rooms as soon as they are connected; staff have to ask.
    pub(crate) fn follows_by_itself(&self) -> bool {
        matches!(self.role, Role::Customer | Role::Rider)
    }

    /// The token alone, as live connections give it.
    pub(crate) fn token(&self) -> &str {
        let bearer = self.bearer.to_str().unwrap_or_default();
        bearer.strip_prefix("Bearer ").unwrap_or(bearer)
    }
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
    /// Whether the server knows who is in which room.
    pub(crate) reported: bool,
}

impl World {
    /// Reports `size.rooms` orders and learns the rooms that opened.
    pub(crate) async fn open(target: &Target, minter: &Minter, size: Size) -> Result<Self> {
        let service = minter.bearer("loadgen-service", Role::Service, None)?;
        let run = text::run_tag();
        let mut setup = Setup {
            service: Caller::open(target, service).await?,
            admin: Caller::open(target, minter.bearer("loadgen-admin", Role::Admin, None)?).await?,
            run: &run,
            staff: size.staff,
        };
        let mut rooms = Vec::with_capacity(size.rooms as usize);
        for (n, people) in cast(minter, &run, size)?.into_iter().enumerate() {
            let id = setup.open_room(n, &people).await.context("setting up")?;
            rooms.push(Arc::new(Room { id, people }));
        }
        Ok(Self {
            run,
            rooms,
            reported: true,
        })
    }

    /// The id of the `n`th room's order.
    pub(crate) fn order(&self, n: usize) -> String {
        order(&self.run, n)
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
            reported: false,
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
        let shared_by = size.staff.rooms_per_pharmacy();
        if n % shared_by == 0 {
            let shop = n / shared_by;
            let id = pharmacy(run, shop);
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

fn order(run: &str, n: usize) -> String {
    format!("{run}-order-{n}")
}

fn pharmacy(run: &str, shop: usize) -> String {
    format!("{run}-pharmacy-{shop}")
}

/// Reports orders and opens their rooms.
struct Setup<'a> {
    service: Caller,
    admin: Caller,
    run: &'a str,
    staff: Staff,
}

impl Setup<'_> {
    /// Reports the `n`th order and answers the id of its room, with all `people` in it.
    async fn open_room(&mut self, n: usize, people: &[Arc<Person>]) -> Result<String> {
        #[derive(Deserialize)]
        struct Opened {
            id: String,
        }
        let order = order(self.run, n);
        self.report(&order, n, &people[..people.len().min(SEATS)])
            .await?;
        let rooms: Page<Opened> = self
            .service
            .get(&format!("/api/chat/rooms/?order={order}&scope=all"))
            .await?;
        ensure!(
            rooms.results.len() == 1,
            "the accepted order {order} has {} rooms; it should have opened one",
            rooms.results.len()
        );
        let room = rooms.results.into_iter().next().context("no room")?;
        if people.len() > SEATS {
            let seats = json!({ "max_participants": people.len() });
            let _: Value = self.admin.patch(&room_path(&room.id, ""), &seats).await?;
            self.report(&order, n, people).await?;
        }
        Ok(room.id)
    }

    /// An accepted order opens its room; staff that it names anew join.
    async fn report(&mut self, order: &str, n: usize, people: &[Arc<Person>]) -> Result<()> {
        let shop = n / self.staff.rooms_per_pharmacy();
        let report = report(self.run, n, shop, people)?;
        let _: Value = self.service.put(&order_path(order), &report).await?;
        Ok(())
    }
}

/// The body of `PUT /api/orders/{id}/`.
fn report(run: &str, n: usize, shop: usize, people: &[Arc<Person>]) -> Result<Value> {
    let who = |person: &Person| json!({ "id": person.user, "name": person.name });
    let [customer, rider, staff @ ..] = people else {
        anyhow::bail!("a room needs a customer and a rider");
    };
    Ok(json!({
        "number": format!("{run}-{n}"),
        "status": "accepted",
        "customer": who(customer),
        "pharmacy": {
            "id": pharmacy(run, shop),
            "name": format!("Pharmacy {shop}"),
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
        let staff = Staff::Shared;
        let size = Size {
            rooms,
            people,
            staff,
        };
        World::unreported(&minter, size).unwrap()
    }

    #[test]
    fn a_room_of_five_has_a_customer_a_rider_and_three_staff() {
        let world = world(3, 5);
        let roles: Vec<Role> = world.rooms[2].people.iter().map(|p| p.role).collect();
        use Role::{Customer, Pharmacy, Rider};
        assert_eq!(roles, [Customer, Rider, Pharmacy, Pharmacy, Pharmacy]);
        let report = report(&world.run, 2, 0, &world.rooms[2].people).unwrap();
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

    #[test]
    fn staff_of_one_room_are_in_no_other() {
        let minter = Minter::new("a secret of the tests, 32 bytes and more").unwrap();
        let size = Size {
            rooms: 2,
            people: 50,
            staff: Staff::OfOneRoom,
        };
        let world = World::unreported(&minter, size).unwrap();
        let users = world.rooms.iter().flat_map(|room| &room.people);
        let users: std::collections::HashSet<_> = users.map(|person| &person.user).collect();
        assert_eq!(users.len(), 100);
    }
}
