//! The room as it should be: who is in it, from where on they see, what was said, and whom it
//! reached. Everything is kept per person and message; nothing is counted until it is asked for.

use proptest::sample::Index;
use serde_json::{Value, json};

use super::command::Command;
use crate::harness::{Client, Fields, Room, Server, message_path, participant_path};

/// The customer, the rider, two of the staff; who come later: a customer who is invited, support, and
/// a passer-by, who joins the public room as a guest.
pub(super) const PEOPLE: usize = 7;
pub(super) const RIDER: usize = 1;
pub(super) const INVITED: usize = 4;
const SUPPORT: usize = 5;
const PASSER_BY: usize = 6;

/// A message.
pub(super) struct Said {
    pub(super) path: String,
    pub(super) seq: i64,
    /// `None`: the system.
    pub(super) by: Option<usize>,
    counts: bool,
    /// Of the order, which guests do not see.
    news: bool,
    pub(super) deleted: bool,
    /// Whose marks have reached it while they saw it.
    pub(super) delivered: [bool; PEOPLE],
    pub(super) read: [bool; PEOPLE],
}

/// How somebody stands to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Was never here.
    Outside,
    In,
    Left,
    Removed,
    Blocked,
}

#[derive(Clone, Copy)]
pub(super) struct Person {
    pub(super) place: Place,
    /// The first seq they see.
    pub(super) sees_from: i64,
    /// Their read mark.
    pub(super) read: i64,
    pub(super) guest: bool,
}

pub(super) struct Model<'a> {
    pub(super) room: &'a Room,
    pub(super) clients: [Client; PEOPLE],
    pub(super) people: [Person; PEOPLE],
    pub(super) said: Vec<Said>,
    reports: usize,
}

impl<'a> Model<'a> {
    pub(super) async fn begin(server: &Server, room: &'a Room) -> Self {
        let invited = server.customer(&format!("invited-{}", room.order));
        room.service.make_known(&invited.user, "customer").await;
        room.make_public().await;
        let clients = [
            room.customer.clone(),
            room.rider.clone(),
            room.pharmacist.clone(),
            room.colleague.clone(),
            invited,
            room.support.clone(),
            server.customer(&format!("passer-by-{}", room.order)),
        ];
        let mut people = [Person {
            place: Place::In,
            sees_from: 1,
            read: 0,
            guest: false,
        }; PEOPLE];
        for later in &mut people[INVITED..] {
            later.place = Place::Outside;
        }
        for client in &clients[..INVITED] {
            // The opening of the room is not part of the model: it is read.
            client.act(&room.at("read/")).await.ok(200);
        }
        Self {
            room,
            clients,
            people,
            said: Vec::new(),
            reports: 0,
        }
    }

    pub(super) fn is_in(&self, who: usize) -> bool {
        self.people[who].place == Place::In
    }

    pub(super) async fn run(&mut self, command: &Command) {
        match *command {
            Command::Say { who } if self.is_in(who) => self.say(who).await,
            Command::Edit { message } => self.edit(message).await,
            Command::Delete { message, by_admin } => self.delete(message, by_admin).await,
            Command::Announce => self.announce().await,
            Command::Report => self.report().await,
            Command::Read { who, message } => self.mark(who, message, "read/").await,
            Command::Deliver { who, message } => self.mark(who, message, "delivered/").await,
            Command::ReadRoom { who } if self.is_in(who) => {
                self.clients[who].act(&self.room.at("read/")).await.ok(200);
                let head = self.room.head().await;
                self.advance(who, head, true);
            }
            Command::Leave { who } if self.is_in(who) => {
                self.clients[who].act(&self.room.at("leave/")).await.ok(200);
                self.people[who].place = Place::Left;
            }
            Command::Remove { who } if self.is_in(who) => {
                self.room.remove(&self.clients[who]).await;
                self.people[who].place = Place::Removed;
            }
            Command::Block { who } if self.is_in(who) => {
                self.moderate(who, "block/").await;
                self.people[who].place = Place::Blocked;
            }
            Command::GoAndCome { who } if self.is_in(who) => {
                self.room.remove(&self.clients[who]).await;
                self.people[who].place = Place::Removed;
                self.come(who).await;
            }
            Command::Come { who } if !self.is_in(who) => self.come(who).await,
            // Of somebody who is not in the room, or is: nothing to do.
            _ => {}
        }
    }

    fn note(&mut self, sent: &Value, by: Option<usize>, counts: bool) {
        self.said.push(Said {
            path: message_path(sent, ""),
            seq: sent.number("seq"),
            by,
            counts,
            news: counts && by.is_none(),
            deleted: false,
            delivered: [false; PEOPLE],
            read: [false; PEOPLE],
        });
    }

    async fn say(&mut self, who: usize) {
        let sent = self.clients[who].say(self.room, "something").await;
        self.note(&sent, Some(who), true);
    }

    async fn announce(&mut self) {
        let draft = json!({ "message_type": "system", "content": "announcement" });
        let sent = self.room.service.send(self.room, draft).await.ok(201);
        self.note(&sent, None, false);
    }

    async fn report(&mut self) {
        self.reports += 1;
        let status = ["preparing", "ready_for_pickup"][self.reports % 2];
        self.room.order_is(status).await;
        let newest = self.room.at("messages/?limit=1");
        let newest = self.room.service.get(&newest).await.ok(200);
        let posted = newest.results().pop().expect("the update was posted");
        assert_eq!(posted["message_type"], "order_update");
        self.note(&posted, None, true);
    }

