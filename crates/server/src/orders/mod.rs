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
    let (asked, commands) = (ctx.clone(), chat.clone());
    let (record, scene) = chat
        .read(move |tx| order_for(&commands, tx, &asked, &id, Action::ReadOrder))
        .await?;
    let own = scene.as_ref().and_then(|scene| scene.own.as_ref());
    Ok(project::order(chat.viewer(ctx, own), &record))
}
