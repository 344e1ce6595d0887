//! What live connections ask of the commands: rooms to follow, their logs, summaries of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use orderchat_domain::capabilities::Capabilities;
use orderchat_domain::news::ReceiptNews;
use orderchat_domain::participant::Ended;
use orderchat_domain::permission::{Action, Reach};
use orderchat_domain::project::{EventRecord, ParticipantRecord, RoomRecord, RoomView};
use orderchat_domain::{Millis, RoomId};
use orderchat_store::Tx;
use orderchat_store::live;
pub(crate) use orderchat_store::live::Place;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::{messages, rooms};

use super::access::enter;
use super::events::entries;
use super::rooms::Seen;
use super::{Chat, Context, Result};

/// Entries of a log that are read at once.
const PAGE: u32 = 200;
/// Rooms of a user whose others are told that they came online.
const PLACES: u32 = 200;

/// From where on a room is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// From now on.
    Head,
    /// After this seq.
    After(u64),
    /// All that the caller may see.
    Visible,
}

/// What becomes of a room in a list.
#[derive(Clone, Debug)]
pub(crate) enum Listed {
    Room(Box<RoomView>),
    Deleted(RoomId),
}

/// A room that is followed, and a part of its log.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    pub(crate) room: RoomRecord,
    /// The caller's participant, active or ended.
    pub(crate) own: Option<Arc<ParticipantRecord>>,
    pub(crate) capabilities: Capabilities,
    /// The first seq that the caller may see.
    pub(crate) visible_from: u64,
    pub(crate) events: Vec<EventRecord>,
    /// The log after the events has nothing.
    pub(crate) all: bool,
    /// With `all`: how far everybody in the room is.
    pub(crate) marks: Vec<ReceiptNews>,
}

/// A room's log for whoever may read it.
#[derive(Clone, Debug)]
pub(crate) struct LogPart {
    pub(crate) room: RoomRecord,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) all: bool,
}

