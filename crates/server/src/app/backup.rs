//! `orderchat backup`: a copy of everything into one folder, or, on PostgreSQL, a check of the copy
//! that its own tools made.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail, ensure};
use orderchat_domain::Millis;
use orderchat_store::{copy, newest_schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::backup_files::{self, beside};
use super::{hex, keys};
use crate::clock;
use crate::config::{Database, Settings};

/// The database in the folder of a backup.
pub(super) const DATABASE: &str = "orderchat.db";
/// What `pg_dump` is asked to write there.
pub(super) const DUMP: &str = "orderchat.dump";
const PUBLIC_KEY: &str = "orderchat-signing.pub";
const MANIFEST: &str = "backup.json";
const FORMAT: &str = "orderchat-backup-1";
/// Tables without which a dump is none of ours.
const NEEDED: [&str; 6] = [
    "app_user",
    "audit",
    "checkpoint",
    "entry_text",
    "log",
    "meta",
];

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: String,
    /// `sqlite` or `postgres`.
    engine: String,
    /// The version of the program that made it.
    program: String,
    schema: usize,
    made_at: String,
    /// SHA-256 of the copy, in hexadecimal.
    sha256: String,
}

/// Makes a backup in the folder `to`.
pub(crate) fn backup(settings: &Settings, to: &Path) -> anyhow::Result<ExitCode> {
    match &settings.database {
        Database::Sqlite(file) => sqlite(settings, file, to),
        Database::Postgres(_) => postgres(settings, to),
    }
}

/// Under a name of its own first: a folder of the name asked for is a whole backup.
fn sqlite(settings: &Settings, file: &Path, to: &Path) -> anyhow::Result<ExitCode> {
    super::ensure_there(settings)?;
    ensure!(
        !to.try_exists()?,
        "{} is there already: a backup goes into a new folder",
        to.display()
    );
    let partial = beside(to, ".partial");
    if let Err(error) = std::fs::remove_dir_all(&partial)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error).with_context(|| partial.display().to_string());
    }
    let made = fill(settings, file, &partial).and_then(|made| {
        std::fs::rename(&partial, to).with_context(|| to.display().to_string())?;
        Ok(made)
    });
    if made.is_err() {
        // It may be what filled the disk. Why there is no backup says more than what became of it.
        let _ = std::fs::remove_dir_all(&partial);
    }
    let (schema, files) = made?;
    copy::sync_folder(to)?;
    println!(
        "backed up to {}: {DATABASE}, checked, schema version {schema}; {files}",
        to.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Makes the folder and all that a backup holds; the schema's version, and what to say of the files.
fn fill(settings: &Settings, file: &Path, folder: &Path) -> anyhow::Result<(usize, String)> {
    make_folder(folder)?;
    let database = folder.join(DATABASE);
    copy::take(file, &database)?;
    let schema = copy::check(&database)?;
    let files = backup_files::take(settings, &database, folder)?;
    describe(settings, &database, "sqlite", schema)?;
    Ok((schema, files))
}

/// PostgreSQL's own tool makes the copy; this says how, and checks what it made.
fn postgres(settings: &Settings, to: &Path) -> anyhow::Result<ExitCode> {
    let dump = to.join(DUMP);
    let shown = to.display();
    if !dump.try_exists()? {
        println!(
            "PostgreSQL is backed up with its own tool, from one moment and without stopping \
             anybody; as the user that may read this database:\n\n  \
             mkdir -p -m 700 {shown}\n  \
             pg_dump --format=custom --no-owner --file={} \"$ORDERCHAT_DATABASE\"\n  \
             orderchat backup {shown}\n\n\
             The last command then checks the copy. Nothing was backed up yet.",
            dump.display()
        );
        return Ok(ExitCode::FAILURE);
    }
    if check_dump(to)? {
        println!("{} is the one that was checked before", dump.display());
        return Ok(ExitCode::SUCCESS);
    }
    let tables = tables_of(&dump)?;
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|needed| !tables.iter().any(|table| table == needed))
        .collect();
    ensure!(
        missing.is_empty(),
        "{} lacks the data of {}: it is no whole copy of orderchat's database",
        dump.display(),
        missing.join(", ")
    );
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&dump, open).with_context(|| dump.display().to_string())?;
    describe(settings, &dump, "postgres", newest_schema())?;
    println!(
        "checked {}: it can be read whole and holds {} tables",
        dump.display(),
        tables.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// Whether a dump was checked before; refused when it is another one since. Where a byte of it was
/// changed PostgreSQL's own tool may read it all the same.
pub(super) fn check_dump(folder: &Path) -> anyhow::Result<bool> {
    let checked = folder.join(MANIFEST).try_exists()?;
    if checked {
        described(folder, "postgres", DUMP)?;
    }
    Ok(checked)
}

/// The tables whose data an archive holds; reads all of it.
fn tables_of(dump: &Path) -> anyhow::Result<Vec<String>> {
    let list = pg_restore(&["--list".as_ref(), dump.as_os_str()])?;
    // Everything is unpacked, into nothing: a cut or damaged archive shows here.
    pg_restore(&["--file=/dev/null".as_ref(), dump.as_os_str()])?;
    let list = String::from_utf8_lossy(&list);
    let tables = list.lines().filter_map(|line| {
        // 3456; 0 16385 TABLE DATA public log orderchat
        let (_, data) = line.split_once(" TABLE DATA ")?;
        data.split(' ').nth(1).map(str::to_owned)
    });
    Ok(tables.collect())
}

fn pg_restore(arguments: &[&std::ffi::OsStr]) -> anyhow::Result<Vec<u8>> {
    let ran = match Command::new("pg_restore").args(arguments).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "the copy cannot be checked: pg_restore is not on the PATH; it comes with PostgreSQL"
        ),
        ran => ran.context("pg_restore")?,
    };
    ensure!(
        ran.status.success(),
        "the copy is not good, pg_restore says: {}",
        String::from_utf8_lossy(&ran.stderr).trim()
    );
    Ok(ran.stdout)
}

