//! What clients did and what they were told: the evidence the checker works on.
//!
//! One JSON object per line. Times are nanoseconds of the machine's monotonic clock, so files of
//! several processes on one machine can be checked together.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One finished or given-up attempt of one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// The client that did it; its attempts follow one another.
    pub(crate) process: String,
    /// The user it acted as.
    pub(crate) user: String,
    pub(crate) op: Op,
    /// Of a send the `client_message_id`; of an edit, a delete or a read the message's id; of a
    /// block the blocked user's id; else absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// The room's `id`.
    pub(crate) room: String,
    pub(crate) invoke_ns: u64,
    /// When the answer was there, or was given up.
    pub(crate) return_ns: u64,
    pub(crate) outcome: Outcome,
    /// Of a send the message's `seq`, of an edit its `version`, of a block the participant's
    /// `version`, as answered; of a read the `seq` up to which it was asked to be read; of a look
    /// at a head or a watermark what was seen. A delete's answer carries none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    /// SHA-256 of the text of a send or an edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_hash: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    Send,
    Edit,
    Delete,
    /// Marks everything up to a message as read.
    Read,
    /// Blocks a participant for good.
    Block,
    /// A look at the room's own `seq`.
    Head,
    /// A look at one's own `read_seq`.
    Watermark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Refused: it must not have happened.
    Fail,
    /// No answer, or a server error: it may have happened once, or not.
    Maybe,
    /// Answered with 2xx: it has happened and stays.
    Ok,
}

impl Outcome {
    /// A command whose deadline passed may still commit, so no server error is a refusal.
    pub(crate) fn of(status: hyper::StatusCode) -> Self {
        Self::of_code(Some(status.as_u16()))
    }

    /// The same of a problem on a live connection; one without a status tells nothing.
    pub(crate) fn of_code(status: Option<u16>) -> Self {
        match status {
            Some(200..300) => Self::Ok,
            Some(400..500) => Self::Fail,
            _ => Self::Maybe,
        }
    }
}

/// A file that many clients append to.
#[derive(Debug)]
pub(crate) struct Journal {
    // A lock held for one buffered line; clients do not wait for the disk.
    file: Mutex<BufWriter<File>>,
}

impl Journal {
    /// Begins a new file at `path`, in the place of any that is there.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path)
            .with_context(|| format!("cannot write the history {}", path.display()))?;
        Ok(Self {
            file: Mutex::new(BufWriter::new(file)),
        })
    }

    pub(crate) fn append(&self, record: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).context("writing the history")
    }

    pub(crate) fn flush(&self) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.flush().context("writing the history")
    }
}

/// Every record of the file at `path`, of attempts or of what was heard.
///
/// # Errors
/// Names the line that is no record: a half-read history would acquit the server.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let file =
        File::open(path).with_context(|| format!("cannot read the history {}", path.display()))?;
    let mut records = Vec::new();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(|| format!("reading {}", path.display()))?;
        let record = serde_json::from_str(&line)
            .with_context(|| format!("{}:{} is not a record", path.display(), index + 1))?;
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::StatusCode;

    fn record(seq: Option<u64>) -> Record {
        Record {
            process: "w0".into(),
            user: "c-1".into(),
            op: Op::Send,
            key: Some("k-1".into()),
            room: "room-1".into(),
            invoke_ns: 1,
            return_ns: 2,
            outcome: Outcome::Ok,
            seq,
            body_hash: Some("ab".into()),
        }
    }

    #[test]
    fn a_journal_reads_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let journal = Journal::create(&path).unwrap();
        let records = [record(Some(7)), record(None)];
        for record in &records {
            journal.append(record).unwrap();
        }
        journal.flush().unwrap();
        assert_eq!(read::<Record>(&path).unwrap(), records);
    }

    #[test]
    fn a_torn_line_is_named_and_not_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let whole = serde_json::to_string(&record(None)).unwrap();
        std::fs::write(&path, format!("{whole}\n{}", &whole[..20])).unwrap();
        let error = read::<Record>(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("history.jsonl:2 is not a record"),
            "{error}"
        );
    }

    #[test]
    fn only_a_refusal_counts_as_not_done() {
        assert_eq!(Outcome::of(StatusCode::CREATED), Outcome::Ok);
        assert_eq!(Outcome::of(StatusCode::CONFLICT), Outcome::Fail);
        assert_eq!(Outcome::of(StatusCode::SERVICE_UNAVAILABLE), Outcome::Maybe);
    }
}
