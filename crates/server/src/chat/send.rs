//! A message is sent. This is the hot path: on PostgreSQL many sends of different rooms share each
//! statement; on SQLite the writer commits them together.

use std::sync::Arc;

use orderchat_domain::attachment::{FileState, no_such_file};
use orderchat_domain::event::{EventKind, Hash, salted_digest};
use orderchat_domain::message::{Draft, IdempotencyKey, Notice};
use orderchat_domain::permission::Action;
use orderchat_domain::policy::{InForce, OrderPolicy};
use orderchat_domain::project::{
    ActorRecord, MessageRecord, MessageView, ParticipantRecord, visible_from,
};
use orderchat_domain::system::{About, completed};
use orderchat_domain::{AttachmentId, FieldError, MessageId, Refusal, RoomId, Rule};
use orderchat_store::attachments::{self, SentFile, StoredFile};
use orderchat_store::log::{Appender, Entry, NewMessage, Text};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::sends::{self, Earlier, Lookups};
use orderchat_store::threads::{self, Reply};
use orderchat_store::{Batch, Patience, Ran, StoreError, Tx, messages, participants};
use serde_json::{Map, Value};

use super::access::Scene;
use super::attachments::is_for;
use super::{Chat, ChatError, Context, Result, Scribe};
use crate::random;

/// One message to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    ctx: Context,
    room: RoomId,
    /// After the pre-send step: card numbers are masked.
    draft: Arc<Draft>,
    /// What a repeat is compared by, from before it.
    original: Vec<u8>,
    /// Of the draft's key.
    key_hash: Option<Hash>,
}

impl Request {
    /// The file that it names.
    fn attachment(&self) -> Option<AttachmentId> {
        self.draft.file.and_then(|file| file.attachment)
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    scene: Scene,
    seq: u64,
    /// `false`: an earlier send with the same key, which stands as it is.
    is_new: bool,
    /// A new message, where the database need not be asked what was given to it.
    fresh: Option<Arc<MessageRecord>>,
}

/// The answer to a send.
#[derive(Clone, Debug)]
pub(crate) struct SendAnswer {
    pub(crate) message: MessageView,
    pub(crate) notices: Vec<Notice>,
    pub(crate) is_new: bool,
}

impl Chat {
    /// Sends a message, once for each sender, room and key, however often it is asked for.
    pub(crate) async fn send(
        &self,
        ctx: &Context,
        room: RoomId,
        draft: Draft,
    ) -> Result<SendAnswer> {
        let original = draft.request();
        let (draft, notices) = draft.moderated();
        let draft = Arc::new(draft);
        let request = Request {
            ctx: ctx.clone(),
            room,
            key_hash: draft.key.as_ref().map(|key| key_hash(key.as_str())),
            draft: Arc::clone(&draft),
            original,
        };
        if let Err(full) = self.0.store.check_space()
            && !self.is_repeat(ctx, room, &draft).await?
        {
            return Err(full.into());
        }
        let sent = self.0.sends.submit(request).await?;
        let record = match &sent.fresh {
            Some(fresh) => Arc::clone(fresh),
            None => Arc::new(self.stored(&sent).await?),
        };
        let message = self.show_message(ctx, &sent.scene, &record, None);
        Ok(SendAnswer {
            message,
            notices,
            is_new: sent.is_new,
        })
    }

    /// Whether this was sent before with the same key.
    pub(crate) async fn is_repeat(
        &self,
        ctx: &Context,
        room: RoomId,
        draft: &Draft,
    ) -> Result<bool> {
        match &draft.key {
            Some(key) => self.is_key_known(ctx, room, key).await,
            None => Ok(false),
        }
    }

    /// Whether the caller has sent something in the room with this key.
    pub(crate) async fn is_key_known(
        &self,
        ctx: &Context,
        room: RoomId,
        key: &IdempotencyKey,
    ) -> Result<bool> {
        let (hash, user) = (key_hash(key.as_str()), ctx.user);
        self.read(move |tx| Ok(sends::is_known(tx, room, user, &hash)?))
            .await
    }

