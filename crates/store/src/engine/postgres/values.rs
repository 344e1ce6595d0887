//! Parameters and rows as tokio-postgres takes and gives them.

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::row::{Cell, Row, Rows};
use crate::sql::{Kind, Sql};
use crate::value::{Input, Value};
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

fn owned(value: Value<'_>) -> Box<dyn ToSql + Sync> {
    match value {
        Value::Null => Box::new(Value::Null),
        Value::Int(value) => Box::new(value),
        Value::Text(value) => Box::new(value.to_owned()),
        Value::Bytes(value) => Box::new(value.to_vec()),
    }
}

/// The parameters of a statement that is sent later.
pub(crate) fn single(params: &[Value<'_>]) -> Params {
    params.iter().copied().map(owned).collect()
}

/// Each column of the input rows as an array.
pub(crate) fn arrays(sql: &Sql, rows: &dyn Input<'_>) -> Params {
    sql.columns()
        .iter()
        .enumerate()
        .map(|(at, (_, kind))| array(*kind, (0..rows.count()).map(|row| rows.row(row)[at])))
        .collect()
}

/// A parameter in the form in which it is sent.
#[derive(Debug)]
struct Encoded(Vec<u8>);

impl ToSql for Encoded {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8_ARRAY | Type::TEXT_ARRAY | Type::BYTEA_ARRAY)
    }

    to_sql_checked!();
}

/// One column of the input rows as an array, as PostgreSQL's binary format has it: one dimension,
/// whether there are nulls, the type of the elements, how many, the first one's index; then each
/// with its length, -1 for null. (A list of owned values would cost a piece of memory for each.)
fn array<'a>(
    kind: Kind,
    values: impl ExactSizeIterator<Item = Value<'a>>,
) -> Box<dyn ToSql + Sync> {
    let element = match kind {
        Kind::Int => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
    };
    // More than PostgreSQL takes is refused by it.
    let length = |length: usize| i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes();
    let mut out = Vec::with_capacity(20 + 12 * values.len());
    for head in [1, 1, element.oid().cast_signed()] {
        out.extend_from_slice(&i32::to_be_bytes(head));
    }
    out.extend_from_slice(&length(values.len()));
    out.extend_from_slice(&1_i32.to_be_bytes());
    for value in values {
        match (kind, value) {
            (Kind::Int, Value::Int(value)) => {
                out.extend_from_slice(&length(8));
                out.extend_from_slice(&value.to_be_bytes());
            }
            (Kind::Text, Value::Text(text)) => {
                out.extend_from_slice(&length(text.len()));
                out.extend_from_slice(text.as_bytes());
            }
            (Kind::Bytes, Value::Bytes(bytes)) => {
                out.extend_from_slice(&length(bytes.len()));
                out.extend_from_slice(bytes);
            }
            _ => out.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
    Box::new(Encoded(out))
}

/// Whether [`rows`] can read it.
pub(super) fn is_cell(ty: &Type) -> bool {
    matches!(
        *ty,
        Type::INT8 | Type::INT4 | Type::TEXT | Type::VARCHAR | Type::BYTEA
    )
}

/// All rows of an answer.
pub(super) fn rows(answer: &[tokio_postgres::Row]) -> Result<Vec<Row>> {
    let columns = answer.first().map_or(0, tokio_postgres::Row::len);
    let mut rows = Rows::new();
    for row in answer {
        for (at, column) in row.columns().iter().enumerate() {
            rows.push(cell(row, at, column.type_())?);
        }
    }
    Ok(rows.of_width(columns))
}

fn cell<'a>(row: &'a tokio_postgres::Row, at: usize, ty: &Type) -> Result<Cell<'a>> {
    let cell = match *ty {
        Type::INT8 => row.try_get::<_, Option<i64>>(at)?.map(Cell::Int),
        Type::INT4 => {
            let value = row.try_get::<_, Option<i32>>(at)?;
            value.map(|value| Cell::Int(i64::from(value)))
        }
        Type::TEXT | Type::VARCHAR => row.try_get::<_, Option<&str>>(at)?.map(Cell::Text),
        Type::BYTEA => row.try_get::<_, Option<&[u8]>>(at)?.map(Cell::Bytes),
        ref other => return Err(StoreError::Corrupt(format!("a column of type {other}"))),
    };
    Ok(cell.unwrap_or(Cell::Null))
}