impl Chat {
    /// The room as somebody begins to follow it, or goes on with: how they stand to it, and the next
    /// part of its log.
    pub(crate) async fn follow(&self, ctx: &Context, room: RoomId, from: From) -> Result<Followed> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, followed) = self
            .read(move |tx| {
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
                let visible_from = chat.viewer(&asked, scene.own.as_ref()).visible_from();
                let head = scene.room.record.seq;
                let after = match from {
                    From::Head => head,
                    From::After(seq) => seq.max(visible_from - 1),
                    From::Visible => visible_from - 1,
                };
                let events = if after < head {
                    entries(tx, &scene.room, after, PAGE)?
                } else {
                    Vec::new()
                };
                let up_to = events.last().map_or(after, |event| event.seq);
                let marks = if from == From::Head || up_to < head {
                    Vec::new()
                } else {
                    marks(tx, &scene.room.record, asked.now)?
                };
                let followed = Followed {
                    room: scene.room.record.clone(),
                    own: scene.own.clone().map(Arc::new),
                    capabilities: Capabilities::of(&scene.situation(chat.policy(), &asked)),
                    visible_from,
                    events,
                    all: up_to >= head,
                    marks,
                };
                Ok((scene, followed))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        Ok(followed)
    }

    /// Rooms that the caller follows without asking, at most `limit`, after the one with this key; and
    /// the key after which to ask for more, if there may be more.
    pub(crate) async fn rooms_to_follow(
        &self,
        ctx: &Context,
        after: i64,
        limit: u32,
    ) -> Result<(Vec<RoomId>, Option<i64>)> {
        let user = ctx.user;
        let found = self
            .look(move |tx| Ok(live::rooms_of(tx, user, after, limit)?))
            .await?;
        let last = found.last().map(|(key, _)| *key);
        let more = last.filter(|_| found.len() >= limit as usize);
        let mut rooms: Vec<_> = found.into_iter().map(|(_, room)| room).collect();
        if let Some(good_for) = self.good_for(&ctx.caller).await? {
            rooms.retain(|room| *room == good_for);
        }
        Ok((rooms, more))
    }

    /// Rooms as lists show them: for each who is to be shown some of them, those that they reach, and
    /// those that were deleted. Read for all of them together.
    pub(crate) async fn summaries(
        &self,
        wanted: Vec<(Context, Vec<RoomId>)>,
    ) -> Result<Vec<Vec<Listed>>> {
        let chat = self.clone();
        self.read(move |tx| {
            let ids: HashSet<RoomId> = wanted.iter().flat_map(|(_, ids)| ids).copied().collect();
            let ids: Vec<_> = ids.into_iter().collect();
            let found = rooms::by_ids(tx, &ids)?;
            let by_id: HashMap<_, _> = found.iter().map(|room| (room.record.id, room)).collect();
            let of = |ids: &[RoomId]| -> Vec<&StoredRoom> {
                ids.iter().filter_map(|id| by_id.get(id).copied()).collect()
            };
            let pairs = |(ctx, ids): &(Context, Vec<RoomId>)| -> Vec<_> {
                let theirs = of(ids).into_iter();
                theirs.map(|room| (room.record.key, ctx.user)).collect()
            };
            let pairs: Vec<_> = wanted.iter().flat_map(pairs).collect();
            let known = messages::places_and_newest(tx, &found, &pairs)?;
            let mut views = Vec::with_capacity(wanted.len());
            for (ctx, ids) in &wanted {
                let listed = of(ids).into_iter().filter_map(|room| {
                    let seen = Seen::known(&known, ctx, room.clone());
                    if room.record.deleted_at.is_some() {
                        let own = seen.scene.own.as_ref();
                        let is_shut_out = own.is_some_and(|own| own.ended == Some(Ended::Blocked));
                        return (!is_shut_out).then_some(Listed::Deleted(room.record.id));
                    }
                    let is_reached = seen.scene.reach(chat.policy(), ctx) == Reach::Room;
                    is_reached.then(|| Listed::Room(Box::new(chat.show(ctx, seen))))
                });
                views.push(listed.collect());
            }
            Ok(views)
        })
        .await
    }

    /// The next part of a room's log, whoever may read it.
    pub(crate) async fn log_part(&self, room: RoomId, after: u64) -> Result<Option<LogPart>> {
        self.read(move |tx| {
            let Some(found) = rooms::by_id(tx, room)? else {
                return Ok(None);
            };
            let events = entries(tx, &found, after, PAGE)?;
            let up_to = events.last().map_or(after, |event| event.seq);
            Ok(Some(LogPart {
                all: up_to >= found.record.seq,
                room: found.record,
                events,
            }))
        })
        .await
    }

    /// The users who may read the room as its participants.
    pub(crate) async fn people_of(&self, room: RoomId) -> Result<Vec<i64>> {
        // Another node may have let them in by a policy by which this one would turn them away.
        self.follow_newest_policy().await?;
        self.read(move |tx| match rooms::by_id(tx, room)? {
            Some(found) => Ok(live::people_of(tx, found.record.key)?),
            None => Ok(Vec::new()),
        })
        .await
    }

    /// How far everybody in the room has received and read; empty when there is no such room.
    pub(crate) async fn marks_of(&self, room: RoomId, now: Millis) -> Result<Vec<ReceiptNews>> {
        self.read(move |tx| match rooms::by_id(tx, room)? {
            Some(found) => marks(tx, &found.record, now),
            None => Ok(Vec::new()),
        })
        .await
    }

    /// The user's places in rooms that are not archived, the newest of them.
    pub(crate) async fn places_of(&self, user: i64) -> Result<Vec<Place>> {
        self.look(move |tx| Ok(live::places_of(tx, user, PLACES)?))
            .await
    }

    /// See [`live::grown`].
    pub(crate) async fn grown(&self, since: Option<live::Seen>) -> Result<live::Growth> {
        self.read(move |tx| Ok(live::grown(tx, since.as_ref())?))
            .await
    }

    /// See [`live::revoked`].
    pub(crate) async fn revoked(&self, since: Option<i64>) -> Result<(i64, Vec<i64>)> {
        self.read(move |tx| Ok(live::revoked(tx, since)?)).await
    }

    /// Whether a token of the caller issued then is dead by now, as the database knows.
    pub(crate) async fn is_revoked(&self, ctx: &Context, issued_at: Millis) -> Result<bool> {
        let user = ctx.user;
        let known = self
            .look(move |tx| Ok(orderchat_store::users::by_key(tx, user)?))
            .await?;
        let revoked_at = known.and_then(|user| user.revoked_at);
        Ok(revoked_at.is_some_and(|revoked| issued_at <= revoked))
    }

    /// The caller was seen now.
    pub(crate) fn seen(&self, ctx: &Context) {
        if !ctx.caller.is_service() {
            self.0.presence.note(ctx.user, ctx.now);
        }
    }

    /// When any node saw the user last: this one as it was, another as far as it is written down,
    /// which is within a minute.
    pub(crate) async fn last_seen_anywhere(&self, user: i64) -> Result<Option<Millis>> {
        let known = self
            .look(move |tx| Ok(orderchat_store::users::by_key(tx, user)?))
            .await?;
        let written = known.and_then(|user| user.last_seen);
        Ok(written.max(self.last_seen(user)))
    }

    /// When this node saw the user last.
    pub(crate) fn last_seen(&self, user: i64) -> Option<Millis> {
        self.0.presence.last_seen(user)
    }

    /// When the caller was seen before they were [identified](Chat::identify) now, if that is known
    /// without asking: by this node, or as it was written down.
    pub(crate) fn seen_before(&self, ctx: &Context) -> Option<Millis> {
        self.last_seen(ctx.user)
            .or_else(|| self.known_last_seen(ctx))
    }
}

/// The marks of those in the room who have received anything, as told now.
fn marks(tx: &mut Tx<'_>, room: &RoomRecord, now: Millis) -> Result<Vec<ReceiptNews>> {
    let told = |one: live::Marks| ReceiptNews {
        room: room.id,
        participant: one.participant,
        user: one.user,
        delivered_seq: one.delivered_seq,
        read_seq: one.read_seq,
        at: now,
    };
    Ok(live::marks_of(tx, room.key)?
        .into_iter()
        .map(told)
        .collect())
}
