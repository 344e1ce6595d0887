//! Summaries of rooms, for staff who watch more of them than they follow. What changes within half a
//! second is read for all who watch in one go: one by one their reads would cost more than the
//! messages.

use std::sync::Arc;
use std::time::Duration;

use orderchat_domain::project::RoomView;
use orderchat_domain::{Millis, RoomId};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Live;
use super::connection::{Connection, Signal};
use super::protocol::{Frame, RoomSummary, ServerFrame};
use crate::chat::Context;
use crate::chat::live::Listed;
use crate::clock;

/// How long changes of rooms gather before their summaries are sent.
const WAIT: Duration = Duration::from_millis(500);
/// Summaries that are sent on a connection at once, of many fewer than may wait on it.
const EACH: usize = 100;
/// Summaries that are read at once.
const AT_ONCE: usize = 1_000;

/// Who is to be shown which rooms.
type Wanted = (Arc<Connection>, Context, Vec<RoomId>);

/// Sends summaries, until `stop`.
pub(super) async fn watch(live: Arc<Live>, stop: CancellationToken) {
    let sending = async {
        loop {
            live.hub.people.some_are_due().await;
            sleep(WAIT).await;
            live.send_summaries(live.hub.people.take_due()).await;
        }
    };
    stop.run_until_cancelled(sending).await;
}

impl Live {
    async fn send_summaries(&self, due: Vec<Arc<Connection>>) {
        let (mut wanted, mut count) = (Vec::new(), 0);
        for connection in due {
            let Some((caller, rooms, are_left)) = connection.take_summaries(EACH) else {
                continue;
            };
            if are_left {
                self.hub.people.are_due(&connection);
            }
            count += rooms.len();
            let ctx = Context::unasked(caller, connection.user, Millis(clock::now_ms()));
            wanted.push((connection, ctx, rooms));
            if count >= AT_ONCE {
                self.send_these(std::mem::take(&mut wanted)).await;
                count = 0;
            }
        }
        self.send_these(wanted).await;
    }

    async fn send_these(&self, wanted: Vec<Wanted>) {
        if wanted.is_empty() {
            return;
        }
        let asked = wanted
            .iter()
            .map(|(_, ctx, rooms)| (ctx.clone(), rooms.clone()));
        match self.chat.summaries(asked.collect()).await {
            Ok(views) => {
                for ((connection, ctx, _), views) in wanted.iter().zip(views) {
                    for listed in views {
                        let view = match listed {
                            Listed::Room(view) => view,
                            Listed::Deleted(room) => {
                                connection.signal(Signal::Deleted(room));
                                continue;
                            }
                        };
                        let room = view.id;
                        let is_full = connection.push(&summary(*view, ctx.now)).is_err();
                        if is_full {
                            // Who reads slowly is shown the room as it is then.
                            self.hub.people.summarize_on(connection, room);
                        }
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, "summaries of rooms are sent later");
                for (connection, _, rooms) in &wanted {
                    for room in rooms {
                        self.hub.people.summarize_on(connection, *room);
                    }
                }
            }
        }
    }
}

fn summary(view: RoomView, now: Millis) -> Frame {
    let summary = RoomSummary {
        room: view.id,
        status: view.status,
        seq: view.seq.unwrap_or_default(),
        unread_count: view.unread_count,
        last_message: view.last_message,
        last_activity: view.last_activity.unwrap_or(now),
    };
    ServerFrame::RoomSummary(Box::new(summary)).encode()
}
