//! `/api/chat/…/attachments/`: files, uploaded first and named in a message then, and downloaded.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use orderchat_domain::RoomId;
use orderchat_media::Kind;
use serde::Serialize;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Response as DocumentedResponse, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::{Nothing, Result};
use crate::chat::Context;
use crate::chat::attachments::{AttachmentView, ServedFile};
use crate::http::AppState;
use crate::http::body::OptionalJsonBody;
use crate::http::caller::{Authenticated, Writing};
use crate::http::form::{FilePart, Form, is_form};
use crate::http::link::{self, Downloading, LinkQuery};
use crate::http::path::PathOf;
use crate::http::range::{Asked, not_modified, part_of};
use crate::http::reply::Json;
use crate::limits::quota;
use crate::media::{Incoming, Kept};
use crate::problem::Problem;

/// What a file's page may do: nothing, wherever it is opened.
const CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(download))
        .routes(routes!(thumbnail))
        .routes(routes!(make_link))
}

/// A file.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the form, which is read as it comes")]
struct NewAttachment {
    /// Its bytes, with a name. JPEG, PNG, WebP, GIF, PDF, plain text, MP4, M4A, OGG or WebM.
    #[schema(value_type = String, format = Binary)]
    file: String,
    /// `proof` for a photo that proves the delivery: the order's rider and the service
    purpose: Option<String>,
}

/// Upload a file
///
/// Its content decides of which kind it is. Name it in a message as `attachment` within a day.
#[utoipa::path(post, path = "/rooms/{room}/attachments/", tag = "Files",
    params(("room" = String, Path)),
    request_body(content = NewAttachment, content_type = "multipart/form-data"),
    responses((status = 201, body = AttachmentView)))]
async fn upload(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    PathOf(room): PathOf<String>,
    request: Request,
) -> Result<Response> {
    if !is_form(request.headers()) {
        let remedy = "send the file as multipart/form-data, in the field file";
        return Err(Problem::unsupported_media_type(remedy));
    }
    quota::uploads(&state.limits, &ctx.caller)?;
    let room = state.chat.room_id(&room).await?;
    let mut form = Form::of(request, state.media.largest(), &["purpose"])?;
    let view = received(&state, &ctx, room, &mut form).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

async fn received(
    state: &AppState,
    ctx: &Context,
    room: RoomId,
    form: &mut Form,
) -> Result<AttachmentView> {
    let Some(part) = form.next_file().await? else {
        return Err(no_file());
    };
    let is_proof = match form.text("purpose") {
        None => false,
        Some("proof") => true,
        Some(_) => {
            let detail = "is unknown; give proof, or leave it out";
            return Err(Problem::invalid("/purpose", detail));
        }
    };
    if !is_proof {
        state.chat.may_attach(ctx, room).await?;
    }
    let incoming = incoming(room, &part, is_proof);
    let received = state.media.receive(ctx, incoming, part.bytes()).await?;
    let kept: Kept = received.kept.ok_or_else(Problem::internal)?;
    match form.next_file().await {
        Ok(None) => Ok(kept.view),
        Ok(Some(_)) => {
            state.media.let_go(&kept).await;
            Err(two_files())
        }
        Err(problem) => {
            state.media.let_go(&kept).await;
            Err(problem)
        }
    }
}

pub(super) fn incoming(room: RoomId, part: &FilePart, is_proof: bool) -> Incoming {
    Incoming {
        room,
        name: part.name.clone(),
        declared: part.declared.clone(),
        size: None,
        is_proof,
    }
}

pub(super) fn no_file() -> Problem {
    Problem::invalid("/file", "is missing; send the file in the field file")
}

pub(super) fn two_files() -> Problem {
    Problem::invalid("/file", "is there twice; a message has one file")
}

/// The answers that bring a file: its bytes, as what they are.
struct FileAnswers;

impl IntoResponses for FileAnswers {
    fn responses() -> BTreeMap<String, RefOr<DocumentedResponse>> {
        BTreeMap::from([
            ("200".to_owned(), bytes_of("The file", &Kind::ALL)),
            ("206".to_owned(), bytes_of("The range of it", &Kind::ALL)),
        ])
    }
}

/// The answer that brings a thumbnail.
struct ThumbnailAnswers;

impl IntoResponses for ThumbnailAnswers {
    fn responses() -> BTreeMap<String, RefOr<DocumentedResponse>> {
        let answer = bytes_of("The thumbnail", &THUMBNAILS);
        BTreeMap::from([("200".to_owned(), answer)])
    }
}

/// How an answer with a file of one of these kinds is documented.
fn bytes_of(description: &str, kinds: &[Kind]) -> RefOr<DocumentedResponse> {
    let bytes = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    let content = ContentBuilder::new().schema(Some(bytes)).build();
    let mut answer = ResponseBuilder::new().description(description);
    for kind in kinds {
        // Without parameters, such as the charset of a text.
        let media_type = kind.mime().split(';').next().unwrap_or_default();
        answer = answer.content(media_type, content.clone());
    }
    answer.build().into()
}

/// Download a file
///
/// For whoever may see its message, and for its uploader. Ranges and `If-None-Match` are answered.
#[utoipa::path(get, path = "/attachments/{attachment}/", tag = "Files",
    params(("attachment" = String, Path), LinkQuery,
        ("Range" = Option<String>, Header, description = "One range of bytes")),
    responses(
        FileAnswers,
        (status = 304, description = "It has not changed"),
        (status = 409, description = "It waits for the scanner"),
        (status = 307, description = "It is given out by the storage itself, if the server is set so"),
        (status = 416, description = "The range lies behind its end: `range-not-satisfiable`")))]
