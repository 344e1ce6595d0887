//! `loadgen scale`: what reading costs in a large database against a small one, as somebody with a
//! tenth of all rooms and as staff who see all. Both are filled by the store's example `fill`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Caller, Page, Written, message_path, room_path};
use crate::client::Target;
use crate::postgres::OwnDatabase;
use crate::server::Launch;
use crate::text;
use crate::token::{Minter, Role};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's binary, built for release
    #[arg(long, default_value = "target/release/orderchat")]
    server: PathBuf,
    /// The program that fills a database: `cargo build --release -p orderchat-store --example fill`
    #[arg(long, default_value = "target/release/examples/fill")]
    fill: PathBuf,
    /// Measure on PostgreSQL instead of SQLite: the URL of a database as a role that may create
    /// others. The run makes its own and drops them
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// A folder on the disk to measure; the run makes its own in it and removes it
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    data_dir: PathBuf,
    /// Messages of the large database; it has a tenth as many rooms. The small one has a hundredth
    /// of both
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(10_000..=100_000_000))]
    messages: u64,
    /// How often each thing is asked for
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    times: u32,
}

/// Replies in a row, each to the one before, in one room of either database.
const THREAD: usize = 200;

/// A thing that is read, and how long it took, median and 90 %, in milliseconds.
struct Figure {
    what: String,
    p50: f64,
    p90: f64,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    std::fs::create_dir_all(&args.data_dir)
        .with_context(|| format!("cannot write in {}", args.data_dir.display()))?;
    let data_dir = args.data_dir.canonicalize()?;
    let folder = tempfile::Builder::new()
        .prefix("orderchat-scale-")
        .tempdir_in(data_dir)?;
    let mut columns = Vec::new();
    for messages in [args.messages / 100, args.messages] {
        columns.push(measure_size(&args, folder.path(), messages).await?);
    }
    println!("\n| read | small p50 | large p50 | ratio | large p90 |\n|---|---|---|---|---|");
    for (small, large) in columns[0].iter().zip(&columns[1]) {
        println!(
            "| {} | {:.2} ms | {:.2} ms | {:.2} | {:.2} ms |",
            large.what,
            small.p50,
            large.p50,
            large.p50 / small.p50,
            large.p90
        );
    }
    Ok(())
}

async fn measure_size(args: &Args, folder: &Path, messages: u64) -> Result<Vec<Figure>> {
    let Some(admin_url) = &args.postgres else {
        let file = folder.join(format!("{messages}.db"));
        return measure(
            args,
            folder,
            &format!("sqlite:{}", file.display()),
            messages,
        )
        .await;
    };
    let own = OwnDatabase::create(admin_url).await?;
    let measured = measure(args, folder, &own.url()?, messages).await;
    own.drop_it().await?;
    measured
}

async fn measure(args: &Args, folder: &Path, database: &str, messages: u64) -> Result<Vec<Figure>> {
    let rooms = messages / 10;
    println!("filling {messages} messages in {rooms} rooms");
    let filled = tokio::process::Command::new(&args.fill)
        .args([database, &rooms.to_string(), &messages.to_string()])
        .stdin(Stdio::null())
        .status()
        .await
        .with_context(|| format!("cannot run {}", args.fill.display()))?;
    ensure!(filled.success(), "{} {filled}", args.fill.display());
    let secret = text::secret();
    let minter = Minter::new(&secret)?;
    let launch = Launch::orderchat(&args.server, folder, database, &secret)?;
    let server = launch.start().await?;
    let regular = minter.bearer("regular", Role::Customer, None)?;
    let admin = minter.bearer("admin", Role::Admin, None)?;
    let room = rooms_of(&server.target, &regular, "mine").await?.remove(0);
    let thread = thread_in(&server.target, &regular, &room).await?;
    let mut figures = Vec::new();
    for (name, bearer, scope) in [("a tenth", &regular, "mine"), ("staff", &admin, "all")] {
        let reads = Reads::of(&server.target, bearer, scope, messages).await?;
        for (what, paths) in reads.all() {
            let what = format!("{what}, {name}");
            figures.push(time(&server.target, bearer, what, &paths, args.times).await?);
        }
        let what = format!("thread, {name}");
        figures.push(time(&server.target, bearer, what, &thread, args.times).await?);
    }
    let figure = unread_in_few(&server.target, &regular, &admin, args.times).await?;
    figures.push(figure);
    let rooms = rooms_of(&server.target, &admin, "all").await?;
    let paths: Vec<String> = rooms.iter().map(|room| room_path(room, "stats/")).collect();
    figures.push(
        time(
            &server.target,
            &admin,
            "statistics, staff".into(),
            &paths,
            args.times,
        )
        .await?,
    );
    server.stop().await?;
    Ok(figures)
}

