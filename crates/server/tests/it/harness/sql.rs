//! The database past the server: what somebody who can write to it does.

use tokio_postgres::NoTls;

/// A connection of the test's own.
pub(crate) enum Sql {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

impl Sql {
    /// Connects to what `ORDERCHAT_DATABASE` names.
    pub(crate) async fn connect(database: &str) -> Self {
        if let Some(file) = database.strip_prefix("sqlite:") {
            return Self::Sqlite(rusqlite::Connection::open(file).expect("the file opens"));
        }
        let (client, connection) = tokio_postgres::connect(database, NoTls)
            .await
            .expect("PostgreSQL lets the test in");
        // Ends with the client.
        drop(tokio::spawn(connection));
        Self::Postgres(client)
    }

    /// Runs statements that give no rows.
    pub(crate) async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection
                .execute_batch(sql)
                .unwrap_or_else(|error| panic!("{sql}: {error}")),
            Self::Postgres(client) => client
                .batch_execute(sql)
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error}: {:?}", error.as_db_error())),
        }
    }

    /// The one value that the statement gives.
    async fn value<T>(&self, sql: &str) -> T
    where
        T: rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a>,
    {
        match self {
            Self::Sqlite(connection) => connection
                .query_row(sql, [], |row| row.get(0))
                .unwrap_or_else(|error| panic!("{sql}: {error}")),
            Self::Postgres(client) => client
                .query_one(sql, &[])
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error}"))
                .get(0),
        }
    }

    /// The one integer that the statement gives.
    pub(crate) async fn int(&self, sql: &str) -> i64 {
        self.value(sql).await
    }

    /// The one text that the statement gives.
    pub(crate) async fn text(&self, sql: &str) -> String {
        self.value(sql).await
    }

    /// The one string of bytes that the statement gives.
    pub(crate) async fn bytes(&self, sql: &str) -> Vec<u8> {
        self.value(sql).await
    }

    /// Makes whoever notes that a file is whole wait from now on, with the file's bytes stored.
    pub(crate) async fn stall_finished_files(&self) {
        let when = "NEW.state IN ('ready', 'pending')";
        let stall = match self {
            Self::Sqlite(_) => format!(
                "CREATE TRIGGER stall BEFORE UPDATE OF state ON attachment WHEN {when} BEGIN
                 SELECT count(*) FROM (WITH RECURSIVE c(x) AS
                 (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c); END"
            ),
            Self::Postgres(_) => format!(
                "CREATE OR REPLACE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_sleep(3600); RETURN NEW; END';
                 CREATE TRIGGER stall BEFORE UPDATE OF state ON attachment FOR EACH ROW
                 WHEN ({when}) EXECUTE FUNCTION stall()"
            ),
        };
        self.execute(&stall).await;
    }

    /// Ends [`Self::stall_finished_files`], once no server runs.
    pub(crate) async fn go_on(&self) {
        if let Self::Postgres(_) = self {
            // Whoever waits there does not see that its client is gone.
            self.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        }
        let table = match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " ON attachment",
        };
        self.execute(&format!("DROP TRIGGER stall{table}")).await;
    }

    /// Lets nobody change this order from now on.
    pub(crate) async fn refuse_orders_with_id(&self, id: &str) {
        let refuse = match self {
            Self::Sqlite(_) => format!(
                "CREATE TRIGGER refuse BEFORE UPDATE ON shop_order WHEN NEW.id = '{id}' BEGIN
                 SELECT RAISE(ABORT, 'refused by the test'); END"
            ),
            Self::Postgres(_) => format!(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN RAISE EXCEPTION ''refused by the test''; END';
                 CREATE TRIGGER refuse BEFORE UPDATE ON shop_order FOR EACH ROW
                 WHEN (NEW.id = '{id}') EXECUTE FUNCTION refuse()"
            ),
        };
        self.execute(&refuse).await;
    }

    /// Ends [`Self::refuse_orders_with_id`].
    pub(crate) async fn take_orders_again(&self) {
        let table = match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " ON shop_order",
        };
        self.execute(&format!("DROP TRIGGER refuse{table}")).await;
    }

    /// Bytes as a literal of this engine.
    pub(crate) fn literal(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres(_) => format!("'\\x{hex}'::bytea"),
        }
    }
}
