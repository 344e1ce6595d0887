//! `loadgen limit`: the yardstick. What axum alone does on this machine with the same request and
//! an answer of the same size; the server's figures are given as a share of it.

use anyhow::{Context as _, Result};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::api::Draft;
use crate::listen::Listen;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    listen: Listen,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let listener = args.listen.begin().await?;
    serve(listener).await
}

async fn serve(listener: TcpListener) -> Result<()> {
    let router = Router::new().route("/api/chat/rooms/{room}/messages/", post(send));
    axum::serve(listener, router).await.context("serving")
}

async fn send(Path(room): Path<String>, Json(draft): Json<Draft>) -> (StatusCode, Json<Message>) {
    (StatusCode::CREATED, Json(Message::of(room, draft)))
}

/// As many fields and bytes as the contract's message.
#[derive(Debug, Serialize)]
struct Message {
    id: &'static str,
    room: String,
    seq: u64,
    version: u64,
    sender: &'static str,
    sender_name: &'static str,
    sender_role: &'static str,
    message_type: &'static str,
    message_type_display: &'static str,
    content: String,
    file: Option<String>,
    file_path: Option<String>,
    file_name: Option<String>,
    file_size: Option<u64>,
    file_type: Option<String>,
    image: Option<String>,
    status: &'static str,
    status_display: &'static str,
    is_edited: bool,
    edited_at: Option<String>,
    is_deleted: bool,
    deleted_at: Option<String>,
    reply_to: Option<String>,
    reply_count: u64,
    metadata: Metadata,
    timestamp: &'static str,
    delivered_at: Option<String>,
    read_at: Option<String>,
    receipts: Option<Vec<String>>,
    is_system_message: bool,
    is_media_message: bool,
    can_be_edited: bool,
    can_be_deleted: bool,
    client_message_id: String,
    notices: [&'static str; 0],
}

#[derive(Debug, Serialize)]
struct Metadata {}

impl Message {
    fn of(room: String, draft: Draft) -> Self {
        Self {
            id: "01936b2f-5c1e-7d44-9a51-2f0c8b7a6e10",
            room,
            seq: 1,
            version: 1,
            sender: "01936b2f-5c1e-7d44-9a51-2f0c8b7a6e11",
            sender_name: "Maria Lindqvist",
            sender_role: "customer",
            message_type: "text",
            message_type_display: "Text",
            content: draft.content,
            file: None,
            file_path: None,
            file_name: None,
            file_size: None,
            file_type: None,
            image: None,
            status: "sent",
            status_display: "Sent",
            is_edited: false,
            edited_at: None,
            is_deleted: false,
            deleted_at: None,
            reply_to: None,
            reply_count: 0,
            metadata: Metadata {},
            timestamp: "2026-11-22T20:30:00.000Z",
            delivered_at: None,
            read_at: None,
            receipts: None,
            is_system_message: false,
            is_media_message: false,
            can_be_edited: true,
            can_be_deleted: true,
            client_message_id: draft.client_message_id,
            notices: [],
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::Target;
    use crate::text;

    /// A yardstick on a free port, for as long as the test runs.
    pub(crate) async fn start() -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener));
        url.parse().unwrap()
    }

    #[test]
    fn the_answer_is_about_a_kilobyte() {
        let draft = Draft {
            content: text::of("abcdefgh-s-12345"),
            client_message_id: "abcdefgh-s-12345".into(),
        };
        let room = "01936b2f-5c1e-7d44-9a51-2f0c8b7a6e12".to_owned();
        let bytes = serde_json::to_vec(&Message::of(room, draft)).unwrap().len();
        assert!((800..1400).contains(&bytes), "{bytes} bytes");
    }
}
