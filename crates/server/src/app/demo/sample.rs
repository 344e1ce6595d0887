//! The sample: orders of the last hours with what their people said, loaded at the start.

use anyhow::Context as _;
use orderchat_domain::time::MINUTE;
use orderchat_domain::{Millis, OrderId, TokenRole};
use serde::Deserialize;
use serde_json::Value;

use super::people::{caller, context, say, shop};
use crate::chat::Chat;
use crate::orders::{self, OrderReport};

/// Read by the tests and by people, too: one order with its conversation on each line.
const SAMPLE: &str = include_str!("../../../../../examples/orders.jsonl");

#[derive(Debug, Deserialize)]
pub(super) struct Sample {
    minutes_ago: i64,
    eta_after_minutes: Option<i64>,
    pub(super) order: Value,
    chat: Vec<Said>,
    #[serde(default)]
    then: Vec<Later>,
}

impl Sample {
    /// What the shop reports of it, one after the other.
    pub(super) fn reports(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.order).chain(self.then.iter().map(|later| &later.order))
    }

    /// Whether all of its people can talk in its room now.
    pub(super) fn is_under_way(&self) -> bool {
        let last = self.then.last().map_or(&self.order, |later| &later.order);
        let status = last.get("status").and_then(Value::as_str);
        status == Some("picked_up") && self.order.pointer("/rider/id").is_some()
    }
}

#[derive(Debug, Deserialize)]
struct Said {
    minutes_ago: i64,
    #[serde(rename = "as")]
    role: String,
    user: String,
    name: Option<String>,
    text: String,
    reply_to: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Later {
    minutes_ago: i64,
    eta_after_minutes: Option<i64>,
    order: Value,
}

/// Something that happens in the sample, in the order of time.
enum Happening<'a> {
    Report(&'a Value, Option<i64>),
    Message(&'a Said),
}

/// Every order of the sample.
pub(super) fn samples() -> anyhow::Result<Vec<Sample>> {
    let read = |(line, text)| {
        serde_json::from_str(text).with_context(|| format!("line {} of the sample", line + 1))
    };
    SAMPLE.lines().enumerate().map(read).collect()
}

/// Loads the sample as if its orders had been reported at their times.
pub(super) async fn load(chat: &Chat, now: Millis) -> anyhow::Result<()> {
    for (line, sample) in samples()?.iter().enumerate() {
        load_one(chat, now, sample)
            .await
            .with_context(|| format!("line {}", line + 1))?;
    }
    Ok(())
}

async fn load_one(chat: &Chat, now: Millis, sample: &Sample) -> anyhow::Result<()> {
    let mut happenings = vec![(
        sample.minutes_ago,
        Happening::Report(&sample.order, sample.eta_after_minutes),
    )];
    for later in &sample.then {
        happenings.push((
            later.minutes_ago,
            Happening::Report(&later.order, later.eta_after_minutes),
        ));
    }
    happenings.extend(
        sample
            .chat
            .iter()
            .map(|said| (said.minutes_ago, Happening::Message(said))),
    );
    // Stable: what happened in the same minute stays in the order of the file.
    happenings.sort_by_key(|(minutes_ago, _)| std::cmp::Reverse(*minutes_ago));
    let id = sample.order["id"]
        .as_str()
        .context("an order without an id")?;
    let pharmacy = sample.order["pharmacy"]["id"]
        .as_str()
        .context("an order without a pharmacy")?;
    let id = OrderId::parse("/id", id)?;
    let mut sent = Vec::new();
    for (minutes_ago, happening) in happenings {
        let at = now.plus(-minutes_ago * MINUTE);
        match happening {
            Happening::Report(body, eta) => report(chat, &id, body, eta, at).await?,
            Happening::Message(said) => {
                sent.push(send(chat, &id, pharmacy, said, &sent, at).await?)
            }
        }
    }
    Ok(())
}

async fn report(
    chat: &Chat,
    id: &OrderId,
    body: &Value,
    eta_after_minutes: Option<i64>,
    at: Millis,
) -> anyhow::Result<()> {
    let mut body = body.clone();
    let fields = body.as_object_mut().context("an order is an object")?;
    fields.shift_remove("id");
    match eta_after_minutes {
        Some(minutes) => {
            let eta = at.plus(minutes * MINUTE).to_string();
            fields.insert("eta".to_owned(), Value::String(eta));
        }
        None => drop(fields.shift_remove("eta")),
    }
    let report: OrderReport = serde_json::from_value(body)?;
    let ctx = context(chat, shop()?, at).await?;
    orders::report(chat, &ctx, id.clone(), report.parse()?, report.text()).await?;
    Ok(())
}

/// Sends one message of the sample and gives its id.
async fn send(
    chat: &Chat,
    order: &OrderId,
    pharmacy: &str,
    said: &Said,
    sent: &[String],
    at: Millis,
) -> anyhow::Result<String> {
    let role = TokenRole::parse(&said.role).context("a message by nobody")?;
    let staff_of = (role == TokenRole::Pharmacy).then_some(pharmacy);
    let sender = caller(&said.user, role, said.name.as_deref(), staff_of)?;
    let ctx = context(chat, sender, at).await?;
    let reply_to = said.reply_to.and_then(|place| sent.get(place));
    say(chat, &ctx, order, &said.text, reply_to.map(String::as_str)).await
}
