//! `orderchat demo`: sample orders of three pharmacies, with their people and what they said, in a
//! temporary folder; nothing to configure.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use orderchat_domain::id::PharmacyId;
use orderchat_domain::message::Draft;
use orderchat_domain::time::MINUTE;
use orderchat_domain::{Caller, Millis, OrderId, Refusal, TokenRole, UserId};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::{keys, run, start_logging, token, verifier};
use crate::chat::{Chat, ChatError, Context, Origin};
use crate::config::{BusLocation, Database, Settings, Source};
use crate::orders::OrderReport;
use crate::{clock, orders, random};

/// Read by the tests and by people, too: one order with its conversation on each line.
const SAMPLE: &str = include_str!("../../../../examples/orders.jsonl");

/// How long the demo's tokens are good.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Deserialize)]
struct Sample {
    minutes_ago: i64,
    eta_after_minutes: Option<i64>,
    order: Value,
    chat: Vec<Said>,
    #[serde(default)]
    then: Vec<Later>,
}

impl Sample {
    /// Whether all of its people can talk in its room now.
    fn is_under_way(&self) -> bool {
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

/// Serves the sample until a signal ends it; then the folder is gone.
pub(crate) fn demo(mut settings: Settings) -> anyhow::Result<ExitCode> {
    start_logging(&settings)?;
    let folder = tempfile::Builder::new()
        .prefix("orderchat-demo-")
        .tempdir()?;
    for name in unused(&settings) {
        eprintln!(
            "{name} is not used: the demo has a database and keys of its own, in {}",
            folder.path().display()
        );
    }
    settings.database = Database::Sqlite(folder.path().join("orderchat.db"));
    settings.bus = BusLocation::Local;
    settings.auth_jwks = None;
    settings.signing_key = None;
    let secret = SecretString::from(super::hex(&random::bytes::<32>()));
    settings.auth_secret = Some(secret.clone());
    super::runtime()?.block_on(async {
        let chat = super::open(&settings).await?;
        let now = Millis(clock::now_ms());
        load(&chat, now)
            .await
            .context("the sample orders cannot be loaded")?;
        let verifier = verifier(&settings).await?;
        let key = keys::signing_key(&settings)?;
        let guide = guide(&settings, &secret, folder.path().to_owned())?;
        run::run(Arc::new(settings), chat, verifier, key, move |address| {
            println!("{}", guide.replace("{address}", &address.to_string()));
        })
        .await
    })
}

/// Settings that were given and that the demo does not heed.
fn unused(settings: &Settings) -> Vec<&str> {
    const NOT_USED: [&str; 4] = [
        "ORDERCHAT_DATABASE",
        "ORDERCHAT_AUTH_SECRET",
        "ORDERCHAT_AUTH_JWKS",
        "ORDERCHAT_SIGNING_KEY",
    ];
    let given = settings.listing().filter(|setting| {
        setting.source != Source::Default && NOT_USED.contains(&setting.name.as_str())
    });
    given.map(|setting| setting.name.as_str()).collect()
}

async fn load(chat: &Chat, now: Millis) -> anyhow::Result<()> {
    for (line, text) in SAMPLE.lines().enumerate() {
        let sample: Sample =
            serde_json::from_str(text).with_context(|| format!("line {}", line + 1))?;
        load_one(chat, now, &sample)
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
            Happening::Message(said) => sent.push(say(chat, &id, pharmacy, said, &sent, at).await?),
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
    let service = caller("demo-shop", TokenRole::Service, None, None)?;
    let ctx = context(chat, service, at).await?;
    orders::report(chat, &ctx, id.clone(), report.parse()?, report.text()).await?;
    Ok(())
}

/// Sends one message of the sample and gives its id.
async fn say(
    chat: &Chat,
    order: &OrderId,
    pharmacy: &str,
    said: &Said,
    sent: &[String],
    at: Millis,
) -> anyhow::Result<String> {
    let role = TokenRole::parse(&said.role).context("a message by nobody")?;
    let staff_of = (role == TokenRole::Pharmacy).then_some(pharmacy);
    let ctx = context(
        chat,
        caller(&said.user, role, said.name.as_deref(), staff_of)?,
        at,
    )
    .await?;
    let room = chat.room_of_order(order).await?;
    let reply_to = said
        .reply_to
        .and_then(|place| sent.get(place))
        .map(String::as_str);
    let length = chat.rules().message_length;
    let draft = Draft::parse(false, None, &said.text, reply_to, None, None, length)?;
    Ok(chat.send(&ctx, room, draft).await?.message.id.to_string())
}

async fn context(chat: &Chat, caller: Caller, at: Millis) -> anyhow::Result<Context> {
    let origin = Origin {
        request_id: "demo".to_owned(),
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: None,
    };
    chat.identify(&Arc::new(caller), at, origin, at)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))
}

fn caller(
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

/// What is printed for people: a token and lines to try for each role.
fn guide(settings: &Settings, secret: &SecretString, folder: PathBuf) -> anyhow::Result<String> {
    let samples = SAMPLE.lines().map(serde_json::from_str::<Sample>);
    let samples = samples.collect::<Result<Vec<_>, _>>()?;
    let shown = samples.iter().find(|sample| sample.is_under_way());
    let shown = shown.context("no sample order that is under way")?;
    let id = |pointer: &str| shown.order.pointer(pointer).and_then(Value::as_str);
    let order = id("/id").context("an order without an id")?;
    let pharmacy = id("/pharmacy/id").context("an order without a pharmacy")?;
    let customer = id("/customer/id").context("an order without a customer")?;
    let rider = id("/rider/id").context("an order without a rider")?;
    let staff = id("/pharmacy/staff/0/id").context("an order without staff")?;
    let mut text = format!(
        "\nOrderchat runs with 30 sample orders of three pharmacies.\n\
         API: http://{{address}}/api/docs   data: {} (gone when this ends)\n",
        folder.display()
    );
    for (user, role, name, note) in [
        (
            customer,
            TokenRole::Customer,
            None,
            "sees the rooms of their own orders",
        ),
        (
            rider,
            TokenRole::Rider,
            None,
            "sees what they deliver, from assignment on",
        ),
        (
            staff,
            TokenRole::Pharmacy,
            None,
            "sees every room of their pharmacy",
        ),
        (
            "support-demo",
            TokenRole::Support,
            Some("Sam Support"),
            "reaches every room",
        ),
        (
            "admin-demo",
            TokenRole::Admin,
            Some("Ada Admin"),
            "reaches every room, and moderates",
        ),
        (
            "demo-shop",
            TokenRole::Service,
            None,
            "the shop's backend: reports orders",
        ),
    ] {
        let staff_of = (role == TokenRole::Pharmacy).then_some(pharmacy);
        let token = token::mint(
            settings,
            secret,
            &caller(user, role, name, staff_of)?,
            TOKEN_LIFE,
        )?;
        let role = role.as_str();
        let scope = if role == "customer" || role == "rider" {
            ""
        } else {
            "?scope=all"
        };
        text.push_str(&format!(
            "\n# {role} {user}: {note}\n{role}={token}\n\
             curl -H \"Authorization: Bearer ${role}\" 'http://{{address}}/api/chat/rooms/{scope}'\n"
        ));
    }
    text.push_str(&format!(
        "\n# and, as the service, what the shop knows of an order:\n\
         curl -H \"Authorization: Bearer $service\" http://{{address}}/api/orders/{order}/\n"
    ));
    Ok(text)
}
