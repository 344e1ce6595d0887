//! The files of a backup: copied after the database, put in place before it, each by its digest.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use orderchat_store::attachments::{self, Held, Shown};
use orderchat_store::{Result as StoreResult, Store, StoreError, copy};
use sha2::{Digest as _, Sha256};

use crate::config::{Settings, StorageLocation};
use crate::media::Blobs;

/// Where the files are in the folder of a backup.
const FILES: &str = "files";
/// Files whose rows are read in one go.
const BATCH: u32 = 1_000;
const BUFFER: usize = 1 << 20;

/// What helps where a file of a backup is damaged that is still shown.
const RESTORE_ANOTHER: &str = "take another backup, or put a whole copy of the file there";

/// Copies the files that the copied database knows. They are there: no file that a message has is ever
/// deleted, and what came later is not in that database. Says what was done.
pub(super) fn take(settings: &Settings, database: &Path, to: &Path) -> anyhow::Result<String> {
    let StorageLocation::Folder(folder) = &settings.storage else {
        return Ok("files lie in S3: copy the bucket with its own tools now".to_owned());
    };
    let remedy = |file: &Held| match file.shown {
        Shown::InMessage(message) => format!(
            "put a whole copy of it there, of an earlier backup, or delete its message \
             (DELETE /api/chat/messages/{message}/ with a reason); then back up again"
        ),
        _ => "put a whole copy of it there, of an earlier backup; then back up again".to_owned(),
    };
    copy_all(database, (folder, &to.join(FILES)), remedy)
}

/// Puts the files of a backup where the settings say that files lie. Of what is there already only what
/// is not as the database says is replaced.
pub(super) fn put(settings: &Settings, from: &Path, database: &Path) -> anyhow::Result<String> {
    let StorageLocation::Folder(folder) = &settings.storage else {
        return Ok("files lie in S3: put the bucket back with its own tools".to_owned());
    };
    let remedy = |_: &Held| RESTORE_ANOTHER.to_owned();
    copy_all(database, (&from.join(FILES), folder), remedy)
}

/// Says how many files of messages are not where the settings say that files lie; `None`: they all are.
pub(super) async fn missing(settings: &Settings, store: &Store) -> anyhow::Result<Option<String>> {
    let StorageLocation::Folder(folder) = &settings.storage else {
        return Ok(None);
    };
    let (mut missing, mut after) = (0, 0);
    loop {
        let held = store
            .read::<_, StoreError, _>(move |tx| attachments::held(tx, after, BATCH))
            .await?;
        let Some(last) = held.last() else { break };
        after = last.key;
        for file in held.iter().filter(|file| file.stays()) {
            let whole = &Blobs::parts_of(file.id, false)[0];
            let found = std::fs::metadata(folder.join(whole));
            missing += u64::from(!found.is_ok_and(|found| found.len() == file.size));
        }
    }
    Ok((missing > 0).then(|| {
        format!(
            "{missing} files of messages are not whole in {}: put back the copy that was made of it \
             after the dump, before the server starts",
            folder.display()
        )
    }))
}

/// Copies what the database knows of from one folder into the other, and says what it did. What nobody
/// is shown any more and cannot be copied is left out.
fn copy_all(
    database: &Path,
    (from, to): (&Path, &Path),
    remedy: impl Fn(&Held) -> String,
) -> anyhow::Result<String> {
    let (mut copied, mut left_out, mut after) = (0, String::new(), 0);
    loop {
        let held: StoreResult<_> = copy::read(database, |tx| attachments::held(tx, after, BATCH));
        let held = held?;
        let Some(last) = held.last() else {
            return Ok(format!("{copied} files{left_out}"));
        };
        after = last.key;
        for file in &held {
            for (part, digest) in parts(file) {
                match copy_file(&from.join(&part), &to.join(&part), digest)? {
                    Copied::Whole => copied += 1,
                    Copied::Gone(_) if !file.stays() => {}
                    Copied::Gone(why) | Copied::Not(why) if file.shown == Shown::Nowhere => {
                        left_out += &format!("\nleft out, no message shows it: {why}");
                    }
                    Copied::Gone(why) | Copied::Not(why) => bail!("{why}; {}", remedy(file)),
                }
            }
        }
    }
}

