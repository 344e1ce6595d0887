//! The database as it lies there, past the store.

use std::path::Path;

use tokio_postgres::NoTls;
use tokio_postgres::types::Type;

/// A connection of the test's own.
pub(crate) enum Raw {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    pub(crate) fn int(&self) -> i64 {
        match self {
            Self::Int(value) => *value,
            other => panic!("{other:?} is no integer"),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(value) => value,
            other => panic!("{other:?} is no text"),
        }
    }

    /// A text that may be absent, which counts as empty.
    pub(crate) fn text_or_empty(&self) -> &str {
        match self {
            Self::Null => "",
            other => other.text(),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(value) => value,
            other => panic!("{other:?} is not bytes"),
        }
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        self.bytes().try_into().expect("32 bytes")
    }
}

impl Raw {
    pub(crate) fn sqlite(path: &Path) -> Self {
        Self::Sqlite(rusqlite::Connection::open(path).expect("the file opens"))
    }

    pub(crate) async fn postgres(url: &str) -> Self {
        // Set as the store's own connections are: plans hang on it.
        let mut config: tokio_postgres::Config = url.parse().expect("a URL");
        let (client, connection) = config
            .options(orderchat_store::POSTGRES_SETTINGS)
            .connect(NoTls)
            .await
            .expect("a connection");
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

    /// The rows; on SQLite the parameters of the text, if it has any, are null.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<Cell>> {
        match self {
            Self::Sqlite(connection) => {
                sqlite_rows(connection, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
            }
            Self::Postgres(client) => {
                let rows = client
                    .query(sql, &[])
                    .await
                    .unwrap_or_else(|error| panic!("{sql}: {error}: {:?}", error.as_db_error()));
                rows.iter().map(postgres_row).collect()
            }
        }
    }

    /// The integer that the statement gives.
    pub(crate) async fn int(&self, sql: &str) -> i64 {
        self.rows(sql).await[0][0].int()
    }
}

fn sqlite_rows(connection: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<Vec<Cell>>> {
    use rusqlite::types::ValueRef;
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let nulls = vec![rusqlite::types::Null; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(nulls), |row| {
        (0..columns)
            .map(|at| {
                Ok(match row.get_ref(at)? {
                    ValueRef::Null => Cell::Null,
                    ValueRef::Integer(value) => Cell::Int(value),
                    ValueRef::Real(value) => panic!("{value}: nothing is stored as a float"),
                    ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
                })
            })
            .collect()
    })?;
    rows.collect()
}

fn postgres_row(row: &tokio_postgres::Row) -> Vec<Cell> {
    row.columns()
        .iter()
        .enumerate()
        .map(|(at, column)| match *column.type_() {
            Type::INT8 => row.get::<_, Option<i64>>(at).map(Cell::Int),
            Type::INT4 => row
                .get::<_, Option<i32>>(at)
                .map(|value| Cell::Int(i64::from(value))),
            Type::TEXT | Type::VARCHAR => row.get::<_, Option<String>>(at).map(Cell::Text),
            Type::BYTEA => row.get::<_, Option<Vec<u8>>>(at).map(Cell::Bytes),
            ref other => panic!("a column of type {other}"),
        })
        .map(|cell| cell.unwrap_or(Cell::Null))
        .collect()
}
