//! A server's life: listeners, background tasks, and an orderly end.

use std::io::{ErrorKind, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use axum::Router;
use axum::http::HeaderValue;
use futures_util::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{bus, files, live, policy};
use crate::auth::Verifier;
use crate::chat::Chat;
use crate::config::Settings;
use crate::limits::Limits;
use crate::net::{self, Bound, ServeLimits, WRITE_TIMEOUT};
use crate::signin::SignIn;
use crate::signing::SigningKey;
use crate::{http, jobs, telemetry};

/// Time for the last answers when the database has failed.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// For emptying the write-ahead log at the end.
const LAST_COPY: Duration = Duration::from_secs(2);
/// Connections of the metrics listener.
const METRICS_CONNECTIONS: usize = 16;

/// What a kind of server has besides.
#[derive(Debug, Default)]
pub(super) struct More {
    pub(super) routes: Router<http::AppState>,
    pub(super) is_demo: bool,
    /// Asks for the order policy to be read again. Heard from the start on: it would end the process.
    pub(super) hang_up: Option<Signal>,
}

/// Where a server is to listen. Taken before anything else is done: who may not listen leaves nothing behind.
#[derive(Debug)]
pub(super) struct Addresses {
    public: Bound,
    private: Bound,
}

impl Addresses {
    pub(super) fn take(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self {
            public: bind("ORDERCHAT_LISTEN", settings.listen)?,
            private: bind("ORDERCHAT_METRICS_LISTEN", settings.metrics_listen)?,
        })
    }
}

fn bind(setting: &str, address: SocketAddr) -> anyhow::Result<Bound> {
    net::bind(address).map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::AddrInUse => "end what listens there, or name another address",
            ErrorKind::PermissionDenied => "ports below 1024 want a privilege; name another",
            _ => "name an address of this machine",
        };
        anyhow!("cannot listen on {setting} {address}: {error}; {remedy}")
    })
}

/// Serves until SIGTERM or SIGINT, a demo also until its terminal is closed, or until the database can no
/// longer be trusted. `ready` is told the address once the server listens, and what is cancelled when it
/// stops.
pub(super) async fn run(
    settings: Arc<Settings>,
    addresses: Addresses,
    chat: Chat,
    verifier: Verifier,
    key: SigningKey,
    more: More,
    ready: impl FnOnce(SocketAddr, &CancellationToken),
) -> anyhow::Result<ExitCode> {
    let metrics = telemetry::Metrics::install()?;
    let listening = "cannot listen";
    let public = addresses.public.listen().context(listening)?;
    let private = addresses.private.listen().context(listening)?;
    let (address, metrics_address) = (public.local_addr()?, private.local_addr()?);
    let seal = http::seal::Seal::new(&chat.cursor_key().await?)?;
    let stop = CancellationToken::new();
    // Ends last: what the others are still answering is told to the other nodes.
    let stop_bus = CancellationToken::new();
    let (bus, bus_driver) = bus::start(&settings, &chat, stop_bus.clone()).await?;
    let verifier = Arc::new(verifier);
    let limits = Arc::new(Limits::new(&settings));
    let sign_in = Arc::new(SignIn {
        chat: chat.clone(),
        verifier: Arc::clone(&verifier),
        limits: Arc::clone(&limits),
    });
    let live = live::start(
        &settings,
        &chat,
        Arc::clone(&sign_in),
        Arc::clone(&limits),
        bus,
        (stop.clone(), stop_bus.clone()),
    )
    .await?;
    let media = files::open(&settings, &chat, &key)?;
    let state = http::AppState::new(
        (chat.clone(), media.clone()),
        sign_in,
        limits,
        live,
        seal,
        http_settings(&settings, more.is_demo),
        stop.clone(),
    );
    let router = http::service(state, more.routes);
    let asked_to_stop = stop.clone();
    let keys = async move { verifier.keep_fresh(asked_to_stop).await };
    net::spawn("keys", keys);
    net::spawn("metrics-upkeep", metrics.clone().keep_up(stop.clone()));
    let needs = jobs::Needs {
        signing_key: key.clone(),
        checkpoint_every: settings.checkpoint_every,
        media,
    };
    jobs::start(&chat, needs, &stop);
    if let Some(hang_up) = more.hang_up {
        let (settings, chat) = (Arc::clone(&settings), chat.clone());
        let reloads = policy::reload_on_signal(hang_up, settings, chat, stop.clone());
        net::spawn("policy-reload", reloads);
    }
    let metrics_server = net::spawn(
        "metrics",
        net::serve(
            private,
            metrics.router(),
            metrics_limits(&settings),
            stop.clone(),
        ),
    );
    let server = net::spawn(
        "http",
        net::serve(public, router, public_limits(&settings), stop.clone()),
    );
    // Before anybody is told that the server is there, and may ask it to stop.
    let mut asked = AskedToStop::hear(more.is_demo)?;
    announce(address, metrics_address);
    ready(address, &stop);
    let orderly = tokio::select! {
        () = asked.received() => true,
        () = chat.store().failed() => false,
    };
    tracing::info!(orderly, "stopping");
    stop.cancel();
    if !orderly {
        // The database's state is unknown: what is under way is answered 503, nothing may follow.
        let _ = tokio::time::timeout(LAST_ANSWERS, server).await;
        return Ok(ExitCode::FAILURE);
    }
    let drained = server.await?;
    metrics_server.await?;
    chat.write_presence().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "who was seen last could not be written down");
    });
    // What happened since the last minute is under a signature, too, before anybody else has the
    // database.
    chat.sign_checkpoint(&key, 0).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the last checkpoint could not be signed");
    });
    stop_bus.cancel();
    if let Some(driver) = bus_driver {
        driver.await?;
    }
    put_away(&chat).await;
    if chat.store().failed().now_or_never().is_some() {
        tracing::error!("stopped; what was written last is not in the database");
        return Ok(ExitCode::FAILURE);
    }
    tracing::info!(cut_connections = drained.cut, "stopped");
    Ok(ExitCode::SUCCESS)
}

