//! From text to value, one function per shape. An error is the remedy: what to write instead.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use super::values::{
    BusLocation, Database, JwksLocation, KeyLocation, LogFormat, Origin, Rate, ScannerLocation,
    StorageLocation,
};
use crate::signing::{PRIVATE_PEM, SigningKey};

/// Reads a value or says what to write instead, without repeating the value.
pub(super) type Parsed<T> = Result<T, String>;

pub(super) fn optional<T>(parse: impl Fn(&str) -> Parsed<T>) -> impl Fn(&str) -> Parsed<Option<T>> {
    move |text| {
        if text.is_empty() {
            Ok(None)
        } else {
            parse(text).map(Some)
        }
    }
}

/// Values separated by commas.
pub(super) fn list<T>(parse: impl Fn(&str) -> Parsed<T>) -> impl Fn(&str) -> Parsed<Vec<T>> {
    move |text| {
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(&parse)
            .collect()
    }
}

pub(super) fn address(text: &str) -> Parsed<SocketAddr> {
    text.parse()
        .map_err(|_| "write an address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned())
}

pub(super) fn database(text: &str) -> Parsed<Database> {
    const REMEDY: &str = "write sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE";
    if let Some(file) = text.strip_prefix("sqlite:") {
        let file = file.strip_prefix("//").unwrap_or(file);
        return match file {
            "" => Err(REMEDY.to_owned()),
            ":memory:" => Err("a database in memory loses everything: name a file".to_owned()),
            file => Ok(Database::Sqlite(PathBuf::from(file))),
        };
    }
    let server = text
        .strip_prefix("postgres://")
        .or_else(|| text.strip_prefix("postgresql://"));
    match server {
        Some(server) if !server.is_empty() => Ok(Database::Postgres(text.into())),
        _ => Err(REMEDY.to_owned()),
    }
}

pub(super) fn storage(text: &str) -> Parsed<StorageLocation> {
    match text.strip_prefix("file:") {
        Some(folder) if !folder.is_empty() => {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            Ok(StorageLocation::Folder(PathBuf::from(folder)))
        }
        Some(_) => Err(STORAGE.to_owned()),
        None => bucket(text),
    }
}

const STORAGE: &str = "write file:FOLDER, or s3://BUCKET or s3://BUCKET/PREFIX";

fn bucket(text: &str) -> Parsed<StorageLocation> {
    let place = text.strip_prefix("s3://").ok_or(STORAGE)?;
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let letters = |text: &str, more: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || more.as_bytes().contains(&b))
    };
    if bucket.len() < 3 || !letters(bucket, "-.") {
        let of_what = "has at least 3 characters, of letters, digits, - and .";
        return Err(format!("the name of a bucket {of_what}; {STORAGE}"));
    }
    if !letters(prefix, "-._/") {
        let of_what = "is of letters, digits, -, ., _ and /";
        return Err(format!("the prefix in a bucket {of_what}; {STORAGE}"));
    }
    Ok(StorageLocation::Bucket {
        bucket: bucket.to_owned(),
        prefix: prefix.trim_matches('/').to_owned(),
    })
}

pub(super) fn scanner(text: &str) -> Parsed<ScannerLocation> {
    const REMEDY: &str = "write unix:/run/clamav/clamd.ctl or tcp://HOST:PORT";
    if let Some(path) = text
        .strip_prefix("unix:")
        .filter(|path| path.starts_with('/'))
    {
        return Ok(ScannerLocation::Socket(PathBuf::from(path)));
    }
    let address = text.strip_prefix("tcp://").unwrap_or_default();
    match address.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
            Ok(ScannerLocation::Tcp(address.to_owned()))
        }
        _ => Err(REMEDY.to_owned()),
    }
}

