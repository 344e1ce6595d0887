//! `loadgen limit-files`: the yardstick of files. Axum alone, which writes bodies into a folder, synced,
//! and serves them from there; no tokens, no rights, no database, no look at what they are.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{StreamExt as _, stream};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::listen::Listen;

/// What is read of a file at a time.
const PIECE: usize = 256 << 10;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    listen: Listen,
    /// Where the files go
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
}

/// The folder, and the number of the next file in it.
#[derive(Debug)]
struct Sink {
    folder: PathBuf,
    next: AtomicU64,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let cannot = || format!("cannot write in {}", args.folder.display());
    std::fs::create_dir_all(&args.folder).with_context(cannot)?;
    let listener = args.listen.begin().await?;
    serve(listener, args.folder).await
}

async fn serve(listener: TcpListener, folder: PathBuf) -> Result<()> {
    let sink = Sink {
        folder,
        next: AtomicU64::new(0),
    };
    let router = Router::new()
        .route("/api/chat/rooms/{room}/messages/", post(take))
        .route("/api/chat/attachments/{file}/", get(give))
        .with_state(Arc::new(sink));
    axum::serve(listener, router).await.context("serving")
}

async fn take(
    State(sink): State<Arc<Sink>>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let number = sink.next.fetch_add(1, Ordering::Relaxed);
    let id = format!("{number:032x}");
    write(&sink.folder.join(&id), body)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let path = format!("/api/chat/attachments/{id}/");
    let answer = json!({ "id": id, "file_path": path });
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn write(path: &std::path::Path, body: Body) -> Result<()> {
    let mut file = File::create(path).await?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        file.write_all(&piece?).await?;
    }
    file.flush().await?;
    Ok(file.sync_data().await?)
}

async fn give(State(sink): State<Arc<Sink>>, Path(file): Path<String>) -> Result<Body, StatusCode> {
    // Names are numbers: nothing else leads anywhere.
    let is_name = file.bytes().all(|byte| byte.is_ascii_hexdigit());
    let path = sink.folder.join(file);
    if !is_name {
        return Err(StatusCode::NOT_FOUND);
    }
    let file = File::open(path).await.map_err(|_| StatusCode::NOT_FOUND)?;
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut file)
            .take(PIECE as u64)
            .read_to_end(&mut piece)
            .await?;
        let more = (read > 0).then(|| (Bytes::from(piece), file));
        std::io::Result::Ok(more)
    });
    Ok(Body::from_stream(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Connection, Target};
    use crate::files::{Downloads, Uploads, document};
    use crate::load::Workload as _;
    use crate::setup::{Size, Staff, World};
    use crate::token::Minter;

    #[tokio::test]
    async fn what_is_sent_into_it_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, folder.path().to_path_buf()));
        let target: Target = url.parse().unwrap();
        let minter = Minter::new("a secret of the tests, 32 bytes and more").unwrap();
        let (rooms, people, staff) = (1, 3, Staff::Shared);
        let size = Size {
            rooms,
            people,
            staff,
        };
        let world = Arc::new(World::unreported(&minter, size).unwrap());

        let uploads = Uploads::new(Arc::clone(&world), document(300_000));
        let mut connection = Connection::open(&target).await.unwrap();
        let answer = connection
            .exchange(uploads.request(0).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status, StatusCode::CREATED);
        let downloads = Downloads::prepare(&target, world, document(300_000), 2)
            .await
            .unwrap();
        let read = connection
            .exchange(downloads.request(1).unwrap())
            .await
            .unwrap();
        let document = document(300_000).bytes;
        let inside = read
            .body
            .windows(document.len())
            .any(|window| window == document);
        assert!(inside, "{} bytes", read.body.len());
    }
}
