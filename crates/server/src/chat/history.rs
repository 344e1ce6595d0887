//! What a message said before, what was deleted and why: for admins.

use orderchat_domain::permission::Action;
use orderchat_domain::project::{self, RevisionView};
use orderchat_store::history;
pub(crate) use orderchat_store::history::Page;

use super::access::enter;
use super::messages::visible;
use super::{Chat, Context, Result};

impl Chat {
    /// The revisions of a message in the direction of the page, one more than the limit.
    pub(crate) async fn history(
        &self,
        ctx: &Context,
        id: &str,
        page: Page,
        limit: u32,
    ) -> Result<Vec<RevisionView>> {
        let (room, seq) = self.message_place(id).await?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (scene, found) = self
            .read(move |tx| {
                // Whoever may not see the message learns nothing, not even that they may not.
                let scene = enter(tx, chat.policy(), &asked, room, Action::ReadRoom)?;
                let viewer = chat.viewer(&asked, scene.own.as_ref());
                visible(tx, viewer, &scene.room, seq)?;
                scene.permit(chat.policy(), &asked, Action::ReadHistory)?;
                let found = history::revisions(tx, &scene.room, seq, page, limit + 1)?;
                Ok((scene, found))
            })
            .await?;
        self.note_reading(ctx, &scene).await?;
        let viewer = self.viewer(ctx, scene.own.as_ref());
        let show = |revision| project::revision(viewer, revision);
        Ok(found.into_iter().map(show).collect())
    }
}
