//! The table of settings, their one home.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use super::layers::{Layers, Source};
use super::parse;
use super::values::{
    BusLocation, Database, JwksLocation, KeyLocation, LogFormat, Origin, Rate, ScannerLocation,
    StorageLocation,
};

/// How much of a value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    Open,
    /// Nothing of it.
    Secret,
    /// Everything but user name, password and query, if it is a URL.
    Url,
}

/// One setting, as its flag, variable, file key and help see it.
#[derive(Debug)]
pub(super) struct Row {
    /// The key in the settings file; flag and variable are derived from it.
    pub(super) key: &'static str,
    meaning: &'static str,
    /// As one would write it; empty for none.
    pub(super) default: &'static str,
    /// What stands for the value in the help.
    pub(super) shape: &'static str,
    pub(super) secrecy: Secrecy,
}

impl Row {
    pub(super) fn meaning(&self) -> &'static str {
        self.meaning.trim()
    }

    pub(super) fn variable(&self) -> String {
        format!("ORDERCHAT_{}", self.key.to_ascii_uppercase())
    }

    pub(super) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

/// A setting as `doctor` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The variable's name.
    pub(crate) name: String,
    /// As given, secrets masked; "none" when there is none.
    pub(crate) value: String,
    pub(crate) meaning: &'static str,
    pub(crate) source: Source,
}

