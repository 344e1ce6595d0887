//! Many sends in one transaction: they share its lookups, its statements and its fsync. Those of one
//! room are decided one after the other, each on the room as the one before left it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use orderchat_domain::attachment::no_such_file;
use orderchat_domain::event::{Hash, salted_digest};
use orderchat_domain::permission::Action;
use orderchat_domain::policy::{InForce, OrderPolicy};
use orderchat_domain::project::visible_from;
use orderchat_domain::{AttachmentId, FieldError, Refusal, RoomId, Rule};
use orderchat_store::attachments::{self, StoredFile};
use orderchat_store::sends::{self, Earlier, Lookups};
use orderchat_store::{Batch, Patience, Ran, StoreError, Tx};

use super::writing::{Writing, Written};
use super::{Request, Sent};
use crate::chat::access::Scene;
use crate::chat::attachments::is_for;
use crate::chat::{ChatError, Result, Scribe, participants};

/// The command behind [`Chat::send`](crate::chat::Chat::send), for many sends at once.
#[derive(Debug)]
pub(crate) struct Sends {
    pub(crate) policies: Arc<InForce>,
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
        let mut known = Known::look_up(tx, requests, patience)?;
        let policy = self.policies.now();
        let mut writing = Writing::default();
        let mut results = Vec::with_capacity(requests.len());
        for (place, request) in requests.iter().enumerate() {
            let before = known.before(place, request);
            let ran = match known.scene(request) {
                Place::Held => Ran::Held,
                Place::Nowhere => Ran::Done(Err(Refusal::NotFound.into())),
                Place::In(mut scene) => {
                    let sent = one(tx, policy, request, &mut scene, before, &mut writing);
                    if let Err(ChatError::Failed(error)) = sent {
                        return Err(error);
                    }
                    known.keep(request, &scene, sent.as_ref().ok());
                    Ran::Done(sent.map(|done| done.of(*scene)))
                }
            };
            results.push(ran);
        }
        writing.flush(tx)?;
        Ok(results)
    }
}

/// What was there before a group of sends, and what those of it that are done have made of it.
struct Known {
    found: sends::Found,
    files: HashMap<AttachmentId, StoredFile>,
    /// How many sends of each room are yet to be decided.
    left: HashMap<RoomId, usize>,
    /// What the group itself has sent with a key, by room, sender and key.
    sent: HashMap<(RoomId, i64, Hash), Earlier>,
}

/// Where a send goes.
enum Place {
    In(Box<Scene>),
    /// Another transaction holds the room.
    Held,
    Nowhere,
}

/// What was there before one send.
struct Before {
    earlier: Option<Earlier>,
    /// The seq of the message replied to.
    target: Option<u64>,
    /// The file that the request names.
    file: Option<StoredFile>,
}

impl Known {
    /// The rooms of these requests, locked; the senders' places, the earlier sends with the requests'
    /// keys, the messages that they reply to, the files that they name.
    fn look_up(
        tx: &mut Tx<'_>,
        requests: &[&Request],
        patience: Patience,
    ) -> std::result::Result<Self, StoreError> {
        let mut lookups = Lookups::default();
        let mut left: HashMap<RoomId, usize> = HashMap::with_capacity(requests.len());
        let mut senders = HashSet::with_capacity(requests.len());
        for (place, request) in requests.iter().enumerate() {
            let (room, user) = (request.room, request.ctx.user);
            match left.entry(room) {
                Entry::Occupied(mut again) => *again.get_mut() += 1,
                Entry::Vacant(first) => {
                    lookups.rooms.push(room);
                    first.insert(1);
                }
            }
            if senders.insert((room, user)) {
                lookups.senders.push((room, user));
            }
            if let Some(hash) = &request.key_hash {
                lookups.keys.push((place, room, user, hash));
            }
            if let Some(target) = request.draft.reply_to {
                lookups.targets.push((place, room, target));
            }
        }
        let found = sends::lock_and_look_up(tx, &lookups, patience)?;
        let named = requests.iter().filter_map(|request| request.attachment());
        let files = attachments::lock_all(tx, named)?;
        Ok(Self {
            found,
            files,
            left,
            sent: HashMap::new(),
        })
    }

