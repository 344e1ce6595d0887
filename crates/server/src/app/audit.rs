//! `orderchat audit …`: verifies the record, exports its signed head, prints the public key.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use orderchat_domain::checkpoint::{Checkpoint, Head};
use orderchat_domain::{Millis, RoomId};
use orderchat_store::Store;
use orderchat_store::checkpoints::Signed;
use serde::{Deserialize, Serialize};

use super::out::{print, print_line};
use super::{audit_files, commands, files, hex, keys, open_store, options, private, runtime};
use crate::chat::ChatError;
use crate::chat::verify::{Report, Verification};
use crate::config::Settings;

/// What `orderchat audit verify` is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// A room's id or code.
    pub(crate) room: Option<String>,
    /// A file that `orderchat audit head` wrote.
    pub(crate) against: Option<PathBuf>,
    pub(crate) public_keys: Vec<PathBuf>,
    /// The bytes of files, too.
    pub(crate) files: bool,
}

/// Verifies the record and says what is wrong with it; fails if anything is.
pub(crate) fn verify(settings: &Settings, wanted: &Wanted) -> anyhow::Result<ExitCode> {
    super::ensure_there(settings)?;
    let given = wanted.public_keys.iter().map(|path| keys::public_key(path));
    let mut trusted = given.collect::<Result<Vec<_>, _>>()?;
    if trusted.is_empty() {
        trusted.extend(keys::own_public_key(settings)?);
    }
    ensure!(
        !trusted.is_empty(),
        "there is no key to verify with: give the public key with --public-key, or the settings of \
         the server that signed"
    );
    let against = wanted.against.as_deref().map(read_head).transpose()?;
    let storage = wanted.files.then(|| files::storage_to_read(settings));
    let storage = storage.transpose()?;
    let report = runtime()?.block_on(async {
        let store = Store::open_to_read(&options(settings)).await?;
        let chat = commands(settings, store);
        let room = match &wanted.room {
            Some(name) => {
                let room = match chat.room_id(name).await {
                    Err(ChatError::Refused(_)) => RoomId::OF_NONE,
                    found => found?,
                };
                ensure!(
                    room != RoomId::OF_NONE,
                    "--room {name}: there is no such room; one that has vanished is verified by its id"
                );
                Some(room)
            }
            None => None,
        };
        let verification = Verification {
            room,
            keys: trusted,
            against,
        };
        let mut report = chat.verify(verification).await?;
        if let Some(storage) = &storage {
            let read = audit_files::verify(storage, chat.store(), &mut report.findings).await?;
            report.files = Some(read);
        }
        anyhow::Ok(report)
    })?;
    print_line(&lines(&report))?;
    Ok(ExitCode::from(u8::from(!report.findings.are_none())))
}

fn lines(report: &Report) -> String {
    let findings = &report.findings;
    let mut lines: Vec<String> = findings.kept.iter().map(ToString::to_string).collect();
    if findings.more > 0 {
        lines.push(format!("… and {} more", findings.more));
    }
    let read = report.files.map(|files| {
        let waiting = match files.waiting {
            0 => String::new(),
            waiting => format!(", {waiting} wait for the scanner"),
        };
        format!(", {} files read and good{waiting}", files.good)
    });
    lines.push(format!(
        "{}: {} rooms with {} entries, {} entries of the audit, {} checkpoints{}",
        if findings.are_none() { "good" } else { "BAD" },
        report.rooms,
        report.entries,
        report.audit,
        report.checkpoints,
        read.unwrap_or_default()
    ));
    if let Some((number, at)) = report.exported {
        lines.push(format!(
            "the exported head is in it: checkpoint {number} of {at}"
        ));
    }
    lines.push(match report.newest {
        Some((number, at)) => format!(
            "newest checkpoint: {number} of {at}; {} rooms have entries that it does not cover yet",
            report.uncovered
        ),
        None => "no checkpoint was ever signed: a missing end cannot be seen".to_owned(),
    });
    lines.join("\n")
}

