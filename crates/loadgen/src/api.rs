//! The server's REST interface as this program uses it: paths, bodies and the few fields it reads.

use anyhow::{Context as _, Result, ensure};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::{Answer, Connection, Target};

/// What people send. The yardstick parses the same.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) content: String,
    pub(crate) client_message_id: String,
}

/// What a history keeps of the answer to a send or an edit.
#[derive(Debug, Deserialize)]
pub(crate) struct Written {
    pub(crate) id: String,
    pub(crate) seq: u64,
    pub(crate) version: u64,
}

/// One page of any list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) results: Vec<T>,
    pub(crate) next: Option<String>,
}

pub(crate) fn order_path(order: &str) -> String {
    format!("/api/orders/{order}/")
}

/// `rest` begins after the room's id, as in `messages/?limit=50`.
pub(crate) fn room_path(room: &str, rest: &str) -> String {
    format!("/api/chat/rooms/{room}/{rest}")
}

/// `rest` begins after the message's id, as in `read/`.
pub(crate) fn message_path(message: &str, rest: &str) -> String {
    format!("/api/chat/messages/{message}/{rest}")
}

/// A request as it goes over the wire. A body is always JSON.
pub(crate) fn request(
    method: Method,
    path: &str,
    bearer: &HeaderValue,
    body: Option<Bytes>,
) -> Result<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(AUTHORIZATION, bearer);
    if body.is_some() {
        request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    request
        .body(Full::new(body.unwrap_or_default()))
        .with_context(|| format!("`{path}` is not a path"))
}

/// A connection on which one user asks and every refusal is an error: for setting up and reading,
/// not for measuring.
#[derive(Debug)]
pub(crate) struct Caller {
    connection: Connection,
    bearer: HeaderValue,
}

impl Caller {
    pub(crate) async fn open(target: &Target, bearer: HeaderValue) -> Result<Self> {
        let connection = Connection::open(target)
            .await
            .with_context(|| format!("connecting to {target}; is the server running there?"))?;
        Ok(Self { connection, bearer })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T> {
        let answer = self.ask(Method::GET, path, None).await?;
        succeeded(&answer).with_context(|| format!("GET {path}"))
    }

    /// `None` for what does not exist.
    pub(crate) async fn find<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>> {
        let answer = self.ask(Method::GET, path, None).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let found = succeeded(&answer).with_context(|| format!("GET {path}"))?;
        Ok(Some(found))
    }

    pub(crate) async fn put<T: DeserializeOwned>(&mut self, path: &str, body: &Value) -> Result<T> {
        let body = serde_json::to_vec(body)?;
        let answer = self.ask(Method::PUT, path, Some(body.into())).await?;
        succeeded(&answer).with_context(|| format!("PUT {path}"))
    }

    pub(crate) async fn patch<T: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &Value,
    ) -> Result<T> {
        let body = serde_json::to_vec(body)?;
        let answer = self.ask(Method::PATCH, path, Some(body.into())).await?;
        succeeded(&answer).with_context(|| format!("PATCH {path}"))
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &Value,
    ) -> Result<T> {
        let body = serde_json::to_vec(body)?;
        let answer = self.ask(Method::POST, path, Some(body.into())).await?;
        succeeded(&answer).with_context(|| format!("POST {path}"))
    }

    async fn ask(&mut self, method: Method, path: &str, body: Option<Bytes>) -> Result<Answer> {
        let asked = format!("{method} {path}");
        let request = request(method, path, &self.bearer, body)?;
        self.connection
            .exchange(request)
            .await
            .with_context(|| asked)
    }
}

fn succeeded<T: DeserializeOwned>(answer: &Answer) -> Result<T> {
    ensure!(answer.status.is_success(), "{}", refusal(answer));
    parse(answer)
}

/// The body of a successful answer.
pub(crate) fn parse<T: DeserializeOwned>(answer: &Answer) -> Result<T> {
    serde_json::from_slice(&answer.body).with_context(|| {
        format!(
            "the answer {} is not what the contract says: {}",
            answer.status,
            excerpt(&answer.body)
        )
    })
}

/// Status and beginning of the body of an answer that says no.
pub(crate) fn refusal(answer: &Answer) -> String {
    format!("answered {}: {}", answer.status, excerpt(&answer.body))
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}
