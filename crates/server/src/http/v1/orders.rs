//! `/api/orders/`: what the shop reports, and what of it may be read.

use axum::extract::State;
use axum::response::Response;
use orderchat_domain::OrderId;
use orderchat_domain::project::OrderView;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::Result;
use super::rooms::created;
use crate::http::AppState;
use crate::http::body::JsonBody;
use crate::http::caller::{Authenticated, Writing};
use crate::http::path::PathOf;
use crate::http::reply::Json;
use crate::limits::quota;
use crate::orders::{self, OrderReport};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read, put))
}

/// Read an order
///
/// As far as the caller may: customers and riders only while they may read its room.
#[utoipa::path(get, path = "/orders/{order}/", tag = "Orders", params(("order" = String, Path)),
    responses((status = 200, body = OrderView)))]
async fn read(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(order): PathOf<String>,
) -> Result<Json<OrderView>> {
    Ok(Json(orders::order(&state.chat, &ctx, &order).await?))
}

/// Report an order
///
/// The service alone. The order's room opens when the order policy says so, its people come and
/// go, and the room hears the news.
#[utoipa::path(put, path = "/orders/{order}/", tag = "Orders", params(("order" = String, Path)),
    request_body = OrderReport,
    responses((status = 201, body = OrderView), (status = 200, body = OrderView)))]
async fn put(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(order): PathOf<String>,
    JsonBody(body): JsonBody<OrderReport>,
) -> Result<Response> {
    // The service has no limit here; who is none is refused, so often and no more.
    quota::changes(&state.limits, &ctx.caller)?;
    let id = OrderId::parse("order", &order)?;
    let reported = orders::report(&state.chat, &ctx, id, body.parse()?, body.text()).await?;
    Ok(created(reported.is_new, reported.order))
}
