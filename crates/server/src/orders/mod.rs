//! What the shop reports of its orders, and what becomes of their rooms.

mod event;
mod events;
mod people;
mod report;
mod reported;

pub(crate) use event::{Event, of_binary};
pub(crate) use events::{Became, take_arrived, take_events};
pub(crate) use report::report;
pub(crate) use reported::OrderReport;

use orderchat_domain::OrderId;
use orderchat_domain::Refusal;
use orderchat_domain::permission::Action;
use orderchat_domain::project::{self, OrderView};

use crate::chat::rooms::order_for;
use crate::chat::{Chat, Context, Result};

/// The order as the caller sees it, while they may read it.
pub(crate) async fn order(chat: &Chat, ctx: &Context, id: &str) -> Result<OrderView> {
    let id = OrderId::parse("id", id).map_err(|_| Refusal::NotFound)?;
    let found = orders(chat, ctx, vec![id]).await?;
    Ok(found.into_iter().next().ok_or(Refusal::NotFound)?)
}

/// The same for several, in this order and by one read; one that the caller may not read refuses all.
pub(crate) async fn orders(
    chat: &Chat,
    ctx: &Context,
    ids: Vec<OrderId>,
) -> Result<Vec<OrderView>> {
    let (asked, commands) = (ctx.clone(), chat.clone());
    let found = chat
        .read(move |tx| {
            let order = |id| order_for(&commands, tx, &asked, id, Action::ReadOrder);
            ids.iter().map(order).collect::<Result<Vec<_>>>()
        })
        .await?;
    let viewed = found.iter().map(|(record, scene)| {
        let own = scene.as_ref().and_then(|scene| scene.own.as_ref());
        project::order(chat.viewer(ctx, own), record)
    });
    Ok(viewed.collect())
}
