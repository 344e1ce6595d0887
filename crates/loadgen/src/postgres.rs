//! A database of one's own on a PostgreSQL server.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio_postgres::{Client, NoTls};

use crate::text;

const CONNECT: Duration = Duration::from_secs(10);

/// A fresh, empty database, until [`OwnDatabase::drop_it`]; after a failure it is left for a look.
#[derive(Debug)]
pub(crate) struct OwnDatabase {
    admin_url: String,
    name: String,
}

impl OwnDatabase {
    /// `admin_url` is any database of the server, as a role that may create databases.
    pub(crate) async fn create(admin_url: &str) -> Result<Self> {
        let database = Self {
            admin_url: admin_url.to_owned(),
            name: format!("orderchat_loadgen_{}", text::run_tag()),
        };
        database
            .run(&format!("CREATE DATABASE {}", database.name))
            .await?;
        Ok(database)
    }

    /// The URL to give to the server under test.
    pub(crate) fn url(&self) -> Result<String> {
        with_database(&self.admin_url, &self.name)
    }

    pub(crate) async fn drop_it(self) -> Result<()> {
        self.drop_database(&self.name).await?;
        self.drop_database(&self.name_of_copy()).await
    }

    /// Keeps a copy, in the place of an earlier one. Nobody may be connected; who has just been
    /// killed is waited for, up to 5 s, by PostgreSQL.
    pub(crate) async fn copy(&self) -> Result<()> {
        self.drop_database(&self.name_of_copy()).await?;
        self.create_from(&self.name_of_copy(), &self.name).await
    }

    /// Makes the database what it was at the last copy, and cuts off who is still connected.
    pub(crate) async fn put_back(&self) -> Result<()> {
        self.drop_database(&self.name).await?;
        self.create_from(&self.name, &self.name_of_copy()).await
    }

    fn name_of_copy(&self) -> String {
        format!("{}_copy", self.name)
    }

    async fn create_from(&self, name: &str, template: &str) -> Result<()> {
        self.run(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await
    }

    async fn drop_database(&self, name: &str) -> Result<()> {
        self.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
    }

    async fn run(&self, sql: &str) -> Result<()> {
        let client = connect(&self.admin_url).await?;
        client
            .batch_execute(sql)
            .await
            .with_context(|| format!("`{sql}`"))
    }
}

impl fmt::Display for OwnDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

async fn connect(url: &str) -> Result<Client> {
    let connecting = tokio_postgres::connect(url, NoTls);
    let (client, connection) = tokio::time::timeout(CONNECT, connecting)
        .await
        .context("PostgreSQL does not answer")?
        .context("cannot connect to PostgreSQL")?;
    // Ends when the client is dropped; its errors come out of the client's calls.
    tokio::spawn(connection);
    Ok(client)
}

/// `url` with another database: `postgres://user@host:port/NAME?options`.
fn with_database(url: &str, name: &str) -> Result<String> {
    let scheme_ends = url.find("://").map(|at| at + 3);
    let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
    ensure!(known, "give the database as postgres://USER@HOST:PORT/NAME");
    let (scheme, rest) = url.split_at(scheme_ends.unwrap_or(0));
    let (before_options, options) = match rest.split_once('?') {
        Some((before, options)) => (before, format!("?{options}")),
        None => (rest, String::new()),
    };
    let authority = before_options.split('/').next().unwrap_or_default();
    Ok(format!("{scheme}{authority}/{name}{options}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_in_the_url_changes() {
        for (url, expected) in [
            (
                "postgres://u:p@127.0.0.1:5432/postgres",
                "postgres://u:p@127.0.0.1:5432/own",
            ),
            ("postgresql://127.0.0.1", "postgresql://127.0.0.1/own"),
            (
                "postgres://h/db?sslmode=disable",
                "postgres://h/own?sslmode=disable",
            ),
            ("postgres://h?host=/run/pg", "postgres://h/own?host=/run/pg"),
        ] {
            assert_eq!(with_database(url, "own").unwrap(), expected);
        }
        assert!(with_database("host=/run user=x", "own").is_err());
    }
}
