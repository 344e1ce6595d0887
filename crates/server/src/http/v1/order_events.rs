//! `/api/orders/events/`: what the shop tells of its orders, event by event.

use axum::extract::State;
use axum::http::StatusCode;
use orderchat_domain::permission::{Action, permit_everywhere};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::Result;
use crate::http::AppState;
use crate::http::caller::Writing;
use crate::http::cloud_events::CloudEvents;
use crate::http::reply::Json;
use crate::limits::quota;
use crate::orders::{self, Became, Event};
use crate::problem::{Problem, ProblemBody};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(take))
}

/// A CloudEvent 1.0 in the JSON format. `data` by `type`: `order.created`, `order.updated` the whole
/// order; `order.status_changed` `{status, reason?}`; `order.cancelled` `{reason?}`;
/// `delivery.assigned`, `delivery.reassigned` `{rider}`; `delivery.status_changed`
/// `{delivery_status}`; `delivery.eta_changed` `{eta}`; `delivery.proof_added` `{kind, attachment?,
/// lat?, lon?, taken_at?, note?}`; each with `sequence?`. Other types stand on the timeline.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "specversion": "1.0", "id": "e-1042-7", "source": "https://shop.example/orders",
    "type": "order.status_changed", "subject": "order-1042",
    "data": {"status": "preparing", "sequence": 7}}))]
#[expect(
    dead_code,
    reason = "the shape of the request in the document; it is read as JSON"
)]
struct CloudEvent {
    specversion: String,
    /// With `source` it names the event: a repeat changes nothing
    id: String,
    source: String,
    r#type: String,
    /// The order's id
    subject: String,
    time: Option<String>,
    datacontenttype: Option<String>,
    data: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What became of the events.
#[derive(Debug, Serialize, ToSchema)]
struct Taken {
    /// Events that were taken, or wait for their order
    accepted: usize,
    /// Events that came before; nothing was done
    repeated: usize,
    errors: Vec<Refused>,
}

/// An event of a batch that was not taken.
#[derive(Debug, Serialize, ToSchema)]
struct Refused {
    /// Its place in the batch, from 0
    index: usize,
    #[schema(value_type = ProblemBody<'static>)]
    problem: serde_json::Value,
}

/// Tell of orders by events
///
/// The service alone. CloudEvents 1.0, structured, binary or batched; a batch is taken event by event.
/// Events may come late, out of order and more than once; those for an order that is not known yet
/// are kept for 7 days and taken when it arrives.
#[utoipa::path(post, path = "/orders/events/", tag = "Orders",
    request_body(content((CloudEvent = "application/cloudevents+json"),
        (Vec<CloudEvent> = "application/cloudevents-batch+json"))),
    responses((status = 202, body = Taken)))]
async fn take(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    events: CloudEvents,
) -> Result<(StatusCode, Json<Taken>)> {
    quota::changes(&state.limits, &ctx.caller)?;
    permit_everywhere(&ctx.caller, Action::ReportOrders)?;
    let (events, is_batch) = match events {
        CloudEvents::One(event) => (vec![event], false),
        CloudEvents::Batch(events) => (events, true),
    };
    let mut errors = Vec::new();
    let (mut good, mut places) = (Vec::new(), Vec::new());
    for (index, event) in events.iter().enumerate() {
        match Event::parse(event) {
            Ok(event) => {
                places.push(index);
                good.push(event);
            }
            Err(refusal) => errors.push((index, Problem::from(refusal))),
        }
    }
    let (mut accepted, mut repeated) = (0, 0);
    let became = orders::take_events(&state.chat, &ctx, good).await?;
    for (index, became) in places.into_iter().zip(became) {
        match became {
            Ok(Became::Accepted) => accepted += 1,
            Ok(Became::Repeated) => repeated += 1,
            Err(error) => errors.push((index, error.into())),
        }
    }
    if !is_batch && let Some((_, problem)) = errors.pop() {
        return Err(problem);
    }
    errors.sort_by_key(|(index, _)| *index);
    let refused = errors.into_iter().map(|(index, problem)| Refused {
        index,
        problem: serde_json::to_value(problem.body()).unwrap_or_default(),
    });
    let taken = Taken {
        accepted,
        repeated,
        errors: refused.collect(),
    };
    Ok((StatusCode::ACCEPTED, Json(taken)))
}
