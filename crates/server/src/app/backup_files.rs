//! The files of a backup: copied after the database, put in place before it, each by its digest.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, ensure};
use orderchat_store::attachments::{self, Held};
use orderchat_store::{Result as StoreResult, Store, StoreError, copy};
use sha2::{Digest as _, Sha256};

use super::backup::beside;
use crate::config::{Settings, StorageLocation};
use crate::media::Blobs;

/// Where the files are in the folder of a backup.
const FILES: &str = "files";
/// Files whose rows are read in one go.
const BATCH: u32 = 1_000;
const BUFFER: usize = 1 << 20;

/// Copies the files that the copied database knows. They are there: no file that a message has is ever
/// deleted, and what came later is not in that database. Says what was done.
pub(super) fn take(settings: &Settings, database: &Path, to: &Path) -> anyhow::Result<String> {
    let StorageLocation::Folder(folder) = &settings.storage else {
        return Ok("files lie in S3: copy the bucket with its own tools now".to_owned());
    };
    let copied = copy_all(database, folder, &to.join(FILES))?;
    Ok(format!("{copied} files"))
}

/// Puts the files of a backup where the settings say that files lie. Of what is there already only what
/// is not as the database says is replaced.
pub(super) fn put(settings: &Settings, from: &Path, database: &Path) -> anyhow::Result<String> {
    let StorageLocation::Folder(folder) = &settings.storage else {
        return Ok("files lie in S3: put the bucket back with its own tools".to_owned());
    };
    let put = copy_all(database, &from.join(FILES), folder)?;
    Ok(format!("{put} files"))
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
        for file in held.iter().filter(|file| file.stays) {
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

fn copy_all(database: &Path, from: &Path, to: &Path) -> anyhow::Result<u64> {
    let (mut copied, mut after) = (0, 0);
    loop {
        let held: StoreResult<_> = copy::read(database, |tx| attachments::held(tx, after, BATCH));
        let held = held?;
        let Some(last) = held.last() else {
            return Ok(copied);
        };
        after = last.key;
        for file in &held {
            copied += copy_parts(file, from, to)?;
        }
    }
}

fn copy_parts(file: &Held, from: &Path, to: &Path) -> anyhow::Result<u64> {
    let mut copied = 0;
    for (n, part) in Blobs::parts_of(file.id, file.has_thumbnail)
        .iter()
        .enumerate()
    {
        // Of a thumbnail nothing is recorded: it comes second.
        let digest = file.digest.filter(|_| n == 0);
        let (from, to) = (from.join(part), to.join(part));
        copied += u64::from(copy_file(&from, &to, digest, file.stays)?);
    }
    Ok(copied)
}

/// Copies a file; nobody ever sees half of it under its name. `false`: it is gone, as one may be that
/// nothing has for good.
fn copy_file(
    from: &Path,
    to: &Path,
    digest: Option<[u8; 32]>,
    is_needed: bool,
) -> anyhow::Result<bool> {
    if let Some(digest) = digest
        && File::open(to).is_ok_and(|there| sha256(there).is_ok_and(|found| found == digest))
    {
        return Ok(true);
    }
    let source = match File::open(from) {
        Err(error) if error.kind() == ErrorKind::NotFound && !is_needed => return Ok(false),
        opened => opened.with_context(|| format!("cannot copy {}", from.display()))?,
    };
    let folder = to.parent().context("a file that is in no folder")?;
    let cannot = || format!("cannot write {}", to.display());
    let mut folders = DirBuilder::new();
    let made = folders.recursive(true).mode(0o700).create(folder);
    made.with_context(cannot)?;
    let partial = beside(to, ".partial");
    let written = write(source, &partial)
        .with_context(cannot)
        .and_then(|found| {
            ensure!(
                digest.is_none_or(|digest| digest == found),
                "{} is damaged: its SHA-256 is not the one in the database",
                from.display()
            );
            Ok(())
        });
    if written.is_err() {
        // It may never have been made.
        let _ = std::fs::remove_file(&partial);
    }
    written?;
    std::fs::rename(&partial, to).with_context(cannot)?;
    copy::sync_folder(to).with_context(cannot)?;
    Ok(true)
}

/// Writes a copy, durably; gives its SHA-256.
fn write(source: File, to: &Path) -> std::io::Result<[u8; 32]> {
    let mut options = File::options();
    let options = options.create(true).truncate(true).write(true).mode(0o600);
    let mut file = options.open(to)?;
    let digest = read_all(source, |bytes| file.write_all(bytes))?;
    file.sync_all()?;
    Ok(digest)
}

fn sha256(file: File) -> std::io::Result<[u8; 32]> {
    read_all(file, |_| Ok(()))
}

/// Hands on all bytes of the file; gives their SHA-256.
fn read_all(
    mut file: File,
    mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(digest.finalize().into());
        }
        digest.update(&buffer[..read]);
        each(&buffer[..read])?;
    }
}
