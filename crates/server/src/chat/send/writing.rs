//! What a group of sends writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use orderchat_domain::MessageId;
use orderchat_domain::attachment::FileState;
use orderchat_domain::event::{EventKind, salted_digest};
use orderchat_domain::message::Draft;
use orderchat_domain::news::Fresh;
use orderchat_domain::project::{ActorRecord, MessageRecord};
use orderchat_domain::system::{About, completed};
use orderchat_store::attachments::{self, SentFile, StoredFile};
use orderchat_store::log::{Appender, Entry, NewMessage, Text};
use orderchat_store::rooms::StoredRoom;
use orderchat_store::sends::Earlier;
use orderchat_store::threads::{self, Reply};
use orderchat_store::{StoreError, Tx, messages, participants};
use serde_json::{Map, Value};

use super::Request;
use crate::chat::access::Scene;
use crate::random;

/// What a group of sends writes, in a few statements.
#[derive(Default)]
pub(super) struct Writing {
    appender: Appender,
    /// How many messages each participant sent that count as unread to others.
    senders: BTreeMap<i64, u64>,
    replies: Vec<Reply>,
    files: Vec<SentFile>,
}

/// A message that was appended.
pub(super) struct Written {
    pub(super) seq: u64,
    /// Where the database need not be asked what was given to it.
    pub(super) fresh: Option<Arc<MessageRecord>>,
    /// As a repeat finds it.
    pub(super) as_earlier: Earlier,
}

impl Writing {
    pub(super) fn append(
        &mut self,
        request: &Request,
        scene: &mut Scene,
        reply_to: Option<u64>,
        file: Option<&StoredFile>,
    ) -> Written {
        let draft = &request.draft;
        let salt: [u8; 16] = random::bytes();
        let id = MessageId(random::uuid_v7(request.ctx.now.0));
        let key = draft.key.as_ref();
        let digest = key.map(|_| salted_digest(&salt, &[&request.original]));
        let text = Text {
            salt,
            body: draft.content.clone(),
            metadata: metadata(draft, &scene.room)
                .map(|metadata| Value::Object(metadata).to_string()),
            file: file.and_then(|file| serde_json::to_string(&file.record()).ok()),
            client_key: key.map(|key| key.as_str().to_owned()),
            request: digest,
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
            self.appender.show(Fresh::Message(Arc::clone(fresh)));
        }
        self.appender.finish(&scene.room);
        if let Some(own) = &mut scene.own
            && own.is_active()
            && draft.message_type.counts_as_unread()
        {
            own.unread.own_after += 1;
            *self.senders.entry(own.key).or_default() += 1;
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
        Written {
            seq,
            fresh,
            as_earlier: Earlier {
                seq,
                request: digest.map(|digest| (salt.to_vec(), digest.to_vec())),
            },
        }
    }

    pub(super) fn flush(self, tx: &mut Tx<'_>) -> std::result::Result<(), StoreError> {
        self.appender.flush(tx)?;
        attachments::sent(tx, &self.files)?;
        participants::sent(tx, &self.senders)?;
        let mut replied = BTreeMap::new();
        for reply in &self.replies {
            *replied.entry((reply.room, reply.parent)).or_default() += 1;
        }
        messages::count_replies(tx, &replied)?;
        threads::add(tx, &self.replies)
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
    let room = &scene.room.record;
    let (place, content) = ((room.id, seq), draft.content.clone());
    MessageRecord {
        sender,
        metadata: metadata(draft, &scene.room),
        file: file.map(StoredFile::record),
        file_pending: file.is_some_and(|file| file.state == FileState::Pending),
        client_message_id: draft.key.as_ref().map(|key| key.as_str().to_owned()),
        ..MessageRecord::written(id, place, room.last_activity, draft.message_type, content)
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
