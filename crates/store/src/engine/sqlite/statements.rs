//! Statements on a connection, each prepared once.

use rusqlite::{Connection, Statement};

use crate::row::{Cell, Row, Rows};
use crate::sql::{Returned, Sql};
use crate::value::{Input, Value};
use crate::{Result, StoreError};

pub(crate) fn prepare(connection: &Connection, sql: &Sql) -> Result<()> {
    connection.prepare(sql.sqlite())?;
    Ok(())
}

pub(crate) fn query(connection: &Connection, sql: &Sql, params: &[Value<'_>]) -> Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql.sqlite())?;
    let columns = columns(&statement, sql);
    let mut rows = Rows::new();
    run(connection, &mut statement, sql, params, &mut rows)?;
    Ok(rows.of_width(columns))
}

/// Runs the statement once for each of these rows of parameters. All that they give.
pub(crate) fn query_rows(
    connection: &Connection,
    sql: &Sql,
    input: &dyn Input<'_>,
) -> Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql.sqlite())?;
    let columns = columns(&statement, sql);
    let mut rows = Rows::new();
    for at in 0..input.count() {
        run(connection, &mut statement, sql, input.row(at), &mut rows)?;
    }
    Ok(rows.of_width(columns))
}

fn columns(statement: &Statement<'_>, sql: &Sql) -> usize {
    sql.returned()
        .map_or_else(|| statement.column_count(), <[_]>::len)
}

/// Runs the statement; what it gives goes behind the rows.
fn run(
    connection: &Connection,
    statement: &mut Statement<'_>,
    sql: &Sql,
    params: &[Value<'_>],
    rows: &mut Rows,
) -> Result<()> {
    let bound = rusqlite::params_from_iter(params);
    if let Some(returned) = sql.returned() {
        statement.execute(bound)?;
        // What an INSERT of one row returns.
        for column in returned {
            rows.push(match *column {
                Returned::Given(at) => Cell::from(params[at]),
                Returned::Key => Cell::Int(connection.last_insert_rowid()),
            });
        }
        return Ok(());
    }
    let columns = statement.column_count();
    let mut found = statement.query(bound)?;
    while let Some(row) = found.next()? {
        for at in 0..columns {
            rows.push(cell(row, at)?);
        }
    }
    Ok(())
}

/// Runs the statement. How many rows were changed.
pub(crate) fn execute(connection: &Connection, sql: &Sql, params: &[Value<'_>]) -> Result<u64> {
    let mut statement = connection.prepare_cached(sql.sqlite())?;
    Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
}

/// Runs the statement once for each of these rows of parameters.
pub(crate) fn execute_rows(
    connection: &Connection,
    sql: &Sql,
    input: &dyn Input<'_>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(sql.sqlite())?;
    for at in 0..input.count() {
        statement.execute(rusqlite::params_from_iter(input.row(at)))?;
    }
    Ok(())
}

fn cell<'a>(row: &'a rusqlite::Row<'_>, at: usize) -> Result<Cell<'a>> {
    use rusqlite::types::ValueRef;
    let not_text = |e: std::str::Utf8Error| StoreError::Corrupt(e.to_string());
    Ok(match row.get_ref(at)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Real(_) => return Err(StoreError::Corrupt("a fraction".to_owned())),
        ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text).map_err(not_text)?),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes),
    })
}

/// Runs a text that has no parameters and gives no rows.
pub(super) fn statement(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
