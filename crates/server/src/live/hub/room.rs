use std::sync::Arc;

use orderchat_domain::access::Situation;
use orderchat_domain::capabilities::Capabilities;
use orderchat_domain::event::{EventKind, Subject};
use orderchat_domain::permission::Reach;
use orderchat_domain::policy::As;
use orderchat_domain::project::{
    self, EventRecord, Eyes, ParticipantRecord, RoomRecord, Thing, Viewer, eyes,
};
use orderchat_domain::{Caller, Millis, ParticipantId, Role};

use super::{Eyesight, Next};
use crate::live::connection::{Connection, Full, Signal};
use crate::live::protocol::{Frame, ServerFrame};
use crate::sabotage;

/// One connection that follows one room.
#[derive(Clone, Debug)]
pub(crate) struct Follower {
    pub(crate) connection: Arc<Connection>,
    pub(crate) caller: Arc<Caller>,
    /// The user's participant in the room, active or ended.
    pub(crate) own: Option<Arc<ParticipantRecord>>,
    /// Up to where they were sent the log.
    pub(crate) seq: u64,
    /// What they were last told that they may do.
    pub(crate) capabilities: Capabilities,
    /// The version of the order policy by which.
    pub(crate) told_by: i64,
}

impl Follower {
    /// As whom they look at others; `None` for the service.
    pub(super) fn looks_as(&self) -> Option<As> {
        let own = self.own.as_ref().filter(|own| own.is_active());
        let role = own.map(|own| own.role).or(self.caller.person());
        Some(As {
            role: role?,
            guest: own.is_some_and(|own| own.guest),
        })
    }

    fn viewer<'a>(&'a self, eyes: &'a Eyesight, now: Millis) -> Viewer<'a> {
        Viewer {
            role: self.caller.role,
            user: self.connection.user,
            participant: self.own.as_deref().filter(|own| own.is_active()),
            policy: eyes.policies.now(),
            online_window: eyes.online_window,
            now,
        }
    }

    fn situation<'a>(
        &'a self,
        room: &'a RoomRecord,
        eyes: &'a Eyesight,
        now: Millis,
    ) -> Situation<'a> {
        Situation {
            caller: &self.caller,
            room,
            own: self.own.as_deref(),
            policy: eyes.policies.now(),
            now,
        }
    }
}

/// A room that somebody follows, or is about to.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// What the followers were given; with none, the newest that was heard of.
    head: u64,
    /// The newest that was heard of.
    heard: u64,
    /// Somebody reads the log after `head` …
    loading: bool,
    /// … and has to do so again, for more came meanwhile.
    again: bool,
    followers: Vec<Follower>,
    /// The room as it was when something but a message came last.
    record: Option<Arc<RoomRecord>>,
    /// Those who follow the room or are about to.
    pub(super) expected: u32,
}

impl Room {
    pub(super) fn is_idle(&self) -> bool {
        self.followers.is_empty() && self.expected == 0
    }

    pub(super) fn is_followed(&self) -> bool {
        !self.followers.is_empty()
    }

    pub(super) fn head(&self) -> Option<u64> {
        self.is_followed().then_some(self.head)
    }

    pub(super) fn attach(
        &mut self,
        follower: Follower,
        record: &Arc<RoomRecord>,
        anyway: bool,
    ) -> Result<(), Follower> {
        if follower.seq < self.head && !(anyway && self.followers.is_empty()) {
            return Err(follower);
        }
        if self.followers.is_empty() {
            // Nobody was given anything; from now on it is given from here on.
            self.head = follower.seq;
        }
        if self.is_newer(record) {
            self.record = Some(Arc::clone(record));
        }
        self.followers.push(follower);
        Ok(())
    }

    /// Whether the room is known as it was before this, if at all.
    fn is_newer(&self, record: &RoomRecord) -> bool {
        let known = self.record.as_ref();
        known.is_none_or(|known| known.seq < record.seq)
    }

