//! What the shop reports of its orders, and what becomes of their rooms.

mod people;
mod report;

pub(crate) use report::report;

use orderchat_domain::OrderId;
use orderchat_domain::Refusal;
use orderchat_domain::project::{self, OrderView};

use crate::chat::rooms::order_for;
use crate::chat::{Chat, Context, Result};

/// The order as the caller sees it, while they may read it.
pub(crate) async fn order(chat: &Chat, ctx: &Context, id: &str) -> Result<OrderView> {
    let id = OrderId::parse("id", id).map_err(|_| Refusal::NotFound)?;
    let (asked, commands) = (ctx.clone(), chat.clone());
    let (record, own) = chat
        .read(move |tx| order_for(&commands, tx, &asked, &id))
        .await?;
    Ok(project::order(chat.viewer(ctx, own.as_ref()), &record))
}
