//! Receipts: how far the caller has received and read.

use orderchat_domain::news::{News, ReceiptNews};
use orderchat_domain::permission::Action;
use orderchat_domain::project::{MessageView, ParticipantRecord, RoomView};
use orderchat_domain::receipt::{Frontier, Mark, Unread};
use orderchat_domain::room::check_receipts;
use orderchat_domain::{Millis, Refusal, RoomId};
use orderchat_store::receipts::Advance;
pub(crate) use orderchat_store::receipts::Kind;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{Tx, log, participants, receipts, rooms};

use super::access::{Scene, enter_locked, rights_of};
use super::members::not_in_it;
use super::messages::visible;
use super::rooms::Seen;
use super::{Chat, Context, Result};

/// Up to where: a seq of the room, or everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpTo {
    Seq(u64),
    Head,
}

impl Chat {
    /// Acknowledges that a message, and everything up to it, was received or read.
    pub(crate) async fn acknowledge(
        &self,
        ctx: &Context,
        id: &str,
        kind: Kind,
    ) -> Result<MessageView> {
        let (room, seq) = self.message_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, record) = self
            .write(Some(room), move |tx| {
                let scene = chat.advance(tx, &asked, room, kind, UpTo::Seq(seq))?;
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

    /// Marks the whole room as read.
    pub(crate) async fn read_room(&self, ctx: &Context, room: RoomId) -> Result<RoomView> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let seen = self
            .write(Some(room), move |tx| {
                let scene = chat.advance(tx, &asked, room, Kind::Read, UpTo::Head)?;
                Ok(Seen::of(tx, scene)?)
            })
            .await?;
        Ok(self.show(ctx, seen))
    }

    /// Acknowledges that everything up to this seq was received or read.
    pub(crate) async fn mark(
        &self,
        ctx: &Context,
        room: RoomId,
        kind: Kind,
        seq: u64,
    ) -> Result<()> {
        let (chat, asked) = (self.clone(), ctx.clone());
        self.write(Some(room), move |tx| {
            chat.advance(tx, &asked, room, kind, UpTo::Seq(seq))
                .map(drop)
        })
        .await
    }

    /// Moves the caller's watermark, if that is an advance. Receipts are state, not history: they
    /// are not in the room log.
    fn advance(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Context,
        room: RoomId,
        kind: Kind,
        up_to: UpTo,
    ) -> Result<Scene> {
        let mut scene = enter_locked(tx, self.policy(), ctx, room, Action::ReadRoom)?;
        if let UpTo::Seq(seq) = up_to {
            check_seq(self, ctx, &scene, seq)?;
        }
        let Some(mut own) = scene.active().cloned() else {
            return Err(not_in_it().into());
        };
        check_receipts(scene.room.record.status)?;
        let seq = match up_to {
            UpTo::Seq(seq) => seq,
            UpTo::Head => scene.room.record.seq,
        };
        let mut marking = Marking::new(ctx.now);
        if move_marks(tx, &mut marking, &mut scene.room, &mut own, kind, seq)? {
            receipts::add(tx, &marking.advances)?;
            let readable = rights_of(
                self.policy(),
                &own,
                scene.room.record.circumstances(ctx.now),
            )
            .read;
            participants::update(tx, &own, readable)?;
            scene.own = Some(own);
        }
        Ok(scene)
    }
}

/// What lies beyond the head is no message yet; what lies before what one sees does not exist.
fn check_seq(chat: &Chat, ctx: &Context, scene: &Scene, seq: u64) -> Result<()> {
    if seq < chat.viewer(ctx, scene.own.as_ref()).visible_from() {
        return Err(Refusal::NotFound.into());
    }
    let head = scene.room.record.seq;
    if seq > head {
        return Err(Refusal::invalid("/seq", format!("{seq} is beyond the room's {head}")).into());
    }
    Ok(())
}

/// Receipts on their way into the store.
#[derive(Debug)]
pub(super) struct Marking {
    now: Millis,
    /// To be added by whoever moves marks.
    pub(super) advances: Vec<Advance>,
}

impl Marking {
    pub(super) const fn new(now: Millis) -> Self {
        Self {
            now,
            advances: Vec::new(),
        }
    }

    /// Notes that the mark moved; `true` when the frontier did, too.
    fn advance(
        &mut self,
        room: i64,
        own: &ParticipantRecord,
        kind: Kind,
        seq: u64,
        frontier: &mut Frontier,
    ) -> bool {
        let (next, ahead) = frontier.advance(own.key, seq);
        *frontier = next;
        let moved = ahead.is_some();
        let mark = Mark {
            participant: own.key,
            visible_from: own.visible_from,
            seq,
            at: self.now,
        };
        self.advances.push(Advance {
            room,
            kind,
            mark,
            moved,
        });
        moved
    }
}

/// Moves the marks of `own` up to the seq, if that is an advance: `true` when one moved. The caller
/// stores the advances and `own`.
pub(super) fn move_marks(
    tx: &mut Tx<'_>,
    marking: &mut Marking,
    room: &mut StoredRoom,
    own: &mut ParticipantRecord,
    kind: Kind,
    seq: u64,
) -> Result<bool> {
    let before = own.marks;
    own.marks = match kind {
        Kind::Delivered => before.with_delivered(seq),
        Kind::Read => before.with_read(seq),
    };
    if own.marks == before {
        return Ok(false);
    }
    let (key, marks, mut moved) = (room.record.key, own.marks, false);
    if marks.delivered > before.delivered {
        let (kind, frontier) = (Kind::Delivered, &mut room.delivered);
        moved |= marking.advance(key, own, kind, marks.delivered, frontier);
    }
    if marks.read > before.read {
        own.unread = unread_after(tx, room, own, before.read)?;
        moved |= marking.advance(key, own, Kind::Read, marks.read, &mut room.read);
    }
    if moved {
        rooms::set_frontiers(tx, key, room.delivered, room.read)?;
    }
    tx.announce(News::Receipt(ReceiptNews {
        room: room.record.id,
        participant: own.id,
        user: own.person.key,
        delivered_seq: own.marks.delivered,
        read_seq: own.marks.read,
        at: marking.now,
    }));
    Ok(true)
}

/// What unread counts from once the mark has moved. Nothing is counted up to the head; up to a
/// message before it, only what the mark passed.
fn unread_after(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    own: &ParticipantRecord,
    read_before: u64,
) -> Result<Unread> {
    let (key, read) = (room.record.key, own.marks.read);
    if read >= room.record.seq {
        return Ok(Unread {
            read_ordinal: room.record.ordinal,
            read_news: room.record.news,
            ..Unread::default()
        });
    }
    let from = read_before.max(own.visible_from.saturating_sub(1));
    let (sent, deleted) = receipts::passed(tx, key, (from, read), own.person.key, own.guest)?;
    Ok(Unread {
        room_ordinal: 0,
        read_ordinal: own.unread.read_ordinal.max(log::ordinal_at(tx, key, read)?),
        read_news: own.unread.read_news.max(log::news_up_to(tx, key, read)?),
        own_after: own.unread.own_after.saturating_sub(sent),
        deleted_after: own.unread.deleted_after.saturating_sub(deleted),
    })
}