    pub(super) fn detach(&mut self, connection: u64) -> Option<u64> {
        let is_theirs = |follower: &Follower| follower.connection.id == connection;
        let place = self.followers.iter().position(is_theirs)?;
        let seq = self.followers.swap_remove(place).seq;
        self.rest();
        Some(seq)
    }

    /// With no followers, `head` is the newest that was heard of.
    fn rest(&mut self) {
        if self.followers.is_empty() {
            self.head = self.head.max(self.heard);
        }
    }

    pub(super) fn grown(&mut self, first: Option<u64>, last: u64) -> Next {
        self.heard = self.heard.max(last);
        self.rest();
        if last <= self.head {
            return Next::Nothing;
        }
        if self.loading {
            self.again = true;
            return Next::Nothing;
        }
        if first == Some(self.head + 1) {
            return Next::Deliver;
        }
        self.loading = true;
        Next::Load { after: self.head }
    }

    /// The log was read up to this seq, `all` there was of it. Where to go on, if there is more.
    pub(super) fn loaded(&mut self, up_to: u64, all: bool) -> Option<u64> {
        self.head = self.head.max(up_to);
        self.rest();
        self.loading = self.is_followed() && (self.again || !all);
        self.again = false;
        self.loading.then_some(self.head)
    }

    /// Gives events that follow on `head` to everybody who has not got them.
    pub(super) fn deliver(
        &mut self,
        record: &RoomRecord,
        events: &[EventRecord],
        eyes: &Eyesight,
        now: Millis,
    ) {
        for event in events {
            let mut encoded = Encoded::default();
            self.followers.retain_mut(|follower| {
                event.seq <= follower.seq || give(follower, record, event, eyes, now, &mut encoded)
            });
            self.head = self.head.max(event.seq);
        }
        let matters = |event: &EventRecord| event.kind.subject() != Subject::Message;
        if self.is_followed() && events.iter().any(matters) && self.is_newer(record) {
            self.record = Some(Arc::new(record.clone()));
        }
        self.rest();
    }

    /// Tells those whose right to write the clock alone has changed, or another order policy.
    pub(super) fn tell_rights(&mut self, eyes: &Eyesight, now: Millis) {
        let Some(record) = self.record.clone() else {
            return;
        };
        let version = eyes.policies.now().version;
        let is_due = |follower: &Follower| {
            let until = follower.capabilities.until;
            follower.told_by != version || until.is_some_and(|until| until <= now)
        };
        self.followers.retain_mut(|follower| {
            !is_due(follower)
                || tell_capabilities(follower, &record, eyes, now)
                || behind(follower, &record)
        });
        self.rest();
    }

    pub(super) fn signal_riders(&self, signal: Signal) {
        let is_rider = |follower: &&Follower| {
            let looks_as = follower.looks_as();
            looks_as.is_some_and(|who| who.role == Role::Rider)
        };
        for rider in self.followers.iter().filter(is_rider) {
            rider.connection.signal(signal);
        }
    }

    pub(super) fn gave_up(&mut self) {
        self.loading = false;
    }

    /// The user and the participant of a follower who is in the room and may write.
    pub(super) fn types(&self, connection: u64) -> Option<(i64, ParticipantId)> {
        let mut followers = self.followers.iter();
        let follower = followers.find(|follower| follower.connection.id == connection)?;
        let own = follower.own.as_ref().filter(|own| own.is_active())?;
        follower
            .capabilities
            .write
            .then_some((follower.connection.user, own.id))
    }

    pub(super) fn tell(&self, frame: &Frame, to: impl Fn(&Follower) -> bool) {
        for follower in self.followers.iter().filter(|follower| to(follower)) {
            // It is not in the log, and the next one of its kind makes up for it.
            let _ = follower.connection.push(frame);
        }
    }
}

/// An event as it was encoded for those who looked at it before.
#[derive(Default)]
struct Encoded(Vec<(Eyes, Frame)>);

