//! `/api/chat/uploads/`: files that come in pieces, by [tus 1.0](https://tus.io/protocols/resumable-upload).

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_TYPE, LOCATION,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use orderchat_domain::Millis;
use orderchat_domain::attachment::FileName;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::fields::Result;
use crate::chat::Context;
use crate::chat::attachments::{Said, Wanted};
use crate::http::AppState;
use crate::http::caller::{Authenticated, Writing};
use crate::http::path::PathOf;
use crate::limits::quota;
use crate::media::{Checksum, MediaError, Progress};
use crate::problem::Problem;

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const EXTENSIONS: HeaderValue =
    HeaderValue::from_static("creation,creation-with-upload,termination,expiration,checksum");
/// Of [`checksum`].
const ALGORITHMS: HeaderValue = HeaderValue::from_static("sha1,sha256");
/// Where all of it is.
pub(in crate::http) const UPLOADS: &str = "/api/chat/uploads/";
const UPLOAD_LENGTH: &str = "upload-length";
const UPLOAD_OFFSET: &str = "upload-offset";
const UPLOAD_METADATA: &str = "upload-metadata";
const UPLOAD_CHECKSUM: &str = "upload-checksum";
const UPLOAD_EXPIRES: &str = "upload-expires";
/// What an upload takes. POST only stands for one of these.
const OF_AN_UPLOAD: HeaderValue = HeaderValue::from_static("HEAD,PATCH,DELETE");
const METHOD_OVERRIDE: &str = "x-http-method-override";
const PIECE: &str = "application/offset+octet-stream";

/// A part of a file: its bytes.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes the body, which is read as it comes")]
struct UploadPiece(String);

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(look, add, end))
        .route("/uploads/{upload}/", post(overridden))
        .layer(map_response(speaks_tus))
}

/// tus: whoever cannot send PATCH or DELETE posts, and names the method in a header.
async fn overridden(
    state: State<AppState>,
    caller: Authenticated,
    upload: PathOf<String>,
    request: Request,
) -> Result<Response> {
    let headers = request.headers().clone();
    match text(&headers, METHOD_OVERRIDE) {
        Some("PATCH") => add(state, caller, upload, request).await,
        Some("DELETE") => end(state, caller, upload, headers).await,
        Some("HEAD") => look(state, caller, upload, headers).await,
        Some(_) | None => Err(Problem::method_not_allowed()),
    }
}

/// Every answer says which version, and one to another version which there are.
async fn speaks_tus(mut response: Response) -> Response {
    let is_other = response.status() == StatusCode::PRECONDITION_FAILED;
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, VERSION);
    if is_other {
        headers.insert(TUS_VERSION, VERSION);
    }
    response
}

/// Says to a client of tus that asks (`OPTIONS`) what it finds here. Stands around CORS, which takes
/// every `OPTIONS` for a browser's question before a request; that one names the request's method, and
/// its answer stays as it is.
pub(in crate::http) async fn tell_of_tus(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let is_asked = request.method() == Method::OPTIONS
        && request.uri().path().starts_with(UPLOADS)
        && !request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let of_one = request.uri().path().strip_prefix(UPLOADS);
    let is_of_one = of_one.is_some_and(|upload| !upload.is_empty());
    let mut response = next.run(request).await;
    if is_of_one && (is_asked || response.status() == StatusCode::METHOD_NOT_ALLOWED) {
        // Before axum says what it has routes for.
        response.headers_mut().insert(ALLOW, OF_AN_UPLOAD);
    }
    if is_asked {
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(TUS_RESUMABLE, VERSION);
        headers.insert(TUS_VERSION, VERSION);
        headers.insert(TUS_EXTENSION, EXTENSIONS);
        headers.insert(TUS_CHECKSUM_ALGORITHM, ALGORITHMS);
        headers.insert(TUS_MAX_SIZE, state.media.largest().into());
        // Behind an answer to a browser's question there is nothing to read.
        let told =
            "tus-resumable, tus-version, tus-extension, tus-checksum-algorithm, tus-max-size";
        let told = HeaderValue::from_static(told);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, told);
    }
    response
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn check_version(headers: &HeaderMap) -> Result<()> {
    match headers.get(TUS_RESUMABLE) {
        Some(version) if version == VERSION => Ok(()),
        _ => Err(Problem::other_tus()),
    }
}

