//! Threads: what a message answers, and what answers it.

use orderchat_domain::permission::Action;
use orderchat_domain::project::MessageView;
pub(crate) use orderchat_store::threads::Part;
use orderchat_store::{messages, threads};

use super::access::enter;
use super::messages::visible;
use super::{Chat, Context, Result};

/// A part of a thread, ascending by seq.
#[derive(Clone, Debug)]
pub(crate) struct ThreadPage {
    pub(crate) messages: Vec<MessageView>,
    /// The thread goes on before this seq.
    pub(crate) before: Option<u64>,
    /// The thread goes on after this seq.
    pub(crate) after: Option<u64>,
}

impl Chat {
    /// A part of the message's thread, as far as the caller sees the room.
    pub(crate) async fn thread(
        &self,
        ctx: &Context,
        id: &str,
        part: Part,
        limit: u32,
    ) -> Result<ThreadPage> {
        let (room, seq) = self.message_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, found, mut records) = self
            .read(move |tx| {
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
                let viewer = chat.viewer(&asked, scene.own.as_ref());
                visible(tx, viewer, &scene.room, seq)?;
                let from = viewer.visible_from();
                let found = threads::part(tx, scene.key(), seq, from, part, limit)?;
                let records = messages::by_seqs(tx, &scene.room, &found.seqs)?;
                Ok((scene, found, records))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        let viewer = self.viewer(ctx, scene.own.as_ref());
        records.retain(|record| viewer.sees_order() || !record.message_type.is_order_news());
        let show = |record| self.show_message(ctx, &scene, record, None);
        Ok(ThreadPage {
            messages: records.iter().map(show).collect(),
            before: found.before,
            after: found.after,
        })
    }
}