    /// The message as it now stands, which may be a tombstone.
    async fn stored(&self, sent: &Sent) -> Result<MessageRecord> {
        let (room, seq) = (sent.scene.room.clone(), sent.seq);
        self.read(move |tx| Ok(messages::by_seq(tx, &room, seq)?.ok_or(StoreError::Conflict)?))
            .await
    }
}

/// A message just appended to the room, without asking the database what was given to it.
fn fresh(
    request: &Request,
    scene: &Scene,
    file: Option<&StoredFile>,
    seq: u64,
    id: MessageId,
) -> MessageRecord {
    let draft = &request.draft;
    let sender = scene
        .active()
        .filter(|_| !request.ctx.caller.is_service())
        .map(|own| ActorRecord {
            participant: Some(own.id),
            person: own.person.clone(),
            role: own.role,
        });
    MessageRecord {
        id,
        room: scene.room.record.id,
        seq,
        version: seq,
        sender,
        message_type: draft.message_type,
        content: draft.content.clone(),
        metadata: metadata(draft, &scene.room),
        reply_to: None,
        reply_count: 0,
        at: scene.room.record.last_activity,
        edited_at: None,
        deleted_at: None,
        file: file.map(StoredFile::record),
        file_pending: file.is_some_and(|file| file.state == FileState::Pending),
        failed_at: None,
        delivered_at: None,
        read_at: None,
        client_message_id: draft.key.as_ref().map(|key| key.as_str().to_owned()),
    }
}

/// What is stored as the message's metadata: that of the system is typed and names its order.
fn metadata(draft: &Draft, room: &StoredRoom) -> Option<Map<String, Value>> {
    if !draft.message_type.is_system() {
        return draft.metadata.clone();
    }
    let order = &room.record.order;
    let about = About {
        order_id: order.id.as_str(),
        order_number: &order.number,
    };
    Some(completed(
        about,
        draft.message_type,
        draft.metadata.as_ref(),
    ))
}

/// The command behind [`Chat::send`], for many rooms at once.
#[derive(Debug)]
pub(crate) struct Sends {
    pub(crate) policies: Arc<InForce>,
}

/// What is decided about one request before anything is written.
enum Decision {
    Repeat(u64),
    Write {
        reply_to: Option<u64>,
        file: Option<Box<StoredFile>>,
    },
}

/// What was there before this request.
struct Before<'a> {
    earlier: Option<&'a Earlier>,
    /// The seq of the message replied to.
    target: Option<u64>,
    /// The file that the request names.
    file: Option<StoredFile>,
}

impl Batch for Sends {
    type Input = Request;
    type Output = Sent;
    type Refused = ChatError;

    fn room(&self, request: &Request) -> i64 {
        // Ids of one room are the same; two rooms that meet in these bits only wait for each other.
        request.room.0.as_u64_pair().1.cast_signed()
    }

    fn run(
        &self,
        tx: &mut Tx<'_>,
        requests: &[&Request],
        patience: Patience,
    ) -> std::result::Result<Vec<Ran<Result<Sent>>>, StoreError> {
        let mut found = look_up(tx, requests, patience)?;
        let named = requests.iter().filter_map(|request| request.attachment());
        let mut files = attachments::lock_all(tx, named)?;
        let policy = self.policies.now();
        let mut writing = Writing::default();
        let mut results = Vec::with_capacity(requests.len());
        for (place, request) in requests.iter().enumerate() {
            let room = match found.rooms.remove(&request.room) {
                Some(None) => {
                    results.push(Ran::Held);
                    continue;
                }
                room => room.flatten(),
            };
            let own = room
                .as_ref()
                .and_then(|room| found.senders.remove(&room.record.key));
            let file = request.attachment().and_then(|id| files.remove(&id));
            let before = Before {
                earlier: found.earlier.get(&place),
                target: found.targets.get(&place).copied(),
                file,
            };
            let result = self
                .scene(tx, policy, request, room, own)
                .and_then(|scene| self.one(tx, policy, request, scene, before, &mut writing));
            if let Err(ChatError::Failed(error)) = result {
                return Err(error);
            }
            results.push(Ran::Done(result));
        }
        writing.flush(tx)?;
        Ok(results)
    }
}

