//! Plays the script: by the same commands as whoever asks from outside, with the rights that the order
//! policy gives.

use orderchat_domain::Millis;
use orderchat_domain::room::Transition;
use tokio_util::sync::CancellationToken;

use super::people::{caller, context, say, shop};
use super::script::{Act, Due, Pace, Person, Script};
use super::stage::InHand;
use crate::chat::{Chat, Context};
use crate::clock;
use crate::orders::{self, Event};

/// Until everything has happened, or the process is asked to stop. Orders in somebody's hand are left
/// alone.
pub(super) async fn run(
    chat: Chat,
    script: Script,
    pace: Pace,
    in_hand: InHand,
    stop: CancellationToken,
) {
    let began = clock::monotonic();
    for due in script.agenda() {
        let then = began + pace.duration(due.at);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep_until(then.into()) => {}
        }
        if due.order().is_ok_and(|order| in_hand.has(order.as_str())) {
            continue;
        }
        if let Err(error) = play(&chat, &script, due).await {
            // A policy of one's own may allow less than the script wants.
            tracing::warn!(
                error = format!("{error:#}"),
                "a step of the demo was not done"
            );
        }
    }
}

async fn play(chat: &Chat, script: &Script, due: Due) -> anyhow::Result<()> {
    let now = Millis(clock::now_ms());
    let order = due.order()?;
    match script.act(due, now)? {
        Act::Tell(event) => {
            let ctx = context(chat, shop()?, now).await?;
            for became in orders::take_events(chat, &ctx, vec![Event::parse(&event)?]).await? {
                became?;
            }
        }
        Act::Say(by, text) => {
            say(chat, &of(chat, by, now).await?, &order, text, None).await?;
        }
        Act::Close(by, why) => {
            let room = chat.room_of_order(&order).await?;
            let ctx = of(chat, by, now).await?;
            chat.change_state(&ctx, room, Transition::Close, Some(why))
                .await?;
        }
    }
    Ok(())
}

async fn of(chat: &Chat, person: &Person, now: Millis) -> anyhow::Result<Context> {
    let (name, pharmacy) = (Some(person.name.as_str()), person.pharmacy.as_deref());
    context(
        chat,
        caller(&person.id, person.role()?, name, pharmacy)?,
        now,
    )
    .await
}
