//! Messages: read, edit, delete.

use orderchat_domain::event::EventKind;
use orderchat_domain::message::{MessageType, Standing, may_delete, may_edit};
use orderchat_domain::permission::{Action, grant};
use orderchat_domain::project::{
    self, MessageRecord, MessageView, ParticipantRecord, Place, ReceiptView, Surface, Viewer,
    shown_name,
};
use orderchat_domain::{Refusal, RoomId, card, text};
use orderchat_store::log::Text;
use orderchat_store::messages::{Bound, Select};
use orderchat_store::participants::Page;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, messages, participants, receipts};
use serde_json::Value;

use super::access::{Scene, enter, enter_to_change};
use super::scribe::{place_of, reason};
use super::{Chat, Context, Result, Scribe};
use crate::random;

/// Participants whose receipts are listed at most: those in the room, and who was in it before.
const EVERYBODY: u32 = 200;

/// Which messages of a room.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Around {
    Newest,
    Before(u64),
    After(u64),
    /// Half of them before the seq, the rest from it on.
    Seq(u64),
}

/// A page of messages, always ascending.
#[derive(Clone, Debug)]
pub(crate) struct MessagePage {
    pub(crate) messages: Vec<MessageView>,
    pub(crate) has_older: bool,
    pub(crate) has_newer: bool,
}

impl Chat {
    /// The message as the caller sees it.
    pub(crate) fn show_message(
        &self,
        ctx: &Context,
        scene: &Scene,
        record: &MessageRecord,
        receipts: Option<Vec<ReceiptView>>,
    ) -> MessageView {
        let viewer = self.viewer(ctx, scene.own.as_ref());
        let place = Place {
            room_status: scene.room.record.status,
            circumstances: scene.circumstances(ctx.now),
        };
        project::message(viewer, Surface::Answer, place, record, receipts)
    }

    /// A page of the room's messages.
    pub(crate) async fn messages(
        &self,
        ctx: &Context,
        room: RoomId,
        around: Around,
        message_type: Option<MessageType>,
        limit: u32,
    ) -> Result<MessagePage> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, page) = self
            .read(move |tx| {
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
                let viewer = chat.viewer(&asked, scene.own.as_ref());
                let select = Select {
                    visible_from: viewer.visible_from(),
                    message_type,
                    order_news: viewer.sees_order(),
                    limit,
                };
                let page = page(tx, &scene.room, select, around)?;
                Ok((scene, page))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        let show = |record: &MessageRecord| self.show_message(ctx, &scene, record, None);
        Ok(MessagePage {
            messages: page.records.iter().map(show).collect(),
            has_older: page.has_older,
            has_newer: page.has_newer,
        })
    }

    /// One message; its sender and staff also learn who has received and read it.
    pub(crate) async fn message(&self, ctx: &Context, id: &str) -> Result<MessageView> {
        let (room, seq) = self.message_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, record, receipts) = self
            .read(move |tx| {
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
                let viewer = chat.viewer(&asked, scene.own.as_ref());
                let record = visible(tx, viewer, &scene.room, seq)?;
                let receipts = receipts_for(tx, viewer, &scene.room, &record)?;
                Ok((scene, record, receipts))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        Ok(self.show_message(ctx, &scene, &record, receipts))
    }

    /// The room of a message that the caller may see.
    pub(crate) async fn room_of_visible(&self, ctx: &Context, id: &str) -> Result<RoomId> {
        let (room, seq) = self.message_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        self.read(move |tx| {
            let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
            visible(
                tx,
                chat.viewer(&asked, scene.own.as_ref()),
                &scene.room,
                seq,
            )?;
            Ok(room)
        })
        .await
    }

    /// Changes the text of a message; what it said before stays, for admins.
    pub(crate) async fn edit(&self, ctx: &Context, id: &str, content: &str) -> Result<MessageView> {
        let content = text::clean("/content", content, self.rules().message_length)?;
        let content = card::mask(&content).unwrap_or(content);
        let (room, seq) = self.message_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, record) = self
            .write(Some(room), move |tx| {
                let action = Action::EditMessage;
                let mut scene = enter_to_change(tx, chat.policy(), &asked, room, action)?;
                let viewer = chat.viewer(&asked, scene.own.as_ref());
                let record = visible(tx, viewer, &scene.room, seq)?;
                let standing = standing(&asked, &record);
                let window = chat.policy().edit_window;
                may_edit(
                    grant(asked.caller.role, action),
                    standing,
                    asked.now,
                    window,
                )?;
                scene.situation(chat.policy(), &asked).may_write()?;
                if record.content != content {
                    write_edit(tx, &asked, &mut scene.room, &record, &content)?;
                }
                let record = visible(
                    tx,
                    chat.viewer(&asked, scene.own.as_ref()),
                    &scene.room,
                    seq,
                )?;
                Ok((scene, record))
            })
            .await?;
        Ok(self.show_message(ctx, &scene, &record, None))
    }

    /// Takes a message back: a tombstone for everybody. Deleting it again changes nothing.
    pub(crate) async fn delete(&self, ctx: &Context, id: &str, why: Option<&str>) -> Result<()> {
        let why = reason(why)?;
        let (room, seq) = self.message_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        self.write(Some(room), move |tx| {
            let action = Action::DeleteMessage;
            let mut scene = enter_to_change(tx, chat.policy(), &asked, room, action)?;
            let viewer = chat.viewer(&asked, scene.own.as_ref());
            let record = visible(tx, viewer, &scene.room, seq)?;
            let standing = standing(&asked, &record);
            let granted = grant(asked.caller.role, action);
            let window = chat.policy().delete_window;
            if standing.deleted
                && (standing.own || granted == orderchat_domain::permission::Grant::Any)
            {
                return Ok(());
            }
            may_delete(granted, standing, why.as_deref(), asked.now, window)?;
            write_delete(tx, &asked, &mut scene.room, &record, why.as_deref())
        })
        .await
    }
}

