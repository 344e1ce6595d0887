//! Parameters and rows as tokio-postgres takes and gives them.

use tokio_postgres::types::{ToSql, Type};

use crate::sql::{Kind, Sql};
use crate::value::{Cell, Row, Value};
use crate::{Result, StoreError};

pub(crate) type Params = Vec<Box<dyn ToSql + Sync>>;

pub(super) fn borrowed<'a>(params: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

pub(super) fn refs(params: &Params) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(AsRef::as_ref).collect()
}

pub(super) fn owned(value: Value<'_>) -> Box<dyn ToSql + Sync> {
    match value {
        Value::Null => Box::new(Value::Null),
        Value::Int(value) => Box::new(value),
        Value::Text(value) => Box::new(value.to_owned()),
        Value::Bytes(value) => Box::new(value.to_vec()),
    }
}

/// Each column of the input rows as an array.
pub(crate) fn arrays(sql: &Sql, rows: &[Vec<Value<'_>>]) -> Params {
    sql.columns()
        .iter()
        .enumerate()
        .map(|(at, (_, kind))| array(*kind, rows.iter().map(|row| row[at])))
        .collect()
}

/// One column of the input rows as an array.
fn array<'a>(kind: Kind, values: impl Iterator<Item = Value<'a>>) -> Box<dyn ToSql + Sync> {
    match kind {
        Kind::Int => Box::new(
            values
                .map(|value| {
                    if let Value::Int(value) = value {
                        Some(value)
                    } else {
                        None
                    }
                })
                .collect::<Vec<_>>(),
        ),
        Kind::Text => Box::new(
            values
                .map(|value| {
                    if let Value::Text(value) = value {
                        Some(value.to_owned())
                    } else {
                        None
                    }
                })
                .collect::<Vec<_>>(),
        ),
        Kind::Bytes => Box::new(
            values
                .map(|value| {
                    if let Value::Bytes(value) = value {
                        Some(value.to_vec())
                    } else {
                        None
                    }
                })
                .collect::<Vec<_>>(),
        ),
    }
}

/// Whether [`row`] can read it.
pub(super) fn is_cell(ty: &Type) -> bool {
    matches!(
        *ty,
        Type::INT8 | Type::INT4 | Type::TEXT | Type::VARCHAR | Type::BYTEA
    )
}

pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row> {
    let mut cells = Vec::with_capacity(row.len());
    for (at, column) in row.columns().iter().enumerate() {
        let cell = match *column.type_() {
            Type::INT8 => row
                .try_get::<_, Option<i64>>(at)?
                .map_or(Cell::Null, Cell::Int),
            Type::INT4 => row
                .try_get::<_, Option<i32>>(at)?
                .map_or(Cell::Null, |value| Cell::Int(i64::from(value))),
            Type::TEXT | Type::VARCHAR => row
                .try_get::<_, Option<String>>(at)?
                .map_or(Cell::Null, Cell::Text),
            Type::BYTEA => row
                .try_get::<_, Option<Vec<u8>>>(at)?
                .map_or(Cell::Null, Cell::Bytes),
            ref other => return Err(StoreError::Corrupt(format!("a column of type {other}"))),
        };
        cells.push(cell);
    }
    Ok(Row::new(cells))
}
