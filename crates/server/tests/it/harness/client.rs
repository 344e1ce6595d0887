//! A client: one identity that talks to one server over HTTP.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Fields, Room, contract};

/// Somebody who sends requests. Cheap to clone; connections are shared by all of a server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    bearer: Option<String>,
    /// The id in the shop's system, empty for nobody.
    pub(crate) user: String,
}

impl Client {
    pub(crate) fn new(
        http: &reqwest::Client,
        url: &str,
        bearer: Option<String>,
        user: &str,
    ) -> Self {
        Self {
            http: http.clone(),
            url: url.into(),
            bearer,
            user: user.into(),
        }
    }

    /// The same, asking another server.
    pub(crate) fn asking(&self, url: &str) -> Self {
        Self {
            url: url.into(),
            ..self.clone()
        }
    }

    /// `http://ADDRESS:PORT` of the server that is asked.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The token, which must not be nobody's.
    pub(crate) fn token(&self) -> &str {
        self.bearer.as_deref().expect("the client has a token")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.dispatch(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.dispatch(self.request(Method::POST, path).json(&body))
            .await
    }

    /// `POST` of an action without a reason or other particulars.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        self.post(path, json!({})).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.dispatch(self.request(Method::PUT, path).json(&body))
            .await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.dispatch(self.request(Method::PATCH, path).json(&body))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.dispatch(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.dispatch(self.request(Method::DELETE, path).json(&body))
            .await
    }

    /// A request with this client's bearer, for tests that set headers or bodies themselves.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the whole answer. Fails if it is not one that the OpenAPI
    /// document names for the route.
    pub(crate) async fn dispatch(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("the test builds a valid request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let name = format!("{method} {}", request.url());
        let response = self
            .http
            .execute(request)
            .await
            .unwrap_or_else(|error| panic!("{name} got no answer: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let kind = headers.get("content-type").map(|kind| kind.as_bytes());
        let text = if kind == Some(b"text/event-stream") {
            // It goes on for as long as one listens; that there is one is the answer.
            String::new()
        } else {
            let text = response.text().await;
            text.unwrap_or_else(|error| panic!("{name}: {error:?}"))
        };
        contract::check(&method, &path, status, &headers, text.as_bytes());
        Answer {
            request: name,
            status,
            headers,
            text,
        }
    }

    /// Sends a message to a room and answers whatever came back.
    pub(crate) async fn send(&self, room: &Room, draft: Value) -> Answer {
        self.post(&room.at("messages/"), draft).await
    }

    /// Sends a text that must be accepted; the message.
    pub(crate) async fn say(&self, room: &Room, content: &str) -> Value {
        self.send(room, json!({ "content": content })).await.ok(201)
    }

    /// Every item of a list, page by page along `next`.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        // More pages than any test makes: a cursor that runs in a circle fails, not hangs.
        for _ in 0..2_000 {
            let Some(path) = next else { return items };
            let page = self.get(&path).await.ok(200);
            items.extend(page.results());
            next = page["next"].as_str().map(str::to_owned);
        }
        panic!("{path} has no last page");
    }
}

/// One path segment or query value, percent-encoded.
pub(crate) fn encode(text: &str) -> String {
    let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| {
            if unreserved(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
