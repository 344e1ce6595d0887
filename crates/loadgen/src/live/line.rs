//! A live connection of one person who follows one room, and what arrived of the room on it.

use std::sync::Arc;

use super::frame::{self, Cursor, Frame};
use super::socket::{Ended, Socket};
use crate::client::Target;
use crate::setup::{Person, Room, World};

/// Who follows what, as the `number`th connection of the run.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) number: usize,
    pub(crate) room: Arc<Room>,
    pub(crate) person: Arc<Person>,
    /// Whether it has to ask for the room; everybody has to where the server knows nobody.
    subscribes: bool,
}

impl Place {
    /// The first `connections` people, room after room.
    pub(crate) fn all(world: &World, connections: usize) -> Vec<Self> {
        let everybody = world
            .rooms
            .iter()
            .flat_map(|room| room.people.iter().map(move |person| (room, person)));
        let places = everybody.take(connections).enumerate();
        places
            .map(|(number, (room, person))| Self {
                number,
                room: Arc::clone(room),
                person: Arc::clone(person),
                subscribes: !world.reported || !person.follows_by_itself(),
            })
            .collect()
    }
}

/// How far a room has arrived, and what is wrong with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    /// The last seq.
    pub(crate) seq: u64,
    pub(crate) events: u64,
    /// Seqs that were jumped over, or on which `caught_up` does not agree.
    pub(crate) gaps: u64,
    /// Events that came again, or after a later one.
    pub(crate) repeated: u64,
}

impl Slice {
    pub(crate) fn from(seq: u64) -> Self {
        Self {
            seq,
            ..Self::default()
        }
    }

    pub(crate) fn event(&mut self, seq: u64) {
        self.events += 1;
        if seq <= self.seq {
            self.repeated += 1;
        } else {
            self.gaps += seq - self.seq - 1;
            self.seq = seq;
        }
    }

    /// Everything up to `seq` is said to have arrived.
    pub(crate) fn caught_up(&mut self, seq: u64) {
        self.gaps += seq.abs_diff(self.seq);
        self.seq = self.seq.max(seq);
    }
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) place: Place,
    pub(crate) socket: Socket,
    pub(crate) epoch: String,
    pub(crate) slice: Slice,
}

impl Line {
    /// Connects, says hello and follows the room from now on.
    pub(crate) async fn open(target: &Target, place: Place) -> Result<Self, Ended> {
        let mut line = Self::hello(target, place, None).await?;
        if line.place.subscribes {
            let subscribe = frame::subscribe(&line.place.room.id, None);
            line.socket.send(subscribe).await?;
        }
        line.slice = Slice::from(line.caught_up().await?);
        Ok(line)
    }

    /// Connects and says where it stood: what was missed since then comes, then what is new.
    /// Answers the line when it has all that was missed.
    pub(crate) async fn resume(
        target: &Target,
        place: Place,
        cursor: &Cursor,
    ) -> Result<Self, Ended> {
        let mut line = Self::hello(target, place, Some(cursor)).await?;
        let seq = line.caught_up().await?;
        line.slice.caught_up(seq);
        Ok(line)
    }

    /// Hears one frame, and counts it if it is an event of the room.
    pub(crate) async fn hear(&mut self) -> Result<(), Ended> {
        let text = self.socket.next().await?;
        let frame = Frame::parse(&text)?;
        let here = frame.room == Some(self.place.room.id.as_str());
        match (frame.sort, frame.seq) {
            ("event", Some(seq)) if here => self.slice.event(seq),
            ("resync" | "bye", _) => return Err(unexpected("event", &frame)),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            epoch: self.epoch.clone(),
            rooms: vec![(self.place.room.id.clone(), self.slice.seq)],
        }
    }

    async fn hello(target: &Target, place: Place, cursor: Option<&Cursor>) -> Result<Self, Ended> {
        let mut socket = Socket::open(target, place.number).await?;
        socket
            .send(frame::hello(place.person.token(), cursor))
            .await?;
        let text = socket.next_soon().await?;
        let epoch = match Frame::parse(&text)? {
            Frame {
                sort: "welcome",
                epoch: Some(epoch),
                ..
            } => epoch.to_owned(),
            other => return Err(unexpected("welcome", &other)),
        };
        let seq = cursor.and_then(|cursor| cursor.rooms.first().map(|&(_, seq)| seq));
        Ok(Self {
            place,
            socket,
            epoch,
            slice: Slice::from(seq.unwrap_or(0)),
        })
    }

    /// Reads up to the `caught_up` of the room and answers its seq; events before it are counted.
    async fn caught_up(&mut self) -> Result<u64, Ended> {
        loop {
            let text = self.socket.next_soon().await?;
            let frame = Frame::parse(&text)?;
            let here = frame.room == Some(self.place.room.id.as_str());
            match (frame.sort, frame.seq) {
                ("caught_up", Some(seq)) if here => return Ok(seq),
                ("event", Some(seq)) if here => self.slice.event(seq),
                ("resync" | "bye" | "error", _) => return Err(unexpected("caught_up", &frame)),
                _ => {}
            }
        }
    }
}

fn unexpected(awaited: &str, frame: &Frame<'_>) -> Ended {
    let mut said = frame.sort.to_owned();
    if let Some(problem) = &frame.problem {
        said += &format!(
            " {} {}",
            problem.status,
            problem.detail.as_deref().unwrap_or_default()
        );
    }
    if let Some(code) = frame.code {
        said += &format!(" {code}");
    }
    if let Some(reason) = frame.reason {
        said += &format!(" {reason}");
    }
    Ended::Garbled(format!("`{awaited}` should come; the server said `{said}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_counts_what_is_jumped_over_and_what_comes_again() {
        let mut slice = Slice::from(7);
        for seq in [8, 9, 12, 12, 10, 13] {
            slice.event(seq);
        }
        let expected = Slice {
            seq: 13,
            events: 6,
            gaps: 2,
            repeated: 2,
        };
        assert_eq!(slice, expected);
    }
}
