//! The few questions that are asked by REST: who am I, which rooms are there, what was said lately.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::StatusCode;
use serde_json::Value;

use super::address;

/// The longest that an answer may take; the server's own deadline is shorter.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many rooms and messages are shown.
const ROOMS: u32 = 20;
const MESSAGES: u32 = 20;

/// The server, as REST sees it.
#[derive(Debug)]
pub(super) struct Rest {
    http: reqwest::Client,
    url: String,
    /// What to look at when the token is not taken.
    unauthenticated: Option<&'static str>,
}

/// A room that was opened: everything as of `room.seq`, or of a little later.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) room: Value,
    pub(super) participants: Vec<Value>,
    pub(super) messages: Vec<Value>,
}

impl Rest {
    /// The server at this address, which was checked.
    pub(super) fn new(url: &str, unauthenticated: Option<&'static str>) -> anyhow::Result<Self> {
        Ok(Self {
            http: http()?,
            url: url.to_owned(),
            unauthenticated,
        })
    }

    pub(super) async fn me(&self, token: &str) -> anyhow::Result<Value> {
        self.get(token, "/api/chat/me/").await
    }

    /// The rooms with the newest activity; those of everybody for who reaches them.
    pub(super) async fn rooms(&self, token: &str, staff: bool) -> anyhow::Result<Vec<Value>> {
        let scope = if staff { "all" } else { "mine" };
        let path = format!("/api/chat/rooms/?scope={scope}&limit={ROOMS}");
        Ok(results(self.get(token, &path).await?))
    }

    /// A room by its id or code. It is asked for first, so that nothing is missed between what is
    /// shown of it and what is followed from its seq on.
    pub(super) async fn open(&self, token: &str, name: &str) -> anyhow::Result<Opened> {
        let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        let path = format!("/api/chat/rooms/{name}/");
        let room = self.get(token, &path).await?;
        let participants = format!("{path}participants/?limit=200");
        let messages = format!("{path}messages/?limit={MESSAGES}");
        Ok(Opened {
            room,
            participants: results(self.get(token, &participants).await?),
            messages: results(self.get(token, &messages).await?),
        })
    }

    async fn get(&self, token: &str, path: &str) -> anyhow::Result<Value> {
        let request = self.http.get(format!("{}{path}", self.url));
        let answer = request.bearer_auth(token).send().await;
        let answer = answer.map_err(|error| self.silent(error.into()))?;
        let status = answer.status();
        let body: Value = answer
            .json()
            .await
            .with_context(|| format!("{}{path} answered {status}, and no JSON", self.url))?;
        if !status.is_success() {
            let detail = body["detail"].as_str().unwrap_or("without a reason");
            match self.unauthenticated {
                Some(remedy) if status == StatusCode::UNAUTHORIZED => {
                    anyhow::bail!("{status}: {detail}; {remedy}")
                }
                _ => anyhow::bail!("{status}: {detail}"),
            }
        }
        Ok(body)
    }

    /// Why there is no answer.
    fn silent(&self, error: anyhow::Error) -> anyhow::Error {
        let url = &self.url;
        let silent = match address::remedy(url, &error) {
            Some(remedy) => format!("{url} does not answer; {remedy}"),
            None => format!("{url} does not answer"),
        };
        error.context(silent)
    }
}

fn results(mut page: Value) -> Vec<Value> {
    match page["results"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the home of the terminal client's HTTP client"
)]
fn http() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(PATIENCE)
        // The token is for this server and no other.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("orderchat-chat/", env!("CARGO_PKG_VERSION")))
        .build()
}