async fn download(
    State(state): State<AppState>,
    by: Downloading,
    PathOf(attachment): PathOf<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let file = state.chat.file(&by.ctx, &attachment).await?;
    let safe = safe(&state, &by);
    serve(&state, &file, &headers, safe).await
}

async fn serve(
    state: &AppState,
    file: &ServedFile,
    headers: &HeaderMap,
    safe: HeaderMap,
) -> Result<Response> {
    let tag = format!("\"{}\"", file.digest);
    let mut about = described(safe, file, &tag);
    if not_modified(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let disposition = disposition(file.mime.starts_with("image/"), &file.name);
    if let Some(place) = state.media.redirect(file, &disposition).await? {
        return Ok(Redirect::temporary(&place).into_response());
    }
    let (status, range) = match part_of(headers, &tag, file.size) {
        Asked::All => (StatusCode::OK, 0..file.size),
        Asked::Part(range) => {
            let text = format!("bytes {}-{}/{}", range.start, range.end - 1, file.size);
            put(&mut about, CONTENT_RANGE, &text);
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Asked::Beyond => {
            let mut answer = Problem::beyond_the_end(file.size).into_response();
            let size = format!("bytes */{}", file.size);
            put(answer.headers_mut(), CONTENT_RANGE, &size);
            return Ok(answer);
        }
    };
    about.insert(CONTENT_LENGTH, (range.end - range.start).into());
    let bytes = state.media.open(file, range).await?;
    Ok((status, about, Body::from_stream(bytes)).into_response())
}

/// The headers of a file's answers.
fn described(mut about: HeaderMap, file: &ServedFile, tag: &str) -> HeaderMap {
    put(&mut about, CONTENT_TYPE, &file.mime);
    put(&mut about, ETAG, tag);
    about.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let is_image = file.mime.starts_with("image/");
    put(
        &mut about,
        CONTENT_DISPOSITION,
        &disposition(is_image, &file.name),
    );
    about
}

/// What keeps a file from being more than a file.
///
/// Pages of other origins show it by its link (`<img src=…>`), where the settings list any: a browser
/// names no origin when it asks for a picture, so that they cannot be told apart, and whoever has the
/// link has the file. Without a link nothing outside our own pages can have a reason to embed it.
fn safe(state: &AppState, by: &Downloading) -> HeaderMap {
    let mut about = HeaderMap::new();
    about.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    let is_shown_elsewhere = by.by_link && !state.settings.origins.is_empty();
    let pages = if is_shown_elsewhere {
        "cross-origin"
    } else {
        "same-origin"
    };
    about.insert(
        CROSS_ORIGIN_RESOURCE_POLICY,
        HeaderValue::from_static(pages),
    );
    about
}

fn put(about: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        about.insert(name, value);
    }
}

/// RFC 6266: a name for old clients, and the whole of it for the others.
fn disposition(inline: bool, name: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    /// `attr-char` of RFC 5987.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'!')
        .remove(b'#')
        .remove(b'$')
        .remove(b'&')
        .remove(b'+')
        .remove(b'-')
        .remove(b'.')
        .remove(b'^')
        .remove(b'_')
        .remove(b'`')
        .remove(b'|')
        .remove(b'~');
    let plain = |c: char| match c {
        '"' | '\\' | '%' => '_',
        c if c.is_ascii_graphic() || c == ' ' => c,
        _ => '_',
    };
    let fallback: String = name.chars().map(plain).collect();
    let kind = if inline { "inline" } else { "attachment" };
    let whole = utf8_percent_encode(name, ENCODED);
    format!("{kind}; filename=\"{fallback}\"; filename*=UTF-8''{whole}")
}

/// Download the thumbnail of an image
///
/// At most 480 pixels wide and high.
#[utoipa::path(get, path = "/attachments/{attachment}/thumbnail/", tag = "Files",
    params(("attachment" = String, Path), LinkQuery),
    responses(
        ThumbnailAnswers,
        (status = 304, description = "It has not changed"),
        (status = 409, description = "It waits for the scanner")))]
