//! `/api/chat/rooms/{room}/stats/`: a room in numbers.

use std::collections::BTreeMap;

use axum::extract::State;
use orderchat_domain::message::MessageType;
use orderchat_domain::statistics::DAYS;
use orderchat_domain::time::{DAY, SECOND};
use orderchat_domain::{Millis, Role};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::Result;
use crate::chat::statistics::Overview;
use crate::http::AppState;
use crate::http::caller::Authenticated;
use crate::http::path::PathOf;
use crate::http::reply::Json;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read))
}

/// A room in numbers. Days are those of UTC.
#[derive(Debug, Serialize, ToSchema)]
struct RoomStatistics {
    /// Who is or was in the room
    total_participants: u64,
    /// Who is in it now
    active_participants: u64,
    /// With the deleted ones, as the room's `message_count`
    total_messages: u64,
    messages_today: u64,
    /// Who is in the room now, for every role
    by_participant_role: BTreeMap<&'static str, u64>,
    /// For every type
    by_message_type: BTreeMap<&'static str, u64>,
    /// The last 30 days, oldest first
    recent_activity: Vec<DayActivity>,
    /// How long a customer waited for the first answer by staff or rider; null before it
    #[schema(required = true)]
    first_response_s: Option<f64>,
    /// The median of the newest 100 answers
    #[schema(required = true)]
    response_p50_s: Option<f64>,
    /// What 90 % of the newest 100 answers did not exceed
    #[schema(required = true)]
    response_p90_s: Option<f64>,
}

/// How much was said on a day.
#[derive(Debug, Serialize, ToSchema)]
struct DayActivity {
    #[schema(format = Date)]
    date: String,
    count: u64,
}

impl RoomStatistics {
    fn of(overview: &Overview, now: Millis) -> Self {
        let messages = &overview.messages;
        let active = Role::ALL.map(|role| (role.as_str(), overview.active(role)));
        let types = MessageType::ALL.map(MessageType::as_str);
        let of_type = |name: &str| messages.by_type.get(name).copied().unwrap_or(0);
        let seconds = |ms: Option<i64>| ms.map(|ms| ms as f64 / SECOND as f64);
        Self {
            total_participants: overview.participants(),
            active_participants: active.iter().map(|(_, count)| count).sum(),
            total_messages: messages.total(),
            messages_today: messages.on(now),
            by_participant_role: active.into_iter().collect(),
            by_message_type: types
                .into_iter()
                .map(|name| (name, of_type(name)))
                .collect(),
            recent_activity: (0..DAYS as i64)
                .rev()
                .map(|ago| now.plus(-ago * DAY))
                .map(|day| DayActivity {
                    date: day.to_string().chars().take(10).collect(),
                    count: messages.on(day),
                })
                .collect(),
            first_response_s: seconds(messages.first_response),
            response_p50_s: seconds(messages.response_percentile(50)),
            response_p90_s: seconds(messages.response_percentile(90)),
        }
    }
}

/// Read a room's statistics
///
/// A response is the first message by staff or the rider after a customer's that had none. Deleted
/// messages stay counted.
#[utoipa::path(get, path = "/rooms/{room}/stats/", tag = "Rooms", params(("room" = String, Path)),
    responses((status = 200, body = RoomStatistics)))]
async fn read(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(room): PathOf<String>,
) -> Result<Json<RoomStatistics>> {
    let room = state.chat.room_id(&room).await?;
    let overview = state.chat.statistics(&ctx, room).await?;
    Ok(Json(RoomStatistics::of(&overview, ctx.now)))
}