/// The unread totals of somebody who has read everything, but what was written since in their newest
/// rooms.
async fn unread_in_few(
    target: &Target,
    reader: &HeaderValue,
    writer: &HeaderValue,
    times: u32,
) -> Result<Figure> {
    let mut caller = Caller::open(target, reader.clone()).await?;
    let _: Value = caller
        .post("/api/chat/messages/read-all/", &json!({}))
        .await?;
    let rooms = rooms_of(target, reader, "mine").await?;
    let mut other = Caller::open(target, writer.clone()).await?;
    for room in &rooms {
        let said = json!({ "content": "we are on our way" });
        let _: Written = other.post(&room_path(room, "messages/"), &said).await?;
    }
    let what = format!("unread totals, a tenth, unread in {}", rooms.len());
    time(target, reader, what, &["/api/chat/me/".into()], times).await
}

/// The newest rooms of somebody.
async fn rooms_of(target: &Target, bearer: &HeaderValue, scope: &str) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Room {
        id: String,
    }
    let mut caller = Caller::open(target, bearer.clone()).await?;
    let path = format!("/api/chat/rooms/?scope={scope}&limit=50");
    let page: Page<Room> = caller.get(&path).await?;
    ensure!(!page.results.is_empty(), "{path} is empty");
    Ok(page.results.into_iter().map(|room| room.id).collect())
}

/// Writes a chain of [`THREAD`] replies; the paths of the threads of its first, middle and last
/// message.
async fn thread_in(target: &Target, bearer: &HeaderValue, room: &str) -> Result<Vec<String>> {
    let mut caller = Caller::open(target, bearer.clone()).await?;
    let mut ids: Vec<String> = Vec::with_capacity(THREAD);
    for n in 0..THREAD {
        let reply_to = ids.last();
        let said = json!({ "content": format!("reply {n}"), "reply_to": reply_to });
        let path = room_path(room, "messages/");
        let written: Written = caller.post(&path, &said).await?;
        ids.push(written.id);
    }
    let places = [0, THREAD / 2, THREAD - 1];
    let thread = |place: usize| message_path(&ids[place], "thread/");
    Ok(places.map(thread).to_vec())
}

/// What somebody reads.
struct Reads {
    rooms: Vec<String>,
    scope: &'static str,
    numbers: Vec<u64>,
}

impl Reads {
    async fn of(
        target: &Target,
        bearer: &HeaderValue,
        scope: &'static str,
        messages: u64,
    ) -> Result<Self> {
        let rooms = messages / 10;
        Ok(Self {
            rooms: rooms_of(target, bearer, scope).await?,
            scope,
            // Orders of the person with a tenth of them, old and new.
            numbers: (0..20).map(|n| rooms / 200 * n * 10).collect(),
        })
    }

    fn all(&self) -> Vec<(&'static str, Vec<String>)> {
        let scope = self.scope;
        let search = |q: &str| vec![format!("/api/chat/search/?q={q}")];
        let history = |room: &String| room_path(room, "messages/?limit=50");
        let number = |n: &u64| format!("/api/chat/search/?q=N{n:07}");
        vec![
            ("history page", self.rooms.iter().map(history).collect()),
            (
                "room list",
                vec![format!("/api/chat/rooms/?limit=20&scope={scope}")],
            ),
            ("unread totals", vec!["/api/chat/me/".into()]),
            ("search, one of 50 messages", search("delivery")),
            ("search, one of 1,000", search("refrigerator")),
            ("search, not there", search("xylophone")),
            (
                "search, order number",
                self.numbers.iter().map(number).collect(),
            ),
            ("search, two letters", search("xy")),
        ]
    }
}

/// Asks for the paths in turn, one after the other on one connection.
async fn time(
    target: &Target,
    bearer: &HeaderValue,
    what: String,
    paths: &[String],
    times: u32,
) -> Result<Figure> {
    let mut caller = Caller::open(target, bearer.clone()).await?;
    let mut took: Vec<Duration> = Vec::new();
    let warm_up = paths.len();
    for path in paths.iter().cycle().take(warm_up + times as usize) {
        let started = Instant::now();
        let _: Value = caller.get(path).await?;
        took.push(started.elapsed());
    }
    let mut took = took.split_off(warm_up);
    took.sort_unstable();
    let at =
        |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64() * 1e3;
    let figure = Figure {
        what,
        p50: at(50),
        p90: at(90),
    };
    println!(
        "{}: p50 {:.2} ms, p90 {:.2} ms",
        figure.what, figure.p50, figure.p90
    );
    Ok(figure)
}