struct Records {
    records: Vec<MessageRecord>,
    has_older: bool,
    has_newer: bool,
}

/// Reads one more than asked for on the side where the page may go on.
fn page(tx: &mut Tx<'_>, room: &StoredRoom, select: Select, around: Around) -> Result<Records> {
    let older = |tx: &mut Tx<'_>, before: u64, limit: u32| -> Result<(Vec<MessageRecord>, bool)> {
        let select = Select {
            limit: limit + 1,
            ..select
        };
        let mut found = messages::page(tx, room, select, Bound::Before(before))?;
        let more = found.len() > limit as usize;
        if more {
            found.remove(0);
        }
        Ok((found, more))
    };
    let newer = |tx: &mut Tx<'_>, after: u64, limit: u32| -> Result<(Vec<MessageRecord>, bool)> {
        let select = Select {
            limit: limit + 1,
            ..select
        };
        let mut found = messages::page(tx, room, select, Bound::After(after))?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        Ok((found, more))
    };
    let beyond = room.record.seq + 1;
    let (records, has_older, has_newer) = match around {
        Around::Newest => {
            let (records, has_older) = older(tx, beyond, select.limit)?;
            (records, has_older, false)
        }
        Around::Before(seq) => {
            let (records, has_older) = older(tx, seq.min(beyond), select.limit)?;
            (records, has_older, seq < beyond)
        }
        Around::After(seq) => {
            let (records, has_newer) = newer(tx, seq, select.limit)?;
            (records, seq >= select.visible_from, has_newer)
        }
        Around::Seq(seq) => {
            let before = select.limit / 2;
            let (mut records, has_older) = older(tx, seq, before)?;
            let rest = select.limit - before;
            let (after, has_newer) = newer(tx, seq.saturating_sub(1), rest)?;
            records.extend(after);
            (records, has_older, has_newer)
        }
    };
    Ok(Records {
        records,
        has_older,
        has_newer,
    })
}

