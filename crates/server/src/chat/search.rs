//! Search in messages. The store says which may be meant, newest first; here each is held against
//! what was asked for, and against the caller's rights as they are now.
//!
//! A request looks at a bounded number of messages. When they were not enough for a page, the page
//! is short and `next` goes on: what the caller may not see never ends a list.

mod plan;
mod rooms;

use std::collections::HashMap;
use std::ops::Range;

use orderchat_domain::message::MessageType;
use orderchat_domain::project::{MessageRecord, MessageView};
use orderchat_domain::search::{Query, SHORT_REACH};
use orderchat_domain::{ParticipantId, RoomId, UserId};
pub(crate) use orderchat_store::follow::Position;
use orderchat_store::search::{Chunk, Document, Walk};
use orderchat_store::{Tx, messages};

use super::access::Scene;
use super::{Chat, Context, Result};
use plan::{Plan, Sender};
use rooms::Rooms;

/// Messages that a request looks at, and rooms that it asks for, at most; it ends with the chunk
/// that reaches either.
const EXAMINED: usize = 4_000;
const ROOMS_ASKED: usize = 1_000;

/// What is searched for.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(crate) query: Query,
    pub(crate) room: Option<RoomId>,
    pub(crate) message_type: Option<MessageType>,
    pub(crate) sender: Option<By>,
    /// When it was sent, in milliseconds since 1970.
    pub(crate) sent: Range<i64>,
    pub(crate) has_file: bool,
    pub(crate) after: Option<Place>,
    pub(crate) limit: u32,
}

/// Whose messages.
#[derive(Clone, Debug)]
pub(crate) enum By {
    Participant(ParticipantId),
    /// For those who see the shop's ids, and for oneself.
    User(UserId),
}

/// Where a search goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) before: Position,
    /// Messages of the caller's rooms that a short query has looked at.
    pub(crate) seen: u32,
}

/// Messages that were found, newest first.
#[derive(Clone, Debug)]
pub(crate) struct SearchPage {
    pub(crate) messages: Vec<MessageView>,
    pub(crate) next: Option<Place>,
}

/// A message that was found, and where the list goes on after it.
struct Hit {
    room: i64,
    record: MessageRecord,
    after: Place,
}

struct Found {
    hits: Vec<Hit>,
    scenes: HashMap<i64, Scene>,
    next: Option<Place>,
}

impl Chat {
    /// The caller's messages that contain what is searched for, or belong to an order or a room
    /// whose number or code begins so; newest first.
    pub(crate) async fn search(&self, ctx: &Context, search: Search) -> Result<SearchPage> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let found = self.read(move |tx| chat.find(tx, &asked, &search)).await?;
        let shown: Vec<(&Scene, &MessageRecord)> = found
            .hits
            .iter()
            .filter_map(|hit| Some((found.scenes.get(&hit.room)?, &hit.record)))
            .collect();
        self.note_readings(ctx, shown.iter().map(|(scene, _)| *scene))
            .await?;
        let messages = shown
            .iter()
            .map(|(scene, record)| self.show_message(ctx, scene, record, None));
        Ok(SearchPage {
            messages: messages.collect(),
            next: found.next,
        })
    }

    fn find(&self, tx: &mut Tx<'_>, ctx: &Context, search: &Search) -> Result<Found> {
        let mut rooms = Rooms::new(self, ctx);
        let Some(plan) = Plan::of(tx, &mut rooms, search)? else {
            return Ok(Found {
                hits: Vec::new(),
                scenes: HashMap::new(),
                next: None,
            });
        };
        let mut finder = Finder {
            search,
            rooms,
            sender: plan.sender,
            named: plan.named,
            seen: search.after.map_or(0, |place| place.seen),
            hits: Vec::new(),
        };
        let next = finder.go(tx, plan.walk)?;
        Ok(Found {
            hits: finder.hits,
            scenes: finder.rooms.into_scenes(),
            next,
        })
    }
}

/// A search under way.
struct Finder<'a> {
    search: &'a Search,
    rooms: Rooms<'a>,
    sender: Option<Sender>,
    /// Messages of rooms that the query names, newest first.
    named: Vec<Document>,
    seen: u32,
    hits: Vec<Hit>,
}