/// Writes what belongs to a copy beside it: the public key that its checkpoints verify with, and the
/// manifest.
fn describe(settings: &Settings, copy: &Path, engine: &str, schema: usize) -> anyhow::Result<()> {
    let folder = copy.parent().context("a copy that is in no folder")?;
    if let Some(key) = keys::own_public_key(settings)? {
        write(&folder.join(PUBLIC_KEY), key.to_pem().as_bytes())?;
    }
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        engine: engine.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        made_at: Millis(clock::now_ms()).to_string(),
        sha256: sha256(copy)?,
    };
    let json = serde_json::to_string_pretty(&manifest)?;
    write(&folder.join(MANIFEST), format!("{json}\n").as_bytes())
}

/// What a backup of SQLite says of itself; refused when it is none that this version reads.
pub(super) fn manifest(folder: &Path) -> anyhow::Result<Manifest> {
    described(folder, "sqlite", DATABASE)
}

/// What a backup says of itself; refused when it is none of this engine that this version reads, or
/// its copy is another one since.
fn described(folder: &Path, engine: &str, copy: &str) -> anyhow::Result<Manifest> {
    let path = folder.join(MANIFEST);
    let shown = path.display();
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("{shown} cannot be read; give the folder that orderchat backup made")
    })?;
    let manifest: Manifest =
        serde_json::from_str(&text).with_context(|| format!("{shown} describes no backup"))?;
    ensure!(
        manifest.format == FORMAT && manifest.engine == engine,
        "{shown} describes a backup of {} in the format {}, this is {engine} and {FORMAT}: a backup of \
         sqlite is restored into an SQLite file (orderchat restore --to FILE), one of postgres with \
         pg_restore and orderchat restore --adopt",
        manifest.engine,
        manifest.format
    );
    let copy = folder.join(copy);
    ensure!(
        sha256(&copy)? == manifest.sha256,
        "{} is damaged, or another one than was backed up here: its SHA-256 is not the one in {shown}; \
         take another backup, and for another copy another folder",
        copy.display()
    );
    Ok(manifest)
}

fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| path.display().to_string())?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
    }
    Ok(hex(&digest.finalize()))
}

impl Manifest {
    pub(super) fn made_at(&self) -> &str {
        &self.made_at
    }
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(false).mode(0o700).create(path);
    made.with_context(|| format!("cannot make {}; does its folder exist?", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let partial = beside(path, ".partial");
        let mut options = File::options();
        let options = options.create(true).truncate(true).write(true).mode(0o600);
        let mut file = options.open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        copy::sync_folder(path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