pub(super) fn bus(text: &str) -> Parsed<BusLocation> {
    const REMEDY: &str = "write local, nats://HOST:PORT, nats://TOKEN@HOST:PORT or \
                          nats://USER:PASSWORD@HOST:PORT, with tls:// where NATS must be spoken to \
                          by TLS";
    if text == "local" {
        return Ok(BusLocation::Local);
    }
    if !text.starts_with("nats://") && !text.starts_with("tls://") {
        return Err(REMEDY.to_owned());
    }
    let server: async_nats::ServerAddr = text.parse().map_err(|_| REMEDY.to_owned())?;
    let (username, password) = (server.username(), server.password());
    let (host, url) = (server.host().to_owned(), server.clone().into_inner());
    let plain =
        ["", "/"].contains(&url.path()) && url.query().is_none() && url.fragment().is_none();
    if host.is_empty() || host.contains(',') || !plain || (username.is_none() && password.is_some())
    {
        return Err(REMEDY.to_owned());
    }
    Ok(BusLocation::Nats(text.into()))
}

/// Secrets that stand in examples and on web pages, or are made to be replaced.
const KNOWN_SECRETS: [&str; 5] = [
    "changeme",
    "change-me",
    "change_me",
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
];

pub(super) fn secret(text: &str) -> Parsed<SecretString> {
    const REMEDY: &str = "make one with: openssl rand -base64 48";
    if text.len() < 32 {
        return Err(format!(
            "it is {} bytes long and needs at least 32; {REMEDY}",
            text.len()
        ));
    }
    if text.len() > 4096 {
        return Err(format!(
            "it is {} bytes long and may have 4096; {REMEDY}",
            text.len()
        ));
    }
    if text.chars().any(char::is_control) {
        return Err("it has a control character, perhaps a line end at its end: remove it".into());
    }
    let lower = text.to_ascii_lowercase();
    if KNOWN_SECRETS.iter().any(|known| lower.starts_with(known)) {
        return Err(format!("it is a well-known default; {REMEDY}"));
    }
    if repeats_itself(text.as_bytes()) {
        return Err(format!("it repeats a few characters; {REMEDY}"));
    }
    Ok(text.into())
}

/// Fewer than 8 different bytes, or at most 10 bytes again and again.
fn repeats_itself(secret: &[u8]) -> bool {
    let different: BTreeSet<&u8> = secret.iter().collect();
    let has_period = |period| {
        secret
            .iter()
            .skip(period)
            .zip(secret)
            .all(|(b, earlier)| b == earlier)
    };
    different.len() < 8 || (1..=10).any(has_period)
}

pub(super) fn jwks(text: &str) -> Parsed<JwksLocation> {
    if let Some(path) = text.strip_prefix("file:") {
        return Ok(JwksLocation::File(PathBuf::from(path)));
    }
    if !text.contains("://") {
        return Ok(JwksLocation::File(PathBuf::from(text)));
    }
    let url: http::Uri = text
        .parse()
        .map_err(|_| "write a file's path or a https:// URL".to_owned())?;
    let host = url.host().unwrap_or_default();
    let loopback = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    match url.scheme_str() {
        Some("https") => Ok(JwksLocation::Url(text.to_owned())),
        Some("http") if loopback => Ok(JwksLocation::Url(text.to_owned())),
        Some("http") => {
            Err("keys fetched without TLS can be replaced on the way: use https://".to_owned())
        }
        _ => Err("write a file's path or a https:// URL".to_owned()),
    }
}

/// A key is known by its first line; whatever else is the path of a file.
pub(super) fn signing_key(text: &str) -> Parsed<KeyLocation> {
    if text.trim_start().starts_with("-----BEGIN") {
        return match SigningKey::from_pem(text) {
            Ok(_) => Ok(KeyLocation::Given(text.into())),
            Err(error) => Err(format!("it {error}; it must begin with {PRIVATE_PEM}")),
        };
    }
    let path = text.strip_prefix("file:").unwrap_or(text);
    Ok(KeyLocation::File(PathBuf::from(path)))
}

pub(super) fn name(text: &str) -> Parsed<String> {
    if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
        return Err("write 1 to 256 bytes without control characters".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn path(text: &str) -> Parsed<PathBuf> {
    Ok(PathBuf::from(text))
}

pub(super) fn origin(text: &str) -> Parsed<Origin> {
    const REMEDY: &str = "write scheme, host and port only, such as https://shop.example";
    let remedy = || REMEDY.to_owned();
    if text == "*" || text == "null" {
        return Err(format!("origins are named one by one; {REMEDY}"));
    }
    let url: http::Uri = text.parse().map_err(|_| remedy())?;
    let (scheme, authority) = url.scheme_str().zip(url.authority()).ok_or_else(remedy)?;
    let own_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(remedy()),
    };
    let host = authority.host();
    let plain = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b));
    // A port that cannot be read has `port()` none and stays in the authority's text.
    let port_is_read = authority.port().is_some() || authority.as_str() == host;
    if !plain || !port_is_read || url.path() != "/" || url.query().is_some() {
        return Err(remedy());
    }
    let host = host.to_ascii_lowercase();
    Ok(Origin(match authority.port_u16() {
        Some(port) if port != own_port => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    }))
}

