use std::collections::HashMap;
use std::time::Duration;

use orderchat_domain::news::ReceiptNews;
use orderchat_domain::{ParticipantId, RoomId};
use tokio::time::Instant;

use crate::clock;
use crate::live::hub::Hub;

/// How long a receipt waits for the next of the same person: who scrolls reads ten a second.
const WAIT: Duration = Duration::from_millis(100);

/// Receipts on their way: of each person in each room only the newest.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    waiting: HashMap<(RoomId, ParticipantId), ReceiptNews>,
    due: Option<Instant>,
}

impl Receipts {
    /// When to send what waits.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn note(&mut self, news: ReceiptNews) {
        let key = (news.room, news.participant);
        let newest = self.waiting.entry(key).or_insert(news);
        // They come out of order where several connections of one person write.
        if (newest.delivered_seq, newest.read_seq) < (news.delivered_seq, news.read_seq) {
            *newest = news;
        }
        self.due.get_or_insert_with(|| clock::instant() + WAIT);
    }

    pub(super) fn send(&mut self, hub: &Hub) {
        self.due = None;
        for (_, news) in self.waiting.drain() {
            hub.tell_receipt(&news);
        }
    }
}
