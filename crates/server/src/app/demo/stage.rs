//! `/api/demo/`: what the demo's page works with. Nobody signs in there: whoever reaches the demo may
//! be anybody of its people and move its orders on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use orderchat_domain::project::{OrderView, RoomView};
use orderchat_domain::{Millis, Refusal, RoomId, Rule};
use parking_lot::Mutex;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cast::{Cast, Member};
use super::journey;
use super::people::{ADMIN, SUPPORT, context, shop};
use crate::app::token;
use crate::chat::rooms::{Direction, ListScope, Ordering, RoomQuery};
use crate::chat::{Chat, Context};
use crate::clock;
use crate::config::Settings;
use crate::http::AppState;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::path::PathOf;
use crate::orders::{self, Event};
use crate::problem::Problem;

/// How long a token is good: shorter than a demo is looked at, so that renewal is seen, too.
const TOKEN_LIFE: Duration = Duration::from_secs(30 * 60);
/// Orders that are shown at most, the newest.
const SHOWN: u32 = 150;

/// Orders that somebody moves by hand: the script leaves them alone from then on.
#[derive(Clone, Debug, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeSet<String>>>);

impl InHand {
    fn take(&self, order: &str) {
        self.0.lock().insert(order.to_owned());
    }

    pub(super) fn has(&self, order: &str) -> bool {
        self.0.lock().contains(order)
    }
}

/// What the routes work with.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) settings: Arc<Settings>,
    pub(super) secret: SecretString,
    pub(super) cast: Cast,
    pub(super) in_hand: InHand,
}

pub(super) fn router(stage: Stage) -> Router<AppState> {
    Router::new()
        .route("/api/demo/", get(listed))
        .route("/api/demo/token/", post(step_in))
        .route("/api/demo/orders/{order}/next/", post(next))
        .route("/api/demo/orders/{order}/hand-over/", post(hand_over))
        .layer(Extension(Arc::new(stage)))
}

type Result<T> = std::result::Result<T, Problem>;
type Shared = Extension<Arc<Stage>>;

#[derive(Debug, Serialize)]
struct Playbill {
    /// The newest first.
    orders: Vec<Shown>,
}

#[derive(Debug, Serialize)]
struct Shown {
    order: String,
    number: String,
    room: RoomId,
    room_title: String,
    status: String,
    delivery_status: Option<String>,
    /// Customer, rider, staff, and one of support and an admin.
    people: Vec<Person>,
}

#[derive(Debug, Serialize)]
struct Person {
    user: String,
    name: String,
    role: &'static str,
}

impl From<&Member> for Person {
    fn from(member: &Member) -> Self {
        Self {
            user: member.user.clone(),
            name: member.name.clone(),
            role: member.role.as_str(),
        }
    }
}

/// The orders that have a room.
async fn listed(State(state): State<AppState>, stage: Shared) -> Result<Json<Playbill>> {
    let ctx = the_shop(&state.chat).await?;
    let query = RoomQuery {
        scope: ListScope::All,
        status: None,
        is_public: None,
        order: None,
        role: None,
        search: None,
        ordering: Ordering::CreatedAt,
        direction: Direction::Descending,
        after: None,
        limit: SHOWN,
    };
    let rooms = state.chat.rooms(&ctx, query).await?;
    let rooms: Vec<_> = rooms.into_iter().map(|room| room.view).collect();
    let ids = rooms.iter().filter_map(|room| room.order.clone()).collect();
    let orders = orders::orders(&state.chat, &ctx, ids).await?;
    let rooms = rooms.into_iter().filter(|room| room.order.is_some());
    let shown = |(room, order): (RoomView, OrderView)| Shown {
        order: order.id.to_string(),
        number: order.number.clone(),
        room: room.id,
        room_title: room.room_title,
        people: stage.people_of(&order),
        status: order.status,
        delivery_status: order.delivery_status,
    };
    let orders = rooms.zip(orders).map(shown).collect();
    Ok(Json(Playbill { orders }))
}

impl Stage {
    /// Who has a part in the order, and the two who have one in all.
    fn people_of(&self, order: &OrderView) -> Vec<Person> {
        let riders = order.rider.iter();
        let people = std::iter::once(&order.customer)
            .chain(riders)
            .chain(&order.pharmacy.staff);
        let ids = people.filter_map(|person| person.id.as_ref().map(|id| id.as_str()));
        ids.chain([SUPPORT.0, ADMIN.0])
            .filter_map(|id| self.cast.get(id).map(Person::from))
            .collect()
    }
}

/// Whom one steps in as.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    user: String,
}

#[derive(Debug, Serialize)]
struct SteppedIn {
    token: String,
    expires_at: Millis,
    #[serde(flatten)]
    person: Person,
}

async fn step_in(stage: Shared, JsonBody(wanted): JsonBody<Wanted>) -> Result<Json<SteppedIn>> {
    let member = stage.cast.get(&wanted.user).ok_or_else(|| {
        Problem::invalid("/user", "is nobody of the demo: GET /api/demo/ lists them")
    })?;
    let caller = member.caller()?;
    let life = i64::try_from(TOKEN_LIFE.as_millis()).unwrap_or(i64::MAX);
    let token = token::mint(&stage.settings, &stage.secret, &caller, TOKEN_LIFE)
        .map_err(|error| internal(&error))?;
    Ok(Json(SteppedIn {
        token,
        expires_at: Millis(clock::now_ms()).plus(life),
        person: member.into(),
    }))
}

/// Nothing needs to be said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// The order gets to its next place.
async fn next(
    State(state): State<AppState>,
    stage: Shared,
    PathOf(order): PathOf<String>,
    OptionalJsonBody(Nothing {}): OptionalJsonBody<Nothing>,
) -> Result<Json<OrderView>> {
    stage.tell(&state.chat, &order, journey::next).await
}

/// Another rider takes the order over.
async fn hand_over(
    State(state): State<AppState>,
    stage: Shared,
    PathOf(order): PathOf<String>,
    OptionalJsonBody(Nothing {}): OptionalJsonBody<Nothing>,
) -> Result<Json<OrderView>> {
    stage.tell(&state.chat, &order, journey::hand_over).await
}

impl Stage {
    /// Tells of the order what follows from how it is now, and gives how it is then.
    async fn tell(
        &self,
        chat: &Chat,
        order: &str,
        what: fn(&OrderView, &Cast, Millis) -> Option<Vec<Value>>,
    ) -> Result<Json<OrderView>> {
        let ctx = the_shop(chat).await?;
        // Only of an order that there is; and nothing may happen to it after it was looked at.
        orders::order(chat, &ctx, order).await?;
        self.in_hand.take(order);
        let now = orders::order(chat, &ctx, order).await?;
        let told = what(&now, &self.cast, ctx.now).ok_or_else(|| {
            let detail = "nothing follows: the order is over, choose another";
            Problem::from(Refusal::conflict(Rule::OrderInactive, detail))
        })?;
        let events: std::result::Result<Vec<_>, _> = told.iter().map(Event::parse).collect();
        for became in orders::take_events(chat, &ctx, events?).await? {
            became?;
        }
        Ok(Json(orders::order(chat, &ctx, order).await?))
    }
}

/// What goes with a command of the shop's backend.
async fn the_shop(chat: &Chat) -> Result<Context> {
    let ctx = context(chat, shop()?, Millis(clock::now_ms())).await;
    ctx.map_err(|error| internal(&error))
}

fn internal(error: &anyhow::Error) -> Problem {
    tracing::error!(error = format!("{error:#}"), "the demo cannot go on");
    Problem::internal()
}
