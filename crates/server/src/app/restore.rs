//! `orderchat restore`: puts a backup in place, or adopts a database that other tools restored.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use orderchat_domain::Millis;
use orderchat_store::{Alone, Store, StoreError, copy, ensure_no_folder};

use super::backup_files::{self, beside};
use super::{backup, commands, open_store, options, private, runtime};
use crate::chat::restore::adopt;
use crate::clock;
use crate::config::{Database, Settings};

/// What `orderchat restore` is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The folder of a backup; `None`: adopt what stands in the database already.
    pub(crate) from: Option<PathBuf>,
    /// The SQLite file to make, instead of the settings'.
    pub(crate) to: Option<PathBuf>,
    /// Put a database that is there aside.
    pub(crate) overwrite: bool,
}

pub(crate) fn restore(settings: &Settings, wanted: &Wanted) -> anyhow::Result<ExitCode> {
    match (&wanted.from, &settings.database, &wanted.to) {
        (None, ..) => adopt_database(settings),
        (Some(from), Database::Sqlite(to), None) | (Some(from), _, Some(to)) => {
            put_in_place(settings, from, to, wanted.overwrite)
        }
        (Some(from), Database::Postgres(_), None) => {
            if backup::check_dump(from)? {
                let dump = from.join(backup::DUMP);
                println!("{} is as it was when it was checked.\n", dump.display());
            }
            println!(
                "PostgreSQL is restored with its own tool, into an empty database, while no server \
                 runs on it:\n\n  \
                 pg_restore --no-owner --exit-on-error --single-transaction \
                 --dbname=\"$ORDERCHAT_DATABASE\" {}\n  \
                 orderchat restore --adopt\n\nNothing was restored yet.",
                from.join(backup::DUMP).display()
            );
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The copy is checked, prepared beside the place it goes to, and only then takes it.
fn put_in_place(
    settings: &Settings,
    from: &Path,
    to: &Path,
    overwrite: bool,
) -> anyhow::Result<ExitCode> {
    let manifest = backup::manifest(from)?;
    let source = from.join(backup::DATABASE);
    copy::check(&source)?;
    ensure_no_folder(to)?;
    // Also a write-ahead log whose database is gone: SQLite would play it into the restored one.
    let there = files_there(to)?;
    if let Some(file) = there.first() {
        ensure!(
            overwrite,
            "{} is there already; stop its server and give --overwrite to put it aside",
            file.display()
        );
        if to.try_exists()? {
            out_of_service(to)?;
        }
    }
    // From here on no server starts on it, also where there was none.
    let _alone = Alone::on(to)?;
    let (now, partial) = (Millis(clock::now_ms()), beside(to, ".restoring"));
    for file in copy::files_of(&partial) {
        remove(&file)?;
    }
    let made = || {
        copy::take(&source, &partial)?;
        let epoch = copy::prepare(&partial, |tx| adopt(tx, now))?;
        let files = backup_files::put(settings, from, &partial)?;
        if !there.is_empty() {
            put_aside(to, now)?;
        }
        std::fs::rename(&partial, to).with_context(|| to.display().to_string())?;
        anyhow::Ok((epoch, files))
    };
    let made = made();
    if made.is_err() {
        // It holds everything in plain text.
        for file in copy::files_of(&partial) {
            remove(&file)?;
        }
    }
    let (epoch, files) = made?;
    copy::sync_folder(to)?;
    println!(
        "restored {} from the backup of {}; its epoch is {epoch}; {files}",
        to.display(),
        manifest.made_at()
    );
    println!(
        "verify it: orderchat audit verify --public-key {}/orderchat-signing.pub",
        from.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Those of the database's files that are there.
fn files_there(database: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut there = Vec::new();
    for file in copy::files_of(database) {
        if file.try_exists()? {
            there.push(file);
        }
    }
    Ok(there)
}

/// Takes the database out of service, unless a server runs on it. What is wrong with one that is
/// damaged, which nobody serves.
fn out_of_service(database: &Path) -> anyhow::Result<Option<StoreError>> {
    match copy::retire(database) {
        Ok(true) => Ok(None),
        Ok(false) => bail!(
            "a server runs on {}: stop it first; nothing was changed",
            database.display()
        ),
        Err(damaged) => Ok(Some(damaged)),
    }
}

/// Nothing is deleted: what was there may be wanted again. A server may have started since it was
/// looked at first.
fn put_aside(database: &Path, now: Millis) -> anyhow::Result<()> {
    // A damaged one may be why there is a restore at all.
    if database.try_exists()?
        && let Some(damaged) = out_of_service(database)?
    {
        println!("{damaged}; it is put aside as it is");
    }
    let aside = beside(database, &format!(".before-{}", now.0));
    for (file, aside) in copy::files_of(database).iter().zip(copy::files_of(&aside)) {
        if file.try_exists()? {
            std::fs::rename(file, &aside).with_context(|| file.display().to_string())?;
        }
    }
    println!("the database that was there is now {}", aside.display());
    Ok(())
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| file.display().to_string())
        }
        _ => Ok(()),
    }
}

/// Gives a database that other tools restored a new epoch.
fn adopt_database(settings: &Settings) -> anyhow::Result<ExitCode> {
    super::ensure_there(settings)?;
    private::make_private(settings)?;
    if let Database::Sqlite(file) = &settings.database {
        copy::check(file)?;
        if let Some(damaged) = out_of_service(file)? {
            return Err(damaged.into());
        }
    }
    let (epoch, missing) = runtime()?.block_on(async {
        Store::ensure_not_served(&options(settings)).await?;
        let store = open_store(settings).await?;
        store.prepare_all().await?;
        let missing = backup_files::missing(settings, &store).await?;
        let epoch = commands(settings, store).adopt_restored().await?;
        anyhow::Ok((epoch, missing))
    })?;
    println!("adopted; its epoch is {epoch}");
    if let Some(missing) = missing {
        println!("{missing}");
    }
    println!("verify it: orderchat audit verify");
    Ok(ExitCode::SUCCESS)
}
