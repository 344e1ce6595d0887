//! The room log: every entry is appended here and nowhere else, chained to the one before.

use orderchat_domain::event::{EventKind, Hash, Link, MessageLink, text_digest};
use orderchat_domain::message::MessageType;
use orderchat_domain::news::{Fresh, LogNews, NewEntry, News};
use orderchat_domain::{MessageId, Millis};
use std::collections::HashMap;

use crate::rooms::StoredRoom;
use crate::row::Row;
use crate::sql::statements;
use crate::value::{Value, values};
use crate::{Result, StoreError, Tx, participants, sabotage};

statements! {
    INSERT (room: Int, seq: Int, kind: Text, at: Int, actor: Int, actor_role: Text, subject: Int,
            ordinal: Int, message_id: Bytes, message_type: Text, reply_to: Int, key_hash: Bytes,
            digest: Bytes, chain: Bytes) =
        "INSERT INTO log (room, seq, kind, at, actor, actor_role, subject, ordinal, message_id,
            message_type, reply_to, key_hash, digest, chain)
         SELECT i.room, i.seq, i.kind, i.at, i.actor, i.actor_role, i.subject, i.ordinal,
            i.message_id, i.message_type, i.reply_to, i.key_hash, i.digest, i.chain
         FROM {rows} RETURNING room, seq, g";
    INSERT_TEXT (g: Int, salt: Bytes, body: Text, metadata: Text, client_key: Text, request: Bytes,
            file: Text) =
        "INSERT INTO entry_text (g, salt, body, metadata, client_key, request, file)
         SELECT i.g, i.salt, i.body, i.metadata, i.client_key, i.request, i.file FROM {rows}";
    // PostgreSQL: finds the entries' places by itself, so that nobody has to wait for them.
    INSERT_TEXT_OF (room: Int, seq: Int, salt: Bytes, body: Text, metadata: Text, client_key: Text,
            request: Bytes, file: Text) =
        "INSERT INTO entry_text (g, salt, body, metadata, client_key, request, file)
         SELECT l.g, i.salt, i.body, i.metadata, i.client_key, i.request, i.file
         FROM {rows} JOIN log l ON l.room = i.room AND l.seq = i.seq";
    SET_HEAD (room: Int, seq: Int, chain: Bytes, last_at: Int, ordinal: Int, news: Int,
            message_count: Int, last_message: Int, last_said: Int) =
        "UPDATE room_head SET seq = i.seq, chain = i.chain, last_at = i.last_at,
            ordinal = i.ordinal, news = i.news, message_count = i.message_count,
            last_message = i.last_message, last_said = i.last_said
         FROM {rows} WHERE room_head.room = i.room";
    NEWS_UP_TO = "SELECT COUNT(*) FROM log l WHERE l.room = $1 AND l.seq <= $2
        AND l.message_type IN ('order_update', 'delivery_update')";
    ORDINAL_AT = "SELECT l.ordinal FROM log l WHERE l.room = $1 AND l.seq <= $2
        ORDER BY l.seq DESC LIMIT 1";
}

/// What people wrote with an entry, or why they did it; kept apart from the chain.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// 16 random bytes; the digest in the chain hangs on them.
    pub salt: [u8; 16],
    pub body: String,
    /// As JSON text.
    pub metadata: Option<String>,
    /// Of a message with a file, as JSON text.
    pub file: Option<String>,
    pub client_key: Option<String>,
    /// The salted digest of the request before masking.
    pub request: Option<Hash>,
}

/// What a `message.created` entry has beside.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub id: MessageId,
    pub message_type: MessageType,
    pub reply_to: Option<u64>,
    pub key_hash: Option<Hash>,
}

/// Who acts: an internal user key and the role they act in; 0 and empty for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    pub user: i64,
    pub role: &'static str,
}

impl Actor {
    pub const SERVER: Self = Self { user: 0, role: "" };
}

/// An entry to be appended.
#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: EventKind,
    pub actor: Actor,
    /// The seq of a message, the key of a participant, 0 for the room and the order.
    pub subject: u64,
    pub text: Text,
    pub message: Option<NewMessage>,
}

struct Prepared {
    room: i64,
    seq: u64,
    at: Millis,
    ordinal: u64,
    digest: Hash,
    chain: Hash,
    entry: Entry,
    /// What those who hear of it are told beside.
    user: Option<i64>,
    fresh: Option<Fresh>,
}

/// An entry that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    pub room: i64,
    pub seq: u64,
    pub g: i64,
    pub kind: EventKind,
}

/// Entries on their way into the log, of one room or many. The rooms must be locked.
#[derive(Default)]
pub struct Appender {
    entries: Vec<Prepared>,
    heads: Vec<StoredRoom>,
}

impl std::fmt::Debug for Appender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Appender")
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

