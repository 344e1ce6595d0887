//! What the order policy says of an order and of a room, for those who ask.

use orderchat_domain::permission::Action;
use orderchat_domain::policy::RightsTable;
use orderchat_domain::room::Transition;
use orderchat_domain::{OrderId, Refusal, RoomId};

use super::access::enter;
use super::rooms::order_for;
use super::{Chat, Context, Result};

impl Chat {
    /// The table of rights of an order, as it stands.
    pub(crate) async fn rights(&self, ctx: &Context, order: &str) -> Result<RightsTable> {
        let id = OrderId::parse("id", order).map_err(|_| Refusal::NotFound)?;
        let (chat, asked) = (self.clone(), ctx.clone());
        let (record, scene) = self
            .read(move |tx| order_for(&chat, tx, &asked, &id, Action::ReadRights))
            .await?;
        let policy = self.policy();
        let edition = policy.edition();
        let at = scene.as_ref().map(|scene| scene.circumstances(ctx.now));
        let next = at.and_then(|at| policy.next_step(at));
        Ok(RightsTable {
            version: edition.version,
            hash: edition.hash_in_hex(),
            status: record.order.status,
            room: scene
                .as_ref()
                .map(|scene| scene.room.record.status.as_str()),
            opens_at: policy.opens_at.clone(),
            next: next.map(|step| match step.transition {
                Transition::Close => "close",
                Transition::Reopen => "reopen",
                Transition::Archive => "archive",
            }),
            next_at: next.map(|step| step.at),
            now: at.map(|at| policy.rights_now(at)).unwrap_or_default(),
            statuses: policy.rights_by_status(),
        })
    }

    /// The sentences that the caller is offered in a room, in its language.
    pub(crate) async fn quick_replies(&self, ctx: &Context, room: RoomId) -> Result<Vec<String>> {
        let (chat, asked) = (self.clone(), ctx.clone());
        let scene = self
            .read(move |tx| enter(tx, chat.policy(), &asked, room, Action::ReadRoom))
            .await?;
        self.note_reading(ctx, &scene).await?;
        let Some(who) = self.viewer(ctx, scene.own.as_ref()).looks_as() else {
            return Ok(Vec::new());
        };
        let room = &scene.room.record;
        let offered =
            self.policy()
                .quick_replies(who, &room.order.status, room.language.as_deref());
        Ok(offered.map(str::to_owned).collect())
    }
}