fn number(headers: &HeaderMap, name: &'static str) -> Result<u64> {
    let given = text(headers, name).filter(|given| given.bytes().all(|b| b.is_ascii_digit()));
    given
        .and_then(|given| given.parse().ok())
        .ok_or_else(|| Problem::invalid(name, "must be a number of bytes"))
}

/// `key value,key value`, the values in base64.
fn metadata(headers: &HeaderMap) -> Result<HashMap<&str, String>> {
    let wrong = || Problem::invalid(UPLOAD_METADATA, "must be pairs of a name and a base64 text");
    let pairs = text(headers, UPLOAD_METADATA).unwrap_or_default();
    let pairs = pairs
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let bytes = STANDARD.decode(value.trim()).map_err(|_| wrong())?;
            Ok((name, String::from_utf8(bytes).map_err(|_| wrong())?))
        })
        .collect()
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>> {
    let Some(given) = text(headers, UPLOAD_CHECKSUM) else {
        return Ok(None);
    };
    let wrong = || {
        Problem::invalid(
            UPLOAD_CHECKSUM,
            "must be sha1 or sha256 and a base64 digest",
        )
    };
    let (algorithm, digest) = given.split_once(' ').ok_or_else(wrong)?;
    let digest = STANDARD.decode(digest.trim()).map_err(|_| wrong())?;
    match algorithm {
        "sha1" => Ok(Some(Checksum::Sha1(digest))),
        "sha256" => Ok(Some(Checksum::Sha256(digest))),
        _ => Err(wrong()),
    }
}

fn told(progress: Progress) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(UPLOAD_OFFSET, progress.received.into());
    headers.insert(UPLOAD_LENGTH, progress.length.into());
    expire(&mut headers, progress.until);
    headers
}

/// Says when the upload is not known any more.
fn expire(headers: &mut HeaderMap, until: Millis) {
    if let Ok(until) = HeaderValue::from_str(&http_date(until)) {
        headers.insert(UPLOAD_EXPIRES, until);
    }
}

/// Begin a resumable upload
///
/// By [tus 1.0](https://tus.io/protocols/resumable-upload), with the extensions creation,
/// creation-with-upload, termination, expiration and checksum. `Upload-Metadata` names the `room`, and
/// if known `filename`, `filetype` and `purpose`. The last part of `Location` is the attachment's id:
/// once all bytes have come, name it in a message. `OPTIONS` tells the extensions, the checksums and the
/// largest file. Who cannot send PATCH or DELETE posts to the upload, with `X-HTTP-Method-Override`.
#[utoipa::path(post, path = "/uploads/", tag = "Files",
    params(("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Length" = u64, Header, description = "Bytes of the file"),
        ("Upload-Metadata" = String, Header, description = "`room` and, if known, `filename`, `filetype`, `purpose`, each with its value in base64")),
    request_body(content = Option<UploadPiece>, content_type = "application/offset+octet-stream",
        description = "The first piece, if it comes with the request"),
    responses((status = 201, description = "It is begun; `Location` says where to go on"),
        (status = 412, description = "Another version of tus")))]
async fn create(
    State(state): State<AppState>,
    Writing(ctx): Writing,
    request: Request,
) -> Result<Response> {
    let headers = request.headers().clone();
    check_version(&headers)?;
    quota::uploads(&state.limits, &ctx.caller)?;
    let wanted = wanted(&state, &ctx, &headers).await?;
    let begun = state.chat.begin_file(&ctx, wanted).await?;
    let place = format!("{UPLOADS}{}/", begun.id);
    let mut answer = HeaderMap::new();
    if let Ok(place) = HeaderValue::from_str(&place) {
        answer.insert(LOCATION, place);
    }
    expire(&mut answer, state.chat.upload_until(ctx.now));
    if text(&headers, "content-type") == Some(PIECE) {
        let id = begun.id.to_string();
        let checksum = checksum(&headers)?;
        // What broke off goes on by PATCH; the answer says how far it is.
        let progress = state
            .media
            .add(&ctx, &id, 0, checksum, piece(request))
            .await?;
        answer.extend(told(progress));
    }
    Ok((StatusCode::CREATED, answer).into_response())
}

