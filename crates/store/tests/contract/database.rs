//! A database for one test, on either engine; gone when the test ends.

use std::path::Path;

use orderchat_store::{Options, Store};
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::raw::Raw;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

const ADMIN_URL: &str = "ORDERCHAT_TEST_POSTGRES";

/// Whether the tests on PostgreSQL run: when there is one, or when it was asked for by
/// `ORDERCHAT_TEST_ENGINE`; they then fail if there is none.
pub(crate) fn postgres_is_wanted() -> bool {
    match std::env::var("ORDERCHAT_TEST_ENGINE").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite") => false,
        _ => std::env::var_os(ADMIN_URL).is_some(),
    }
}

/// A PostgreSQL database, with as many connections as the store thinks right.
pub(crate) fn postgres(url: &str) -> Options {
    Options::Postgres {
        url: url.to_owned(),
        connections: None,
    }
}

/// An empty database that nobody else uses.
pub(crate) struct Database {
    options: Options,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Server { admin_url: String, name: String },
}

impl Database {
    pub(crate) async fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                Self {
                    options: Options::Sqlite(folder.path().join("orderchat.db")),
                    place: Place::Folder(folder),
                }
            }
            Engine::Postgres => Self::create_on_postgres().await,
        }
    }

    async fn create_on_postgres() -> Self {
        let admin_url = std::env::var(ADMIN_URL).unwrap_or_else(|_| {
            panic!(
                "{ADMIN_URL} must be the URL of an admin database; scripts/with-postgres sets it"
            )
        });
        let name = format!("contract_{}", uuid::Uuid::now_v7().simple());
        // Sorted as English is, like most databases that are not made for a test: nothing may hang
        // on the order of bytes unless the schema asks for it.
        let create = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' \
             LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        );
        execute(&admin_url, &create).await;
        Self {
            options: postgres(&beside(&admin_url, &name)),
            place: Place::Server { admin_url, name },
        }
    }

    pub(crate) const fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) const fn engine(&self) -> Engine {
        match self.place {
            Place::Folder(_) => Engine::Sqlite,
            Place::Server { .. } => Engine::Postgres,
        }
    }

    /// Opens the store, migrating the database when it is new.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.options).await.expect("an open store")
    }

    /// A connection beside the store, for what the store does not show.
    pub(crate) async fn raw(&self) -> Raw {
        match &self.options {
            Options::Sqlite(path) => Raw::sqlite(path),
            Options::Postgres { url, .. } => Raw::postgres(url).await,
        }
    }

    /// The folder of the SQLite file.
    pub(crate) fn folder(&self) -> &Path {
        match &self.place {
            Place::Folder(folder) => folder.path(),
            Place::Server { .. } => panic!("PostgreSQL keeps its files itself"),
        }
    }
}

/// The URL of another database of the same server.
fn beside(admin_url: &str, name: &str) -> String {
    let (address, settings) = admin_url.split_once('?').unwrap_or((admin_url, ""));
    let (server, _) = address
        .rsplit_once('/')
        .expect("postgres://user:password@host/database");
    format!("{server}/{name}?{settings}")
}

impl Drop for Database {
    fn drop(&mut self) {
        let Place::Server { admin_url, name } = &self.place else {
            return;
        };
        let (admin_url, name) = (admin_url.clone(), name.clone());
        // A thread of its own: the test's runtime cannot be entered a second time.
        let dropping = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime to drop the database in")
                .block_on(execute(
                    &admin_url,
                    &format!("DROP DATABASE {name} WITH (FORCE)"),
                ));
        });
        if dropping.join().is_err() {
            eprintln!("a test database could not be dropped, see above");
        }
    }
}

async fn execute(admin_url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(admin_url, NoTls)
        .await
        .unwrap_or_else(|error| panic!("connecting to {ADMIN_URL}: {error}"));
    let connection = tokio::spawn(connection);
    client
        .batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.abort();
}
