//! The routes of SPEC 10, one file a resource. A handler reads the request into the types of the
//! domain, calls one command, and answers with what it gives.

mod attachments;
mod audit;
pub(crate) mod fields;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod history;
mod me;
mod messages;
mod order_events;
pub(crate) mod orders;
mod participants;
mod reports;
mod room_actions;
mod rooms;
mod search;
mod send_file;
mod sent;
mod statistics;
mod threads;
mod timeline;
mod unread;
pub(super) mod uploads;
mod users;
mod window;

use utoipa_axum::router::OpenApiRouter;

use super::AppState;

/// Every route, with its documentation.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .nest("/api/chat", rooms::router())
        .nest("/api/chat", room_actions::router())
        .nest("/api/chat", participants::router())
        .nest("/api/chat", messages::router())
        .nest("/api/chat", attachments::router())
        .nest("/api/chat", uploads::router())
        .nest("/api/chat", search::router())
        .nest("/api/chat", statistics::router())
        .nest("/api/chat", threads::router())
        .nest("/api/chat", unread::router())
        .nest("/api/chat", history::router())
        .nest("/api/chat", reports::router())
        .nest("/api/chat", me::router())
        .nest("/api", orders::router())
        .nest("/api", order_events::router())
        .nest("/api", timeline::router())
        .nest("/api", users::router())
        .nest("/api", audit::router())
}
