//! Reads rooms whole, as an admin, through the public interface.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::reading::{Reading, RoomRead};
use crate::api::{Caller, Page, room_path};
use crate::client::Target;
use crate::history::Record;
use crate::token::{Minter, Role};

/// More pages than any room has: who answers so many goes in a circle.
const MAX_PAGES: usize = 100_000;

/// Every room of the records, as `target` shows it.
pub(crate) async fn read(target: &Target, minter: &Minter, records: &[Record]) -> Result<Reading> {
    let admin = minter.bearer("loadgen-admin", Role::Admin, None)?;
    let mut caller = Caller::open(target, admin).await?;
    let ids: BTreeSet<&str> = records.iter().map(|record| record.room.as_str()).collect();
    let mut rooms = Vec::with_capacity(ids.len());
    for id in ids {
        let room = read_room(&mut caller, id)
            .await
            .with_context(|| format!("reading room {id} from {target}"))?;
        rooms.push(room);
    }
    Ok(Reading {
        node: target.to_string(),
        rooms,
    })
}

async fn read_room(caller: &mut Caller, id: &str) -> Result<RoomRead> {
    let mut room = RoomRead {
        id: id.to_owned(),
        ..RoomRead::default()
    };
    if caller.find::<Value>(&room_path(id, "")).await?.is_none() {
        return Ok(room);
    }
    room.events = all(caller, room_path(id, "events/?after=0&limit=200")).await?;
    room.messages = all(caller, room_path(id, "messages/?after=0&limit=200")).await?;
    room.participants = all(caller, room_path(id, "participants/?limit=200")).await?;
    Ok(room)
}

/// Every entry of a list, page by page in the order of the server.
async fn all<T: DeserializeOwned>(caller: &mut Caller, first: String) -> Result<Vec<T>> {
    let mut entries = Vec::new();
    let mut path = first;
    for _ in 0..MAX_PAGES {
        let page: Page<T> = caller.get(&path).await?;
        let empty = page.results.is_empty();
        entries.extend(page.results);
        match page.next {
            // A log that is polled may name a next page at its end, for what comes later.
            Some(next) if !empty => {
                ensure!(next != path, "{path} is its own next page");
                path = next;
            }
            _ => return Ok(entries),
        }
    }
    anyhow::bail!("{path}: no end after {MAX_PAGES} pages")
}
