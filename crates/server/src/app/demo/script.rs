//! What happens by itself while the demo runs: the script, and when each part of it is due.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use orderchat_domain::time::MINUTE;
use orderchat_domain::{Millis, OrderId, Refusal, TokenRole};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Read by people, too: orders with what is told and said of them, second by second.
const LIVES: &str = include_str!("../../../../../examples/lives.toml");

/// An order begins every so often, in seconds of the script …
pub(super) const EVERY: u64 = 20;
/// … and so many in all: a demo that is left alone does not fill the disk.
pub(super) const MOST: usize = 90;
/// The number of the first one. The sample's are below.
const FIRST_NUMBER: usize = 10_501;

/// The lives that orders have, and who has a part in them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    people: BTreeMap<String, Person>,
    #[serde(rename = "life")]
    lives: Vec<Life>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) role: String,
    pub(super) name: String,
    /// Of staff.
    pub(super) pharmacy: Option<String>,
}

impl Person {
    pub(super) fn role(&self) -> anyhow::Result<TokenRole> {
        TokenRole::parse(&self.role).with_context(|| format!("no role is called {}", self.role))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Life {
    order: Map<String, Value>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Seconds after the order began.
    at: u64,
    /// The type of an event of the shop's, with `data`.
    tells: Option<String>,
    #[serde(default)]
    data: Map<String, Value>,
    /// The key of a person, who says or closes.
    by: Option<String>,
    says: Option<String>,
    /// Why the room is closed.
    closes: Option<String>,
}

/// When one thing of one order is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    /// Seconds of the script after the demo began.
    pub(super) at: u64,
    /// The how many-th order it is.
    place: usize,
    /// Its step; `None`: it begins.
    step: Option<usize>,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Act<'a> {
    /// A CloudEvent.
    Tell(Value),
    Say(&'a Person, &'a str),
    Close(&'a Person, &'a str),
}

impl Script {
    pub(super) fn read() -> anyhow::Result<Self> {
        let script: Self = toml::from_str(LIVES).context("examples/lives.toml cannot be read")?;
        anyhow::ensure!(!script.lives.is_empty(), "examples/lives.toml has no life");
        Ok(script)
    }

    /// Everybody who has a part in it.
    pub(super) fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// The customer of the first life, whose orders are worth following.
    pub(super) fn followed(&self) -> anyhow::Result<&Person> {
        let id = self
            .life(0)
            .order
            .get("customer")
            .and_then(|it| it.get("id"));
        let mut people = self.people.values();
        let found = people.find(|person| id.and_then(Value::as_str) == Some(&person.id));
        found.context("the customer of the first life is not among the people")
    }

    /// Everything that happens, in its order.
    pub(super) fn agenda(&self) -> Vec<Due> {
        let mut agenda = Vec::new();
        let beginnings = (0_u64..).step_by(EVERY as usize);
        for (place, begins) in (0..MOST).zip(beginnings) {
            let due = |at, step| Due { at, place, step };
            agenda.push(due(begins, None));
            let steps = self.life(place).steps.iter().enumerate();
            agenda.extend(steps.map(|(number, step)| due(begins + step.at, Some(number))));
        }
        agenda.sort();
        agenda
    }

    /// What is to be done then, which is now.
    pub(super) fn act(&self, due: Due, now: Millis) -> anyhow::Result<Act<'_>> {
        let life = self.life(due.place);
        let Some(number) = due.step else {
            let mut data = life.order.clone();
            data.insert("number".to_owned(), json!(due.number()));
            data.insert("status".to_owned(), json!("pending"));
            return Ok(Act::Tell(due.event("order.created", data, now)?));
        };
        let step = life.steps.get(number).context("no such step")?;
        let by = step.by.as_ref().and_then(|key| self.people.get(key));
        match (&step.tells, by, &step.says, &step.closes) {
            (Some(kind), None, None, None) => {
                Ok(Act::Tell(due.event(kind, step.data.clone(), now)?))
            }
            (None, Some(by), Some(text), None) => Ok(Act::Say(by, text)),
            (None, Some(by), None, Some(why)) => Ok(Act::Close(by, why)),
            _ => anyhow::bail!(
                "second {} of life {}: a step tells something, or somebody of the people says \
                 something or closes the room",
                step.at,
                due.place % self.lives.len() + 1
            ),
        }
    }

