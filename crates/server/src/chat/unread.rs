//! What the caller has not read yet, over all their rooms.

use std::collections::HashMap;

use orderchat_domain::id::RoomName;
use orderchat_domain::permission::Action;
use orderchat_domain::project::{MessageRecord, MessageView, unread_count};
use orderchat_domain::room::check_receipts;
use orderchat_store::receipts::Kind;
pub(crate) use orderchat_store::unread::Position;
use orderchat_store::unread::{self, UnreadRoom};
use orderchat_store::{Tx, messages, participants, receipts, rooms};

use super::access::{NO_KEY, Scene, key_of, scenes};
use super::receipts::{Marking, move_marks};
use super::{Chat, Context, Result};

/// Rooms marked as read in one transaction: others who write there wait so long.
const ROOMS_AT_ONCE: u32 = 100;

/// A page of unread messages.
#[derive(Clone, Debug)]
pub(crate) struct UnreadPage {
    pub(crate) messages: Vec<MessageView>,
    /// There may be more after this.
    pub(crate) rest: Option<Position>,
}

/// What marking everything as read has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadAll {
    pub(crate) rooms: u64,
    pub(crate) messages: u64,
}

/// A room of a page, with the messages of it that the page holds.
type Part = (Scene, Vec<MessageRecord>);

impl Chat {
    /// Unread messages of all rooms that the caller is in: room by room, in each in their order.
    pub(crate) async fn unread(
        &self,
        ctx: &Context,
        after: Option<Position>,
        limit: u32,
    ) -> Result<UnreadPage> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let (parts, rest) = self
            .read(move |tx| {
                let only = only_room(tx, &asked)?;
                let found = unread::page(tx, asked.user, after, only, limit)?;
                let parts = chat.unread_parts(tx, &asked, &found.messages)?;
                Ok((parts, found.rest))
            })
            .await?;
        let mut shown = Vec::new();
        for (scene, records) in &parts {
            let viewer = self.viewer(ctx, scene.own.as_ref());
            let seen = records
                .iter()
                .filter(|one| viewer.sees_order() || !one.message_type.is_order_news());
            shown.extend(seen.map(|record| self.show_message(ctx, scene, record, None)));
        }
        Ok(UnreadPage {
            messages: shown,
            rest,
        })
    }

    fn unread_parts(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        found: &[Position],
    ) -> Result<Vec<Part>> {
        let mut seqs: Vec<(i64, Vec<u64>)> = Vec::new();
        for position in found {
            match seqs.last_mut() {
                Some((room, of_room)) if *room == position.room => of_room.push(position.seq),
                _ => seqs.push((position.room, vec![position.seq])),
            }
        }
        let keys: Vec<i64> = seqs.iter().map(|(room, _)| *room).collect();
        let mut scenes: HashMap<i64, Scene> = scenes_of(tx, ctx, &keys)?
            .into_iter()
            .map(|scene| (scene.key(), scene))
            .collect();
        let mut parts = Vec::with_capacity(seqs.len());
        for (room, seqs) in seqs {
            let Some(scene) = scenes.remove(&room) else {
                continue;
            };
            // By the clock the policy may have taken the room away since it was last written.
            if scene.permit(self.policy(), ctx, Action::ReadRoom).is_ok() {
                let records = messages::by_seqs(tx, &scene.room, &seqs)?;
                parts.push((scene, records));
            }
        }
        Ok(parts)
    }

    /// Marks everything as read, some rooms at a time. Whoever is cut off asks again.
    pub(crate) async fn read_all(&self, ctx: &Context) -> Result<ReadAll> {
        let (mut done, mut from) = (ReadAll::default(), NO_KEY);
        loop {
            let (chat, asked) = (self.clone(), ctx.clone());
            let (some, last) = self
                .write(None, move |tx| chat.read_some(tx, &asked, from))
                .await?;
            done.rooms += some.rooms;
            done.messages += some.messages;
            match last {
                Some(last) => from = last + 1,
                None => return Ok(done),
            }
        }
    }

    /// Marks some rooms as read, from the room `from` on. Gives the last of them if there may be
    /// more.
    fn read_some(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        from: i64,
    ) -> Result<(ReadAll, Option<i64>)> {
        let only = only_room(tx, ctx)?;
        let limit = if only.is_some() { 1 } else { ROOMS_AT_ONCE };
        let mut found = unread::rooms(tx, ctx.user, only.unwrap_or(from), limit)?;
        found.retain(|room| only.is_none_or(|only| only == room.room));
        let last = found.last().map(|room| room.room);
        let keys: Vec<i64> = found.iter().map(|UnreadRoom { room, .. }| *room).collect();
        rooms::lock(tx, &keys)?;
        let mut done = ReadAll::default();
        let (mut marking, mut read) = (Marking::new(ctx.now), Vec::new());
        for mut scene in scenes_of(tx, ctx, &keys)? {
            let may = scene.permit(self.policy(), ctx, Action::ReadRoom).is_ok();
            let Some(mut own) = scene.active().cloned().filter(|_| may) else {
                continue;
            };
            // Archived meanwhile: it counts for nothing any more.
            if check_receipts(scene.room.record.status).is_err() {
                continue;
            }
            let head = scene.room.record.seq;
            let unread = unread_count(&scene.room.record, &own);
            if unread > 0
                && move_marks(
                    tx,
                    &mut marking,
                    &mut scene.room,
                    &mut own,
                    Kind::Read,
                    head,
                )?
            {
                done.rooms += 1;
                done.messages += unread;
                let record = &scene.room.record;
                read.push((own.key, head, record.ordinal, record.news));
            }
        }
        receipts::add(tx, &marking.advances)?;
        participants::have_read(tx, &read)?;
        let more = keys.len() as u32 == ROOMS_AT_ONCE && only.is_none();
        Ok((done, last.filter(|_| more)))
    }
}

/// The rooms of these keys and the caller's places in them, in the order of the keys.
fn scenes_of(tx: &mut Tx<'_>, ctx: &Context, keys: &[i64]) -> Result<Vec<Scene>> {
    let mut found = rooms::by_keys(tx, keys)?;
    found.sort_by_key(|room| room.record.key);
    scenes(tx, ctx, found)
}

/// The key of the only room that the token is good for, if it names one.
fn only_room(tx: &mut Tx<'_>, ctx: &Context) -> Result<Option<i64>> {
    let Some(name) = &ctx.caller.room else {
        return Ok(None);
    };
    let key = match RoomName::parse(name) {
        Ok(name) => key_of(tx, &name)?,
        Err(_) => None,
    };
    Ok(Some(key.unwrap_or(NO_KEY)))
}
