//! The live connection of a writer, and its sends by it.

use anyhow::Result;
use rand::RngExt as _;

use super::{Mine, Tried, Writer};
use crate::client::{Connection, Target};
use crate::clock::monotonic_ns;
use crate::history::{Op, Outcome, Record};
use crate::live::frame::{self, Frame};
use crate::live::socket::{Ended, Socket};
use crate::setup::Person;
use crate::text;

/// Of ten messages acked by the live connection so many are sent again by REST, with their key.
const REPEATED: u32 = 2;

#[derive(Debug)]
pub(super) struct LiveLine {
    socket: Socket,
}

/// The answer to a send.
#[derive(Debug)]
enum Answer {
    Taken { id: String, seq: u64 },
    Refused { status: u16, frame: String },
}

impl LiveLine {
    pub(super) async fn open(target: &Target, person: &Person) -> Result<Self, Ended> {
        let mut socket = Socket::open(target, 0).await?;
        socket.send(frame::hello(person.token(), None)).await?;
        Ok(Self { socket })
    }

    /// Sends, and reads up to the answer; what else is heard is for followers to judge.
    async fn send(&mut self, room: &str, content: &str, key: &str) -> Result<Answer, Ended> {
        let send = frame::Send {
            room,
            content,
            client_message_id: key,
        };
        self.socket.send(send.frame()).await?;
        loop {
            let text = self.socket.next_soon().await?;
            let frame = Frame::parse(&text)?;
            match (frame.sort, frame.message, frame.problem) {
                ("ok", Some(message), _) if frame.reference == Some(key) => {
                    return Ok(Answer::Taken {
                        id: message.id.to_owned(),
                        seq: message.seq,
                    });
                }
                ("error", _, Some(problem)) => {
                    return Ok(Answer::Refused {
                        status: problem.status,
                        frame: text.to_string(),
                    });
                }
                ("ok" | "error", ..) => {
                    let detail = format!("no answer to the send {key}: {text}");
                    return Err(Ended::Garbled(detail));
                }
                _ => {}
            }
        }
    }
}

impl Writer {
    /// Sends by the live connection, and now and then the same again by REST.
    pub(super) async fn send_live(
        &mut self,
        live: &mut LiveLine,
        rest: &mut Connection,
        key: String,
    ) -> Result<Tried> {
        let content = text::of(&key);
        let invoke_ns = monotonic_ns();
        let answer = live.send(&self.room.id, &content, &key).await;
        let return_ns = monotonic_ns();
        let (tried, seq) = self.judge_live(answer);
        self.record(Record {
            op: Op::Send,
            key: Some(key.clone()),
            invoke_ns,
            return_ns,
            outcome: tried.outcome,
            seq,
            body_hash: Some(text::hash(&content)),
            ..self.blank()
        })?;
        match tried.outcome {
            Outcome::Maybe => self.unanswered.push(key),
            Outcome::Ok if self.rng.random_range(0..10) < REPEATED => {
                return self.send(rest, key).await;
            }
            _ => {}
        }
        Ok(tried)
    }

    /// What came of a live send, and the message's seq if it was taken.
    fn judge_live(&mut self, answer: Result<Answer, Ended>) -> (Tried, Option<u64>) {
        let tried = |outcome, cut| Tried { outcome, cut };
        match answer {
            Ok(Answer::Taken { id, seq }) => {
                self.remember(Mine {
                    id,
                    seq,
                    with_file: false,
                });
                (tried(Outcome::Ok, false), Some(seq))
            }
            Ok(Answer::Refused { status, frame }) => {
                let detail = format!("a live send by {} was answered {frame}", self.person.user);
                let violation = self.violation("nothing-refused", detail);
                self.refusals.push(violation);
                (tried(Outcome::of_code(Some(status)), false), None)
            }
            Err(Ended::Garbled(detail)) => {
                let violation = self.violation("live-as-agreed", detail);
                self.refusals.push(violation);
                (tried(Outcome::Maybe, true), None)
            }
            Err(_) => (tried(Outcome::Maybe, true), None),
        }
    }
}