pub(super) fn network(text: &str) -> Parsed<IpNet> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "write addresses or networks, such as 10.0.0.7 or 10.0.0.0/8".to_owned())
}

pub(super) fn on_off(text: &str) -> Parsed<bool> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

/// `50/s burst 200`, `30/min`; without a burst, `count` may come at once.
pub(super) fn rate(text: &str) -> Parsed<Rate> {
    let remedy = || "write a rate such as \"50/s burst 200\" or \"30/min\"".to_owned();
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (pace, burst) = match words.as_slice() {
        [pace] => (*pace, None),
        [pace, "burst", burst] => (*pace, Some(*burst)),
        _ => return Err(remedy()),
    };
    let (count, per) = pace.split_once('/').ok_or_else(remedy)?;
    let number = |text: &str| {
        text.parse::<NonZeroU32>()
            .ok()
            .filter(|n| n.get() <= 1_000_000)
    };
    let count = number(count).ok_or_else(remedy)?;
    let per = match per {
        "s" => Duration::from_secs(1),
        "min" => Duration::from_mins(1),
        _ => return Err(remedy()),
    };
    let burst = burst.map_or(Some(count), number).ok_or_else(remedy)?;
    Ok(Rate { count, per, burst })
}

pub(super) fn count(range: RangeInclusive<usize>) -> impl Fn(&str) -> Parsed<usize> {
    move |text| {
        text.parse()
            .ok()
            .filter(|count| range.contains(count))
            .ok_or_else(|| {
                format!(
                    "write a whole number from {} to {}",
                    range.start(),
                    range.end()
                )
            })
    }
}

/// Bytes, KiB or MiB.
pub(super) fn size(range: RangeInclusive<usize>) -> impl Fn(&str) -> Parsed<usize> {
    move |text| {
        let (digits, unit) = split_unit(text);
        let factor = match unit {
            "" | "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            _ => None,
        };
        let bytes = digits
            .parse::<usize>()
            .ok()
            .zip(factor)
            .and_then(|(n, f)| n.checked_mul(f));
        bytes.filter(|bytes| range.contains(bytes)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("write a size from {least} to {most} bytes, such as 128KiB")
        })
    }
}

/// Whole seconds, minutes or hours; `range` is in seconds.
pub(super) fn duration(range: RangeInclusive<u64>) -> impl Fn(&str) -> Parsed<Duration> {
    move |text| {
        let (digits, unit) = split_unit(text);
        let factor = match unit {
            "s" => Some(1),
            "m" | "min" => Some(60),
            "h" => Some(3_600),
            _ => None,
        };
        let seconds = digits
            .parse::<u64>()
            .ok()
            .zip(factor)
            .and_then(|(n, f)| n.checked_mul(f));
        seconds
            .filter(|seconds| range.contains(seconds))
            .map(Duration::from_secs)
            .ok_or_else(|| {
                let (least, most) = (range.start(), range.end());
                format!("write a time from {least}s to {most}s with its unit, such as 10s or 5m")
            })
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, unit) = text.split_at(end);
    (digits, unit.trim_start())
}

pub(super) fn log_filter(text: &str) -> Parsed<String> {
    // One word that is no level would be a target that nothing logs under.
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_level = text.parse::<tracing::level_filters::LevelFilter>().is_ok();
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) if is_level || !is_word || text == "orderchat" => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(
            "write error, warn, info, debug or trace, or a list such as \
                       info,orderchat::net=debug"
                .to_owned(),
        ),
    }
}

pub(super) fn log_format(text: &str) -> Parsed<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("write text or json".to_owned()),
    }
}

#[cfg(test)]
mod tests;