    /// A message by somebody, not deleted yet.
    fn by_somebody(&self, message: Index) -> Option<(usize, usize)> {
        let said = pick(&self.said, message)?;
        let by = self.said[said].by.filter(|_| !self.said[said].deleted)?;
        Some((said, by))
    }

    /// Whether they are in the room and see the message.
    fn sees(&self, who: usize, said: usize) -> bool {
        self.is_in(who) && self.shows(who, &self.said[said])
    }

    /// Whether who is in the room is shown the message.
    fn shows(&self, who: usize, said: &Said) -> bool {
        let person = self.people[who];
        person.sees_from <= said.seq && !(person.guest && said.news)
    }

    async fn edit(&mut self, message: Index) {
        let Some((said, by)) = self.by_somebody(message) else {
            return;
        };
        if self.sees(by, said) {
            let otherwise = json!({ "content": "otherwise" });
            let path = &self.said[said].path;
            self.clients[by].patch(path, otherwise).await.ok(200);
        }
    }

    async fn delete(&mut self, message: Index, by_admin: bool) {
        let Some((said, by)) = self.by_somebody(message) else {
            return;
        };
        let path = &self.said[said].path;
        if by_admin {
            let why = json!({ "reason": "privacy" });
            self.room.admin.delete_with(path, why).await.ok(204);
        } else if self.sees(by, said) {
            self.clients[by].delete(path).await.ok(204);
        } else {
            return;
        }
        self.said[said].deleted = true;
    }

    async fn mark(&mut self, who: usize, message: Index, action: &str) {
        let Some(said) = pick(&self.said, message) else {
            return;
        };
        let path = format!("{}{action}", self.said[said].path);
        if self.sees(who, said) {
            self.clients[who].act(&path).await.ok(200);
            self.advance(who, self.said[said].seq, action == "read/");
        } else if self.is_in(who) && who != SUPPORT {
            self.clients[who].act(&path).await.refused(404);
        }
    }

    /// A mark reaches whatever they see up to it, and what it reached once stays so.
    fn advance(&mut self, who: usize, seq: i64, read: bool) {
        let person = &mut self.people[who];
        if read {
            person.read = person.read.max(seq);
        }
        let seen = person.sees_from..=seq;
        for said in self.said.iter_mut().filter(|said| seen.contains(&said.seq)) {
            said.delivered[who] = true;
            said.read[who] |= read;
        }
    }

    async fn moderate(&self, who: usize, action: &str) {
        let id = self.participant(who).await.string("id");
        let path = participant_path(&id, action);
        self.room.admin.act(&path).await.ok(200);
    }

    /// Their participant, also if they ended.
    pub(super) async fn participant(&self, who: usize) -> Value {
        let path = self.room.at("participants/?ended=true&limit=200");
        let all = self.room.admin.all(&path).await;
        let user = self.clients[who].user.as_str();
        let found = all.iter().find(|one| one["user"] == user);
        found.unwrap_or_else(|| panic!("{user} in {all:?}")).clone()
    }

    /// Who was blocked is unblocked; who was removed, or was never here, is added; who left comes
    /// back; support and the passer-by join by themselves.
    async fn come(&mut self, who: usize) {
        let place = self.people[who].place;
        if place == Place::Blocked {
            self.moderate(who, "unblock/").await;
        }
        let joins = [SUPPORT, PASSER_BY].contains(&who);
        let by_oneself = place == Place::Left || joins && place == Place::Outside;
        let came = if by_oneself {
            self.clients[who].act(&self.room.at("join/")).await
        } else {
            let body = json!({ "user": self.clients[who].user });
            let path = self.room.at("participants/");
            self.room.admin.post(&path, body).await
        };
        assert!([200, 201].contains(&came.status), "{}", came.text);
        // Who left sees what they saw. Of the others the customer and staff see everything, riders
        // and the invited what comes after.
        if place != Place::Left {
            let from_now_on = [RIDER, INVITED, PASSER_BY].contains(&who);
            let joined = self.room.head().await;
            self.people[who].sees_from = if from_now_on { joined } else { 1 };
        }
        // Whom staff add is no guest.
        if place != Place::Left {
            self.people[who].guest = by_oneself && who == PASSER_BY;
        }
        self.people[who].place = Place::In;
    }

    pub(super) fn unread(&self, who: usize) -> usize {
        let after = self.people[who].read;
        let fresh =
            |said: &&Said| said.counts && !said.deleted && said.by != Some(who) && said.seq > after;
        let shown = self.said.iter().filter(|said| self.shows(who, said));
        shown.filter(fresh).count()
    }

    /// How many messages the room has for them: staff see all of it.
    pub(super) fn messages(&self, who: usize) -> usize {
        let shown = self.said.iter().filter(|said| self.shows(who, said));
        shown.count()
    }

    pub(super) fn status(said: &Said) -> &'static str {
        let by_another =
            |reached: &[bool; PEOPLE]| (0..PEOPLE).any(|who| reached[who] && said.by != Some(who));
        if by_another(&said.read) {
            "read"
        } else if by_another(&said.delivered) {
            "delivered"
        } else {
            "sent"
        }
    }

    /// The seqs that show whose receipts a message has: people of whom a mark reached it.
    pub(super) fn reached(said: &Said) -> Vec<usize> {
        (0..PEOPLE)
            .filter(|who| said.delivered[*who] && said.by != Some(*who))
            .collect()
    }
}

fn pick(said: &[Said], index: Index) -> Option<usize> {
    (!said.is_empty()).then(|| index.index(said.len()))
}
