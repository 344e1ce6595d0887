//! A database as it is: looked at, and neither migrated nor served.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Backend, Options, Store};
use crate::engine::postgres::Postgres;
use crate::engine::sqlite::{Sqlite, ensure_sqlite_file};
use crate::migrate::Migrated;
use crate::{Result, StoreError};

impl Store {
    /// Opens a database as it is, to look at it: nothing is migrated, and every write is refused.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when it is none, or not of this version's schema.
    pub async fn open_to_read(options: &Options) -> Result<Self> {
        let (backend, version) = look_at(options).await?;
        let newest = crate::newest_schema();
        match version {
            Some(version) if version == newest => Ok(Self {
                backend,
                fatal: Arc::default(),
                migrated: Migrated {
                    applied: 0,
                    version,
                },
                commits: Arc::new(watch::Sender::new(0)),
                hearers: Arc::default(),
            }),
            Some(version) => {
                let remedy = if version > newest {
                    "use the version of orderchat that wrote it, or a newer one"
                } else {
                    "use the version of orderchat that wrote it, or bring it up with orderchat migrate"
                };
                Err(StoreError::Unusable(format!(
                    "the database has schema version {version}, this is the program for {newest}: \
                     {remedy}"
                )))
            }
            None => Err(nothing_there()),
        }
    }

    /// Makes sure that this is a database of ours, of whatever version.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when it is none.
    pub async fn ensure_there(options: &Options) -> Result<()> {
        let version = Self::schema(options).await?;
        version.map(drop).ok_or_else(nothing_there)
    }

    /// The version of the schema that a database has; `None` where there is nothing of ours yet. Changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when it cannot be opened, or is something else's.
    pub async fn schema(options: &Options) -> Result<Option<usize>> {
        if let Options::Sqlite(path) = options {
            ensure_sqlite_file(path)?;
            if !path.exists() {
                return Ok(None);
            }
        }
        Ok(look_at(options).await?.1)
    }

    /// Makes sure that this is a database of ours that no server runs on. On SQLite the file itself
    /// tells, see [`crate::copy::retire`].
    ///
    /// # Errors
    /// [`StoreError::Unusable`] says which of both it is not.
    pub async fn ensure_not_served(options: &Options) -> Result<()> {
        let Options::Postgres { url, connections } = options else {
            return Ok(());
        };
        let (postgres, version) = Postgres::open_to_read(url, *connections).await?;
        if version.is_none() {
            return Err(StoreError::Unusable(
                "the database is empty: restore a copy into it first".to_owned(),
            ));
        }
        if postgres.is_served().await? {
            return Err(StoreError::Unusable(
                "a server runs on the database: stop it first; nothing was changed".to_owned(),
            ));
        }
        Ok(())
    }
}

fn nothing_there() -> StoreError {
    let why = "there is no database of orderchat; check ORDERCHAT_DATABASE";
    StoreError::Unusable(why.to_owned())
}

/// A database as it is, and the version of its schema.
async fn look_at(options: &Options) -> Result<(Backend, Option<usize>)> {
    Ok(match options {
        Options::Sqlite(path) => {
            let (sqlite, version) = Sqlite::open_to_read(path)?;
            (Backend::Sqlite(Arc::new(sqlite)), version)
        }
        Options::Postgres { url, connections } => {
            let (postgres, version) = Postgres::open_to_read(url, *connections).await?;
            (Backend::Postgres(Arc::new(postgres)), version)
        }
    })
}
