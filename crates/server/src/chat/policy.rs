//! Which order policy is in force, on every node the same, and how rooms come to follow a new one.

use orderchat_domain::Millis;
use orderchat_domain::event::EventKind;
use orderchat_domain::policy::{Edition, OrderPolicy, Settled};
use orderchat_store::audit::{Entry, append};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{StoreError, Tx, participants, policies, rooms};
use serde_json::json;

use super::access::rights_of;
use super::closing::schedule;
use super::{Chat, Result, Scribe};
use crate::{clock, random};

/// Rooms that are brought after a new policy in one transaction, and locked for it.
const ROOMS: u32 = 16;

/// What the audit calls a change of policy.
const CHANGED: &str = "policy.changed";

/// What became of a policy that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) settled: Settled,
    /// The version in force.
    pub(crate) version: i64,
}

impl Chat {
    /// Puts the policy into force, unless the database has a newer one, or another of the same
    /// version: then that one is.
    pub(crate) async fn take_policy(&self, policy: OrderPolicy) -> Result<Taken> {
        let (own, text) = (policy.edition(), policy.text.clone());
        let (settled, stored) = self
            .write_anyway(None, move |tx| settle(tx, own, &text))
            .await?;
        match stored {
            None => self.put_in_force(policy),
            Some(text) => self.put_in_force(read(&text)?),
        }
        Ok(Taken {
            settled,
            version: self.policy().version,
        })
    }

    fn put_in_force(&self, policy: OrderPolicy) {
        if policy.text != self.policy().text {
            self.0.policies.replace(policy);
        }
    }

    /// Takes the policy that another node has put into force since, if one has; its version then.
    pub(crate) async fn follow_newest_policy(&self) -> Result<Option<i64>> {
        let newest = self.look(|tx| Ok(policies::newest(tx)?)).await?;
        let own = self.policy().edition();
        let Some(newest) = newest
            .map(|stored| stored.edition)
            .filter(|one| *one != own)
        else {
            return Ok(None);
        };
        let version = newest.version;
        let text = self.read(move |tx| body(tx, version)).await?;
        self.put_in_force(read(&text)?);
        // What this node wrote by the policy of before is to be set right, too.
        self.write_anyway(None, move |tx| {
            policies::lock(tx)?;
            Ok(policies::apply_again(tx, version)?)
        })
        .await?;
        Ok(Some(version))
    }

    /// Brings some more rooms after the policy in force. `false` when all follow it. It may be
    /// stopped at any time and goes on where it was, on any node.
    pub(crate) async fn apply_policy(&self) -> Result<bool> {
        let newest = self.look(|tx| Ok(policies::newest(tx)?)).await?;
        if newest.is_none_or(|stored| stored.is_applied) {
            return Ok(false);
        }
        let chat = self.clone();
        self.write_anyway(None, move |tx| {
            policies::lock(tx)?;
            let policy = chat.policy();
            let Some((version, from)) = policies::applied(tx)? else {
                return Ok(false);
            };
            if version != policy.version {
                // This node does not have it yet; whoever has goes on.
                return Ok(false);
            }
            let now = Millis(clock::now_ms());
            let keys = policies::rooms_after(tx, from, ROOMS)?;
            rooms::lock(tx, &keys)?;
            for key in &keys {
                if let Some(room) = rooms::by_key(tx, *key)? {
                    apply(tx, policy, room, now)?;
                }
            }
            let is_last = keys.len() < ROOMS as usize;
            let reached = keys.last().copied().unwrap_or(from);
            policies::set_applied(tx, version, reached, is_last.then_some(now))?;
            Ok(!is_last)
        })
        .await
    }
}

/// Which policy is in force, and its text if it is the database's.
fn settle(tx: &mut Tx<'_>, own: Edition, text: &str) -> Result<(Settled, Option<String>)> {
    policies::lock(tx)?;
    let stored = policies::newest(tx)?.map(|stored| stored.edition);
    let settled = own.settle(stored);
    match (settled, stored) {
        (Settled::Stored | Settled::Disputed, Some(stored)) => {
            Ok((settled, Some(body(tx, stored.version)?)))
        }
        (Settled::Given, _) => {
            let now = Millis(clock::now_ms());
            policies::insert(tx, own.version, &own.hash, text, now)?;
            if stored.is_some() {
                note(tx, own, now)?;
            }
            Ok((settled, None))
        }
        _ => Ok((settled, None)),
    }
}

fn note(tx: &mut Tx<'_>, edition: Edition, now: Millis) -> Result<()> {
    let target = format!("version {}", edition.version);
    let entry = Entry {
        actor: 0,
        actor_role: "",
        action: CHANGED,
        room: None,
        target: Some(&target),
        request_id: None,
        ip: None,
        user_agent: None,
        salt: random::bytes(),
        detail: "",
    };
    Ok(append(tx, &entry, now)?)
}

fn body(tx: &mut Tx<'_>, version: i64) -> Result<String> {
    let lost = || StoreError::Corrupt(format!("the policy's version {version} has no text"));
    Ok(policies::body(tx, version)?.ok_or_else(lost)?)
}

/// A policy that was in force somewhere; a newer version of the program may have written it.
fn read(text: &str) -> Result<OrderPolicy> {
    let unreadable = |mistakes| {
        let what = "the policy in the database is none for this version of orderchat";
        StoreError::Corrupt(format!("{what}: {mistakes}"))
    };
    Ok(OrderPolicy::parse(text).map_err(unreadable)?)
}

/// Sets what is kept with a room and hangs on the policy: whether its order is over, who may read,
/// and its timer. Whose right to read changes hears of it by an event. The room is locked.
fn apply(tx: &mut Tx<'_>, policy: &OrderPolicy, mut room: StoredRoom, now: Millis) -> Result<()> {
    let order = &room.record.order;
    let is_final = policy.is_final(&order.status);
    if is_final != order.final_at.is_some() {
        let final_at = is_final.then_some(now);
        policies::set_final_at(tx, order.key, final_at)?;
        room.record.order.final_at = final_at;
    }
    let at = room.record.circumstances(now);
    let before = participants::readable(tx, room.record.key)?;
    let active = participants::active(tx, room.record.key)?;
    let readable: Vec<_> = active
        .iter()
        .map(|one| (one.key, rights_of(policy, one, at).read))
        .filter(|now| !before.contains(now))
        .collect();
    if !readable.is_empty() {
        participants::set_readable(tx, &readable)?;
        let mut scribe = Scribe::of_the_server(now);
        let detail = json!({"policy": policy.version});
        scribe.room(&mut room, EventKind::RoomUpdated, None, &detail);
        scribe.finish(tx, &room)?;
    }
    schedule(tx, policy, &room)
}