    fn before(&mut self, place: usize, request: &Request) -> Before {
        let stored = self.found.earlier.remove(&place);
        let of_the_group = || self.sent.get(&key_of(request)?).cloned();
        Before {
            earlier: stored.or_else(of_the_group),
            target: self.found.targets.get(&place).copied(),
            file: request
                .attachment()
                .and_then(|id| self.files.get(&id).cloned()),
        }
    }

    /// Takes out the room and the sender's place in it.
    fn scene(&mut self, request: &Request) -> Place {
        if let Some(left) = self.left.get_mut(&request.room) {
            *left -= 1;
        }
        let rooms = &mut self.found.rooms;
        if matches!(rooms.get(&request.room), Some(None)) {
            return Place::Held;
        }
        let Some(room) = rooms.remove(&request.room).flatten() else {
            return Place::Nowhere;
        };
        let sender = (room.record.key, request.ctx.user);
        let own = self.found.senders.remove(&sender);
        Place::In(Box::new(Scene { room, own }))
    }

    /// Keeps what the next sends of the group are decided on.
    fn keep(&mut self, request: &Request, scene: &Scene, done: Option<&Done>) {
        if let Some(Done::Written(written)) = done {
            if let Some(sent) = request.attachment() {
                self.files.remove(&sent);
            }
            if let Some(key) = key_of(request) {
                self.sent.insert(key, written.as_earlier.clone());
            }
        }
        if self.left.get(&request.room).is_none_or(|left| *left == 0) {
            return;
        }
        let rooms = &mut self.found.rooms;
        rooms.insert(request.room, Some(scene.room.clone()));
        if let Some(own) = &scene.own {
            let sender = (scene.key(), request.ctx.user);
            self.found.senders.insert(sender, own.clone());
        }
    }
}

fn key_of(request: &Request) -> Option<(RoomId, i64, Hash)> {
    let hash = request.key_hash?;
    Some((request.room, request.ctx.user, hash))
}

/// What became of a send that was allowed.
enum Done {
    /// An earlier one with the same key stands.
    Repeat(u64),
    Written(Written),
}

impl Done {
    fn of(self, scene: Scene) -> Sent {
        match self {
            Self::Repeat(seq) => Sent {
                scene,
                seq,
                is_new: false,
                fresh: None,
            },
            Self::Written(written) => Sent {
                scene,
                seq: written.seq,
                is_new: true,
                fresh: written.fresh,
            },
        }
    }
}

/// What is decided about a send before anything is written.
enum Decision {
    Repeat(u64),
    Write {
        reply_to: Option<u64>,
        file: Option<Box<StoredFile>>,
    },
}

/// Decides about one send and notes what it writes, or says why it may not be.
fn one(
    tx: &mut Tx<'_>,
    policy: &OrderPolicy,
    request: &Request,
    scene: &mut Scene,
    before: Before,
    writing: &mut Writing,
) -> Result<Done> {
    let ctx = &request.ctx;
    scene.note_next_on_board(tx, policy)?;
    scene.permit(policy, ctx, Action::SendMessage)?;
    let (reply_to, file) = match decide(policy, request, scene, before)? {
        Decision::Repeat(seq) => return Ok(Done::Repeat(seq)),
        Decision::Write { reply_to, file } => (reply_to, file),
    };
    if scene.active().is_none() && !ctx.caller.is_service() {
        // Staff who send in a room they are not in join it, in the same transaction; the log has the
        // entries of a room in their order, so what is noted for it goes first.
        std::mem::take(writing).flush(tx)?;
        let mut scribe = Scribe::of(ctx);
        participants::join(tx, policy, ctx, &mut scribe, scene)?;
        scribe.finish(tx, &scene.room)?;
    }
    let written = writing.append(request, scene, reply_to, file.as_deref());
    Ok(Done::Written(written))
}

/// The rules in their order: a repeat first, then state, mute, policy, and what is replied to.
fn decide(
    policy: &OrderPolicy,
    request: &Request,
    scene: &Scene,
    before: Before,
) -> Result<Decision> {
    if let Some(earlier) = before.earlier {
        check_repeat(request, &earlier)?;
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
