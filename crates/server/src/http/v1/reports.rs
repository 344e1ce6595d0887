//! `/api/chat/messages/{message}/report/`.

use axum::extract::State;
use axum::response::Response;
use orderchat_domain::{MessageId, Millis};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::Result;
use super::rooms::created;
use crate::chat::reports::Complaint;
use crate::http::AppState;
use crate::http::body::JsonBody;
use crate::http::caller::Writing;
use crate::http::path::PathOf;
use crate::limits::quota;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report))
}

/// What is wrong with a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "abuse", "note": "I was insulted."}))]
struct NewReport {
    /// `abuse`, `spam`, `privacy` or `other`
    reason: String,
    /// For those who moderate, at most 1,000 characters
    note: Option<String>,
}

/// A report, as it is kept.
#[derive(Debug, Serialize, ToSchema)]
struct ReportView {
    /// The message's id
    #[schema(value_type = uuid::Uuid)]
    message: MessageId,
    /// `abuse`, `spam`, `privacy` or `other`
    reason: &'static str,
    #[schema(value_type = String, format = DateTime)]
    reported_at: Millis,
}

/// Report a message
///
/// To the admins, who find it in the audit. Whoever may read a message may report it, in a room of
/// any state; once: who reports it again gets 200 and their first report, unchanged.
#[utoipa::path(post, path = "/messages/{message}/report/", tag = "Messages",
    params(("message" = String, Path)), request_body = NewReport,
    responses((status = 201, body = ReportView), (status = 200, body = ReportView)))]
async fn report(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(message): PathOf<String>,
    JsonBody(body): JsonBody<NewReport>,
) -> Result<Response> {
    quota::changes(&state.limits, &ctx.caller)?;
    let complaint = Complaint::parse(&body.reason, body.note.as_deref())?;
    let kept = state.chat.report_message(&ctx, &message, complaint).await?;
    let view = ReportView {
        message: kept.message,
        reason: kept.reason.as_str(),
        reported_at: kept.at,
    };
    Ok(created(kept.is_new, view))
}
