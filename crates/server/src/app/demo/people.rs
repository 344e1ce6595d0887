//! Those who act in the demo.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use orderchat_domain::id::PharmacyId;
use orderchat_domain::message::{Asked, Draft};
use orderchat_domain::{Caller, Millis, OrderId, Refusal, TokenRole, UserId};

use crate::chat::{Chat, ChatError, Context, Origin};

/// Under which id the shop's backend tells of orders.
pub(super) const SHOP: &str = "demo-shop";

/// What goes with a command that somebody gives at this time.
pub(super) async fn context(chat: &Chat, caller: Caller, at: Millis) -> anyhow::Result<Context> {
    let origin = Origin {
        request_id: "demo".to_owned(),
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: None,
    };
    chat.identify(&Arc::new(caller), at, origin, at)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))
}

/// Somebody; of staff, whose.
pub(super) fn caller(
    user: &str,
    role: TokenRole,
    name: Option<&str>,
    pharmacy: Option<&str>,
) -> Result<Caller, ChatError> {
    let pharmacies: Result<Vec<PharmacyId>, Refusal> = pharmacy
        .iter()
        .map(|id| PharmacyId::parse("/pharmacy", id))
        .collect();
    Ok(Caller {
        user: UserId::parse("/user", user)?,
        role,
        name: name.map(str::to_owned),
        email: None,
        pharmacies: pharmacies?,
        language: None,
        room: None,
    })
}

/// The shop's backend.
pub(super) fn shop() -> Result<Caller, ChatError> {
    caller(SHOP, TokenRole::Service, None, None)
}

/// Sends a message to an order's room and gives its id.
pub(super) async fn say(
    chat: &Chat,
    ctx: &Context,
    order: &OrderId,
    text: &str,
    reply_to: Option<&str>,
) -> anyhow::Result<String> {
    let room = chat.room_of_order(order).await?;
    let length = chat.rules().message_length;
    let asked = Asked {
        content: text,
        reply_to,
        ..Asked::default()
    };
    let draft = Draft::parse(false, asked, length)?;
    Ok(chat.send(ctx, room, draft).await?.message.id.to_string())
}
