//! The database of one server: chosen by `ORDERCHAT_TEST_ENGINE`, gone when the test ends.

use std::path::Path;

use tokio_postgres::NoTls;

/// A database that nobody else uses. On PostgreSQL it is dropped with this value; on SQLite it
/// goes with the server's temporary folder.
pub(crate) struct Database {
    url: String,
    on_postgres: Option<OnPostgres>,
}

struct OnPostgres {
    admin_url: String,
    name: String,
}

impl Database {
    /// An empty database on the engine of `ORDERCHAT_TEST_ENGINE`: `sqlite` (default), in `folder`,
    /// or `postgres`, beside the one that the admin URL in `ORDERCHAT_TEST_POSTGRES` names.
    pub(crate) async fn create(folder: &Path) -> Self {
        let engine = std::env::var("ORDERCHAT_TEST_ENGINE").unwrap_or_else(|_| "sqlite".into());
        match engine.as_str() {
            "sqlite" => {
                let file = folder.join("orderchat.db");
                Self {
                    url: format!("sqlite:{}", file.display()),
                    on_postgres: None,
                }
            }
            "postgres" => Self::create_on_postgres().await,
            other => panic!("ORDERCHAT_TEST_ENGINE is {other:?}; it must be sqlite or postgres"),
        }
    }

    async fn create_on_postgres() -> Self {
        let admin_url = std::env::var("ORDERCHAT_TEST_POSTGRES").expect(
            "ORDERCHAT_TEST_POSTGRES must be the URL of an admin database; \
             scripts/with-postgres sets it",
        );
        let name = format!("it_{}", uuid::Uuid::now_v7().simple());
        let mut url = reqwest::Url::parse(&admin_url).expect("ORDERCHAT_TEST_POSTGRES is a URL");
        url.set_path(&name);
        execute(&admin_url, &format!("CREATE DATABASE {name}")).await;
        Self {
            url: url.into(),
            on_postgres: Some(OnPostgres { admin_url, name }),
        }
    }

    /// Whether several servers can have it open at once.
    pub(crate) const fn takes_several_servers(&self) -> bool {
        self.on_postgres.is_some()
    }

    /// The value of `ORDERCHAT_DATABASE`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(OnPostgres { admin_url, name }) = self.on_postgres.take() else {
            return;
        };
        // A thread of its own: a test's runtime may not be entered a second time.
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
        .unwrap_or_else(|error| panic!("connecting to ORDERCHAT_TEST_POSTGRES: {error}"));
    let connection = tokio::spawn(connection);
    client
        .batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.abort();
}