impl Sends {
    /// The room and the sender's place in it, or the refusal of who may not send there.
    fn scene(
        &self,
        tx: &mut Tx<'_>,
        policy: &OrderPolicy,
        request: &Request,
        room: Option<StoredRoom>,
        own: Option<ParticipantRecord>,
    ) -> Result<Scene> {
        let mut scene = Scene {
            room: room.ok_or(Refusal::NotFound)?,
            own,
        };
        scene.note_next_on_board(tx, policy)?;
        scene.permit(policy, &request.ctx, Action::SendMessage)?;
        Ok(scene)
    }

    fn one(
        &self,
        tx: &mut Tx<'_>,
        policy: &OrderPolicy,
        request: &Request,
        mut scene: Scene,
        before: Before<'_>,
        writing: &mut Writing,
    ) -> Result<Sent> {
        let (reply_to, file) = match decide(policy, request, &scene, before)? {
            Decision::Repeat(seq) => {
                return Ok(Sent {
                    scene,
                    seq,
                    is_new: false,
                    fresh: None,
                });
            }
            Decision::Write { reply_to, file } => (reply_to, file),
        };
        if scene.active().is_none() && !request.ctx.caller.is_service() {
            // Staff who send in a room they are not in join it, in the same transaction.
            let mut scribe = Scribe::of(&request.ctx);
            super::participants::join(tx, policy, &request.ctx, &mut scribe, &mut scene)?;
            scribe.finish(tx, &scene.room)?;
        }
        let (seq, fresh) = writing.append(request, &mut scene, reply_to, file.as_deref());
        Ok(Sent {
            scene,
            seq,
            is_new: true,
            fresh,
        })
    }
}

/// The rooms of these requests, locked; the senders' places, the earlier sends with the requests'
/// keys, and the messages that they reply to.
fn look_up(
    tx: &mut Tx<'_>,
    requests: &[&Request],
    patience: Patience,
) -> std::result::Result<sends::Found, StoreError> {
    let mut lookups = Lookups::default();
    for (place, request) in requests.iter().enumerate() {
        let (room, user) = (request.room, request.ctx.user);
        lookups.senders.push((room, user));
        if let Some(hash) = &request.key_hash {
            lookups.keys.push((place, room, user, hash));
        }
        if let Some(target) = request.draft.reply_to {
            lookups.targets.push((place, room, target));
        }
    }
    sends::lock_and_look_up(tx, &lookups, patience)
}

fn key_hash(key: &str) -> Hash {
    salted_digest(b"key", &[key.as_bytes()])
}

/// The rules in their order: a repeat first, then state, mute, policy, and what is replied to.
fn decide(
    policy: &OrderPolicy,
    request: &Request,
    scene: &Scene,
    before: Before<'_>,
) -> Result<Decision> {
    if let Some(earlier) = before.earlier {
        check_repeat(request, earlier)?;
        return Ok(Decision::Repeat(earlier.seq));
    }
    scene.check_state(&request.ctx, Action::SendMessage)?;
    let situation = scene.situation(policy, &request.ctx);
    situation.may_write()?;
    let file = match &request.draft.file {
        None => None,
        Some(_) => {
            situation.may_attach()?;
            Some(Box::new(file_of(request, scene, before.file)?))
        }
    };
    let visible_from = visible_from(request.ctx.caller.role, scene.active());
    match (request.draft.reply_to, before.target) {
        (Some(_), None) => Err(not_of_this_room()),
        (Some(_), Some(seq)) if seq < visible_from => Err(not_of_this_room()),
        (_, reply_to) => Ok(Decision::Write { reply_to, file }),
    }
}