async fn thumbnail(
    State(state): State<AppState>,
    by: Downloading,
    PathOf(attachment): PathOf<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let file = state.chat.file(&by.ctx, &attachment).await?;
    if !file.has_thumbnail {
        return Err(Problem::not_found());
    }
    let mut about = safe(&state, &by);
    let tag = format!("\"{}-thumbnail\"", file.digest);
    put(&mut about, ETAG, &tag);
    if not_modified(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let bytes = state.media.thumbnail(&file).await?;
    put(&mut about, CONTENT_TYPE, kind_of_thumbnail(&bytes).mime());
    put(
        &mut about,
        CONTENT_DISPOSITION,
        &disposition(true, &file.name),
    );
    Ok((about, bytes).into_response())
}

/// What thumbnails are: WebP where they are transparent.
const THUMBNAILS: [Kind; 2] = [Kind::Jpeg, Kind::Webp];

/// Of a thumbnail, which we made.
fn kind_of_thumbnail(bytes: &[u8]) -> Kind {
    if bytes.starts_with(b"RIFF") {
        Kind::Webp
    } else {
        Kind::Jpeg
    }
}

/// A link to a file.
#[derive(Debug, Serialize, ToSchema)]
struct Link {
    /// Path and query; needs no bearer. With `thumbnail/` before the query it is the thumbnail's.
    url: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: orderchat_domain::Millis,
}

/// Make a link to a file
///
/// For five minutes it downloads the file without a bearer, in the name of who asked for it; whether
/// they still may is asked again then. Whoever is given it can use it, too.
#[utoipa::path(post, path = "/attachments/{attachment}/url/", tag = "Files",
    params(("attachment" = String, Path)), request_body = Option<Nothing>,
    responses((status = 200, body = Link)))]
async fn make_link(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(attachment): PathOf<String>,
    OptionalJsonBody(Nothing {}): OptionalJsonBody<Nothing>,
) -> Result<Json<Link>> {
    let file = state.chat.file(&ctx, &attachment).await?;
    let (link, expires_at) = link::make(&state.seal, &ctx, file.id)?;
    let path = orderchat_domain::project::file_path(file.id);
    Ok(Json(Link {
        url: format!("{path}?link={link}"),
        expires_at,
    }))
}