/// Makes the typed [`Settings`], the rows, and the function that reads one from the other.
macro_rules! settings {
    ($(
        $(#[doc = $meaning:literal])+
        $key:ident: $type:ty = $default:literal, $shape:literal, $secrecy:ident, $parse:expr;
    )+) => {
        /// The settings, read and checked.
        #[derive(Clone, Debug)]
        pub(crate) struct Settings {
            $($(#[doc = $meaning])+ pub(crate) $key: $type,)+
            listing: Vec<Listed>,
            /// The settings file, if it holds a secret.
            file_with_secrets: Option<PathBuf>,
        }

        pub(super) const ROWS: &[Row] = &[$(Row {
            key: stringify!($key),
            meaning: concat!($($meaning),+),
            default: $default,
            shape: $shape,
            secrecy: Secrecy::$secrecy,
        }),+];

        impl Settings {
            /// Reads every row, so that all problems are found at once.
            pub(super) fn from_layers(layers: &Layers, problems: &mut Vec<String>) -> Option<Self> {
                $(let $key: Option<$type> = layers.read(stringify!($key), $parse, problems);)+
                Some(Self {
                    $($key: $key?,)+
                    listing: ROWS.iter().map(|row| layers.listed(row)).collect(),
                    file_with_secrets: layers.file_with_secrets(),
                })
            }
        }
    };
}

settings! {
    /// Address and port where people and the shop reach the server.
    listen: SocketAddr = "127.0.0.1:8080", "ADDRESS", Open, parse::address;
    /// Address and port of /metrics, which must not be public.
    metrics_listen: SocketAddr = "127.0.0.1:9090", "ADDRESS", Open, parse::address;
    /// Where everything is stored: sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE.
    database: Database = "sqlite:orderchat.db", "DATABASE", Url, parse::database;
    /// Connections to PostgreSQL at once; none: six for each processor, 12 to 24. More where it is far away.
    database_connections: Option<usize> = "", "COUNT", Open, parse::optional(parse::count(12..=500));
    /// How several nodes on one PostgreSQL tell each other what has happened: local for one node
    /// alone, or the NATS server that they share, nats://USER:PASSWORD@HOST:PORT (tls:// for TLS).
    bus: BusLocation = "local", "local|URL", Url, parse::bus;
    /// Where files lie: file:FOLDER, made if it is missing, or s3://BUCKET/PREFIX with the usual AWS_*
    /// variables.
    storage: StorageLocation = "file:orderchat-files", "STORAGE", Url, parse::storage;
    /// Send downloads on to S3 itself, by a URL that is good for a minute and outlives a block.
    storage_redirect: bool = "off", "on|off", Open, parse::on_off;
    /// ClamAV, which looks at every file before it is served: unix:/run/clamav/clamd.ctl or
    /// tcp://HOST:PORT; none: files are not scanned.
    clamav: Option<ScannerLocation> = "", "SOCKET", Open, parse::optional(parse::scanner);

    /// The key that HS256 tokens are signed with, at least 32 bytes. Prefer the variable: flags
    /// show in the list of processes.
    auth_secret: Option<SecretString> = "", "SECRET", Secret, parse::optional(parse::secret);
    /// File or URL of the JSON Web Key Set that verifies tokens, instead of the secret.
    auth_jwks: Option<JwksLocation> = "", "FILE|URL", Url, parse::optional(parse::jwks);
    /// Who must have issued a token: its claim iss.
    auth_issuer: String = "orderchat", "NAME", Open, parse::name;
    /// Whom a token must be meant for: its claim aud.
    auth_audience: String = "orderchat", "NAME", Open, parse::name;

    /// The Ed25519 key that signs checkpoints: a file with a PKCS#8 PEM, or the PEM itself. Without
    /// one, orderchat-signing.key is made once beside the SQLite file, with PostgreSQL in the working
    /// folder. Several nodes need the same; with another bus than local it must be given.
    signing_key: Option<KeyLocation> = "", "FILE|PEM", Secret, parse::optional(parse::signing_key);
    /// How often a checkpoint over what has changed is signed.
    checkpoint_every: Duration = "1m", "TIME", Open, parse::duration(1..=86_400);

    /// The order policy file, read again on SIGHUP; none: the built-in one.
    policy: Option<PathBuf> = "", "FILE", Open, parse::optional(parse::path);

    /// Origins that pages may come from, separated by commas; none: only the server's own.
    origins: Vec<Origin> = "", "ORIGIN,…", Open, parse::list(parse::origin);
    /// Origins of sites that may show the chat page in a frame, separated by commas; none: only the
    /// server's own.
    frame_ancestors: Vec<Origin> = "", "ORIGIN,…", Open, parse::list(parse::origin);
    /// Addresses or networks of proxies whose X-Forwarded-For counts, separated by commas.
    trusted_proxies: Vec<IpNet> = "", "NETWORK,…", Open, parse::list(parse::network);

    /// Rate limits; off only when every listener is on a loopback address.
    rate_limits: bool = "on", "on|off", Open, parse::on_off;
    /// Sends, edits and deletes of one user.
    send_rate: Rate = "1/s burst 30", "RATE", Open, parse::rate;
    /// Reads of one user.
    read_rate: Rate = "50/s burst 200", "RATE", Open, parse::rate;
    /// Receipts of one user.
    receipt_rate: Rate = "10/s burst 100", "RATE", Open, parse::rate;
    /// Searches in messages of one user.
    search_rate: Rate = "2/s burst 20", "RATE", Open, parse::rate;
    /// Uploads of one user.
    upload_rate: Rate = "1/s burst 20", "RATE", Open, parse::rate;
    /// Answers 404 that one user may cause before everything of theirs has to wait.
    not_found_rate: Rate = "30/min burst 30", "RATE", Open, parse::rate;
    /// Sends of people in one room.
    room_send_rate: Rate = "20/s burst 60", "RATE", Open, parse::rate;
    /// Sends of the service in one room.
    service_send_rate: Rate = "50/s burst 50", "RATE", Open, parse::rate;
    /// Requests without a valid token from one address (IPv6: from one /64).
    anonymous_rate: Rate = "10/s burst 10", "RATE", Open, parse::rate;

    /// Live connections of one customer or rider at once.
    user_connections: usize = "10", "COUNT", Open, parse::count(1..=1_000);
    /// Live connections of one member of staff at once.
    staff_connections: usize = "20", "COUNT", Open, parse::count(1..=1_000);
    /// Frames that one live connection may send; more close it, and it may resume.
    frame_rate: Rate = "100/s burst 500", "RATE", Open, parse::rate;
    /// Frames that wait for a live connection that reads slowly; it is sent what is left out when it
    /// has read them.
    queue_frames: usize = "256", "COUNT", Open, parse::count(128..=100_000);
    /// Bytes of the frames that wait for a live connection.
    queue_bytes: usize = "1MiB", "SIZE", Open, parse::size(64 << 10..=64 << 20);
    /// How often a live connection is asked whether it is still there.
    heartbeat: Duration = "25s", "TIME", Open, parse::duration(1..=300);

    /// Room on the SQLite file's disk below which nothing new is taken (507), but for what reading
    /// needs and what is recorded; of a small disk at most a twentieth.
    disk_reserve: usize = "64MiB", "SIZE", Open, parse::size(0..=1 << 36);
    /// Largest file.
    max_upload: usize = "25MiB", "SIZE", Open, parse::size(1 << 10..=1 << 30);
    /// Uploads of one user at once.
    user_uploads: usize = "3", "COUNT", Open, parse::count(1..=64);
    /// Room that the files of one user may take.
    file_share: usize = "2048MiB", "SIZE", Open, parse::size(1 << 20..=1 << 40);
    /// How long a file stays that was uploaded, or begun, and is in no message.
    unsent_file: Duration = "24h", "TIME", Open, parse::duration(1..=2_592_000);
    /// An upload of which nothing comes for so long is given up.
    upload_stall: Duration = "30s", "TIME", Open, parse::duration(1..=1_800);
    /// Uploads and downloads under way at once; more are answered 503.
    max_transfers: usize = "64", "COUNT", Open, parse::count(1..=10_000);
    /// The longest that an upload, and the answer to one or to a download, takes.
    transfer_deadline: Duration = "30min", "TIME", Open, parse::duration(1..=86_400);
    /// Longest message, in characters.
    message_length: usize = "8000", "COUNT", Open, parse::count(1..=8_000);
    /// Largest JSON body, and largest frame of a live connection.
    max_body: usize = "128KiB", "SIZE", Open, parse::size(1 << 10..=16 << 20);
    /// JSON requests under way at once; more are answered 503.
    max_in_flight: usize = "256", "COUNT", Open, parse::count(1..=100_000);
    /// Time within which a JSON request is answered.
    request_deadline: Duration = "10s", "TIME", Open, parse::duration(1..=300);
    /// Open connections; more wait until one closes.
    max_connections: usize = "10000", "COUNT", Open, parse::count(1..=1_000_000);
    /// Time within which a request's headers must have arrived, and the longest silence between
    /// two requests.
    header_timeout: Duration = "10s", "TIME", Open, parse::duration(1..=300);
    /// How long somebody counts as online after their last request.
    online_window: Duration = "5m", "TIME", Open, parse::duration(1..=86_400);

    /// Which events are logged: error, warn, info, debug or trace, or a list of target=level.
    log: String = "info", "FILTER", Open, parse::log_filter;
    /// Form of the log on standard error: text or json.
    log_format: LogFormat = "text", "text|json", Open, parse::log_format;
    /// Time for answering accepted requests after SIGTERM; what is open then is cut.
    shutdown_grace: Duration = "20s", "TIME", Open, parse::duration(1..=3_600);
}

impl Settings {
    /// Every setting with its value, meaning and source, in the order of the table.
    pub(crate) fn listing(&self) -> impl Iterator<Item = &Listed> {
        self.listing.iter()
    }

    /// The settings file, if it holds a secret or a password.
    pub(crate) fn file_with_secrets(&self) -> Option<PathBuf> {
        self.file_with_secrets.clone()
    }
}
