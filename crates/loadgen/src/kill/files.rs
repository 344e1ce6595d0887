//! Messages with a file. Each file is made from the key it is sent under, which is its name, too: so
//! whoever finds one knows what all of it must be.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::api::{self, Caller, Page, room_path};
use crate::check::Violation;
use crate::client::{Connection, Target};
use crate::setup::{Person, Room};
use crate::text;
use crate::token::{Minter, Role};

/// Between the parts of a form; the files hold none of it.
const BOUNDARY: &str = "loadgen-2d8f61a7c4";
/// Most files are small; one in [`LARGE`] is stored in several pieces.
const SMALL: std::ops::Range<usize> = 1_000..60_000;
const LARGE: u8 = 8;
const LARGE_SIZE: usize = 1_300_000;

/// The rule that a file breaks that is not served as it was sent.
pub(super) const WHOLE: &str = "file-whole";

/// How a message with a file is sent; the end of its key says so, for a repeat goes the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The file with the message.
    Form,
    /// The file first; the message names it.
    Named,
}

impl Way {
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Form => "-f",
            Self::Named => "-n",
        }
    }

    /// `None`: the message under this key has no file.
    pub(super) fn of(key: &str) -> Option<Self> {
        [Self::Form, Self::Named]
            .into_iter()
            .find(|way| key.ends_with(way.ending()))
    }
}

/// What is sent under this key.
pub(super) fn document(key: &str) -> Vec<u8> {
    let seed: [u8; 32] = Sha256::digest(key).into();
    let mut noise = SmallRng::from_seed(seed);
    let size = if seed[0].is_multiple_of(LARGE) {
        LARGE_SIZE
    } else {
        SMALL.start + usize::from(u16::from_be_bytes([seed[1], seed[2]])) % SMALL.len()
    };
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let head = bytes.len();
    bytes.resize(size, 0);
    noise.fill_bytes(&mut bytes[head..]);
    bytes
}

/// A form with the file, in a message of its own or to be named.
pub(super) fn form(
    room: &Room,
    person: &Person,
    key: &str,
    way: Way,
) -> Result<Request<Full<Bytes>>> {
    let mut body = Vec::new();
    if way == Way::Form {
        for (name, value) in [
            ("content", text::of(key).as_str()),
            ("client_message_id", key),
        ] {
            body.extend_from_slice(
                format!(
                    "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .as_bytes(),
            );
        }
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{key}.pdf\"\r\n\
         Content-Type: application/pdf\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&document(key));
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let place = match way {
        Way::Form => "messages/",
        Way::Named => "attachments/",
    };
    Request::builder()
        .method(Method::POST)
        .uri(room_path(&room.id, place))
        .header(AUTHORIZATION, &person.bearer)
        .header(
            CONTENT_TYPE,
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(Full::new(body.into()))
        .context("a form with a file")
}

/// A message with a file, as it is listed.
#[derive(Debug, Deserialize)]
struct Listed {
    file_path: Option<String>,
    file_name: Option<String>,
}

/// What became of the files.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// How many there are: of none nothing is shown.
    pub(super) files: usize,
    pub(super) violations: Vec<Violation>,
}

/// Downloads every file that a message of these rooms shows: each must be all of what was sent.
pub(super) async fn judge(target: &Target, minter: &Minter, rooms: &[Arc<Room>]) -> Result<Judged> {
    let admin = minter.bearer("loadgen-admin", Role::Admin, None)?;
    let mut caller = Caller::open(target, admin.clone()).await?;
    let mut connection = Connection::open(target).await?;
    let mut judged = Judged::default();
    for room in rooms {
        let mut next = Some(room_path(&room.id, "messages/?type=file&after=0&limit=200"));
        while let Some(path) = next {
            let page: Page<Listed> = caller.get(&path).await?;
            next = page.next.filter(|_| !page.results.is_empty());
            for message in page.results {
                let (Some(path), Some(name)) = (message.file_path, message.file_name) else {
                    continue;
                };
                judged.files += 1;
                let request = api::request(Method::GET, &path, &admin, None)?;
                let answer = connection.exchange(request).await?;
                if !(answer.status.is_success() && is_whole(&name, &answer.body)) {
                    let detail =
                        format!("{name}: {} with {} bytes", answer.status, answer.body.len());
                    judged.violations.push(Violation {
                        rule: WHOLE,
                        room: room.id.clone(),
                        detail,
                    });
                }
            }
        }
    }
    Ok(judged)
}

fn is_whole(name: &str, served: &[u8]) -> bool {
    name.strip_suffix(".pdf")
        .is_some_and(|key| document(key) == served)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_of_a_file_is_whole() {
        let all = document("run-w0-1-f");
        assert!(is_whole("run-w0-1-f.pdf", &all));
        assert!(!is_whole("run-w0-1-f.pdf", &all[..all.len() - 1]));
        assert!(!is_whole("run-w0-2-f.pdf", &all));
        assert!(!is_whole("run-w0-1-f", &all));
        let mut other = all;
        other[500] ^= 1;
        assert!(!is_whole("run-w0-1-f.pdf", &other));
    }

    #[test]
    fn a_key_says_how_its_message_is_sent() {
        assert_eq!(Way::of("run-w0-1"), None);
        assert_eq!(Way::of("run-w0-1-f"), Some(Way::Form));
        assert_eq!(Way::of("run-w0-1-n"), Some(Way::Named));
    }
}