/// The file that the request names, if it is the sender's, for this room, whole and not sent yet.
fn file_of(request: &Request, scene: &Scene, found: Option<StoredFile>) -> Result<StoredFile> {
    let file = found
        .filter(|file| is_for(file, scene.key(), request.ctx.user) && file.seq.is_none())
        .ok_or_else(no_such_file)?;
    file.state.may_be_sent()?;
    Ok(file)
}

fn not_of_this_room() -> ChatError {
    Refusal::invalid("/reply_to", "is no message of this room").into()
}

fn check_repeat(request: &Request, earlier: &Earlier) -> Result<()> {
    // Once its text is erased, nothing is left to compare with.
    let Some((salt, digest)) = &earlier.request else {
        return Ok(());
    };
    if salted_digest(salt, &[&request.original]).as_slice() == digest.as_slice() {
        return Ok(());
    }
    let detail = "this key was used for another message; use a new key for each message";
    let errors = vec![FieldError {
        pointer: "/client_message_id".to_owned(),
        detail: detail.to_owned(),
    }];
    Err(Refusal::Invalid {
        rule: Rule::KeyReused,
        errors,
    }
    .into())
}

/// What a group of sends writes, in a few statements.
#[derive(Default)]
struct Writing {
    appender: Appender,
    senders: Vec<i64>,
    replies: Vec<Reply>,
    files: Vec<SentFile>,
}

impl Writing {
    fn append(
        &mut self,
        request: &Request,
        scene: &mut Scene,
        reply_to: Option<u64>,
        file: Option<&StoredFile>,
    ) -> (u64, Option<Arc<MessageRecord>>) {
        let draft = &request.draft;
        let salt = random::bytes();
        let id = MessageId(random::uuid_v7(request.ctx.now.0));
        let text = Text {
            salt,
            body: draft.content.clone(),
            metadata: metadata(draft, &scene.room)
                .map(|metadata| Value::Object(metadata).to_string()),
            file: file.and_then(|file| serde_json::to_string(&file.record()).ok()),
            client_key: draft.key.as_ref().map(|key| key.as_str().to_owned()),
            request: draft
                .key
                .as_ref()
                .map(|_| salted_digest(&salt, &[&request.original])),
        };
        let message = NewMessage {
            id,
            message_type: draft.message_type,
            reply_to,
            key_hash: request.key_hash,
        };
        let entry = Entry {
            kind: EventKind::MessageCreated,
            actor: request.ctx.actor(),
            subject: 0,
            text,
            message: Some(message),
        };
        let seq = self
            .appender
            .append(&mut scene.room, request.ctx.now, entry);
        // What a reply quotes stands in the database only.
        let fresh = reply_to
            .is_none()
            .then(|| Arc::new(fresh(request, scene, file, seq, id)));
        if let Some(fresh) = &fresh {
            self.appender.show(Arc::clone(fresh));
        }
        self.appender.finish(&scene.room);
        if let Some(own) = &mut scene.own
            && own.is_active()
            && draft.message_type.counts_as_unread()
        {
            own.unread.own_after += 1;
            self.senders.push(own.key);
        }
        if let Some(parent) = reply_to {
            let room = scene.key();
            self.replies.push(Reply { room, seq, parent });
        }
        if let Some(file) = file {
            self.files.push(SentFile {
                file: file.key,
                room: scene.key(),
                seq,
                pending: file.state == FileState::Pending,
            });
        }
        (seq, fresh)
    }

    fn flush(self, tx: &mut Tx<'_>) -> std::result::Result<(), StoreError> {
        self.appender.flush_unplaced(tx)?;
        attachments::sent(tx, &self.files)?;
        participants::sent(tx, &self.senders)?;
        let replied: Vec<_> = self
            .replies
            .iter()
            .map(|one| (one.room, one.parent))
            .collect();
        messages::count_replies(tx, &replied)?;
        threads::add(tx, &self.replies)
    }
}
