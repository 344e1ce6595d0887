//! The live connection of a writer.

use crate::client::Target;
use crate::live::frame::{self, Frame};
use crate::live::socket::{Ended, Socket};
use crate::setup::Person;

#[derive(Debug)]
pub(super) struct LiveLine {
    socket: Socket,
}

/// The answer to a send.
#[derive(Debug)]
pub(super) enum Answer {
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
    pub(super) async fn send(
        &mut self,
        room: &str,
        content: &str,
        key: &str,
    ) -> Result<Answer, Ended> {
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