impl Appender {
    /// Appends to the room: gives the entry its seq, time and link, and moves the room's head.
    /// Times never run backwards within a room.
    pub fn append(&mut self, room: &mut StoredRoom, now: Millis, mut entry: Entry) -> u64 {
        let record = &mut room.record;
        record.seq += u64::from(!sabotage::reuses_seq());
        record.last_activity = record.last_activity.max(now);
        let seq = record.seq;
        if let Some(message) = &entry.message {
            record.message_count += 1;
            record.ordinal += u64::from(message.message_type.counts_as_unread());
            room.last_message = Some(seq);
            if message.message_type.is_order_news() {
                record.news += 1;
            } else {
                room.last_said = Some(seq);
            }
            entry.subject = seq;
        }
        let metadata = entry.text.metadata.as_deref().unwrap_or_default();
        let file = entry.text.file.as_deref().unwrap_or_default();
        let digest = text_digest(&entry.text.salt, &entry.text.body, metadata, file);
        let link = Link {
            room: record.id,
            seq,
            kind: entry.kind,
            at: record.last_activity,
            actor: entry.actor.user,
            actor_role: entry.actor.role,
            subject: entry.subject,
            digest,
            message: entry.message.as_ref().map(|message| MessageLink {
                id: message.id,
                message_type: message.message_type,
                reply_to: message.reply_to,
            }),
        };
        room.chain = link.after(&room.chain);
        self.entries.push(Prepared {
            room: record.key,
            seq,
            at: record.last_activity,
            ordinal: record.ordinal,
            digest,
            chain: room.chain,
            entry,
            user: None,
            fresh: None,
        });
        seq
    }

    /// The user whom the last entry happened to, for those who hear of it.
    pub fn happened_to(&mut self, user: i64) {
        if let Some(last) = self.entries.last_mut() {
            last.user = Some(user);
        }
    }

    /// What the last entry is about, for those who hear of it: spares reading it again.
    pub fn show(&mut self, fresh: Fresh) {
        if let Some(last) = self.entries.last_mut() {
            last.fresh = Some(fresh);
        }
    }

    /// The room's head is to be stored as it is after these appends.
    pub fn finish(&mut self, room: &StoredRoom) {
        let key = room.record.key;
        // The newest is asked first: who appends twice to a room mostly does so at once.
        match self
            .heads
            .iter_mut()
            .rev()
            .find(|head| head.record.key == key)
        {
            Some(head) => head.clone_from(room),
            None => self.heads.push(room.clone()),
        }
    }

    /// Writes everything. On PostgreSQL all of it goes with what is asked next, or with the commit.
    ///
    /// # Errors
    /// As any write.
    pub fn flush(self, tx: &mut Tx<'_>) -> Result<()> {
        if tx.as_sqlite().is_some() {
            return self.flush_placed(tx).map(drop);
        }
        tx.execute_rows(&INSERT, &self.rows())?;
        let texts = self.entries.iter().map(|prepared| {
            let text = &prepared.entry.text;
            values![
                prepared.room,
                prepared.seq,
                &text.salt,
                &text.body,
                text.metadata.as_ref(),
                text.client_key.as_ref(),
                text.request.as_ref(),
                text.file.as_ref()
            ]
        });
        tx.execute_rows(&INSERT_TEXT_OF, &texts.collect::<Vec<_>>())?;
        self.write_heads(tx)?;
        self.announce(tx);
        Ok(())
    }

    /// [`Appender::flush`], and gives the places of the entries, for which PostgreSQL is waited for.
    ///
    /// # Errors
    /// As any write.
    pub fn flush_placed(self, tx: &mut Tx<'_>) -> Result<Vec<Appended>> {
        let appended = self.write_entries(tx)?;
        self.write_heads(tx)?;
        self.announce(tx);
        Ok(appended)
    }

    fn write_heads(&self, tx: &mut Tx<'_>) -> Result<()> {
        let heads: Vec<_> = self
            .heads
            .iter()
            .map(|room| {
                let record = &room.record;
                values![
                    record.key,
                    record.seq,
                    &room.chain,
                    record.last_activity,
                    record.ordinal,
                    record.news,
                    record.message_count,
                    room.last_message,
                    room.last_said
                ]
            })
            .collect();
        tx.execute_rows(&SET_HEAD, &heads)?;
        self.note_unread(tx)
    }

    /// Lets those who follow the rooms hear of the entries.
    fn announce(self, tx: &mut Tx<'_>) {
        let mut entries: HashMap<i64, Vec<NewEntry>> = HashMap::with_capacity(self.heads.len());
        for prepared in self.entries {
            entries.entry(prepared.room).or_default().push(NewEntry {
                seq: prepared.seq,
                kind: prepared.entry.kind,
                at: prepared.at,
                user: prepared.user,
                fresh: prepared.fresh,
            });
        }
        for StoredRoom { record: room, .. } in self.heads {
            if let Some(entries) = entries.remove(&room.key) {
                tx.announce(News::Log(Box::new(LogNews { room, entries })));
            }
        }
    }