/// The message, if the viewer may see it.
pub(super) fn visible(
    tx: &mut Tx<'_>,
    viewer: Viewer<'_>,
    room: &StoredRoom,
    seq: u64,
) -> Result<MessageRecord> {
    if seq < viewer.visible_from() {
        return Err(Refusal::NotFound.into());
    }
    let record = messages::by_seq(tx, room, seq)?.ok_or(Refusal::NotFound)?;
    if record.message_type.is_order_news() && !viewer.sees_order() {
        return Err(Refusal::NotFound.into());
    }
    Ok(record)
}

fn standing(ctx: &Context, record: &MessageRecord) -> Standing {
    Standing {
        message_type: record.message_type,
        deleted: record.deleted_at.is_some(),
        own: record
            .sender
            .as_ref()
            .is_some_and(|sender| sender.person.key == ctx.user),
        sent_at: record.at,
    }
}

fn receipts_for(
    tx: &mut Tx<'_>,
    viewer: Viewer<'_>,
    room: &StoredRoom,
    record: &MessageRecord,
) -> Result<Option<Vec<ReceiptView>>> {
    let sender = record.sender.as_ref().map(|sender| sender.person.key);
    if !viewer.sees_identities() && sender != Some(viewer.user) {
        return Ok(None);
    }
    // With those who ended: what they read stays read.
    let everybody = Page::After(0);
    let mut others = participants::page(tx, room.record.key, everybody, true, EVERYBODY)?;
    others.retain(|one| Some(one.person.key) != sender);
    let keys: Vec<i64> = others.iter().map(|participant| participant.key).collect();
    let times = receipts::of_message(tx, &keys, record.seq)?;
    let sees = |one: &ParticipantRecord| one.is_active() && one.visible_from <= record.seq;
    let told = others
        .iter()
        .zip(times)
        .filter(|(one, (_, delivered_at, _))| sees(one) || delivered_at.is_some());
    let receipts = told.map(|(participant, (_, delivered_at, read_at))| {
        let name = shown_name(viewer, &participant.person, participant.role);
        ReceiptView {
            participant: participant.id,
            name,
            delivered_at,
            read_at,
        }
    });
    Ok(Some(receipts.collect()))
}

fn write_edit(
    tx: &mut Tx<'_>,
    ctx: &Context,
    room: &mut StoredRoom,
    record: &MessageRecord,
    content: &str,
) -> Result<()> {
    let mut scribe = Scribe::of(ctx);
    let text = Text {
        salt: random::bytes(),
        body: content.to_owned(),
        file: None,
        metadata: record
            .metadata
            .clone()
            .map(|metadata| Value::Object(metadata).to_string()),
        client_key: record.client_message_id.clone(),
        request: None,
    };
    let version = scribe.message(room, EventKind::MessageEdited, record.seq, text);
    let appended = scribe.finish_placed(tx, room)?;
    let place = place_of(&appended, version)?;
    let at = room.record.last_activity;
    Ok(messages::edited(
        tx,
        room.record.key,
        record.seq,
        version,
        place,
        at,
    )?)
}

fn write_delete(
    tx: &mut Tx<'_>,
    ctx: &Context,
    room: &mut StoredRoom,
    record: &MessageRecord,
    why: Option<&str>,
) -> Result<()> {
    let mut scribe = Scribe::of(ctx);
    let text = Text {
        salt: random::bytes(),
        body: why.unwrap_or_default().to_owned(),
        ..Text::default()
    };
    let version = scribe.message(room, EventKind::MessageDeleted, record.seq, text);
    let appended = scribe.finish_placed(tx, room)?;
    let place = place_of(&appended, version)?;
    let (key, at) = (room.record.key, room.record.last_activity);
    messages::deleted(tx, key, record.seq, version, place, at)?;
    if record.message_type.counts_as_unread() {
        let sender = record.sender.as_ref().map_or(0, |sender| sender.person.key);
        let news = record.message_type.is_order_news();
        participants::deleted(tx, key, sender, record.seq, news)?;
    }
    Ok(())
}