impl Finder<'_> {
    /// Walks until the page is full, all is seen, or enough was done; where the list goes on.
    fn go(&mut self, tx: &mut Tx<'_>, mut walk: Walk) -> Result<Option<Place>> {
        let limit = self.search.limit as usize;
        let (mut examined, known) = (0, self.rooms.asked());
        while let Some(chunk) = walk.next(tx)? {
            examined += chunk.documents.len();
            let reached = chunk.reached;
            let documents = self.with_named(chunk);
            let all_seen = self.take(tx, documents)?;
            if self.hits.len() > limit {
                return Ok(self.cut(limit));
            }
            if all_seen {
                break;
            }
            if examined >= EXAMINED || self.rooms.asked() >= known + ROOMS_ASKED {
                let (before, seen) = (reached, self.seen);
                return Ok(Some(Place { before, seen }));
            }
        }
        let rest = std::mem::take(&mut self.named);
        self.take(tx, rest)?;
        Ok(self.cut(limit))
    }

    /// Cuts what was found to a page; where the list goes on if there was more.
    fn cut(&mut self, limit: usize) -> Option<Place> {
        let more = self.hits.len() > limit;
        self.hits.truncate(limit);
        self.hits.last().map(|hit| hit.after).filter(|_| more)
    }

    /// Puts in the messages of named rooms that stand where the chunk does.
    fn with_named(&mut self, chunk: Chunk) -> Vec<Document> {
        let count = self
            .named
            .partition_point(|document| document.at >= chunk.reached);
        if count == 0 {
            return chunk.documents;
        }
        let mut documents = chunk.documents;
        documents.extend(self.named.drain(..count));
        documents.sort_by_key(|document| std::cmp::Reverse(document.at));
        documents.dedup_by_key(|document| document.at);
        documents
    }

    /// Keeps those that are meant and that the caller may see; `true` when a short query has seen
    /// all it looks at.
    fn take(&mut self, tx: &mut Tx<'_>, documents: Vec<Document>) -> Result<bool> {
        let short = self.search.query.is_short();
        let fits: Vec<bool> = documents.iter().map(|one| self.fits(one)).collect();
        // A short query counts the messages of the caller's rooms, whatever they say.
        let wanted = documents.iter().zip(&fits);
        let wanted = wanted.filter(|(_, fits)| short || **fits);
        self.rooms.ask(tx, wanted.map(|(one, _)| one.room))?;
        let (mut kept, mut all_seen) = (Vec::new(), false);
        for (document, fits) in documents.into_iter().zip(fits) {
            let by_identity = self.sender.is_some_and(|sender| sender.by_identity);
            if !self.rooms.shows(&document, by_identity) {
                continue;
            }
            if short && !self.rooms.is_named(document.room) {
                if self.seen >= SHORT_REACH {
                    all_seen = true;
                    continue;
                }
                self.seen += 1;
            }
            if fits {
                let (before, seen) = (document.at, self.seen);
                kept.push((document, Place { before, seen }));
            }
        }
        self.load(tx, kept)?;
        Ok(all_seen)
    }

    /// Whether the message is what was asked for, as far as its text and sender tell.
    fn fits(&self, document: &Document) -> bool {
        let search = self.search;
        search
            .message_type
            .is_none_or(|wanted| wanted == document.message_type)
            && (!search.has_file || document.message_type.is_media())
            && self.sender.is_none_or(|sender| sender.wrote(document))
            && (search.query.is_in(&document.body) || self.rooms.is_named(document.room))
    }

    fn load(&mut self, tx: &mut Tx<'_>, kept: Vec<(Document, Place)>) -> Result<()> {
        let places: Vec<(i64, u64)> = kept.iter().map(|(one, _)| (one.room, one.seq)).collect();
        let mut records = messages::across(tx, &self.rooms.stored(), &places)?;
        for (document, after) in kept {
            let record = records.remove(&(document.room, document.seq));
            let sent = |record: &MessageRecord| self.search.sent.contains(&record.at.0);
            if let Some(record) =
                record.filter(|record| record.deleted_at.is_none() && sent(record))
            {
                self.hits.push(Hit {
                    room: document.room,
                    record,
                    after,
                });
            }
        }
        Ok(())
    }
}
