//! Messages of several rooms at once.

use std::collections::HashMap;

use orderchat_domain::project::{MessageRecord, QuoteRecord};

use super::{BY_SEQ, Raw, put_senders, quote, read, sender};
use crate::actors::{self, Actors};
use crate::receipts::{self, Asked, Kind};
use crate::rooms::StoredRoom;
use crate::value::values;
use crate::{Result, Tx};

/// A room's internal key and a seq there.
type Place = (i64, u64);

/// The messages at these places of these rooms. A place that is no message's, or of another room, is
/// left out.
///
/// # Errors
/// As any read.
pub fn across(
    tx: &mut Tx<'_>,
    rooms: &HashMap<i64, &StoredRoom>,
    places: &[Place],
) -> Result<HashMap<Place, MessageRecord>> {
    let mut found = raw(tx, rooms, places)?;
    let quoted: Vec<Place> = found
        .iter()
        .filter_map(|raw| raw.reply_to.map(|seq| (raw.room, seq)))
        .collect();
    let mut quotes = raw(tx, rooms, &quoted)?;
    let both = found.iter().chain(&quotes);
    let actors = actors::of(tx, both.map(|raw| (raw.room, raw.actor)))?;
    put_senders(&mut found, &actors);
    put_senders(&mut quotes, &actors);
    let quotes: HashMap<Place, QuoteRecord> = quotes
        .into_iter()
        .map(|raw| ((raw.room, raw.record.seq), quote(&raw.record)))
        .collect();
    let mut records = HashMap::with_capacity(found.len());
    let reached = reached(tx, rooms, &found, &actors)?;
    for mut raw in found {
        let quoted = raw.reply_to.and_then(|seq| quotes.get(&(raw.room, seq)));
        raw.record.reply_to = quoted.cloned();
        records.insert((raw.room, raw.record.seq), raw.record);
    }
    for (one, at) in reached {
        if let Some(record) = records.get_mut(&(one.room, one.seq)) {
            match one.kind {
                Kind::Delivered => record.delivered_at = Some(at),
                Kind::Read => record.read_at = Some(at),
            }
        }
    }
    Ok(records)
}

fn raw(tx: &mut Tx<'_>, rooms: &HashMap<i64, &StoredRoom>, places: &[Place]) -> Result<Vec<Raw>> {
    let rows: Vec<_> = places
        .iter()
        .map(|(room, seq)| values![*room, *seq])
        .collect();
    let mut found = Vec::with_capacity(places.len());
    for mut row in tx.query_rows(&BY_SEQ, &rows)? {
        let key: i64 = row.take()?;
        if let Some(room) = rooms.get(&key) {
            found.push(read(room, &mut row)?);
        }
    }
    Ok(found)
}

/// When those were received and read that were.
fn reached(
    tx: &mut Tx<'_>,
    rooms: &HashMap<i64, &StoredRoom>,
    found: &[Raw],
    actors: &Actors,
) -> Result<Vec<(Asked, orderchat_domain::Millis)>> {
    let mut asked = Vec::new();
    for raw in found {
        let Some(room) = rooms.get(&raw.room) else {
            continue;
        };
        let (seq, sender) = (raw.record.seq, sender(raw, actors));
        for (kind, frontier) in [(Kind::Delivered, room.delivered), (Kind::Read, room.read)] {
            if frontier.of_others(sender) >= seq {
                asked.push(Asked {
                    room: raw.room,
                    kind,
                    seq,
                    sender,
                });
            }
        }
    }
    receipts::reached_each(tx, &asked)
}
