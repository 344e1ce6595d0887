//! The rooms that a search comes by: each is asked for once, by the gate that reading has.

use std::collections::{HashMap, HashSet};

use orderchat_domain::permission::{Action, Grant, grant};
use orderchat_domain::project::ParticipantRecord;
use orderchat_domain::search::Query;
use orderchat_store::rooms::StoredRoom;
use orderchat_store::search::Document;
use orderchat_store::{Tx, participants, rooms};

use crate::chat::access::Scene;
use crate::chat::{Chat, Context, Result};

pub(super) struct Rooms<'a> {
    pub(super) chat: &'a Chat,
    pub(super) ctx: &'a Context,
    /// `None`: not for the caller.
    scenes: HashMap<i64, Option<Scene>>,
    /// Rooms whose code, or whose order's number, the query begins.
    named: HashSet<i64>,
}

impl<'a> Rooms<'a> {
    pub(super) fn new(chat: &'a Chat, ctx: &'a Context) -> Self {
        Self {
            chat,
            ctx,
            scenes: HashMap::new(),
            named: HashSet::new(),
        }
    }

    /// Whether the caller reaches every room.
    pub(super) fn reaches_all(&self) -> bool {
        grant(self.ctx.caller.role, Action::ReadRoom) == Grant::All
    }

    /// Whether the caller reaches no rooms but those they are in.
    pub(super) fn only_own(&self) -> bool {
        match grant(self.ctx.caller.role, Action::ReadRoom) {
            Grant::All => false,
            Grant::Theirs => self.ctx.caller.pharmacies.is_empty(),
            _ => true,
        }
    }

    /// Looks these rooms up, if they are not known yet.
    pub(super) fn ask(&mut self, tx: &mut Tx<'_>, keys: impl Iterator<Item = i64>) -> Result<()> {
        let unknown: HashSet<i64> = keys.filter(|key| !self.scenes.contains_key(key)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let pairs: Vec<_> = unknown.iter().map(|key| (*key, self.ctx.user)).collect();
        let mut own: HashMap<i64, ParticipantRecord> = participants::by_room_and_user(tx, &pairs)?
            .into_iter()
            .collect();
        let mut wanted: Vec<i64> = unknown.iter().copied().collect();
        if self.only_own() {
            wanted.retain(|key| own.contains_key(key));
        }
        for room in rooms::by_keys(tx, &wanted)? {
            let key = room.record.key;
            let own = own.remove(&key);
            let scene = Scene { room, own };
            let may = scene.permit(self.chat.policy(), self.ctx, Action::ReadRoom);
            self.scenes.insert(key, may.is_ok().then_some(scene));
        }
        for key in unknown {
            self.scenes.entry(key).or_insert(None);
        }
        Ok(())
    }

    /// How many were asked for.
    pub(super) fn asked(&self) -> usize {
        self.scenes.len()
    }

    /// The room, if the caller may read it.
    pub(super) fn get(&self, key: i64) -> Option<&Scene> {
        self.scenes.get(&key)?.as_ref()
    }

    /// Whether the caller may see the message; `by_identity`: and the shop's id of who sent it.
    pub(super) fn shows(&self, document: &Document, by_identity: bool) -> bool {
        self.get(document.room).is_some_and(|scene| {
            let viewer = self.chat.viewer(self.ctx, scene.own.as_ref());
            document.seq >= viewer.visible_from()
                && (viewer.sees_order() || !document.message_type.is_order_news())
                && (viewer.sees_identities() || !by_identity)
        })
    }

    /// Notes which of these rooms the query names. Who sees no order finds no room by its number.
    pub(super) fn note_named(&mut self, query: &Query, keys: &[i64]) {
        for key in keys {
            let Some(scene) = self.get(*key) else {
                continue;
            };
            let record = &scene.room.record;
            let viewer = self.chat.viewer(self.ctx, scene.own.as_ref());
            let by_number = viewer.sees_order() && query.names(&record.order.number);
            if by_number || query.names(record.code.as_str()) {
                self.named.insert(*key);
            }
        }
    }

    pub(super) fn is_named(&self, key: i64) -> bool {
        self.named.contains(&key)
    }

    /// The rooms that the caller may read, as they are stored.
    pub(super) fn stored(&self) -> HashMap<i64, &StoredRoom> {
        let scenes = self.scenes.iter();
        scenes
            .filter_map(|(key, scene)| Some((*key, &scene.as_ref()?.room)))
            .collect()
    }

    pub(super) fn into_scenes(self) -> HashMap<i64, Scene> {
        let scenes = self.scenes.into_iter();
        scenes
            .filter_map(|(key, scene)| Some((key, scene?)))
            .collect()
    }
}