impl Encoded {
    fn of(&mut self, viewer: Viewer<'_>, record: &RoomRecord, event: &EventRecord) -> Frame {
        let eyes = eyes(viewer, record, event);
        if let Some((_, frame)) = self.0.iter().find(|(known, _)| *known == eyes) {
            return frame.clone();
        }
        let view = project::event(viewer, record, event);
        let frame = ServerFrame::Event(&view).encode();
        self.0.push((eyes, frame.clone()));
        frame
    }
}

/// Gives the event to the follower; `false` when they follow the room no longer.
fn give(
    follower: &mut Follower,
    record: &RoomRecord,
    event: &EventRecord,
    eyes: &Eyesight,
    now: Millis,
    encoded: &mut Encoded,
) -> bool {
    take_own(follower, event);
    let frame = encoded.of(follower.viewer(eyes, now), record, event);
    if !sabotage::loses_event() && follower.connection.push(&frame) == Err(Full) {
        return behind(follower, record);
    }
    follower.seq = event.seq;
    if event.kind.subject() == Subject::Message {
        return true;
    }
    if is_of_later(follower, event) {
        if event.kind != EventKind::ParticipantEnded {
            return behind(follower, record);
        }
        // It was their last for then; what they came back to is followed anew.
        return gone(follower, record);
    }
    let reach = follower.situation(record, eyes, now).reach();
    if reach < Reach::Room && ends(follower, record, event) && !sabotage::forgets_block() {
        return gone(follower, record);
    }
    tell_capabilities(follower, record, eyes, now) || behind(follower, record)
}

/// The participant as it is now, once the event that made it so is reached: what comes before is
/// still theirs to see.
fn take_own(follower: &mut Follower, event: &EventRecord) {
    if let Thing::Participant(participant) = &event.thing
        && participant.person.key == follower.connection.user
        && participant.version <= event.seq
    {
        let next_on_board = follower.own.as_ref().is_some_and(|own| own.next_on_board);
        follower.own = Some(Arc::clone(participant));
        if next_on_board && let Some(own) = &mut follower.own {
            // Not the event's: it was looked up when the room was followed.
            Arc::make_mut(own).next_on_board = true;
        }
    }
}

/// Whether the participant is the follower, who has changed again since: what they see in between, and
/// whether they see it, says the log.
fn is_of_later(follower: &Follower, event: &EventRecord) -> bool {
    matches!(&event.thing, Thing::Participant(participant)
        if participant.person.key == follower.connection.user && participant.version > event.seq)
}

/// Whether it is this event that took the room from the follower, and not one to come: the room's
/// state is of the event with the room's version.
fn ends(follower: &Follower, record: &RoomRecord, event: &EventRecord) -> bool {
    let by_themselves = follower.own.as_ref().is_none_or(|own| !own.is_active());
    let by_state = matches!(
        event.kind,
        EventKind::RoomClosed | EventKind::RoomArchived | EventKind::RoomDeleted
    );
    by_themselves || by_state || event.seq >= record.version
}

/// They go on by catching up.
fn behind(follower: &Follower, record: &RoomRecord) -> bool {
    let behind = Signal::Behind(record.id, follower.seq);
    follower.connection.signal(behind);
    false
}

/// What they were given was the last of the room.
fn gone(follower: &Follower, record: &RoomRecord) -> bool {
    let gone = Signal::Gone(record.id, follower.seq);
    follower.connection.signal(gone);
    false
}

/// Tells what the follower may do now, if it is something else than before. `false`: no room.
fn tell_capabilities(
    follower: &mut Follower,
    record: &RoomRecord,
    eyes: &Eyesight,
    now: Millis,
) -> bool {
    let capabilities = Capabilities::of(&follower.situation(record, eyes, now));
    follower.told_by = eyes.policies.now().version;
    if capabilities == follower.capabilities {
        return true;
    }
    let frame = ServerFrame::Capabilities {
        room: record.id,
        capabilities: &capabilities,
    };
    let told = follower.connection.push(&frame.encode()).is_ok();
    follower.capabilities = capabilities;
    told
}