/// Signs what has changed and prints the newest checkpoint, to be kept where nobody who can write to
/// the database can.
pub(crate) fn head(settings: &Settings) -> anyhow::Result<ExitCode> {
    super::ensure_there(settings)?;
    private::make_private(settings)?;
    let runtime = runtime()?;
    // What is opened to write is made where it is not.
    runtime.block_on(Store::ensure_there(&options(settings)))?;
    let key = keys::own_key(settings)?.context(keys::NONE_YET)?;
    let signed = runtime.block_on(async {
        let store = open_store(settings).await?;
        let chat = commands(settings, store);
        chat.ensure_epoch().await?;
        ensure!(
            !keys::another_signed(chat.store(), &key.public()).await?,
            "the newest checkpoint was signed with another key, and nothing was signed with this one: {}",
            keys::ANOTHER_SIGNED
        );
        chat.sign_checkpoint(&key, 0).await?;
        anyhow::Ok(chat.newest_checkpoint().await?)
    })?;
    let signed = signed.context("nothing has happened yet: there is no checkpoint to export")?;
    print_line(&serde_json::to_string_pretty(&Exported::from(&signed))?)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the public part of the signing key.
pub(crate) fn public_key(settings: &Settings) -> anyhow::Result<ExitCode> {
    let key = keys::own_public_key(settings)?;
    let key = key.context(keys::NONE_YET)?;
    print(&key.to_pem())?;
    Ok(ExitCode::SUCCESS)
}

fn read_head(path: &Path) -> anyhow::Result<Signed> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let exported: Exported = serde_json::from_str(&text)
        .with_context(|| format!("{shown} is no head that orderchat audit head wrote"))?;
    exported.signed().with_context(|| shown.to_string())
}

/// A signed checkpoint as JSON. Hashes, keys and signatures are in hex.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported {
    format: String,
    number: u64,
    epoch: String,
    /// For people; what is signed is `at_ms`.
    at: String,
    at_ms: i64,
    previous: String,
    audit_entry: u64,
    audit_chain: String,
    rooms: u64,
    root: String,
    public_key: String,
    hash: String,
    signature: String,
}

const FORMAT: &str = "orderchat-head-1";

impl From<&Signed> for Exported {
    fn from(signed: &Signed) -> Self {
        let checkpoint = &signed.checkpoint;
        Self {
            format: FORMAT.to_owned(),
            number: checkpoint.number,
            epoch: checkpoint.epoch.clone(),
            at: checkpoint.at.to_string(),
            at_ms: checkpoint.at.0,
            previous: hex(&checkpoint.previous),
            audit_entry: checkpoint.audit.seq,
            audit_chain: hex(&checkpoint.audit.chain),
            rooms: checkpoint.rooms,
            root: hex(&checkpoint.root),
            public_key: hex(&checkpoint.key),
            hash: hex(&checkpoint.hash()),
            signature: hex(&signed.signature),
        }
    }
}

impl Exported {
    fn signed(&self) -> anyhow::Result<Signed> {
        ensure!(
            self.format == FORMAT,
            "its format is {:?}, this version reads {FORMAT:?}",
            self.format
        );
        let checkpoint = Checkpoint {
            number: self.number,
            epoch: self.epoch.clone(),
            at: Millis(self.at_ms),
            previous: bytes(&self.previous)?,
            audit: Head {
                seq: self.audit_entry,
                chain: bytes(&self.audit_chain)?,
            },
            rooms: self.rooms,
            root: bytes(&self.root)?,
            key: bytes(&self.public_key)?,
        };
        Ok(Signed {
            checkpoint,
            signature: bytes::<64>(&self.signature)?.to_vec(),
        })
    }
}

fn bytes<const N: usize>(hex: &str) -> anyhow::Result<[u8; N]> {
    let digits = hex.as_bytes();
    let wrong = || anyhow::anyhow!("{hex:?} is not {N} bytes in hex");
    ensure!(digits.len() == 2 * N && digits.is_ascii(), wrong());
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        ensure!(pair.iter().all(u8::is_ascii_hexdigit), wrong());
        let pair = std::str::from_utf8(pair)?;
        *byte = u8::from_str_radix(pair, 16)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exported_head_reads_back_as_it_was_signed() {
        let signed = Signed {
            checkpoint: Checkpoint {
                number: 7,
                epoch: "e".to_owned(),
                at: Millis(1_700_000_000_123),
                previous: [1; 32],
                audit: Head {
                    seq: 3,
                    chain: [2; 32],
                },
                rooms: 4,
                root: [3; 32],
                key: [4; 32],
            },
            signature: vec![5; 64],
        };
        let json = serde_json::to_string(&Exported::from(&signed)).unwrap();
        let read: Exported = serde_json::from_str(&json).unwrap();
        assert_eq!(read.signed().unwrap(), signed);
    }

    #[test]
    fn what_is_not_hex_is_refused() {
        for text in ["", "0", "zz", "+1", "é", "001"] {
            assert!(bytes::<1>(text).is_err(), "{text:?}");
        }
        assert_eq!(bytes::<1>("0f").unwrap(), [15]);
    }
}