    /// The lives take turns.
    fn life(&self, place: usize) -> &Life {
        &self.lives[place % self.lives.len()]
    }
}

impl Due {
    /// The order that it is about.
    pub(super) fn order(self) -> Result<OrderId, Refusal> {
        OrderId::parse("/id", &format!("order-{}", self.number()))
    }

    fn number(self) -> String {
        (FIRST_NUMBER + self.place).to_string()
    }

    fn event(self, kind: &str, mut data: Map<String, Value>, now: Millis) -> anyhow::Result<Value> {
        let order = self.order()?;
        let sequence = self.step.map_or(0, |step| step + 1);
        if let Some(minutes) = data.shift_remove("eta_in") {
            let minutes = minutes.as_i64().context("eta_in is in minutes")?;
            data.insert(
                "eta".to_owned(),
                json!(now.plus(minutes * MINUTE).to_string()),
            );
        }
        data.insert("sequence".to_owned(), json!(sequence));
        Ok(json!({
            "specversion": "1.0",
            "id": format!("{}-{sequence}", self.number()),
            "source": "https://shop.example/demo",
            "type": kind,
            "subject": order.as_str(),
            "time": now.to_string(),
            "data": data,
        }))
    }
}

/// How many seconds of the script pass in one of the clock. With 0 nothing happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace(f64);

impl Pace {
    const FASTEST: f64 = 1_000.0;

    /// Reads what stands on the command line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let pace = text
            .parse()
            .ok()
            .filter(|pace| (0.0..=Self::FASTEST).contains(pace));
        pace.map(Self)
            .ok_or_else(|| format!("must be a number from 0 to {}", Self::FASTEST))
    }

    pub(super) fn moves(self) -> bool {
        self.0 > 0.0
    }

    /// By the clock; only for one that moves.
    pub(super) fn duration(self, seconds: u64) -> Duration {
        Duration::from_secs(seconds).div_f64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::Event;

    #[test]
    fn every_step_of_every_life_can_be_done() {
        let script = Script::read().expect("the script is read");
        let mut kinds = std::collections::BTreeSet::new();
        for due in script.agenda() {
            match script.act(due, Millis(0)).expect("a step that can be done") {
                Act::Tell(event) => {
                    let told = Event::parse(&event).unwrap_or_else(|why| panic!("{event}: {why}"));
                    kinds.insert(told.kind);
                }
                Act::Say(by, _) | Act::Close(by, _) => drop(by.role().expect("a role")),
            }
        }
        for kind in [
            "delivery.reassigned",
            "order.cancelled",
            "delivery.proof_added",
        ] {
            assert!(kinds.contains(kind), "no life has {kind}");
        }
    }

    #[test]
    fn orders_begin_one_after_another_until_there_are_enough() {
        let script = Script::read().expect("the script is read");
        let agenda = script.agenda();
        assert!(agenda.is_sorted_by_key(|due| due.at));
        let begin: Vec<u64> = (agenda.iter().filter(|due| due.step.is_none()))
            .map(|due| due.at)
            .collect();
        assert_eq!(begin.len(), MOST);
        assert!(begin.windows(2).all(|two| two[1] - two[0] == EVERY));
    }

    #[test]
    fn a_pace_is_a_number_that_makes_sense() {
        assert_eq!(
            Pace::parse("20").map(|pace| pace.duration(60)),
            Ok(Duration::from_secs(3))
        );
        assert!(!Pace::parse("0").expect("a pace").moves());
        for wrong in ["-1", "NaN", "inf", "fast", ""] {
            assert_eq!(
                Pace::parse(wrong),
                Err("must be a number from 0 to 1000".to_owned()),
                "{wrong:?}"
            );
        }
    }
}
