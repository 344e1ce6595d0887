//! REST: from a request to a command of `chat`, and from its outcome to an answer.
//!
//! [`service`] is the whole of it: the routes of [`v1`], the documentation, health, and around
//! them what every request passes ([`observe`], [`layers`]). Handlers take what they need as
//! extractors: who asks ([`caller`]), the path, the query, the body. Each of them refuses as a
//! [`Problem`](crate::problem::Problem).
//!
//! Every route is registered with its last slash and answers without it, too.

mod arriving;
pub(crate) mod asyncapi;
mod attempts;
pub(crate) mod body;
mod caller;
mod cloud_events;
mod docs;
mod form;
mod layers;
mod link;
mod live;
mod observe;
mod openapi;
mod ops;
mod page;
mod pages;
pub(crate) mod path;
mod query;
mod range;
pub(crate) mod reply;
pub(crate) mod seal;
mod transfer;
pub(crate) mod v1;

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use axum::http::{Extensions, HeaderMap, HeaderValue};
use axum::middleware::from_fn_with_state;
use tokio_util::sync::CancellationToken;
use tower::Layer;
use tower_http::normalize_path::{NormalizePath, NormalizePathLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::chat::Chat;
use crate::limits::Limits;
use crate::live::Live;
use crate::media::Media;
use crate::signin::SignIn;
use arriving::Arrivals;
use body::BodyLimit;
use layers::Admission;
use openapi::queries::WithQuery;
pub(crate) use pages::PageSettings;
use seal::Seal;

/// Finds out the address of whoever asks, from the connection's extension and the headers.
pub(crate) type ClientAddress = Box<dyn Fn(&Extensions, &HeaderMap) -> IpAddr + Send + Sync>;

/// What the settings say to this module.
pub(crate) struct HttpSettings {
    /// Origins whose pages may read answers, as browsers write them in `Origin`.
    pub(crate) origins: Vec<HeaderValue>,
    /// Largest JSON body, in bytes.
    pub(crate) max_body: usize,
    /// JSON requests under way at once.
    pub(crate) max_in_flight: usize,
    /// Uploads and downloads under way at once.
    pub(crate) max_transfers: usize,
    /// The longest that an upload or a download takes.
    pub(crate) transfer_deadline: Duration,
    /// An upload of which nothing comes for so long is given up.
    pub(crate) upload_stall: Duration,
    /// Time within which a JSON request is answered.
    pub(crate) request_deadline: Duration,
    pub(crate) client_address: ClientAddress,
    pub(crate) pages: PageSettings,
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("origins", &self.origins)
            .field("max_body", &self.max_body)
            .field("max_in_flight", &self.max_in_flight)
            .field("max_transfers", &self.max_transfers)
            .field("transfer_deadline", &self.transfer_deadline)
            .field("upload_stall", &self.upload_stall)
            .field("request_deadline", &self.request_deadline)
            .finish_non_exhaustive()
    }
}

/// What handlers and extractors work with. Cheap to clone, which axum does several times for each
/// request.
#[derive(Clone, Debug)]
pub(crate) struct AppState(Arc<Parts>);

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) chat: Chat,
    pub(crate) media: Media,
    pub(crate) sign_in: Arc<SignIn>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) live: Arc<Live>,
    /// Of cursors that nobody may read.
    pub(crate) seal: Seal,
    /// Operations that take query parameters.
    pub(crate) with_query: WithQuery,
    pub(crate) settings: HttpSettings,
    /// Cancelled when the process was asked to stop: nothing new is written from then on.
    pub(crate) stopping: CancellationToken,
}

impl AppState {
    pub(crate) fn new(
        (chat, media): (Chat, Media),
        sign_in: Arc<SignIn>,
        limits: Arc<Limits>,
        live: Arc<Live>,
        seal: Seal,
        settings: HttpSettings,
        stopping: CancellationToken,
    ) -> Self {
        Self(Arc::new(Parts {
            chat,
            media,
            sign_in,
            limits,
            live,
            seal,
            with_query: WithQuery::of(&mut document()),
            settings,
            stopping,
        }))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for BodyLimit {
    fn from_ref(state: &AppState) -> Self {
        Self(state.settings.max_body)
    }
}

/// The OpenAPI document of all routes.
pub(crate) fn document() -> OpenApi {
    openapi::complete(api().merge(live::router()).into_openapi())
}

/// Everything that the public listener answers. `more` are routes that only this kind of server has.
pub(crate) fn service(state: AppState, more: Router<AppState>) -> NormalizePath<Router> {
    let (api, _) = api().split_for_parts();
    let (live, _) = live::router().split_for_parts();
    let docs = docs::router(&document());
    let admission = Admission::new(&state.settings, state.stopping.clone());
    let cors = layers::cors(&state.settings.origins);
    let tus = from_fn_with_state(state.clone(), v1::uploads::tell_of_tus);
    let arrivals = Arrivals::new(state.settings.upload_stall);
    let around = (Arc::clone(&state.limits), state.chat.clone());
    let router = api
        .route_layer(from_fn_with_state(admission, layers::admit))
        .merge(live)
        .merge(ops::router())
        .merge(docs)
        .merge(pages::router())
        .merge(more)
        .fallback(layers::no_such_route)
        .method_not_allowed_fallback(layers::no_such_method)
        .layer(cors)
        .layer(tus)
        .layer(from_fn_with_state(around, observe::observe))
        .layer(from_fn_with_state(arrivals, arriving::read_to_the_end))
        .with_state(state);
    // Outside of the router: inside, the route is chosen already.
    NormalizePathLayer::append_trailing_slash().layer(router)
}

/// The routes with their documentation.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::base()).merge(v1::router())
}