/// Leaves the database in one file, where it is one.
async fn put_away(chat: &Chat) {
    let done = tokio::time::timeout(LAST_COPY, chat.store().put_away()).await;
    let why = match done {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it takes too long".to_owned(),
    };
    tracing::warn!(
        why,
        "the end of the database is in the write-ahead log beside it: copy both"
    );
}

/// What the settings say to `http`, which does not know the listeners.
fn http_settings(settings: &Settings, is_demo: bool) -> http::HttpSettings {
    let trusted = settings.trusted_proxies.clone();
    let origins = settings.origins.iter();
    http::HttpSettings {
        origins: origins
            .filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok())
            .collect(),
        max_body: settings.max_body,
        max_in_flight: settings.max_in_flight,
        max_transfers: settings.max_transfers,
        transfer_deadline: settings.transfer_deadline,
        upload_stall: settings.upload_stall,
        request_deadline: settings.request_deadline,
        client_address: Box::new(
            move |extensions, headers| match extensions.get::<net::Peer>() {
                Some(net::Peer(peer)) => net::client_address(*peer, headers, &trusted),
                None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            },
        ),
        pages: http::PageSettings {
            frame_ancestors: (settings.frame_ancestors.iter())
                .map(|origin| origin.as_str().to_owned())
                .collect(),
            is_demo,
        },
    }
}

fn public_limits(settings: &Settings) -> ServeLimits {
    ServeLimits {
        name: "public",
        max_connections: settings.max_connections,
        header_timeout: settings.header_timeout,
        longest_answer: settings.transfer_deadline.max(settings.request_deadline),
        write_timeout: WRITE_TIMEOUT,
        shutdown_grace: settings.shutdown_grace,
    }
}

fn metrics_limits(settings: &Settings) -> ServeLimits {
    ServeLimits {
        name: "metrics",
        max_connections: METRICS_CONNECTIONS,
        ..public_limits(settings)
    }
}

/// Says on standard output where the server listens: for people and for scripts that chose port 0.
fn announce(address: SocketAddr, metrics: SocketAddr) {
    let mut out = std::io::stdout().lock();
    // Nobody may be reading; that is no reason not to serve.
    let _ = writeln!(out, "listening on http://{address}");
    let _ = writeln!(out, "metrics on http://{metrics}");
    let _ = out.flush();
    tracing::info!(%address, %metrics, "listening");
}

/// The signals that ask for an orderly end. From `hear` on they no longer end the process by themselves.
#[derive(Debug)]
struct AskedToStop {
    terminate: Signal,
    interrupt: Signal,
    /// Its terminal is closed. `None`: that asks for something else.
    hang_up: Option<Signal>,
}

impl AskedToStop {
    fn hear(ends_with_terminal: bool) -> std::io::Result<Self> {
        // Who started it by nohup wants it to stay.
        let hears = ends_with_terminal && !is_hang_up_ignored();
        let hang_up = hears.then(|| signal(SignalKind::hangup()));
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: hang_up.transpose()?,
        })
    }

    async fn received(&mut self) {
        let hung_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hung_up => {}
        }
    }
}

/// Whether SIGHUP is ignored, as the process was started.
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}