async fn wanted(state: &AppState, ctx: &Context, headers: &HeaderMap) -> Result<Wanted> {
    let length = number(headers, UPLOAD_LENGTH)?;
    if length == 0 {
        return Err(Problem::invalid(
            UPLOAD_LENGTH,
            "is 0; a file has at least one byte",
        ));
    }
    if length > state.media.largest() {
        return Err(Problem::file_too_large(state.media.largest()));
    }
    let mut metadata = metadata(headers)?;
    let room = metadata
        .remove("room")
        .ok_or_else(|| Problem::invalid(UPLOAD_METADATA, "must name the room"))?;
    let is_proof = match metadata.remove("purpose").as_deref() {
        None => false,
        Some("proof") => true,
        Some(_) => {
            let detail = "purpose is unknown; give proof, or leave it out";
            return Err(Problem::invalid(UPLOAD_METADATA, detail));
        }
    };
    let declared = metadata.remove("filetype");
    if declared.iter().any(|kind| kind.contains(char::is_control)) {
        let detail = "filetype is no media type; give one, or leave it out";
        return Err(Problem::invalid(UPLOAD_METADATA, detail));
    }
    let name = metadata.remove("filename").unwrap_or_default();
    let room = state.chat.room_id(&room).await?;
    if !is_proof {
        state.chat.may_attach(ctx, room).await?;
    }
    Ok(Wanted {
        room,
        name: FileName::of(&name, ""),
        size: length,
        is_proof,
        within: state.chat.rules().files.unsent,
        in_pieces: Some(Said {
            declared,
            metadata: text(headers, UPLOAD_METADATA).map(str::to_owned),
        }),
    })
}

/// RFC 9110's date.
fn http_date(at: Millis) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Ask how far an upload is
///
/// Until `Upload-Expires`, also after all bytes have come: who missed the answer to the last piece
/// learns here that nothing is left to send.
#[utoipa::path(head, path = "/uploads/{upload}/", tag = "Files",
    params(("upload" = String, Path),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses((status = 200, description = "`Upload-Offset` of `Upload-Length` bytes have come; `Upload-Metadata` as it was given"),
        (status = 412, description = "Another version of tus")))]
async fn look(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(upload): PathOf<String>,
    headers: HeaderMap,
) -> Result<Response> {
    check_version(&headers)?;
    let (progress, metadata) = state.media.progress(&ctx, &upload).await?;
    let mut headers = told(progress);
    let metadata = metadata.and_then(|text| HeaderValue::try_from(text).ok());
    headers.extend(metadata.map(|text| (HeaderName::from_static(UPLOAD_METADATA), text)));
    Ok((StatusCode::OK, headers).into_response())
}

/// Go on with an upload
///
/// From `Upload-Offset` on. When the last byte has come the file is looked at: the answer may be that
/// it is not taken.
#[utoipa::path(patch, path = "/uploads/{upload}/", tag = "Files",
    params(("upload" = String, Path),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Offset" = u64, Header, description = "Where this piece begins"),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha1` or `sha256`, and the piece's digest in base64")),
    request_body(content = UploadPiece, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "`Upload-Offset` bytes have come"),
        (status = 412, description = "Another version of tus"),
        (status = 460, description = "The piece is not what its checksum says")))]
async fn add(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(upload): PathOf<String>,
    request: Request,
) -> Result<Response> {
    let headers = request.headers().clone();
    check_version(&headers)?;
    if text(&headers, CONTENT_TYPE.as_str()) != Some(PIECE) {
        let remedy = "send the piece with Content-Type: application/offset+octet-stream";
        return Err(Problem::unsupported_media_type(remedy));
    }
    let offset = number(&headers, UPLOAD_OFFSET)?;
    let checksum = checksum(&headers)?;
    let media = &state.media;
    let progress = media
        .add(&ctx, &upload, offset, checksum, piece(request))
        .await?;
    Ok((StatusCode::NO_CONTENT, told(progress)).into_response())
}

/// The bytes of a request, as they come.
fn piece(request: Request) -> BoxStream<'static, std::result::Result<Bytes, MediaError>> {
    let bytes = request.into_body().into_data_stream();
    bytes.map_err(|_| MediaError::BrokeOff).boxed()
}

/// End an upload
///
/// What came of it is deleted.
#[utoipa::path(delete, path = "/uploads/{upload}/", tag = "Files",
    params(("upload" = String, Path),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses((status = 204), (status = 412, description = "Another version of tus")))]
async fn end(
    State(state): State<AppState>,
    Authenticated(ctx): Authenticated,
    PathOf(upload): PathOf<String>,
    headers: HeaderMap,
) -> Result<Response> {
    check_version(&headers)?;
    state.media.end_upload(&ctx, &upload).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