    /// Who had read everything has something unread now.
    fn note_unread(&self, tx: &mut Tx<'_>) -> Result<()> {
        let counts = |prepared: &&Prepared| {
            let message = prepared.entry.message.as_ref();
            message.is_some_and(|message| message.message_type.counts_as_unread())
        };
        let mut written: Vec<_> = self
            .entries
            .iter()
            .filter(counts)
            .map(|prepared| (prepared.room, prepared.entry.actor.user))
            .collect();
        written.sort_unstable();
        written.dedup();
        participants::have_unread(tx, &written)
    }

    /// The entries as [`INSERT`] takes them.
    fn rows(&self) -> Vec<[Value<'_>; 14]> {
        self.entries
            .iter()
            .map(|prepared| {
                let entry = &prepared.entry;
                let message = entry.message.as_ref();
                values![
                    prepared.room,
                    prepared.seq,
                    entry.kind.as_str(),
                    prepared.at,
                    entry.actor.user,
                    entry.actor.role,
                    entry.subject,
                    prepared.ordinal,
                    message.map(|message| &message.id.0),
                    message.map(|message| message.message_type.as_str()),
                    message.and_then(|message| message.reply_to),
                    message.and_then(|message| message.key_hash.as_ref()),
                    &prepared.digest,
                    &prepared.chain
                ]
            })
            .collect()
    }

    fn write_entries(&self, tx: &mut Tx<'_>) -> Result<Vec<Appended>> {
        let mut placed = Vec::with_capacity(self.entries.len());
        for mut row in tx.query_rows(&INSERT, &self.rows())? {
            let key: (i64, u64) = (row.take()?, row.take()?);
            placed.push((key, row.take::<i64>()?));
        }
        // In their order, as it happens; nobody promises it.
        let place = |at: usize, prepared: &Prepared| {
            let key = (prepared.room, prepared.seq);
            let here = placed.get(at).filter(|(place, _)| *place == key);
            let found = here.or_else(|| placed.iter().find(|(place, _)| *place == key));
            found.map(|(_, g)| *g).ok_or(StoreError::Conflict)
        };
        let mut appended = Vec::with_capacity(self.entries.len());
        let mut texts = Vec::with_capacity(self.entries.len());
        for (at, prepared) in self.entries.iter().enumerate() {
            let g = place(at, prepared)?;
            let text = &prepared.entry.text;
            texts.push(values![
                g,
                &text.salt,
                &text.body,
                text.metadata.as_ref(),
                text.client_key.as_ref(),
                text.request.as_ref(),
                text.file.as_ref()
            ]);
            let kind = prepared.entry.kind;
            appended.push(Appended {
                room: prepared.room,
                seq: prepared.seq,
                g,
                kind,
            });
        }
        tx.execute_rows(&INSERT_TEXT, &texts)?;
        Ok(appended)
    }
}

/// An entry as read back, without what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    pub seq: u64,
    pub kind: EventKind,
    pub at: Millis,
    /// Internal user key, 0 for the server.
    pub actor: i64,
    pub actor_role: String,
    pub subject: u64,
    pub message_type: Option<MessageType>,
}

/// What [`read`] takes of an entry.
macro_rules! entry {
    () => {
        "l.seq, l.kind, l.at, l.actor, l.actor_role, l.subject, l.message_type"
    };
}
pub(crate) use entry;

pub(crate) fn read(row: &mut Row) -> Result<LogEntry> {
    let seq = row.take()?;
    let kind: String = row.take()?;
    let kind = EventKind::parse(&kind)
        .ok_or_else(|| StoreError::Corrupt("an unknown kind of event".to_owned()))?;
    Ok(LogEntry {
        seq,
        kind,
        at: row.take()?,
        actor: row.take()?,
        actor_role: row.take()?,
        subject: row.take()?,
        message_type: row
            .take::<Option<String>>()?
            .as_deref()
            .and_then(MessageType::parse),
    })
}

/// How many messages that count as unread there are up to and with this seq.
///
/// # Errors
/// As any read.
pub fn ordinal_at(tx: &mut Tx<'_>, room: i64, seq: u64) -> Result<u64> {
    match tx.query_opt(&ORDINAL_AT, &values![room, seq])? {
        Some(mut row) => row.take(),
        None => Ok(0),
    }
}

/// How many messages about the order there are up to and with this seq. A room has few of them.
///
/// # Errors
/// As any read.
pub fn news_up_to(tx: &mut Tx<'_>, room: i64, seq: u64) -> Result<u64> {
    match tx.query_opt(&NEWS_UP_TO, &values![room, seq])? {
        Some(mut row) => row.take(),
        None => Ok(0),
    }
}