/// Where the parts of a file lie, each with its digest. Of a thumbnail none is recorded.
fn parts(file: &Held) -> impl Iterator<Item = (String, Option<[u8; 32]>)> + use<> {
    let digests = [file.digest, None];
    let parts = Blobs::parts_of(file.id, file.has_thumbnail);
    parts.into_iter().zip(digests)
}

/// What became of the copy of a file, with the reason where there is none.
enum Copied {
    Whole,
    /// The file is not there.
    Gone(String),
    /// It cannot be read, or is damaged.
    Not(String),
}

/// Copies a file; nobody ever sees half of it under its name.
///
/// # Errors
/// When it cannot be written.
fn copy_file(from: &Path, to: &Path, digest: Option<[u8; 32]>) -> anyhow::Result<Copied> {
    if let Some(digest) = digest
        && File::open(to).is_ok_and(|there| sha256(there).is_ok_and(|found| found == digest))
    {
        return Ok(Copied::Whole);
    }
    let shown = from.display();
    let source = match File::open(from) {
        Ok(source) => source,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Copied::Gone(format!("{shown} is missing")));
        }
        Err(error) => return Ok(Copied::Not(format!("{shown} cannot be read: {error}"))),
    };
    let folder = to.parent().context("a file that is in no folder")?;
    let cannot = || format!("cannot write {}", to.display());
    let mut folders = DirBuilder::new();
    let made = folders.recursive(true).mode(0o700).create(folder);
    made.with_context(cannot)?;
    let partial = beside(to, ".partial");
    let refused = match write(source, &partial) {
        Ok(found) if digest.is_none_or(|digest| digest == found) => None,
        Ok(_) => Some(format!(
            "{shown} is damaged: its SHA-256 is not the one in the database"
        )),
        Err(Failed::Reading(error)) => Some(format!("{shown} cannot be read: {error}")),
        Err(Failed::Writing(error)) => {
            take_away(&partial);
            return Err(error).with_context(cannot);
        }
    };
    if let Some(why) = refused {
        take_away(&partial);
        return Ok(Copied::Not(why));
    }
    std::fs::rename(&partial, to).with_context(cannot)?;
    copy::sync_folder(to).with_context(cannot)?;
    Ok(Copied::Whole)
}

/// Removes what is no copy; it may never have been made.
fn take_away(partial: &Path) {
    let _ = std::fs::remove_file(partial);
}

/// What did not go well of a copy.
enum Failed {
    Reading(std::io::Error),
    Writing(std::io::Error),
}

/// Writes a copy, durably; gives its SHA-256.
fn write(source: File, to: &Path) -> Result<[u8; 32], Failed> {
    let mut options = File::options();
    let options = options.create(true).truncate(true).write(true).mode(0o600);
    let mut file = options.open(to).map_err(Failed::Writing)?;
    let digest = read_all(source, |bytes| file.write_all(bytes))?;
    file.sync_all().map_err(Failed::Writing)?;
    Ok(digest)
}

fn sha256(file: File) -> Result<[u8; 32], Failed> {
    read_all(file, |_| Ok(()))
}

/// Hands on all bytes of the file; gives their SHA-256.
fn read_all(
    mut file: File,
    mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<[u8; 32], Failed> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = file.read(&mut buffer).map_err(Failed::Reading)?;
        if read == 0 {
            return Ok(digest.finalize().into());
        }
        digest.update(&buffer[..read]);
        each(&buffer[..read]).map_err(Failed::Writing)?;
    }
}

/// The path with something after its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
